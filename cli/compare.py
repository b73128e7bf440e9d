"""`siaga compare`: how alike the faces of two photos are."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson
from cli.output import Exit, err, out, print_json
from config.opening import open_pipeline
from config.settings import Settings
from detector.errors import PhotoError
from detector.pipeline import Analysis
from index.threshold import MATCH_FMR, FalseMatchCurve
from models.manifest import load_pack

PhotoFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A photo.")]


def compare(
    first: PhotoFile,
    second: PhotoFile,
    max_fmr: Annotated[
        float,
        typer.Option(
            min=1e-9, max=0.999, help="Share of pairs of different people that may be as alike."
        ),
    ] = MATCH_FMR,
    as_json: AsJson = False,
) -> None:
    """Compare two photos; exit 1 if either cannot be searched."""
    settings = Settings()
    pipeline = open_pipeline(settings)
    analyses: list[Analysis] = []
    for path in (first, second):
        try:
            analyses.append(pipeline.analyse(path.read_bytes()))
        except PhotoError as error:
            err.print(f"{path}: {error}", markup=False)
            raise typer.Exit(Exit.REFUSED) from None
    one, other = analyses
    score = rate = match = None
    if one.embedding is not None and other.embedding is not None:
        score = float(one.embedding @ other.embedding)
        prior = load_pack(settings.pack).prior
        if prior is not None:
            rate = FalseMatchCurve(prior.fmr, prior.score).fmr_at(score)
            match = rate <= max_fmr
    if as_json:
        print_json(
            {
                "score": score,
                "false_match_rate": rate,
                "match": match,
                "first": one.quality.as_record(),
                "second": other.quality.as_record(),
            }
        )
    elif score is not None:
        out.print(f"score {score:.3f}{_reading(rate, match=bool(match))}")
    for path, analysis in zip((first, second), analyses, strict=True):
        for reason in analysis.quality.reasons:
            err.print(f"{path}: {reason.advice}", markup=False)
    if score is None:
        raise typer.Exit(Exit.REFUSED)


def _reading(rate: float | None, *, match: bool) -> str:
    """Say what a score means; of a pack without a prior nobody knows."""
    if not rate:
        return ""
    verdict = "a match" if match else "no match"
    return f"; about 1 in {1 / rate:,.0f} pairs of different people scores this high: {verdict}"
