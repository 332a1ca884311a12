"""A recount compares the lake with the stream, position by position."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from stream_worker.audit.auditor import Auditor
from stream_worker.audit.recount import Recount
from stream_worker.lake.committed import read_day
from stream_worker.lake.keys import LIVE
from stream_worker.process.progress import silent
from stream_worker.publication.publication import Publication
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.records import Records
from stream_worker.stream.shard import Shard
from tests.support.e2e import aggregates
from tests.support.worker.ledger import SEALED_AT, Ledger
from tests.support.worker.polling import Expiring, engine, put, split
from tests.support.worker.samples import body

if TYPE_CHECKING:
    from datetime import date

    from stream_worker.audit.auditor import Audit
    from stream_worker.process.problem import Problem
    from tests.conftest import Cloud


def today() -> date:
    return datetime.now(UTC).date()


def audit(cloud: Cloud, stream: str, ledger: Ledger, *, days: int = 0) -> Audit:
    """Audit today against the stream, so many days later."""
    expiring = KinesisStream(Expiring(cloud.kinesis), stream)  # type: ignore[arg-type] # stands in for the client
    recount = Recount(expiring, timedelta(seconds=60), silent)
    later = datetime.now(UTC) + timedelta(days=days)
    return Auditor(ledger.publication, silent, lambda: later, recount).audit(today())


@pytest.fixture
def ledger(cloud: Cloud, stream: str) -> Ledger:
    """Commit forty records of two shards and their parent, one of them rejected."""
    put(cloud, stream, range(20))
    split(cloud, stream, "shardId-000000000000")
    put(cloud, stream, [*range(20, 39), 3])
    made = Ledger()
    engine(cloud.kinesis, stream, made.lake).run()
    made.catalog.add_live(today())
    return made


def test_a_lake_that_has_all_is_well(cloud: Cloud, stream: str, ledger: Ledger) -> None:
    found = audit(cloud, stream, ledger)
    assert (others(found), found.notes, found.records) == ((), (), 40)
    assert len(found.shards) == 3


def test_a_sealed_lake_is_compared_by_its_run_if_the_segments_are_gone(
    cloud: Cloud, stream: str, ledger: Ledger
) -> None:
    ledger.seal(day=today())
    ledger.lake.delete([*ledger.held("reports/live/"), *ledger.held("rejects/live/")])
    found = audit(cloud, stream, ledger)
    assert others(found) == ()
    assert found.records == 40


def test_what_the_lake_has_not_is_named_by_its_first_position(
    cloud: Cloud, stream: str, ledger: Ledger
) -> None:
    places = sorted(put(cloud, stream, range(100, 110)))
    found = audit(cloud, stream, ledger)
    first = dict(reversed(places))
    assert {(problem.shard_id, problem.position) for problem in others(found)} == {
        (shard_id, str(number)) for shard_id, number in first.items()
    }


def test_a_deleted_last_segment_is_found(cloud: Cloud, stream: str, ledger: Ledger) -> None:
    key = ledger.held("reports/live/")[0]
    ledger.lake.delete([key])
    (found,) = audit(cloud, stream, ledger).problems
    assert str(found.shard_id) in key
    assert found.what.startswith("uncommitted")


def test_records_that_the_stream_never_had_are_found(cloud: Cloud, stream: str, ledger: Ledger) -> None:
    segment = read_day(ledger.lake, LIVE, today()).segments[-1]
    far = segment.summary.last.sequence_number + 10**20
    extra = Records([body(700)], ["k"], [str(far)], [0], [segment.summary.last_arrival])
    ledger.commit(extra, Shard(*segment.link.owner))
    (found,) = audit(cloud, stream, ledger).problems
    assert (found.what[:5], found.shard_id, found.position) == ("extra", segment.link.shard_id, str(far))


def test_what_the_stream_has_forgotten_is_a_note(cloud: Cloud, fresh_name: str, ledger: Ledger) -> None:
    cloud.kinesis.create_stream(StreamName=f"{fresh_name}-new", ShardCount=1)
    found = audit(cloud, f"{fresh_name}-new", ledger)
    assert found.ok
    assert found.notes


def test_dropped_members_are_a_note(cloud: Cloud, fresh_name: str) -> None:
    cloud.kinesis.create_stream(StreamName=fresh_name, ShardCount=2)
    placed = aggregates.put(cloud.kinesis, fresh_name)
    made = Ledger()
    engine(cloud.kinesis, fresh_name, made.lake).run()
    made.catalog.add_live(today())
    found = audit(cloud, fresh_name, made)
    assert found.ok
    counted = sum(int(note.split(" ")[1].replace(",", "")) for note in found.notes)
    assert counted == sum(hard.dropped for hard in placed.values())


def test_readers_that_were_rolled_back_are_compared_too(cloud: Cloud, stream: str, ledger: Ledger) -> None:
    ledger.seal(day=today())
    Publication(ledger.lake, ledger.catalog).roll_back(today(), SEALED_AT)
    assert audit(cloud, stream, ledger).ok


def others(found: Audit) -> tuple[Problem, ...]:
    """Return what is wrong beside that live segments of a sealed day are gone."""
    return tuple(
        problem for problem in found.problems if not problem.what.startswith("missing: all segments")
    )


def expire(ledger: Ledger, *, sealed: bool) -> None:
    """Remove all rejects; of a sealed day the segments too, so that its run is what the stream is held to."""
    if sealed:
        ledger.seal(day=today())
        ledger.lake.delete(ledger.held("reports/live/"))
    ledger.lake.delete(ledger.held("rejects/"))


@pytest.mark.parametrize("sealed", [False, True])
def test_rejects_that_have_expired_are_not_uncommitted(
    cloud: Cloud, stream: str, ledger: Ledger, *, sealed: bool
) -> None:
    expire(ledger, sealed=sealed)
    found = audit(cloud, stream, ledger, days=32)
    assert others(found) == ()
    assert found.records == 40
    assert [note for note in found.notes if "by count alone" in note]


@pytest.mark.parametrize("sealed", [False, True])
def test_what_the_lake_has_not_is_found_beside_expired_rejects(
    cloud: Cloud, stream: str, ledger: Ledger, *, sealed: bool
) -> None:
    expire(ledger, sealed=sealed)
    places = sorted(put(cloud, stream, range(100, 110)))
    found = audit(cloud, stream, ledger, days=32)
    first = dict(reversed(places))
    assert {(problem.shard_id, problem.position) for problem in others(found)} == {
        (shard_id, str(number)) for shard_id, number in first.items()
    }


def test_rejects_that_are_gone_too_early_are_uncommitted(cloud: Cloud, stream: str, ledger: Ledger) -> None:
    expire(ledger, sealed=False)
    found = {problem.what.partition(":")[0] for problem in audit(cloud, stream, ledger).problems}
    assert found == {"missing", "uncommitted"}
