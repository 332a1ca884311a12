"""A Glue client over partitions in memory: the calls that the project makes, with Glue's answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.simulation.bucket import refusal
from tests.simulation.world import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.world import World


_T = TypeVar("_T")


class AlreadyExistsError(ClientError):
    """The partition is there."""


class EntityNotFoundError(ClientError):
    """The partition is not there."""


@dataclass(slots=True)
class Exceptions:
    """The client's exceptions, as boto3 names them."""

    AlreadyExistsException = AlreadyExistsError
    EntityNotFoundException = EntityNotFoundError


@dataclass(slots=True)
class Glue:
    """The tables' partitions by table and day; `on_point` is asked after each change."""

    world: World
    partitions: dict[tuple[str, str], str] = field(default_factory=dict)
    on_point: Callable[[str, str, str | None, str], None] = lambda *_: None
    exceptions: type[Exceptions] = Exceptions

    def batch_get_partition(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - boto3's
        """Return the partitions that there are."""
        table, day = wanted["TableName"], wanted["PartitionsToGet"][0]["Values"][0]

        def do() -> dict[str, Any]:
            found = self.partitions.get((table, day))
            return {"Partitions": [] if found is None else [_partition(day, found)]}

        return self._ask(f"BatchGetPartition {table} {day}", do)

    def create_partition(self, **wanted: Any) -> None:  # noqa: ANN401 - boto3's
        """Make a partition where there is none."""
        self._change("CreatePartition", wanted["TableName"], wanted["PartitionInput"], there=False)

    def update_partition(self, **wanted: Any) -> None:  # noqa: ANN401 - boto3's
        """Change a partition that there is."""
        self._change("UpdatePartition", wanted["TableName"], wanted["PartitionInput"], there=True)

    def get_paginator(self, _name: str) -> Glue:
        """GetPartitions: see `paginate`."""
        return self

    def paginate(self, **wanted: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - boto3's
        """Return all partitions of a table."""
        table = wanted["TableName"]

        def do() -> list[dict[str, Any]]:
            return [_partition(day, at) for (name, day), at in self.partitions.items() if name == table]

        yield {"Partitions": self._ask(f"GetPartitions {table}", do)}

    def _change(self, name: str, table: str, wanted: Any, *, there: bool) -> None:  # noqa: ANN401 - boto3's
        day, location = wanted["Values"][0], wanted["StorageDescriptor"]["Location"]

        def do() -> None:
            before = self.partitions.get((table, day))
            if (before is not None) is not there:
                kind = EntityNotFoundError if there else AlreadyExistsError
                response: Any = {
                    "Error": {"Code": kind.__name__},
                    "ResponseMetadata": {"HTTPStatusCode": 400},
                }
                raise kind(response, name)
            self.partitions[table, day] = location
            self.on_point(table, day, before, location)

        self._ask(
            f"{name} {table} {day} -> {location.rpartition('/dt=')[0][-14:]}{location[-22:]}", do, writes=True
        )

    def _ask(self, what: str, do: Callable[[], _T], *, writes: bool = False) -> _T:
        return self.world.effect("glue", what, do, error=_error, writes=writes)


def _partition(day: str, location: str) -> dict[str, Any]:
    return {"Values": [day], "StorageDescriptor": {"Location": location}}


def _error(fate: Fate) -> Exception:
    if fate is Fate.REFUSED:
        return refusal("Glue", "ThrottlingException", 400)
    return ReadTimeoutError(endpoint_url="glue")
