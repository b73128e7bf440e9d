"""Proofs of runtimes: kept beside the network, for one version and one kind of processor."""

from datetime import UTC, datetime

import pytest

from models.runtimes import (
    LEAST_COSINE,
    Runtime,
    RuntimeProof,
    least_proof,
    proof_path,
    read_proof,
    write_proof,
)


def proof(cosine=0.9997, version="2026.4.1", instructions="avx512_bf16"):
    return RuntimeProof(
        runtime=Runtime.OPENVINO_BF16,
        version=version,
        instructions=instructions,
        faces=6,
        least_cosine=cosine,
        proven_at=datetime(2026, 12, 1, tzinfo=UTC),
    )


@pytest.fixture
def compiled(tmp_path):
    return tmp_path / "abc-c4-ort1.31.1.onnx"


def test_a_proof_is_read_as_it_was_written(compiled):
    write_proof(compiled, proof())
    assert read_proof(compiled, "2026.4.1", "avx512_bf16") == proof()
    write_proof(compiled, proof(0.9))
    assert read_proof(compiled, "2026.4.1", "avx512_bf16") == proof(0.9)


def test_it_says_nothing_of_another_version_processor_or_network(compiled):
    write_proof(compiled, proof())
    assert read_proof(compiled, "2026.5.0", "avx512_bf16") is None
    assert read_proof(compiled, "2026.4.1", "amx_bf16") is None
    assert read_proof(compiled.with_name("other.onnx"), "2026.4.1", "avx512_bf16") is None


def test_one_under_a_wrong_name_is_none(compiled):
    path = proof_path(compiled, "2026.5.0", "avx512_bf16")
    path.write_text(proof().model_dump_json())
    assert read_proof(compiled, "2026.5.0", "avx512_bf16") is None


@pytest.mark.parametrize("damaged", ["", "{}", "[1]", '{"least_cosine": 1.0}', "\0"])
def test_a_damaged_one_is_none(compiled, damaged):
    write_proof(compiled, proof())
    proof_path(compiled, "2026.4.1", "avx512_bf16").write_text(damaged)
    assert read_proof(compiled, "2026.4.1", "avx512_bf16") is None


def test_the_worst_network_decides():
    assert least_proof([proof(0.9999), proof(0.997), proof(0.9995)]) == proof(0.997)


@pytest.mark.parametrize(
    ("cosine", "passed"),
    [(1.0, True), (LEAST_COSINE, True), (LEAST_COSINE - 1e-6, False), (-1.0, False)],
)
def test_what_is_exact_enough_passes(cosine, passed):
    assert proof(cosine).passed is passed
