"""Cases: opened, joined, worked on and closed, by agencies that see what they were given."""

from dataclasses import replace
from datetime import UTC

import pytest
from sqlalchemy import select

from casework.areas.teams import NewTeam
from casework.cases.cases import CaseFilter, EntryFilter
from casework.cases.counts import outcomes_between
from casework.cases.entries import NewFile, NewItem, NewTask
from casework.cases.files import FileFormat
from casework.cases.states import Ending
from casework.cases.steps import NewCase
from casework.kernel.errors import (
    AreaRefused,
    IllegalTransition,
    InvalidCase,
    InvalidReferral,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import (
    CaseEntryKind,
    CaseItemKind,
    CaseOutcome,
    CaseState,
    MemberState,
    Role,
)
from casework.referrals.fields import AlertField
from casework.tables import (
    AuditRecord,
    Case,
    CaseEntry,
    CaseKey,
    CaseMember,
    CasePhoto,
    CaseReader,
    CaseStep,
)
from casework.tips.payload import TipField
from tests.casework.cases.scenes import ALL, BASIS, NEW, PURPOSE, TITLE, Together
from tests.casework.referrals.scenes import Scene
from tests.fakes import photo_of
from tests.services import OPERATOR, officer

Ends = CaseOutcome
FOUND = [Ending(Ends.PERMIT_MISUSE, 3), Ending(Ends.DEPORTED, 2)]
PDF = b"%PDF-1.7\n%a page"


@pytest.fixture
def together(desk):
    return Together(desk)


@pytest.fixture
def cases(desk):
    return desk.service.cases


def actions_on(desk, case_id):
    with desk.service.kernel.database.read() as session:
        query = select(AuditRecord).where(AuditRecord.object_id == case_id)
        return [record.action for record in session.scalars(query.order_by(AuditRecord.seq))]


# Opening and taking part


@pytest.mark.every_database
def test_a_case_is_opened_joined_run_and_closed(together, cases, desk):
    imi, pol = together.of("IMI"), together.of("POL")
    row = cases.steps.open(imi, NewCase(TITLE, PURPOSE, BASIS, area="31"))
    assert row.number.startswith("OPS-IMI-00001-")
    cases.steps.invite(imi, row.id, desk.agency("POL"))
    cases.steps.join(pol, row.id)
    cases.steps.start(imi, row.id)
    cases.steps.close(imi, row.id, FOUND, "Three people were met.")
    view = cases.reading.get(pol, row.id)
    assert (view.case.title, view.case.purpose, view.case.legal_basis) == (TITLE, PURPOSE, BASIS)
    assert (view.case.state, view.case.summary) == (CaseState.CLOSED, "Three people were met.")
    assert sorted(view.outcomes, key=lambda each: each.code) == sorted(
        FOUND, key=lambda each: each.code
    )
    assert [(each.agency.code, each.leads) for each in view.members] == [
        ("IMI", True),
        ("POL", False),
    ]
    steps = ["open", "invite", "join", "start", "close"]
    assert [each.action for each in reversed(view.steps)] == steps
    assert actions_on(desk, row.id) == [*(f"case.{each}" for each in steps), "case.read"]


def test_numbers_count_for_each_lead_and_are_never_given_again(together, cases, desk):
    first = together.opened()
    pol = cases.steps.open(together.of("POL"), NEW)
    with desk.service.kernel.database.write() as session:
        session.delete(session.get_one(Case, first.id))
    again = together.opened()
    numbers = [row.number.rpartition("-")[0] for row in (first, pol, again)]
    assert numbers == ["OPS-IMI-00001", "OPS-POL-00001", "OPS-IMI-00002"]


def test_a_case_belongs_to_an_agency_and_its_area_exists(together, cases):
    with pytest.raises(NotPermitted, match="led by an agency"):
        cases.steps.open(OPERATOR, NEW)
    with pytest.raises(AreaRefused) as error:
        cases.steps.open(together.of("IMI"), NewCase(TITLE, PURPOSE, BASIS, area="99"))
    assert error.value.field == "area"


def test_supervisors_manage_and_join_officers_read_and_work(together, cases, desk):
    row = together.opened("POL")
    junior = officer(desk.agency("IMI"), Role.OFFICER, name="junior")
    constable = officer(desk.agency("POL"), Role.OFFICER, name="constable")
    for attempt in (
        lambda: cases.steps.open(junior, NEW),
        lambda: cases.steps.start(junior, row.id),
        lambda: cases.steps.invite(junior, row.id, desk.agency("BEA")),
        lambda: cases.steps.remove(junior, row.id, desk.agency("POL")),
        lambda: cases.steps.close(junior, row.id, [], "Nothing."),
        lambda: cases.steps.leave(constable, row.id),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    cases.entries.comment(constable, row.id, "We are there.")
    (entry,) = cases.reading.entries(junior, row.id, None, 10, ALL)
    assert entry.entry.text == "We are there."
    for other in (Role.ANALYST, Role.AUDITOR, Role.COORDINATOR, Role.ADMIN):
        with pytest.raises(NotPermitted):
            cases.reading.get(officer(desk.agency("IMI"), other, name="other"), row.id)


def test_a_member_does_not_manage_what_another_leads(together, cases, desk):
    row = together.opened("POL")
    pol = together.of("POL")
    for attempt in (
        lambda: cases.steps.start(pol, row.id),
        lambda: cases.steps.edit(pol, row.id, NEW),
        lambda: cases.steps.invite(pol, row.id, desk.agency("BEA")),
        lambda: cases.steps.remove(pol, row.id, desk.agency("IMI")),
        lambda: cases.steps.close(pol, row.id, [], "Nothing."),
    ):
        with pytest.raises(NotFound, match=row.id):
            attempt()
    with pytest.raises(IllegalTransition, match="leads"):
        cases.steps.leave(together.of("IMI"), row.id)


@pytest.mark.every_database
def test_a_case_is_not_there_for_other_agencies(together, cases, desk):
    row = together.opened("POL")
    entry = together.give_tip(row, "IMI", "A secret.")
    task = cases.entries.assign(together.of("IMI"), row.id, NewTask("Look.", desk.agency("POL"))).id
    bea = together.of("BEA")
    item = NewItem(CaseItemKind.TIP, together.tip("BEA"), ["text"])
    for attempt in (
        lambda: cases.reading.get(bea, row.id),
        lambda: cases.reading.entries(bea, row.id, None, 10, ALL),
        lambda: cases.reading.photo(bea, row.id, entry, "photo"),
        lambda: cases.reading.file(bea, row.id, entry),
        lambda: cases.steps.join(bea, row.id),
        lambda: cases.steps.decline(bea, row.id),
        lambda: cases.steps.leave(bea, row.id),
        lambda: cases.entries.give(bea, row.id, item),
        lambda: cases.entries.comment(bea, row.id, "x"),
        lambda: cases.entries.attach(bea, row.id, NewFile(PDF, "x.pdf")),
        lambda: cases.entries.assign(bea, row.id, NewTask("x", desk.agency("POL"))),
        lambda: cases.entries.withdraw(bea, row.id, entry),
        lambda: cases.entries.share(bea, row.id, entry, []),
        lambda: cases.entries.take(bea, row.id, task),
        lambda: cases.entries.done(bea, row.id, task, "x"),
    ):
        with pytest.raises(NotFound, match=row.id):
            attempt()
    assert together.listed("BEA") == []


def test_who_is_invited_reads_what_it_is_about_and_nothing_of_it(together, cases, desk):
    row = together.opened("POL")
    together.give_tip(row, "IMI", "A secret.")
    cases.steps.invite(together.of("IMI"), row.id, desk.agency("BEA"))
    bea = together.of("BEA")
    view = cases.reading.get(bea, row.id)
    assert (view.state, view.case.title, view.steps) == (MemberState.INVITED, TITLE, ())
    with pytest.raises(NotFound):
        cases.reading.entries(bea, row.id, None, 10, ALL)
    with pytest.raises(NotFound):
        cases.entries.comment(bea, row.id, "x")
    assert together.listed("BEA") == [row.id]
    cases.steps.decline(bea, row.id)
    assert together.listed("BEA") == []
    with pytest.raises(NotFound):
        cases.steps.join(bea, row.id)


def test_members_are_agencies_at_work(together, cases):
    row = together.opened()
    with pytest.raises(InvalidCase) as error:
        cases.steps.invite(together.of("IMI"), row.id, "agy_none")
    assert error.value.field == "agency_id"
    with pytest.raises(NotFound):
        cases.steps.remove(together.of("IMI"), row.id, "agy_none")


# What is given


@pytest.mark.every_database
def test_an_item_carries_what_was_chosen_to_whom_it_was_given(together, cases, desk):
    row = together.opened("POL", "BEA")
    photo = photo_of(1)
    item = NewItem(
        CaseItemKind.TIP, together.tip("IMI", "A secret.", photo), ["text", "photo"], "see"
    )
    given = cases.entries.give(together.of("IMI"), row.id, item, [desk.agency("POL")])
    (seen,) = together.seen(row, "POL")
    assert (dict(seen.values), seen.photos) == ({"text": "A secret."}, ("photo",))
    assert (seen.entry.text, seen.mine, seen.object_id) == ("see", False, None)
    assert [each.code for each in seen.readers] == ["POL"]
    pol, bea = together.of("POL"), together.of("BEA")
    assert cases.reading.photo(pol, row.id, given.id, "photo") == (photo, "jpeg", 0)
    assert together.seen(row, "BEA") == []
    with pytest.raises(NotFound, match=given.id):
        cases.reading.photo(bea, row.id, given.id, "photo")
    with pytest.raises(NotFound):
        cases.reading.photo(pol, row.id, given.id, "enrolled_photo")
    (own,) = together.seen(row, "IMI")
    assert (own.mine, own.object_id) == (True, item.object_id)


def test_fields_of_an_alert_go_by_the_rules_of_referrals(together, cases, desk):
    scene = Scene.of(desk)
    alert = scene.alert(shared_with=(desk.agency("POL"),))
    row = together.opened("POL", "BEA")
    fields = ["name", "port", "probe_photo", "enrolled_photo"]
    cases.entries.give(scene.sender, row.id, NewItem(CaseItemKind.ALERT, alert.id, fields))
    (seen,) = together.seen(row, "BEA")
    assert dict(seen.values) == {"name": "Person 1", "port": "CGK"}
    assert seen.photos == ("enrolled_photo", "probe_photo")
    # Whom a list is shared with gives what the gate saw, and nothing of the list.
    pol = together.of("POL")
    with pytest.raises(InvalidCase, match="name"):
        cases.entries.give(pol, row.id, NewItem(CaseItemKind.ALERT, alert.id, ["name"]))
    cases.entries.give(pol, row.id, NewItem(CaseItemKind.ALERT, alert.id, ["port"]))
    offered = cases.reading.choices(pol, CaseItemKind.ALERT, alert.id)
    assert "port" in offered
    assert "name" not in offered
    assert set(cases.reading.choices(scene.sender, CaseItemKind.ALERT, alert.id)) == set(AlertField)
    with pytest.raises(NotFound):
        cases.entries.give(
            together.of("BEA"), row.id, NewItem(CaseItemKind.ALERT, alert.id, ["port"])
        )


def test_an_alert_that_nobody_looked_at_is_not_given(together, cases, desk):
    desk.enrol(1, desk.watchlist())
    (alert,) = desk.screen(1).encounter.alerts
    row = together.opened("POL")
    with pytest.raises(IllegalTransition):
        cases.entries.give(
            together.of("IMI"), row.id, NewItem(CaseItemKind.ALERT, alert.id, ["port"])
        )


def test_a_subject_is_given_by_its_owner_and_the_report_says_so(together, cases, desk):
    subject = desk.enrol(1, desk.watchlist(), nationality="IDN", aliases=["Alias"])
    row = together.opened("POL")
    fields = ["name", "aliases", "nationality", "enrolled_photo"]
    item = NewItem(CaseItemKind.SUBJECT, subject, fields)
    with pytest.raises(NotFound):
        cases.entries.give(together.of("POL"), row.id, item)
    cases.entries.give(together.of("IMI"), row.id, item)
    (seen,) = together.seen(row, "POL")
    assert dict(seen.values) == {"name": "Person 1", "aliases": ["Alias"], "nationality": "IDN"}
    assert seen.photos == ("enrolled_photo",)
    reports = desk.service.oversight.data_subject_reports
    held = reports.report_on(together.of("IMI"), subject, PURPOSE)
    (line,) = held["cases"]
    assert (line["case"], line["by"], line["to"]) == (row.number, "IMI", ["POL"])
    assert line["fields"] == sorted(fields)


def test_the_report_names_no_case_that_the_owner_has_no_part_in(together, cases, desk):
    scene = Scene.of(desk)
    alert = scene.alert(shared_with=(desk.agency("POL"),))
    row = cases.steps.open(together.of("POL"), NEW)
    item = NewItem(CaseItemKind.ALERT, alert.id, ["port"])
    cases.entries.give(together.of("POL"), row.id, item)
    reports = desk.service.oversight.data_subject_reports
    held = reports.report_on(together.of("IMI"), alert.subject_id, PURPOSE)
    (line,) = held["cases"]
    assert (line["case"], line["by"]) == (None, "POL")


def test_what_a_referral_carries_is_its_sender_s_to_give(together, cases, desk):
    scene = Scene.of(desk)
    referral = scene.sent(AlertField.NAME, AlertField.PROBE_PHOTO)
    row = together.opened("POL", "BEA")
    mine = NewItem(CaseItemKind.REFERRAL, referral.id, ["name", "probe_photo", "referral_state"])
    with pytest.raises(InvalidCase, match="name"):
        cases.entries.give(together.of("POL"), row.id, mine)
    cases.entries.give(scene.sender, row.id, mine)
    (seen,) = together.seen(row, "BEA")
    assert dict(seen.values) == {"name": "Person 1", "referral_state": "sent"}
    assert seen.photos == ("probe_photo",)
    how_far = ["referral_state", "referral_receiver"]
    cases.entries.give(
        together.of("POL"), row.id, NewItem(CaseItemKind.REFERRAL, referral.id, how_far)
    )
    assert cases.reading.choices(together.of("POL"), CaseItemKind.REFERRAL, referral.id) == [
        "referral_state",
        "referral_sender",
        "referral_receiver",
        "referral_sent_at",
        "referral_due_at",
    ]
    with pytest.raises(NotFound):
        cases.entries.give(together.of("BEA"), row.id, mine)


def test_what_cannot_be_given_is_refused_by_name(together, cases, desk):
    row = together.opened("POL")
    tip, imi = together.tip("IMI"), together.of("IMI")

    def give(*fields, to=None):
        return cases.entries.give(imi, row.id, NewItem(CaseItemKind.TIP, tip, fields), to)

    for fields in ((), ("source",), ("text", "name")):
        with pytest.raises(InvalidCase) as error:
            give(*fields)
        assert error.value.field == "fields"
    with pytest.raises(InvalidReferral):
        give("photo")
    for stranger in (desk.agency("BEA"), "agy_none"):
        with pytest.raises(InvalidCase) as error:
            give("text", to=[stranger])
        assert error.value.field == "to"
    assert together.seen(row, "IMI") == []


@pytest.mark.every_database
def test_what_is_withdrawn_is_gone_and_leaves_its_trace(together, cases, desk):
    row = together.opened("POL")
    item = NewItem(CaseItemKind.TIP, together.tip("IMI", "Hush.", photo_of(1)), ["text", "photo"])
    imi, pol = together.of("IMI"), together.of("POL")
    given = cases.entries.give(imi, row.id, item)
    with pytest.raises(NotPermitted):
        cases.entries.withdraw(pol, row.id, given.id)
    cases.entries.withdraw(imi, row.id, given.id)
    (seen,) = together.seen(row, "POL")
    assert (dict(seen.values), seen.photos, seen.entry.text) == ({}, (), None)
    assert seen.entry.withdrawn_at == desk.clock()
    with pytest.raises(NotFound):
        cases.reading.photo(pol, row.id, given.id, "photo")
    with desk.service.kernel.database.read() as session:
        stored = session.get_one(CaseEntry, given.id)
        assert (stored.object_id, stored.sealed_carried, stored.fields) == (None, None, None)
        assert session.scalar(select(CasePhoto.entry_id)) is None
    with pytest.raises(IllegalTransition, match="withdrawn"):
        cases.entries.share(imi, row.id, given.id, [desk.agency("POL")])


def test_who_joins_later_is_given_nothing_of_before_unless_its_owner_gives_it(
    together, cases, desk
):
    row = together.opened("POL")
    given = together.give_tip(row, "POL", "Of before.")
    together.join(row, "BEA")
    assert together.seen(row, "BEA") == []
    with pytest.raises(NotPermitted):
        cases.entries.share(together.of("IMI"), row.id, given, [desk.agency("BEA")])
    cases.entries.share(together.of("POL"), row.id, given, [desk.agency("BEA")])
    assert [dict(each.values) for each in together.seen(row, "BEA")] == [{"text": "Of before."}]


# Leaving and being put out


def test_an_agency_that_is_put_out_sees_nothing_and_takes_its_own_with_it(together, cases, desk):
    row = together.opened("POL", "BEA")
    together.give_tip(row, "POL", "Of the police.")
    cases.entries.comment(together.of("POL"), row.id, "From the police.")
    together.give_tip(row, "IMI", "Of immigration.")
    cases.steps.remove(together.of("IMI"), row.id, desk.agency("POL"))
    assert together.seen(row, "POL") == []
    assert together.listed("POL") == []
    with pytest.raises(NotFound):
        cases.reading.get(together.of("POL"), row.id)
    of_police, comment, own = together.seen(row, "BEA")
    assert (dict(of_police.values), comment.entry.text) == ({}, None)
    assert dict(own.values) == {"text": "Of immigration."}
    # Invited again, it begins with nothing.
    together.join(row, "POL")
    assert [dict(each.values) for each in together.seen(row, "POL")] == [{}, {}]


def test_who_leaves_says_whether_what_it_gave_stays(together, cases):
    row = together.opened("POL", "BEA")
    together.give_tip(row, "POL", "Stays.")
    together.give_tip(row, "BEA", "Goes.")
    cases.steps.leave(together.of("POL"), row.id, keep=True)
    cases.steps.leave(together.of("BEA"), row.id)
    assert [dict(each.values) for each in together.seen(row, "IMI")] == [{"text": "Stays."}, {}]
    assert together.listed("POL") == together.listed("BEA") == []


# Tasks, comments and files


def test_a_task_is_taken_and_done_by_the_agency_that_it_is_for(together, cases, desk):
    row = together.opened("POL", "BEA")
    imi, pol = together.of("IMI"), together.of("POL")
    due = desk.clock().replace(day=3)
    task = cases.entries.assign(imi, row.id, NewTask("Look.", desk.agency("POL"), due), [])
    assert together.seen(row, "BEA") == []
    with pytest.raises(NotPermitted):
        cases.entries.done(imi, row.id, task.id, "We looked.")
    desk.clock.advance(days=3)
    (seen,) = together.seen(row, "POL")
    assert seen.overdue
    cases.entries.take(pol, row.id, task.id)
    cases.entries.done(pol, row.id, task.id, "We looked.")
    (seen,) = together.seen(row, "IMI")
    assert (seen.overdue, seen.entry.result, seen.entry.taken_by_name) == (
        False,
        "We looked.",
        "pol",
    )
    with pytest.raises(IllegalTransition, match="done"):
        cases.entries.done(pol, row.id, task.id, "Again.")
    with pytest.raises(InvalidCase) as error:
        cases.entries.assign(imi, row.id, NewTask("Late.", desk.agency("POL"), due))
    assert error.value.field == "due_at"
    with pytest.raises(InvalidCase) as error:
        cases.entries.assign(imi, row.id, NewTask("Look.", desk.agency("KEJ")))
    assert error.value.field == "assignee_id"


def test_open_tasks_are_listed_apart(together, cases, desk):
    row = together.opened("POL")
    imi, pol = together.of("IMI"), together.of("POL")
    first, second = (
        cases.entries.assign(imi, row.id, NewTask(text, desk.agency("POL"))).id
        for text in ("one", "two")
    )
    cases.entries.comment(imi, row.id, "a word")
    cases.entries.done(pol, row.id, first, "done")
    only = EntryFilter((CaseEntryKind.TASK,), open_tasks=True)
    found = cases.reading.entries(pol, row.id, None, 10, only)
    assert [each.entry.id for each in found] == [second]
    older = cases.reading.entries(pol, row.id, second, 10, ALL)
    assert [each.entry.id for each in older] == [first]


@pytest.mark.every_database
def test_a_file_is_kept_as_it_came_under_a_safe_name(together, cases):
    row = together.opened("POL")
    new = NewFile(PDF, "C:\\secret\\the\u202eplan.exe", "the plan")
    given = cases.entries.attach(together.of("IMI"), row.id, new)
    found = cases.reading.file(together.of("POL"), row.id, given.id)
    assert (found.content, found.format, found.name) == (PDF, FileFormat.PDF, "theplan.pdf")
    comment = cases.entries.comment(together.of("IMI"), row.id, "x")
    with pytest.raises(NotFound):
        cases.reading.file(together.of("POL"), row.id, comment.id)


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"MZ\x90", b"\x89PNG", bytes(11 * 1024 * 1024)]
)
def test_what_is_neither_a_photo_nor_a_pdf_is_refused(together, cases, content):
    row = together.opened()
    with pytest.raises(InvalidCase) as error:
        cases.entries.attach(together.of("IMI"), row.id, NewFile(content, "x.pdf"))
    assert error.value.field == "file"


