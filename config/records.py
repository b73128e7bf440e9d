"""The records as the settings describe them: quick to open, and without any network."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from casework.kernel.clock import Clock, utc_now
from casework.kernel.errors import SetUpError
from casework.records import Periods, Records
from config.checkpoints import signers
from config.data_keys import data_keys
from config.identity import provider_from_settings
from config.own_files import close_to_others
from config.settings import Settings


def open_installation(settings: Settings) -> Records:
    """Open the database of an installation that has begun, as every command but `init` does.

    Where there is none, nothing is made: a command in the wrong folder leaves no database there.

    Raises:
        SetUpError: there is no installation yet, or the operator has something to put right.
    """
    url = make_url(settings.resolved_database_url)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
        raise SetUpError("installation_empty")
    records = open_records(settings)
    try:
        records.accounts.agencies.require_any()
    except BaseException:
        records.close()
        raise
    return records


def open_records(settings: Settings, clock: Clock = utc_now) -> Records:
    """Open the database alone; leave the `with` block, or `close`, to close it.

    Args:
        settings: which, and how.
        clock: another than the machine's for what is made up.

    Raises:
        SetUpError: what the operator has to put right.
    """
    close_to_others(settings)
    return Records.open(
        settings.resolved_database_url,
        data_keys(settings),
        clock,
        rules=settings.sign_in_rules,
        practice=settings.practice,
        private_targets=settings.webhook_private_targets,
        webhook_ports=settings.webhook_ports,
        undo=timedelta(hours=settings.undo_hours),
        provider=provider_from_settings(settings),
        periods=Periods(settings.keep_days, settings.approval_rules, settings.key_rules),
        signers=signers(settings),
        zone=settings.zone,
    )
