import copy
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models import errors
from models.errors import ManifestInvalid, ModelsError, UnknownPack
from models.manifest import Pack, builtin_packs, load_pack, parse_pack
from tests.models.builders import tables

SCRFD_10G = "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91"
SCRFD_2_5G = "041f73f47371333d1d17a6fee6c8ab4e6aecabefe398ff32cca4e2d5eaee0af9"
SCRFD_500M = "5e4447f50245bbd7966bd6c0fa52938c61474a04ec7def48753668a9d8b4ea3a"
W600K_R50 = "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43"
W600K_MBF = "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f"
YUNET = "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"
SFACE = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"

PUBLISHED = {
    "antelopev2": (SCRFD_10G, "4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf"),
    "buffalo_l": (SCRFD_10G, W600K_R50),
    "buffalo_m": (SCRFD_2_5G, W600K_R50),
    "buffalo_s": (SCRFD_500M, W600K_MBF),
    "buffalo_sc": (SCRFD_500M, W600K_MBF),
    "aura": (YUNET, "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60"),
    "open-2026may": ("ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0", SFACE),
    "open-plus": (
        YUNET,
        SFACE,
        "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
    ),
    "open": (YUNET, SFACE),
}


def test_built_in_packs_pin_the_published_digests():
    packs = builtin_packs()
    assert {n: tuple(f.sha256 for f in p.files) for n, p in packs.items()} == PUBLISHED
    assert list(packs) == sorted(packs)


@pytest.mark.parametrize("pack", builtin_packs().values(), ids=lambda pack: pack.name)
def test_built_in_packs_are_complete(pack: Pack):
    assert all(file.sources and file.size for file in pack.files)
    assert pack.licence.acceptance_required == (not pack.name.startswith(("open", "aura")))
    assert pack.folder is None
    assert (resources.files("models") / "packs" / f"{pack.name}.toml").is_file()


def test_one_content_has_one_size_in_every_pack():
    sizes = {(f.sha256, f.size) for pack in builtin_packs().values() for f in pack.files}
    assert len(sizes) == len({digest for digest, _ in sizes})


def test_open_is_fed_as_its_graphs_expect():
    pack = load_pack("open")
    assert (pack.detector.preprocessing.colour, pack.recogniser.preprocessing.colour) == (
        "BGR",
        "RGB",
    )
    assert pack.recogniser.embedding_dim == 128
    assert [source.kind for source in pack.recogniser.sources] == ["wheel", "url"]


def test_unknown_pack_lists_those_there_are():
    with pytest.raises(UnknownPack, match=r"'nothing'.*buffalo_l.*open.*siaga models list"):
        load_pack("nothing")


TOML = """
name = "own"
version = "1"
title = "Ours"
[licence]
name = "MIT"
summary = "Free."
acceptance_required = false
upstream = "https://example.invalid/"
[detector]
file = "d.onnx"
sha256 = "{detector}"
licence = "MIT"
upstream = "https://example.invalid/"
architecture = "yunet"
input_size = 640
input_sizes = [320]
score_threshold = 0.6
confident_score = 0.9
nms_threshold = 0.3
preprocessing = {{ colour = "BGR", mean = 0, std = 1 }}
[recogniser]
file = "r.onnx"
sha256 = "{recogniser}"
licence = "MIT"
upstream = "https://example.invalid/"
architecture = "sface"
input_size = 112
embedding_dim = 128
alignment = "arcface-112"
preprocessing = {{ colour = "RGB", mean = 0, std = 1 }}
[prior]
fmr = [0.1, 0.01]
score = [0.2, 0.4]
source = "make bench, on something"
"""


def own_manifest(folder: Path, detector: str = "a" * 64, recogniser: str = "b" * 64) -> Path:
    manifest = folder / "manifest.toml"
    manifest.write_text(TOML.format(detector=detector, recogniser=recogniser))
    return manifest


def test_a_folder_with_a_manifest_is_a_custom_pack(tmp_path):
    own_manifest(tmp_path)
    pack = load_pack(str(tmp_path))
    assert pack.folder == tmp_path
    assert pack.reference == str(tmp_path)
    assert pack.prior is not None
    assert pack.prior.score == (0.2, 0.4)
    assert pack.detector.sources == ()
    assert pack.detector.size is None


