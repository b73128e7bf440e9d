"""The OpenAPI document: valid, and such that programs can be generated from it.

The rules beyond the standard are this service's own; each has a document that breaks it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import problems
from api.app import create_app
from tests.api.conftest import settings_for

Document = dict[str, Any]

SHORT = re.compile(r"[a-z]+(_[a-z]+){1,4}")
"""An operation's id: its group and what it does."""
LONGEST_ID = 40

BINARY = {"type": "string", "format": "binary"}

PLAIN = {"healthz", "readyz", "metrics"}
"""First parts of addresses that probes ask for: no problem documents, no version."""


@cache
def document() -> Document:
    return create_app(settings_for(Path("unused"))).openapi()


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", method, operation


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Where each body stands, its media type, and what is said about it."""
    whole = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for place, answer in whole.items():
        for kind, body in answer.get("content", {}).items():
            yield place, kind, body


def whole_schema(schema: Any, document: Document) -> dict[str, Any]:
    """A schema that its references can be followed from."""
    return {**schema, "components": document["components"]}


def errors_of(value: Any, schema: Any, document: Document) -> list[str]:
    validator = OAS31Validator(
        whole_schema(schema, document), format_checker=OAS31Validator.FORMAT_CHECKER
    )
    return [error.message for error in validator.iter_errors(value)]


def nodes(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a document, with the way to it."""
    if isinstance(node, dict):
        yield where, node
        for name, each in node.items():
            yield from nodes(each, f"{where}/{name}")
    elif isinstance(node, list):
        for number, each in enumerate(node):
            yield from nodes(each, f"{where}/{number}")


