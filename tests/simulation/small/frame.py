"""A frame: columns of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.small import types
from tests.simulation.small.expression import Several, column
from tests.simulation.small.series import Series
from tests.simulation.small.values import order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.simulation.small.types import Schema

    Row = tuple[Any, ...]


class DataFrame:
    """Columns by name; methods as Polars has them."""

    __slots__ = ("_by",)

    def __init__(
        self, data: Mapping[str, Any] | None = None, schema: Mapping[str, Any] | None = None
    ) -> None:
        """Take columns, or none of a schema; with both the columns' types are those of the schema."""
        self._by: dict[str, Series] = {}
        if data is None:
            self._by = {name: Series.of(name, [], dtype) for name, dtype in (schema or {}).items()}
            return
        for name, values in data.items():
            dtype = schema[name] if schema is not None else None
            if isinstance(values, Series):
                self._by[name] = Series.of(name, values.values, values.dtype)
            else:
                self._by[name] = Series.of(name, list(values), dtype)

    @classmethod
    def of(cls, by: dict[str, Series]) -> DataFrame:
        """Take columns as they are."""
        made = cls.__new__(cls)
        made._by = by  # noqa: SLF001 - its own class
        return made

    def __len__(self) -> int:
        return len(next(iter(self._by.values()))) if self._by else 0

    def __getitem__(self, wanted: Any) -> Any:  # noqa: ANN401 - a column's name, or places of rows
        return self._by[wanted] if isinstance(wanted, str) else self._take(wanted)

    def column(self, name: str) -> Series:
        """Return a column."""
        return self._by[name]

    @property
    def columns(self) -> list[str]:
        """The columns' names."""
        return list(self._by)

    @property
    def schema(self) -> Schema:
        """The columns' names and types."""
        return types.Schema({name: one.dtype or types.String for name, one in self._by.items()})

    def is_empty(self) -> bool:
        """Say whether there is no row."""
        return not len(self)

    def rows(self) -> list[Row]:
        """Return all rows."""
        return [*zip(*(one.shown() for one in self._by.values()), strict=True)]

    def row(self, place: int) -> Row:
        """Return a row."""
        return self.rows()[place]

    def iter_rows(self, *, named: bool = False) -> Iterator[Any]:
        """Yield each row."""
        return iter(self.to_dicts() if named else self.rows())

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return all rows by the columns' names."""
        names = list(self._by)
        return [dict(zip(names, row, strict=True)) for row in self.rows()]

    def to_series(self) -> Series:
        """Return the first column."""
        return next(iter(self._by.values()))

    def estimated_size(self) -> int:
        """Return about how many bytes it has; so few that nothing comes of it."""
        return len(self)

    def clear(self) -> DataFrame:
        """Return it without rows."""
        return self._take([])

    def drop(self, *names: str) -> DataFrame:
        """Return it without some columns."""
        return DataFrame.of({name: one for name, one in self._by.items() if name not in names})

    def select(self, *wanted: Any, **named: Any) -> DataFrame:  # noqa: ANN401 - columns
        """Return some columns, or what is made of them."""
        if len(wanted) == 1 and isinstance(wanted[0], (list, tuple)):
            wanted = tuple(wanted[0])
        found: dict[str, Series] = {}
        for one in wanted:
            made = self._by[one] if isinstance(one, str) else column(one)(self)
            found[made.name] = made
        return DataFrame.of(found | self._named(named))

    def with_columns(self, *wanted: Any, **named: Any) -> DataFrame:  # noqa: ANN401 - columns
        """Return it with more columns, or others."""
        made = [column(one)(self) for one in wanted]
        return DataFrame.of({**self._by, **{one.name: one for one in made}, **self._named(named)})

    def with_row_index(self, name: str) -> DataFrame:
        """Return it with the rows' numbers before all."""
        return DataFrame.of({name: Series.of(name, [*range(len(self))], types.Int64), **self._by})

    def filter(self, *rules: Any) -> DataFrame:  # noqa: ANN401 - columns
        """Return the rows for which all rules are true."""
        masks = [column(rule)(self).values for rule in rules]
        if all(all(mask) for mask in masks):
            return self
        return self._take([place for place, row in enumerate(zip(*masks, strict=True)) if all(row)])

    def sort(self, *by: Any) -> DataFrame:  # noqa: ANN401 - columns
        """Return the rows in an order, null first."""
        if len(self) < 2:
            return self
        keys = [*zip(*(map(order, column(one)(self).values) for one in by), strict=True)]
        return self._take(sorted(range(len(keys)), key=keys.__getitem__))

    def unique(self, name: str, *, keep: str) -> DataFrame:
        """Return the first row of each value of a column."""
        assert keep == "first"
        return self.filter(self._by[name].is_first_distinct())

    def join(
        self, other: DataFrame, *, on: str | Sequence[str], how: str, coalesce: bool = True, suffix: str = ""
    ) -> DataFrame:
        """Join by equal keys, which are unique on the other side: semi, anti or full."""
        names = [on] if isinstance(on, str) else list(on)
        own, others = self._keys(names), other._keys(names)
        if how in {"semi", "anti"}:
            known = set(others)
            return self._take([place for place, key in enumerate(own) if (key in known) is (how == "semi")])
        assert how == "full"
        assert coalesce
        places: dict[Row, list[int | None]] = {}
        for place, key in enumerate(others):
            places.setdefault(key, []).append(place)
        pairs: list[tuple[int | None, int | None]] = []
        for place, key in enumerate(own):
            pairs += [(place, found) for found in places.get(key, [None])]
        known = set(own)
        pairs += [(None, place) for place, key in enumerate(others) if key not in known]
        return self._joined(other, names, pairs, suffix)

    def group_by(self, *by: Any) -> Groups:  # noqa: ANN401 - columns
        """Return the groups of rows with equal values."""
        flat = [one for some in by for one in (some if isinstance(some, Several) else (some,))]
        return Groups([column(one)(self) for one in flat])

    def _joined(self, other: DataFrame, names: list[str], pairs: list[Any], suffix: str) -> DataFrame:
        made: dict[str, Series] = {}
        for name, one in self._by.items():
            spare = other._by[name].values if name in names else None
            values = [
                one.values[a] if a is not None else spare[b] if spare is not None else None for a, b in pairs
            ]
            made[name] = Series.of(name, values, one.dtype)
        for name, one in other._by.items():
            if name not in names:
                values = [None if b is None else one.values[b] for _, b in pairs]
                made[f"{name}{suffix}"] = Series.of(f"{name}{suffix}", values, one.dtype)
        return DataFrame.of(made)

    def _keys(self, names: list[str]) -> list[Row]:
        return [*zip(*(self._by[name].values for name in names), strict=True)]

    def _named(self, named: Mapping[str, Any]) -> dict[str, Series]:
        return {name: column(one)(self).alias(name) for name, one in named.items()}

    def _take(self, places: Iterable[int]) -> DataFrame:
        wanted = list(places)
        taken: Callable[[Series], list[Any]] = lambda one: [one.values[place] for place in wanted]  # noqa: E731 - short
        return DataFrame.of({name: Series.of(name, taken(one), one.dtype) for name, one in self._by.items()})


