"""OpenID Connect: what a provider says about somebody who has signed in there.

The authorization code flow with PKCE (OpenID Connect Core 1.0, RFC 7636). Authlib speaks the
protocol and knows the rules of ID tokens, joserfc checks signatures; this module calls them.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from casework.kernel.errors import ProviderUnavailable, SignOnRefused

_TIMEOUT_S: Final = 10.0
_KNOWN_FOR: Final = timedelta(hours=1)
_LEEWAY_S: Final = 60

# Signatures by a key pair alone: with a shared secret, its holders could write tokens.
_ALGORITHMS: Final = [
    f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)
]
_SIGNATURES: Final = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)

_CODE_REFUSED: Final = "invalid_grant"
_DISCOVERY: Final = "/.well-known/openid-configuration"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Client:
    """What this installation is at its provider."""

    issuer: str
    client_id: str
    client_secret: str | None
    """None for a client that the provider knows by its id alone; PKCE protects it all the same."""
    redirect_uri: str
    scope: str = "openid"
    login_claim: str | None = None
    """The claim that holds an officer's login here, by which an account is tied to its owner's
    first sign-in through the provider; None where administrators do that."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What ties the answer of the provider to the browser that asked: three random texts."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whom the provider vouches for."""

    issuer: str
    subject: str
    claims: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a provider publishes about itself."""

    metadata: dict[str, Any]
    keys: KeySet
    until: datetime


class Provider:
    """One identity provider. Safe to call from several threads at once."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._known: _Known | None = None
        self._asking = threading.Lock()

    def address(self, proof: Proof, now: datetime) -> str:
        """Return where to send the browser.

        Raises:
            ProviderUnavailable: the provider cannot be reached.
        """
        known = self._published(now)
        with self._session() as session:
            address, _ = session.create_authorization_url(
                known.metadata["authorization_endpoint"],
                state=proof.state,
                nonce=proof.nonce,
                code_verifier=proof.verifier,
            )
        return str(address)

    def identity(self, code: str, proof: Proof, now: datetime) -> Identity:
        """Exchange the code that a browser brought back for who it is.

        Raises:
            SignOnRefused: the provider does not take the code, or its token is not sound.
            ProviderUnavailable: the provider cannot be reached.
        """
        known = self._published(now)
        token = self._exchanged(known, code, proof)
        text = token.get("id_token")
        if not isinstance(text, str):
            raise SignOnRefused("token_unsound")
        try:
            try:
                decoded = jwt.decode(text, known.keys, registry=_SIGNATURES)
            except InvalidKeyIdError:
                # The provider has changed its keys since they were read.
                decoded = jwt.decode(text, self._ask(now).keys, registry=_SIGNATURES)
            claims = self._checked(decoded, proof, token.get("access_token"), now)
        except (JoseError, ValueError, TypeError) as error:
            raise SignOnRefused("token_unsound") from error
        return Identity(self.client.issuer, claims["sub"], claims)

    def _checked(
        self, token: jwt.Token, proof: Proof, access_token: str | None, now: datetime
    ) -> dict[str, Any]:
        """Return the claims of a token that is meant for us, now, in answer to this browser."""
        expected = {
            "iss": {"essential": True, "value": self.client.issuer},
            "aud": {"essential": True, "value": self.client.client_id},
            "sub": {"essential": True},
        }
        circumstances = {
            "nonce": proof.nonce,
            "client_id": self.client.client_id,
            "access_token": access_token,
        }
        claims = CodeIDToken(token.claims, token.header, expected, circumstances)
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY_S)
        return dict(claims)

    def _exchanged(self, known: _Known, code: str, proof: Proof) -> dict[str, Any]:
        try:
            with self._session(_authentication(known.metadata, self.client)) as session:
                return dict(
                    session.fetch_token(
                        known.metadata["token_endpoint"],
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=proof.verifier,
                    )
                )
        except AuthlibBaseError as error:
            if error.error == _CODE_REFUSED:
                raise SignOnRefused("code_refused") from error
            raise ProviderUnavailable from error  # it knows us not, or asks for something else
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderUnavailable from error

    def _published(self, now: datetime) -> _Known:
        with self._asking:
            if self._known is not None and now < self._known.until:
                return self._known
        return self._ask(now)

    def _ask(self, now: datetime) -> _Known:
        """Read what the provider publishes, and keep it for a while."""
        with self._asking:
            try:
                metadata, keys = _read(self.client.issuer)
            except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError) as error:
                raise ProviderUnavailable from error
            except (KeyError, TypeError, AttributeError) as error:  # not of the published form
                raise ProviderUnavailable from error
            self._known = _Known(metadata, keys, now + _KNOWN_FOR)
            return self._known

    def _session(self, authentication: str | None = None) -> OAuth2Client:
        return OAuth2Client(
            self.client.client_id,
            self.client.client_secret,
            token_endpoint_auth_method=authentication,
            scope=self.client.scope,
            redirect_uri=self.client.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
        )


def _read(issuer: str) -> tuple[dict[str, Any], KeySet]:
    """Return what a provider publishes: its addresses, and the keys it signs with.

    Raises:
        ValueError: another issuer answers there; other errors where it answers nothing of use.
    """
    with httpx2.Client(timeout=_TIMEOUT_S) as http:
        metadata = http.get(issuer.rstrip("/") + _DISCOVERY).raise_for_status().json()
        if metadata["issuer"] != issuer:
            raise ValueError(f"another issuer answers at {issuer}")
        for name in _ENDPOINTS:
            httpx2.URL(metadata[name])
        keys = http.get(metadata["jwks_uri"]).raise_for_status().json()
    return metadata, KeySet.import_key_set(keys)


def _authentication(metadata: dict[str, Any], client: Client) -> str:
    """Return how the client shows its secret: as the provider takes it, in the header if it may."""
    if client.client_secret is None:
        return "none"
    taken = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return "client_secret_basic" if "client_secret_basic" in taken else "client_secret_post"
