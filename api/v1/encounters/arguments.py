"""What the screening route's signature asks for, without the framework's way of finding out.

Each step is the dependency that stands in the signature, in the framework's order; a test holds
both ways to the same answers.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints, TypeAdapter, ValidationError

from api.dependencies import Allowed, admitted, plain_address, room, some_actor
from api.limits import Cost
from api.routing import refuse_query
from api.state import state_of
from casework.kernel.permissions import Permission

HEADER: Final = "idempotency-key"
MOST_OF_KEY: Final = 200

_SCREEN: Final = Allowed(Permission.SCREEN)
_KEY: Final = TypeAdapter(Annotated[str, StringConstraints(min_length=1, max_length=MOST_OF_KEY)])


@asynccontextmanager
async def screening_arguments(request: Request) -> AsyncIterator[Mapping[str, Any]]:
    """Admit a request to screen, and give the endpoint's arguments while it has its place.

    Raises:
        what the signature's dependencies raise.
    """
    await plain_address(request)
    await refuse_query(request)
    state = state_of(request.app)
    pool = await room(state.workers, state.metrics, Cost.SCREEN)
    service = state.opened
    actor = await _SCREEN(service, await some_actor(request, service))
    async with admitted(request, pool, state.metrics, Cost.SCREEN):
        yield {
            "request": request,
            "screening": service.screening.encounters,
            "permits": service.permits,
            "actor": actor,
            "pool": pool,
            "metrics": state.metrics,
            "practice": state.settings.practice,
            "idempotency_key": _idempotency_key(request),
        }


def _idempotency_key(request: Request) -> str | None:
    given = request.headers.get(HEADER)
    if given is None:
        return None
    try:
        return _KEY.validate_python(given)
    except ValidationError as error:
        found = [{**each, "loc": ("header", HEADER)} for each in error.errors()]
        raise RequestValidationError(found) from error