# States, versions, ends


def test_nothing_is_added_to_a_case_that_is_closed(together, cases, desk):
    row = together.opened("POL")
    imi, pol = together.of("IMI"), together.of("POL")
    cases.steps.invite(imi, row.id, desk.agency("BEA"))
    given = together.give_tip(row, "POL", "Mine.")
    task = cases.entries.assign(imi, row.id, NewTask("Look.", desk.agency("POL")))
    cases.steps.close(imi, row.id, [], "It was never held.")
    for attempt in (
        lambda: cases.entries.comment(pol, row.id, "x"),
        lambda: cases.entries.done(pol, row.id, task.id, "x"),
        lambda: cases.entries.share(pol, row.id, given, []),
        lambda: cases.steps.invite(imi, row.id, desk.agency("KEJ")),
        lambda: cases.steps.edit(imi, row.id, NEW),
        lambda: cases.steps.start(imi, row.id),
        lambda: cases.steps.close(imi, row.id, [], "Again."),
    ):
        with pytest.raises(IllegalTransition):
            attempt()
    with pytest.raises(NotFound):
        cases.steps.join(together.of("BEA"), row.id)  # the invitation ended with the case
    # What an agency gave stays its own.
    cases.entries.withdraw(pol, row.id, given)
    cases.steps.leave(pol, row.id)


