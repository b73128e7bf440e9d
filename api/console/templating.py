"""What all screens share, made once: languages, templates, assets."""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from api.console import labels, messages
from api.console.assets import Assets
from api.console.i18n import LANGUAGES, Locale, load
from casework.kernel.stored_photo import turn_of
from casework.review.alerts import shown_state
from casework.review.states import UNDO
from detector.containers.base import FORMAT_LABELS, PHOTO_SUFFIXES


@dataclass(frozen=True, slots=True)
class Console:
    """The frame."""

    speeches: dict[str, Locale]
    environments: dict[str, Environment]
    assets: Assets
    secure: bool
    """Whether cookies are for encrypted connections alone."""

    def template(self, name: str, language: str) -> Template:
        """Return a template that speaks a language."""
        return self.environments[language].get_template(name)


@cache
def build_environment(zone: str, *, secure: bool) -> Console:
    """Put the frame together, once in a process: what it is made of lies in the package.

    Raises:
        LookupError: there is no such time zone.
    """
    speeches, assets = load(zone), Assets.load()
    environments = {code: _environment(speech, assets) for code, speech in speeches.items()}
    return Console(speeches, environments, assets, secure)


def _environment(speech: Locale, assets: Assets) -> Environment:
    environment = Environment(
        loader=PackageLoader("api.console"),
        auto_reload=False,  # else each part of a page is looked for on the disk again
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(speech.catalogue, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        asset=assets.address,
        language=speech.language,
        languages=LANGUAGES,
        notices=messages.NOTICES,
        undo_s=int(UNDO.total_seconds()),
        # Systems give no media type to what chips and police write, and some none to HEIC.
        photo_types=",".join(["image/*", *sorted(PHOTO_SUFFIXES)]),
        photo_formats=", ".join(FORMAT_LABELS),
    )
    environment.filters.update(
        when=lambda at, seconds=False, port=None: speech.at_port(port).when(at, seconds=seconds),
        day=speech.day,
        period=lambda period: labels.period(period, speech),
        time=lambda at, seconds=False, port=None: speech.at_port(port).time(at, seconds=seconds),
        born=lambda born: labels.born(born, speech),
        zone_name=speech.zone_name,
        number=speech.number,
        percent=speech.percent,
        # As many as there are words. By their vocabularies, too: members of two of them are equal
        # where their texts are.
        word=lru_cache(maxsize=None, typed=True)(
            lambda value, vocabulary=None: speech(labels.of(value, vocabulary))
        ),
        turn=turn_of,
        explained=lambda reason: speech(labels.explained(reason)),
        message=lambda message: messages.translated(message, speech),
        advised=lambda reason: messages.advised(reason, speech),
        kept=lambda text, sentence, general: messages.kept(text, sentence, general, speech),
        odds_basis=lambda alert: messages.odds_basis(alert, speech),
        basis=lambda text: messages.basis(text, speech),
        country=lambda code: labels.country(code, speech.language),
        action=lambda act: speech(labels.ACTIONS[act]),
        shown=shown_state,
        service_number=lambda by: labels.service_number(by, speech),
        officer=lambda by: labels.officer(by, speech),
        span=labels.span,
        as_span=lambda seconds: labels.span(timedelta(seconds=seconds)),
        data=_data,
    )
    return environment


def _data(value: Any) -> Markup:  # noqa: ANN401 - whatever JSON can say
    """Return a value as JSON for a `data-` attribute."""
    return Markup(json.dumps(value)).replace("&", "&amp;").replace('"', "&quot;")  # noqa: S704
