"""Routes that refuse query parameters which they do not take."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, Final, TypeVar, get_args

from fastapi import Depends, Query, Request, Response
from fastapi.routing import APIRoute

from api.field_errors import MOST_ERRORS
from api.problems import FieldProblem, RequestInvalid
from api.queries import AfterPage, BeforePage, QueryModel

Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Response]])
Arguments = Callable[[Request], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Gives an endpoint what its signature asks for, for the duration of a request."""

_ARGUMENTS: Final = "siaga_arguments"

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


def given(arguments: Arguments) -> Callable[[Endpoint], Endpoint]:
    """Return a decorator: the endpoint's arguments come from a function written by hand.

    The framework goes through a signature for every request, which takes longer than most of what
    the hottest route does. The signature is still what the OpenAPI document is made of.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ARGUMENTS, arguments)
        return endpoint

    return mark


class StrictRoute(APIRoute):
    """A route that refuses parameters it does not take; it is the `route_class` of a router."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401 - the framework's own
        refuse = Depends(refuse_query)
        dependencies = list(options.pop("dependencies", None) or ())
        if not _has_model(endpoint) and refuse not in dependencies:
            dependencies.insert(0, refuse)
        super().__init__(path, endpoint, dependencies=dependencies, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers requests: see `given`."""
        arguments: Arguments | None = getattr(self.endpoint, _ARGUMENTS, None)
        if arguments is None:
            return super().get_route_handler()

        async def answer(request: Request) -> Response:
            async with arguments(request) as values:
                response: Response = await self.endpoint(**values)
                return response

        return answer


def _has_model(endpoint: Callable[..., Any]) -> bool:
    return any(
        isinstance(kind, type) and issubclass(kind, QueryModel)
        for parameter in inspect.signature(endpoint).parameters.values()
        for kind in get_args(parameter.annotation)[:1]
    )
