"""The publisher's threads, with a stream in memory."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ingest_api.batch import Entry
from ingest_api.publisher import SENDERS, Publisher, UnavailableError
from ingest_api.stream import CallFailedError, Fate, MemoryStream, Refused, Stored
from tests.support.edge.publishing import publish


def test_each_request_gets_the_id_of_its_own_record() -> None:
    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        return [Stored("shard", entry.data.decode()) for entry in entries]

    publisher = Publisher(MemoryStream(answer), seconds=5)
    with ThreadPoolExecutor(50) as pool:
        ids = list(pool.map(lambda number: publish(publisher, b"%d" % number, "k"), range(500)))
    assert ids == [f"shard:{number}" for number in range(500)]
    publisher.close()


def test_records_that_come_during_a_call_go_out_together() -> None:
    first, go_on = threading.Event(), threading.Event()

    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        if not first.is_set():
            first.set()
            go_on.wait(60)
        return [Stored("shard", "1")] * len(entries)

    stream = MemoryStream(answer)
    publisher = Publisher(stream, seconds=5)
    with ThreadPoolExecutor(50) as pool:
        pool.submit(publish, publisher, b"first", "k")
        first.wait(60)
        rest = [pool.submit(publish, publisher, b"rest", "k") for _ in range(49)]
        for one in rest:
            one.result()
        go_on.set()
    assert len(stream.calls) < 25
    publisher.close()


def test_refused_records_alone_are_sent_again() -> None:
    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        return [
            Stored("shard", "1") if entry.tries or entry.data == b"good" else Refused("Throttled")
            for entry in entries
        ]

    stream = MemoryStream(answer)
    publisher = Publisher(stream, seconds=5)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(publish, publisher), [b"good", b"bad"], ["k", "k"]))
    assert sorted(body for call in stream.calls for body in call) == [b"bad", b"bad", b"good"]
    publisher.close()


@pytest.mark.parametrize("error", [CallFailedError("Down"), RuntimeError("bug"), MemoryError()])
def test_whatever_a_call_raises_its_records_are_sent_again(error: Exception) -> None:
    failed = threading.Event()

    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        if not failed.is_set():
            failed.set()
            raise error
        return [Stored("shard", "1")] * len(entries)

    publisher = Publisher(MemoryStream(answer), seconds=5)
    assert publish(publisher, b"x", "k") == "shard:1"
    assert publisher.failed_at is None
    publisher.close()


def test_fates_of_another_number_than_records_store_nothing() -> None:
    publisher = Publisher(MemoryStream(lambda _: [Stored("shard", "1")] * 2), seconds=0.2)
    with pytest.raises(UnavailableError):
        publish(publisher, b"x", "k")
    assert publisher.failed_at is not None
    publisher.close()


def test_a_call_that_hangs_is_unavailable_at_the_deadline() -> None:
    never = threading.Event()

    def answer(_entries: Sequence[Entry]) -> Sequence[Fate]:
        never.wait(60)
        return []

    publisher = Publisher(MemoryStream(answer), seconds=0.2)
    begun = time.monotonic()
    with pytest.raises(UnavailableError) as caught:
        publish(publisher, b"x", "k")
    assert 0.2 <= time.monotonic() - begun < 30
    assert 5 <= caught.value.retry_after <= 30
    never.set()
    publisher.close()


@pytest.mark.parametrize(("waiting", "waiting_bytes"), [(1, 1000), (1000, 3)])
def test_a_full_queue_is_unavailable_at_once_and_frees_its_places(waiting: int, waiting_bytes: int) -> None:
    go_on = threading.Event()

    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        go_on.wait(60)
        return [Stored("shard", "1")] * len(entries)

    stream = MemoryStream(answer)
    publisher = Publisher(stream, seconds=5, waiting=waiting, waiting_bytes=waiting_bytes)
    first = publisher.submit(b"x", "k")
    with pytest.raises(UnavailableError, match="too many"):
        publisher.submit(b"y", "k")
    go_on.set()
    first.wait(60)
    assert publish(publisher, b"z", "k") == "shard:1"
    publisher.close()


def test_records_whose_time_is_over_free_their_places_and_are_not_sent() -> None:
    go_on, calls = threading.Event(), []

    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        calls.append([entry.data for entry in entries])
        go_on.wait(60)
        return [Stored("shard", "1")] * len(entries)

    publisher = Publisher(MemoryStream(answer), seconds=0.2, waiting=SENDERS + 1)
    busy = []
    for number in range(SENDERS):
        busy.append(publisher.submit(b"busy", "k"))
        while len(calls) <= number:
            time.sleep(0.001)
    late = publisher.submit(b"late", "k")
    late.wait(0.3)
    go_on.set()
    late.wait(60)
    assert late.settled
    assert [b"late"] not in calls
    with pytest.raises(UnavailableError):
        publisher.record_id(late)
    for entry in busy:
        entry.wait(60)
    assert publish(publisher, b"next", "k") == "shard:1"
    publisher.close()


def test_close_settles_what_was_taken_and_takes_no_more() -> None:
    go_on = threading.Event()

    def answer(entries: Sequence[Entry]) -> Sequence[Fate]:
        go_on.wait(60)
        return [Stored("shard", "1")] * len(entries)

    stream = MemoryStream(answer)
    publisher = Publisher(stream, seconds=5)
    with ThreadPoolExecutor(2) as pool:
        taken = pool.submit(publish, publisher, b"x", "k")
        while not stream.calls:
            time.sleep(0.001)
        closing = pool.submit(publisher.close)
        go_on.set()
        closing.result()
        assert taken.result() == "shard:1"
    with pytest.raises(UnavailableError, match="stopping"):
        publish(publisher, b"y", "k")
