"""How the invariants read what is stored, and how they name it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import orjson
import polars as pl

from tests.simulation.truth import Kind
from tests.simulation.world import ViolationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.simulation.truth import Fact

_REASONS: Final = {Kind.MALFORMED: "malformed", Kind.INVALID: "invalid", Kind.FORGED: "fraud"}


def outcomes_of(kind: Kind) -> Iterable[str]:
    """Return what may become of a report of a kind."""
    return (_REASONS[kind],) if kind in _REASONS else ("accepted", "duplicate")


def rows_in(body: bytes) -> list[dict[str, Any]]:
    """Return the rows of a file."""
    found: list[dict[str, Any]] = pl.read_parquet(io.BytesIO(body)).to_dicts()
    return found


def decoded(body: bytes) -> Any:  # noqa: ANN401 - as JSON has it
    """Return a JSON document."""
    return orjson.loads(body)


def run_of(prefix: str) -> str | None:
    """Return the run whose location a prefix is, if it is one."""
    _, sign, run = prefix.rstrip("/").rpartition("/run=")
    return run if sign else None


def tail(key: str) -> str:
    """Return a segment's key in short."""
    day, _, name = key.partition("/dt=")[2].partition("/")
    parts = name.split(".")
    short = f"{parts[1][-3:]}.{parts[2][-4:]}" if len(parts) > 2 else name
    return f"{key.partition('/dt=')[0]} {day[-2:]} {short}"


def name(fact: Fact) -> str:
    """Return what a record is called in a violation."""
    return f"{fact.kind.value} ..{fact.put.number % 10000} of {fact.shard_id[-3:]} ({fact.day})"


def rejects_of(key: str, metadata: Mapping[str, str]) -> str | None:
    """Return the key of what a segment rejected, None if it rejected nothing."""
    stem = key.replace("reports/", "rejects/", 1).removesuffix(".parquet")
    return f"{stem}-{metadata['last']}.{metadata['rejects']}.parquet" if metadata["rejects"] else None


def segment_rows(
    objects: Mapping[str, tuple[bytes, dict[str, str]]], key: str, body: bytes, metadata: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of both objects of a segment; its rejects are there before it is."""
    rejects = rejects_of(key, metadata)
    if rejects is None:
        return rows_in(body)
    if rejects not in objects:
        raise ViolationError("nothing dropped", f"the rejects of {tail(key)} are not there before it is")
    return rows_in(body) + rows_in(objects[rejects][0])


def accepted_rows(
    objects: Mapping[str, tuple[bytes, dict[str, str]]], manifest: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Return the accepted rows of a run, each by place and deployment."""
    rows = [row for part in manifest["reports"] for row in rows_in(objects[part["key"]][0])]
    return sorted((row["shard_id"], row["sequence_number"], row["stack_id"]) for row in rows)
