"""What a document says beside what a list says, and where they differ."""

import pytest

from casework.kernel.vocabulary import Agreement, IdentityField
from casework.review.alerts import SubjectCard
from casework.review.identities import compare

A, P, D, U = Agreement.AGREES, Agreement.PARTLY, Agreement.DIFFERS, Agreement.UNKNOWN


def listed(name="Ahmad Sukarno", **fields):
    values = {
        "aliases": (),
        "sex": None,
        "birth": None,
        "nationality": None,
        "documents": (),
        "reason": "",
        "decision_number": None,
        "valid_from": None,
        "valid_until": None,
        "suspended": False,
        **fields,
    }
    return SubjectCard(name, **values)


def found(document, card):
    return {each.field: each.agreement for each in compare(document, card)}


@pytest.mark.parametrize(
    ("said", "name", "agreement"),
    [
        ("SUKARNO, AHMAD", "Ahmad Sukarno", A),
        ("SUKARNO<<AHMAD", "Ahmad Sukarno", A),
        ("OESTERGAARD, SOEREN", "Søren Østergård", A),
        ("MUELLER, JOSE", "José Müller", A),
        ("NXUNXEZ, ANA", "Ana Núñez", D),
        ("NUNXXEZ, ANA", "Ana Nuñez", A),
        ("OBRIEN, MARY ANN", "Mary-Ann O'Brien", A),
        ("ABDULRAHMAN", "Abdul Rahman", A),
        ("IVANOV, IVAN", "Иван Иванов", A),
        ("SUKARNO", "Ahmad Sukarno", P),
        ("SUKARNO, AHMAD BUDI", "Ahmad Sukarno", P),
        ("SANTOSO, AHMAD", "Ahmad Sukarno", D),
        ("SUKARNO, AHMAD", "أحمد", U),
    ],
)
def test_names_are_compared_in_every_spelling_and_order(said, name, agreement):
    assert found({"name": said}, listed(name))[IdentityField.NAME] is agreement


def test_an_alias_agrees_and_a_cut_name_agrees_as_far_as_it_goes():
    card = listed("Budi", aliases=("Ahmad Sukarnoputra",))
    assert found({"name": "SUKARNOPUTRA, AHMAD"}, card)[IdentityField.NAME] is A
    assert found({"name": "AHMAD SUKARNO"}, card)[IdentityField.NAME] is D
    assert found({"name": "AHMAD SUKARNO", "name_cut": True}, card)[IdentityField.NAME] is A


@pytest.mark.parametrize(
    ("said", "born", "agreement"),
    [
        ("1980-02-28", "1980-02-28", A),
        ("1980-02-28", "1980", A),
        ("1980", "1980-02-28", A),
        ("1980-02-28", "1980-02-27", D),
        ("1981-02-28", "1980", D),
        ("unknown", "1980", U),
        (None, "1980", U),
        ("1980", None, U),
    ],
)
def test_births_agree_as_far_as_both_are_known(said, born, agreement):
    document = {"birth": said} if said else {}
    assert found(document, listed(birth=born))[IdentityField.BIRTH] is agreement


def test_another_countrys_passport_is_what_a_document_check_does_not_find():
    card = listed(
        sex="M",
        nationality="IDN",
        documents=({"kind": "passport", "number": "X 123-4567", "country": "IDN"},),
    )
    own = {"sex": "M", "nationality": "IDN", "number": "X1234567", "country": "IDN"}
    assert set(found({"name": "AHMAD SUKARNO", **own}, card).values()) == {A}
    other = found({**own, "nationality": "MYS", "number": "K9", "country": "MYS"}, card)
    assert other[IdentityField.NATIONALITY] is D
    assert other[IdentityField.DOCUMENT] is D
    assert found({**own, "country": "MYS"}, card)[IdentityField.DOCUMENT] is P
    assert found({**own, "country": None}, card)[IdentityField.DOCUMENT] is A


def test_what_neither_says_is_left_out_and_an_erased_entry_leaves_the_document():
    assert set(found({"name": "A"}, listed())) == {IdentityField.NAME}
    rows = compare({"name": "A", "number": "X1", "country": "IDN"}, None)
    assert [(each.document, each.listed, each.agreement) for each in rows] == [
        ("A", (), U),
        ("X1 IDN", (), U),
    ]
