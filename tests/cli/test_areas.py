"""`siaga areas`, as an operator runs it."""

import json

import pytest

from tests.cli.conftest import begin, in_process

FILE = "\ufeffcode;name\n31.71;Kota Contoh\n31.71.01;Contoh Barat\n31.71.01.1001;Desa Contoh\n"


@pytest.fixture
def siaga(tmp_path, monkeypatch):
    begin(tmp_path / "var")
    return in_process(tmp_path, monkeypatch)


def test_areas_are_tried_taken_and_listed(siaga, tmp_path):
    file = tmp_path / "areas.csv"
    file.write_text(FILE, encoding="utf-8")
    assert "2 areas would be added" in siaga("areas", "import", file, "--dry-run").stderr
    assert json.loads(siaga("areas", "list", "--parent", "31", "--json").stdout) == []
    taken = json.loads(siaga("areas", "import", file, "--json").stdout)
    assert taken == {"added": 2, "renamed": 0, "unchanged": 0, "left_out": 1}
    (regency,) = json.loads(siaga("areas", "list", "--level", "regency", "--json").stdout)
    assert (regency["code"], regency["name"]) == ("31.71", "Kota Contoh")
    assert "Kota Contoh" in siaga("areas", "list", "--parent", "31").stdout
    assert siaga("areas", "list", "--parent", "3171").returncode == 2


def test_a_file_with_faults_is_refused_by_line(siaga, tmp_path):
    file = tmp_path / "areas.csv"
    file.write_text(f"{FILE}31.7;Kota\n", encoding="utf-8")
    refused = siaga("areas", "import", file)
    assert refused.returncode == 1
    assert "Line 5: 31.7 is no code of an area" in refused.stderr
    assert json.loads(siaga("areas", "list", "--parent", "31", "--json").stdout) == []
