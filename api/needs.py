"""What a route can ask for in its signature: the service, the caller, a place among the workers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.metrics import Metrics
from api.pool import Overloaded, WorkPool
from api.problems import FieldProblem, NotReady, RequestInvalid
from api.settings import Settings
from casework.errors import NotAuthenticated
from casework.keys import Caller
from casework.service import Service
from casework.vocabulary import Scope

_BEARER: Final = HTTPBearer(
    scheme_name="API key",
    description="Made with `siaga keys create`; sent as `Authorization: Bearer siaga.key_....`",
    auto_error=False,
)


# These are `async` although they wait for nothing: a plain function would be sent to a thread.


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _service(request: Request) -> Service:
    service: Service | None = request.app.state.service
    if service is None:
        raise NotReady("The service is starting: ask /readyz, and send the request again.")
    return service


async def _pool(request: Request) -> WorkPool:
    pool: WorkPool = request.app.state.pool
    return pool


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


TheMetrics = Annotated[Metrics, Depends(_metrics)]
TheSettings = Annotated[Settings, Depends(_settings)]
TheService = Annotated[Service, Depends(_service)]
Workers = Annotated[WorkPool, Depends(_pool)]


def _permitted(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that lets in callers whose key has the scope."""

    async def caller(
        service: TheService,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Caller:
        if credentials is None:
            raise NotAuthenticated("Send an API key: `Authorization: Bearer siaga.key_...`.")
        keys, text = service.records.keys, credentials.credentials
        # One row of a local file is read sooner than a thread is woken; a server is waited for.
        if service.records.database.local:
            found = keys.recognise(text)
        else:
            found = await asyncio.to_thread(keys.recognise, text)
        found.require(scope)
        return found

    return caller


Screener = Annotated[Caller, Depends(_permitted(Scope.SCREEN))]
Enroller = Annotated[Caller, Depends(_permitted(Scope.ENROL))]


async def _place(pool: Workers, metrics: TheMetrics) -> AsyncIterator[None]:
    try:
        place = pool.take()
    except Overloaded:
        metrics.refused()
        raise
    with place:
        yield


# Named after the caller in a signature, it is taken after authentication and before the body.
WorkPlace = Annotated[None, Depends(_place)]


async def _version(
    if_match: Annotated[
        str | None,
        Header(description="The ETag that was read; the change is refused if it is outdated."),
    ] = None,
) -> int | None:
    """Return the version a caller read, None if it does not say."""
    if if_match is None or if_match.strip() == "*":
        return None
    tag = if_match.strip().removeprefix("W/").strip('"')
    if not tag.isdecimal():
        raise RequestInvalid(
            "If-Match must be an ETag that this service gave.",
            [FieldProblem(field="If-Match", message="not an ETag of this service")],
        )
    return int(tag)


ReadVersion = Annotated[int | None, Depends(_version)]

After = Annotated[str | None, Query(max_length=100, description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items on the page.")]


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'
