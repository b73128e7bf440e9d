"""Health: is the process alive, and is it ready to screen; `api.management` has the details."""

from typing import Final

from fastapi import APIRouter, Response

from api.dependencies import Practice, TheState
from api.v1.health.schemas import Health

router: Final = APIRouter(tags=["health"])


@router.get("/healthz", response_model=Health)
async def alive(practice: Practice) -> Health:
    """Answer as soon as the process serves requests."""
    return Health(status="ok", practice=practice)


@router.get(
    "/readyz",
    response_model=Health,
    responses={503: {"model": Health, "description": "Not ready."}},
)
async def ready(state: TheState, practice: Practice, response: Response) -> Health:
    """Answer 200 once weights are verified, the gallery is loaded and the networks are warm."""
    if state.service is None:
        response.status_code = 503
        return Health(status="failed" if state.failure else "starting", practice=practice)
    return Health(status="ok", practice=practice)
