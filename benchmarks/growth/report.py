"""What `benchmarks.growth` measured, as a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.growth.erasure import Erasure
from benchmarks.growth.pages import Answered
from benchmarks.growth.scene import Installation
from benchmarks.growth.trail import TAIL, Checked
from benchmarks.report import Grid, Report, Target

PAGE_MS: Final = 30
REPORT_MS: Final = 100
WAIT_MS: Final = 100
SCREENING: Final = 1.2
RECORD_US: Final = 10
TAIL_S: Final = 1


@dataclass(frozen=True, slots=True)
class Grown:
    """One database of one size."""

    kind: str
    made: Installation
    pages: Sequence[Answered]
    checked: Checked
    erasure: Erasure | None

    @property
    def title(self) -> str:
        """Which one it is."""
        return f"{self.kind}, {self.made.encounters:,} encounters"


def add_to(report: Report, grown: Grown) -> None:
    """Add the tables of one database."""
    report.figures[grown.title] = {
        "fill_s": grown.made.fill_s,
        "fill_cpu_s": grown.made.fill_cpu_s,
        "pages": grown.pages,
        "trail": grown.checked,
        "erasure": grown.erasure,
    }
    report.grids.append(
        Grid(
            f"Pages: {grown.title}",
            ("", "CPU ms", "server's", "wall ms", "first, CPU ms"),
            tuple(
                (
                    each.asked.name,
                    f"{each.cpu_ms:.1f}",
                    f"{each.server_ms:.1f}",
                    f"{each.wall_ms:.1f}",
                    f"{each.first_cpu_ms:.1f}",
                )
                for each in grown.pages
            ),
        )
    )
    checked, made = grown.checked, grown.made
    rows = [
        ("to fill it: s, CPU s", f"{made.fill_s:.0f}", f"{made.fill_cpu_s:.0f}"),
        (
            f"audit, {checked.records:,} records: CPU s, us a record",
            f"{checked.cpu_s:.1f}",
            f"{_record_us(checked):.1f}",
        ),
    ]
    rows.append((f"audit, its tail of {TAIL:,}: CPU s", f"{checked.tail_cpu_s:.2f}", ""))
    if grown.erasure is not None:
        rows += _erasure(grown.erasure)
    report.grids.append(Grid(f"Trail and erasure: {grown.title}", ("", "", ""), tuple(rows)))


def _erasure(erasure: Erasure) -> list[tuple[str, str, str]]:
    alone, during = erasure.alone, erasure.during
    return [
        ("erased: records, s", f"{erasure.records:,}", f"{erasure.seconds:.0f}"),
        (
            "longest wait for the turn, ms: alone, meanwhile",
            f"{alone.longest_wait_ms:.1f}",
            f"{during.longest_wait_ms:.1f}",
        ),
        (
            "screening, CPU ms: alone, meanwhile",
            f"{alone.screening_cpu_ms:.2f}",
            f"{during.screening_cpu_ms:.2f}",
        ),
    ]


def _record_us(checked: Checked) -> float:
    return 1e6 * checked.cpu_s / max(1, checked.records)


def judge(report: Report, grown: Sequence[Grown]) -> None:
    """Compare the largest of each kind with what was promised."""
    for each in {one.kind: one for one in grown}.values():
        pages = [page for page in each.pages if not page.asked.report]
        reports = [page for page in each.pages if page.asked.report]
        for name, found, most in (("page", pages, PAGE_MS), ("report", reports, REPORT_MS)):
            worst = max(page.cpu_ms + page.server_ms for page in found)
            report.targets.append(
                Target(f"{each.title}: dearest {name}, CPU ms", worst, "<=", most, 1)
            )
        report.targets.append(
            Target(
                f"{each.title}: audit verified, us a record",
                _record_us(each.checked),
                "<=",
                RECORD_US,
                1,
            )
        )
        report.targets.append(
            Target(f"{each.title}: tail verified, CPU s", each.checked.tail_cpu_s, "<=", TAIL_S)
        )
        if each.erasure is not None:
            alone, during = each.erasure.alone, each.erasure.during
            ratio = during.screening_cpu_ms / alone.screening_cpu_ms
            report.targets += [
                Target(
                    f"{each.title}: longest wait while erasing, ms",
                    during.longest_wait_ms,
                    "<=",
                    WAIT_MS,
                    1,
                ),
                Target(f"{each.title}: screening's CPU while erasing", ratio, "<=", SCREENING),
            ]
