"""Teams: coordinators keep those that their agency leads; the agencies in a team read it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheTeams, etag
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.offices.schemas import ByAreaQuery
from api.v1.teams.schemas import TeamIn, TeamOut, TeamPatch
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Team

router: Final = APIRouter(prefix="/v1/teams", tags=["teams"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_TEAM))]
Editor = Annotated[Actor, Depends(Allowed(Permission.EDIT_TEAM))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_MADE: Final = (*_COMMON, errors.NotFound, errors.AlreadyExists, errors.AreaRefused)


@router.post(
    "",
    status_code=201,
    response_model=TeamOut,
    summary="Add a team",
    responses=problems.responses(*_MADE),
)
def create(body: TeamIn, response: Response, teams: TheTeams, actor: Editor) -> TeamOut:
    """Add a team that your agency leads."""
    row = teams.create(actor, body.new())
    response.headers["Location"] = f"/v1/teams/{row.id}"
    return _answer(row, response)


@router.get(
    "", response_model=Page[TeamOut], summary="List teams", responses=problems.responses(*_COMMON)
)
def page(teams: TheTeams, actor: Reader, query: Annotated[ByAreaQuery, Query()]) -> Page[TeamOut]:
    """Return the teams that your agency leads or takes part in; coordinators see all."""
    rows, following = page_of(
        lambda most: teams.page(actor, query.after, most, query.area), query.limit
    )
    return Page[TeamOut](items=[TeamOut.of(row) for row in rows], next=following)


@router.get(
    "/{team_id}",
    response_model=TeamOut,
    summary="Read a team",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(team_id: str, response: Response, teams: TheTeams, actor: Reader) -> TeamOut:
    """Return one team, with its version as ETag."""
    return _answer(teams.get(actor, team_id), response)


@router.patch(
    "/{team_id}",
    response_model=TeamOut,
    summary="Change a team",
    responses=problems.responses(*_MADE, errors.StaleVersion),
)
def edit(
    team_id: str,
    body: TeamPatch,
    response: Response,
    teams: TheTeams,
    actor: Editor,
    version: ReadVersion,
) -> TeamOut:
    """Change a team that your agency leads; who is in it no more reads it no more."""
    return _answer(teams.edit(actor, team_id, body.changes(), version), response)


@router.post(
    "/{team_id}/remove",
    status_code=204,
    summary="Remove a team",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def remove(team_id: str, teams: TheTeams, actor: Editor) -> None:
    """Remove a team that your agency leads."""
    teams.remove(actor, team_id)


def _answer(row: Team, response: Response) -> TeamOut:
    response.headers["ETag"] = etag(row.version)
    return TeamOut.of(row)
