"""The service, the records or the networks alone, opened as the settings describe them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from casework.kernel.vault import read_or_create_key
from casework.records import Records
from casework.service import Service
from config.identity import provider_from_settings
from config.settings import Settings
from detector.decode import quiet_native_logging
from detector.loading import load_pipeline
from detector.pipeline import Pipeline
from detector.threads import use_threads
from models.manifest import Pack, load_pack, load_prior
from models.store import ModelStore


def open_from_settings(settings: Settings) -> Service:
    """Load, verify, warm up: the service as the settings describe it.

    Raises:
        SetUpError, ModelsError, DetectorError: what the operator has to put right.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    pack = pack_from_settings(settings)
    pipeline = load_pipeline(pack, ModelStore(settings.models_dir), limits=settings.limits)
    records = records_from_settings(settings)
    service = Service.over(records, pack, pipeline, engine=settings.index_engine)
    service.start()
    # What is here now stays: the garbage collector need not walk through it again and again.
    gc.freeze()
    return service


def records_from_settings(settings: Settings) -> Records:
    """Open the database alone, as the settings describe it.

    Raises:
        SetUpError: what the operator has to put right.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Records.open(
        settings.resolved_database_url,
        read_or_create_key(settings.resolved_data_key_file),
        rules=settings.sign_in_rules,
        private_targets=settings.webhook_private_targets,
        provider=provider_from_settings(settings),
        keep_days=settings.keep_days,
    )


def pack_from_settings(settings: Settings) -> Pack:
    """Return the pack in use, with the prior that the operator measured for it, if any."""
    pack = load_pack(settings.pack)
    if settings.prior_file is None:
        return pack
    return pack.model_copy(update={"prior": load_prior(settings.prior_file)})


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
