"""The records as the settings describe them: quick to open, and without any network."""

from datetime import timedelta

from casework.records import Periods, Records
from config.checkpoints import signers
from config.data_keys import data_keys
from config.identity import provider_from_settings
from config.own_files import close_to_others
from config.settings import Settings


def open_records(settings: Settings) -> Records:
    """Open the database alone; leave the `with` block, or `close`, to close it.

    Raises:
        SetUpError: what the operator has to put right.
    """
    close_to_others(settings)
    return Records.open(
        settings.resolved_database_url,
        data_keys(settings),
        rules=settings.sign_in_rules,
        private_targets=settings.webhook_private_targets,
        webhook_ports=settings.webhook_ports,
        undo=timedelta(hours=settings.undo_hours),
        provider=provider_from_settings(settings),
        periods=Periods(settings.keep_days, settings.approval_rules, settings.key_rules),
        signers=signers(settings),
    )
