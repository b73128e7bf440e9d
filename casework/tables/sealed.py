"""Fields that stand sealed: one column of a row holds them all, and they read like any other.

What seals and opens them is `casework.kernel.sealed_fields`; here is what a row looks like.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, overload

from sqlalchemy.orm import Mapped, mapped_column

T = TypeVar("T")

Opener = Callable[["SealedFields"], dict[str, Any]]

_CLEAR: Final = "_clear_fields"
_OPENER: Final = "_opener"
UNSEALED: Final = b""
"""Stands in the column from a field's change to the flush that seals it."""


class Sealed(Generic[T]):
    """A field of a row that is stored sealed, with others, in `sealed_fields`.

    The database cannot search or order by it: `digest` names a column with a keyed digest of its
    value, by which a row with exactly that value is found: within the row's own scope, or, with
    `digest_across`, in the whole installation.
    """

    def __init__(
        self,
        default: Callable[[], T],
        *,
        digest: str | None = None,
        digest_across: bool = False,
        dump: Callable[[Any], Any] = lambda value: value,
        load: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self.default = default
        self.digest = digest
        self.digest_across = digest_across
        self.dump = dump
        self.load = load
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...

    @overload
    def __get__(self, row: "SealedFields", owner: type) -> T: ...

    def __get__(self, row: "SealedFields | None", owner: type) -> Self | T:
        if row is None:
            return self
        fields = row.clear_fields()
        value: T = fields[self.name] if self.name in fields else self.default()
        return value

    def __set__(self, row: "SealedFields", value: T) -> None:
        fields = row.clear_fields()
        if self.name not in fields or fields[self.name] != value:
            fields[self.name] = value
            row.sealed_fields = UNSEALED

    def __eq__(self, other: object) -> bool:
        raise TypeError(f"{self.name} is sealed: no statement can compare it")

    __hash__ = object.__hash__


def nothing() -> None:
    """Return the value of an optional field that has none."""


def sealed_date() -> Sealed[date | None]:
    """Return a field that holds a day, or None."""
    return Sealed(
        nothing,
        dump=lambda day: day.isoformat() if day is not None else None,
        load=lambda text: date.fromisoformat(text) if text is not None else None,
    )


class SealedFields:
    """A row with sealed fields. Their order is free: they are stored by name."""

    sealed_fields: Mapped[bytes | None] = mapped_column()
    """JSON object of the fields, None where none has a value."""

    fields_of_class: ClassVar[dict[str, Sealed[Any]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - handed on
        super().__init_subclass__(**kwargs)
        cls.fields_of_class = {
            name: each for name, each in vars(cls).items() if isinstance(each, Sealed)
        }

    def clear_fields(self) -> dict[str, Any]:
        """Return the fields that are set, by name; opened when first asked for."""
        fields: dict[str, Any] | None = self.__dict__.get(_CLEAR)
        if fields is None:
            opener: Opener | None = self.__dict__.get(_OPENER)
            fields = opener(self) if opener is not None else {}
            self.__dict__[_CLEAR] = fields
        return fields

    def opened_by(self, opener: Opener) -> None:
        """Take the row as it was loaded; `opener` reads its fields."""
        self.__dict__[_OPENER] = opener
        self.__dict__.pop(_CLEAR, None)

    def dumped(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        known = self.fields_of_class
        return {name: known[name].dump(value) for name, value in self.clear_fields().items()}

    @classmethod
    def loaded(cls, dumped: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields as they were before `dumped`; unknown names are dropped."""
        known = cls.fields_of_class
        return {name: known[name].load(value) for name, value in dumped.items() if name in known}
