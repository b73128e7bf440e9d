"""Health: is the process alive, and is it ready to screen."""

from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.dependencies import TheMetrics, TheState
from api.v1.health.schemas import Health

router: Final = APIRouter(tags=["health"])
metrics_router: Final = APIRouter(tags=["health"])


@router.get("/healthz", response_model=Health, response_model_exclude_none=True)
async def alive() -> Health:
    """Answer as soon as the process serves requests."""
    return Health(status="ok")


@router.get(
    "/readyz",
    response_model=Health,
    response_model_exclude_none=True,
    responses={503: {"model": Health, "description": "Not ready, and why."}},
)
async def ready(state: TheState, response: Response) -> Health:
    """Answer 200 once weights are verified, the gallery is loaded and the networks are warm."""
    if state.service is None:
        response.status_code = 503
        return Health(status="failed" if state.failure else "starting", detail=state.failure)
    gallery = state.service.gallery.replica.gallery
    return Health(
        status="ok",
        templates=len(gallery),
        gallery_version=gallery.version,
        pack=state.service.pack.name,
    )


@metrics_router.get(
    "/metrics",
    response_class=Response,
    summary="Figures for Prometheus",
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def figures(metrics: TheMetrics) -> Response:
    """Answer counts and times in Prometheus' text format: no names, no photos, no keys."""
    return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)
