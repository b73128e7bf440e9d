"""A small OpenID provider: real HTTP, real signatures, and faults on demand.

It follows the specifications as far as a sign-in goes: discovery, the authorization endpoint (which
asks nobody for a password: `subject` is signed in), the token endpoint with client authentication,
PKCE and single-use codes, and a set of public keys.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.deadlines import patience

CLIENT_ID = "siaga"
CLIENT_SECRET = "a secret of the provider's"


class IdentityProvider:
    """What the provider knows, and how it misbehaves."""

    def __init__(self, issuer: str, clock: Callable[[], datetime]) -> None:
        self.issuer = issuer
        self.clock = clock
        self.keys = [_first_key()]
        self.subject = "3f1c"
        self.claims: dict[str, Any] = {}
        """Claims of the next tokens; they replace the usual ones, and None leaves one out."""
        self.signer: RSAKey | None = None
        """Another key to sign with than the one that is published."""
        self.refuses: str | None = None
        """What the authorization endpoint answers instead of a code."""
        self.takes_codes_again = False
        self.broken: set[str] = set()
        """Paths that answer with an error."""
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._numbers = count()
        self.metadata: Any = {  # what discovery answers
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser is sent back to."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        answer = {"state": asked["state"], "iss": self.issuer}
        if self.refuses is not None:
            answer["error"] = self.refuses
        else:
            answer["code"] = f"code-{next(self._numbers)}"
            self._codes[answer["code"]] = asked
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code."""
        shown = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {shown}":
            return 401, {"error": "invalid_client"}
        take = self._codes.get if self.takes_codes_again else self._codes.pop
        asked = take(form.get("code", ""), None)
        if (
            asked is None
            or form.get("redirect_uri") != asked["redirect_uri"]
            or create_s256_code_challenge(form["code_verifier"]) != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        return 200, {
            "access_token": "opaque",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.id_token(asked["nonce"]),
        }

    def id_token(self, nonce: str) -> str:
        """Sign what is said of the subject."""
        claims = {**self.usual_claims(nonce), **self.claims}
        key = self.signer or self.keys[-1]
        header = {"alg": "RS256", "kid": self.keys[-1].kid}
        said = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, said, key)

    def usual_claims(self, nonce: str) -> dict[str, Any]:
        """What an honest token says."""
        now = self.clock()
        return {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT_ID,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "nonce": nonce,
        }

    @property
    def published(self) -> dict[str, Any]:
        """The public halves of the keys."""
        return dict(KeySet(list(self.keys)).as_dict(private=False))


@cache
def _first_key() -> RSAKey:
    return new_key("first")


def new_key(kid: str) -> RSAKey:
    """Make a key pair."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


@contextmanager
def serving(clock: Callable[[], datetime]) -> Iterator[IdentityProvider]:
    """Serve a provider on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = IdentityProvider(f"http://127.0.0.1:{server.server_port}", clock)
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(patience(10))


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        provider, parts = self._provider(), urlsplit(self.path)
        if parts.path in provider.broken:
            self._answer(500, {"error": "server_error"})
        elif parts.path == "/.well-known/openid-configuration":
            self._answer(200, provider.metadata)
        elif parts.path == "/keys":
            self._answer(200, provider.published)
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(302)
            self.send_header("Location", provider.authorize(asked))
            self.end_headers()
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        provider = self._provider()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path in provider.broken:
            self._answer(503, {"error": "temporarily_unavailable"})
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(*provider.token(form, self.headers.get("Authorization", "")))

    def _provider(self) -> IdentityProvider:
        provider: IdentityProvider = self.server.provider  # type: ignore[attr-defined]
        provider.asked.append(urlsplit(self.path).path)
        return provider

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
