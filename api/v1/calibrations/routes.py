"""Calibrations: read, and made again from the service's own searches."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, TheCalibrations
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.calibrations.schemas import CalibrationOut, CalibrationReading
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/calibrations", tags=["calibrations"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_CALIBRATION))]
Maker = Annotated[Actor, Depends(Allowed(Permission.CALIBRATE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    status_code=201,
    response_model=CalibrationReading,
    summary="Calibrate from the service's own searches",
    responses=problems.responses(errors.NotAuthenticated, errors.NotPermitted, errors.TooFewScores),
)
def create(response: Response, calibrations: TheCalibrations, actor: Maker) -> CalibrationReading:
    """Fit the clear encounters' highest scores and the false alarms; in force at once.

    Photos of people who are on no list are calibrated from with `siaga calibrate FOLDER`, where
    they need not leave the machine.
    """
    made = calibrations.make_from_encounters(actor)
    response.headers["Location"] = f"/v1/calibrations/{made.id}"
    return CalibrationReading.reading(calibrations.get(actor, made.id))


@router.get(
    "",
    response_model=Page[CalibrationOut],
    summary="List calibrations",
    responses=problems.responses(*_COMMON),
)
def page(calibrations: TheCalibrations, actor: Reader, query: After) -> Page[CalibrationOut]:
    """Return calibrations in order of making; one of the pack in use may be in force."""
    rows, following = page_of(lambda most: calibrations.page(actor, query.after, most), query.limit)
    items = [CalibrationOut.of(row) for row in rows]
    return Page[CalibrationOut](items=items, next=following)


@router.get(
    "/{calibration_id}",
    response_model=CalibrationReading,
    summary="Read a calibration",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(calibration_id: str, calibrations: TheCalibrations, actor: Reader) -> CalibrationReading:
    """Return one calibration, with score thresholds for the gallery's present size."""
    return CalibrationReading.reading(calibrations.get(actor, calibration_id))
