#!/usr/bin/env bash
# One JSON body with an integer beyond 64 bits, and five readers that it may meet on its way to a table.
#
# RFC 8259, section 6, allows integers of any length. Python's json keeps each digit. orjson.loads gives a float from 2^64
# on, without an error, so a body that is read by orjson and written again has other digits; orjson.dumps
# refuses the int that json read. pyarrow gives a float one bit earlier, from 2^63 on, for the whole column, so a small
# number beside a wide one turns into a float too. DuckDB holds a HUGEINT up to 2^64 - 1 and a DOUBLE from there, Polars
# an Int128. If an edge reads a body with one of them and a worker with another, they see two different reports.
# Forward the body's bytes, not its parsed value; put what must be exact beyond 2^63 into a string.
#
# Seen on 2026-11-29 with Python's json, orjson 3.13.0, DuckDB 2.0.1, Polars 2.1.0 and pyarrow 26.0.1: the lines of
# `expected` below. Exit status 1 if they change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  orjson==3.13.0 duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1

cat >"$work/wide.py" <<'PYTHON'
import json
import sys
from importlib.metadata import version
from pathlib import Path

import duckdb
import orjson
import polars as pl
import pyarrow.json

print(*(f"{name} {version(name)}" for name in ("orjson", "duckdb", "polars", "pyarrow")))
file = Path(sys.argv[1]) / "body.json"
for name, number in {"2^63 - 1": 2**63 - 1, "2^63": 2**63, "2^64 - 1": 2**64 - 1, "2^64": 2**64}.items():
    body = f'{{"n":{number}}}'
    file.write_text(f'{body}\n{{"n":1}}\n')
    print(f"{name} = {number}")
    print("  json:   ", json.loads(body)["n"])
    print("  orjson: ", orjson.loads(body)["n"])
    try:
        print("  orjson, writing it:", orjson.dumps(json.loads(body)).decode())
    except TypeError as error:
        print("  orjson, writing it:", error)
    print("  duckdb: ", *duckdb.sql(f"SELECT typeof(n), n FROM read_json('{file}')").fetchall()[0])
    polars = pl.read_ndjson(file)["n"]
    print("  polars: ", polars.dtype, polars[0])
    arrow = pyarrow.json.read_json(file)["n"]
    print("  pyarrow:", arrow.type, arrow[0].as_py(), "and, beside it,", arrow[1].as_py())
PYTHON

"$work/venv/bin/python" "$work/wide.py" "$work" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
orjson 3.13.0 duckdb 2.0.1 polars 2.1.0 pyarrow 26.0.1
2^63 - 1 = 9223372036854775807
  json:    9223372036854775807
  orjson:  9223372036854775807
  orjson, writing it: {"n":9223372036854775807}
  duckdb:  BIGINT 9223372036854775807
  polars:  Int64 9223372036854775807
  pyarrow: int64 9223372036854775807 and, beside it, 1
2^63 = 9223372036854775808
  json:    9223372036854775808
  orjson:  9223372036854775808
  orjson, writing it: {"n":9223372036854775808}
  duckdb:  HUGEINT 9223372036854775808
  polars:  Int128 9223372036854775808
  pyarrow: double 9.223372036854776e+18 and, beside it, 1.0
2^64 - 1 = 18446744073709551615
  json:    18446744073709551615
  orjson:  18446744073709551615
  orjson, writing it: {"n":18446744073709551615}
  duckdb:  HUGEINT 18446744073709551615
  polars:  Int128 18446744073709551615
  pyarrow: double 1.8446744073709552e+19 and, beside it, 1.0
2^64 = 18446744073709551616
  json:    18446744073709551616
  orjson:  1.8446744073709552e+19
  orjson, writing it: Integer exceeds 64-bit range
  duckdb:  DOUBLE 1.8446744073709552e+19
  polars:  Int128 18446744073709551616
  pyarrow: double 1.8446744073709552e+19 and, beside it, 1.0
TEXT
diff "$work/expected" "$work/seen"
