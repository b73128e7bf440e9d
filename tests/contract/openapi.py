"""The OpenAPI document, without what follows from the rest of it.

Left out are the examples of bodies, which are made from the schemas, and the bodies of errors,
which are the same problem document everywhere: `tests/api/test_openapi.py` holds both to that.
"""

from typing import Any


def picture() -> dict[str, Any]:
    """Return what programs depend on of the document."""
    from api.app import create_app
    from config.settings import Settings

    document: dict[str, Any] = create_app(Settings()).openapi()
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            for body in (operation.get("requestBody", {}), *answers.values()):
                for content in body.get("content", {}).values():
                    content.pop("example", None)
            operation["responses"] = {
                status: answer["description"] if _is_problem(answer) else answer
                for status, answer in answers.items()
            }
    return document


def _is_problem(answer: dict[str, Any]) -> bool:
    return list(answer.get("content", {})) == ["application/problem+json"]
