"""Routes that refuse query parameters which they do not take."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args

from fastapi import Depends, Query, Request
from fastapi.routing import APIRoute

from api.field_errors import MOST_ERRORS
from api.problems import FieldProblem, RequestInvalid
from api.queries import AfterPage, BeforePage, QueryModel

After = Annotated[AfterPage, Query()]
Before = Annotated[BeforePage, Query()]


async def refuse_query(request: Request) -> None:
    """Refuse every parameter, before anything else is looked at.

    Raises:
        RequestInvalid: names them.
    """
    unknown = sorted(request.query_params)
    if unknown:
        named = unknown[:MOST_ERRORS]
        raise RequestInvalid(
            f"The request is not valid: there is no parameter {named[0]} here.",
            [FieldProblem(field=name, message="unknown parameter") for name in named],
        )


class StrictRoute(APIRoute):
    """A route that refuses parameters it does not take; it is the `route_class` of a router."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - the framework's own
        refuse = Depends(refuse_query)
        dependencies = list(options.pop("dependencies", None) or ())
        if not _has_model(endpoint) and refuse not in dependencies:
            dependencies.insert(0, refuse)
        super().__init__(path, endpoint, dependencies=dependencies, **options)


def _has_model(endpoint: Callable[..., Any]) -> bool:
    return any(
        isinstance(kind, type) and issubclass(kind, QueryModel)
        for parameter in inspect.signature(endpoint).parameters.values()
        for kind in get_args(parameter.annotation)[:1]
    )