def schema_nodes(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema: of components, bodies and parameters."""
    for name, schema in document["components"]["schemas"].items():
        yield from nodes(schema, name)
    for label, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield from nodes(parameter["schema"], f"{label} {parameter['name']}")
        for place, kind, body in bodies(operation):
            yield from nodes(body.get("schema", {}), f"{label} {place} {kind}")


# Rules: each yields what breaks it.


def standard(document: Document) -> Iterator[str]:
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"{list(error.absolute_path)}: {error.message[:200]}"


def defaults_fit(document: Document) -> Iterator[str]:
    for where, schema in schema_nodes(document):
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, dict) and "default" in field:
                for error in errors_of(field["default"], field, document):
                    yield f"{where}.{name}: {error}"
    for label, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            for value in [schema["default"]] if "default" in schema else []:
                yield from (f"{label}: {error}" for error in errors_of(value, schema, document))


def patches_have_no_defaults(document: Document) -> Iterator[str]:
    """Neither they nor objects within: a program that fills in defaults undoes what others set.

    What stands in a list is made new, and may have defaults.
    """
    for label, method, operation in operations(document):
        if method != "patch":
            continue
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        seen: set[str] = set()
        waiting = [body]
        while waiting:
            for where, node in nodes(waiting.pop()):
                if "/items" in where:
                    continue
                if "default" in node and not where.endswith("/properties"):
                    yield f"{label}{where}: a default is published"
                name = str(node.get("$ref", "")).rpartition("/")[2]
                if name and name not in seen:
                    seen.add(name)
                    waiting.append(document["components"]["schemas"][name])


def ids_are_short_and_unique(document: Document) -> Iterator[str]:
    ids = Counter(operation.get("operationId", "") for _, _, operation in operations(document))
    for name, times in ids.items():
        if times > 1 or len(name) > LONGEST_ID or not SHORT.fullmatch(name):
            yield f"operation id {name!r}"


def everything_is_described(document: Document) -> Iterator[str]:
    known = {tag["name"]: tag["description"] for tag in document["tags"]}
    for label, _, operation in operations(document):
        for field in ("summary", "description"):
            if not operation.get(field):
                yield f"{label}: no {field}"
        if len(operation.get("tags", ())) != 1 or not known.get(operation["tags"][0]):
            yield f"{label}: not of one described group"


def bodies_are_declared(document: Document) -> Iterator[str]:
    for label, _, operation in operations(document):
        for place, kind, body in bodies(operation):
            schema = body.get("schema")
            if not schema:
                yield f"{label} {place}: {kind} has no schema"
            elif (kind.startswith("image/") or kind == "application/zip") and schema != BINARY:
                yield f"{label} {place}: {kind} is not binary"


def every_json_body_has_a_true_example(document: Document) -> Iterator[str]:
    for label, _, operation in operations(document):
        for place, kind, body in bodies(operation):
            if kind != "application/json":
                continue
            if "example" not in body:
                yield f"{label} {place}: no example"
                continue
            for error in errors_of(body["example"], body["schema"], document):
                yield f"{label} {place}: {error}"


def a_schema_is_said_once(document: Document) -> Iterator[str]:
    """A reference beside alternatives asks for both at once, where either was meant."""
    combining = {"allOf", "anyOf", "oneOf", "properties"}
    for where, node in schema_nodes(document):
        if "$ref" in node and node.keys() & combining:
            yield f"{where}: {sorted(node)}"


def errors_are_problem_documents(document: Document) -> Iterator[str]:
    for label, _, operation in operations(document):
        if label.split("/")[1] in PLAIN:
            continue
        for status, answer in operation["responses"].items():
            if status >= "400" and list(answer.get("content", {})) != [problems.MEDIA_TYPE]:
                yield f"{label}: {status} is no problem document"


def foreseeable_errors_are_documented(document: Document) -> Iterator[str]:
    for label, _, operation in operations(document):
        if label.split("/")[1] in PLAIN:
            continue
        expected = {"422", "500", "503"}
        if operation.get("security"):
            expected |= {"401", "403"}
        if "{" in label:
            expected.add("404")
        if any(each["name"] == "if-match" for each in operation.get("parameters", ())):
            expected.add("412")
        if "requestBody" in operation:
            expected.add("413")
        for status in sorted(expected - operation["responses"].keys()):
            yield f"{label}: {status} is not documented"


RULES = (
    standard,
    defaults_fit,
    patches_have_no_defaults,
    ids_are_short_and_unique,
    everything_is_described,
    bodies_are_declared,
    every_json_body_has_a_true_example,
    a_schema_is_said_once,
    errors_are_problem_documents,
    foreseeable_errors_are_documented,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_document_keeps(rule):
    assert list(rule(document())) == []


WATCHLIST = ("paths", "/v1/watchlists/{watchlist_id}")
SCHEMAS = ("components", "schemas")

BROKEN = {
    standard: (("components", "securitySchemes"), {"Key or session": {"type": "http"}}),
    defaults_fit: ((*SCHEMAS, "WatchlistIn", "properties", "direction", "default"), "none"),
    patches_have_no_defaults: ((*SCHEMAS, "WatchlistPatch", "properties", "name", "default"), "x"),
    ids_are_short_and_unique: ((*WATCHLIST, "patch", "operationId"), "edit_v1_watchlists__patch"),
    everything_is_described: ((*WATCHLIST, "patch", "description"), ""),
    bodies_are_declared: (
        (*WATCHLIST, "patch", "responses", "200", "content", "image/png"),
        {"schema": {"type": "string"}},
    ),
    every_json_body_has_a_true_example: (
        (*WATCHLIST, "patch", "requestBody", "content", "application/json", "example"),
        {"target_fpir": 2},
    ),
    a_schema_is_said_once: (
        (*WATCHLIST, "patch", "responses", "200", "content", "application/json", "schema", "anyOf"),
        [{"type": "object"}],
    ),
    errors_are_problem_documents: (
        (*WATCHLIST, "patch", "responses", "404", "content"),
        {"application/json": {"schema": {"type": "object"}}},
    ),
    foreseeable_errors_are_documented: ((*WATCHLIST, "patch", "responses"), {}),
}


def test_every_rule_has_a_document_that_breaks_it():
    assert set(BROKEN) == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_finds(rule):
    whole = deepcopy(document())
    (*way, last), value = BROKEN[rule]
    node = whole
    for step in way:
        node = node[step]
    node[last] = value
    assert list(rule(whole)) != []


def test_a_policy_s_edit_says_that_it_takes_a_version():
    operation = document()["paths"]["/v1/watchlists/{watchlist_id}"]["patch"]
    (tag,) = (each for each in operation["parameters"] if each["name"] == "if-match")
    assert tag["required"]
    assert "`version_required`" in operation["responses"]["428"]["description"]
