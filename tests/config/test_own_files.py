"""Files of the service are for their owner, and the key comes from one of three places."""

import logging
import os
import stat
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pydantic import ValidationError

from casework.kernel.errors import SetUpError
from config.data_keys import data_keys
from config.own_files import close_to_others
from config.records import open_records
from config.settings import Settings

KEY = "0123456789abcdef" * 4


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_new_files_are_closed_to_others(tmp_path):
    before = os.umask(0)
    try:
        with open_records(Settings(data_dir=tmp_path / "var")) as records:
            records.kernel.audit.verify()
            folder = tmp_path / "var"
            files = list(folder.iterdir())
            assert {"siaga.db", "siaga.key", "siaga.db-wal"} <= {each.name for each in files}
            assert [each.name for each in [folder, *files] if mode(each) & 0o077] == []
    finally:
        os.umask(before)


def test_files_of_before_are_put_right_and_that_is_said(tmp_path, caplog):
    settings = Settings(data_dir=tmp_path)
    open_records(settings).close()
    own = [tmp_path, tmp_path / "siaga.db", tmp_path / "siaga.key"]
    for path in own:
        path.chmod(0o755)
    with caplog.at_level(logging.WARNING):
        close_to_others(settings)
    assert [mode(path) & 0o077 for path in own] == [0, 0, 0]
    assert [record.args[0] for record in caplog.records] == own
    caplog.clear()
    close_to_others(settings)
    assert caplog.records == []


def test_a_group_that_is_meant_keeps_its_rights_and_others_do_not(tmp_path):
    before = os.umask(0o077)
    try:
        settings = Settings(data_dir=tmp_path, group_access=True)
        open_records(settings).close()
        for path in tmp_path.iterdir():
            path.chmod(0o666)
        close_to_others(settings)
        assert {mode(path) for path in tmp_path.iterdir()} == {0o660}
    finally:
        os.umask(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file another's")
def test_a_key_that_others_read_and_that_cannot_be_closed_is_refused():
    with TemporaryDirectory() as folder:  # not pytest's, which is closed to other accounts
        key = Path(folder) / "siaga.key"
        key.write_text(KEY)
        key.chmod(0o644)
        os.chown(key, 1, 1)
        Path(folder).chmod(0o755)
        settings = Settings(data_dir=Path(folder), data_key_file=key, database_url="sqlite://")
        os.seteuid(2)
        try:
            with pytest.raises(SetUpError, match="mode 0644"):
                close_to_others(settings)
        finally:
            os.seteuid(0)
        close_to_others(settings)
        assert mode(key) == 0o600


def test_the_key_may_come_from_a_variable_or_a_command(tmp_path, monkeypatch):
    monkeypatch.setenv("THE_KEY", f"{KEY}\n{'00' * 32}")
    variable = Settings(data_dir=tmp_path, data_key_variable="THE_KEY")
    assert data_keys(variable).read() == [bytes.fromhex(KEY), bytes(32)]
    script = tmp_path / "key.py"
    script.write_text(f"print({KEY!r})")
    command = Settings(data_dir=tmp_path, data_key_command=f"{sys.executable} {script}")
    assert data_keys(command).read() == [bytes.fromhex(KEY)]
    open_records(command).close()
    assert not (tmp_path / "siaga.key").exists()


@pytest.mark.parametrize(
    ("code", "reason"),
    [("exit(3)", "exit status 3"), (f"print({KEY[:-2]!r})", "64 hexadecimal digits")],
)
def test_a_command_that_prints_no_key_is_said_without_what_it_printed(tmp_path, code, reason):
    command = f'{sys.executable} -c "{code}"'
    with pytest.raises(SetUpError, match=reason) as refused:
        open_records(Settings(data_dir=tmp_path, data_key_command=command))
    assert KEY[:-2] not in str(refused.value).replace(command, "")


def test_a_command_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SetUpError, match="FileNotFoundError"):
        open_records(Settings(data_dir=tmp_path, data_key_command="/nowhere/key"))


def test_a_variable_that_is_unset_is_said(tmp_path):
    with pytest.raises(SetUpError, match="NO_SUCH_KEY"):
        open_records(Settings(data_dir=tmp_path, data_key_variable="NO_SUCH_KEY"))


def test_the_key_has_one_place(tmp_path):
    with pytest.raises(ValidationError, match="name one of"):
        Settings(data_dir=tmp_path, data_key_variable="X", data_key_command="y")
