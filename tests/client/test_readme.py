"""The examples of the README run as they stand, against the real service."""

import re
from pathlib import Path
from typing import Any

import pytest
from siaga_client import Client

from casework.kernel.vocabulary import Scope
from tests.detector.face_records import dg2, fac_2005, iso39794
from tests.fakes import photo_of

ROOT = Path(__file__).parents[2]
LIVE, JPEG = photo_of(2, brightness=0.9, usable=True), photo_of(2, usable=True)
POOR, NOBODY = photo_of(2), photo_of()
IMPORT = "from siaga_client import Client\n"
CHIP, OTHER = dg2(fac_2005(photo_of(2, suffix=".jp2"))), dg2(iso39794(photo_of(5)))
"""Data group 2 of the chips of this traveller and of another, as a reader hands them on."""


def example(file: str, word: str) -> str:
    """Return the one Python example of a file that has a word."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / file).read_text("utf-8"), re.DOTALL)
    (found,) = (str(each) for each in blocks if word in each)
    return found


@pytest.mark.parametrize(
    ("chip", "done"),
    [(CHIP, ["open"]), (JPEG, ["open"]), (OTHER, ["show"]), (CHIP[:900], ["documents"])],
)
def test_a_gate_sends_chip_and_live_photo(served, chip, done):
    served.desk.enrol(1)
    acts = []
    names = {
        "Client": lambda _address, key: Client(served.address, key),
        "key": served.key(Scope.SCREEN),
        "live": LIVE,
        "chip": chip,
        "open_gate": lambda: acts.append("open"),
        "show": lambda _text: acts.append("show"),
        "ask_for_documents": lambda: acts.append("documents"),
        "call_officer": lambda: acts.append("officer"),
    }
    exec(example("client/README.md", "reference=chip"), names)
    assert acts == done


@pytest.mark.parametrize("file", ["README.md", "client/README.md"])
@pytest.mark.parametrize(
    ("first", "second", "done"),
    [
        (JPEG, None, ["open"]),
        (POOR, JPEG, ["advice", "open"]),
        (POOR, POOR, ["advice", "officer"]),
        (NOBODY, NOBODY, ["advice", "officer"]),
        (NOBODY, photo_of(1), ["advice", "alert"]),
        (photo_of(1), None, ["alert"]),
    ],
)
def test_a_gate_captures_again_once(served, monkeypatch, file, first, second, done):
    served.desk.watchlist(instruction={"en": "Call the duty officer.", "id": "Panggil."})
    served.desk.enrol(1)
    monkeypatch.setattr(Client, "wait_for_disposition", Client.encounter)
    acts: list[str] = []
    names = {
        "Client": lambda _address, key: Client(served.address, key),
        "key": served.key(Scope.SCREEN),
        "photo": first,
        "capture": lambda: second,
        "open_gate": lambda: acts.append("open"),
        "show": lambda text: acts.append("alert" if "duty" in text else "advice"),
        "call_officer": lambda: acts.append("officer"),
    }
    exec(example(file, "recapture_of").replace(IMPORT, ""), names)
    assert list(dict.fromkeys(acts)) == done


def test_the_line_of_the_main_page(served):
    served.desk.enrol(1)
    with Client(served.address, served.key(Scope.SCREEN)) as siaga:
        names: dict[str, Any] = {"siaga": siaga, "live": LIVE, "chip": CHIP}
        exec(example("README.md", "reference=chip"), names)
        assert names["answer"].verification.passes is True
