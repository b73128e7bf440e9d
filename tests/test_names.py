"""Names: a class has one meaning in the whole of casework and api, and no former name is left."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("casework", "api")

FORMER_MODULES = [
    "api.carrying",
    "api.console.assembly",
    "api.console.carrying",
    "api.console.chance",
    "api.console.faults",
    "api.console.frame",
    "api.console.live",
    "api.console.paths",
    "api.console.posted",
    "api.console.screens.refer",
    "api.console.speech",
    "api.console.visit",
    "api.console.words",
    "api.cpus",
    "api.identity",
    "api.import_worker",
    "api.needs",
    "api.pool",
    "api.routes",
    "api.schemas",
    "api.settings",
    "api.telling",
    "api.timing",
    "api.upkeep",
    "benchmarks.accuracy.canvas",
    "benchmarks.accuracy.halves",
    "benchmarks.accuracy.realised",
    "benchmarks.accuracy.strata",
    "benchmarks.bootstrap",
    "benchmarks.canvas",
    "benchmarks.charts",
    "benchmarks.compiled",
    "benchmarks.compiled_report",
    "benchmarks.crash_checks",
    "benchmarks.crash_clients",
    "benchmarks.crash_report",
    "benchmarks.crash_scene",
    "benchmarks.cross_match",
    "benchmarks.demographics",
    "benchmarks.demographics_report",
    "benchmarks.det",
    "benchmarks.embeddings",
    "benchmarks.enrolments",
    "benchmarks.evaluation",
    "benchmarks.galleries",
    "benchmarks.group_charts",
    "benchmarks.halves",
    "benchmarks.identities",
    "benchmarks.labels",
    "benchmarks.load_client",
    "benchmarks.load_gallery",
    "benchmarks.load_mock",
    "benchmarks.load_report",
    "benchmarks.load_server",
    "benchmarks.load_service",
    "benchmarks.open_set",
    "benchmarks.open_set_report",
    "benchmarks.peer",
    "benchmarks.photos",
    "benchmarks.plots",
    "benchmarks.prior",
    "benchmarks.profile",
    "benchmarks.quality",
    "benchmarks.realised",
    "benchmarks.refusals",
    "benchmarks.search_report",
    "benchmarks.speed_cores",
    "benchmarks.speed_library",
    "benchmarks.speed_report",
    "benchmarks.strata",
    "benchmarks.verification",
    "casework.access",
    "casework.adjudication",
    "casework.calibrated",
    "casework.calibrations",
    "casework.chance",
    "casework.chance_scores",
    "casework.changes",
    "casework.clock",
    "casework.control",
    "casework.database",
    "casework.enrolment",
    "casework.errors",
    "casework.exchange",
    "casework.group",
    "casework.ids",
    "casework.lookalikes",
    "casework.matching",
    "casework.mirror",
    "casework.model",
    "casework.monitoring",
    "casework.nations",
    "casework.oversight.audit",
    "casework.oversight.chain",
    "casework.oversight.held",
    "casework.oversight.stored",
    "casework.oversight.trail",
    "casework.policy",
    "casework.quality",
    "casework.reembedding",
    "casework.review.possible",
    "casework.review.review",
    "casework.review.searches",
    "casework.sizes",
    "casework.subjects",
    "casework.templates",
    "casework.vault",
    "casework.vocabulary",
    "casework.watchlists.quality",
    "cli.demo.cast",
    "cli.demo.lists",
    "cli.demo.office",
    "cli.demo.proof",
    "cli.demo.rush",
    "cli.demo.sheet",
    "cli.demo.tell",
    "cli.opened",
    "cli.roster",
    "detector.equivalence",
    "detector.second_look",
]

# In modules that are left.
FORMER_NAMES = [
    "api.console.forms.proven",
    "api.console.forms.token",
    "api.console.templating.make",
    "api.console.urls.local",
    "api.console.urls.page_of",
    "api.streams.follow",
    "api.streams.spell",
    "api.workers.WorkPool.idle",
    "api.workers.WorkPool.spare",
    "api.workers.WorkPool.take",
    "api.workers.clerks",
    "casework.accounts.sign_in.SignIn.admit",
    "casework.calibration.non_mated_scores.gather",
    "casework.calibration.non_mated_scores.note",
    "casework.kernel.database.Database.glance",
    "casework.kernel.database.Database.write_rows",
    "casework.kernel.permissions.FOR_ALL",
    "casework.kernel.permissions.reach",
    "casework.oversight.data_subject_report.DataSubjectReports.about",
    "casework.review.alerts.rules",
    "casework.review.alerts.standing",
    "casework.review.findings.gravity",
    "casework.review.findings.told_state",
    "casework.screening.matching.Matching.concerning",
    "casework.screening.matching.Matching.nothing",
    "casework.webhooks.feed.audible",
    "cli.demo.report.Story",
    "cli.imports.Brought",
    "cli.imports.bring_in",
    "detector.compiled_check.prove",
    "detector.landmark_refinement.look_again",
    "index.exact.judged",
    "index.outliers.highest_by_chance",
]

# Which no module of casework or api may define again.
FORMER_CLASSES = {
    "Act",
    "Again",
    "Arrived",
    "Brought",
    "Calibrated",
    "Carried",
    "Chance",
    "Claim",
    "Correspondence",
    "Departure",
    "Dispatch",
    "Entry",
    "GalleryMirror",
    "Gate",
    "HashingPlaces",
    "Held",
    "ImportRun",
    "Importing",
    "Lookout",
    "Membership",
    "OfficerVisit",
    "OwnScores",
    "PendingSignIns",
    "Point",
    "Possible",
    "Posted",
    "Queues",
    "Reach",
    "Reading",
    "Receiving",
    "Return",
    "Scale",
    "Speech",
    "Spell",
    "Standing",
    "Stretch",
    "Telling",
    "TipDesk",
    "Told",
    "Trail",
    "Upkeep",
    "Visit",
    "Wanted",
}


def classes(rooms: tuple[str, ...] = ROOMS) -> Iterator[tuple[str, str]]:
    """Every class of the rooms, wherever it stands in its module, with the module's path."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    yield node.name, str(path.relative_to(ROOT))


