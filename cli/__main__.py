"""`python -m cli` is `siaga`."""

from cli.main import run

run()
