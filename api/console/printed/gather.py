"""Reads what a report takes, as the reader may see it; that it was read is recorded."""

from collections.abc import Callable
from functools import partial
from typing import Final

from api.console.i18n import Locale
from api.console.labels import officer
from api.console.printed.alert import alert_report
from api.console.printed.document import Letterhead, PrintedPhoto, PrintedReport
from api.console.printed.referral import referral_report
from api.console.printed.subject import subject_report
from api.console.printed.tip import tip_report
from api.state import State
from casework.kernel.actor import Actor
from casework.kernel.errors import NotFound
from casework.kernel.officer_names import OfficerName
from casework.kernel.permissions import Permission, extends_to
from casework.kernel.stored_photo import StoredPhoto
from casework.records import Records
from casework.referrals import referrals
from casework.referrals.referrals import Box, ReferralFilter
from casework.review import alerts
from casework.review.alerts import PORTRAIT_FORMAT
from casework.tables import Referral
from casework.tips import tips
from casework.watchlists import subjects

_MOST: Final = 50
"""Referrals of a tip that are printed."""


class ReportReader:
    """Makes the reports that one reader may see."""

    def __init__(self, state: State, actor: Actor, speech: Locale, *, drawn: bool) -> None:
        """Take who reads.

        Args:
            state: what the application holds.
            actor: the reader.
            speech: their language.
            drawn: whether photos go into the report itself, as into a PDF; a page names their
                addresses.
        """
        self._service = state.opened
        self._answers = state.photos
        self._actor = actor
        self._speech = speech
        self._drawn = drawn

    def alert(self, alert_id: str) -> PrintedReport:
        """Return the report of an alert; raises NotPermitted, NotFound."""
        read, actor = self._service.review.alerts, self._actor
        view = read.get(actor, alert_id, alerts.REPORT)
        probe = self._photo(
            lambda: StoredPhoto(read.probe(actor, alert_id), PORTRAIT_FORMAT, 0), self._framed
        )
        enrolled = self._photo(lambda: read.enrolled(actor, alert_id), self._framed)
        codes = self._service.lists.codes.now()
        return alert_report(view, probe, enrolled, codes, self._head(), self._speech)

    def subject(self, subject_id: str) -> PrintedReport:
        """Return the report of a subject; raises NotPermitted, NotFound."""
        read, actor = self._service.lists, self._actor
        row = read.subjects.get(actor, subject_id, subjects.REPORT)
        photos = {
            photo.id: self._photo(partial(read.subjects.photo_content, actor, subject_id, photo.id))
            for photo in row.photos
        }
        names = []
        if extends_to(actor, Permission.READ_WATCHLIST, row.agency_id):
            names = [read.watchlists.get(actor, each.watchlist_id).name for each in row.memberships]
        objections = read.objections.of_subject(actor, subject_id)
        return subject_report(row, names, objections, photos, self._head(), self._speech)

    def referral(self, referral_id: str) -> PrintedReport:
        """Return the report of a referral; raises NotPermitted, NotFound."""
        read, actor = self._service.exchange.referrals, self._actor
        view = read.get(actor, referral_id, referrals.REPORT)
        photos = {
            name: self._photo(partial(read.photo, actor, referral_id, name)) for name in view.photos
        }
        codes = self._service.lists.codes.now()
        return referral_report(view, photos, codes, self._head(), self._speech)

    def tip(self, tip_id: str) -> PrintedReport:
        """Return the report of a tip; raises NotPermitted, NotFound."""
        read, actor = self._service.exchange.tips, self._actor
        view = read.get(actor, tip_id, tips.REPORT)
        photo = None
        if view.tip.photo_format is not None:
            photo = self._photo(partial(read.photo, actor, tip_id))
        return tip_report(view, self._referrals(tip_id), photo, self._head(), self._speech)

    def _referrals(self, tip_id: str) -> list[Referral]:
        if not extends_to(self._actor, Permission.HANDLE_REFERRAL, self._actor.agency_id):
            return []
        about = ReferralFilter(Box.OUT, about=tip_id)
        found = self._service.exchange.referrals.page(self._actor, None, _MOST, about)
        return [row for row, _ in found]

    def _head(self) -> Letterhead:
        return letterhead(self._service, self._actor, self._speech)

    def _photo(
        self,
        read: Callable[[], StoredPhoto],
        draw: Callable[[StoredPhoto], bytes | None] | None = None,
    ) -> PrintedPhoto:
        """Return a photo; without `draw` it is drawn whole, upright, as JPEG."""
        try:
            stored = read()
        except NotFound:
            return PrintedPhoto()
        drawn = (draw or self._answers.jpeg)(stored) if self._drawn else None
        return PrintedPhoto(stored.content, drawn)

    def _framed(self, stored: StoredPhoto) -> bytes:
        """Return a face as the page of the alert shows it: at the other's scale."""
        return self._service.screening.comparison.framed(stored.content)


def letterhead(service: Records, actor: Actor, speech: Locale) -> Letterhead:
    """Return who prints, and when."""
    now, practice = service.review.queue.now(), service.kernel.practice
    if actor.agency_id is None:
        return Letterhead("", "", actor.name, now, practice)
    agency = service.accounts.agencies.get(actor, actor.agency_id)
    by = OfficerName(actor.name, actor.service_number, agency.code)
    return Letterhead(agency.code, agency.name, officer(by, speech), now, practice)