def test_a_class_name_stands_once():
    places = defaultdict(list)
    for name, place in classes():
        places[name].append(place)
    assert len(places) > 300
    assert {name: each for name, each in places.items() if len(each) > 1} == {}


def test_no_class_has_a_former_name():
    assert [(name, place) for name, place in classes() if name in FORMER_CLASSES] == []


def is_left(dotted: str) -> bool:
    """Whether a dotted path still leads to something: a module, or a name in one."""
    module, names = dotted, list[str]()
    while not exists(module):
        module, _, name = module.rpartition(".")
        names.insert(0, name)
        if not module:
            return False
    if not names:
        return True
    return defines(module, names)


def exists(module: str) -> bool:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return False
    # A folder without modules is a package to the interpreter, though nothing of ours is left.
    return spec is not None and spec.origin is not None


def defines(module: str, names: list[str]) -> bool:
    """Whether a module's own text defines `name`, or `Class.name`."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    body: list[ast.stmt] = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
    for name in names:
        found = next((node for node in body if name in defined_by(node)), None)
        if found is None:
            return False
        body = getattr(found, "body", [])
    return True


def defined_by(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and is_stored(each)}


def is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


@pytest.mark.parametrize("dotted", FORMER_MODULES + FORMER_NAMES)
def test_no_former_name_is_left(dotted):
    assert not is_left(dotted)


@pytest.mark.parametrize(
    "dotted",
    [
        "casework.kernel",
        "casework.kernel.kernel.Kernel",
        "casework.kernel.database.Database.read_one",
        "casework.kernel.permissions.OPERATOR_GRANTS",
        "api.v1.imports.routes",
    ],
)
def test_what_is_left_is_noticed(dotted):
    assert is_left(dotted)
