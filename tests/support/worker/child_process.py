"""A child as a process, and the daemon played by a test: over its stdin and stdout, a JSON line at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import IO, TYPE_CHECKING, Any

import orjson

from stream_worker.stream.kinesis import to_records
from tests.support.worker.daemon_lines import checkpointed, line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stream_worker.stream.records import Records
    from tests.conftest import Cloud
    from tests.support.worker.daemon_lines import Message

SHARD_ID = "shardId-000000000000"
SECONDS = 60  # a hang must end

Place = tuple[str | None, int | None]
"""A checkpoint's sequence and sub-sequence number; without them it is the end of the shard."""


@dataclass
class Child:
    """A running child, and what was heard of it."""

    process: subprocess.Popen[bytes]
    log: Path

    def say(self, message: Message | str) -> None:
        """Write a line to its stdin."""
        stdin = _open(self.process.stdin)
        stdin.write((message if isinstance(message, str) else line(message)).encode())
        stdin.flush()

    def hear(self) -> Message | None:
        """Return its next message, or None when it has closed stdout."""
        for heard in _open(self.process.stdout):
            if heard.strip():
                found: Message = json.loads(heard)
                return found
        return None

    def call(self, message: Message) -> list[Place]:
        """Say a message and grant the checkpoints it leads to, until it is done; return them."""
        self.say(message)
        granted: list[Place] = []
        while True:
            heard = self.hear()
            if heard == {"action": "status", "responseFor": message["action"]}:
                return granted
            assert heard is not None, self.log.read_text()
            granted.append((heard["sequenceNumber"], heard["subSequenceNumber"]))
            self.say(checkpointed(heard))

    def end(self) -> int:
        """Close its stdin and return its exit status."""
        _open(self.process.stdin).close()
        return self.process.wait()

    def events(self) -> list[dict[str, Any]]:
        """Return the lines of its log."""
        return [orjson.loads(told) for told in self.log.read_bytes().splitlines()]

    def signal(self) -> None:
        """Send it what a terminal and a container's end send to everybody."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self.process.send_signal(number)


@contextmanager
def start_child(place: Path, environ: Mapping[str, str]) -> Iterator[Child]:
    """Start a child as the daemon does; kill it at the end if need be."""
    log = place / "child.log"
    (place / "health").mkdir(exist_ok=True)
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            [sys.executable, "-P", "-m", "stream_worker.engines.kcl.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={"PATH": os.environ["PATH"], "METRICS_HEALTH_FOLDER": str(place / "health")} | dict(environ),
        ) as process,
    ):
        timer = Timer(SECONDS, process.kill)
        timer.start()
        try:
            yield Child(process, log)
        finally:
            timer.cancel()
            process.kill()


def on_stream(cloud: Cloud, stream: str, bodies: Sequence[bytes]) -> Records:
    """Put records on a stream of one shard, and return what Kinesis makes of them."""
    for number, body in enumerate(bodies):
        cloud.kinesis.put_record(StreamName=stream, Data=body, PartitionKey=f"key-{number}")
    iterator = cloud.kinesis.get_shard_iterator(
        StreamName=stream, ShardId=SHARD_ID, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return to_records(cloud.kinesis.get_records(ShardIterator=iterator)["Records"])


def _open(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
