"""Data sets of a folder per identity, and the cache of their embeddings."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy.embeddings import MEASURES, cache_name, embed_data_set
from benchmarks.accuracy.identities import DataSetInvalid, read_clashes, read_data_set
from models.manifest import load_pack
from tests.data import PACKAGED, packaged


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("anna/1.png", "anna/2.png", "bea/1.jpg", "bea/notes.txt", "cup/1.png", "empty/x"):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {"anna": "astronaut", "bea": "t1", "cup": "coffee"}.get(path.parent.name)
        path.write_bytes(packaged(kind) if kind else b"")
    return tmp_path / "set"


def test_a_folder_per_identity_and_nothing_but_photos(folder):
    data = read_data_set(folder)
    assert data.names == ("anna", "bea", "cup")
    assert data.owners == (0, 0, 1, 2)
    assert data.label(2) == "bea/1.jpg"


def test_a_clash_makes_two_folders_one_identity_and_is_reported(folder):
    data = read_data_set(folder, [("anna", "cup"), ("anna", "somebody absent")])
    assert data.names == ("anna", "bea")
    assert data.owners == (0, 0, 1, 0)
    assert data.merged == (("anna", "cup"),)


def test_a_list_of_clashes_has_two_names_a_line(tmp_path):
    path = tmp_path / "clashes.txt"
    path.write_text("# why\na b # because\n\n")
    assert read_clashes(path) == (("a", "b"),)
    path.write_text("a b\nc\n")
    with pytest.raises(DataSetInvalid, match="line 2"):
        read_clashes(path)


@pytest.mark.parametrize("path", [PACKAGED["t1"].parent, Path("nowhere")])
def test_what_is_no_data_set_is_refused(path):
    with pytest.raises(DataSetInvalid):
        read_data_set(path)


@pytest.mark.usefixtures("weights")
def test_a_second_run_reads_the_cache_and_a_refusal_stays_one(folder, pack, tmp_path):
    data = read_data_set(folder)
    first = embed_data_set(data, pack, folder=tmp_path / "cache")
    again = embed_data_set(data, pack, folder=tmp_path / "cache")
    assert (first.fresh, again.fresh) == (3, 0)  # anna's two photos are one file
    assert np.array_equal(first.vectors, again.vectors, equal_nan=True)
    assert again.usable.tolist() == [True, True, True, False]
    assert "no_face" in again.refusals[3]


def test_whatever_decides_an_embedding_has_a_cache_of_its_own(pack, monkeypatch):
    plus = load_pack("open-plus")
    sizes = pack.detector.model_copy(update={"input_sizes": (640,)})
    companions = tuple(each.model_copy(update={"weight": 0.5}) for each in plus.companions)
    others = [
        plus,
        pack.model_copy(update={"mirrored": True}),
        pack.model_copy(update={"detector": sizes}),
        plus.model_copy(update={"companions": companions}),
    ]
    assert len({cache_name(each) for each in [pack, *others]}) == 5
    assert cache_name(pack.model_copy(update={"title": "other words"})) == cache_name(pack)
    before = cache_name(pack)
    monkeypatch.setattr("benchmarks.accuracy.embeddings.MEASURES", (*MEASURES, "Another"))
    assert cache_name(pack) != before


def test_quality_is_kept_with_the_embeddings(folder, pack, weights, tmp_path):
    data = read_data_set(folder)
    fresh = embed_data_set(data, pack, folder=tmp_path / "cache")
    cached = embed_data_set(data, pack, folder=tmp_path / "cache")
    assert set(fresh.measures) == set(MEASURES)
    assert fresh.measures["InterEyeDistance"][0] > 20
    assert np.isnan(fresh.measures["InterEyeDistance"][3])  # no face, nothing to measure
    for name in MEASURES:
        assert np.array_equal(fresh.measures[name], cached.measures[name], equal_nan=True)
