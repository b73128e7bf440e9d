"""The message of an error that ends a command."""

from pydantic import ValidationError
from rich.markup import escape
from sqlalchemy.exc import OperationalError

from casework.kernel.errors import CaseworkError, NotFound, SetUpError
from cli.output import Exit, err
from detector.errors import DetectorError
from models.errors import ModelsError


def explain(error: Exception) -> Exit | None:
    """Say what to put right and return the exit status; None of an error that is our own fault."""
    match error:
        case ValidationError():
            for each in error.errors():
                name = ".".join(str(part) for part in each["loc"])
                err.print(f"[red]Setting {escape(name)}:[/] {escape(each['msg'])}")
        case CaseworkError() | ModelsError() | DetectorError():
            err.print(f"[red]Error:[/] {escape(str(error))}")
        case PermissionError() | NotADirectoryError() | IsADirectoryError() if error.filename:
            what = f"{error.filename} cannot be used: {error.strerror}"
            err.print(f"[red]Error:[/] {escape(what)}. See whose it is, and who may write there.")
        case OperationalError(statement=None):
            what = f"the database cannot be opened: {error.orig}"
            err.print(f"[red]Error:[/] {escape(what)}")
        case _:
            return None
    match error:
        case NotFound():
            return Exit.USAGE
        case CaseworkError() if not isinstance(error, SetUpError):
            return Exit.REFUSED
        case _:
            return Exit.SET_UP
