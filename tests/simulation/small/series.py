"""A column: values, their type, what can be done with them. Null is None, and makes null of most things."""

from __future__ import annotations

import operator
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from tests.simulation.small import types
from tests.simulation.small.values import both_true, day, moment, order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.simulation.small.types import DataType


class Series:
    """Values of one type; methods as Polars has them, for a series and in expressions."""

    __slots__ = ("dtype", "name", "values")

    def __init__(
        self,
        name: Any = None,  # noqa: ANN401 - the values, if there is no name
        values: Any = None,  # noqa: ANN401 - any values
        dtype: DataType | None = None,
    ) -> None:
        """Take values; raises `TypeError` for what is no integer where integers are wanted."""
        if not isinstance(name, str) and name is not None:
            name, values = "", name
        self.name: str = name or ""
        self.values: list[Any] = list(values) if values is not None else []
        self.dtype = dtype
        if dtype is types.Int64 and not all(one is None or type(one) is int for one in self.values):
            raise TypeError("integers are wanted")

    @classmethod
    def of(cls, name: str, values: list[Any], dtype: DataType | None) -> Series:
        """Take values as they are."""
        made = cls.__new__(cls)
        made.name, made.values, made.dtype = name, values, dtype
        return made

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.shown())

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - a place or a slice
        return self._with(self.values[place]) if isinstance(place, slice) else self.values[place]

    def shown(self) -> list[Any]:
        """Return the values as rows have them."""
        if self.dtype is not None and self.dtype.is_moment:
            return [moment(one) for one in self.values]
        return self.values

    def to_list(self) -> list[Any]:
        """Return the values."""
        return list(self.shown())

    def alias(self, name: str) -> Series:
        """Return it under another name."""
        return Series.of(name, self.values, self.dtype)

    def cast(self, dtype: DataType) -> Series:
        """Return the values as another type."""
        values = self.values
        if dtype is types.String:
            values = [None if one is None else str(one) for one in values]
        elif dtype is types.Binary:
            values = [None if one is None else one.encode() for one in values]
        return Series.of(self.name, values, dtype)

    # Of all values.

    def any(self) -> bool:
        """Say whether one is true."""
        return any(self.values)

    def all(self) -> bool:
        """Say whether none is false."""
        return not any(one is not None and not one for one in self.values)

    def is_empty(self) -> bool:
        """Say whether there is none."""
        return not self.values

    def min(self) -> Any:  # noqa: ANN401 - a value
        """Return the least, None of none."""
        return min((one for one in self.values if one is not None), default=None)

    def max(self) -> Any:  # noqa: ANN401 - a value
        """Return the greatest, None of none."""
        return max((one for one in self.values if one is not None), default=None)

    def value_counts(self) -> Any:  # noqa: ANN401 - a frame
        """Return a frame of each value and how often it is there."""
        from tests.simulation.small.frame import DataFrame  # noqa: PLC0415 - it has series

        counted = Counter(self.values)
        return DataFrame({self.name: Series.of("", list(counted), self.dtype), "count": [*counted.values()]})

    def search_sorted(self, wanted: Any, side: str = "left") -> Any:  # noqa: ANN401 - a value or a series
        """Return where a value, or each of some, would be."""
        find = bisect_right if side == "right" else bisect_left
        if isinstance(wanted, Series):
            return Series.of(wanted.name, [find(self.values, one) for one in wanted.values], types.Int64)
        return find(self.values, wanted)

    def to_frame(self) -> Any:  # noqa: ANN401 - a frame
        """Return it as the only column."""
        from tests.simulation.small.frame import DataFrame  # noqa: PLC0415 - it has series

        return DataFrame({self.name: self})

    # To other series.

    def filter(self, mask: Series) -> Series:
        """Return the values where another is true."""
        kept = zip(self.values, mask.values, strict=True)
        return self._with([one for one, wanted in kept if wanted])

    def gather(self, places: Series) -> Series:
        """Return the values at some places."""
        return self._with([self.values[place] for place in places.values])

    def sort(self) -> Series:
        """Return the values in order, null first."""
        return self._with(sorted(self.values, key=order))

    def clear(self) -> Series:
        """Return none of the values."""
        return self._with([])

    def cum_sum(self) -> Series:
        """Return the sum up to each."""
        return self._with(list(accumulate(self.values)))

    def clip(self, least: Any) -> Series:  # noqa: ANN401 - a value
        """Return what is less as the least."""
        return self._with([max(one, least) for one in self.values])

    def shift(self, *, fill_value: Any = None) -> Series:  # noqa: ANN401 - a value
        """Return each value one place further on."""
        return self._with([fill_value, *self.values[:-1]] if self.values else [])

    def fill_null(self, value: Any) -> Series:  # noqa: ANN401 - a value
        """Return a value in place of null."""
        return self._with([value if one is None else one for one in self.values])

    def is_first_distinct(self) -> Series:
        """Say of each value whether it has not been there before."""
        seen: set[Any] = set()
        flags: list[bool | None] = []
        for one in self.values:
            flags.append(one not in seen)
            seen.add(one)
        return self._flags(flags)

    def is_in(self, among: list[Any]) -> Series:
        """Say of each whether it is among some."""
        return self._flags([one in among for one in self.values])

    def is_null(self) -> Series:
        """Say of each whether it is null."""
        return self._flags([one is None for one in self.values])

    def is_not_null(self) -> Series:
        """Say of each whether it is not null."""
        return self._flags([one is not None for one in self.values])

    def is_between(self, least: Any, most: Any, closed: str = "both") -> Series:  # noqa: ANN401 - values
        """Say of each whether it is between two; `closed` is `both`, or `right` without the least."""
        above = self > least if closed == "right" else self >= least
        within: Series = above & (self <= most)
        return within

    def ne_missing(self, other: Series) -> Series:
        """Say whether two differ; null is a value."""
        return self._flags([a != b for a, b in zip(self.values, other.values, strict=True)])

    def replace_strict(self, by: Mapping[Any, Any]) -> Series:
        """Return what a mapping has for each; null stays."""
        return self._with([None if one is None else by[one] for one in self.values])

    def hash(self, _seed: int) -> Series:
        """Return a number for each that is the same for equal values."""
        return Series.of(self.name, [hash(one) & (2**64 - 1) for one in self.values], types.UInt64)

    # Texts, bytes and moments.

    def to_lowercase(self) -> Series:
        """Return texts in lower case."""
        return self._each(lambda one: one.lower())

    def zfill(self, length: int) -> Series:
        """Return texts with zeros before them."""
        return self._each(lambda one: one.zfill(length))

    def contains(self, pattern: Any) -> Series:  # noqa: ANN401 - text
        """Say of texts whether they have a pattern."""
        return self._each(lambda one: re.search(pattern, one) is not None, types.Boolean)

    def replace_all(self, old: Any, new: Any, *, literal: bool) -> Series:  # noqa: ANN401 - texts
        """Return texts with one text in place of another."""
        assert literal
        return self._each(lambda one: one.replace(old, new))

    def decode(self, encoding: Any) -> Series:  # noqa: ANN401 - text
        """Return the bytes of texts."""
        assert encoding == "hex"
        return self._each(bytes.fromhex, types.Binary)

    def reinterpret(self, *, dtype: DataType, endianness: Any) -> Series:  # noqa: ANN401 - text
        """Return the numbers that bytes are."""
        return self._each(lambda one: int.from_bytes(one, endianness), dtype)

    def size(self, _unit: Any = "b") -> Series:  # noqa: ANN401 - text
        """Return the lengths of bytes."""
        return self._each(len, types.Int64)

    def date(self) -> Series:
        """Return the days of moments."""
        return self._each(day, types.Date)

    def epoch(self, unit: Any) -> Series:  # noqa: ANN401 - text
        """Return moments in ms since 1970."""
        assert unit == "ms"
        return Series.of(self.name, self.values, types.Int64)

    # Operators.

    def __eq__(self, other: object) -> Series:  # type: ignore[override] # as Polars has it
        """Compare each."""
        return self._compared(operator.eq, other)

    def __ne__(self, other: object) -> Series:  # type: ignore[override] # as Polars has it
        """Compare each."""
        return self._compared(operator.ne, other)

    def __lt__(self, other: object) -> Series:
        return self._compared(operator.lt, other)

    def __le__(self, other: object) -> Series:
        return self._compared(operator.le, other)

    def __gt__(self, other: object) -> Series:
        return self._compared(operator.gt, other)

    def __ge__(self, other: object) -> Series:
        return self._compared(operator.ge, other)

    __hash__ = None  # type: ignore[assignment] # as Polars' own

    def __sub__(self, other: object) -> Series:
        return self._both(operator.sub, other, self.dtype)

    def __and__(self, other: Series) -> Series:
        return self._flags([both_true(a, b) for a, b in zip(self.values, other.values, strict=True)])

    def __or__(self, other: Series) -> Series:
        return ~(~self & ~other)

    def __invert__(self) -> Series:
        return self._flags([None if one is None else not one for one in self.values])

    def _compared(self, compare: Callable[[Any, Any], Any], other: object) -> Series:
        return self._both(compare, other, types.Boolean)

    def _both(self, do: Callable[[Any, Any], Any], other: object, dtype: DataType | None) -> Series:
        if isinstance(other, Series):
            pairs = zip(self.values, other.values, strict=True)
            values = [None if a is None or b is None else do(a, b) for a, b in pairs]
        elif other is None:
            values = [None] * len(self.values)
        else:
            values = [None if a is None else do(a, other) for a in self.values]
        return Series.of(self.name, values, dtype)

    def _each(self, do: Callable[[Any], Any], dtype: DataType | None = None) -> Series:
        values = [None if one is None else do(one) for one in self.values]
        return Series.of(self.name, values, dtype or self.dtype)

    def _with(self, values: list[Any]) -> Series:
        return Series.of(self.name, values, self.dtype)

    def _flags(self, values: list[bool | None]) -> Series:
        return Series.of(self.name, values, types.Boolean)


for _space in ("str", "bin", "dt"):  # where Polars has what is for texts, bytes and moments
    setattr(Series, _space, property(lambda self: self))
