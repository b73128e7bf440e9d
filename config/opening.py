"""The service, or its networks alone, opened as the settings describe them."""

import gc

from casework.service import Service
from config.records import open_installation
from config.settings import Settings
from detector.decode import quiet_native_logging
from detector.loading import load_pipeline, load_presentation
from detector.pipeline import Pipeline
from detector.threads import use_threads
from models.manifest import load_pack
from models.store import ModelStore


def open_service(settings: Settings, *, start: bool = True) -> Service:
    """Load, verify, warm up; leave the `with` block, or `close`, to close it.

    Args:
        settings: what is opened.
        start: load the gallery, too; without it nobody is searched for until `Service.start`.

    Raises:
        SetUpError, ModelsError, DetectorError: what the operator has to put right.
    """
    records = open_installation(settings)
    try:
        pack = load_pack(settings.pack)
        pipeline = open_pipeline(settings)
        service = Service.over(
            records,
            pack,
            pipeline,
            engine=settings.index_engine,
            breaker=settings.breaker_rules,
            verification_fmr=settings.verification_fmr,
            presentation=load_presentation(pack, ModelStore(settings.models_dir)),
            grounds=settings.grounds,
        )
        if start:
            service.start()
    except BaseException:
        records.close()
        raise
    # What is here now stays: the garbage collector need not walk through it again and again.
    gc.freeze()
    return service


def open_pipeline(settings: Settings) -> Pipeline:
    """Load the pack's networks alone. Photos side by side have one thread each, in this process.

    Raises:
        ModelsError, DetectorError: what the operator has to put right.
    """
    quiet_native_logging()
    use_threads(1)
    return load_pipeline(
        load_pack(settings.pack),
        ModelStore(settings.models_dir),
        limits=settings.limits,
        runtime=settings.runtime,
    )
