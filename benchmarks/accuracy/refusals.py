"""Photos that were refused: failures to enrol (FTE), each with its reason, and the time of all."""

import numpy as np

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.report import Grid, Report


def add_to(report: Report, data: DataSet, embedded: Embedded) -> None:
    """Put the photos' number, every refusal and the time per photo into a report."""
    refused = [
        (data.label(photo), reason) for photo, reason in enumerate(embedded.refusals) if reason
    ]
    photos = len(data.photos)
    spent = embedded.milliseconds / 1000
    report.grids.append(
        Grid(
            "Photos",
            ("photos", "identities", "refused", "FTE", "s per photo, median", "p95"),
            (
                (
                    f"{photos:,}",
                    f"{len(data.names):,}",
                    len(refused),
                    f"{len(refused) / photos:.3%}",
                    f"{np.median(spent):.4f}",
                    f"{np.quantile(spent, 0.95):.4f}",
                ),
            ),
        )
    )
    if refused:
        report.grids.append(Grid("Refused", ("photo", "why"), tuple(refused)))
    report.figures |= {
        "photos": photos,
        "identities": len(data.names),
        "refused": dict(refused),
        "seconds per photo": float(np.median(spent)),
    }
