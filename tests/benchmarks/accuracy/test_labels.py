"""The file of labels: what is read, and what is wrong, by line."""

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.accuracy.identities import DataSet, DataSetInvalid, read_data_set
from benchmarks.accuracy.labels import read_labels
from tests.benchmarks.synthetic import population
from tests.data import packaged


@pytest.fixture
def data() -> DataSet:
    return population(4, 1)[0]


def written(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_groups_are_read_and_what_is_unknown_stays_so(tmp_path, data):
    text = "identity,sex,birth_decade\np0,f,1950\np1, m ,\np2,Unknown,1960\n\n"
    sex, decade = read_labels(written(tmp_path, text, "utf-8-sig"), data)
    assert (sex.name, sex.groups, sex.members.tolist()) == ("sex", ("f", "m"), [0, 1, -1, -1])
    assert (decade.groups, decade.members.tolist()) == (("1950", "1960"), [0, -1, 1, -1])
    assert sex.sizes.tolist() == [1, 1]


def test_merged_folders_may_both_have_a_row_if_they_agree(tmp_path, data):
    merged = DataSet(data.root, data.photos, data.owners, data.names, (("p0", "p0_again"),))
    (sex,) = read_labels(written(tmp_path, "identity,sex\np0,f\np0_again,f\n"), merged)
    assert sex.members[0] == 0
    with pytest.raises(DataSetInvalid, match="line 3: p0_again and p0 are one person"):
        read_labels(written(tmp_path, "identity,sex\np0,f\np0_again,m\n"), merged)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: a heading is required"),
        ("name,sex\np0,f\n", "line 1: the column `identity` is missing"),
        ("identity\np0\n", "line 1: beside `identity`"),
        ("identity,\np0,f\n", "line 1: beside `identity`"),
        ("identity,sex,sex\np0,f,f\n", "line 1: two columns have one name"),
        ("identity,sex\n", "line 2: there is no identity"),
        ("identity,sex\np0,f\np9,m\n", "line 3: the data set has no identity `p9`"),
        ("identity,sex\np0,f\np1,m\np0,f\n", "line 4: `p0` stands in line 2 already"),
        ("identity,sex\np0\n", "line 2: 2 cells are required, not 1"),
        ("identity,sex\np0,f,x\n", "line 2: 2 cells are required, not 3"),
        ('identity,sex\np0,"f\n', "line 2: unexpected end"),
    ],
)
def test_what_is_wrong_is_named_by_line(tmp_path, data, text, message):
    with pytest.raises(DataSetInvalid, match=f"labels.csv, {message}"):
        read_labels(written(tmp_path, text), data)


def test_bytes_that_are_no_text_are_refused(tmp_path, data):
    with pytest.raises(DataSetInvalid, match=r"labels\.csv, line"):
        read_labels(written(tmp_path, "identity,sex\np0,\xe9\n", "latin-1"), data)


def test_the_command_refuses_bad_labels_before_it_embeds_anything(tmp_path):
    photo = tmp_path / "set" / "anna" / "1.png"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(packaged("astronaut"))
    assert read_data_set(tmp_path / "set").names == ("anna",)
    labels = written(tmp_path, "identity,sex\nberta,f\n")
    result = CliRunner().invoke(app, ["accuracy", str(tmp_path / "set"), "--labels", str(labels)])
    assert result.exit_code == 2
    assert "no identity `berta`" in " ".join(result.output.split())
