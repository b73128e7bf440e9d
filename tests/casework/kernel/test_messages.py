"""Every sentence of the domain has a code, is said somewhere, and can be said in each language."""

import ast
import inspect
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest

from api.console.i18n import load
from api.console.messages import FOR_PROGRAMS, translated
from casework.kernel import errors
from casework.kernel.messages import ENGLISH, Message
from casework.kernel.vocabulary import AlertState
from casework.tables import CategoryRow, OutcomeRow
from casework.tables.base import Table
from detector.errors import PhotoError
from detector.quality import Reason
from tests.contract.source import ROOT
from tests.messages import english_in, gaps, samples

LOCALES: Final = load("Asia/Jakarta")

KINDS: Final = {
    name
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.CaseworkError)
}

# These make their code themselves, or take others' messages.
OF_THEIR_OWN: Final = {
    "SignOnRefused",
    "ProviderUnavailable",
    "TooManyAttempts",
    "EnrolmentRefused",
    "AreasRefused",
}

# Codes that are put together: what of, and every one that comes of it.
MADE: Final = {
    *(f"advice_{reason}" for reason in Reason),
    *(kind.code for kind in PhotoError.__subclasses__()),
    *(
        f"{mapper.class_.__name__.lower()}_changed"
        for mapper in Table.registry.mappers
        # Of a code list it is the code that has changed: `code_changed`.
        if "version" in mapper.columns and mapper.class_ not in (CategoryRow, OutcomeRow)
    ),
    # For officers, of what programs are given in one text.
    *(f"threshold_{code}" for code in ENGLISH if code.startswith("basis_")),
}

# Where an error or a message gets its code in a variable; each code is written beside.
INDIRECT: Final = {
    "api/console/messages.py": "a quality reason's advice",
    "api/field_errors.py": "what pydantic says of a field",
    "casework/accounts/officers.py": "what a reset takes away",
    "casework/accounts/sign_in.py": "which of the two factors was wrong",
    "casework/approvals/approvals.py": "why a request lapsed",
    "casework/watchlists/erasure.py": "whether an erasure is at once",
    "casework/watchlists/requirements.py": "what a category requires",
    "casework/watchlists/subjects.py": "by what fewer are looked for",
    "casework/watchlists/watchlists.py": "by what a policy is weakened",
    "casework/imports/descriptions.py": "what describes a person, and is not in its form",
    "casework/imports/workbook/rows.py": "what a cell of a workbook holds",
    "casework/imports/photos.py": "what is wrong with a member of a ZIP, or with a photo",
    "casework/kernel/audit/chain.py": "where the chain breaks",
    "casework/kernel/errors.py": "the base of all",
    "casework/kernel/permissions.py": "what an account lacks",
    "casework/kernel/rows.py": "what has changed",
    "casework/referrals/states.py": "whether it was accepted",
    "casework/review/states.py": "what is not possible in this state",
    "casework/watchlists/enrolment.py": "a photo's fault, a quality reason's advice",
    "casework/stays/reports.py": "what a document lacks",
    "casework/calibration/policy.py": "what became of a threshold set by hand",
    "casework/calibration/thresholds.py": "which basis was read",
}

# Stored with imports of earlier versions, whose reports are still read.
FORMER: Final = {"nation_written_otherwise", "nation_one_of_several", "sex_written_otherwise"}


class Said(NamedTuple):
    """One place that makes an error or a message."""

    place: str
    file: str
    code: str | None
    params: set[str] | None


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ("casework", "api", "config", "cli"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name != "casework/kernel/messages.py":
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def places() -> Iterator[Said]:
    for file, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name in KINDS - OF_THEIR_OWN or name == "Message":
                yield said(f"{file}:{node.lineno}", file, node)


def text_of(node: ast.expr | None) -> str | None:
    literal = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return ast.literal_eval(node) if node is not None and literal else None


def said(place: str, file: str, node: ast.Call) -> Said:
    code = text_of(node.args[0]) if node.args else None
    named = {each.arg for each in node.keywords if each.arg is not None} - {"field", "text"}
    if len(node.args) > 1:
        second = node.args[1]
        keys = second.keys if isinstance(second, ast.Dict) else [None]
        texts = {text_of(key) for key in keys} - {None}
        whole = len(texts) == len(keys)
        return Said(place, file, code, {each for each in texts if each} if whole else None)
    return Said(place, file, code, named)


PLACES: Final = list(places())


@pytest.mark.parametrize(
    "each", [each for each in PLACES if each.code], ids=lambda each: each.place
)
def test_what_is_raised_has_a_sentence_with_these_gaps(each):
    assert each.code in ENGLISH
    if each.params is not None:
        assert each.params == gaps(ENGLISH[each.code])


def test_codes_that_come_in_variables_are_known():
    assert {each.file for each in PLACES if each.code is None} == INDIRECT.keys()


def test_every_sentence_is_said_somewhere():
    words = {
        node.value
        for file, tree in sources()
        if file != "api/console/messages.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    sign_on = {f"sign_on_{word}" for word in words if isinstance(word, str)}
    assert ENGLISH.keys() - words - MADE - FORMER - sign_on == set()
    assert ENGLISH.keys() >= MADE


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("code", ENGLISH)
def test_a_sentence_can_be_said_in_every_language(code, language):
    message = Message(code, samples(ENGLISH[code]))
    text = translated(message, LOCALES[language])
    for value in message.params.values():
        for part in value if isinstance(value, tuple) else (value,):
            assert part in text
    if language == "en":
        assert text == str(message)
    else:
        assert english_in(text) == set()


def test_english_is_found_where_it_has_no_business():
    assert english_in("Ya. There is no\n agency 7.") == {"There is no agency"}


def test_what_only_programs_are_told_is_a_sentence():
    assert ENGLISH.keys() >= FOR_PROGRAMS


def test_a_message_is_kept_and_read_again():
    inner = Message("photo_already_enrolled")
    message = Message("photo_reported", {"name": "a.jpg", "detail": (inner, Message("photo_good"))})
    assert str(message) == "a.jpg: This photo is already enrolled. Good."
    assert Message.from_json(message.as_json()) == message


def test_gaps_are_filled_in_the_reader_s_words():
    message = Message("alert_not_to_decide", {"state": AlertState.CLOSED})
    assert str(message) == "An alert that is closed cannot be decided."
    assert "“Ditutup”" in translated(message, LOCALES["id"])
    rows = Message("list_too_long", {"rows": 100_000})
    assert "100000 rows" in str(rows)
    assert "100.000 baris" in translated(rows, LOCALES["id"])


def test_a_text_that_others_word_stays_in_english():
    assert str(Message("photo_unreadable", text="The photo is cut short.")) == (
        "The photo is cut short."
    )
