"""The client's models are kept by hand: here they are held against the service's description."""

import types
from datetime import date
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from siaga_client import models

from api.app import create_app
from config.settings import Settings

SCHEMAS = {
    models.Encounter: "EncounterOut",
    models.DocumentCheck: "DocumentCheckOut",
    models.Verification: "VerificationOut",
    models.Presentation: "PresentationOut",
    models.Disposition: "DispositionOut",
    models.PortAlert: "PortAlert",
    models.Instruction: "Instruction",
    models.Comparison: "CompareOut",
    models.Watchlist: "WatchlistOut",
    models.Area: "AreaOut",
    models.TipSummary: "TipSummary",
    models.Tip: "TipOut",
    models.TipReceipt: "ReceiptOut",
    models.Party: "Party",
    models.CaseSummary: "CaseSummary",
    models.Case: "CaseOut",
    models.CaseEntry: "CaseEntryOut",
    models.Approval: "ApprovalOut",
    models.Subject: "SubjectOut",
    models.Enrolled: "EnrolmentOut",
    models.PhotoReport: "PhotoReportOut",
    models.Quality: "QualityOut",
    models.QualityReason: "QualityReason",
    models.Overstay: "OverstayOut",
    models.Timeline: "TimelineOut",
    models.TimelineOverstay: "TimelineOverstay",
    models.TimelineStep: "TimelineStepOut",
    models.StayReceipt: "StayReceiptOut",
    models.Stay: "StayStateOut",
    models.AlertSummary: "AlertSummary",
    models.Alert: "AlertOut",
    models.AlertIdentity: "AlertIdentity",
    models.AlertSubject: "AlertSubject",
    models.AlertWatchlist: "AlertWatchlist",
    models.AlertEncounter: "AlertEncounter",
}
KINDS = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    schemas: dict[str, Any] = create_app(Settings()).openapi()["components"]["schemas"]
    return schemas


@pytest.mark.parametrize("model", SCHEMAS, ids=lambda model: model.__name__)
def test_every_field_is_in_the_services_description(model, described):
    properties = described[SCHEMAS[model]]["properties"]
    for name, field in model.model_fields.items():
        assert name in properties, f"{model.__name__}.{name} is not described"
        assert fits(field.annotation, properties[name], described), (name, properties[name])


def test_every_model_is_checked():
    all_models = {
        each
        for each in vars(models).values()
        if isinstance(each, type) and issubclass(each, models.Answer) and each is not models.Answer
    }
    # An event of the stream is no JSON answer; its fields are those of server-sent events.
    assert all_models == {*SCHEMAS, models.AlertEvent}


def fits(  # noqa: PLR0911 - a case for each kind of type
    annotation: Any, schema: dict[str, Any], described: dict[str, Any]
) -> bool:
    """Whether what the service sends by `schema` is what the client expects."""
    if "anyOf" in schema:
        return all(
            type(None) in get_args(annotation)
            if branch.get("type") == "null"
            else fits(annotation, branch, described)
            for branch in schema["anyOf"]
        )
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [each for each in get_args(annotation) if each is not type(None)]
        return any(fits(each, schema, described) for each in kinds)
    if "$ref" in schema:
        named = schema["$ref"].rpartition("/")[2]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return bool(SCHEMAS[annotation] == named)
        return fits(annotation, described[named], described)
    if get_origin(annotation) is Literal:
        return set(schema.get("enum", [schema.get("const")])) <= set(get_args(annotation))
    if get_origin(annotation) is list:
        return schema["type"] == "array" and fits(
            get_args(annotation)[0], schema["items"], described
        )
    if get_origin(annotation) is dict:
        return bool(schema["type"] == "object")
    if annotation in KINDS:
        return schema.get("type") == KINDS[annotation]
    return schema.get("format") == ("date" if annotation is date else "date-time")
