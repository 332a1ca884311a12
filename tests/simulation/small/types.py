"""Types of columns: names, and the same object however one is asked for."""

from __future__ import annotations

from typing import Any, Final


class DataType:
    """A column's type; `pl.Int64` and `pl.Int64()` are the same."""

    def __init__(self, name: str) -> None:
        """`name` is what Polars calls it."""
        self.name = name

    def __call__(self, *given: Any) -> DataType:  # noqa: ANN401 - as Polars has it
        """Return itself, or the type with these parameters."""
        name = f"{self.name}({', '.join(map(str, given))})"
        return _WITH_PARAMETERS.setdefault(name, DataType(name)) if given else self

    @property
    def is_moment(self) -> bool:
        """Whether values are ms since 1970 UTC, which rows have as datetimes."""
        return self.name.startswith("Datetime")


_WITH_PARAMETERS: Final[dict[str, DataType]] = {}

Binary, Boolean, Date, Datetime, Int64, String, UInt64, UInt128, Float64 = (
    DataType(name)
    for name in ("Binary", "Boolean", "Date", "Datetime", "Int64", "String", "UInt64", "UInt128", "Float64")
)


class Schema(dict[str, DataType]):
    """The columns of a frame: names and types, in order."""

    def names(self) -> list[str]:
        """Return the columns' names."""
        return list(self)

    def __eq__(self, other: object) -> bool:
        """Compare the order as well."""
        return isinstance(other, dict) and list(self.items()) == list(other.items())

    def __ne__(self, other: object) -> bool:
        """Compare the order as well."""
        return not self == other

    __hash__ = None
