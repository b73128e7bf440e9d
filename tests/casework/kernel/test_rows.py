"""Rows are looked up in one way, and what sealed values are bound to is named in one place."""

import ast

import pytest

from casework.kernel import rows
from casework.kernel.errors import NotFound, NotPermitted, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Role
from casework.tables import Agency, Alert, Subject, Tip, Watchlist
from tests.contract.sealed_rows import is_of_a_vault
from tests.contract.source import argument, modules
from tests.services import officer

MISSING = NotFound("agency_not_found", agency="agy_none")


def test_a_row_is_found_or_said_to_be_missing(desk):
    agency_id = desk.agency()
    with desk.service.kernel.database.read() as session:
        assert rows.one(session, Agency, agency_id, MISSING).id == agency_id
        for key, where in [("agy_none", lambda _: True), (agency_id, lambda row: not row.active)]:
            with pytest.raises(NotFound) as missing:
                rows.one(session, Agency, key, MISSING, where=where)
            assert missing.value is MISSING


def test_a_row_beyond_reach_is_as_good_as_none(desk):
    subject_id, watchlist_id = desk.enrol(1), desk.watchlist()
    own, other = (officer(desk.agency(code), Role.ANALYST) for code in ("IMI", "POL"))
    with desk.service.kernel.database.read() as session:

        def look(actor, table=Subject, key=subject_id, **how):
            act = Permission.READ_SUBJECT
            return rows.one_within(session, actor, act, table, key, MISSING, **how)

        assert look(own).id == subject_id
        for refused in (lambda: look(other), lambda: look(own, key="sub_none")):
            with pytest.raises(NotFound) as missing:
                refused()
            assert missing.value is MISSING
        with pytest.raises(NotPermitted):
            look(officer(desk.agency(), Role.AUDITOR), key="sub_none")

        shown = rows.one_within(
            session,
            officer(desk.agency("POL"), Role.OFFICER),
            Permission.READ_WATCHLIST,
            Watchlist,
            watchlist_id,
            MISSING,
            shared_with=lambda _: [desk.agency("POL")],
        )
        assert shown.id == watchlist_id


@pytest.mark.parametrize("table", [Agency, Alert, Subject, Tip, Watchlist])
def test_what_was_changed_meanwhile_is_stale(table):
    row = table(version=3)
    rows.require_version(row, 3)
    rows.require_version(row, None)
    with pytest.raises(StaleVersion, match=f"^The {table.__name__.lower()} has changed since"):
        rows.require_version(row, 2)


def test_versions_are_compared_in_one_place():
    assert [
        module.where(node)
        for module in modules()
        if module.runtime is not rows
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare)
        for each in [node.left, *node.comparators]
        if isinstance(each, ast.Attribute) and each.attr == "version"
        if any(isinstance(n, ast.Name) and n.id == "version" for n in ast.walk(node))
    ] == []


def _wrongly_named(call):
    """Whether a row is named elsewhere than in `rows`: by a text, or by a `RowName` of its own."""
    if is_of_a_vault(call):
        row = argument(call, 1, "row")
        assert row is not None
        named = isinstance(row, ast.Name) or ast.unparse(row).startswith("rows.")
        return not named or isinstance(row, ast.JoinedStr | ast.Constant)
    return ast.unparse(call.func).rpartition(".")[2] == "RowName"


def test_no_row_is_named_outside_rows():
    exempt = {"casework.kernel.rows", "casework.kernel.vault"}
    assert [
        module.where(call)
        for module in modules()
        if module.runtime.__name__ not in exempt
        for call in module.calls()
        if _wrongly_named(call)
    ] == []


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('self._vault.seal(content, f"photo/{photo.id}")', True),
        ('vault.open(sealed, "sign-on")', True),
        ('vault.open(sealed, row=RowName("x"))', True),
        ('name = RowName("photo/" + photo_id)', True),
        ("vault.open(sealed, rows.photo(photo.id))", False),
        ("vault.open(sealed, name)", False),
        ('path.open("rb")', False),
    ],
)
def test_names_of_rows_are_noticed(source, wrong):
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    assert any(_wrongly_named(call) for call in calls) is wrong
