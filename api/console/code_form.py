"""The forms of a category and of an outcome: the same for a new one and a changed one."""

from collections.abc import Mapping
from typing import Any, Final

from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.v1.codes.schemas import CategoryIn, CategoryPatch, OutcomeIn, OutcomePatch
from casework.codes.coded import CodedCategory, CodedOutcome
from casework.codes.priorities import MIDDLE
from casework.kernel.vocabulary import ComparisonResult, Disposition

_LANGUAGES: Final = ("id", "en")
_NAMES: Final[Mapping[str, str]] = {
    f"{field}.{language}": f"{field}_{language}"
    for field in ("label", "instruction")
    for language in _LANGUAGES
}
_SENTENCES: Final = {
    "code": msg(
        "Write x- and small letters or digits, such as x-kejaksaan; at most 30 characters."
    ),
    "label_id": msg("Write what it is called in Indonesian."),
    "label_en": msg("Write what it is called in English."),
    "instruction_id": msg("Write what the port does, in Indonesian."),
    "instruction_en": msg("Write what the port does, in English."),
    "disposition": msg("Choose one."),
    "after": msg("Choose at least one."),
}


def new_category(posted: FormData | None = None) -> Form[CategoryIn]:
    """Return the form of a new category, with what was typed or what is usual."""
    usual = FormData({"code": ("x-",), "priority": (str(MIDDLE),)})
    return Form(CategoryIn, posted or usual, _category, _SENTENCES, _NAMES)


def changed_category(posted: FormData) -> Form[CategoryPatch]:
    """Return the form of a category that exists with what was typed."""
    return Form(CategoryPatch, posted, _category, _SENTENCES, _NAMES)


def filled_category(member: CodedCategory) -> Form[CategoryPatch]:
    """Return the form with what is stored of a category."""
    values = _texts("label", member.label) | _texts("instruction", member.instruction)
    values |= {"priority": (str(member.priority),), "requires": tuple(member.requires)}
    return changed_category(FormData(values))


def new_outcome(posted: FormData | None = None) -> Form[OutcomeIn]:
    """Return the form of a new outcome, with what was typed or what is usual."""
    usual = {
        "code": ("x-",),
        "disposition": (Disposition.HELD.value,),
        "after": (ComparisonResult.SAME_PERSON.value,),
    }
    return Form(OutcomeIn, posted or FormData(usual), _outcome, _SENTENCES, _NAMES)


def changed_outcome(posted: FormData, member: CodedOutcome) -> Form[OutcomePatch]:
    """Return the form of an outcome that exists with what was typed."""
    read = _label_of_built_in if member.built_in else _outcome
    return Form(OutcomePatch, posted, read, _SENTENCES, _NAMES)


def filled_outcome(member: CodedOutcome) -> Form[OutcomePatch]:
    """Return the form with what is stored of an outcome."""
    values = {
        **_texts("label", member.label),
        "disposition": (member.disposition.value,),
        "directions": tuple(member.directions or ()),
        "stages": tuple(member.stages or ()),
        "after": tuple(member.after),
    }
    return changed_outcome(FormData(values), member)


def _texts(field: str, texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {f"{field}_{language}": (texts.get(language, ""),) for language in _LANGUAGES}


def _by_language(typed: FormData, field: str) -> dict[str, str]:
    return {language: typed.text(f"{field}_{language}") for language in _LANGUAGES}


def _label_of_built_in(typed: FormData, model: type[Any]) -> dict[str, object]:
    del model
    return {"label": _by_language(typed, "label")}


def _category(typed: FormData, model: type[Any]) -> dict[str, object]:
    found: dict[str, object] = {
        "label": _by_language(typed, "label"),
        "instruction": _by_language(typed, "instruction"),
        "priority": typed.number("priority"),
        "requires": typed.texts("requires"),
    }
    return found | ({"code": typed.text("code")} if model is CategoryIn else {})


def _outcome(typed: FormData, model: type[Any]) -> dict[str, object]:
    found: dict[str, object] = {
        "label": _by_language(typed, "label"),
        "disposition": typed.text("disposition"),
        "directions": typed.texts("directions") or None,
        "stages": typed.texts("stages") or None,
        "after": typed.texts("after"),
    }
    return found | ({"code": typed.text("code")} if model is OutcomeIn else {})