def test_an_outdated_version_changes_nothing(together, cases):
    row = together.opened()
    imi = together.of("IMI")
    cases.steps.edit(imi, row.id, replace(NEW, title="Other", area="32"), version=row.version)
    for step in (
        lambda: cases.steps.edit(imi, row.id, NEW, version=row.version),
        lambda: cases.steps.start(imi, row.id, version=row.version),
        lambda: cases.steps.close(imi, row.id, [], "x", version=row.version),
    ):
        with pytest.raises(StaleVersion):
            step()
    view = cases.reading.get(imi, row.id)
    assert (view.case.title, view.case.area, view.case.state) == ("Other", "32", CaseState.PLANNED)


def test_cases_are_found_by_state_and_area(together, cases):
    imi = together.of("IMI")
    jakarta = cases.steps.open(imi, NewCase(TITLE, PURPOSE, BASIS, "31"))
    nowhere = cases.steps.open(imi, NEW)
    cases.steps.start(imi, nowhere.id)

    def ids(**filters):
        return [row.id for row, _ in cases.reading.page(imi, None, 10, CaseFilter(**filters))]

    assert ids() == [nowhere.id, jakarta.id]
    assert ids(states=(CaseState.RUNNING,)) == [nowhere.id]
    assert ids(area="31") == ids(area="ID") == [jakarta.id]
    assert [row.id for row, _ in cases.reading.page(imi, nowhere.id, 10, CaseFilter())] == [
        jakarta.id
    ]


