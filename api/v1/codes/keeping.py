"""Who reads the code lists and who keeps them, and how their routes refuse."""

from typing import Annotated, Final

from fastapi import Depends

from api import problems
from api.dependencies import Allowed
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_CODE))]
Keeper = Annotated[Actor, Depends(Allowed(Permission.EDIT_CODE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)

LISTS: Final = problems.responses(*_COMMON)
READS: Final = problems.responses(*_COMMON, errors.NotFound)
MAKES: Final = problems.responses(*_COMMON, errors.AlreadyExists, errors.CodeRefused)
EDITS: Final = problems.responses(
    *_COMMON,
    errors.NotFound,
    errors.StaleVersion,
    problems.VersionRequired,
    errors.CodeRefused,
    errors.ReasonMissing,
)
REMOVES: Final = problems.responses(*_COMMON, errors.NotFound, errors.StillInUse)
