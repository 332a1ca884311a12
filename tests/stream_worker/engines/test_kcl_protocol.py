"""The conversation with the daemon, line by line, beside what amazon_kclpy itself makes of the lines."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from amazon_kclpy.checkpoint_error import CheckpointError
from amazon_kclpy.dispatch import MalformedAction, message_decode

from stream_worker.engines.kcl.protocol import Conversation, to_records
from stream_worker.stream.records import Records
from tests.support.worker.daemon_lines import (
    LEASE_LOST,
    SHARD_ENDED,
    SHUTDOWN_REQUESTED,
    checkpointed,
    initialize,
    line,
    process_records,
)
from tests.support.worker.samples import FIRST, MALFORMED, NOON, SHARD, body, records

if TYPE_CHECKING:
    from tests.support.worker.daemon_lines import Message

NUMBER = str(FIRST)
ASKED = {"action": "checkpoint", "sequenceNumber": NUMBER, "subSequenceNumber": 0}
HARD = Records(
    bodies=[b"", b"{}", bytes(range(256)), MALFORMED, "é😀".encode()],
    partition_keys=["k", "é", "😀", '"\\', "\u2028\x01"],
    sequence_numbers=[NUMBER, NUMBER, NUMBER, str(FIRST + 1), str(FIRST + 2)],
    sub_sequence_numbers=[0, 1, 2, 0, 0],
    arrivals=[NOON, NOON + 1, NOON + 999, 0, 1],
)


@dataclass
class Owner:
    """A shard's owner that says what it is called with, and does what it is told."""

    calls: list[Any] = field(default_factory=list)
    error: Exception | None = None
    wants_checkpoint: bool = False
    version: int = 3

    def initialize(self, given: Any) -> None:  # noqa: ANN401 - amazon_kclpy is untyped
        self.calls.append((given.shard_id, given.sequence_number, given.sub_sequence_number))

    def process_records(self, given: Any) -> None:  # noqa: ANN401 - as above
        self.calls.append((to_records(given.records), given.millis_behind_latest))
        if self.error:
            raise self.error
        if self.wants_checkpoint:
            given.checkpointer.checkpoint(NUMBER, 0)

    def lease_lost(self, _given: Any) -> None:  # noqa: ANN401 - as above
        self.calls.append("lost")

    def shard_ended(self, given: Any) -> None:  # noqa: ANN401 - as above
        self.calls.append("ended")
        given.checkpointer.checkpoint()

    def shutdown_requested(self, _given: Any) -> None:  # noqa: ANN401 - as above
        self.calls.append("asked to stop")


def talk(owner: Owner, *lines: Message | str) -> list[Any]:
    """Let the daemon say these lines and close stdin; return the answers, and what left `run` as the last."""
    said = "".join(given if isinstance(given, str) else line(given) for given in lines)
    replies = io.StringIO()
    end: list[Any] = []
    try:
        Conversation(owner, io.StringIO(said), replies).run()
    except Exception as error:  # noqa: BLE001 - the test says which
        end = [type(error)]
    return [json.loads(reply) for reply in replies.getvalue().splitlines() if reply] + end


def done(action: str) -> Message:
    return {"action": "status", "responseFor": action}


def test_each_action_is_answered_when_it_is_done() -> None:
    owner = Owner()
    said = [
        initialize(SHARD.shard_id, NUMBER, 2),
        process_records(records([body(1)]), 5),
        process_records(Records(), None),
        SHUTDOWN_REQUESTED,
        LEASE_LOST,
    ]
    assert talk(owner, *said) == [done(message["action"]) for message in said]
    assert owner.calls == [
        (SHARD.shard_id, NUMBER, 2),
        (records([body(1)]), 5),
        (Records(), None),
        "asked to stop",
        "lost",
    ]


def test_a_checkpoint_is_asked_for_and_answered_within_its_action() -> None:
    asked = process_records(Records())
    assert talk(Owner(wants_checkpoint=True), asked, checkpointed(ASKED), asked, checkpointed(ASKED)) == [
        ASKED,
        done("processRecords"),
        ASKED,
        done("processRecords"),
    ]


def test_the_end_of_a_shard_is_checkpointed_without_a_number() -> None:
    bare = {"action": "checkpoint", "sequenceNumber": None, "subSequenceNumber": None}
    assert talk(Owner(), SHARD_ENDED, checkpointed(bare)) == [bare, done("shardEnded")]


