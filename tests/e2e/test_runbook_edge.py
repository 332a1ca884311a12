"""The runbook's pages on the edge and its stream, tried as in `test_runbook`."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from infra.local.emulator.fault import Fault, Kind
from tests.support.e2e.on_call import ecs, edge, on_call, post, rolls_back
from tests.support.local.control import faults

if TYPE_CHECKING:
    from tests.support.e2e.installation import Installation


def test_an_edge_whose_stream_is_out(installation: Installation) -> None:
    out = Fault(service="kinesis", operation="PutRecords", kind=Kind.FAIL)
    with on_call(installation, "edge-5xx") as operator, edge(operator, publish_seconds=0.5):
        operator.answers = ecs(1, 1)
        with faults(installation.cloud.endpoint.url, out):
            statuses = post(operator, 5)
            assert set(statuses) == {HTTPStatus.SERVICE_UNAVAILABLE}
            assert operator.rings(HTTPCode_Target_5XX_Count=[5], RequestCount=[5])
            assert not rolls_back(installation), "an outage is not the new edge's fault"
            post(operator, 1)  # what failed is a matter of five seconds to the edge
            for number in range(4):
                operator.try_step("Look", number)
        operator.try_step("Do", 0)
        assert post(operator, 1) == [HTTPStatus.ACCEPTED]
        operator.try_step("Do", 1)
        operator.try_step("Do", 2)
        assert not operator.rings(RequestCount=[1])


def test_an_edge_that_may_not_publish(installation: Installation) -> None:
    denied = Fault(service="kinesis", operation="PutRecords", kind=Kind.ACCESS_DENIED)
    with (
        on_call(installation, "edge-cannot-publish") as operator,
        edge(operator, publish_seconds=0.5),
    ):
        operator.answers = ecs(1, 1)
        assert not operator.rings()
        with faults(installation.cloud.endpoint.url, denied):
            assert set(post(operator, 2)) == {HTTPStatus.SERVICE_UNAVAILABLE}
            assert operator.rings()
            assert rolls_back(installation)
            operator.try_step("Look", 0)
            operator.try_step("Look", 1)
        operator.try_step("Do", 0)
        os.truncate(installation.logs / "edge.log", 0)  # some minutes later
        assert post(operator, 1) == [HTTPStatus.ACCEPTED]
        operator.try_step("Do", 1)
        assert not operator.rings()


def test_a_stream_that_is_full(installation: Installation) -> None:
    """What is throttled for a moment is absorbed; what is throttled for longer is answered 503."""
    url = installation.cloud.endpoint.url
    full = Fault(service="kinesis", operation="PutRecords", kind=Kind.THROUGHPUT_EXCEEDED)
    half = replace(full, share=0.5)
    with on_call(installation, "write-throttled", SHARDS=4) as operator, edge(operator, publish_seconds=0.5):
        with faults(url, half) as sabotage:
            assert set(post(operator, 4)) == {HTTPStatus.ACCEPTED}
            assert operator.rings(WriteProvisionedThroughputExceeded=sabotage.hits)
        with faults(url, full):
            assert set(post(operator, 2)) == {HTTPStatus.SERVICE_UNAVAILABLE}
            assert not rolls_back(installation), "strangers can fill the stream"
            operator.try_step("Look", 0)
        for part, number in (("Look", 1), ("Do", 0), ("Do", 1)):
            operator.try_step(part, number)
        assert post(operator, 1) == [HTTPStatus.ACCEPTED]


def test_a_silence(installation: Installation) -> None:
    with on_call(installation, "no-reports") as operator:
        assert operator.rings(IncomingRecords=[0])
        assert operator.alarm.missing_is_wrong
        operator.try_step("Look", 1)
        with edge(operator):
            operator.try_step("Look", 0)
            told = operator.try_step("Do", 0)
        operator.values["RECORD_ID"] = re.findall(r'"record_id":"(.*)"', told)[0]
        assert not operator.rings(IncomingRecords=[1])
        installation.drain("worker")
        operator.try_step("Do", 1)
