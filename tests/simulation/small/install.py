"""Puts these frames in Polars' place, in a process that has not imported it and plays nothing else."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from tests.simulation.small import expression, types
from tests.simulation.small.frame import DataFrame, concat
from tests.simulation.small.series import Series


class PolarsError(Exception):
    """What Polars raises."""


class ComputeError(PolarsError):
    """Something that cannot be read."""


class PanicException(PolarsError):  # noqa: N818 - Polars' name
    """What Polars raises where it gives up."""


def set_polars() -> None:
    """Let `polars` be this package from now on."""
    assert "polars" not in sys.modules, "polars is imported already"
    polars: Any = ModuleType("polars")
    errors: Any = ModuleType("polars.exceptions")
    errors.PolarsError, errors.ComputeError, errors.PanicException = PolarsError, ComputeError, PanicException
    for name in ("Binary", "Boolean", "DataType", "Date", "Datetime", "Float64", "Int64", "Schema", "String"):
        setattr(polars, name, getattr(types, name))
    polars.UInt64, polars.UInt128 = types.UInt64, types.UInt128
    for name in ("Expr", "coalesce", "col", "concat_str", "lit", "repeat", "struct"):
        setattr(polars, name, getattr(expression, name))
    polars.DataFrame, polars.Series, polars.concat, polars.when = DataFrame, Series, concat, expression.When
    polars.read_parquet = polars.read_parquet_schema = None  # see stand_ins
    polars.exceptions = errors
    sys.modules |= {"polars": polars, "polars.exceptions": errors}
