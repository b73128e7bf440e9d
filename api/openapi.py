"""The OpenAPI document: what the framework makes of the routes, and what it cannot know."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import problems
from api.pages import NumberedPage, Page
from api.problems import Problem

_PAGES: Final = tuple(f"{each.__name__}_" for each in (Page, NumberedPage))
"""What the framework's names of pages begin with; generated clients are to say `AlertPage`."""


def document(app: FastAPI) -> dict[str, object]:
    """Return the OpenAPI document, with the problem schema that every error refers to."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        schemas = schema["components"]["schemas"]
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        names = {name: each["title"] for name, each in schemas.items() if name.startswith(_PAGES)}
        schemas.update({new: schemas.pop(name) for name, new in names.items()})
        _rename(schema["paths"], names)
        for path, operations in schema["paths"].items():
            for operation in operations.values():
                _document_middleware(path, operation)
        app.openapi_schema = schema
    return app.openapi_schema


def _document_middleware(path: str, operation: dict[str, Any]) -> None:
    """Add the answers that middleware gives before any route runs."""
    if not path.startswith("/v1/"):
        return
    problems.add_to(operation, problems.NotReady, problems.RequestInvalid)
    if "requestBody" in operation:
        problems.add_to(operation, problems.BodyTooLarge)


def _rename(node: Any, names: Mapping[str, str]) -> None:  # noqa: ANN401 - any part of the document
    """Rename schemas wherever they are referred to."""
    if isinstance(node, list):
        for each in node:
            _rename(each, names)
    elif isinstance(node, dict):
        path, _, name = str(node.get("$ref", "")).rpartition("/")
        if name in names:
            node["$ref"] = f"{path}/{names[name]}"
        for each in node.values():
            _rename(each, names)
