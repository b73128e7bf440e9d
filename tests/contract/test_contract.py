"""What users and data depend on is as it was recorded."""

import difflib

import pytest

from tests.contract.record import FACETS, RECORDED, text_of

_LONGEST = 200  # lines of a difference; more are for `git diff`


@pytest.mark.parametrize("name", FACETS)
def test_what_users_and_data_depend_on_is_as_recorded(name):
    recorded, found = (RECORDED / name).read_text(encoding="utf-8"), text_of(name)
    difference = list(
        difflib.unified_diff(
            recorded.splitlines(), found.splitlines(), f"recorded/{name}", "now", lineterm="", n=1
        )
    )
    if difference:
        shown = "\n".join(difference[:_LONGEST])
        pytest.fail(
            f"What users or data depend on has changed. If that is meant, run `make record` and "
            f"commit the change of tests/contract/recorded/{name} with its reason:\n{shown}",
            pytrace=False,
        )
