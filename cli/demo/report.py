"""What the demo prints: the lists, the arrivals, one alert's review, the audit trail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.table import Table

from cli.demo.arrivals import Row
from cli.demo.audit_check import FORGERY, AuditCheck
from cli.demo.review import Step
from cli.demo.staff import ACCOUNTS, AGENCIES
from cli.demo.watchlists import LISTS, Listing
from cli.output import out
from cli.simulate.summary import Summary

# Columns of the stages' times are left out of narrower terminals.
_WIDE_TERMINAL: Final = 165
_STAGES: Final = ("decode", "detect", "align", "assess", "embed", "search", "record")
_COLOURS: Final = {"alert": "bold red", "clear": "green", "unsearchable": "yellow"}
_AGENCY_NAMES: Final = {agency.code: agency.name for agency in AGENCIES}


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything that happened."""

    rows: Sequence[Row]
    reviewed: Row
    """The arrival whose alert was taken through its review."""
    steps: Sequence[Step]
    crowd: Summary
    audit: AuditCheck
    sheet: Path

    @property
    def as_expected(self) -> bool:
        """Whether everything went as it should."""
        arrived = all(row.as_expected for row in self.rows)
        reviewed = all(step.as_expected for step in self.steps)
        return arrived and reviewed and self.audit.as_expected


def print_result(result: DemoResult) -> None:
    """Print what happened."""
    out.print(lists())
    out.print(arrivals(result.rows, _STAGES if out.width >= _WIDE_TERMINAL else ()))
    out.print(_review(result.reviewed, result.steps))
    out.print(f"\nA crowd at CGK: {result.crowd.sentence}", soft_wrap=True)
    out.print(_audit(result.audit))
    right = sum(row.as_expected for row in result.rows)
    steps = sum(step.as_expected for step in result.steps)
    out.print(
        f"{right} of {len(result.rows)} answers and {steps} of {len(result.steps)} steps as "
        f"expected. Probes beside candidates: {result.sheet}",
        soft_wrap=True,
    )


def lists() -> Table:
    """Return the three watchlists."""
    table = _table(
        "Two agencies, three lists", "list", "owner", "looks at", "an alert takes", "on it"
    )
    for each in LISTS:
        names = [f"{name} (lapsed)" if name in each.lapsed else name for name in each.people]
        table.add_row(
            each.name,
            _AGENCY_NAMES[each.agency],
            {"entry": "entries", "exit": "exits", "both": "both"}[each.policy["direction"]],
            _review_of(each),
            ", ".join(names),
        )
    return table


def arrivals(rows: Sequence[Row], stages: Sequence[str] = ()) -> Table:
    """Return the arrivals so far."""
    title = "Arrivals at two ports" + (", milliseconds by stage" if stages else "")
    table = _table(title, "at", "arrival", "outcome", "candidate")
    for column in ("score", "threshold", "ms", *stages):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        trip, colour = row.arrival.trip, _COLOURS.get(row.outcome, "dim")
        table.add_row(
            f"{trip.port:5} {trip.direction}",
            row.arrival.label,
            f"[{colour}]{row.outcome}[/]"
            + (", again" if row.recapture_advised else "")
            + _flag(row),
            _found(row),
            "" if row.score is None else f"{row.score:.3f}",
            "" if row.threshold is None else f"{row.threshold:.3f}",
            f"{row.milliseconds:.0f}",
            *(f"{row.stages[name]:.1f}" if name in row.stages else "" for name in stages),
        )
    return table


def accounts(password: str, factors: Mapping[str, str]) -> Table:
    """Return who may sign in, all with one password, and the keys for an authenticator app."""
    table = _table("Accounts", "login", "password", "authenticator key", "agency", "roles")
    for each in ACCOUNTS:
        agency, roles = _AGENCY_NAMES[each.agency], ", ".join(each.roles)
        table.add_row(each.login, password, factors[each.login], agency, roles)
    return table


def as_json(result: DemoResult) -> dict[str, Any]:
    """Return what happened as plain data."""
    return {
        "as_expected": sum(row.as_expected for row in result.rows),
        "arrivals": [
            {
                "arrival": row.arrival.label,
                "port": row.arrival.trip.port,
                "direction": row.arrival.trip.direction,
                "expected": row.arrival.expected,
                "outcome": row.outcome,
                "recapture_advised": row.recapture_advised,
                "candidate": row.candidate or None,
                "watchlist": row.watchlist or None,
                "score": row.score,
                "threshold": row.threshold,
                "milliseconds": round(row.milliseconds, 1),
                "stages": row.stages,
            }
            for row in result.rows
        ],
        "review": [
            {
                "officer": step.officer,
                "act": step.act,
                "answer": step.answer,
                "expected": step.expected,
            }
            for step in result.steps
        ],
        "audit": {
            "records": result.audit.as_it_is.records,
            "fault": result.audit.as_it_is.fault,
            "fault_of_forged_copy": result.audit.forged.fault,
        },
        "crowd": result.crowd.plain(),
        "contact_sheet": str(result.sheet),
    }


def _review(row: Row, steps: Sequence[Step]) -> Table:
    officers = {account.login: account for account in ACCOUNTS}
    table = _table(
        f"One alert, end to end: {row.candidate} at {row.arrival.trip.port}, on {row.watchlist}",
        "officer",
        "of",
        "does",
        "and the alert is",
    )
    for step in steps:
        who = officers[step.officer]
        refused = step.answer[0].isdigit()
        answer = f"[dim]refused: {step.answer}[/]" if refused else step.answer
        table.add_row(
            who.name.split()[0], _AGENCY_NAMES[who.agency], step.act, answer + _flag(step)
        )
    return table


def _audit(audit: AuditCheck) -> Table:
    table = _table("Audit trail", "siaga audit verify", "finds")
    whole = f"[red]{audit.as_it_is.fault}[/]"
    if audit.as_it_is.whole:
        whole = f"[green]{audit.as_it_is.records} records, every one as it was written[/]"
    table.add_row("the database as it is", whole)
    found = "nothing" if audit.forged.whole else f"[red]{audit.forged.fault}[/]"
    table.add_row(f"a copy, one byte changed: {FORGERY}", found + _flag(audit))
    return table


def _review_of(listing: Listing) -> str:
    names = [_AGENCY_NAMES[code] for code in listing.shared_with]
    second = listing.policy.get("requires_second_officer", False)
    takes = "two officers" if second else "one officer"
    return takes + (f", also of {', '.join(names)}" if names else "")


def _found(row: Row) -> str:
    if row.candidate:
        return f"{row.candidate} on {row.watchlist}"
    note = row.arrival.trip.why if row.outcome == "clear" else row.reason
    return f"[dim]({note})[/]" if note else ""


def _flag(what: Row | Step | AuditCheck) -> str:
    return "" if what.as_expected else " [reverse]unexpected[/]"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table
