"""What a seal does to a day's accepted reports, on one page: dedupe across shards, screen as a day.

The reports that it removes become rejects. There is no clock, no environment, no network and no log here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.report import COUNTERS, SCHEMA_VERSION
from schemas.tables import COUNTER_COLUMNS, REJECTS, REPORTS
from stream_worker.judging import day_fraud
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.judging.pipeline import Reason
from stream_worker.judging.seen import nonces

if TYPE_CHECKING:
    from stream_worker.judging.day_fraud import Evidence
    from stream_worker.judging.judgement import Judgement

POSITION: Final = ("shard_id", "sequence_number", "sub_sequence_number")
"""The columns that identify a record, in either table."""

_SEQUENCE_DIGITS: Final = 56

IN_SHARD_ORDER: Final = (
    pl.col("sequence_number").str.zfill(_SEQUENCE_DIGITS),
    pl.col("sub_sequence_number"),
)
"""Positions of one shard in its order: numbers are text, in theory of different lengths."""

_FIRST_COME: Final = (pl.col("stack_id"), pl.col("arrived_at"), pl.col("shard_id"), *IN_SHARD_ORDER)
"""A deployment's reports by arrival, then position."""

_BEFORE_COUNTERS: Final = ('","metrics":{', ",")
_BODY: Final = pl.concat_str(
    pl.lit('{"version":"'),
    "version",
    pl.lit('","stack_id":"'),
    "stack_id",
    *(
        piece
        for place, (name, column) in enumerate(zip(COUNTERS, COUNTER_COLUMNS, strict=True))
        for piece in (pl.lit(f'{_BEFORE_COUNTERS[place > 0]}"{name}":'), pl.col(column))
    ),
    pl.lit("}}"),
)
"""A report's JSON. What was accepted needs no escapes: a semantic version, a UUID, numbers."""


@dataclass(frozen=True, slots=True)
class SettledPart:
    """A part of a day: what stays accepted, sorted by `stack_id`, and what is rejected."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame

    @property
    def rejudged(self) -> dict[str, int]:
        """How many reports were rejected, as `duplicate` and by fraud rule."""
        why = self.rejected.select(pl.coalesce("rule", "reason")).to_series()
        return dict(why.value_counts().rows())


def with_nonces(reports: pl.DataFrame) -> pl.DataFrame:
    """Return the reports with the column `nonce`."""
    return reports.with_columns(nonce=nonces(pl.col("stack_id")))


def dedupe(reports: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the first report of each deployment, and the others; `reports` are sorted by `stack_id`."""
    again = reports["stack_id"] == reports["stack_id"].shift()
    if not again.any():
        return reports, reports.clear()
    ordered = reports.sort(*_FIRST_COME)
    again = (ordered["stack_id"] == ordered["stack_id"].shift()).fill_null(value=False)
    return ordered.filter(~again), ordered.filter(again)


def settle_part(reports: pl.DataFrame, evidence: Evidence, judgement: Judgement = JUDGEMENT) -> SettledPart:
    """Dedupe and screen all reports of some deployments, sorted by `stack_id`, with the day's evidence."""
    first, again = dedupe(reports)
    screened = with_nonces(first)
    screened = screened.with_columns(rule=day_fraud.first_broken(screened, evidence)).drop("nonce")
    forged = screened.filter(pl.col("rule").is_not_null())
    forged = forged.with_columns(
        reason=pl.lit(Reason.FRAUD.value), detail=pl.col("rule").replace_strict(judgement.reasons)
    )
    again = again.with_columns(
        rule=pl.lit(None, dtype=pl.String),
        reason=pl.lit(Reason.DUPLICATE.value),
        detail=pl.lit("seal: the deployment has reported on another shard before"),
    )
    return SettledPart(
        screened.filter(pl.col("rule").is_null()).select(REPORTS.polars.names()),
        _rejects(pl.concat([again, forged], how="diagonal"), judgement),
    )


def with_bodies(reports: pl.DataFrame) -> pl.DataFrame:
    """Return the reports with a column `body`: the JSON of a report that gives this row, in bytes."""
    return reports.with_columns(body=_BODY.cast(pl.Binary))


def _rejects(rows: pl.DataFrame, judgement: Judgement) -> pl.DataFrame:
    """Return the rows as rejects; the lake does not have their bodies, so they are made again."""
    rows = with_bodies(rows)
    digests = [hashlib.sha256(body).hexdigest() for body in rows["body"]]
    return rows.with_columns(
        partition_key=pl.lit(None, dtype=pl.String),
        body_length=pl.col("body").bin.size("b").cast(pl.Int64),
        body_sha256=pl.Series(digests, dtype=pl.String),
        schema_version=pl.lit(SCHEMA_VERSION),
        code_version=pl.lit(judgement.id),
    ).select(REJECTS.polars.names())
