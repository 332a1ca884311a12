"""The Kinesis Client Library as a shard's owner meets it: leases, checkpoints, late wakers, redelivery."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from amazon_kclpy.checkpoint_error import CheckpointError

from stream_worker.engines.kcl.shard_owner import ShardOwner
from stream_worker.process.errors import WorkerError
from stream_worker.stream.records import START, Position
from tests.simulation.world import CrashError, Fate, ViolationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stream_worker.engines.kcl.shard_owner import MakeProcessor
    from tests.simulation.stream import Put, SimShard, Stream
    from tests.simulation.world import Actor, World

_FAILOVER: Final = 10.0
_AWARE_AFTER: Final = (0.5, 5.0, 60.0, 3_600.0)
"""How long an owner may not know that its lease is gone."""


@dataclass(slots=True)
class Lease:
    """A shard's lease; `ended` is the library's SHARD_END."""

    shard_id: str
    checkpoint: Position = START
    ended: bool = False
    owner: Owner | None = None


@dataclass(slots=True)
class Given:
    """What the library hands to a processor."""

    shard_id: str = ""
    sequence_number: str = "TRIM_HORIZON"
    sub_sequence_number: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    millis_behind_latest: int = 0
    checkpointer: Any = None


@dataclass(slots=True)
class Fleet:
    """The lease table and the workers that share it; `workers` says which are up."""

    world: World
    stream: Stream
    make: Callable[[Actor], MakeProcessor]
    on_checkpoint: Callable[[str, Position, SimShard], None]
    redelivers: float = 0.0
    workers: dict[str, bool] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    owners: list[Owner] = field(default_factory=list)
    stopping: bool = False
    _tenures: int = 0

    def start(self, worker: str) -> None:
        """Start a worker."""
        self.workers[worker] = True
        self.soon(5.0)

    def end(self, worker: str, *, kill: bool) -> None:
        """Kill a worker with its owners, or ask it to stop."""
        self.workers[worker] = False
        for owner in self.owners:
            if owner.worker == worker and not owner.actor.dead:
                if kill:
                    owner.actor.kill()
                    self.free(owner, _FAILOVER)
                else:
                    owner.asked_to_stop = True
        self.world.notify()

    def soon(self, within: float = 20.0) -> None:
        """Share out the shards, soon."""
        self.world.schedule(self.world.random.random() * within, self.share)

    def share(self) -> None:
        """Give each shard that nobody owns, and whose parents are done, to a worker that is up."""
        up = sorted(name for name, is_up in self.workers.items() if is_up)
        for shard in self.stream.listed():
            lease = self.leases.setdefault(shard.shard_id, Lease(shard.shard_id))
            ready = all(self._done(parent) for parent in shard.parents)
            if up and ready and not lease.ended and lease.owner is None:
                self.give(lease, self.world.random.choice(up))

    def give(self, lease: Lease, worker: str) -> None:
        """Give a shard to a worker, whoever has it now: he hears of it later."""
        before = lease.owner
        if before is not None and not before.actor.dead:
            before.lose(self.world.random.choice(_AWARE_AFTER))
        self._tenures += 1
        lease.owner = Owner(self, lease, worker, self._tenures)
        self.owners.append(lease.owner)

    def steal(self, which: int) -> None:
        """Let another worker take a shard."""
        held = [lease for lease in self.leases.values() if lease.owner is not None and not lease.ended]
        up = sorted(name for name, is_up in self.workers.items() if is_up)
        if held and up:
            lease = held[which % len(held)]
            self.world.note(f"the lease of {lease.shard_id[-3:]} goes to another")
            self.give(lease, up[which % len(up)])

    def free(self, owner: Owner, after: float) -> None:
        """Let go of a shard in the table, so long from now, unless somebody has it already."""

        def expire() -> None:
            if owner.lease.owner is owner:
                owner.lease.owner = None
                self.share()

        self.world.schedule(after * (1 + self.world.random.random()), expire)

    def forget(self) -> None:
        """Lose the table: everything is read again."""
        self.world.note("the lease table is lost")
        for lease in self.leases.values():
            if lease.owner is not None:
                lease.owner.lose(5.0)
        self.leases.clear()
        self.soon()

    def _done(self, parent: str) -> bool:
        shard, lease = self.stream.shards[parent], self.leases.get(parent)
        return (lease is not None and lease.ended) or shard not in self.stream.listed()


class Owner:
    """A shard's owner from its first call to its last: the real `ShardOwner`, called as the library does."""

    def __init__(self, fleet: Fleet, lease: Lease, worker: str, number: int) -> None:
        self.fleet, self.lease, self.worker = fleet, lease, worker
        self.asked_to_stop = False
        self.aware_at: float | None = None
        self.delivered = START
        self.ending = False
        name = f"{worker}/{lease.shard_id[-3:]}#{number}"
        self.actor = fleet.world.spawn(name, self._live)
        self.actor.on_end = self._ended
        self.actor.on_stall = lambda: fleet.free(self, _FAILOVER)

    def lose(self, within: float) -> None:
        """Lose the lease, and hear of it within so many seconds."""
        self.aware_at = self.fleet.world.now + within * self.fleet.world.random.random()

    def checkpoint(self, sequence_number: str | None = None, sub_sequence_number: int | None = None) -> None:
        """Take a checkpoint, as the library's checkpointer does: without a number at the end of a shard."""
        end = sequence_number is None and self.ending
        position = (
            self.delivered
            if sequence_number is None
            else Position(int(sequence_number or 0), sub_sequence_number or 0)
        )

        def do() -> None:
            if self.lease.owner is not self or self.fleet.leases.get(self.lease.shard_id) is not self.lease:
                raise CheckpointError("ShutdownException")
            if position > self.delivered:
                raise ViolationError(
                    "checkpoint", f"{_short(position)} of {self.lease.shard_id[-3:]} was not delivered"
                )
            self.fleet.on_checkpoint(self.lease.shard_id, position, self._shard)
            self.lease.checkpoint, self.lease.ended = position, end

        what = f"checkpoint {self.lease.shard_id[-3:]} {'SHARD_END' if end else _short(position)}"
        self.fleet.world.effect("dynamodb", what, do, error=_error, writes=True)

    @property
    def _shard(self) -> SimShard:
        return self.fleet.stream.shards[self.lease.shard_id]

    @property
    def _has_it(self) -> bool:
        return self.fleet.leases.get(self.lease.shard_id) is self.lease and self.lease.owner is self

    def _live(self) -> None:
        world, shard = self.fleet.world, self._shard
        owner = ShardOwner(self.fleet.make(self.actor), sleep=world.pause)
        self.delivered = begun = self.lease.checkpoint
        given = Given(shard.shard_id, checkpointer=self)
        if begun != START:
            given.sequence_number, given.sub_sequence_number = (
                str(begun.sequence_number),
                begun.sub_sequence_number,
            )
        try:
            owner.initialize(given)
            self._read(owner, shard, given, begun)
        except WorkerError as error:
            world.note(f"ends: {error}")
            raise CrashError from error
        except Exception as error:
            raise ViolationError("errors", f"an owner ends with {error!r}") from error

    def _read(self, owner: ShardOwner, shard: SimShard, given: Given, begun: Position) -> None:
        world = self.fleet.world
        index = next(
            (at for at, one in enumerate(shard.records) if one.number > begun.sequence_number),
            len(shard.records),
        )
        quiet = 0
        while True:
            if self.asked_to_stop and self._has_it:
                owner.shutdown_requested(given)
                return
            if not self._has_it:
                if self.aware_at is None:
                    self.lose(self.actor.random.choice(_AWARE_AFTER))
                if world.now >= (self.aware_at or 0.0):
                    owner.lease_lost(given)
                    return
            records, index, behind = self._fetch(shard, index)
            if shard.closed is not None and index >= len(shard.records) and not records:
                if self._has_it:
                    self.ending = True
                    owner.shard_ended(given)
                    return
                world.idle(30.0)
                continue
            if records and self.actor.random.random() < self.fleet.redelivers:
                world.note("the batch comes twice", self.actor)
                index -= len(records)
            given.records, given.millis_behind_latest = [_as_daemon(one) for one in records], behind
            if records:
                self.delivered = max(self.delivered, Position(records[-1].number))
            owner.process_records(given)
            quiet = 0 if records else quiet + 1
            world.idle(20.0 if quiet < 6 else 7_200.0)

    def _fetch(self, shard: SimShard, index: int) -> tuple[list[Put], int, int]:
        world = self.fleet.world
        most = self.actor.random.randint(1, 8)
        while True:
            try:
                return world.effect(
                    "kinesis",
                    f"GetRecords {shard.shard_id[-3:]}",
                    lambda: self.fleet.stream.read(shard, index, most),
                    error=_error,
                    writes=False,
                )
            except CheckpointError:
                world.pause(1.0)

    def _ended(self, error: BaseException | None) -> None:
        if error is not None:
            self.fleet.free(self, _FAILOVER)
        elif self.lease.owner is self:
            self.lease.owner = None
            self.fleet.soon()
        if self.lease.ended:
            self.fleet.soon()


def _as_daemon(one: Put) -> dict[str, Any]:
    return {
        "data": b64encode(one.body).decode(),
        "partitionKey": one.key,
        "sequenceNumber": str(one.number),
        "subSequenceNumber": 0,
        "approximateArrivalTimestamp": one.arrival,
    }


def _short(position: Position) -> str:
    return str(position.sequence_number)[-4:]


def _error(fate: Fate) -> Exception:
    refused: Exception = CheckpointError(
        "ThrottlingException" if fate is Fate.REFUSED else "RuntimeException"
    )
    return refused
