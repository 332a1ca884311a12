"""The tables that the daemon keeps in DynamoDB for one application, made ahead and tidied up behind it.

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

As version 3 does it, a leader assigns them, and after its sudden death nobody does for two minutes. Of
`CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X` the library takes leave by itself after ten minutes; this it keeps.
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
        """Make what is missing: both tables, the first leases and the mode; then the daemon need not wait.

        The mode comes last and says that all is there; an application that has one, or whose leases are in
        use, is left as it is. Cut off in the middle, it is done again; two workers at once put the same.
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
        """Take a worker that has ended off its leases: nobody need wait for them to expire. Return how many.

        The same as the library's own eviction. Only for a worker id that is known to be dead.
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
            return False  # somebody has taken it already
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
        if status == "CREATING":  # by another worker, perhaps; until then it can be neither read nor written
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
        with suppress(self._dynamodb.exceptions.ConditionalCheckFailedException):  # there is one: it stays
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
    """Return the shards that get a lease before anything is read; the daemon adds their children in time.

    From the trim horizon those are the oldest that the stream still lists, closed or not: a lease for their
    children would leave their records unread. From the latest record they are the open ones.
    """
    listed = list(shards)
    if initial_position == "LATEST":
        return [shard for shard in listed if not shard.is_closed]
    ids = {shard.shard_id for shard in listed}
    return [shard for shard in listed if not ids.intersection(shard.parents)]


def in_use(item: Mapping[str, AttributeValueTypeDef]) -> bool:
    """Say whether a daemon has ever had this lease."""
    return "leaseOwner" in item or item["leaseCounter"] != {"N": "0"}


def lease(shard: ListedShard, initial_position: str) -> dict[str, AttributeValueTypeDef]:
    """Return the lease of a shard that nobody holds, as the library itself would make it."""
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
