"""How an answer of Kinesis is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_api.batch import Entry
from ingest_api.kinesis import INSANE, Kinesis, fates
from ingest_api.stream import CallFailedError, Refused, Stored
from tests.support.edge.kinesis_stub import SHARD, KinesisStub, Mood, serving

GOOD = {"ShardId": "shardId-0", "SequenceNumber": "7"}


def test_each_record_has_the_fate_at_its_own_place() -> None:
    answer = {"Records": [GOOD, {"ErrorCode": "InternalFailure", "ErrorMessage": "x"}]}
    assert fates(answer, 2) == [Stored("shardId-0", "7"), Refused("InternalFailure")]


@pytest.mark.parametrize("answer", [{}, {"Records": None}, {"Records": [GOOD]}, {"Records": [GOOD] * 3}])
def test_an_answer_of_another_length_is_no_answer(answer: dict[str, object]) -> None:
    with pytest.raises(CallFailedError):
        fates(answer, 2)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"ShardId": "s"},
        {"SequenceNumber": "1"},
        {"ShardId": "", "SequenceNumber": "1"},
        {"ShardId": "s", "SequenceNumber": None},
        None,
    ],
)
def test_a_record_without_a_whole_position_is_not_stored(record: object) -> None:
    assert fates({"Records": [record]}, 1) == [INSANE]


@given(
    st.dictionaries(
        st.text(), st.none() | st.text() | st.lists(st.none() | st.dictionaries(st.text(), st.text()))
    )
)
def test_no_nonsense_is_ever_read_as_stored(answer: dict[str, object]) -> None:
    try:
        found = fates(answer, 1)
    except CallFailedError:
        return
    assert not any(isinstance(fate, Stored) for fate in found)


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        (Mood.FAIL, "InternalFailure"),
        (Mood.THROTTLE, "ProvisionedThroughputExceededException"),
        (Mood.HANG, "ReadTimeoutError"),
        (Mood.TAKE_AND_LOSE_THE_ANSWER, "ConnectionClosedError"),
        (Mood.TAKE_AND_ANSWER_GARBAGE, INSANE.code),
    ],
)
def test_a_failed_call_is_made_once_and_named(monkeypatch: pytest.MonkeyPatch, mood: Mood, code: str) -> None:
    with serving(KinesisStub(mood)) as stub:
        with pytest.raises(CallFailedError, match=code):
            kinesis(monkeypatch, stub).put([Entry(b"{}", "k", 0, 1)])
        assert len(stub.calls) == 1


def test_records_go_out_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(KinesisStub()) as stub:
        found = kinesis(monkeypatch, stub).put([Entry(b"\x00\xff", "key", 0, 1)])
    assert found == [Stored(SHARD, "0" * 56)]
    assert stub.keys == {b"\x00\xff": "key"}


def test_the_status_is_the_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(KinesisStub(status="UPDATING")) as stub:
        assert kinesis(monkeypatch, stub).status() == "UPDATING"


def kinesis(monkeypatch: pytest.MonkeyPatch, stub: KinesisStub) -> Kinesis:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{stub.port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Kinesis("metrics", region="eu-central-1", publish_seconds=0.5, connections=2)
