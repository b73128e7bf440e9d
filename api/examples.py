"""Examples for the OpenAPI document: made from the schemas, so that none can grow old.

A field's own `examples` come first; then what fields of that name look like; then whatever the
schema allows. A test checks every example against its schema.
"""

from collections.abc import Mapping
from typing import Any, Final

_TIME: Final = "2026-03-01T08:30:00Z"
_ULID: Final = "01M7ZYY7HDJHTCS856SBCRH8M1"

_BY_NAME: Final[Mapping[str, Any]] = {
    "aliases": ["Ben"],
    "agency_id": f"agy_{_ULID}",
    "alert_id": f"alt_{_ULID}",
    "after": None,
    "before": None,
    "birth_date": "1980-02-28",
    "birth_year": 1980,
    "case_number": "IMI-2026-000042-K",
    "code": "123456",
    "country": "IDN",
    "decision_number": "KEP-7/2026",
    "description": "Case system",
    "detail": "Ask for the bearer's passport.",
    "encounter_id": f"enc_{_ULID}",
    "en": "Ask the traveller to wait.",
    "filename": "wanted.csv",
    "id": f"id_{_ULID}",
    "key": "siaga.key.0123456789abcdef",
    "key_id": f"key_{_ULID}",
    "kind": "passport",
    "lane": "A7",
    "language": "en",
    "legal_basis": "Decree 7 of 2026",
    "login": "imigrasi.siti",
    "name": "Immigration: wanted",
    "nationality": "IDN",
    "note": "The ears differ.",
    "number": "X1234567",
    "officer_id": f"off_{_ULID}",
    "password": "a long enough pass phrase",
    "present": "the pass phrase until now",
    "purpose": "case 2026/114, missing documents",
    "reason": "entered by mistake",
    "receiver_id": f"agy_{_ULID}",
    "reference": "DPO-114",
    "request_id": _ULID,
    "secret": "whsec_0123456789abcdef",
    "shared_with": [f"agy_{_ULID}"],
    "source": "A neighbour",
    "subject_id": f"sub_{_ULID}",
    "text": "Seen at the market.",
    "tip_id": f"tip_{_ULID}",
    "token": "siaga.session.0123456789abcdef",
    "traveller_ref": "X1",
    "url": "https://cases.example.org/siaga",
    "watchlist_id": f"wl_{_ULID}",
    "watchlist_ids": [f"wl_{_ULID}"],
}

_BY_FORMAT: Final[Mapping[str, str]] = {
    "date-time": _TIME,
    "date": "2026-03-01",
    "uri": "https://cases.example.org/siaga",
}

_DEEPEST: Final = 12
"""Levels of a body that are filled in: no schema goes so deep, unless it holds itself."""


class Examples:
    """Makes examples of the schemas of one document."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def of(self, schema: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Return what a schema's value could be.

        Args:
            schema: a JSON schema, with references into the document's components.
            name: the field's name.
            depth: levels above this one.
        """
        whole = self._resolved(schema)
        given = _given(whole)
        if given is not None:
            return given
        kind = whole.get("type")
        if kind == "object":
            return self._object(whole, depth)
        named = _BY_NAME.get(name)
        if named is not None and _fits(named, whole):
            return named
        if kind == "array":
            return self._array(whole, name, depth)
        return _scalar(whole)

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a schema without references and alternatives: the first that is not null."""
        whole = dict(schema)
        while True:
            if "$ref" in whole:
                referred = self._schemas[whole.pop("$ref").rpartition("/")[2]]
                whole = {**referred, **whole}
                continue
            chosen = whole.pop("anyOf", None) or whole.pop("oneOf", None)
            if chosen is None:
                return whole
            whole = {**next(each for each in chosen if each.get("type") != "null"), **whole}

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        fields = schema.get("properties", {})
        if depth >= _DEEPEST:
            fields = {name: fields[name] for name in schema.get("required", ())}
        return {name: self.of(each, name, depth + 1) for name, each in fields.items()}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        items = schema.get("items", {})
        return [self.of(items, name.removesuffix("s"), depth + 1)] if depth < _DEEPEST else []


def _given(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return what the schema itself says that a value looks like, if it does."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    return schema.get("default") or None


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - JSON
    """Say whether a value is of the schema's type: one name can stand for different things."""
    kinds = {str: "string", int: "integer", list: "array"}
    fits: bool = kinds[type(value)] == schema.get("type") and "format" not in schema
    return fits


def _scalar(schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    match schema.get("type"):
        case "string":
            text = _BY_FORMAT.get(schema.get("format", ""), "text")
            return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return 0.5
        case "boolean":
            return True
        case _:
            return {}
