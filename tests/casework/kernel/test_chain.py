"""The format by itself: fields, trees and proofs; what is forged proves nothing."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.kernel.audit import merkle, proof
from casework.kernel.audit.chain import (
    ACTOR,
    FIELDS,
    GENESIS,
    NODE,
    Salted,
    chained,
    check_export,
    encode,
    exported_line,
    plain,
    record_digest,
)
from casework.kernel.audit.checkpoints import Checkpoint, Signers

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNERS = Signers.of(KEY)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = TEXTS | st.none()
OBJECTS = st.none() | st.dictionaries(TEXTS, st.integers() | TEXTS | st.none(), max_size=3)


class Trail:
    """Records as the log writes them, without a database."""

    def __init__(self):
        self.fields, self.salts, self.hashes, self.beside = [], [], [], []

    def add(self, values, name, purpose):
        actor = Salted.of(encode({"agency": None, "name": name}))
        texts = {} if purpose is None else {"purpose": Salted.of(purpose)}
        seq = len(self.fields) + 1
        record = values | {
            "node": NODE,
            "seq": seq,
            "at": datetime(2026, 3, 1, tzinfo=UTC),
            "actor_card": actor.digest(ACTOR),
            "texts": {key: each.digest(key) for key, each in texts.items()} or None,
        }
        self.fields.append(plain(record))
        self.salts.append(seq.to_bytes(16, "big"))
        self.beside.append({ACTOR: actor, **texts})
        before = self.hashes[-1] if self.hashes else GENESIS
        self.hashes.append(chained(before, self.digest(seq - 1)))

    def digest(self, index):
        fields = self.fields[index]
        return record_digest(self.salts[index], [encode(fields[name]) for name in FIELDS])

    def digests(self):
        return [self.digest(index) for index in range(len(self.fields))]

    def lines(self):
        for fields, salt, digest, beside in zip(
            self.fields, self.salts, self.hashes, self.beside, strict=True
        ):
            texts = {name: each for name, each in beside.items() if name != ACTOR}
            yield exported_line(fields, salt, digest, beside.get(ACTOR), texts)

    def checkpoint(self, key=KEY):
        size = len(self.fields)
        end = {"first": 1, "last": size, "hash": self.hashes[-1]}
        end["root"] = merkle.root_of(self.digests()).hex()
        stated = {"number": 1, "key": SIGNERS.key, "before": GENESIS, "nodes": {NODE: end}}
        text = encode(stated)
        return Checkpoint(text, key.sign(text.encode()))

    def prove(self, index, shown=None, checkpoint=None):
        checkpoint = checkpoint or self.checkpoint()
        values = self.fields[index], self.salts[index], self.beside[index], self.digests()
        made = proof.made(*values, checkpoint, shown)
        return json.loads(made.text)


@st.composite
def trails(draw, least=1):
    trail = Trail()
    others = [name for name in FIELDS if name not in ("node", "seq", "at", "actor_card", "texts")]
    kinds = {name: OBJECTS if name in ("detail", "states") else IDS for name in others}
    for _ in range(draw(st.integers(least, 9))):
        values = draw(st.fixed_dictionaries(kinds))
        trail.add(values, draw(TEXTS), draw(TEXTS | st.none()))
    return trail


@given(trail=trails(), data=st.data())
@settings(max_examples=60)
def test_to_erase_a_text_never_breaks_the_chain(trail, data):
    assert check_export(trail.lines()).whole
    typed = sum(len(each) for each in trail.beside)
    for each in trail.beside:
        for name in data.draw(st.sets(st.sampled_from(sorted(each)))):
            del each[name]
    verdict = check_export(trail.lines())
    left = sum(len(each) for each in trail.beside)
    assert verdict.whole
    assert (verdict.proved.texts, verdict.proved.texts_erased) == (left, typed - left)


@given(trail=trails(least=2), data=st.data())
@settings(max_examples=60)
def test_whatever_is_altered_missing_or_moved_is_found(trail, data):
    index = data.draw(st.integers(0, len(trail.fields) - 1))
    how = data.draw(st.sampled_from(["field", "salt", "text", "drop", "swap"]))
    if how == "drop" and index == len(trail.fields) - 1:
        index -= 1  # an export cannot say that its own end is missing
    lines = list(trail.lines())
    if how == "field":
        name = data.draw(st.sampled_from(FIELDS))
        was = trail.fields[index][name]
        new = data.draw(
            (IDS | OBJECTS | st.integers()).filter(lambda it: encode(it) != encode(was))
        )
        trail.fields[index][name] = new
        lines = list(trail.lines())
    elif how == "salt":
        trail.salts[index] = bytes(16)
        lines = list(trail.lines())
    elif how == "text":
        name = data.draw(st.sampled_from(sorted(trail.beside[index])))
        trail.beside[index][name] = Salted(trail.beside[index][name].salt, "another text")
        lines = list(trail.lines())
    elif how == "drop":
        del lines[index]
    else:
        other = (index + 1) % len(lines)
        lines[index], lines[other] = lines[other], lines[index]
        index = min(index, other)
    verdict = check_export(lines)
    assert not verdict.whole
    assert verdict.records == index


@given(trail=trails(), data=st.data())
@settings(max_examples=60)
def test_a_record_is_proved_by_what_is_shown_of_it_alone(trail, data):
    index = data.draw(st.integers(0, len(trail.fields) - 1))
    shown = data.draw(st.sets(st.sampled_from([*FIELDS, *trail.beside[index]])) | st.none())
    made = trail.prove(index, sorted(shown) if shown is not None else None)
    found = proof.check(made, SIGNERS)
    fields = trail.fields[index]
    assert found is not None
    proved = found.pop("shown")
    assert all(encode(value) == encode(fields[name]) for name, value in found.items())
    wanted = set(FIELDS) & shown if shown is not None else set(FIELDS)
    assert wanted | {"node", "seq"} <= found.keys()
    for name, text in proved.items():
        assert text == trail.beside[index][name].text
    assert len(made["path"]) <= (len(trail.fields) - 1).bit_length()


@given(trail=trails(), data=st.data())
@settings(max_examples=80)
def test_a_forged_proof_proves_nothing(trail, data):
    index = data.draw(st.integers(0, len(trail.fields) - 1))
    made = trail.prove(index)
    assert proof.check(made, SIGNERS) is not None
    how = data.draw(st.sampled_from(["value", "salt", "text", "path", "hide", "sign", "other"]))
    if how == "value":
        name = data.draw(st.sampled_from(FIELDS))
        salt, value = made["shown"][name]
        new = data.draw(st.sampled_from(['"x"', "7", "null", "{}"]).filter(lambda it: it != value))
        made["shown"][name] = [salt, new]
    elif how == "salt":
        name = data.draw(st.sampled_from(FIELDS))
        made["shown"][name][0] = bytes(16).hex()
    elif how == "text":
        made["texts"][ACTOR][1] += "x"
    elif how == "path":
        made["path"] = [*made["path"], bytes(32).hex()]
    elif how == "hide":
        del made["shown"]["action"]
    elif how == "sign":
        forger = Ed25519PrivateKey.generate()
        made["signature"] = forger.sign(made["checkpoint"].encode()).hex()
    else:
        other = Trail()
        other.add(dict.fromkeys(FIELDS), "x", None)
        checkpoint = other.checkpoint()  # of other records; its signature is right
        made["checkpoint"], made["signature"] = checkpoint.text, checkpoint.signature.hex()
    assert proof.check(made, SIGNERS) is None


@pytest.mark.parametrize(
    "content", [{}, {"format": proof.FORMAT}, [], None, {"checkpoint": 1, "signature": "zz"}]
)
def test_what_is_no_proof_proves_nothing(content):
    assert proof.check(content, SIGNERS) is None


@given(contents=st.lists(st.binary(max_size=8), max_size=40), data=st.data())
def test_a_tree_has_one_root_and_a_path_for_each_leaf(contents, data):
    root = merkle.root_of(contents)
    assert root == _by_definition(contents)
    for index, content in enumerate(contents):
        siblings = merkle.path(contents, index)
        assert merkle.root_by_path(content, index, len(contents), siblings) == root
        other = data.draw(st.binary(max_size=8).filter(content.__ne__))
        assert merkle.root_by_path(other, index, len(contents), siblings) != root
        assert merkle.root_by_path(content, len(contents), len(contents), siblings) is None


def _by_definition(contents):
    """RFC 9162, section 2.1.1."""
    if not contents:
        return merkle.EMPTY
    if len(contents) == 1:
        return merkle.leaf(contents[0])
    split = 1
    while split * 2 < len(contents):
        split *= 2
    return merkle.node(_by_definition(contents[:split]), _by_definition(contents[split:]))


def test_a_low_entropy_field_cannot_be_guessed_from_its_digest():
    """Two records with the same values share no digest."""
    trail = Trail()
    for _ in range(2):
        trail.add(dict.fromkeys(FIELDS), "x", "a purpose")
    one, other = (trail.prove(index, [])["hidden"] for index in range(2))
    assert not set(one.values()) & set(other.values())
