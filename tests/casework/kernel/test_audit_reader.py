"""Who reads which part of the trail; exports, and what anyone can check in them."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.chain import check_export
from casework.kernel.audit.log import AuditEntry
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import NotPermitted
from casework.kernel.vocabulary import AgencyKind, Role
from tests.services import OPERATOR, officer

ALL = AuditFilter()


@pytest.fixture
def agencies(desk):
    return desk.agency("IMI"), desk.agency("POLRI")


@pytest.fixture
def acts(desk, agencies):
    """Ours on ours, ours on theirs, theirs on ours, theirs on theirs, nobody's on nobody's."""
    ours, theirs = agencies
    audit = desk.service.kernel.audit
    for name, agency_id, owner in (
        ("ours-ours", ours, ours),
        ("ours-theirs", ours, theirs),
        ("theirs-ours", theirs, ours),
        ("theirs-theirs", theirs, theirs),
        ("none", None, None),
    ):
        actor = Actor(ActorKind.OFFICER, f"off_{name}", name, agency_id)
        audit.note(AuditEntry(actor, "alert.decide", f"alr_{name}", owner))


def objects(rows):
    return [row.object_id for row in rows if row.action == "alert.decide"]


def test_an_auditor_reads_the_acts_of_their_agency_and_those_on_what_belongs_to_it(
    desk, agencies, acts
):
    trail = desk.service.oversight.trail
    ours = officer(agencies[0], Role.AUDITOR)
    assert objects(trail.page(ours, None, 50, ALL)) == [
        "alr_theirs-ours",
        "alr_ours-theirs",
        "alr_ours-ours",
    ]
    theirs = officer(agencies[1], Role.AUDITOR)
    assert "alr_ours-ours" not in objects(trail.page(theirs, None, 50, ALL))
    wanted = AuditFilter(object_id="alr_theirs-theirs")
    assert trail.page(ours, None, 50, wanted) == []


def test_the_operators_auditor_reads_all(desk, agencies, acts):
    trail = desk.service.oversight.trail
    runner = Actor(
        ActorKind.OFFICER,
        "off_r",
        "r",
        desk.agency("OPS", AgencyKind.OPERATOR),
        frozenset({Role.AUDITOR}),
        runs_installation=True,
    )
    assert len(objects(trail.page(runner, None, 50, ALL))) == 5
    assert check_export(trail.export(runner)).whole


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.AUDITOR}))
def test_nobody_else_reads_it(desk, agencies, role):
    trail, actor = desk.service.oversight.trail, officer(agencies[0], role)
    for act in (
        lambda: trail.page(actor, None, 10, ALL),
        lambda: trail.export(actor),  # refused before the first line is asked for
        lambda: trail.verify(actor),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_reading_exporting_and_checking_are_acts_too(desk, agencies):
    trail, auditor = (
        desk.service.oversight.trail,
        officer(agencies[0], Role.AUDITOR, name="auditor"),
    )
    trail.page(auditor, None, 10, ALL)
    trail.verify(auditor)
    list(trail.export(auditor))
    found = trail.page(OPERATOR, None, 3, AuditFilter(actor_id=auditor.id))
    assert [row.action for row in found] == ["audit.export", "audit.verify", "audit.read"]


def test_filters(desk, agencies, acts):
    trail = desk.service.oversight.trail
    begin = desk.clock()
    desk.clock.advance(hours=1)
    audit = desk.service.kernel.audit
    audit.note(AuditEntry(officer(agencies[0], name="late"), "alertness.x", outcome="refused"))

    def found(**wanted):
        return [row.action for row in trail.page(OPERATOR, None, 50, AuditFilter(**wanted))]

    assert found(actor_id="off_late") == ["alertness.x"]
    assert found(action="alert") == ["alert.decide"] * 5
    assert found(action="alert.decide") == ["alert.decide"] * 5
    assert found(action="alert.") == []
    assert found(action="%") == []
    assert found(outcome="refused") == ["alertness.x"]
    assert found(since=begin + timedelta(hours=1), actor_id="off_late") == ["alertness.x"]
    assert found(until=begin) == []
    assert "alertness.x" not in found(until=begin + timedelta(hours=1))


def test_pages_newest_first(desk, agencies, acts):
    trail, seen, before = desk.service.oversight.trail, [], None
    while page := trail.page(OPERATOR, before, 2, AuditFilter(action="alert")):
        seen += [row.seq for row in page]
        before = page[-1].seq
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_an_export_goes_on_in_batches_and_leaves_out_what_comes_later(desk, agencies, monkeypatch):
    monkeypatch.setattr("casework.kernel.audit.reader._BATCH", 3)
    trail, audit = desk.service.oversight.trail, desk.service.kernel.audit
    for number in range(8):
        audit.note(AuditEntry(OPERATOR, "x.y", f"obj_{number}"))
    lines = trail.export(OPERATOR)
    first = next(lines)
    audit.note(AuditEntry(OPERATOR, "x.later"))
    exported = [first, *lines]
    verdict = check_export(exported)
    assert verdict.whole
    assert verdict.records == len(exported)
    assert json.loads(exported[-1])["record"]["action"] == "audit.export"


@pytest.fixture
def exported(desk, acts):
    return [f"{line}\n" for line in desk.service.oversight.trail.export(OPERATOR)]


def test_anyone_can_check_an_export_of_the_whole_trail(desk, exported):
    verdict = check_export(exported)
    assert verdict.whole
    assert desk.service.kernel.audit.verify().last_hash == verdict.last_hash
    assert check_export(exported[:-1]).whole  # what a chain alone cannot tell


def test_a_part_of_the_trail_is_no_chain(desk, agencies, acts):
    auditor = officer(agencies[1], Role.AUDITOR)
    assert not check_export(desk.service.oversight.trail.export(auditor)).whole


SAMPLE: list[str] = []


@pytest.fixture
def sample(exported):
    SAMPLE[:] = exported


@given(data=st.data())
def _check_damage(data):
    lines = list(SAMPLE)
    number = data.draw(st.integers(0, len(lines) - 1))
    how = data.draw(st.sampled_from(["byte", "drop", "swap", "double"]))
    if how == "byte":
        at = data.draw(st.integers(0, len(lines[number]) - 2))
        new = data.draw(st.characters(exclude_characters=lines[number][at]))
        lines[number] = lines[number][:at] + new + lines[number][at + 1 :]
    elif how == "drop":
        if number == len(lines) - 1:
            return
        del lines[number]
    elif how == "swap":
        if number == 0:
            return
        lines[number - 1], lines[number] = lines[number], lines[number - 1]
        number -= 1
    else:
        lines.insert(number, lines[number])
        number += 1
    verdict = check_export(lines)
    assert not verdict.whole
    assert verdict.records == number


def test_a_damaged_export_is_found(sample):
    _check_damage()


@pytest.mark.parametrize("line", ["", "x", "[]", "{}", '{"record": 1, "hash": "x"}', "[" * 9999])
def test_what_is_no_export_is_refused(line):
    verdict = check_export([line])
    assert (verdict.whole, verdict.seq) == (False, 1)
