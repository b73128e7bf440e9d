"""What one application holds: made with it, or opened by its start."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from starlette.responses import Response

from api.background.imports import ImportWorker
from api.background.stays import StayWorker
from api.console.map.borders import Borders
from api.console.templating import Console
from api.limits import Limits
from api.metrics import Metrics
from api.photos import PhotoAnswers
from api.problems import NotReady, Problem
from api.streams import Streams
from api.workers import PasswordHashLimiter, WorkPool
from casework.kernel.messages import Message
from casework.service import Service
from config.audit_check import AuditCheck
from config.settings import Settings


@dataclass(slots=True)
class State:
    """Belongs to one application, which starts once."""

    settings: Settings
    metrics: Metrics
    streams: Streams
    workers: WorkPool
    password_hashing: PasswordHashLimiter
    limits: Limits
    photos: PhotoAnswers
    console: Console
    borders: Borders | None
    """What the operator gave for the vulnerability map to draw."""
    audit_check: AuditCheck
    page_of_problem: Callable[[Request, Problem, Message | None], Response | None]
    """Renders a problem as a page for a person; returns None for a program."""
    service: Service | None = None
    """None until it is open."""
    import_worker: ImportWorker | None = None
    stay_worker: StayWorker | None = None
    failure: str | None = None
    """Why the service could not be opened."""
    openapi: bytes | None = None
    """The OpenAPI document, once somebody has asked for it."""
    making_openapi: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def opened(self) -> Service:
        """The service; raises NotReady while it is starting."""
        if self.service is None:
            raise NotReady("The service is starting: ask /readyz, and send the request again.")
        return self.service

    @property
    def importing(self) -> ImportWorker:
        """The import worker; raises NotReady while the service is starting."""
        if self.import_worker is None:
            raise NotReady("The service is starting: ask /readyz, and send the request again.")
        return self.import_worker

    @property
    def screening_guests(self) -> StayWorker:
        """What screens reported guests; raises NotReady while the service is starting."""
        if self.stay_worker is None:
            raise NotReady("The service is starting: ask /readyz, and send the request again.")
        return self.stay_worker


def hold(app: FastAPI, state: State) -> None:
    """Give an application its state."""
    app.state.siaga = state


def state_of(app: FastAPI) -> State:
    """Return what an application holds."""
    state: State = app.state.siaga
    return state