class Groups:
    """Rows with equal values."""

    def __init__(self, by: list[Series]) -> None:
        """Group by these."""
        self._by = by

    def len(self) -> DataFrame:
        """Return how many rows each group has."""
        counted: dict[Row, int] = {}
        for row in zip(*(one.values for one in self._by), strict=True):
            counted[row] = counted.get(row, 0) + 1
        columns = [*zip(*counted, strict=True)] or [()] * len(self._by)
        made = {one.name: list(values) for one, values in zip(self._by, columns, strict=True)}
        return DataFrame({**made, "len": list(counted.values())})


def concat(parts: Iterable[Any], *, how: str = "vertical", rechunk: bool = False) -> Any:  # noqa: ANN401, ARG001 - frames or series
    """Return the rows of frames, or the values of series, one after the other."""
    found = list(parts)
    if len(found) == 1:
        return found[0]
    first = found[0]
    if isinstance(first, Series):
        return Series.of(first.name, [value for one in found for value in one.values], first.dtype)
    if how == "vertical":
        assert all(one.columns == first.columns for one in found), "frames of other columns"
    names = dict.fromkeys(name for one in found for name in one.columns)
    return DataFrame.of({name: _piled(name, found) for name in names})


def _piled(name: str, frames: list[DataFrame]) -> Series:
    values: list[Any] = []
    dtype = None
    for one in frames:
        held = one.column(name) if name in one.columns else None
        values += [None] * len(one) if held is None else held.values
        dtype = dtype or (held.dtype if held is not None else None)
    return Series.of(name, values, dtype)
