"""The OpenAPI document: what the framework makes of the routes, and what it cannot know."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import problems
from api.examples import Examples
from api.pages import NumberedPage, Page
from api.problems import Problem
from api.state import state_of

_PAGES: Final = tuple(f"{each.__name__}_" for each in (Page, NumberedPage))
"""What the framework's names of pages begin with; generated clients are to say `AlertPage`."""

_BINARY: Final = {"type": "string", "format": "binary"}
_NEEDS_VERSION: Final = str(problems.KINDS[problems.VersionRequired].status)

_TAGS: Final[Mapping[str, str]] = {
    "encounters": "A traveller's photo in, the outcome out.",
    "alerts": "What screening raised, and how officers review it.",
    "duty": "Who is on duty, and is called for alerts that nobody takes in time.",
    "searches": "An officer's search for one photo, with its purpose.",
    "referrals": "What one agency hands to another, and the answer.",
    "presets": "What an agency usually refers to another, by purpose.",
    "tips": "Reports from the public and from other agencies.",
    "stays": "Foreign guests of lodgings, reported and answered with a receipt.",
    "processing": "What is done with people on no list, and by what right.",
    "cases": "Joint cases: what several agencies work on together.",
    "compare": "Two photos side by side.",
    "watchlists": "Lists of subjects, each with its policy.",
    "categories": "Why watchlists exist: a code list that the installation extends.",
    "outcomes": "How alerts end: a code list that the installation extends.",
    "areas": "The country, its provinces, regencies and districts, and where ports lie.",
    "offices": "Where each agency is.",
    "teams": "Coordination teams of several agencies, by area.",
    "subjects": "People on watchlists, and their photos.",
    "objections": "Of persons against their entries, and the answers.",
    "residences": "Permits by which subjects stay in the country.",
    "overstays": "Who is here after the end of a permit, and persons' timelines.",
    "permits": "Permits of travellers on no list, by the port's reference; off until switched on.",
    "lookalikes": "Travellers who are not stopped for one subject again.",
    "imports": "Lists from files, row by row.",
    "calibrations": "How scores become thresholds.",
    "reports": "Figures about alerts and their review.",
    "webhooks": "Events on their way out.",
    "sessions": "Signing in and out.",
    "account": "The officer's own account.",
    "agencies": "Who takes part.",
    "approvals": "Acts that take a second person.",
    "officers": "Officers' accounts.",
    "keys": "API keys of systems.",
    "audit": "Who did what, when and why.",
    "health": "Whether the service is alive, and how busy.",
}
"""What each group of operations is about."""


def operation_id(route: APIRoute) -> str:
    """Return the id of a route's operation, as generated clients call it: `watchlists_edit`."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def install(app: FastAPI) -> None:
    """Serve the document at `/openapi.json`; it is made once, beside the event loop."""
    app.add_api_route("/openapi.json", _serve, include_in_schema=False)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]


async def _serve(request: Request) -> Response:
    # A function of the module: the framework keeps what it has called, and with a function made
    # in `install` the whole application behind it.
    app: FastAPI = request.app
    state = state_of(app)
    async with state.making_openapi:
        if state.openapi is None:
            text = await asyncio.to_thread(lambda: json.dumps(document(app)))
            state.openapi = text.encode()
    return Response(state.openapi, media_type="application/json")


def document(app: FastAPI) -> dict[str, object]:
    """Return the OpenAPI document, with the problem schema that every error refers to."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
            servers=[{"url": "/", "description": "The service that answers this document."}],
            routes=app.routes,
        )
        schemas = schema["components"]["schemas"]
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        names = {name: each["title"] for name, each in schemas.items() if name.startswith(_PAGES)}
        schemas.update({new: schemas.pop(name) for name, new in names.items()})
        _rename(schema["paths"], names)
        examples = Examples(schemas)
        used = set()
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                used.update(operation["tags"])
                _document_middleware(path, operation)
                _document_version(operation)
                for content in _contents(operation):
                    _complete(content, examples)
                if method == "patch":
                    _shorten(operation["requestBody"]["content"]["application/json"])
        schema["tags"] = [
            {"name": name, "description": text} for name, text in _TAGS.items() if name in used
        ]
        app.openapi_schema = schema
    return app.openapi_schema


def _document_middleware(path: str, operation: dict[str, Any]) -> None:
    """Add the answers that are given before any route runs, or in its place."""
    if not path.startswith("/v1/"):
        return
    # Where a route says nothing of it, the framework describes an answer that it does not give.
    if problems.MEDIA_TYPE not in operation["responses"].get("422", {}).get("content", {}):
        operation["responses"].pop("422", None)
    problems.add_to(operation, problems.NotReady, problems.RequestInvalid)
    problems.add_unforeseen(operation)
    if "requestBody" in operation:
        problems.add_to(operation, problems.BodyTooLarge, problems.BodyEncoded)


def _document_version(operation: dict[str, Any]) -> None:
    """Say that `If-Match` is required where its absence is refused: the route answers that."""
    if _NEEDS_VERSION in operation["responses"]:
        for parameter in operation["parameters"]:
            if parameter["name"] == "if-match":
                parameter["required"] = True


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every body of an operation, by its media type."""
    yield from (each["content"] for each in (operation.get("requestBody"),) if each)
    yield from (each["content"] for each in operation["responses"].values() if "content" in each)


def _complete(content: dict[str, Any], examples: Examples) -> None:
    """Give a body of bytes its schema, and any other an example."""
    for kind, body in content.items():
        if not body.get("schema"):
            body["schema"] = dict(_BINARY)
        elif kind == "application/json" and not body.keys() & {"example", "examples"}:
            body["example"] = examples.of(body["schema"])


def _shorten(body: dict[str, Any]) -> None:
    """Show a change of one field: what is left out stays as it is."""
    body["example"] = dict(list(body["example"].items())[:1])


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
