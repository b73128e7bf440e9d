"""Query parameters: one model a route, which refuses parameters that it does not have.

    @router.get("")
    def page(query: Annotated[AlertQuery, Query()]) -> ...

A misspelt filter must not show everything, nor a misspelt `dry_run` store it. A route's model
refuses what it has no field for; a route without a model refuses every parameter (`api.routing`).
"""

from typing import Annotated

from pydantic import Field

from api.v1.common import Strict

Limit = Annotated[int, Field(ge=1, le=200, description="Most items on the page.")]


class QueryModel(Strict):
    """The parameters of a route."""


class AfterPage(QueryModel):
    """A page of a list that is in order of making."""

    after: str | None = Field(
        default=None, max_length=100, description="The `next` of the page before."
    )
    limit: Limit = 50


class BeforePage(QueryModel):
    """A page of a list that begins with the newest."""

    before: str | None = Field(
        default=None, max_length=100, description="The `next` of the page before."
    )
    limit: Limit = 50
