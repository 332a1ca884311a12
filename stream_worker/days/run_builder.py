"""Builds a sealed run: a day's segments merged, deduplicated, screened as a day, sorted and written."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas import __version__
from schemas.report import SCHEMA_VERSION
from schemas.tables import REJECTS, REPORTS
from stream_worker.days.sorter import PART_ROWS, Sorter
from stream_worker.judging import day_fraud
from stream_worker.judging.day_pipeline import dedupe, settle_part, with_nonces
from stream_worker.judging.sample import Sample, share_of
from stream_worker.lake.committed import digest_of, outcomes_of
from stream_worker.lake.keys import ExpiringKey, ManifestKey, RunFolder
from stream_worker.lake.manifest import JudgedBy, Manifest, Source
from stream_worker.lake.parts import Parts, missing_parts
from stream_worker.lake.rows import accepted_rows, rejected_rows
from stream_worker.lake.store import DOCUMENT_BYTES
from stream_worker.process.errors import WorkerError
from stream_worker.process.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from stream_worker.judging.judgement import Judgement
    from stream_worker.lake.committed import Committed, CommittedDay
    from stream_worker.lake.keys import Owner
    from stream_worker.lake.manifest import Part
    from stream_worker.lake.store import Lake
    from stream_worker.process.progress import Progress


def run_id(day: CommittedDay, judgement: Judgement, salt: str = "") -> str:
    """Return the run's name: the same for the same segments and the same judgement."""
    identity = (str(day.day), day.generation, digest_of(day.segments), judgement.id, salt)
    return hashlib.sha256(repr(identity).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class RunBuilder:
    """Builds runs in `lake`; rows beyond memory go into files in `scratch`, or in the system's own folder."""

    lake: Lake
    judgement: Judgement
    progress: Progress
    scratch: Path | None = None
    part_rows: int = PART_ROWS

    def build(
        self,
        day: CommittedDay,
        proofs: Mapping[Owner, str],
        replaces: str | None,
        now: datetime,
        *,
        anew: bool = False,
    ) -> Manifest:
        """Write the run's parts and manifest unless they exist; raise `DamagedError` if a segment is damaged.

        Missing parts are written again, except for expired rejects. `anew` builds another run even if one
        exists.
        """
        run = self._name(day, now.isoformat() if anew else "")
        built = self.lake.find(ManifestKey(day.day, run).key, DOCUMENT_BYTES)
        if built is not None and not missing_parts(self.lake, found := Manifest.decode(built), now):
            return found
        with scratch("seal-", self.scratch) as folder:
            sorter, evidence = self._study(day, folder)
            reports, rejects, rejudged = self._write(day, run, sorter, evidence, now)
        committed = day.outcomes
        manifest = Manifest(
            day=day.day,
            run=run,
            source=day.generation,
            made_at=now,
            replaces=replaces,
            code_version=__version__,
            schema_version=SCHEMA_VERSION,
            thresholds_version=self.judgement.thresholds.version,
            judgement=JudgedBy.model_validate({"id": self.judgement.id, **self.judgement.parts}),
            settled_by=day.judged_by,
            evidence=evidence.summary(),
            committed=committed,
            outcomes=_outcomes(committed, rejudged),
            rejudged=rejudged,
            sources=[_source(owner, segments, proofs) for owner, segments in day.by_owner().items()],
            gaps=list(day.problems),
            reports=reports,
            rejects=rejects,
        )
        _check(manifest)
        key = ManifestKey(day.day, run).key
        while not self.lake.put_new(key, manifest.encode(), {}):
            # Another seal was quicker, or parts were missing: it is the same run, made at another time.
            held = self.lake.find(key)
            if held is not None:  # otherwise `expire` has just removed it
                return Manifest.decode(held)
        return manifest

    def _name(self, day: CommittedDay, salt: str) -> str:
        """Return the run's id, or another one while `expire` removes the run of that name."""
        run = run_id(day, self.judgement, salt)
        while self.lake.find(ExpiringKey(day.day, run).key) is not None:
            run = run_id(day, self.judgement, run)
        return run

    def _study(self, day: CommittedDay, folder: Path) -> tuple[Sorter, day_fraud.Evidence]:
        """Read all accepted rows; return them in a sorter, with the evidence for the day-wide rules."""
        share = share_of(day.outcomes["accepted"])
        sorter, sample = Sorter(folder, self.part_rows), Sample(folder, share)
        with self.progress("rows read", day.outcomes["accepted"]) as move:
            for rows in accepted_rows(self.lake, day.segments):
                sorter.add(rows)
                sample.add(rows)
                move(len(rows))
        first, _ = dedupe(sample.take().sort("stack_id"))
        thresholds, rules = self.judgement.thresholds, self.judgement.day_rules
        return sorter, day_fraud.study(with_nonces(first), share, thresholds, rules)

    def _write(
        self, day: CommittedDay, run: str, sorter: Sorter, evidence: day_fraud.Evidence, now: datetime
    ) -> tuple[list[Part], list[Part], dict[str, int]]:
        reports, rejects = (
            Parts(self.lake, RunFolder(table.name, day.day, run), pl.DataFrame(schema=table.polars), now)
            for table in (REPORTS, REJECTS)
        )
        rejudged = Counter[str]()
        for rows in rejected_rows(self.lake, day.segments):
            rejects.gather(rows)
        with self.progress("rows sealed", day.outcomes["accepted"]) as move:
            for part in sorter.parts():
                judged = settle_part(part, evidence, self.judgement)
                reports.add(judged.accepted)
                rejects.gather(judged.rejected)
                rejudged.update(judged.rejudged)
                move(len(part))
        return reports.finish(), rejects.finish(), dict(sorted(rejudged.items()))


def _source(owner: Owner, segments: list[Committed], proofs: Mapping[Owner, str]) -> Source:
    epoch, shard_id = owner
    return Source(
        epoch=epoch,
        shard_id=shard_id,
        segments=len(segments),
        start=str(segments[0].link.start),
        last=str(segments[-1].summary.last),
        first_arrival=min(segment.summary.first_arrival for segment in segments),
        last_arrival=max(segment.summary.last_arrival for segment in segments),
        outcomes=outcomes_of(segments),
        digest=digest_of(segments),
        proof=proofs.get(owner, "forgotten"),
    )


def _outcomes(committed: Mapping[str, int], rejudged: Mapping[str, int]) -> dict[str, int]:
    again = rejudged.get("duplicate", 0)
    forged = sum(rejudged.values()) - again
    return {
        **committed,
        "accepted": committed["accepted"] - again - forged,
        "duplicate": committed["duplicate"] + again,
        "fraud": committed["fraud"] + forged,
    }


def _check(manifest: Manifest) -> None:
    """Raise `WorkerError` if the parts do not have as many rows as the segments and the judgement give."""
    accepted = sum(part.rows for part in manifest.reports)
    rejected = sum(part.rows for part in manifest.rejects)
    if accepted != manifest.outcomes["accepted"] or accepted + rejected != sum(manifest.committed.values()):
        raise WorkerError(
            f"run {manifest.run} has {accepted} reports and {rejected} rejects, but its segments have"
            f" {manifest.committed}: readers were not switched. Audit the day"
        )
