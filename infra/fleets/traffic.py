"""Sends a fleet's reports over HTTP, and another producer's records to the stream."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import urllib3

from infra.fleets.fleet import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_kinesis import KinesisClient

    from infra.fleets.fleet import Sent

_CONNECTIONS: Final = 16
_HEADERS: Final = {"Content-Type": "application/json"}

ON_THE_STREAM: Final = "on the stream"
"""What `play` counts the other producer's records as; everything else is an HTTP status."""


def play(
    sent: list[Sent], edge_url: str, kinesis: KinesisClient, stream: str, tick: Callable[[], None]
) -> Counter[str]:
    """Send everything, several at a time; call `tick` after each; return how many got which answer."""
    pool = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=30)

    def send(one: Sent) -> str:
        if one.route is Route.STREAM:
            kinesis.put_record(StreamName=stream, Data=one.body, PartitionKey="another-producer")
            return ON_THE_STREAM
        answer = pool.request("POST", f"{edge_url}/v1/metrics", body=one.body, headers=_HEADERS)
        return str(answer.status)

    answers = Counter[str]()
    with ThreadPoolExecutor(_CONNECTIONS) as senders:
        for answer in senders.map(send, sent):
            answers[answer] += 1
            tick()
    return answers
