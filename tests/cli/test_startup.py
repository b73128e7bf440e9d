"""What a command imports: only what it uses, so that no one waits for the networks in vain."""

import json
import os
import subprocess
import sys

import pytest

from cli.main import COMMANDS
from tests.cli.conftest import ROOT, environment
from tests.deadlines import patience

NETWORKS = {"cv2", "faiss", "insightface", "onnx", "onnxruntime", "skimage"}
NUMBERS = {"matplotlib", "numkong", "numpy", "scipy"}
WEB = {"fastapi", "jinja2", "starlette", "uvicorn"}
RARE = {"alembic", "argon2", "authlib", "httpx2", "joserfc", "segno"}
OURS = {"api.app", "casework.service", "detector.pipeline", "index.memory", "models.manifest"}
HEAVY = NETWORKS | NUMBERS | WEB | RARE | OURS

# Of the records alone; each after the ones before it, in one process.
COMMAND_LINES = (
    "keys create gate --scope screen --as Wati --reason gate",
    "keys list",
    "keys list --json",
    "agencies list --json",
    "agencies edit IMI --name Coordination --as Wati --reason renamed",
    "areas list --json",
    "officers list",
    "officers list --json",
    "officers edit admin --name Somebody --as Wati --reason renamed",
    "watchlists create Tangkal --as Wati --reason first",
    "watchlists list --json",
    "subjects find somebody --as Wati --reason asked",
    "audit list --json",
    "audit export --out trail.jsonl",
    "audit verify",
    "audit verify --export trail.jsonl",
    "retention due",
    "retention run --yes --as Wati --reason due --json",
    "--help",
    "keys --help",
    "export --watchlist absent --as Wati --reason asked",
    "models list",
    "models verify",
)
# Packs are listed by their manifests.
NEEDED = {"models list": {"models.manifest"}, "models verify": {"models.manifest"}}
REFUSED = {"export --watchlist absent --as Wati --reason asked": 2}

_RUN = """
import json, shlex, sys
from cli.main import run
heavy, lines = json.load(sys.stdin)
said = sys.stdout
sys.stdout = sys.stderr
for line in (None, *lines):
    status = 0
    if line is not None:
        sys.argv = ["siaga", *shlex.split(line)]
        try:
            run()
        except SystemExit as done:
            status = done.code
    print(json.dumps([line, status or 0, sorted(set(heavy) & set(sys.modules))]), file=said)
"""


def started(folder, code, standard_input="", **variables):
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=standard_input,
        cwd=folder,
        env={**environment(folder), "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client'}"}
        | variables,
        capture_output=True,
        text=True,
        timeout=patience(120),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_command_about_records_imports_no_network_no_web_framework_and_no_numbers(
    siaga, tmp_path
):
    siaga("officers", "create", "admin", "Name", "--role", "admin")
    told = started(tmp_path, _RUN, json.dumps([sorted(HEAVY), COMMAND_LINES]))
    outcomes = [json.loads(line) for line in told.splitlines()]
    assert [line for line, _, _ in outcomes] == [None, *COMMAND_LINES]
    for line, status, loaded in outcomes:
        assert status == REFUSED.get(line, 0), line
        assert set(loaded) <= NEEDED.get(line, set()), line


def test_the_list_of_commands_imports_none_of_them(tmp_path):
    code = (
        "import sys, cli.main\n"
        "sys.argv = ['siaga', '--help']\n"
        "try: cli.main.run()\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('cli.', 'casework', 'pydantic'))])"
    )
    assert started(tmp_path, code).endswith("['cli.lazy', 'cli.main']\n")


def test_no_command_waits_for_what_only_rare_work_needs(tmp_path):
    code = (
        "import sys, api.app\nfrom cli.main import COMMANDS\n"
        "for command in COMMANDS: command.load()\n"
        "rare = {'alembic', 'insightface', 'matplotlib', 'onnx', 'scipy', 'skimage'}\n"
        "print(rare & {*sys.modules})"
    )
    assert started(tmp_path, code) == "set()\n"


def test_an_import_checks_its_rows_without_the_web_framework(tmp_path):
    code = f"import sys, cli.imports\nprint({WEB} & {{*sys.modules}})"
    assert started(tmp_path, code) == "set()\n"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_says_of_a_command_what_it_says_of_itself(command):
    loaded = command.load()
    assert loaded.name == command.name
    assert loaded.help.split("\n\n")[0].replace("\n", " ") == command.help


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("siaga re", {"reembed", "reports", "retention"}),
        ("siaga keys ", {"create", "list", "restore", "revoke", "rotate"}),
        ("siaga keys create --sc", {"--scope"}),
        ("siaga bench cal", {"calibration"}),
    ],
)
def test_a_shell_completes_commands_and_their_options(tmp_path, words, expected):
    told = started(
        tmp_path,
        "import sys; sys.argv = ['siaga']; from cli.main import run; run()",
        _SIAGA_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=str(len(words.split(" ")) - 1),
    )
    assert set(told.split()) == expected


def test_an_error_of_ours_is_no_instruction_to_the_operator(monkeypatch, capsys):
    from cli import main  # noqa: PLC0415 - its `app` is replaced

    def broken():
        raise ZeroDivisionError

    monkeypatch.setattr(main, "app", broken)
    with pytest.raises(ZeroDivisionError):
        main.run()
    assert capsys.readouterr().err == ""
