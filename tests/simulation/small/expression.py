"""Expressions: what is to be done with the columns of a frame, once there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.small import types
from tests.simulation.small.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.simulation.small.frame import DataFrame
    from tests.simulation.small.types import DataType

    Of = Callable[[DataFrame], Series]


class Expr:
    """What gives a series of a frame. A method of a series is one of its expressions, too."""

    __slots__ = ("of",)

    def __init__(self, of: Of) -> None:
        self.of = of

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a series has
        if name in {"str", "bin", "dt"}:
            return self
        if name.startswith("__") or not hasattr(Series, name):
            raise AttributeError(name)
        of = self.of

        def method(*given: Any, **named: Any) -> Expr:  # noqa: ANN401 - as the series' own
            if not any(isinstance(one, Expr) for one in given):
                return Expr(lambda frame: getattr(of(frame), name)(*given, **named))
            return Expr(
                lambda frame: getattr(of(frame), name)(*(evaluated(frame, one) for one in given), **named)
            )

        return method

    def __eq__(self, other: object) -> Expr:  # type: ignore[override] # as Polars has it
        """Compare each."""
        return self._with(other, Series.__eq__)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override] # as Polars has it
        """Compare each."""
        return self._with(other, Series.__ne__)

    def __lt__(self, other: object) -> Expr:
        return self._with(other, Series.__lt__)

    def __le__(self, other: object) -> Expr:
        return self._with(other, Series.__le__)

    def __gt__(self, other: object) -> Expr:
        return self._with(other, Series.__gt__)

    def __ge__(self, other: object) -> Expr:
        return self._with(other, Series.__ge__)

    __hash__ = None  # type: ignore[assignment] # as Polars' own

    def __and__(self, other: Expr) -> Expr:
        return self._with(other, Series.__and__)

    def __or__(self, other: Expr) -> Expr:
        return self._with(other, Series.__or__)

    def __invert__(self) -> Expr:
        of = self.of
        return Expr(lambda frame: ~of(frame))

    def _with(self, other: Any, do: Callable[[Series, Any], Series]) -> Expr:  # noqa: ANN401 - a value or more
        of = self.of
        if isinstance(other, Expr):
            right = other.of
            return Expr(lambda frame: do(of(frame), right(frame)))
        return Expr(lambda frame: do(of(frame), other))


def evaluated(frame: DataFrame, one: Any) -> Any:  # noqa: ANN401 - an expression, or what is none
    """Return what an expression gives of a frame, and what is none as it is."""
    return one.of(frame) if isinstance(one, Expr) else one


def column(one: Any) -> Of:  # noqa: ANN401 - a name, a series or an expression
    """Return what gives the column that something means where columns are wanted."""
    if isinstance(one, Expr):
        return one.of
    if isinstance(one, Series):
        return lambda _: one
    if isinstance(one, str):
        return _Column(one)
    return lit(one).of


class Several(tuple[Expr, ...]):
    """Columns to each of which the same is done."""

    __slots__ = ()

    def fill_null(self, value: Any) -> Several:  # noqa: ANN401 - any value
        """Return a value in place of null in each."""
        return Several(one.fill_null(value) for one in self)


def col(*names: str) -> Any:  # noqa: ANN401 - an expression, or several
    """Return a frame's column, or some of them."""
    found = [Expr(_Column(name)) for name in names]
    return found[0] if len(found) == 1 else Several(found)


class _Column:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, frame: DataFrame) -> Series:
        return frame.column(self._name)


def lit(value: Any, dtype: DataType | None = None) -> Expr:  # noqa: ANN401 - any value
    """Return the same for each row."""
    return Expr(lambda frame: Series.of("literal", [value] * len(frame), dtype))


def repeat(value: Any, n: int, *, dtype: DataType, eager: bool) -> Series:  # noqa: ANN401 - any value
    """Return a value so many times."""
    assert eager
    return Series.of("repeat", [value] * n, dtype)


def concat_str(*texts: Any, separator: str = "", ignore_nulls: bool = False) -> Expr:  # noqa: ANN401 - columns
    """Return texts one after the other."""
    columns = [column(one) for one in texts]

    def of(frame: DataFrame) -> Series:
        found = [each(frame) for each in columns]
        rows = zip(*(one.values for one in found), strict=True)
        return found[0].cast(types.String)._with([_joined(row, separator, skip=ignore_nulls) for row in rows])  # noqa: SLF001 - of this package

    return Expr(of)


def _joined(row: Iterable[Any], separator: str, *, skip: bool) -> str | None:
    parts = [one for one in row if one is not None] if skip else list(row)
    return None if None in parts else separator.join(map(str, parts))


def coalesce(*given: Any) -> Expr:  # noqa: ANN401 - columns, or a list of them
    """Return the first that is not null."""
    listed = given[0] if isinstance(given[0], list) else given
    columns = [column(one) for one in listed]

    def of(frame: DataFrame) -> Series:
        found = [each(frame) for each in columns]
        rows = zip(*(one.values for one in found), strict=True)
        values = [next((one for one in row if one is not None), None) for row in rows]
        return Series.of(found[0].name, values, found[0].dtype)

    return Expr(of)


def struct(names: Iterable[str]) -> Expr:
    """Return columns as one."""
    wanted = list(names)
    return Expr(
        lambda frame: Series.of("struct", [*zip(*(frame[name].values for name in wanted), strict=True)], None)
    )


class Then(Expr):
    """A choice: null where it is not made, or something else."""

    __slots__ = ("_mask", "_value")

    def __init__(self, mask: Of, value: Of) -> None:
        self._mask, self._value = mask, value
        super().__init__(lambda frame: self._chosen(frame, lit(None).of(frame)))

    def otherwise(self, value: Any) -> Expr:  # noqa: ANN401 - a column
        """Return the choice with what is there where it is not made."""
        other = column(value)
        return Expr(lambda frame: self._chosen(frame, other(frame)))

    def _chosen(self, frame: DataFrame, other: Series) -> Series:
        mask, value = self._mask(frame), self._value(frame)
        rows = zip(mask.values, value.values, other.values, strict=True)
        return Series.of(value.name, [one if wanted else else_ for wanted, one, else_ in rows], value.dtype)


class When:
    """A condition."""

    def __init__(self, mask: Any) -> None:  # noqa: ANN401 - a column
        self._mask = column(mask)

    def then(self, value: Any) -> Then:  # noqa: ANN401 - a column
        """Return the choice of a value where the condition holds."""
        return Then(self._mask, column(value))
