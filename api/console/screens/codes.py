"""Code lists: kept by the administrators of the agency that runs the installation."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import code_form, danger
from api.console.danger import Question
from api.console.forms import Form
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from casework.codes.codes import CategoryCodes, OutcomeCodes
from casework.kernel.errors import AlreadyExists, CodeRefused, NotFound, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import ComparisonResult, Direction, Disposition, Requirement, Stage

router: Final = APIRouter(prefix="/administration/codes", include_in_schema=False)

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_CODE))]

_HOME: Final = "/administration/codes"
CATEGORIES: Final = "categories"
OUTCOMES: Final = "outcomes"


@router.get("")
def show(visit: Keeper) -> Response:
    """Show both code lists."""
    return visit.page("codes.html", form=Form(Any))


@router.get("/{kind}/new")
def blank(kind: str, visit: Keeper) -> Response:
    """Show the form of a new code."""
    return _form(visit, kind, _new(visit, kind, typed=False))


@router.post("/{kind}/new")
def create(kind: str, visit: Keeper) -> Response:
    """Add a code."""
    form = _new(visit, kind, typed=True)
    try:
        _list(visit, kind).create(visit.actor, form.parse().new())
    except (RequestInvalid, AlreadyExists, CodeRefused) as error:
        return _form(visit, kind, form.refused(error, visit.speech))
    return visit.go(_HOME, done="saved")


@router.get("/{kind}/{code}")
def fill(kind: str, code: str, visit: Keeper) -> Response:
    """Show the form with what is kept of a code."""
    found = _list(visit, kind).use(visit.actor, code)
    member: Any = found.member
    form: Form[Any] = (
        code_form.filled_category(member)
        if kind == CATEGORIES
        else code_form.filled_outcome(member)
    )
    return _form(visit, kind, form, found)


@router.post("/{kind}/{code}")
def edit(kind: str, code: str, visit: Keeper) -> Response:
    """Change a code."""
    codes = _list(visit, kind)
    found = codes.use(visit.actor, code)
    member: Any = found.member
    form: Form[Any] = (
        code_form.changed_category(visit.posted)
        if kind == CATEGORIES
        else code_form.changed_outcome(visit.posted, member)
    )
    try:
        codes.edit(visit.actor, code, form.parse().changes(), visit.posted.number("version"))
    except (RequestInvalid, StaleVersion, CodeRefused) as error:
        return _form(visit, kind, form.refused(error, visit.speech), found)
    return visit.go(_HOME, done="saved")


@router.get("/{kind}/{code}/off")
def ask_off(kind: str, code: str, visit: Keeper) -> Response:
    """Ask before a code is switched off."""
    return danger.ask(visit, _switching_off(visit, kind, code))


@router.post("/{kind}/{code}/off")
def switch_off(kind: str, code: str, visit: Keeper) -> Response:
    """Switch a code off: it is offered no more."""

    def off(reason: str) -> Response:
        version = visit.posted.number("version")
        _list(visit, kind).edit(visit.actor, code, {"active": False}, version, reason)
        return visit.go(_HOME, done="saved")

    return danger.answered(visit, lambda: _switching_off(visit, kind, code), off)


@router.post("/{kind}/{code}/on")
def switch_on(kind: str, code: str, visit: Keeper) -> Response:
    """Switch a code on again."""
    version = visit.posted.number("version")
    _list(visit, kind).edit(visit.actor, code, {"active": True}, version)
    return visit.go(_HOME, done="saved")


@router.get("/{kind}/{code}/remove")
def ask_remove(kind: str, code: str, visit: Keeper) -> Response:
    """Ask before a code is removed."""
    return danger.ask(visit, _removal(visit, kind, code))


@router.post("/{kind}/{code}/remove")
def remove(kind: str, code: str, visit: Keeper) -> Response:
    """Remove a code that nothing has."""

    def remove(reason: str) -> Response:
        _list(visit, kind).remove(visit.actor, code, reason)
        return visit.go(_HOME, done="removed")

    return danger.answered(visit, lambda: _removal(visit, kind, code), remove)


def _list(visit: OfficerRequest, kind: str) -> CategoryCodes | OutcomeCodes:
    lists = visit.service.lists
    if kind == CATEGORIES:
        return lists.categories
    if kind == OUTCOMES:
        return lists.outcomes
    raise NotFound("code_not_found", code=kind)


def _new(visit: OfficerRequest, kind: str, *, typed: bool) -> Form[Any]:
    _list(visit, kind)
    posted = visit.posted if typed else None
    return code_form.new_category(posted) if kind == CATEGORIES else code_form.new_outcome(posted)


def _switching_off(visit: OfficerRequest, kind: str, code: str) -> Question:
    """Return what switching a code off is asked about."""
    speech = visit.speech
    found = _list(visit, kind).use(visit.actor, code)
    says = (
        speech("Nobody can choose it any more, at any agency."),
        speech("What has it keeps it: %(n)s records.", n=speech.number(found.uses)),
        speech("Nothing is erased, and it can be switched on again."),
    )
    return Question(
        speech("Switch this code off?"),
        f"{found.member.called(speech.language)} ({code})",
        says,
        speech("Switch off"),
        f"{_HOME}/{kind}/{code}",
        found.member.version,
    )


def _removal(visit: OfficerRequest, kind: str, code: str) -> Question:
    """Return what removing a code is asked about."""
    speech = visit.speech
    found = _list(visit, kind).use(visit.actor, code)
    says = (
        speech("It is gone at once and for good."),
        speech("Only a code of your own that no record has can be removed."),
    )
    name = f"{found.member.called(speech.language)} ({code})"
    back = f"{_HOME}/{kind}/{code}"
    return Question(speech("Remove this code?"), name, says, speech("Remove"), back)


def _form(visit: OfficerRequest, kind: str, form: Form[Any], found: Any = None) -> Response:  # noqa: ANN401
    return visit.page(
        "code_form.html",
        status=form.status,
        form=form,
        kind=kind,
        found=found,
        requirements=tuple(Requirement),
        directions=(Direction.ENTRY, Direction.EXIT),
        stages=tuple(Stage),
        dispositions=(Disposition.RELEASED, Disposition.HELD),
        results=(ComparisonResult.SAME_PERSON, ComparisonResult.UNDECIDED),
    )
