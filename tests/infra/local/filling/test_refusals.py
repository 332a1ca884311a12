"""Where a story is not played: a reason, what to do, and nothing changed."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from infra.fleets.story.making import make_story
from infra.local.filling.fill import fill
from infra.local.filling.refusals import FillError
from infra.local.filling.target import Target
from infra.local.ports import LOOPBACK
from infra.local.resources import Resources, create
from tests.conftest import SESSION

if TYPE_CHECKING:
    from collections.abc import Iterator

STORY = make_story(2, 1, date(2025, 6, 30), start=5, end=5, forgeries=0)


def elsewhere(url: str, names: Resources) -> Target:
    """Return a target whose three services are at a URL."""
    kinesis = SESSION.client("kinesis", endpoint_url=url)
    return Target(
        kinesis, SESSION.client("s3", endpoint_url=url), SESSION.client("glue", endpoint_url=url), names
    )


@pytest.fixture
def plain_moto() -> Iterator[str]:
    """Give the URL of an emulator that is not ours."""
    server = ThreadedMotoServer(LOOPBACK, 0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.stop()


@pytest.mark.parametrize("url", ["http://192.0.2.1:5000", "https://kinesis.us-east-1.amazonaws.com"])
def test_another_machine_is_refused_without_being_asked(target: Target, url: str) -> None:
    with pytest.raises(FillError, match=r"not on this machine.*AWS_ENDPOINT_URL"):
        fill(elsewhere(url, target.names), STORY)


def test_an_emulator_without_a_clock_is_refused(target: Target, plain_moto: str) -> None:
    other = elsewhere(plain_moto, target.names)
    create(target.names, kinesis=other.kinesis, s3=other.s3, glue=other.glue)
    with pytest.raises(FillError, match=r"no clock.*metrics-local cloud"):
        fill(other, STORY)
    assert not list(other.lake.keys(""))


def test_an_address_where_nobody_answers_is_refused(target: Target) -> None:
    with pytest.raises(FillError, match="nothing answers"):
        fill(elsewhere(f"http://{LOOPBACK}:1", target.names), STORY)


@pytest.mark.parametrize(
    ("missing", "variable"),
    [("stream", "METRICS_STREAM"), ("bucket", "METRICS_BUCKET"), ("database", "METRICS_DATABASE")],
)
def test_what_is_missing_is_named(target: Target, missing: str, variable: str) -> None:
    absent = f"{target.names.stream}-absent"
    names = Resources(**asdict(target.names) | {missing: absent})
    with pytest.raises(FillError, match=f"{missing} {absent}.*metrics-local init.*{variable}"):
        fill(replace(target, names=names), STORY)
    assert not list(target.lake.keys(""))


def test_a_stream_with_later_records_is_refused(target: Target) -> None:
    target.set_clock(datetime(2025, 6, 29, 12, tzinfo=UTC))
    target.kinesis.put_record(StreamName=target.names.stream, Data=b"{", PartitionKey="before")
    with pytest.raises(FillError, match=r"back in time.*2025-06-29T12:00"):
        fill(target, STORY)
    assert not list(target.lake.keys(""))


def test_a_lake_that_has_one_of_the_days_is_left_as_it_is(target: Target) -> None:
    fill(target, make_story(1, 1, date(2025, 6, 29), start=5, end=5, forgeries=0))
    before = list(target.lake.keys(""))
    with pytest.raises(FillError, match="1 of these days already, from 2025-06-29 to 2025-06-29"):
        fill(target, STORY)
    assert list(target.lake.keys("")) == before
