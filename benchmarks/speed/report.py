"""What a speed run has to say: the ratio and its spread, stages, sizes, and whether both agree."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.report import Grid, Report, Target
from benchmarks.speed import LIBRARY
from benchmarks.speed.cores import CORES, Scaling
from benchmarks.speed.speed import GALLERY, WARM_UP, Comparison, Run, Side, overlap, ratio
from models.runtimes import Runtime

WANTED_RATIO: Final = {Runtime.ONNXRUNTIME: 7.0, Runtime.OPENVINO_BF16: 9.0}
"""Of stock OpenCV's time, by what runs our recogniser."""
WANTED_LARGE_RATIO: Final = 12.0  # with OpenVINO, of photos from `_LARGE` megapixels on
_LARGE: Final = 3.0
WANTED_LIBRARY_RATIO: Final = 4.0  # of the insightface library's
WANTED_SCALING: Final = 1.85  # of one core's throughput
_STAGES: Final = ("decode", "detect", "align", "assess", "embed", "search")
_SAME_PLACE: Final = 0.5  # intersection over union from which two boxes are of one face


def add_to(
    report: Report,
    run: Run,
    scaling: Scaling | None = None,
    runtime: Runtime = Runtime.ONNXRUNTIME,
) -> None:
    """Put a run's tables, notes and targets into a report; `runtime` ran our recogniser."""
    turns = len(run.comparisons[0].ours.totals)
    sizes = [each.photo.megapixels for each in run.comparisons]
    files = [len(each.photo.data) / 1e6 for each in run.comparisons]
    report.note(
        f"{len(run.comparisons)} photos of {min(sizes):.1f} to {max(sizes):.1f} megapixels, "
        f"{sum(files) / sum(sizes):.2f} MB a megapixel; {WARM_UP} turns of warm-up, then {turns} "
        "counted turns a photo, all sides taking turns on one CPU with one thread each."
    )
    report.note(
        f"Ours includes quality assessment and the search of {GALLERY:,} templates; the peers have "
        "neither. The commit to the database is in none."
    )
    report.grids.append(_totals(run))
    report.grids.append(_stages(run))
    if run.skipped:
        report.note(f"No peer, so no ratio: {run.skipped}")
    else:
        _add_ratio(report, run, turns, runtime)
        _add_agreement(report, run.comparisons)
    _add_others(report, run.comparisons, turns)
    _add_scaling(report, scaling)
    report.figures |= {
        "peer": run.peer_name or None,
        "skipped": run.skipped or None,
        "photos": [
            {
                "name": each.photo.name,
                "megapixels": each.photo.megapixels,
                "bytes": len(each.photo.data),
                "ours_ms": each.ours.totals,
                "ours_cpu_ms": each.ours.cpu,
                "peer_ms": each.peer.totals if each.peer else None,
                "peer_cpu_ms": each.peer.cpu if each.peer else None,
                "others_ms": {name: side.totals for name, side in each.others.items()},
            }
            for each in run.comparisons
        ],
    }


def times_faster(peer: str, runtime: Runtime) -> str:
    """Return what the target is called that holds ours against a peer."""
    by = "" if runtime is Runtime.ONNXRUNTIME else f" with {runtime.value}"
    return f"times faster{by} than {peer}"


def _totals(run: Run) -> Grid:
    groups: dict[str, list[Comparison]] = {"all": run.comparisons}
    for each in sorted(run.comparisons, key=lambda each: each.photo.megapixels):
        groups.setdefault(f"{each.photo.megapixels:.1f} MP", []).append(each)
    if len(groups) > 8:  # a folder of photos of all sizes: a row for each would say nothing
        groups = {"all": run.comparisons}
    rows: list[tuple[Any, ...]] = []
    for name, members in groups.items():
        ours = [each.ours for each in members]
        peers = [each.peer for each in members if each.peer]
        row: tuple[Any, ...] = (name, len(members), *_timing(ours))
        if peers:
            row += (*_timing(peers), f"{ratio(members):.2f}x")
        rows.append(row)
    columns: tuple[str, ...] = ("photos", "n", "ours, ms", "p95", "CPU ms")
    if run.peer_name:
        columns += ("peer, ms", "p95", "CPU ms", "ratio")
    beside = f", beside {run.peer_name}" if run.peer_name else ""
    return Grid(f"Photo bytes to answer: medians{beside}", columns, tuple(rows))


