"""What only those who run the installation ask: figures, and why the service is not ready.

It listens on a port of its own, on loopback unless a setting says otherwise, and asks no key.
"""

from fastapi import FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.middleware import Middleware

from api.cookies import PlainCookies
from api.hosts import KnownHosts
from api.state import State
from api.v1.health.schemas import HealthDetails


def create_management(state: State) -> FastAPI:
    """Build the application of the management port.

    Args:
        state: of the application that serves everybody else.
    """
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(KnownHosts, settings=state.settings), Middleware(PlainCookies)],
    )

    practice = state.settings.practice

    @app.get("/healthz", response_model=HealthDetails, response_model_exclude_none=True)
    async def alive() -> HealthDetails:
        return HealthDetails(status="ok", practice=practice)

    @app.get("/readyz", response_model=HealthDetails, response_model_exclude_none=True)
    async def ready(response: Response) -> HealthDetails:
        if state.service is None:
            response.status_code = 503
            status = "failed" if state.failure else "starting"
            return HealthDetails(status=status, practice=practice, detail=state.failure)
        gallery = state.service.gallery.replica.gallery
        return HealthDetails(
            status="ok",
            practice=practice,
            templates=len(gallery),
            gallery_version=gallery.version,
            pack=state.service.pack.name,
            runtime=state.service.pipeline.runtime.value,
        )

    @app.get("/metrics")
    async def figures() -> Response:
        return Response(state.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return app
