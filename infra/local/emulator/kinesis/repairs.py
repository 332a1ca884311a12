"""Puts moto's Kinesis (5.2.5) right where it lies; each lie has a test that fails when moto stops telling it.

1. Concurrent puts take the same sequence number, and all but one of the acknowledged records are lost.
2. A put looks at every number already there, and a read at every record.
3. A closed shard never ends: GetRecords always names a next iterator, and never the children.
4. Puts go to the parent of a split, and the split renumbers its records.
5. Sequence numbers are 1, 2, 3: the real ones have 56 digits and gaps.
6. Nothing is ever forgotten: retention is a number that is kept and has no effect, on records and on shards.
"""

import binascii
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

import orjson
from moto.core.responses import ActionResult
from moto.kinesis import models, utils
from moto.kinesis.exceptions import InvalidArgumentError, ResourceNotFoundError
from moto.kinesis.models import KinesisBackend
from moto.kinesis.responses import KinesisResponse

from infra.local.emulator.kinesis.shard import PAGE_RECORDS, Arrival, LoggedShard
from infra.local.emulator.kinesis.stream import LockedStream

_JSON: Final = "application/x-amz-json-1.1"


def repair() -> None:
    """Make every stream created in this process from now on an honest one. Doing it twice changes nothing."""
    for place, name, honest in REPAIRS:
        setattr(place, name, honest)


def get_shard_iterator(  # noqa: PLR0913, PLR0917 - moto's signature
    backend: KinesisBackend,
    stream_arn: str | None,
    stream_name: str | None,
    shard_id: str,
    shard_iterator_type: str,
    starting_sequence_number: str | None,
    at_timestamp: datetime | float | None,
) -> str:
    """Return an iterator; refuse a number that is not the shard's, as Kinesis does and moto does not."""
    stream = _remembering(backend, stream_arn, stream_name)
    shard = stream.shards.get(shard_id)
    if not isinstance(shard, LoggedShard):
        raise ResourceNotFoundError(f"Shard {shard_id} in stream {stream.stream_name} does not exist")
    if shard_iterator_type.endswith("_SEQUENCE_NUMBER"):
        number = starting_sequence_number or ""
        if not number.isdecimal() or not shard.knows(int(number)):
            raise InvalidArgumentError(
                f"StartingSequenceNumber {number} used in GetShardIterator on shard {shard_id} in stream"
                f" {stream.stream_name} under account {backend.account_id} is invalid."
            )
    if isinstance(at_timestamp, datetime):  # in UTC and without saying so
        at_timestamp = at_timestamp.replace(tzinfo=UTC).timestamp()
    # The stream's own name: a client that gave the ARN alone would otherwise get an iterator of "None".
    return utils.compose_new_shard_iterator(
        stream.stream_name,
        shard,
        shard_iterator_type,
        starting_sequence_number,  # type: ignore[arg-type] # moto says int, gets the wire's str and converts it
        at_timestamp,  # type: ignore[arg-type] # moto says datetime and compares it with seconds
    )


def list_shards(response: KinesisResponse) -> ActionResult:
    """Answer ListShards: the shards that the stream still remembers, with a filter those of a time.

    They are those open then (`AT_TIMESTAMP`), or then or later (`FROM_TIMESTAMP`). Other filters
    are passed over, as by moto.
    """
    stream_arn, stream_name, token, wanted = (
        response._get_param(name)  # noqa: SLF001 - as above
        for name in ("StreamARN", "StreamName", "NextToken", "ShardFilter")
    )
    limit = response._get_param("MaxResults", PAGE_RECORDS)  # noqa: SLF001 - as above
    backend = response.kinesis_backend
    if token is None:
        _remembering(backend, stream_arn, stream_name)
    shards, following = backend.list_shards(
        stream_arn=stream_arn, stream_name=stream_name, limit=limit, next_token=token
    )
    kind = wanted.get("Type") if wanted else None
    if kind in ("AT_TIMESTAMP", "FROM_TIMESTAMP"):
        then = float(wanted["Timestamp"])
        was_open = LoggedShard.open_at if kind == "AT_TIMESTAMP" else LoggedShard.open_from
        shards = [shard for shard in shards if isinstance(shard, LoggedShard) and was_open(shard, then)]
    return ActionResult({"Shards": [shard.to_json() for shard in shards], "NextToken": following})


