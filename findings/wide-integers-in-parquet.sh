#!/usr/bin/env bash
# DuckDB, Polars and Arrow write a sum to Parquet: the exact integer becomes a rounded float, bytes, or an error.
#
# DuckDB's sum() of a BIGINT column is a HUGEINT (128 bits). Parquet has no such integer, so `COPY … TO` writes a
# DOUBLE, without a warning: above 2^53 the file holds another number than the query showed, and each reader takes
# the column for a float. count(*) in the same SELECT stays an integer. `sum(n)::BIGINT` or `::DECIMAL(38, 0)` keeps it.
# Polars writes its Int128 as 16 bytes without a logical type: Polars reads it back (its own Arrow schema is in the
# file), DuckDB shows a BLOB, and pyarrow refuses the whole file, its other columns too. A decimal(38, 0) is the one
# form all three agree on.
#
# Seen on 2026-11-29 with DuckDB 2.0.1, Polars 2.1.0 and pyarrow 26.0.1: the lines of `expected` below.
# Exit status 1 if they change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1

cat >"$work/wide.py" <<'PYTHON'
import os
import sys
from decimal import Decimal

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

os.chdir(sys.argv[1])
print("duckdb", duckdb.__version__, "polars", pl.__version__, "pyarrow", pa.__version__)


def readers(file: str, column: str) -> None:
    print("  duckdb: ", *duckdb.sql(f"SELECT typeof({column}), {column} FROM '{file}'").fetchall()[0])
    series = pl.read_parquet(file)[column]
    print("  polars: ", series.dtype, series.item())
    try:
        arrow = pq.read_table(file)[column]
        print("  pyarrow:", arrow.type, arrow[0].as_py())
    except pa.ArrowNotImplementedError as error:
        print("  pyarrow:", error)


duckdb.sql("CREATE TABLE t AS SELECT 9007199254740993::BIGINT AS n")  # 2^53 + 1
query = "SELECT sum(n) AS total, sum(n)::DECIMAL(38, 0) AS exact FROM t"
print("the query in DuckDB:", *duckdb.sql("SELECT typeof(sum(n)), sum(n) FROM t").fetchall()[0])
duckdb.sql(f"COPY ({query}) TO 'duckdb.parquet'")
for column in ("total", "exact"):
    print(f"written by DuckDB, {column}:")
    readers("duckdb.parquet", column)

wide = pl.Series("total", [2**64], dtype=pl.Int128)
pl.DataFrame([wide]).write_parquet("int128.parquet")
print("2^64 written by Polars, Int128:")
readers("int128.parquet", "total")
pl.DataFrame([wide, pl.Series("other", [1])]).write_parquet("both.parquet")
try:
    print("  pyarrow, its other column:", pq.read_table("both.parquet", columns=["other"])["other"][0])
except pa.ArrowNotImplementedError as error:
    print("  pyarrow, its other column:", error)
pl.DataFrame({"total": [Decimal(2**64)]}, schema={"total": pl.Decimal(38, 0)}).write_parquet("decimal.parquet")
print("2^64 written by Polars, Decimal(38, 0):")
readers("decimal.parquet", "total")
PYTHON

"$work/venv/bin/python" "$work/wide.py" "$work" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
duckdb 2.0.1 polars 2.1.0 pyarrow 26.0.1
the query in DuckDB: HUGEINT 9007199254740993
written by DuckDB, total:
  duckdb:  DOUBLE 9007199254740992.0
  polars:  Float64 9007199254740992.0
  pyarrow: double 9007199254740992.0
written by DuckDB, exact:
  duckdb:  DECIMAL(38,0) 9007199254740993
  polars:  Decimal(precision=38, scale=0) 9007199254740993
  pyarrow: decimal128(38, 0) 9007199254740993
2^64 written by Polars, Int128:
  duckdb:  BLOB b'\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00'
  polars:  Int128 18446744073709551616
  pyarrow: Integers with more than 64 bits not implemented
  pyarrow, its other column: Integers with more than 64 bits not implemented
2^64 written by Polars, Decimal(38, 0):
  duckdb:  DECIMAL(38,0) 18446744073709551616
  polars:  Decimal(precision=38, scale=0) 18446744073709551616
  pyarrow: decimal128(38, 0) 18446744073709551616
TEXT
diff "$work/expected" "$work/seen"
