"""What must hold, in the README's words, and how it is looked at.

While a history runs:

- "Every record on the stream ends in exactly one place": no two segments of a chain overlap, each goes on
  where another ended; no segment and no checkpoint passes over a record that the stream still holds.
- "Nothing is dropped": what the stream has forgotten is in a gap that was written down before, and a gap is
  only written where something may be missing.
- Of what readers see: `sight.py`.
- An audit of what is whole has nothing to say, even while others work.

When all is quiet:

- Each record that is not lost has one row; a lost one's day is not sealed, nor audited, as if it were whole.
- The counts are those of the rows. A deployment counts once a day.
- Sealing again changes nothing; replays give what was; a rollback gives back what readers saw.
- An audit finds nothing, and finds each damage.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stream_worker.judging.thresholds import THRESHOLDS
from stream_worker.lake.gap import Gap
from stream_worker.lake.keys import SegmentKey
from stream_worker.lake.segment import OUTCOMES, Summary
from stream_worker.stream.records import Position
from tests.simulation.stored import name, outcomes_of, rejects_of, rows_in, segment_rows, tail
from tests.simulation.truth import STRICT
from tests.simulation.world import ViolationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from tests.simulation.bucket import Bucket
    from tests.simulation.stream import SimShard, Stream
    from tests.simulation.truth import Fact, Place, Truth
    from tests.simulation.world import World

_MARGIN: Final = 3_700.0
"""Seconds before its time at which what the stream holds may be taken for forgotten (stream/horizon.py)."""


@dataclass(slots=True)
class Invariants:
    """Looks at everything that happens; raises `ViolationError`."""

    world: World
    truth: Truth
    bucket: Bucket
    stream: Stream
    signposts: dict[str, set[int]] = field(default_factory=dict)
    holes: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    # While a history runs.

    def on_put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> None:
        """Check that a segment takes its place in a chain."""
        gap = Gap.parse(key)
        if gap is not None:
            self._writes_gap(gap)
        link = SegmentKey.parse(key) if key.startswith("reports/") and "/sealed/" not in key else None
        if link is None:
            return
        generation = key.removeprefix("reports/").partition("/dt=")[0]
        start, last = link.start.sequence_number, Position.parse(metadata["last"]).sequence_number
        steps = self.truth.steps.setdefault((generation, link.shard_id), [])
        if metadata["records"] == "0":
            if generation == "live":
                self._joins(link.shard_id, start, steps)
                self._has_all(link.shard_id, start, last, [])
            self.signposts.setdefault(link.shard_id, set()).add(last)
            return
        for other_start, other_last, other in steps:
            if max(start, other_start) < min(last, other_last):
                raise ViolationError("one place", f"{tail(key)} overlaps {tail(other)}")
        if generation == "live":
            self._joins(link.shard_id, start, steps)
            self._has_all(link.shard_id, start, last, segment_rows(self.bucket.objects, key, body, metadata))
        steps.append((start, last, key))
        if generation == "live":
            self._passes_over(self.stream.shards[link.shard_id], last, f"segment {tail(key)}")

    def _joins(self, shard_id: str, start: int, steps: list[tuple[int, int, str]]) -> None:
        """Check that a segment goes on where another ended."""
        if start and start not in {last for _, last, _ in steps} | self.signposts.get(shard_id, set()):
            raise ViolationError("chain", f"segment ..{start % 10000} of {shard_id[-3:]} follows no other")

    def _has_all(self, shard_id: str, start: int, last: int, rows: list[dict[str, Any]]) -> None:
        """Check that a segment has all between two positions, but for what a gap says may be forgotten."""
        numbers = {int(row["sequence_number"]) for row in rows}
        for one in self.stream.shards[shard_id].records:
            if not start < one.number <= last or one.number in numbers:
                continue
            where = "in its middle" if min(numbers, default=last) < one.number else "at its head"
            which = f"which segment ..{start % 10000} passes over {where}"
            what = f"..{one.number % 10000} of {shard_id[-3:]}, {which}"
            if one.at >= self.stream.horizon:
                raise ViolationError("nothing dropped", what)
            self.truth.lost.add((shard_id, one.number))
            self.world.note(f"lost: {what}")
            holes = self.holes.get(shard_id, ())
            if not any(since <= one.arrival <= until for since, until in holes):
                raise ViolationError("lost without a word", what)

    def _writes_gap(self, gap: Gap) -> None:
        """Check that a gap is only written where something may be missing, as far as one can know."""
        self.holes.setdefault(gap.shard_id, []).append((gap.since, gap.until))
        if gap.since / 1000 > self.stream.horizon + _MARGIN:
            raise ViolationError("false gap", f"{gap.problem()}, and the stream still has it")

    def on_checkpoint(self, _: str, position: Position, shard: SimShard) -> None:
        """Check that everything up to a checkpoint is committed."""
        self._passes_over(shard, position.sequence_number, "checkpoint")

    def _passes_over(self, shard: SimShard, last: int, what: str) -> None:
        horizon = self.stream.horizon
        steps = self.truth.steps.get(("live", shard.shard_id), [])
        for one in shard.records:
            if one.number > last:
                return
            held = any(start < one.number <= end for start, end, _ in steps)
            if not held and one.at >= horizon:
                what = f"{what} of {shard.shard_id[-3:]} passes over ..{one.number % 10000}"
                raise ViolationError("nothing dropped", what)

    # When all is quiet.

    def check_chains(self) -> None:
        """Check that each record has one row in the live chains, the right one, and that counts are true."""
        rows: dict[Place, str] = {}
        accepted: dict[tuple[str, date, str], Place] = {}
        for key in sorted(one for one in self.bucket.objects if one.startswith("reports/live/")):
            self._check_segment(key, rows, accepted)
        self._check_lineage(accepted)
        for place, fact in self.truth.facts.items():
            if place not in rows and place not in self.truth.lost:
                raise ViolationError("nothing dropped", f"{name(fact)} has no row")

    def _check_segment(
        self, key: str, rows: dict[Place, str], accepted: dict[tuple[str, date, str], Place]
    ) -> None:
        body, metadata = self.bucket.objects[key]
        summary, link = Summary.parse(metadata), SegmentKey.parse(key)
        if not summary.records:
            return  # a signpost
        assert link is not None
        rejects = rejects_of(key, metadata)
        found = [(row, "accepted") for row in rows_in(body)]
        if rejects is not None:
            if rejects not in self.bucket.objects:
                raise ViolationError("nothing dropped", f"the rejects of {tail(key)} are not there")
            found += [(row, row["reason"]) for row in rows_in(self.bucket.objects[rejects][0])]
        counted = Counter(outcome for _, outcome in found)
        if any(counted[outcome] != summary.outcomes[outcome] for outcome in OUTCOMES):
            raise ViolationError(
                "counts", f"{tail(key)} says {dict(summary.outcomes)}, it has {dict(counted)}"
            )
        for row, outcome in found:
            fact = self._fact(row, link.day)
            if fact.place in rows:
                raise ViolationError("one place", f"{name(fact)} has two rows")
            rows[fact.place] = outcome
            if outcome not in outcomes_of(fact.kind):
                raise ViolationError("outcome", f"{name(fact)} is {outcome}")
            if outcome == "accepted":
                used = (fact.shard_id, fact.day, fact.nonce.lower())
                if used in accepted:
                    raise ViolationError("once a day", f"{name(fact)} is accepted again on its shard")
                accepted[used] = fact.place

    def _check_lineage(self, accepted: Mapping[tuple[str, date, str], Place]) -> None:
        """Check that no parent that was still listed had accepted what a shard accepts on a day."""
        for shard_id, day, nonce in accepted:
            shard = self.stream.shards[shard_id]
            for parent in shard.parents:
                closed = self.stream.shards[parent].closed or 0.0
                _, number = accepted[shard_id, day, nonce]
                _, _, key = next(
                    one for one in self.truth.steps["live", shard_id] if one[0] < number <= one[1]
                )
                listed = self.bucket.made[key] < closed + self.stream.retention * 3600 - 600
                if listed and (parent, day, nonce) in accepted:
                    what = f"..{number % 10000} of {shard_id[-3:]} is accepted, as was one of {parent[-3:]}"
                    raise ViolationError("once a day", what)

    def check_run(self, manifest: Any) -> set[Place]:  # noqa: ANN401 - as JSON has it
        """Check that a run has each record of its day once, and each deployment that counts once.

        Return the records that it has.
        """
        day, run = manifest["day"], manifest["run"]
        thresholds = STRICT if manifest["thresholds_version"] == STRICT.version else THRESHOLDS
        facts = {place: fact for place, fact in self.truth.facts.items() if str(fact.day) == day}
        seen: dict[Place, str] = {}
        nonces = Counter[str]()
        for table in ("reports", "rejects"):
            for part in manifest[table]:
                for row in rows_in(self.bucket.objects[part["key"]][0]):
                    fact = self._fact(row, None)
                    if fact.place in seen or str(fact.day) != day:
                        raise ViolationError(
                            "one place", f"{name(fact)} is in run {run} twice, or by mistake"
                        )
                    seen[fact.place] = row.get("reason", "accepted")
                    if table == "reports":
                        nonces[row["stack_id"]] += 1
        missing = [
            fact for place, fact in facts.items() if place not in seen and place not in self.truth.lost
        ]
        if missing:
            made_of = f"made of {manifest['source'].partition('=')[0]}"
            what = f"{name(missing[0])} is not in run {run}, {made_of}, which readers see"
            raise ViolationError("whole day", what)
        by_right = {
            fact.nonce.lower()
            for place, fact in facts.items()
            if place in seen and fact.kind.counts(thresholds)
        }
        if set(nonces) != by_right or max(nonces.values(), default=1) > 1:
            wrong = {*nonces} ^ by_right or {nonce for nonce, count in nonces.items() if count > 1}
            raise ViolationError("once a day", f"run {run} of {day}: {min(wrong)} does not count once")
        return set(seen)

    def gone(self, day: date) -> list[Fact]:
        """Return the day's records that the stream forgot before they were committed."""
        return [
            fact for place, fact in self.truth.facts.items() if place in self.truth.lost and fact.day == day
        ]

    def doubtful(self, since: float, until: float) -> bool:
        """Say whether the stream may have forgotten something of a time, as far as anybody can know."""
        if since < self.stream.horizon + _MARGIN:
            return True
        return any(
            begin < until * 1000 and since * 1000 < end
            for holes in self.holes.values()
            for begin, end in holes
        )

    def _fact(self, row: dict[str, Any], day: date | None) -> Fact:
        place = (row["shard_id"], int(row["sequence_number"]))
        fact = self.truth.facts.get(place)
        if fact is None or (day is not None and fact.day != day):
            raise ViolationError(
                "one place", f"..{place[1] % 10000} of {place[0][-3:]} has a row where it has none"
            )
        return fact
