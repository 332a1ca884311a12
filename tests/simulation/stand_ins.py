"""What the simulation puts in place of what is slow or has threads of its own, in a process of its own.

Threads that read ahead become calls in turn, since there is one thread; jitter is the world's.
Parquet becomes a name for rows that are kept in memory, and the fraud rules, which have tests of their own,
become one for a report and one for a day. `exact` leaves all but the last as it is: slower, and the same
histories.
"""

from __future__ import annotations

import hashlib
import io
import random
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl
import structlog
import tenacity
from polars.exceptions import ComputeError

from schemas.tables import COUNTER_COLUMNS
from stream_worker.audit import locate, segment_check
from stream_worker.days import diff, run_builder
from stream_worker.judging import day_fraud, fraud, pipeline
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.digits import NONCE
from stream_worker.lake import chain, s3_store
from tests.simulation.stage import STAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping, Sequence

    from stream_worker.judging.thresholds import Thresholds


class _InTurn:
    """An executor without threads."""

    def __init__(self, *_: object) -> None:
        """Any number of workers is none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to wait for."""

    def map(self, do: Callable[..., Any], *over: Iterable[Any]) -> list[Any]:
        return [do(*given) for given in zip(*over, strict=False)]

    def submit(self, do: Callable[..., Any], *given: object) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(do(*given))
        return done


