"""A run's manifest: what a sealed day was made from, what it holds, and what it replaced."""

from __future__ import annotations

import hashlib
from datetime import date, datetime  # noqa: TC003 - pydantic reads them at run time

from pydantic import BaseModel, ConfigDict

from stream_worker.process.problem import Problem  # noqa: TC001 - as above

Body = bytes
"""An object's content; `bytes` itself is the name of a field of `Part`."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Part(_Frozen):
    """One Parquet file; a part of `reports` also has its first and last `stack_id`."""

    key: str
    rows: int
    bytes: int
    sha256: str
    first: str | None = None
    last: str | None = None

    def is_intact(self, body: Body) -> bool:
        """Return whether these are the bytes that were written."""
        return len(body) == self.bytes and hashlib.sha256(body).hexdigest() == self.sha256


class Source(_Frozen):
    """One shard's part in the day: the segments that were read, and why nothing can be missing.

    `start` is the position that the first segment goes on from; `digest` covers all segments' metadata.
    """

    epoch: int
    shard_id: str
    segments: int
    start: str
    last: str
    first_arrival: int
    last_arrival: int
    outcomes: dict[str, int]
    digest: str
    proof: str


class JudgedBy(_Frozen):
    """A judgement and all that its id is made of: rules as `name@version`, thresholds by name."""

    id: str
    report: str
    report_digest: str
    releases_digest: str
    rules: list[str]
    day_rules: list[str]
    thresholds: dict[str, int | float]
    code: str


class Manifest(_Frozen):
    """A sealed run. `committed` has the counts by outcome of its segments, `outcomes` those of its rows.

    `rejudged` is the difference: `duplicate` across shards, and each day-wide fraud rule by name. `judgement`
    was applied to the day as a whole; `settled_by` has the ids of the judgements that settled its segments.
    Manifests from before judgements existed have neither.
    """

    day: date
    run: str
    source: str
    made_at: datetime
    replaces: str | None
    code_version: str
    schema_version: str
    thresholds_version: int
    judgement: JudgedBy | None = None
    settled_by: list[str] = []
    evidence: dict[str, int]
    committed: dict[str, int]
    outcomes: dict[str, int]
    rejudged: dict[str, int]
    sources: list[Source]
    gaps: list[Problem]
    reports: list[Part]
    rejects: list[Part]

    @property
    def judged_by(self) -> str:
        """The judgement's id or, from before judgements existed, the worker's version."""
        return self.judgement.id if self.judgement else self.code_version

    @property
    def records(self) -> int:
        """How many records of the stream the day has."""
        return sum(self.outcomes.values())

    def encode(self) -> bytes:
        """Return the manifest as JSON."""
        return self.model_dump_json(indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> Manifest:
        """Read what `encode` made; raise `ValueError` for anything else."""
        return cls.model_validate_json(body)
