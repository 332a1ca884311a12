"""All that happens to a shard's records, on one page: decode, validate, screen, dedupe.

Every record ends in exactly one of two frames, accepted or rejected with a reason. Bad data is a value here,
never an exception past its step. There is no clock, no environment, no network and no log: the same records,
seen-set and judgement give the same frames.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import polars as pl
from fastjsonschema import JsonSchemaValueException

from schemas import report
from schemas.tables import COUNTER_COLUMNS, REJECTS, REPORTS
from stream_worker.judging import fraud
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.judging.seen import nonces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_worker.judging.seen import Seen
    from stream_worker.stream.records import Records

BODY_KEPT: Final = 65_536
"""How much of a rejected record's body is kept, in bytes. It is more than `report.LONGEST_BYTES`.

So a replay from the lake rejects a longer body for the same reason, although it sees only this much of it.
"""

TOO_LONG: Final = f"longer than {report.LONGEST_BYTES:,} bytes; not decoded"
"""The detail of a body longer than any report: it is malformed, whatever is in it."""

_CHUNK: Final = 32
"""Decoded documents at a time: 256 KiB of JSON at most, which takes up to 8 MiB once it is decoded."""

_COUNTERS: Final = itemgetter(*report.COUNTERS)


class Reason(StrEnum):
    """Why a record was rejected."""

    MALFORMED = "malformed"
    INVALID = "invalid"
    FRAUD = "fraud"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why the record at `row` was rejected; `rule` and `detail` never hold a value of the report."""

    row: int
    reason: Reason
    rule: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcomes of some records: the rows of both tables, and the nonces that were accepted."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    nonces: pl.Series
    outcomes: dict[str, int]


def settle(records: Records, seen: Seen, shard_id: str, judgement: Judgement = JUDGEMENT) -> Settled:
    """Give every record its one outcome."""
    valid = _Valid()
    rejections: list[Rejection] = []
    for start in range(0, len(records), _CHUNK):
        # No name for the documents: they are freed before the next ones are decoded.
        validate(decode(records.bodies[start : start + _CHUNK], start, rejections), valid, rejections)
    reports = valid.frame()
    reports = screen(reports, rejections, judgement)
    reports = dedupe(reports, seen, rejections)
    outcomes = {"accepted": len(reports)} | {
        reason.value: sum(rejection.reason is reason for rejection in rejections) for reason in Reason
    }
    return Settled(
        accepted=_accepted_rows(reports, records, shard_id),
        rejected=_rejected_rows(rejections, records, shard_id, judgement),
        nonces=reports["nonce"],
        outcomes=outcomes,
    )


def decode(
    bodies: Sequence[bytes], first_row: int, rejections: list[Rejection]
) -> list[tuple[int, dict[str, Any]]]:
    """Return the bodies that are JSON objects, each with its row; the others are malformed.

    So are those that are too long to be decoded in bounded memory: other producers can put 10 MiB.
    """
    documents = []
    for row, body in enumerate(bodies, first_row):
        if len(body) > report.LONGEST_BYTES:
            rejections.append(Rejection(row, Reason.MALFORMED, detail=TOO_LONG))
            continue
        try:
            documents.append((row, report.decode(body)))
        except report.NotAnObjectError as error:
            rejections.append(Rejection(row, Reason.MALFORMED, detail=str(error)))
    return documents


def validate(
    documents: Sequence[tuple[int, dict[str, Any]]], valid: _Valid, rejections: list[Rejection]
) -> None:
    """Add to `valid` the documents that keep the schema; the others are invalid."""
    for row, document in documents:
        try:
            report.validate(document)
        except JsonSchemaValueException as error:
            broken = report.violation(error)
            rejections.append(Rejection(row, Reason.INVALID, broken.path, broken.detail))
        else:
            valid.add(row, document)


def screen(reports: pl.DataFrame, rejections: list[Rejection], judgement: Judgement) -> pl.DataFrame:
    """Return the reports that break no fraud rule.

    Before `dedupe`, so that a forged report cannot take the place of a genuine one.
    """
    screened = reports.with_columns(rule=fraud.first_broken(reports, judgement.thresholds, judgement.rules))
    forged = screened.filter(pl.col("rule").is_not_null())
    if forged.is_empty():
        return reports
    for row, rule in forged.select("row", "rule").iter_rows():
        rejections.append(Rejection(row, Reason.FRAUD, rule, judgement.reasons[rule]))
    return screened.filter(pl.col("rule").is_null()).drop("rule")