class _Chance:
    """The module `random`, by the chance of who asks."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        actor = STAGE.world.current if STAGE.world is not None else None
        return getattr(actor.random if actor else random, name)


class _Seen:
    """The nonces of a day as a set."""

    def __init__(self) -> None:
        self._held: set[int] = set()

    def __len__(self) -> int:
        return len(self._held)

    def contains(self, batch: pl.Series) -> pl.Series:
        return pl.Series([one in self._held for one in batch.to_list()], dtype=pl.Boolean)

    @property
    def all(self) -> frozenset[int]:
        return frozenset(self._held)

    def add(self, batch: pl.Series) -> None:
        self._held.update(batch.to_list())


class _Files:
    """Rows by the bytes that stand for them."""

    def __init__(self, read: Callable[..., pl.DataFrame]) -> None:
        self._read = read
        self.held: dict[bytes, pl.DataFrame] = {}
        self.settled: dict[Any, Any] = {}
        self.checked: dict[Any, Any] = {}

    def clear(self) -> None:
        for held in (self.held, self.settled, self.checked):
            held.clear()

    def encode(self, rows: pl.DataFrame) -> bytes:
        told = repr((rows.columns, rows.rows())).encode()
        name = b"PAR1 " + hashlib.sha256(told).hexdigest().encode()
        self.held[name] = rows
        return name

    def decode(self, source: Any, columns: Sequence[str] | None = None, **others: Any) -> pl.DataFrame:  # noqa: ANN401 - as Polars has it
        if not isinstance(source, io.BytesIO):
            return self._read(source, columns=columns, **others)
        rows = self.held.get(source.getvalue())
        if rows is None:
            raise ComputeError("no such file")
        return rows if columns is None else rows.select(columns)

    def schema(self, source: io.BytesIO) -> pl.Schema:
        return self.decode(source).schema


FILES: Final = _Files(pl.read_parquet)


@dataclass(frozen=True, slots=True)
class _MadeUp(Finding):
    found: int

    def __len__(self) -> int:
        return self.found

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        return pl.Series([version == "7.7.7" for version in reports["version"]], dtype=pl.Boolean)


def _find_made_up(sample: pl.DataFrame, _share: float, _thresholds: Thresholds) -> _MadeUp:
    return _MadeUp(sample["version"].to_list().count("7.7.7"))


DAY_RULES: Final = (
    day_fraud.DayRule("version_made_up", 1, "What the simulation makes up is 7.7.7.", _find_made_up),
)
"""The one day-wide rule of the simulation."""


def _first_broken(reports: pl.DataFrame, thresholds: Thresholds, _rules: object) -> pl.Series:
    most = thresholds.calls_a_day_most
    rules = [
        "counters_impossible" if max(row) > most else None for row in reports.select(COUNTER_COLUMNS).rows()
    ]
    return pl.Series("rule", rules, dtype=pl.String)


def _nonces_of(stack_ids: pl.Series) -> pl.Series:
    return pl.Series([int(one.replace("-", ""), 16) for one in stack_ids], dtype=NONCE)


def _patiently(patiently: Callable[..., Any]) -> Callable[..., Any]:
    """Return a lake's patience that begins once a first try has failed: that is seldom, and it is slow."""

    def patient(self: Any, ask: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401 - the lake's own
        try:
            return ask(*args)
        except Exception as error:  # noqa: BLE001 - the lake sees it, whatever it is
            first: list[Exception] = [error]

        def again(*args: Any) -> Any:  # noqa: ANN401 - as above
            if first:
                raise first.pop()
            return ask(*args)

        return patiently(self, again, *args)

    return patient


class _Nowhere:
    """A folder for temporary files in which none is: a dozen rows do not need one."""

    def __init__(self, *_: object) -> None:
        """Whatever it is for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to remove."""

    def __truediv__(self, _: str) -> Self:
        return self

    def mkdir(self) -> None:
        """Nothing."""


def _settling(settle: Callable[..., Any]) -> Callable[..., Any]:
    """Return `settle`, which is pure, with a memory: replays and late wakers settle the same again."""

    def remembered(records: Any, seen: _Seen, *others: Any) -> Any:  # noqa: ANN401 - as it comes
        columns = (records.bodies, records.sequence_numbers, records.arrivals, records.sub_sequence_numbers)
        key = (*map(tuple, columns), seen.all, *others)
        if key not in FILES.settled:
            FILES.settled[key] = settle(records, seen, *others)
        return FILES.settled[key]

    return remembered


class _Held:
    """A lake of what was found there just now."""

    def __init__(self, bodies: dict[str, bytes | None]) -> None:
        self._bodies = bodies

    def find(self, key: str) -> bytes | None:
        return self._bodies[key]


def _checking(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return an audit's check of a segment with a memory: it often looks at the same; it asks as before."""

    def remembered(self: Any) -> Any:  # noqa: ANN401 - the check's own
        segment = self._segment
        keys = [key for key in (segment.link.key, segment.rejects) if key is not None]
        bodies = {key: self._lake.find(key) for key in keys}
        said = tuple(sorted(segment.summary.metadata.items()))
        known = (segment.link.key, said, tuple(bodies.values()), self._aged)
        if known not in FILES.checked:
            self._lake = _Held(bodies)
            FILES.checked[known] = run(self)
        return replace(FILES.checked[known], segment=segment)

    return remembered


def install(*, exact: bool = False) -> None:
    """Put everything in place; to be called once, before the first world, after all imports."""
    structlog.configure(processors=[_tell], cache_logger_on_first_use=True)
    chance = _Chance()
    modules: list[Any] = [
        sys.modules[name] for name in sorted(sys.modules) if name.startswith("stream_worker")
    ]
    modules += [tenacity.wait]
    for module in modules:
        for name, value in list(vars(module).items()):
            if value is ThreadPoolExecutor:
                setattr(module, name, _InTurn)
            elif value is random:
                setattr(module, name, chance)
            elif name == "parquet" and callable(value) and not exact:
                setattr(module, name, FILES.encode)
    if exact:
        return
    _replace(pl, read_parquet=FILES.decode, read_parquet_schema=FILES.schema)
    _replace(chain, Seen=_Seen)
    _replace(fraud, first_broken=_first_broken)
    _replace(s3_store.S3Lake, _patiently=_patiently(s3_store.S3Lake._patiently))  # noqa: SLF001 - as below
    for module in (diff, locate, run_builder):
        _replace(module, scratch=_Nowhere)
    _replace(pipeline, settle=_settling(pipeline.settle))
    check = segment_check._Check  # noqa: SLF001 - there is no other name for it
    _replace(check, run=_checking(check.run))


def _replace(module: Any, **things: Any) -> None:  # noqa: ANN401 - whatever they are
    """Put things in place of a module's own: there is no other way into a process that plays nothing else."""
    for name, thing in things.items():
        assert hasattr(module, name), f"{module.__name__} has no {name} any more"
        setattr(module, name, thing)


def _tell(_logger: object, method: str, event: MutableMapping[str, Any]) -> str:
    """Write what the code logs into the history."""
    world = STAGE.world
    if world is not None:
        told = " ".join(f"{name}={value}" for name, value in event.items() if name not in {"event", "note"})
        world.note(f"  {method} {event.get('event')} {told}")
    raise structlog.DropEvent


def rows_of(body: bytes) -> pl.DataFrame:
    """Return the rows of a file."""
    return pl.read_parquet(io.BytesIO(body))
