"""The monthly report as tables: for paper and for a workbook."""

from datetime import timedelta
from typing import Final

from api.console.cut_pages import trend_bars
from api.console.i18n import Locale
from api.console.labels import explained, of, period, span
from api.console.printed.document import Letterhead
from api.console.printed.tables import TableCell, TableSection, TablesReport
from api.console.report_words import ReportWords
from casework.kernel.actor import Actor
from casework.records import Records
from casework.reports.dimensions import AlertOutcome, Dimension, area_in
from casework.reports.figures import Figure
from casework.reports.monthly import MonthlyReport
from casework.reports.performance import ListPerformance
from casework.reports.review import Line

_OUTCOMES: Final = tuple(AlertOutcome)
_PER: Final = 1000


def words_for(service: Records, report: MonthlyReport, speech: Locale) -> ReportWords:
    """Return what the report calls what it counts."""
    areas = [
        area_in(dimension, line.group[0]) for dimension, lines in report.groups for line in lines
    ]
    return ReportWords(speech, service.lists.codes.now(), service.areas.areas.names(areas))


def monthly_document(report: MonthlyReport, words: ReportWords, head: Letterhead) -> TablesReport:
    """Put the report together, in the reader's language."""
    speech = words.speech
    sections = [_summary(report, words), _trend(report, words)]
    sections += [_group(dimension, lines, words) for dimension, lines in report.groups if lines]
    if report.performance.lists:
        sections.append(_lists(report.performance.lists, speech))
    sections += [_photos(report, speech), _refusals(report, speech)]
    return TablesReport(
        speech("Monthly report") if report.exact else speech("Monthly report of all agencies"),
        period(report.month, speech),
        head,
        words.notes(exact=report.exact),
        tuple(each for each in sections if each.rows),
    )


def letterhead_of(
    service: Records, actor: Actor, speech: Locale, owner_id: str | None = None
) -> Letterhead:
    """Return who prints at the machine, for an agency or for all."""
    now, practice = service.review.queue.now(), service.kernel.practice
    if owner_id is None:
        return Letterhead("", speech("All agencies"), actor.name, now, practice)
    agency = service.accounts.agencies.get(actor, owner_id)
    return Letterhead(agency.code, agency.name, actor.name, now, practice)


def _summary(report: MonthlyReport, words: ReportWords) -> TableSection:
    speech, found, line = words.speech, report.performance, report.whole
    rows = [
        (speech("Photos of travellers searched"), _number(found.screened, speech)),
        (speech("Of these not searchable"), _number(found.unsearchable, speech)),
        (speech("Another capture advised"), _number(found.recaptures_advised, speech)),
        (speech("Second captures"), _number(found.second_captures, speech)),
        (speech("Sent to an officer by the gate"), _number(found.persons_required, speech)),
    ]
    if line is not None:
        rows += [
            (speech("Alerts"), _cell(line.alerts, words)),
            (speech("Of these by document alone"), _cell(line.by_document, words)),
            *(
                (speech(of(outcome)), _cell(figure, words))
                for outcome, figure in zip(_OUTCOMES, _outcomes(line), strict=True)
            ),
            (speech("Closed"), _cell(line.closed, words)),
            (speech("Until taken, half within"), _time(line.acknowledge_median_s)),
            (speech("Until taken, nine of ten within"), _time(line.acknowledge_p90_s)),
            (speech("Until the first opinion, half within"), _time(line.decide_median_s)),
            (speech("Until the first opinion, nine of ten within"), _time(line.decide_p90_s)),
        ]
    rows += [
        (
            speech("Milliseconds to an answer: half within, 95 and 99 of 100 within"),
            TableCell(", ".join(_plain(each, speech) for each in _times(report))),
        )
    ]
    return TableSection(
        speech("The month"),
        (speech("Figure"), speech("Count")),
        tuple((TableCell(term), cell) for term, cell in rows),
    )


def _times(report: MonthlyReport) -> tuple[float | None, ...]:
    times = report.performance.times
    return times.p50, times.p95, times.p99


