"""Programs made from the OpenAPI document: one field changed is one field changed.

A generator writes models of the document's schemas, as integrators' tools do; each resource's
PATCH is sent through its model, also as programs do that fill in what their caller left out.
"""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datamodel_code_generator import generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import Formatter, PythonVersion

from api.app import create_app
from tests.api.conftest import settings_for
from tests.api.test_patches import MADE, Scene, client, scene

__all__ = ["client", "scene"]  # fixtures

CHANGES: dict[str, dict[str, Any]] = {
    "/v1/me": {"language": "en"},
    "/v1/agencies/{agency_id}": {"name": "Renamed"},
    "/v1/officers/{officer_id}": {"name": "Renamed"},
    "/v1/webhooks/{webhook_id}": {"description": "renamed"},
    "/v1/watchlists/{watchlist_id}": {"name": "renamed"},
    "/v1/subjects/{subject_id}": {"name": "Renamed"},
    "/v1/categories/{code}": {"priority": 1},
    "/v1/outcomes/{code}": {"disposition": "released"},
    "/v1/duty/shifts/{shift_id}": {"begins": "06:00"},
    "/v1/referral-presets/{preset_id}": {"name": "Renamed"},
    "/v1/offices/{office_id}": {"area": "32"},
    "/v1/teams/{team_id}": {"area": "32"},
}
"""One change of each resource."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(settings_for(Path("unused"))).openapi()


@pytest.fixture(scope="module")
def models(document, tmp_path_factory) -> Iterator[Any]:
    """The module that the generator writes."""
    written = tmp_path_factory.mktemp("generated") / "models.py"
    generate(
        json.dumps(document),
        input_file_type=InputFileType.OpenAPI,
        output=written,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        formatters=[Formatter.BUILTIN],
    )
    spec = importlib.util.spec_from_file_location("siaga_generated", written)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_every_patch_is_changed():
    assert set(CHANGES) == set(MADE)


@pytest.mark.parametrize("fills_in", [False, True], ids=["as written", "fills in defaults"])
@pytest.mark.parametrize("path", sorted(CHANGES))
def test_one_field_changes_one_field(models, document, scene: Scene, path, fills_in):
    resource = MADE[path](scene)
    body = document["paths"][path]["patch"]["requestBody"]["content"]["application/json"]
    model = getattr(models, body["schema"]["$ref"].rpartition("/")[2])
    change = model(**CHANGES[path])
    how = {"exclude_none": True} if fills_in else {"exclude_unset": True}
    read = scene.client.get(resource.url, headers=resource.headers)
    # What the document says is required is sent; what it says is answered is understood.
    sent = {**resource.headers, "Content-Type": "application/json"}
    if "etag" in read.headers:
        sent["If-Match"] = read.headers["etag"]
    answer = scene.client.patch(resource.url, headers=sent, content=change.model_dump_json(**how))
    assert answer.status_code == 200, answer.text
    answered = document["paths"][path]["patch"]["responses"]["200"]["content"]["application/json"]
    getattr(models, answered["schema"]["$ref"].rpartition("/")[2]).model_validate(answer.json())
    stamps = {"version", "updated_at"} & answer.json().keys()
    expected = read.json() | CHANGES[path] | {name: answer.json()[name] for name in stamps}
    assert answer.json() == expected
