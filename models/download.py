"""One download into a `.part` file, over TLS, bounded, and resumed where the server allows it.

Beside `NAME.part` lies `NAME.part.json`: the address and the server's validator (ETag or
Last-Modified) of what was begun. Without a validator a resumed half might belong to another file,
so such a download starts again from zero.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from pydantic import ValidationError

from models.atomic import replacing
from models.errors import SourceFailed
from models.sources import Frozen, is_loopback

__all__ = ["Limits", "discard", "download"]

OK = 200
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a download may take, in seconds; `read` is the longest silence in its middle."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 3600.0


class _Begun(Frozen):
    """What a `.part` file is the beginning of."""

    url: str
    validator: str


@dataclass(frozen=True, slots=True)
class _Download:
    url: str
    part: Path
    size: int | None
    cap: int
    report: Callable[[int, int | None], None]
    deadline: float


def download(
    url: str,
    part: Path,
    *,
    size: int | None,
    cap: int,
    report: Callable[[int, int | None], None],
    limits: Limits | None = None,
) -> None:
    """Bring `part` to the whole of what lies at `url`; its checksum is the caller's business.

    `size` is the exact length in bytes if it is known, `cap` the largest allowed; `report` gets
    bytes done and total. A connection that breaks is taken up again as long as each brings more.
    Raises SourceFailed (what arrived stays in `part` for the next time) and OSError.
    """
    limits = limits or Limits()
    job = _Download(url, part, size, cap, report, time.monotonic() + limits.total)
    try:
        with _client(url, limits) as client:
            while True:
                before = _length(part)
                try:
                    _transfer(client, job)
                except httpx2.TransportError:
                    if _length(part) <= before:
                        raise
                else:
                    return
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise SourceFailed(f"{type(error).__name__}: {error}") from error


def discard(part: Path) -> None:
    """Forget a download, begun or finished."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def _client(url: str, limits: Limits) -> httpx2.Client:
    start = httpx2.URL(url)
    local = start.scheme == "http" and is_loopback(start.host)

    def require_tls(request: httpx2.Request) -> None:
        # Called for every hop: a redirect may not drop TLS, not even towards this machine.
        if request.url.scheme != "https" and not (local and is_loopback(request.url.host)):
            raise SourceFailed(f"{request.url} is not an https:// address")

    return httpx2.Client(
        headers={"User-Agent": "siaga", "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(limits.read, connect=limits.connect),
        follow_redirects=True,
        event_hooks={"request": [require_tls]},
        trust_env=not local,  # a proxy has no part in talking to this machine
    )


def _transfer(client: httpx2.Client, job: _Download) -> None:
    offset, validator = _progress(job)
    if offset and offset == job.size:
        return  # complete, but the process ended before it was put in its place
    headers = {"Range": f"bytes={offset}-", "If-Range": validator} if offset else {}
    with client.stream("GET", job.url, headers=headers) as response:
        answer = response.status_code
        if answer == RANGE_NOT_SATISFIABLE and offset:
            if response.headers.get("Content-Range") == f"bytes */{offset}":
                return  # nothing follows: it was complete
            discard(job.part)
        elif answer == PARTIAL_CONTENT and offset:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
                discard(job.part)
                raise SourceFailed("the server resumed at the wrong place")
            _receive(response, job, offset)
        elif answer == OK:
            _receive(response, job, 0)
        else:
            raise SourceFailed(f"the server answered {answer} {response.reason_phrase}".rstrip())
    if answer == RANGE_NOT_SATISFIABLE:
        _transfer(client, job)  # from zero, so this cannot happen twice


def _receive(response: httpx2.Response, job: _Download, offset: int) -> None:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceFailed("the server sent it compressed although asked not to")
    length = response.headers.get("Content-Length", "")
    total = offset + int(length) if length.isdecimal() else None
    if total is not None:
        _check_length(total, job)
    if offset == 0:
        _begin(response, job)
    done = offset
    with job.part.open("ab" if offset else "wb") as output:
        job.report(done, total or job.size)
        for chunk in response.iter_raw():
            done += len(chunk)
            if done > job.cap:
                discard(job.part)
                raise SourceFailed(f"the server sent more than {job.cap:,} bytes")
            if time.monotonic() > job.deadline:
                raise SourceFailed("it took too long; fetch again to continue")
            output.write(chunk)
            job.report(done, total or job.size)
    if job.size is not None and done < job.size:
        # Without a Content-Length an early end looks like the end.
        raise httpx2.RemoteProtocolError(f"it ended after {done:,} of {job.size:,} bytes")


def _check_length(total: int, job: _Download) -> None:
    wrong = total > job.cap if job.size is None else total != job.size
    if wrong:
        discard(job.part)
        limit = f"at most {job.cap:,}" if job.size is None else f"{job.size:,}"
        raise SourceFailed(f"the server offers {total:,} bytes instead of {limit}")


def _begin(response: httpx2.Response, job: _Download) -> None:
    """Start a part from zero, and remember how to recognise the same content next time."""
    discard(job.part)
    etag = response.headers.get("ETag", "")
    # RFC 9110, 13.1.5: a weak ETag must not be used in If-Range.
    strong = etag if etag.startswith('"') else ""
    if validator := strong or response.headers.get("Last-Modified", ""):
        with replacing(_note(job.part)) as output:
            output.write(_Begun(url=job.url, validator=validator).model_dump_json().encode())
    else:
        job.part.parent.mkdir(parents=True, exist_ok=True)


def _progress(job: _Download) -> tuple[int, str]:
    """Bytes of this very download that lie in the part file, and their validator."""
    try:
        begun = _Begun.model_validate_json(_note(job.part).read_bytes())
    except (OSError, ValidationError):
        return 0, ""
    return (_length(job.part), begun.validator) if begun.url == job.url else (0, "")


def _note(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _length(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
