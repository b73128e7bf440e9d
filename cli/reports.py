"""`siaga reports`: reports as files, for those who run the machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from api.console.printed.monthly import letterhead_of, monthly_document, words_for
from api.console.printed.tables import as_tables_pdf, as_workbook
from api.console.templating import build_environment
from casework.kernel.actor import Actor
from casework.records import Records
from casework.reports.calendar import CalendarPeriod
from cli.options import owner_of
from cli.output import err
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(help="Write reports as files.", no_args_is_help=True)


class ReportLanguage(StrEnum):
    """Languages of reports."""

    INDONESIAN = "id"
    ENGLISH = "en"


@app.callback()
def reports() -> None:
    """Write reports as files."""


@app.command()
def monthly(
    output: Annotated[
        Path, typer.Option(help="File to write: its name ends in .pdf or .xlsx.", dir_okay=False)
    ],
    month: Annotated[
        str | None, typer.Option(help="Such as 2026-10; the last one that is over if left out.")
    ] = None,
    agency: Annotated[
        str | None,
        typer.Option(help="Code of the agency; left out, all agencies' with blurred figures."),
    ] = None,
    language: Annotated[ReportLanguage, typer.Option(help="Of the report.")] = (
        ReportLanguage.INDONESIAN
    ),
) -> None:
    """Write the monthly report of an agency, or of all, as PDF or workbook."""
    if output.suffix not in {".pdf", ".xlsx"}:
        raise typer.BadParameter("name a file that ends in .pdf or .xlsx", param_hint="--output")
    settings = Settings()
    with open_installation(settings) as records:
        written = write_monthly(records, settings, output, month, agency, language)
    err.print(f"The report of {written} is in {output}.", markup=False)


def write_monthly(
    records: Records,
    settings: Settings,
    output: Path,
    month: str | None,
    agency: str | None,
    language: ReportLanguage,
) -> CalendarPeriod:
    """Write the monthly report of an agency, by its code, or of all; returns the month."""
    speech = build_environment(settings.display_time_zone, secure=True).speeches[language]
    operator, made = Actor.operator(), records.reports.monthly
    chosen = CalendarPeriod.read(month) if month is not None else None
    owner = owner_of(records, agency).id if agency is not None else None
    report = made.team(operator, chosen) if owner is None else made.own(operator, chosen, owner)
    head = letterhead_of(records, operator, speech, owner)
    document = monthly_document(report, words_for(records, report, speech), head)
    is_pdf = output.suffix == ".pdf"
    output.write_bytes(as_tables_pdf(document, speech) if is_pdf else as_workbook(document))
    return report.month
