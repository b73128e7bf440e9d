"""The vulnerability map as tables: for paper, for a workbook and for CSV."""

from collections.abc import Mapping

from api.console.labels import of, period
from api.console.printed.document import Letterhead
from api.console.printed.tables import TableCell, TableSection, TablesReport
from api.console.report_words import ReportWords
from api.console.shades import step_of
from casework.reports.cells import change, greatest
from casework.reports.dimensions import UNKNOWN
from casework.reports.places import PlaceLine, PlaceMeasure, PlaceReport


def place_document(
    report: PlaceReport, chosen: PlaceMeasure, words: ReportWords, head: Letterhead
) -> TablesReport:
    """Put what a map shows together, in the reader's language.

    Args:
        report: the figures.
        chosen: the measure whose change and months stand beside them.
        words: with the areas' names.
        head: who prints.
    """
    speech, within = words.speech, report.within
    what = speech("Vulnerability map")
    sections = [_places(report, chosen, words)]
    if report.months:
        sections.append(_months(report, chosen, words))
    return TablesReport(
        what,
        period(report.period, speech) + (f", {words.areas[within]}" if within else ""),
        head,
        (
            speech(
                "The map counts reports and decisions: where people looked, and what they found. "
                "It does not say how dangerous a place or anybody in it is."
            ),
            *words.notes(exact=report.exact)[1:],
        ),
        tuple(sections),
    )


def _places(report: PlaceReport, chosen: PlaceMeasure, words: ReportWords) -> TableSection:
    speech = words.speech
    most = {
        each: greatest([line.figures[each] for line in report.lines]) for each in report.measures
    }
    return TableSection(
        speech("By regency and city") if report.within else speech("By province"),
        (
            speech("Area"),
            speech("Ports"),
            *(speech(of(each)) for each in report.measures),
            speech("%(what)s, against the period before", what=speech(of(chosen))),
        ),
        tuple(
            (
                TableCell(_name(line, words)),
                TableCell(" ".join(line.ports)),
                *_figures(line, report.measures, most, words),
                _change(line, chosen, words),
            )
            for line in report.lines
        ),
    )


def _months(report: PlaceReport, chosen: PlaceMeasure, words: ReportWords) -> TableSection:
    speech = words.speech
    most = greatest([each for line in report.lines for each in line.months[chosen]])
    return TableSection(
        speech("%(what)s by month", what=speech(of(chosen))),
        (speech("Area"), *(period(each, speech) for each in report.months)),
        tuple(
            (
                TableCell(_name(line, words)),
                *(
                    TableCell(words.figure(each), each.value, step_of(each, most))
                    for each in line.months[chosen]
                ),
            )
            for line in report.lines
        ),
    )


def _figures(
    line: PlaceLine,
    measures: tuple[PlaceMeasure, ...],
    most: Mapping[PlaceMeasure, int],
    words: ReportWords,
) -> tuple[TableCell, ...]:
    return tuple(
        TableCell(words.figure(figure), figure.value, step_of(figure, most[each]))
        for each in measures
        for figure in (line.figures[each],)
    )


def _change(line: PlaceLine, chosen: PlaceMeasure, words: ReportWords) -> TableCell:
    figure = change(line.figures[chosen], line.before[chosen])
    return TableCell(words.change(figure), figure.value)


def _name(line: PlaceLine, words: ReportWords) -> str:
    if line.area == UNKNOWN:
        return words.speech("Place not known")
    return words.areas.get(line.area, line.area)