@pytest.mark.every_database
def test_a_case_is_a_team_s_and_named_so_to_the_team_alone(together, cases, desk):
    imi = together.of("IMI")
    teams, coordinator = desk.service.areas.teams, officer(desk.agency("IMI"), Role.COORDINATOR)
    ours = teams.create(coordinator, NewTeam("Tim PORA", "31", (desk.agency("POL"),))).id
    police = officer(desk.agency("POL"), Role.COORDINATOR)
    theirs = teams.create(police, NewTeam("Tim lain", "31")).id
    row = cases.steps.open(imi, replace(NEW, team_id=ours))
    for code in ("POL", "BEA"):
        together.join(row, code)
    names = {
        code: view.team and view.team.name
        for code in ("IMI", "POL", "BEA")
        for view in [cases.reading.get(together.of(code), row.id)]
    }
    assert names == {"IMI": "Tim PORA", "POL": "Tim PORA", "BEA": None}

    def ids(code, team):
        found = cases.reading.page(together.of(code), None, 10, CaseFilter(team_id=team))
        return [case.id for case, _ in found]

    assert [ids(code, ours) for code in ("IMI", "POL", "BEA")] == [[row.id], [row.id], []]
    assert ids("POL", theirs) == []
    for attempt in (
        lambda: cases.steps.open(imi, replace(NEW, team_id=theirs)),
        lambda: cases.steps.edit(imi, row.id, replace(NEW, team_id=theirs)),
    ):
        with pytest.raises(NotFound):
            attempt()
    teams.remove(coordinator, ours)
    assert cases.reading.get(imi, row.id).team is None


