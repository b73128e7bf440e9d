"""The console put onto the application."""

from fastapi import FastAPI

from api.console import assets, errors
from api.console.screens import (
    account,
    agencies,
    alert,
    audit,
    compare,
    imports,
    keys,
    officers,
    overview,
    photos,
    preferences,
    queue,
    referral_new,
    referrals,
    search,
    sign_in,
    subjects,
    tips,
    watchlists,
    webhooks,
)
from api.console.templating import build_environment
from config.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Add every screen; none of them is in the OpenAPI document, which is for programs."""
    app.state.console = build_environment(settings.display_time_zone, secure=settings.cookie_secure)
    errors.install(app)
    for module in (
        assets,
        preferences,
        sign_in,
        account,
        queue,  # before `alert`, whose address would take `/alerts/events` for an alert
        alert,
        photos,
        search,
        compare,
        tips,
        referrals,
        referral_new,
        watchlists,
        subjects,
        imports,
        overview,
        audit,
        agencies,
        officers,
        keys,
        webhooks,
    ):
        app.include_router(module.router)