def describe_stream_summary(response: KinesisResponse) -> tuple[bytes, dict[str, str]] | ActionResult:
    """Answer DescribeStreamSummary, dated by the stream's own clock, as by Kinesis's."""
    stream_arn, stream_name = (response._get_param(name) for name in ("StreamARN", "StreamName"))  # noqa: SLF001 - as above
    stream = _remembering(response.kinesis_backend, stream_arn, stream_name)
    date = {"Date": format_datetime(datetime.fromtimestamp(stream.clock.now(), UTC), usegmt=True)}
    summary = stream.to_json_summary()
    if response.headers.get("Content-Type") != _JSON:
        return ActionResult(summary)
    # orjson writes a datetime as text by itself; Kinesis has seconds, and milliseconds behind the point.
    body = orjson.dumps(summary, default=_as_seconds, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return body, {"Content-Type": _JSON} | date


def _as_seconds(moment: datetime) -> float:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000) / 1000


def put_records(response: KinesisResponse) -> ActionResult | tuple[bytes, dict[str, str]]:
    """Answer PutRecords as moto does; only the answer is written faster."""
    stream_arn, stream_name, records = (
        response._get_param(name)  # noqa: SLF001 - moto's own way, private but for these subclasses
        for name in ("StreamARN", "StreamName", "Records")
    )
    return _written(response, response.kinesis_backend.put_records(stream_arn, stream_name, records))


def get_records(response: KinesisResponse) -> ActionResult | tuple[bytes, dict[str, str]]:
    """Answer GetRecords; at the end of a closed shard there is no next iterator, but its children."""
    stream_name, shard_id, after = _position(response._get_param("ShardIterator"))  # noqa: SLF001 - as above
    limit = response._get_param("Limit", PAGE_RECORDS)  # noqa: SLF001 - as above
    if not 1 <= limit <= PAGE_RECORDS:
        raise InvalidArgumentError(f"Limit {limit} is not between 1 and {PAGE_RECORDS}.")
    stream = _remembering(response.kinesis_backend, None, stream_name)
    reading = stream.read(shard_id, after, limit)
    answer: dict[str, Any] = {"Records": reading.page.records, "MillisBehindLatest": reading.page.behind}
    if reading.ended:
        answer["ChildShards"] = reading.children
    else:
        shard = stream.shards[shard_id]
        answer["NextShardIterator"] = utils.compose_shard_iterator(stream_name, shard, reading.page.last)
    return _written(response, answer)


def _remembering(backend: KinesisBackend, stream_arn: str | None, stream_name: str | None) -> LockedStream:
    """Return a stream that has forgotten what is past its retention."""
    stream = backend.describe_stream(stream_arn, stream_name)
    if not isinstance(stream, LockedStream):
        raise TypeError(f"stream {stream_name} was made before the repair")
    stream.forget()
    return stream


def _written(
    response: KinesisResponse, answer: dict[str, Any]
) -> ActionResult | tuple[bytes, dict[str, str]]:
    # moto's serializer takes 70 microseconds for a record that is read, 30 for one that is put: more than all
    # else together. It still answers who adds a charset to the content type. CBOR does not come here: moto
    # answers it with 500 whatever is asked, so the Java SDK needs aws.cborEnabled=false.
    if response.headers.get("Content-Type") == _JSON:
        return orjson.dumps(answer, default=_on_the_wire), {"Content-Type": _JSON}
    answer["Records"] = [
        record.to_json() if isinstance(record, Arrival) else record for record in answer["Records"]
    ]
    return ActionResult(answer)


def _on_the_wire(record: Arrival) -> dict[str, Any]:
    # The data came in base64 and goes out in base64: no need to take it apart in between.
    return {
        "SequenceNumber": str(record.sequence_number),
        "ApproximateArrivalTimestamp": record.created_at,
        "PartitionKey": record.partition_key,
        "Data": record.data,
    }


def _position(shard_iterator: str) -> tuple[str, str, int]:
    try:
        stream_name, shard_id, after = utils.decompose_shard_iterator(shard_iterator)
        return stream_name, shard_id, int(after)
    except (ValueError, binascii.Error):
        raise InvalidArgumentError("Invalid ShardIterator.") from None


REPAIRS: Final[tuple[tuple[object, str, object], ...]] = (
    (models, "Stream", LockedStream),
    (KinesisBackend, "get_shard_iterator", get_shard_iterator),
    (KinesisResponse, "get_records", get_records),
    (KinesisResponse, "list_shards", list_shards),
    (KinesisResponse, "describe_stream_summary", describe_stream_summary),
    (KinesisResponse, "put_records", put_records),
)
"""What is replaced in moto: (where, name, by what)."""
