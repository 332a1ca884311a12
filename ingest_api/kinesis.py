"""The stream for real: Amazon Kinesis Data Streams by boto3, its answers read with distrust."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ingest_api.batch import Entry
from ingest_api.stream import CallFailedError, Fate, Refused, Stored
from schemas import __version__

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

INSANE: Final = Refused("InsaneAnswer")


class Kinesis:
    """One stream of Kinesis. It may be used by several threads at once.

    Making it sends no request; it raises `BotoCoreError` or `ValueError` when the AWS variables are wrong.
    """

    def __init__(self, name: str, *, region: str | None, publish_seconds: float, connections: int) -> None:
        self._name = name
        self._client = _client(region, publish_seconds, connections)

    def put(self, entries: Sequence[Entry]) -> Sequence[Fate]:
        """Send the records with one PutRecords and return each one's fate."""
        try:
            answer = self._client.put_records(
                StreamName=self._name,
                Records=[{"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries],
            )
        except (BotoCoreError, ClientError) as error:
            raise CallFailedError(_code(error)) from error
        return fates(answer, len(entries))

    def status(self) -> str:
        """Ask for the stream's status."""
        try:
            answer = self._client.describe_stream_summary(StreamName=self._name)
        except (BotoCoreError, ClientError) as error:
            raise CallFailedError(_code(error)) from error
        summary = answer.get("StreamDescriptionSummary", {})
        return str(summary.get("StreamStatus", "unknown"))


def fates(answer: Mapping[str, object], sent: int) -> list[Fate]:
    """Read a PutRecords answer to `sent` records; raise `CallFailedError` if it is not one.

    An answer of another length says nothing about any record. An entry counts as stored only if it has
    both a shard and a sequence number and no error code.
    """
    records = answer.get("Records")
    if not isinstance(records, list) or len(records) != sent:
        raise CallFailedError(INSANE.code)
    return [_fate(record) for record in records]


def _fate(record: object) -> Fate:
    match record:
        case {"ErrorCode": str(code)} if code:
            return Refused(code)
        case {"ShardId": str(shard), "SequenceNumber": str(number)} if shard and number:
            return Stored(shard, number)
        case _:
            return INSANE


def _client(region: str | None, publish_seconds: float, connections: int) -> "KinesisClient":
    """Make the client: two calls that hang fit into a request's deadline, and all retrying is ours.

    Parameters are not validated a second time: they are built three lines from the call. A `region` of None
    is looked for where boto3 looks for it.
    """
    config = Config(
        connect_timeout=publish_seconds * 0.4,
        read_timeout=publish_seconds * 0.4,
        max_pool_connections=connections,
        parameter_validation=False,
        retries={"total_max_attempts": 1, "mode": "standard"},
        tcp_keepalive=True,
        user_agent=f"usage-metrics/{__version__}",  # botocore spends a tenth of a call on its own
    )
    return boto3.session.Session(region_name=region).client("kinesis", config=config)


def _code(error: BotoCoreError | ClientError) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
