"""The identity provider as the settings describe it."""

from typing import TYPE_CHECKING

from casework.kernel.errors import SetUpError
from config.settings import Settings

if TYPE_CHECKING:
    from casework.accounts.oidc import Provider

CALLBACK = "/v1/sessions/oidc/callback"
"""Where the provider sends browsers back to, below `public_url`."""


def provider_from_settings(settings: Settings) -> "Provider | None":
    """Return the provider, None where there is none; no request is made yet.

    Raises:
        SetUpError: the file with the client's secret cannot be read.
    """
    if settings.oidc_issuer is None:
        return None
    # Most installations have no provider, and commands need not wait for what speaks to one.
    from casework.accounts.oidc import Client, Provider  # noqa: PLC0415

    secret, file = None, settings.oidc_client_secret_file
    if file is not None:
        try:
            secret = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SetUpError("client_secret_unreadable", file=file, error=error) from error
        if not secret:
            raise SetUpError("client_secret_empty", file=file)
    # The settings check that both are there beside an issuer.
    client_id, public_url = settings.oidc_client_id or "", settings.public_url or ""
    return Provider(
        Client(
            settings.oidc_issuer,
            client_id,
            secret,
            public_url.rstrip("/") + CALLBACK,
            settings.oidc_scope,
            settings.oidc_login_claim,
        )
    )
