"""A store in a temporary folder, and a real web server on this machine."""

import contextlib
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models.store import ModelStore


@dataclass
class Resource:
    """What lies at a path of the site, and how badly it is served."""

    content: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    ranges: bool = True
    status: int = 200
    location: str | None = None
    encoding: str | None = None
    length: bool = True  # state a Content-Length
    cut_after: list[int] = field(default_factory=list)  # one answer each: bytes before it breaks
    endless: bool = False
    trickle: float = 0.0  # seconds before each byte


@dataclass
class Site:
    """A web server: its pages, and the (path, Range) of every request it got."""

    base: str
    pages: dict[str, Resource] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def put(self, path: str, resource: Resource) -> str:
        self.pages[path] = resource
        return self.base + path

    def ranges_of(self, path: str) -> list[str | None]:
        return [asked for at, asked in self.requests if at == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *args: Any) -> None:
        self.site = site
        super().__init__(*args)  # answers the request before it returns

    def log_message(self, format, *args):  # noqa: A002 - the parent's name for it
        """Say nothing."""

    def do_GET(self):
        self.site.requests.append((self.path, self.headers.get("Range")))
        self.close_connection = True
        resource = self.site.pages.get(self.path, Resource(status=404))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._answer(resource)

    def _answer(self, resource: Resource):
        body, status = resource.content, resource.status
        start = self._start(resource)
        if start is not None and start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.end_headers()
            return
        if start is not None:
            status = 206
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            body = body[start:]
        self.send_response(status)
        self.send_header("Connection", "close")
        if start is not None:
            self.send_header("Content-Range", span)
        for name, value in {
            "ETag": resource.etag,
            "Last-Modified": resource.last_modified,
            "Location": resource.location,
            "Content-Encoding": resource.encoding,
        }.items():
            if value:
                self.send_header(name, value)
        if resource.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._send(resource, body)

    def _start(self, resource: Resource):
        asked = self.headers.get("Range")
        validator = self.headers.get("If-Range", resource.etag)
        current = validator in {resource.etag, resource.last_modified}
        if str(validator).startswith("W/"):  # RFC 9110, 13.1.5: a weak ETag never matches here
            current = False
        if not asked or not resource.ranges or not current or resource.status != 200:
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _send(self, resource: Resource, body: bytes):
        if resource.cut_after:
            body = body[: resource.cut_after.pop(0)]
        while resource.endless:
            self.wfile.write(b"x" * 65536)
        if resource.trickle:
            for byte in body:
                time.sleep(resource.trickle)
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
        else:
            self.wfile.write(body)


@contextlib.contextmanager
def _serving(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site("")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site)) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "https" if tls else "http"
        site.base = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        # A client that refuses the certificate is not worth a traceback.
        server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with _serving() as site:
        yield site


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, and its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls_site(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with _serving(context) as site:
        yield site


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "store")