def _timing(sides: Sequence[Side]) -> tuple[str, str, str]:
    """Median over photos of each one's median, p95 of all single ones, and processor time."""
    every = np.concatenate([side.totals for side in sides])
    return (
        f"{np.median([side.median for side in sides]):.1f}",
        f"{np.quantile(every, 0.95):.1f}",
        f"{np.median([np.median(side.cpu) for side in sides if side.cpu] or np.nan):.1f}",
    )


def _stages(run: Run) -> Grid:
    rows = []
    for name in _STAGES:
        row = [name, _stage([each.ours for each in run.comparisons], name)]
        if run.peer_name:
            row.append(_stage([each.peer for each in run.comparisons if each.peer], name))
        row += [_stage([each.others[o] for each in run.comparisons], name) for o in _others(run)]
        rows.append(tuple(row))
    peers = ([run.peer_name] if run.peer_name else []) + _others(run)
    columns = ("stage", "ours, ms", *(f"{name}, ms" for name in peers))
    return Grid("Where the time goes: medians", columns, tuple(rows))


def _others(run: Run) -> list[str]:
    return list(run.comparisons[0].others)


def _stage(sides: Sequence[Side], name: str) -> str:
    spent = [stages[name] for side in sides for stages in side.stages if name in stages]
    return f"{np.median(spent):.2f}" if spent else "-"


def _add_ratio(report: Report, run: Run, turns: int, runtime: Runtime) -> None:
    overall = ratio(run.comparisons)
    by_turn = [ratio(run.comparisons, turn) for turn in range(turns)]
    by_photo = [each.peer.median / each.ours.median for each in run.comparisons if each.peer]
    report.grids.append(
        Grid(
            "How many times as long the peer takes",
            ("ratio of medians", "over the turns", "over the photos"),
            (
                (
                    f"{overall:.2f}x",
                    f"{min(by_turn):.2f} - {max(by_turn):.2f}",
                    f"{min(by_photo):.2f} - {max(by_photo):.2f}",
                ),
            ),
        )
    )
    faster = times_faster(run.peer_name, runtime)
    report.targets.append(Target(faster, overall, ">=", WANTED_RATIO[runtime]))
    large = [each for each in run.comparisons if each.photo.megapixels >= _LARGE]
    if large and runtime is Runtime.OPENVINO_BF16:
        name = f"{faster}, from {_LARGE:g} MP on"
        report.targets.append(Target(name, ratio(large), ">=", WANTED_LARGE_RATIO))
    report.figures |= {"ratio": overall, "ratio by turn": by_turn, "ratio by photo": by_photo}


def _add_others(report: Report, comparisons: Sequence[Comparison], turns: int) -> None:
    """Give the ratio to each further peer."""
    rows = []
    for name in comparisons[0].others:
        sides = [each.others[name] for each in comparisons]
        overall = ratio(comparisons, other=name)
        by_turn = [ratio(comparisons, turn, name) for turn in range(turns)]
        found = sum(side.embedding is not None for side in sides)
        spread = f"{min(by_turn):.2f} - {max(by_turn):.2f}"
        rows.append((name, *_timing(sides), f"{overall:.2f}x", spread, found))
        if name.startswith(LIBRARY):
            report.targets.append(
                Target(f"times faster than {name}", overall, ">=", WANTED_LIBRARY_RATIO)
            )
        report.figures[f"ratio to {name}"] = {"median": overall, "by turn": by_turn}
    if not any(name.startswith(LIBRARY) for name in comparisons[0].others):
        report.note("No insightface library: no SCRFD network was given (--scrfd FILE).")
    if rows:
        columns = ("peer", "ms", "p95", "CPU ms", "ratio", "over the turns", "faces embedded")
        report.grids.append(Grid("Further peers", columns, tuple(rows)))


