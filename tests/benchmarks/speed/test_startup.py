from pathlib import Path

import pytest

from benchmarks.report import Report
from benchmarks.speed import startup


@pytest.mark.parametrize(
    "commands", [("--help",), pytest.param(startup.COMMANDS, marks=pytest.mark.more)]
)
def test_commands_are_timed_beside_another_checkout(commands, tmp_path):
    found = startup.measure([startup.HERE, startup.HERE], tmp_path, 1, commands)
    assert set(found) == set(commands)
    assert all(0 < figure < 60 for pair in found.values() for each in pair for figure in each.cpu)
    report = Report("startup", "", {})
    startup.add_to(report, found, Path("/another"))
    assert [target.bound for target in report.targets] == ["<="] * len(commands)
    assert "CPU, s (another)" in report.grids[0].columns


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is no checkout"):
        startup.measure([tmp_path], tmp_path, repeats=1)


def test_a_checkout_whose_command_fails_is_refused(tmp_path):
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").touch()
    (tmp_path / "cli" / "__main__.py").write_text("raise SystemExit('broken on purpose')")
    with pytest.raises(ValueError, match="broken on purpose"):
        startup.measure([tmp_path], tmp_path, repeats=1)
