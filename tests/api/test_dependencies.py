"""What a route can ask for in its signature."""

import asyncio
from typing import get_args

from api import dependencies
from tests.services import open_service


def test_each_use_case_is_of_the_type_that_its_alias_says(tmp_path):
    service = open_service(tmp_path / "siaga.db")
    aliases = {name: get_args(each) for name, each in vars(dependencies).items() if "The" in name}
    use_cases = {
        name: parts for name, parts in aliases.items() if parts[1].dependency.__name__ == "part"
    }
    assert use_cases
    for name, (kind, given) in use_cases.items():
        assert isinstance(asyncio.run(given.dependency(service)), kind), name
    service.close()