def _add_scaling(report: Report, scaling: Scaling | None) -> None:
    """Compare the throughput of two cores with one's."""
    if scaling is None:
        report.note(f"No scaling: this process may not use {CORES} cores.")
        return
    each = [a / b for a, b in zip(scaling.many, scaling.one, strict=True)]
    row = (
        f"{np.median(scaling.one):.1f}",
        f"{np.median(scaling.many):.1f}",
        f"{scaling.ratio:.2f}x",
        f"{min(each):.2f} - {max(each):.2f}",
    )
    columns = ("one core", f"{CORES} cores", "ratio of medians", "over the rounds")
    report.grids.append(Grid("Photos a second, one thread on each core", columns, (row,)))
    report.targets.append(
        Target(f"throughput of {CORES} cores over one's", scaling.ratio, ">=", WANTED_SCALING)
    )
    report.figures["photos a second"] = {"one core": scaling.one, f"{CORES} cores": scaling.many}


def _add_agreement(report: Report, comparisons: Sequence[Comparison]) -> None:
    """Both sides should find the same face, and the same people alike."""
    both = [
        (each.ours.box, each.peer.box, each.ours.embedding, each.peer.embedding)
        for each in comparisons
        if each.peer
    ]
    full = [(a, b, x, y) for a, b, x, y in both if a and b and x is not None and y is not None]
    if not full:
        report.note("No photo has an embedding from both sides: nothing to compare.")
        return
    places = np.array([overlap(a, b) for a, b, _, _ in full])
    ours = np.stack([x for _, _, x, _ in full])
    peer = np.stack([y for _, _, _, y in full])
    cosines = (ours * peer).sum(axis=1)
    same = places >= _SAME_PLACE
    rows = [
        ("photos with an embedding from both sides", f"{len(full)} of {len(comparisons)}"),
        (f"of them, boxes that overlap by {_SAME_PLACE} or more", f"{same.sum()}"),
        ("overlap of the boxes, mean (least)", _mean_and_least(places)),
        ("cosine ours to peer's on one photo, mean (least)", _mean_and_least(cosines)),
    ]
    if same.any():
        rows.append(("the same where the boxes overlap", _mean_and_least(cosines[same])))
    if same.sum() > 2:
        rows.append(
            (
                "correlation of their scores of all pairs of these photos",
                f"{_correlation(ours[same], peer[same]):.4f}",
            )
        )
    for name, boxes in (("ours", [a for a, _, _, _ in both]), ("peer", [b for _, b, _, _ in both])):
        put = [
            overlap(box, each.photo.face) if box else 0.0
            for box, each in zip(boxes, comparisons, strict=True)
            if each.photo.face
        ]
        if put:
            text = f"overlap with the place the face was put, {name}, mean (least)"
            rows.append((text, _mean_and_least(np.array(put))))
    report.grids.append(Grid("Do both sides see the same?", ("", "measured"), tuple(rows)))
    report.figures |= {"overlap": places.tolist(), "cosine": cosines.tolist()}


def _mean_and_least(values: npt.NDArray[Any]) -> str:
    return f"{values.mean():.3f} ({values.min():.3f})"


def _correlation(ours: npt.NDArray[np.float32], peer: npt.NDArray[np.float32]) -> float:
    """Correlate the scores that two sides give the same pairs of photos."""
    pairs = np.triu_indices(len(ours), k=1)
    return float(np.corrcoef((ours @ ours.T)[pairs], (peer @ peer.T)[pairs])[0, 1])
