"""The daemon's tables in DynamoDB for one application, created before it and cleaned up after it.

Names, keys and fields are those of KCL 3.1.3 (DynamoDBLeaseSerializer, CoordinatorStateDAO, MigrationState).
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from stream_worker.process.aws_errors import worker_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from stream_worker.stream.shards import ListedShard

MODE: Final = "CLIENT_VERSION_2X"
"""The state in which the library takes leases as its version 2 did: each worker for itself, without a leader.

In version 3 a leader assigns them, and after its sudden death no worker does for two minutes. The library
leaves `CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X` on its own after ten minutes, but it keeps this state.
"""

_STATE_KEY: Final = "Migration3.0"

log = structlog.get_logger("leases")


class LeaseTables:
    """The lease table and the coordinator's; raises `SetupError` or `OutageError` when DynamoDB does."""

    def __init__(self, dynamodb: DynamoDBClient, application: str) -> None:
        self._dynamodb = dynamodb
        self._application = application
        self._leases = application
        self._state = f"{application}-CoordinatorState"

    def prepare(self, shards: Iterable[ListedShard], initial_position: str) -> None:
        """Create what is missing: both tables, the first leases and the mode. Then the daemon need not wait.

        The mode is written last and means that everything exists. An application that has a mode, or whose
        leases are in use, is left as it is. An interrupted call can be repeated, and two workers at once
        write the same.
        """
        with self._errors():
            self._create(self._state, "key")
            self._create(self._leases, "leaseKey")
            if self._has_mode() or any(map(in_use, self._scan())):
                return
            for shard in first_to_read(shards, initial_position):
                self._put_new(self._leases, "leaseKey", lease(shard, initial_position))
            self._set_mode()

    def release(self, worker_id: str) -> int:
        """Remove a dead worker from its leases; return how many. Others need not wait until they expire.

        It is the same as the library's own eviction. Only for a worker id whose worker is known to be dead.
        """
        with self._errors():
            held = [
                item["leaseKey"] for item in self._scan() if item.get("leaseOwner", {}).get("S") == worker_id
            ]
            return sum(self._evict(key, worker_id) for key in held)

    def _evict(self, key: AttributeValueTypeDef, worker_id: str) -> bool:
        try:
            self._dynamodb.update_item(
                TableName=self._leases,
                Key={"leaseKey": key},
                UpdateExpression="REMOVE leaseOwner ADD leaseCounter :one",
                ConditionExpression="leaseOwner = :dead",
                ExpressionAttributeValues={":one": {"N": "1"}, ":dead": {"S": worker_id}},
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False  # another worker has taken it already
        return True

    def _create(self, table: str, key: str) -> None:
        try:
            status = self._dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        except self._dynamodb.exceptions.ResourceNotFoundException:
            log.info("table.created", table=table)
            with suppress(self._dynamodb.exceptions.ResourceInUseException):  # another worker was faster
                self._dynamodb.create_table(
                    TableName=table,
                    KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            status = "CREATING"
        if (
            status == "CREATING"
        ):  # by another worker, perhaps; until it is active, it can be neither read nor written
            self._dynamodb.get_waiter("table_exists").wait(
                TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
            )

    def _has_mode(self) -> bool:
        found = self._dynamodb.get_item(
            TableName=self._state, Key={"key": {"S": _STATE_KEY}}, ConsistentRead=True
        )
        return "Item" in found

    def _set_mode(self) -> None:
        state: dict[str, AttributeValueTypeDef] = {
            "key": {"S": _STATE_KEY},
            "cv": {"S": MODE},
            "mb": {"S": "stream-worker"},
            "mts": {"N": str(round(time.time() * 1000))},
        }
        self._put_new(self._state, "key", state)

    def _put_new(self, table: str, key: str, item: Mapping[str, AttributeValueTypeDef]) -> None:
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):  # one exists: it is kept
            self._dynamodb.put_item(
                TableName=table,
                Item=item,
                ConditionExpression="attribute_not_exists(#key)",
                ExpressionAttributeNames={"#key": key},
            )

    def _scan(self) -> Iterator[dict[str, AttributeValueTypeDef]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self._leases, ConsistentRead=True)
        for page in pages:
            yield from page["Items"]

    def _errors(self) -> AbstractContextManager[None]:
        return worker_errors(f"DynamoDB tables {self._application}*", "METRICS_APPLICATION")


def first_to_read(shards: Iterable[ListedShard], initial_position: str) -> list[ListedShard]:
    """Return the shards that get a lease before anything is read; the daemon adds their children later.

    From the trim horizon, those are the oldest that the stream still lists, closed or not: with leases for
    their children, their records would stay unread. From the latest record, they are the open ones.
    """
    listed = list(shards)
    if initial_position == "LATEST":
        return [shard for shard in listed if not shard.is_closed]
    ids = {shard.shard_id for shard in listed}
    return [shard for shard in listed if not ids.intersection(shard.parents)]


def in_use(item: Mapping[str, AttributeValueTypeDef]) -> bool:
    """Return whether a daemon has ever held this lease."""
    return "leaseOwner" in item or item["leaseCounter"] != {"N": "0"}


def lease(shard: ListedShard, initial_position: str) -> dict[str, AttributeValueTypeDef]:
    """Return a shard's lease without an owner, as the library itself would create it."""
    item: dict[str, AttributeValueTypeDef] = {
        "leaseKey": {"S": shard.shard_id},
        "leaseCounter": {"N": "0"},
        "ownerSwitchesSinceCheckpoint": {"N": "0"},
        "checkpoint": {"S": initial_position},
        "checkpointSubSequenceNumber": {"N": "0"},
        "startingHashKey": {"S": str(shard.hash_keys.start)},
        "endingHashKey": {"S": str(shard.hash_keys.stop - 1)},
    }
    if shard.parents:
        item["parentShardId"] = {"SS": list(shard.parents)}
    return item
