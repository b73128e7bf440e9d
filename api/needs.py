"""What a route can ask for in its signature: the service, the caller, a place among the workers."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final

from fastapi import Depends, Header, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.pool import WorkPool
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


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _service(request: Request) -> Service:
    service: Service | None = request.app.state.service
    if service is None:
        raise NotReady("The service is starting: ask /readyz, and send the request again.")
    return service


def _pool(request: Request) -> WorkPool:
    pool: WorkPool = request.app.state.pool
    return pool


TheSettings = Annotated[Settings, Depends(_settings)]
TheService = Annotated[Service, Depends(_service)]
Workers = Annotated[WorkPool, Depends(_pool)]


def _permitted(scope: Scope) -> Callable[..., Caller]:
    """Return a dependency that lets in callers whose key has the scope."""

    def caller(
        service: TheService,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Caller:
        if credentials is None:
            raise NotAuthenticated("Send an API key: `Authorization: Bearer siaga.key_...`.")
        found = service.records.keys.recognise(credentials.credentials)
        found.require(scope)
        return found

    return caller


Screener = Annotated[Caller, Depends(_permitted(Scope.SCREEN))]
Enroller = Annotated[Caller, Depends(_permitted(Scope.ENROL))]


async def _place(pool: Workers) -> AsyncIterator[None]:
    async with pool.place():
        yield


# Named after the caller in a signature, it is taken after authentication and before the body.
WorkPlace = Annotated[None, Depends(_place)]


def _version(
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
