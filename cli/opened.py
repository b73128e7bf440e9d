"""The service and the records, opened for one command and closed after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.app import open_from_settings, records_from_settings
from api.settings import Settings
from casework.service import Records, Service
from detector.decode import quiet_native_logging
from detector.loading import load_pipeline
from detector.pipeline import Pipeline
from detector.threads import use_threads
from models.manifest import load_pack
from models.store import ModelStore


@contextmanager
def records(settings: Settings) -> Iterator[Records]:
    """Open the database alone: quick, and needs no model weights."""
    opened = records_from_settings(settings)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def service(settings: Settings) -> Iterator[Service]:
    """Open everything, with the gallery loaded."""
    quiet_native_logging()
    use_threads(1)
    opened = open_from_settings(settings)
    try:
        yield opened
    finally:
        opened.records.close()


def pipeline(settings: Settings) -> Pipeline:
    """Load the pack's networks alone."""
    quiet_native_logging()
    use_threads(1)
    return load_pipeline(
        load_pack(settings.pack), ModelStore(settings.models_dir), limits=settings.limits
    )
