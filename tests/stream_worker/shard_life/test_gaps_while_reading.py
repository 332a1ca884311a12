"""What the stream forgets while it is read leaves a gap: the horizon overtakes, a closed shard expires."""

from __future__ import annotations

import polars as pl

from stream_worker.audit.recount import Recount
from stream_worker.audit.shard_positions import ShardPositions
from stream_worker.days.completeness import Proof
from stream_worker.process.limits import Limits
from stream_worker.process.progress import silent
from stream_worker.stream.kinesis import KinesisStream
from tests.support import truth
from tests.support.worker.forgetful import DAY, MINUTE, Hooked, Site, Slow
from tests.support.worker.past_days import FIRST_SHARD
from tests.support.worker.polling import NEVER, split


def test_a_worker_that_the_horizon_overtakes_leaves_a_gap(site: Site) -> None:
    places = site.at(0, 20)
    hooked = Hooked(site.cloud.kinesis, lambda: site.at(49, 5))
    *_, gap = site.work(Limits(7, 10**9, 10**6), hooked)  # type: ignore[arg-type] # stands in for the client
    assert gap["committed"] == f"{places[6][1]:056d}"
    assert site.days() == [0, 1, 2]
    assert len(truth.read(site.lake).positions) == 12


def test_one_that_it_overtakes_between_two_pages_of_a_run_ends_the_run_there(site: Site) -> None:
    *_, last = site.at(0, 7)
    site.at(1, 20, lost=True)
    site.at(6, 5)
    site.at(23.5)
    hooked = Hooked(site.cloud.kinesis, lambda: site.at(27))
    gaps = site.work(NEVER, hooked)  # type: ignore[arg-type] # stands in for the client
    assert [gap["committed"] for gap in gaps] == ["start", f"{last[1]:056d}"]
    assert truth.read(site.lake).positions == sorted(site.kept)


def test_a_closed_shard_that_expires_before_it_is_read_to_its_end_is_a_gap(site: Site) -> None:
    site.at(0, 10)
    site.work()
    *_, (_, last) = site.at(1, 5, lost=True)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(49, 5)
    site.work()
    found = site.prove(DAY, 49)
    assert found["0"].proof is Proof.FORGOTTEN
    assert found["0"].lag is not None
    assert found["0"].lag.is_gap
    assert found["0"].lag.position != f"{last:056d}"


def test_one_that_expires_between_its_listing_and_its_reading_is_proven_as_one_that_has_expired(
    site: Site,
) -> None:
    site.at(0, 10)
    site.work()
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(23)
    slow = Slow(site.cloud.kinesis, lambda: site.at(25))
    found = site.prove(DAY, 23, slow)  # type: ignore[arg-type] # stands in for the client
    assert found["0"].proof is Proof.FORGOTTEN


def test_nor_does_a_recount_end_by_one(site: Site) -> None:
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(22)
    (closed, *_) = KinesisStream(site.cloud.kinesis, site.stream).shards()
    slow = Slow(site.cloud.kinesis, lambda: site.at(24))
    stream = KinesisStream(slow, site.stream)  # type: ignore[arg-type] # stands in for the client
    recount = Recount(stream, MINUTE, silent)
    compared = recount.compare(
        DAY, {closed.owner}, 0, lambda _: ShardPositions(pl.Series("position", dtype=pl.String))
    )
    assert compared.problems == []
    (note,) = compared.notes
    assert note.startswith(f"{FIRST_SHARD}: the stream no longer lists the shard")


def test_a_closed_shard_that_was_read_to_its_end_is_none(site: Site) -> None:
    site.at(0, 10)
    split(site.cloud, site.stream, FIRST_SHARD)
    site.at(1, 20)
    assert site.work() == []
    site.at(20, 20)
    assert site.work() == []
    site.at(40)
    assert site.work() == []
    found = site.prove(DAY, 49)
    assert (found["0"].proof, found["0"].lag) == (Proof.ENDED, None)
    assert [found[shard].lag for shard in "12"] == [None, None]