def test_every_answer_has_a_line_of_its_own_in_ascii() -> None:
    replies = io.StringIO()
    Conversation(Owner(), io.StringIO(line(LEASE_LOST)), replies).run()
    assert replies.getvalue() == '\n{"action": "status", "responseFor": "leaseLost"}\n'


def test_an_exception_leaves_the_conversation_and_nothing_is_answered() -> None:
    owner = Owner(error=ValueError("boom"))
    assert talk(owner, process_records(Records()), LEASE_LOST) == [ValueError]
    assert len(owner.calls) == 1


@pytest.mark.parametrize("refusal", ["ThrottlingException", "ShutdownException"])
def test_a_refused_checkpoint_is_raised_by_its_name(refusal: str) -> None:
    owner = Owner(wants_checkpoint=True)
    assert talk(owner, process_records(Records()), checkpointed(ASKED, refusal)) == [ASKED, CheckpointError]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (LEASE_LOST, CheckpointError),
        ('{"action": "checkpoint"}\n', KeyError),
        ('{"action": "other"}\n', MalformedAction),
        ("{}\n", MalformedAction),
        ("no JSON\n", orjson.JSONDecodeError),
        ("", orjson.JSONDecodeError),
    ],
)
def test_another_answer_than_a_checkpoints_leaves_the_conversation(
    answer: Message | str, error: type[Exception]
) -> None:
    owner = Owner(wants_checkpoint=True)
    assert talk(owner, process_records(Records()), answer) == [ASKED, error]


@pytest.mark.parametrize("garbage", ["no JSON\n", '{"action": "initi', '{"action": "unknown"}\n'])
def test_a_line_that_is_no_message_leaves_the_conversation(garbage: str) -> None:
    owner = Owner()
    assert len(talk(owner, garbage)) == 1
    assert owner.calls == []


def test_records_are_decoded_by_value() -> None:
    assert to_records(process_records(HARD)["records"]) == HARD


def test_a_record_without_a_sub_sequence_number_has_number_0() -> None:
    given = process_records(records([body(1)]))["records"]
    for without in (None, 0):
        given[0]["subSequenceNumber"] = without
        assert to_records(given).sub_sequence_numbers == [0]


def test_amazon_kclpy_decodes_the_same() -> None:
    own = json.loads(line(process_records(HARD)), object_hook=message_decode)
    assert to_records(orjson.loads(line(process_records(HARD)))["records"]) == Records(
        bodies=[record.binary_data for record in own.records],
        partition_keys=[record.partition_key for record in own.records],
        sequence_numbers=[record.sequence_number for record in own.records],
        sub_sequence_numbers=[record.sub_sequence_number for record in own.records],
        arrivals=[record.timestamp_millis for record in own.records],
    )


def test_a_line_of_ten_thousand_records_is_one_batch() -> None:
    owner, many = Owner(), records(body(number) for number in range(10_000))
    assert talk(owner, process_records(many, 1)) == [done("processRecords")]
    assert owner.calls == [(many, 1)]


CHATTY = """
import os, sys
from stream_worker.engines.kcl.protocol import Conversation, daemon_lines, guard_stdout
from tests.stream_worker.engines.test_kcl_protocol import Owner

class Chatty(Owner):
    def lease_lost(self, given):
        print("from Python", given.action)
        os.system("echo from a child")
        sys.stdout.flush()

    def process_records(self, given):
        print(*[ascii(record["partitionKey"]) for record in given.records])

replies = guard_stdout()
print("before")
Conversation(Chatty(), daemon_lines(), replies).run()
"""


def chat(*said: Message) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", CHATTY],
        input="".join(map(line, said)).encode(),
        env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        check=True,
        timeout=60,
    )


def test_what_else_is_printed_does_not_reach_the_daemon() -> None:
    ended = chat(LEASE_LOST)
    assert ended.stdout == b'\n{"action": "status", "responseFor": "leaseLost"}\n'
    assert sorted(ended.stderr.splitlines()) == [b"before", b"from Python leaseLost", b"from a child"]


def test_the_daemons_lines_are_utf_8_whatever_the_locale_is() -> None:
    ended = chat(process_records(HARD))
    assert ended.stderr.splitlines()[-1] == b" ".join(ascii(key).encode() for key in HARD.partition_keys)
