"""The console put onto the application."""

from typing import Final

from fastapi import APIRouter, FastAPI

from api.console import errors
from api.console.screens import (
    account,
    agencies,
    alert,
    approvals,
    area_map,
    areas,
    audit,
    case_items,
    cases,
    codes,
    compare,
    duty,
    guide,
    imports,
    keys,
    known_lookalikes,
    merge,
    objections,
    officers,
    overstays,
    overview,
    photos,
    preferences,
    presets,
    printed,
    processing,
    queue,
    referral_new,
    referrals,
    reports,
    residences,
    search,
    sign_in,
    static,
    stays,
    subjects,
    teams,
    tips,
    watchlists,
    webhooks,
)


def install(app: FastAPI) -> None:
    """Answer what only pages have; their routes are those of `ROUTERS`."""
    errors.install(app)


ROUTERS: Final[tuple[APIRouter, ...]] = tuple(
    module.router
    for module in (
        static,
        preferences,
        sign_in,
        account,
        queue,  # before `alert`, whose address would take `/alerts/events` for an alert
        alert,
        photos,
        printed,
        known_lookalikes,
        duty,
        guide,
        search,
        compare,
        tips,
        stays,
        overstays,
        case_items,
        cases,
        presets,  # before `referrals`, whose address would take `/referrals/presets` for one
        referrals,
        referral_new,
        watchlists,
        objections,  # before `subjects`, whose address would take `/subjects/due`
        residences,
        subjects,
        merge,
        imports,
        overview,
        area_map,
        reports,
        approvals,
        audit,
        areas,  # before `teams`, whose address would take `/teams/areas` for one
        teams,
        processing,
        agencies,
        codes,
        officers,
        keys,
        webhooks,
    )
)
"""Of every screen; none of them is in the OpenAPI document, which is for programs."""