def dedupe(reports: pl.DataFrame, seen: Seen, rejections: list[Rejection]) -> pl.DataFrame:
    """Return the first report of each deployment that the day has not accepted one of already."""
    first = reports["nonce"].is_first_distinct() & ~seen.contains(reports["nonce"])
    if first.all():
        return reports
    rejections.extend(Rejection(row, Reason.DUPLICATE) for row in reports.filter(~first)["row"])
    return reports.filter(first)


@dataclass(slots=True)
class _Valid:
    """The valid documents as columns under construction."""

    rows: list[int] = field(default_factory=list)
    stack_ids: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)
    counters: list[tuple[int | float, ...]] = field(default_factory=list)

    def add(self, row: int, document: dict[str, Any]) -> None:
        self.rows.append(row)
        self.stack_ids.append(document["stack_id"])
        self.versions.append(document["version"])
        self.counters.append(_COUNTERS(document["metrics"]))

    def frame(self) -> pl.DataFrame:
        counters = zip(*self.counters, strict=True) if self.counters else [[]] * len(COUNTER_COLUMNS)
        return (
            pl.DataFrame(
                {
                    "row": pl.Series(self.rows, dtype=pl.Int64),
                    "stack_id": pl.Series(self.stack_ids, dtype=pl.String),
                    "version": pl.Series(self.versions, dtype=pl.String),
                    **dict(zip(COUNTER_COLUMNS, map(_integers, counters), strict=True)),
                }
            )
            .with_columns(pl.col("stack_id").str.to_lowercase())
            .with_columns(nonce=nonces(pl.col("stack_id")))
        )


def _integers(values: Sequence[int | float]) -> pl.Series:
    """Return valid counters as int64; to JSON Schema (draft-07) `1.0` and `1e3` are integers, here floats."""
    try:
        return pl.Series(values, dtype=pl.Int64)
    except TypeError:
        return pl.Series([int(value) for value in values], dtype=pl.Int64)


def _accepted_rows(reports: pl.DataFrame, records: Records, shard_id: str) -> pl.DataFrame:
    rows = reports["row"]
    return reports.with_columns(
        arrived_at=pl.Series(records.arrivals, dtype=pl.Int64)
        .gather(rows)
        .cast(REPORTS.polars["arrived_at"]),
        shard_id=pl.lit(shard_id),
        sequence_number=pl.Series(records.sequence_numbers, dtype=pl.String).gather(rows),
        sub_sequence_number=pl.Series(records.sub_sequence_numbers, dtype=pl.Int64).gather(rows),
    ).select(REPORTS.polars.names())


def _rejected_rows(
    rejections: list[Rejection], records: Records, shard_id: str, judgement: Judgement
) -> pl.DataFrame:
    rejections.sort(key=lambda rejection: rejection.row)
    rows = [rejection.row for rejection in rejections]
    bodies = [records.bodies[row] for row in rows]
    # Column by column: rows of Python objects would be two more copies of all bodies.
    columns = {
        "shard_id": [shard_id] * len(rows),
        "sequence_number": [records.sequence_numbers[row] for row in rows],
        "sub_sequence_number": [records.sub_sequence_numbers[row] for row in rows],
        "arrived_at": [records.arrivals[row] for row in rows],
        "partition_key": [records.partition_keys[row] for row in rows],
        "reason": [rejection.reason.value for rejection in rejections],
        "rule": [rejection.rule for rejection in rejections],
        "detail": [rejection.detail for rejection in rejections],
        "body": [body[:BODY_KEPT] for body in bodies],
        "body_length": [len(body) for body in bodies],
        "body_sha256": [hashlib.sha256(body).hexdigest() for body in bodies],
        "schema_version": [report.SCHEMA_VERSION] * len(rows),
        "code_version": [judgement.id] * len(rows),
    }
    return pl.DataFrame(columns, schema=REJECTS.polars)