def test_what_can_be_given_is_shown_as_it_is_now(together, cases, desk):
    imi, areas = together.of("IMI"), desk.service.areas.areas
    areas.put(OPERATOR, "31.71", "Kota Contoh")
    tip = together.tip("IMI", "Seen at night.")
    desk.service.exchange.triage.edit(imi, tip, {"area": "31.71"})
    offered = cases.reading.offered(imi, CaseItemKind.TIP, tip)
    assert (offered["text"], offered["area"]) == ("Seen at night.", "Kota Contoh, DKI Jakarta")
    assert TipField.PHOTO.value not in offered  # it has none
    row = together.opened("POL")
    cases.entries.give(imi, row.id, NewItem(CaseItemKind.TIP, tip, ["text", "area"]))
    (view,) = cases.reading.entries(together.of("POL"), row.id, None, 10, ALL)
    assert view.values == {name: offered[name] for name in ("text", "area")}
    with pytest.raises(NotFound):
        cases.reading.offered(together.of("POL"), CaseItemKind.TIP, tip)


def test_how_cases_ended_is_counted_without_people(together, cases, desk):
    imi, begin = together.of("IMI"), desk.clock()
    row = cases.steps.open(imi, NewCase(TITLE, PURPOSE, BASIS, "31"))
    together.join(row, "POL")
    cases.steps.start(imi, row.id)
    cases.steps.close(imi, row.id, FOUND, "Done.")
    never = together.opened()
    cases.steps.close(imi, never.id, [], "Never held.")
    desk.clock.advance(days=1)
    with desk.service.kernel.database.read() as session:
        found = outcomes_between(session, begin, desk.clock(), UTC)
        assert outcomes_between(session, desk.clock(), desk.clock(), UTC) == []
    assert [(each.outcome, each.persons, each.area) for each in found] == [
        (Ends.DEPORTED, 2, "31"),
        (Ends.PERMIT_MISUSE, 3, "31"),
        (None, 0, None),
    ]
    assert found[0].agencies == tuple(sorted((desk.agency("IMI"), desk.agency("POL"))))
    assert found[0].month.isoformat() == "2026-03-01"


