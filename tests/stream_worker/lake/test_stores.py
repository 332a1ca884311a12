"""One contract, held by the lake in memory and by S3: moto's, and a stub that breaks on demand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from infra.analytics.lake_folder import FolderLake
from infra.local.emulator.fault import Fault, Kind
from infra.local.endpoint import CREDENTIAL, REGION
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.judging.pipeline import settle
from stream_worker.judging.seen import Seen
from stream_worker.lake.chain import Chain
from stream_worker.lake.s3_store import S3Lake
from stream_worker.lake.segment import Segment
from stream_worker.lake.store import Lake, MemoryLake
from stream_worker.process.errors import OutageError, SetupError
from stream_worker.stream.records import START, Position
from tests.support.local.control import faults
from tests.support.worker.s3_stub import S3Stub
from tests.support.worker.samples import MALFORMED, SHARD, body, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Cloud

QUICK = Config(retries={"mode": "standard", "total_max_attempts": 2}, read_timeout=10)


@pytest.fixture(params=["memory", "s3", "folder"])
def lake(request: pytest.FixtureRequest, cloud: Cloud, bucket: str, tmp_path: Path) -> Lake:
    if request.param == "folder":
        return FolderLake(tmp_path)
    return MemoryLake() if request.param == "memory" else S3Lake(cloud.s3, bucket)


@pytest.fixture
def stub() -> Iterator[tuple[S3Stub, S3Lake]]:
    found = S3Stub()
    session = boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    with found.serve() as url:
        yield found, S3Lake(session.client("s3", endpoint_url=url, config=QUICK), "lake")


def test_an_object_is_made_once(lake: Lake) -> None:
    assert lake.put_new("a/b", b"first", {"last": "1"})
    assert not lake.put_new("a/b", b"second", {"last": "2"})
    assert (lake.get("a/b"), dict(lake.metadata("a/b"))) == (b"first", {"last": "1"})


def test_keys_and_folders_are_listed_in_order(lake: Lake) -> None:
    for key in ("r/dt=2/b", "r/dt=1/c", "r/dt=1/a", "s/dt=1/a", "r/x"):
        lake.put_new(key, b"", {})
    assert list(lake.keys("r/dt=1/")) == ["r/dt=1/a", "r/dt=1/c"]
    assert lake.folders("r/") == ["dt=1", "dt=2"]
    assert list(lake.keys("none/")) == lake.folders("none/") == []


def test_sizes_are_listed_by_the_beginning_of_the_key(lake: Lake) -> None:
    for key, content in (("r/a.1", b"one"), ("r/a.2", b""), ("r/b.1", b"other")):
        lake.put_new(key, content, {})
    assert dict(lake.sizes("r/a.")) == {"r/a.1": 3, "r/a.2": 0}
    assert dict(lake.sizes("r/")) == {"r/a.1": 3, "r/a.2": 0, "r/b.1": 5}
    assert not lake.sizes("none/")


def test_what_is_not_there_is_found_missing_and_removed_already(lake: Lake) -> None:
    lake.put_new("a/b", b"body", {})
    assert (lake.find("a/b"), lake.find("a/c"), lake.find("x/y")) == (b"body", None, None)
    lake.delete(["a/b", "a/c"])
    assert lake.find("a/b") is None
    assert list(lake.keys("")) == []
    assert lake.put_new("a/b", b"again", {})


def test_of_an_object_that_is_too_long_only_the_beginning_is_read(lake: Lake) -> None:
    lake.put_new("reports/long", b"0123456789", {"reports": "x"})
    assert lake.find("reports/long", 10) == b"0123456789"
    assert lake.find("reports/long", 5) == b"012345"
    assert lake.find("reports/none", 5) is None
    assert lake.with_metadata("reports/long") == (b"0123456789", {"reports": "x"})


def test_of_many_puts_at_once_one_makes_the_object(lake: Lake) -> None:
    at_once = 1 if isinstance(lake, MemoryLake) else 8  # one at a time is that one's contract
    with ThreadPoolExecutor(at_once) as writers:
        made = list(writers.map(lambda n: lake.put_new("a/b", bytes([n]), {"last": str(n)}), range(16)))
    assert made.count(True) == 1
    assert lake.get("a/b")[0] == int(lake.metadata("a/b")["last"]) == made.index(True)


def test_a_segments_summary_survives_the_lake(lake: Lake) -> None:
    segment = make_segment()
    commit = Chain(lake, SHARD).commit(segment)
    assert commit.ours
    assert Chain(lake, SHARD).end() == segment.summary.last


def make_segment() -> Segment:
    found = records([body(1), MALFORMED])
    return Segment.of(found, settle(found, Seen(), SHARD.shard_id), START, JUDGEMENT)


def test_of_many_who_take_the_same_step_one_wins(cloud: Cloud, bucket: str) -> None:
    segment = make_segment()
    chains = [Chain(S3Lake(cloud.s3, bucket), SHARD) for _ in range(16)]
    with ThreadPoolExecutor(16) as owners:
        commits = list(owners.map(lambda chain: chain.commit(segment), chains))
    assert sorted(commit.ours for commit in commits) == [False] * 15 + [True]
    assert {commit.end for commit in commits} == {segment.summary.last}


def test_more_than_a_page_of_keys_is_listed(cloud: Cloud, bucket: str) -> None:
    lake = S3Lake(cloud.s3, bucket)
    for number in range(1_005):
        lake.put_new(f"k/{number:04d}/x", b"", {})
    assert len(list(lake.keys("k/"))) == len(lake.folders("k/")) == 1_005


def test_an_answer_that_was_lost_after_the_put_is_found_again(stub: tuple[S3Stub, S3Lake]) -> None:
    s3, lake = stub
    first = replace(make_segment(), rejects=None)
    last = Position(first.summary.last.sequence_number + 1)
    segment = replace(first, start=first.summary.last, summary=replace(first.summary, last=last))
    chain = Chain(lake, SHARD)
    assert chain.commit(first).ours
    s3.requests.clear()
    s3.faults = ["lose answer"]
    commit = chain.commit(segment)
    assert commit.end == segment.summary.last
    assert s3.requests == ["PUT", "PUT", "HEAD"]


def test_a_conflict_is_tried_again(stub: tuple[S3Stub, S3Lake]) -> None:
    s3, lake = stub
    s3.faults = ["409", "409"]
    assert lake.put_new("k", b"x", {})
    assert s3.requests == ["PUT"] * 3


def test_an_outage_is_retried_and_then_reported(stub: tuple[S3Stub, S3Lake]) -> None:
    s3, lake = stub
    s3.faults = ["500"]
    assert lake.put_new("k", b"x", {})
    s3.faults = ["500"] * 2
    with pytest.raises(OutageError, match="start the worker again"):
        lake.put_new("other", b"x", {})


def test_an_s3_out_of_reach_is_an_outage() -> None:
    session = boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    with S3Stub().serve() as url:
        pass  # nobody listens there any more
    lake = S3Lake(session.client("s3", endpoint_url=url, config=QUICK), "lake")
    with pytest.raises(OutageError, match="check that it can be reached"):
        lake.put_new("k", b"x", {})


def test_a_missing_bucket_is_a_matter_of_setup(cloud: Cloud) -> None:
    lake = S3Lake(cloud.s3, "no-such-bucket-here")
    for ask in (lambda: list(lake.keys("")), lambda: lake.folders(""), lambda: lake.put_new("k", b"", {})):
        with pytest.raises(SetupError, match="METRICS_BUCKET"):
            ask()


def test_an_outage_is_retried_while_patience_lasts_and_no_stop_is_asked_for() -> None:
    s3, session = S3Stub(), boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    with s3.serve() as url:
        client = session.client("s3", endpoint_url=url, config=QUICK)
        s3.faults = ["500"] * 5
        assert S3Lake(client, "lake", patience=60).put_new("k", b"x", {})
        assert s3.requests == ["PUT"] * 6
        s3.faults = ["500"] * 5
        hurried = S3Lake(client, "lake", patience=60, asked_to_stop=lambda: len(s3.requests) > 6)
        with pytest.raises(OutageError):
            hurried.put_new("other", b"x", {})


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        ("400 ExpiredToken", "get new credentials"),
        ("400 KMS.DisabledException", "enable the KMS key"),
        ("403 RequestTimeTooSkewed", "set this machine's clock"),
        ("403 SignatureDoesNotMatch", "this machine's clock"),
        ("403 AccessDenied", "METRICS_BUCKET"),
    ],
)
def test_what_waiting_cannot_change_is_raised_at_once(refusal: str, remedy: str) -> None:
    s3, session = S3Stub(), boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION)
    with s3.serve() as url:
        lake = S3Lake(session.client("s3", endpoint_url=url, config=QUICK), "lake", patience=600)
        for ask in (lambda: lake.put_new("k", b"x", {}), lambda: list(lake.keys("")), lambda: lake.get("k")):
            s3.requests.clear()
            s3.faults = [refusal] * 2
            with pytest.raises(SetupError, match=remedy):
                ask()
            assert len(s3.requests) == 1


def test_a_removal_that_is_refused_is_raised_at_once() -> None:
    s3 = boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION).client("s3")
    with Stubber(s3) as answers:
        denied = {"Key": "k", "Code": "AccessDenied"}
        answers.add_response("delete_objects", {"Errors": [denied]})
        with pytest.raises(SetupError, match="AccessDenied; check METRICS_BUCKET and the task's permissions"):
            S3Lake(s3, "lake", patience=600).delete(["k"])


def test_an_outage_of_what_is_read_is_waited_out_too(cloud: Cloud, bucket: str) -> None:
    lake = S3Lake(cloud.s3, bucket, patience=60)
    assert lake.put_new("a/b", b"x", {"last": "1"})
    outage = Fault(service="s3", kind=Kind.SLOW_DOWN, resource=f"{bucket}/", times=3)
    asks: list[tuple[Callable[[], object], object]] = [
        (lambda: lake.get("a/b"), b"x"),
        (lambda: lake.metadata("a/b")["last"], "1"),
        (lambda: list(lake.keys("a/")), ["a/b"]),
        (lambda: lake.folders(""), ["a"]),
    ]
    for ask, answer in asks:
        with faults(cloud.url, outage) as sabotage:
            assert ask() == answer
            assert sabotage.hits == [3]
