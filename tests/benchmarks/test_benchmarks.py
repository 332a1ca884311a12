"""The benchmarks' parts, at a tiny size: that they measure what they say. No test looks at a time."""

import json
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from rich.console import Console

from infra.analytics.lake_folder import FolderLake
from infra.local.endpoint import CREDENTIAL, REGION
from tests.benchmarks import (
    committed_day,
    edge,
    replay_run,
    reports,
    seal,
    seal_run,
    seen_growth,
    strangers,
    table,
    timing,
    worker,
)
from tests.benchmarks.figure import Aim, Figure, Result, at_least, at_most, ratios
from tests.benchmarks.load import DROPPED, Generator
from tests.benchmarks.script import PlainScript
from tests.benchmarks.worker_path import WorkerPath
from tests.strangers.kind import Kind

if TYPE_CHECKING:
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef


class TestStub:
    def test_boto3_takes_it_for_kinesis(self, tmp_path: Path) -> None:
        with edge.stub(tmp_path) as port:
            config = Config(retries={"total_max_attempts": 1}, max_pool_connections=4)
            kinesis = boto3.Session(CREDENTIAL, CREDENTIAL, region_name=REGION).client(
                "kinesis", endpoint_url=f"http://127.0.0.1:{port}", config=config
            )
            one = kinesis.put_record(StreamName="metrics", Data=b"{}", PartitionKey="key")
            sent: list[PutRecordsRequestEntryTypeDef] = [
                {"Data": b"x" * 900, "PartitionKey": f'"PartitionKey":{n}'} for n in range(500)
            ]
            with ThreadPoolExecutor(4) as callers:
                calls = [
                    callers.submit(kinesis.put_records, StreamName="metrics", Records=sent) for _ in range(8)
                ]
                answers = [call.result() for call in calls]
            summary = kinesis.describe_stream_summary(StreamName="metrics")
        assert [len(answer["Records"]) for answer in answers] == [500] * 8
        assert {answer["FailedRecordCount"] for answer in answers} == {0}
        stored = [one, *(record for answer in answers for record in answer["Records"])]
        assert len({record["SequenceNumber"] for record in stored}) == 4001
        assert summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"


class TestLoad:
    def test_every_answer_is_counted_by_its_status(self) -> None:
        with answering([202, 503, 202]) as (port, bodies):
            load = Generator(port, connections=3).run(seconds=0.3, warm_up=0.1)
        assert sum(load.statuses.values()) == len(bodies)
        assert load.statuses["503"] == load.failures == (len(bodies) + 1) // 3  # the second of each three
        assert 0 < load.answered < load.statuses["202"]
        assert {len(body) for body in bodies} == {reports.BYTES}

    def test_a_connection_that_ends_without_an_answer_is_a_failure(self) -> None:
        with answering([202, 0]) as (port, _):
            load = Generator(port, connections=1).run(seconds=0.2, warm_up=0.0)
        assert load.statuses == {"202": 1, DROPPED: 1}
        assert load.failures == 1

    def test_the_edge_and_its_rivals_take_it_without_a_failure(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor() as runners:
            runs = runners.map(lambda name: edge.run(name, 0.2, tmp_path, 0.1), edge.MEASUREMENTS)
        for run in runs:
            assert run.load.answered
            assert run.load.failures == 0
            assert run.cpu > 0


class TestStrangers:
    def test_an_edge_is_measured_before_with_and_after_them(self, tmp_path: Path) -> None:
        run = strangers.run(Kind.IDLE, 0.2, tmp_path, number=20, gone=0.1)
        for load in (run.before, run.beside, run.after):
            assert load.answered
        assert run.failures == 0
        assert run.health > 0
        assert run.strangers.up == run.strangers.answers["idle 202"] == 20

    def test_the_worst_bodies_have_a_peak(self, tmp_path: Path) -> None:
        assert strangers.peak(tmp_path, at_once=2) > 0


class TestSeal:
    def test_a_day_of_any_size_is_whole_and_can_be_sealed_and_replayed(self, tmp_path: Path) -> None:
        committed_day.fill(FolderLake(tmp_path / "lake"), 3_000)
        measured = seal_run.measure(tmp_path)
        assert (measured.rows, measured.parts) == (3_000, 1)
        assert measured.entropy < measured.bytes < 60
        assert replay_run.measure(tmp_path)["records"] == 3_000

    def test_the_largest_day_is_asked_for(self) -> None:
        assert list(seal.measurements(1_000_000)) == ["seal 100,000", "seal 1,000,000"]


class TestWorker:
    def test_worker_and_script_accept_the_same_rows_of_every_kind_of_record(self) -> None:
        records = timing.batch(7, 3_000)
        worker.agree(records)
        outcomes = WorkerPath(timing.SHARD_ID).settle(records).summary.outcomes
        assert outcomes["accepted"] > 2_800
        assert all(outcomes.values())

    def test_both_remember_what_they_accepted(self) -> None:
        records = timing.batch(1, 100)
        path, script = WorkerPath(timing.SHARD_ID), PlainScript(timing.SHARD_ID)
        path.settle(records)
        script.settle(records)
        assert path.settle(records).summary.outcomes["accepted"] == 0
        assert len(script.settle(records)[0]) < len(PlainScript(timing.SHARD_ID).settle(records)[0])

    def test_batches_are_timed_without_the_first(self) -> None:
        settled: list[int] = []
        measured = timing.time_batches(lambda records: settled.append(len(records)), 0, 10)
        assert settled == [10, 10]
        assert measured.records == 10


def test_an_honest_report_has_the_length_it_should() -> None:
    rng = random.Random(1)
    assert {len(reports.honest(rng)) for _ in range(1000)} == {reports.BYTES}


def test_a_seen_set_grows_to_each_size() -> None:
    grown = seen_growth.grow([2_000, 5_000], batch=500)
    assert [pace.size for pace in grown.paces] == [2_000, 5_000]
    assert grown.before > 0
    assert grown.peak > 0.9 * grown.before  # the kernel counts in batches: a peak may seem to shrink a little


def test_the_median_of_the_rounds_is_held_against_the_aim() -> None:
    assert ratios([10, 30], [5, 10]) == [2, 3]
    assert Figure("a", "s", [1, 9, 8], at_least(8)).met
    assert not Figure("a", "s", [1, 9, 8], at_most(7)).met
    assert Figure("a", "s", [1]).met is None


@pytest.mark.parametrize("aim", [None, at_least(1000)])
def test_people_and_machines_are_told_the_same(aim: Aim | None) -> None:
    results = [Result([Figure("rate", "reports/s", [1200.0, 1250.0], aim)], ["a note"])]
    printed = StringIO()
    table.show(results, Console(file=printed, width=100))
    (figure,) = json.loads(table.document(results))["figures"]
    assert figure["median"] == 1225
    assert "1,225 reports/s" in printed.getvalue()
    assert "a note" in printed.getvalue()
    assert ("met" in printed.getvalue()) == bool(figure["met"])


@contextmanager
def answering(statuses: list[int]) -> Iterator[tuple[int, list[bytes]]]:
    """Serve these statuses in turn, 0 being a connection that is dropped; give the port and the bodies."""
    bodies: list[bytes] = []
    mutex = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with mutex:
                status = statuses[len(bodies) % len(statuses)]
                bodies.append(body)
            if not status:
                self.close_connection = True
                return
            answer = b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status
            self.wfile.write(answer[:20])  # in two pieces, as a network may deliver it
            self.wfile.write(answer[20:])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, bodies
        server.shutdown()
        thread.join()
