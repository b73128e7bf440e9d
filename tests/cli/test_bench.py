"""`siaga bench` hands over to the benchmarks, with whatever options follow."""

from tests.cli.conftest import Run


def test_options_reach_the_benchmark(siaga: Run):
    shown = siaga("bench", "load", "--subjects", "many")
    assert shown.returncode == 2
    assert "python -m benchmarks load" in shown.stderr


def test_an_unknown_benchmark_is_a_wrong_command_line(siaga: Run):
    assert siaga("bench", "everything-else").returncode == 2
