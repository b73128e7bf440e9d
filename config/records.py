"""The records as the settings describe them: quick to open, and without any network."""

from datetime import timedelta

from casework.kernel.vault import read_or_create_key
from casework.records import Periods, Records
from config.identity import provider_from_settings
from config.settings import Settings


def open_records(settings: Settings) -> Records:
    """Open the database alone; leave the `with` block, or `close`, to close it.

    Raises:
        SetUpError: what the operator has to put right.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Records.open(
        settings.resolved_database_url,
        read_or_create_key(settings.resolved_data_key_file),
        rules=settings.sign_in_rules,
        private_targets=settings.webhook_private_targets,
        undo=timedelta(hours=settings.undo_hours),
        provider=provider_from_settings(settings),
        periods=Periods(settings.keep_days, settings.approval_rules),
    )