def test_a_custom_pack_may_not_borrow_a_built_in_name(tmp_path):
    manifest = own_manifest(tmp_path)
    manifest.write_text(manifest.read_text().replace('"own"', '"open"'))
    with pytest.raises(ManifestInvalid, match="'open' is a built-in pack with other weights"):
        load_pack(str(tmp_path))
    own_manifest(tmp_path, *PUBLISHED["open"])
    manifest.write_text(manifest.read_text().replace('"own"', '"open"'))
    assert load_pack(str(tmp_path)).folder == tmp_path


@pytest.mark.parametrize(
    "content",
    [b"name = ", b"\xff\xfe", b"a = " + b"[" * 5000, b"", b"[detector]\n"],
    ids=["cut", "not UTF-8", "nested deeply", "empty", "sparse"],
)
def test_a_broken_manifest_is_named(tmp_path, content):
    (tmp_path / "manifest.toml").write_bytes(content)
    with pytest.raises(ManifestInvalid, match=r"manifest\.toml: .*Correct the manifest"):
        load_pack(str(tmp_path))


URL = {"kind": "url", "url": "https://example.invalid/a"}
FAULTS: dict[str, tuple[str, Any]] = {
    "upper-case digest": ("detector.sha256", "A" * 64),
    "short digest": ("detector.sha256", "a" * 63),
    "digest and newline": ("detector.sha256", "a" * 64 + "\n"),
    "file in a folder": ("detector.file", "a/b.onnx"),
    "file above": ("recogniser.file", ".."),
    "file on Windows": ("recogniser.file", "a\\b.onnx"),
    "hidden file": ("recogniser.file", ".onnx"),
    "file with NUL": ("recogniser.file", "a\0.onnx"),
    "unknown field": ("detector.colour", "red"),
    "zero std": ("detector.preprocessing.std", 0.0),
    "mean not a number": ("detector.preprocessing.mean", float("nan")),
    "colour order": ("recogniser.preprocessing.colour", "GBR"),
    "size as text": ("detector.size", "68000"),
    "size as float": ("detector.size", 68000.0),
    "size negative": ("detector.size", -1),
    "size a flag": ("detector.size", True),
    "flag as text": ("licence.acceptance_required", "true"),
    "no working size": ("detector.input_sizes", []),
    "threshold above one": ("detector.score_threshold", 1.5),
    "confidence above one": ("detector.confident_score", 1.01),
    "confidence as text": ("detector.confident_score", "high"),
    "unknown architecture": ("recogniser.architecture", "facenet"),
    "wrong role": ("recogniser.architecture", "yunet"),
    "unknown alignment": ("recogniser.alignment", "none"),
    "name with separator": ("name", "../open"),
    "version as option": ("version", "--pre"),
    "plain http": ("licence.upstream", "http://example.invalid/"),
    "not an address": ("licence.upstream", "example.invalid"),
    "broken address": ("licence.upstream", "https://[::1"),
    "smuggled folder": ("folder", "/tmp"),
}


def test_a_manifest_says_from_which_confidence_on_a_face_is_searched():
    """No default: every detector has a scale of its own."""
    data = tables()
    del data["detector"]["confident_score"]
    with pytest.raises(ManifestInvalid, match=r"detector\.confident_score: Field required"):
        parse_pack(data, "tiny.toml")


@pytest.mark.parametrize("pack", builtin_packs().values(), ids=lambda pack: pack.name)
def test_detectors_of_one_architecture_share_a_scale(pack):
    bound = {"yunet": 0.9, "scrfd": 0.7}[pack.detector.architecture]
    assert pack.detector.confident_score == bound


def put(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(data)
    *parents, last = path.split(".")
    table = data
    for parent in parents:
        table = table[parent]
    table[last] = value
    return data


@pytest.mark.parametrize(("path", "value"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_file_and_field(path, value):
    with pytest.raises(ManifestInvalid) as raised:
        parse_pack(put(tables(), path, value), "tiny.toml")
    assert str(raised.value).startswith("tiny.toml: ")
    assert path in str(raised.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("detector.input_sizes", [640, 320], "must grow"),
        ("detector.input_sizes", [330], "multiples of 32"),
        ("detector.confident_score", 0.49, "at least score_threshold"),
        ("recogniser.file", "det.onnx", "the file of detector"),
        ("recogniser.sha256", tables()["detector"]["sha256"], "the sha256 of detector"),
    ],
)
def test_a_contradiction_is_explained(path, value, message):
    with pytest.raises(ManifestInvalid, match=message):
        parse_pack(put(tables(), path, value), "tiny.toml")


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "ftp", "url": "https://example.invalid/"},
        {"url": "https://example.invalid/"},
        {"kind": "url", "url": "http://example.invalid/"},
        {"kind": "url", "url": "http://127.0.0.1.example.invalid/"},
        {"kind": "url", "url": "file:///etc/passwd"},
        {"kind": "zip", "url": "https://example.invalid/", "member": "../up.onnx"},
        {"kind": "zip", "url": "https://example.invalid/", "member": "/root.onnx"},
        {"kind": "zip", "url": "https://example.invalid/"},
        {"kind": "wheel", "package": "--index-url=x", "version": "1", "member": "a"},
        {"kind": "wheel", "package": "a", "version": "1 --pre", "member": "a"},
        {"kind": "wheel", "package": "a", "version": "-1", "member": "a"},
    ],
)
def test_a_source_that_could_do_harm_is_refused(source):
    with pytest.raises(ManifestInvalid, match=r"detector\.sources"):
        parse_pack(tables(detector=[source]), "tiny.toml")