def _trend(report: MonthlyReport, words: ReportWords) -> TableSection:
    speech, trend = words.speech, report.trend
    return TableSection(
        speech("Alerts by month"),
        (speech("Month"), speech("Alerts")),
        tuple(
            (TableCell(period(month, speech)), _cell(figure, words))
            for month, figure in zip(trend.months, trend.figures, strict=True)
        ),
        bars=trend_bars(trend, words),
    )


def _group(dimension: Dimension, lines: tuple[Line, ...], words: ReportWords) -> TableSection:
    speech = words.speech
    return TableSection(
        speech("Alerts: %(dimensions)s", dimensions=words.dimension(dimension)),
        (
            words.dimension(dimension),
            speech("Alerts"),
            *(speech(of(each)) for each in _OUTCOMES),
            speech("Until the first opinion, half within"),
        ),
        tuple(
            (
                TableCell(words.value(dimension, line.group[0])),
                _cell(line.alerts, words),
                *(_cell(each, words) for each in _outcomes(line)),
                _time(line.decide_median_s),
            )
            for line in lines
        ),
    )


def _lists(lists: tuple[ListPerformance, ...], speech: Locale) -> TableSection:
    return TableSection(
        speech("False alarms against the target"),
        (
            speech("Watchlist"),
            speech("Travellers"),
            speech("False alarms"),
            speech("Per 1,000"),
            speech("Interval from"),
            speech("Interval to"),
            speech("Target per 1,000"),
            speech("Undecided, overdue"),
            speech("State"),
        ),
        tuple(
            (
                TableCell(each.alarms.name),
                _number(each.alarms.travellers, speech),
                _number(each.alarms.false_alarms, speech),
                _rate(each.rate, speech),
                _rate(each.least_rate, speech),
                _rate(each.greatest_rate, speech),
                _rate(each.alarms.target_fpir, speech),
                _number(each.alarms.overdue, speech),
                TableCell(
                    speech("Within the target") if each.kept else speech("Beyond the target")
                ),
            )
            for each in lists
        ),
        speech(
            "False alarms per 1,000 travellers whom the list concerned, as people decided, with an "
            "exact interval that holds the true rate in 95 of 100 months. A list is beyond its "
            "target where even the lower end is."
        ),
    )


def _photos(report: MonthlyReport, speech: Locale) -> TableSection:
    return TableSection(
        speech("Photos by port"),
        (
            speech("Port"),
            speech("Photos"),
            speech("Of these not searchable"),
            speech("Share"),
            speech("Another capture advised"),
            speech("Second captures"),
            speech("Sent to an officer by the gate"),
        ),
        tuple(
            (
                TableCell(each.port),
                _number(each.screened, speech),
                _number(each.unsearchable, speech),
                TableCell(speech.percent(each.unsearchable / each.screened)),
                _number(each.recaptures_advised, speech),
                _number(each.second_captures, speech),
                _number(each.persons_required, speech),
            )
            for each in report.performance.ports
        ),
    )


def _refusals(report: MonthlyReport, speech: Locale) -> TableSection:
    return TableSection(
        speech("Why photos could not be searched"),
        (speech("Reason"), speech("Photos")),
        tuple(
            (TableCell(speech(explained(code))), _number(count, speech))
            for code, count in report.performance.reasons.items()
        ),
        speech("A photo may have several reasons."),
    )


def _outcomes(line: Line) -> tuple[Figure, ...]:
    return line.confirmed, line.false_alarms, line.waiting, line.overdue, line.other


def _cell(figure: Figure, words: ReportWords) -> TableCell:
    return TableCell(words.figure(figure), figure.value)


def _number(count: int, speech: Locale) -> TableCell:
    return TableCell(speech.number(count), count)


def _rate(rate: float | None, speech: Locale) -> TableCell:
    if rate is None:
        return TableCell("-")
    return TableCell(speech.number(_PER * rate, 2), round(_PER * rate, 4))


def _time(seconds: float | None) -> TableCell:
    return TableCell(span(timedelta(seconds=seconds)) if seconds is not None else "-")


def _plain(value: float | None, speech: Locale) -> str:
    return speech.number(value, 1) if value is not None else "-"
