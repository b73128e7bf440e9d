"""What a route can ask for in its signature: the service, the actor, a place among the workers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Header, Request
from fastapi.params import Depends as DependsParameter
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.background.imports import ImportWorker
from api.forms import receive_body
from api.metrics import Metrics
from api.problems import FieldProblem, RequestInvalid
from api.state import State, state_of
from api.streams import Streams
from api.workers import Overloaded, WorkPool
from casework.accounts.sessions import is_session
from casework.kernel.actor import Actor
from casework.kernel.audit.log import REFUSED, AuditEntry
from casework.kernel.errors import NotAuthenticated, NotPermitted
from casework.kernel.permissions import Permission, require
from casework.service import Service
from config.settings import Settings

# What a provider hands to one line (RFC 6177).
_IPV6_LINE: Final = 64

_BEARER: Final = HTTPBearer(
    scheme_name="Key or session",
    description="An API key (`siaga keys create`) or an officer's session (`POST /v1/sessions`), "
    "sent as `Authorization: Bearer siaga....`",
    auto_error=False,
)


# These are `async` although they wait for nothing: a plain function would be sent to a thread.


async def plain_address(request: Request) -> None:
    """Refuse an address with a NUL in it: no id has one, and PostgreSQL takes none in a text."""
    asked = request.scope["query_string"]
    if "\0" in request.scope["path"] or b"%00" in asked or b"\0" in asked:
        raise RequestInvalid(
            "The address contains a NUL character (%00): no id and no word has one.",
            [FieldProblem(field="address", message="contains a NUL character")],
        )


async def _state(request: Request) -> State:
    return state_of(request.app)


TheState = Annotated[State, Depends(_state)]


async def _settings(state: TheState) -> Settings:
    return state.settings


async def _service(state: TheState) -> Service:
    return state.opened


async def _pool(state: TheState) -> WorkPool:
    return state.workers


async def _metrics(state: TheState) -> Metrics:
    return state.metrics


async def _streams(state: TheState) -> Streams:
    return state.streams


async def _import_worker(state: TheState) -> ImportWorker:
    return state.importing


TheStreams = Annotated[Streams, Depends(_streams)]
TheMetrics = Annotated[Metrics, Depends(_metrics)]
TheSettings = Annotated[Settings, Depends(_settings)]
TheService = Annotated[Service, Depends(_service)]
TheImportWorker = Annotated[ImportWorker, Depends(_import_worker)]
Workers = Annotated[WorkPool, Depends(_pool)]


async def _actor(
    request: Request,
    service: TheService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Actor:
    """Return who makes the request; whether they may is for `Allowed` to say."""
    if credentials is None:
        raise NotAuthenticated("credentials_missing")
    text, records = credentials.credentials, service.records
    known = records.sessions if is_session(text) else records.keys
    # One row of a local file is read sooner than a thread is woken; a server is waited for, and so
    # is a session now and then, which is written when it was used last.
    if records.kernel.database.local and known is records.keys:
        found = known.recognise(text)
    else:
        found = await asyncio.to_thread(known.recognise, text)
    return found.asking(request.scope["siaga.request_id"])


SomeActor = Annotated[Actor, Depends(_actor)]


async def _recognise(
    service: TheService,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Callable[[], Actor]:
    """Return what tells who makes the request, to be asked again while the answer goes on."""
    text, records = credentials.credentials if credentials is not None else "", service.records

    def recognise() -> Actor:
        if is_session(text):
            return records.sessions.recognise(text, used=False)
        return records.keys.recognise(text)

    return recognise


Recognise = Annotated[Callable[[], Actor], Depends(_recognise)]


@dataclass(frozen=True, slots=True)
class Allowed:
    """A dependency that lets in those who may do something, and says so in the route's signature.

    It is the first of two checks: the use case behind the route checks the object.
    """

    act: Permission

    async def __call__(self, service: TheService, actor: SomeActor) -> Actor:
        """Return the actor; a refusal goes into the audit trail."""
        try:
            require(actor, self.act)
        except NotPermitted:
            entry = AuditEntry(actor, self.act, outcome=REFUSED)
            await asyncio.to_thread(service.records.kernel.audit.note, entry)
            raise
        return actor


@contextmanager
def _counted(metrics: Metrics) -> Iterator[None]:
    try:
        yield
    except Overloaded:
        metrics.refused()
        raise


async def _room(pool: Workers, metrics: TheMetrics) -> WorkPool:
    """Refuse at once what could not be admitted now, before anything is read or looked up."""
    with _counted(metrics):
        pool.check()
    return pool


def work_place(admission: Callable[..., Any]) -> DependsParameter:
    """Return a dependency for a route's decorator: a place among the workers while the route runs.

    A full service refuses before it looks at the caller. Otherwise the place is taken last, when
    the caller is admitted and the whole body is there: whoever sends slowly keeps nobody out.

    Args:
        admission: the dependency that lets callers in, as it stands in the route's signature.
    """

    async def place(
        pool: Annotated[WorkPool, Depends(_room)],
        metrics: TheMetrics,
        admitted: Annotated[object, Depends(admission)],
        request: Request,
    ) -> AsyncIterator[None]:
        del admitted  # only that it was
        with _counted(metrics):
            await receive_body(request)
            taken = pool.acquire()
        with taken:
            yield

    # Given back before the answer is sent: whoever reads slowly keeps nobody out either.
    return cast("DependsParameter", Depends(place, scope="function"))


async def _hashing_place(state: TheState) -> AsyncIterator[None]:
    async with state.password_hashing.acquire():
        yield


# Wherever a password is hashed or checked; after the actor, so that strangers wait for none.
HashingPlace = Annotated[None, Depends(_hashing_place, scope="function")]


async def _request_id(request: Request) -> str:
    request_id: str = request.scope["siaga.request_id"]
    return request_id


async def _origin(request: Request) -> str:
    return origin(request)


RequestId = Annotated[str, Depends(_request_id)]
Origin = Annotated[str, Depends(_origin)]


def origin(request: Request) -> str:
    """Return where a request comes from, for counting failures; proxies are the server's matter.

    Of an IPv6 address, the network counts: one line may use any address of it.
    """
    host = request.client.host if request.client is not None else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, _IPV6_LINE), strict=False))


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


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'