def test_http_is_for_this_machine_only():
    for host in ("127.0.0.1:8000", "localhost", "[::1]:80"):
        source = {"kind": "url", "url": f"http://{host}/a"}
        assert parse_pack(tables(detector=[source]), "tiny.toml").detector.sources


@pytest.mark.parametrize(
    ("fmr", "score"),
    [
        ([0.1], [0.2]),
        ([0.1, 0.01], [0.2]),
        ([0.1, 0.1], [0.2, 0.3]),
        ([0.01, 0.1], [0.2, 0.3]),
        ([0.1, 0.01], [0.3, 0.3]),
        ([0.1, 0.0], [0.2, 0.3]),
        ([0.1, 0.01], [0.2, 1.1]),
        ([0.1, float("nan")], [0.2, 0.3]),
    ],
)
def test_a_prior_must_be_a_curve(fmr, score):
    prior = {"fmr": fmr, "score": score, "source": "test"}
    with pytest.raises(ManifestInvalid, match="prior"):
        parse_pack(tables() | {"prior": prior}, "tiny.toml")


def test_packs_are_frozen():
    pack = load_pack("open")
    with pytest.raises(ValidationError):
        pack.detector.__setattr__("sha256", "a" * 64)  # spelt so that mypy lets it run


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.times(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def paths(table: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key, value in table.items():
        found.append(prefix + key)
        if isinstance(value, dict):
            found += paths(value, f"{prefix}{key}.")
    return found


@given(st.dictionaries(st.text(max_size=12), VALUES, max_size=6))
def test_any_tables_are_refused_as_a_manifest_and_nothing_else(data):
    with pytest.raises(ManifestInvalid):
        parse_pack(data, "any.toml")


@given(st.sampled_from(paths(tables())), VALUES)
def test_any_value_in_any_field_is_either_fine_or_the_manifests_fault(path, value):
    try:
        pack = parse_pack(put(tables(), path, value), "any.toml")
    except ManifestInvalid:
        return
    assert isinstance(pack, Pack)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=64))
def test_any_bytes_as_a_manifest_are_the_manifests_fault(tmp_path, content):
    (tmp_path / "manifest.toml").write_bytes(content)
    with pytest.raises(ManifestInvalid):
        load_pack(str(tmp_path))


@given(st.text(max_size=40))
def test_any_name_is_a_pack_or_an_error_of_ours(name):
    try:
        load_pack(name)
    except ModelsError:
        return
    assert name in PUBLISHED


def test_the_tree_of_errors_names_each():
    tree = errors.__doc__ or ""
    assert all(name in tree for name in errors.__all__ if name != "Attempt")


def test_importing_the_package_loads_no_network_runtime():
    heavy = "{'onnx', 'onnxruntime', 'cv2', 'insightface', 'numpy', 'faiss'}"
    code = f"import sys, models.fetch, models.store; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_composite_pack_is_identified_by_all_that_makes_its_embedding():
    plus = load_pack("open-plus")
    assert plus.embedding_dim == 128 + 512
    assert len(plus.files) == 3
    (companion,) = plus.companions
    changed = [
        plus.model_copy(update={"mirrored": False}),
        plus.model_copy(update={"companions": ()}),
        plus.model_copy(update={"companions": (companion.model_copy(update={"weight": 0.5}),)}),
    ]
    digests = {pack.embedding_digest for pack in (plus, *changed, load_pack("open"))}
    assert len(digests) == 5
    assert load_pack("open").embedding_digest == load_pack("open").recogniser.sha256