# What lies in the database


@pytest.mark.every_database
def test_nothing_personal_lies_open_and_all_goes_with_the_case(together, cases, desk):
    row = together.opened("POL")
    imi, pol = together.of("IMI"), together.of("POL")
    together.give_tip(row, "IMI", "Hush.")
    cases.entries.attach(imi, row.id, NewFile(PDF, "plan.pdf", "a note"))
    task = cases.entries.assign(imi, row.id, NewTask("Look.", desk.agency("POL")))
    cases.entries.done(pol, row.id, task.id, "We looked.")
    cases.steps.start(imi, row.id)
    cases.steps.close(imi, row.id, FOUND, "Met at the villa.")
    tables = (Case, CaseEntry, CaseMember, CaseReader, CasePhoto, CaseStep, CaseKey)
    with desk.service.kernel.database.read() as session:
        lines = repr(
            [
                list(line)
                for table in tables
                for line in session.connection().execute(select(table.__table__))
            ]
        )
    for secret in (TITLE, PURPOSE, BASIS, "Hush", "plan.pdf", "note", "Look", "looked", "villa"):
        assert secret not in lines
    desk.clock.advance(days=366)
    retention = desk.service.oversight.retention
    erased = {each.kind.value: each.records for each in retention.run(OPERATOR)}
    assert erased["cases"] == 1
    with desk.service.kernel.database.read() as session:
        for table in tables:
            assert session.connection().execute(select(table.__table__)).first() is None
