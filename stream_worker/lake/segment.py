"""A segment: consecutive records of one shard and one day, settled; its Parquet bytes and its metadata."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas import __version__
from schemas.report import SCHEMA_VERSION
from stream_worker.lake.keys import RejectsKey
from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from stream_worker.judging.judgement import Judgement
    from stream_worker.judging.pipeline import Settled
    from stream_worker.lake.keys import SegmentKey
    from stream_worker.stream.records import Records

_GROUP_BYTES: Final = 1024 * 1024
"""About how many bytes of bodies a row group of rejects has."""

OUTCOMES: Final = ("accepted", "malformed", "invalid", "fraud", "duplicate")


@dataclass(frozen=True, slots=True)
class Summary:
    """A committed segment's metadata, kept with its object; arrivals in ms since 1970 UTC.

    `reports` is a digest of the object itself, so that a later change shows. `rejects` is the digest in the
    key of its rejects object, empty if it rejected nothing. `judgement` is an id, empty for segments from
    before judgements existed: their metadata, and so the digests of these, stay as they were.
    """

    last: Position
    outcomes: Mapping[str, int]
    first_arrival: int
    last_arrival: int
    reports: str
    rejects: str
    schema_version: str
    code_version: str
    judgement: str = ""

    @property
    def judged_by(self) -> str:
        """The judgement's id or, from before judgements existed, the worker's version."""
        return self.judgement or self.code_version

    @property
    def records(self) -> int:
        """How many records the segment settled."""
        return sum(self.outcomes.values())

    @property
    def metadata(self) -> dict[str, str]:
        """The summary as S3 keeps it: text, with lower-case names."""
        return {
            "last": str(self.last),
            "records": str(self.records),
            **{outcome: str(self.outcomes[outcome]) for outcome in OUTCOMES},
            "first-arrival": str(self.first_arrival),
            "last-arrival": str(self.last_arrival),
            "reports": self.reports,
            "rejects": self.rejects,
            "schema-version": self.schema_version,
            "code-version": self.code_version,
            **({"judgement": self.judgement} if self.judgement else {}),
        }

    def is_reports(self, body: bytes) -> bool:
        """Return whether these are the bytes of the segment's object as it was committed."""
        return digest(body) == self.reports

    def is_rejects(self, body: bytes) -> bool:
        """Return whether these are the bytes of the segment's rejects."""
        return digest(body) == self.rejects

    @classmethod
    def parse(cls, metadata: Mapping[str, str]) -> Summary:
        """Read what `metadata` returns; raise `KeyError` or `ValueError` for anything else."""
        return cls(
            last=Position.parse(metadata["last"]),
            outcomes={outcome: int(metadata[outcome]) for outcome in OUTCOMES},
            first_arrival=int(metadata["first-arrival"]),
            last_arrival=int(metadata["last-arrival"]),
            reports=metadata["reports"],
            rejects=metadata["rejects"],
            schema_version=metadata["schema-version"],
            code_version=metadata["code-version"],
            judgement=metadata.get("judgement", ""),
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment ready to be committed: both objects' bytes; `rejects` is None when nothing was rejected.

    It goes on from `start`; `first` is the position of its first record.
    """

    day: date
    start: Position
    first: Position
    summary: Summary
    reports: bytes
    rejects: bytes | None

    @classmethod
    def of(cls, records: Records, settled: Settled, start: Position, judgement: Judgement) -> Segment:
        """Make the segment of `records`, which share one day and follow `start` on their shard."""
        reports = parquet(settled.accepted)
        rejects = parquet(settled.rejected) if len(settled.rejected) else None
        return cls(
            day=records.day(0),
            start=start,
            first=records.position(0),
            summary=Summary(
                last=records.position(-1),
                outcomes=settled.outcomes,
                first_arrival=min(records.arrivals),
                last_arrival=max(records.arrivals),
                reports=digest(reports),
                rejects=digest(rejects) if rejects else "",
                schema_version=SCHEMA_VERSION,
                code_version=__version__,
                judgement=judgement.id,
            ),
            reports=reports,
            rejects=rejects,
        )


def digest(body: bytes) -> str:
    """Return 16 hexadecimal digits of an object's SHA-256: enough to show changes, short enough for a key."""
    return hashlib.sha256(body).hexdigest()[:16]


def parquet(rows: pl.DataFrame) -> bytes:
    """Return the rows as a Parquet file that Athena reads: zstd, because Trino refuses Polars' lz4.

    Level 1 packs nonces and sequence numbers better than any level up to 15: those look for repetitions, and
    random digits have none that pay. Levels from 16 on save 7 % and take thirty times as long.
    """
    buffer = io.BytesIO()
    rows.write_parquet(
        buffer, compression="zstd", compression_level=1, row_group_size=_row_group(rows) or None
    )
    return buffer.getvalue()


def _row_group(rows: pl.DataFrame) -> int:
    """Return how many rows a row group has; 0 lets Polars choose, which counts rows and not bytes.

    Polars holds a row group twice beside the file: for 32 MiB of bodies that would be 64 MiB more.
    """
    if "body" not in rows.columns or rows.is_empty():
        return 0
    size = int(rows["body"].bin.size().sum())
    return max(1, len(rows) * _GROUP_BYTES // size) if size > _GROUP_BYTES else 0


def rejects_key(link: SegmentKey, summary: Summary) -> str | None:
    """Return the key of what the segment with this key and summary rejects, or None if it rejects nothing."""
    if not summary.rejects:
        return None
    generation, day, epoch, shard_id, start = link.generation, link.day, link.epoch, link.shard_id, link.start
    return RejectsKey(generation, day, epoch, shard_id, start, summary.last, summary.rejects).key
