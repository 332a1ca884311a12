"""The worker in this process: what `run --engine poll --drain` and `seal` do, at a story's time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from stream_worker.days.completeness import Completeness
from stream_worker.days.run_builder import RunBuilder
from stream_worker.days.seal import Seal
from stream_worker.engines.poll import PollEngine
from stream_worker.judging.judgement import JUDGEMENT
from stream_worker.process.progress import silent
from stream_worker.process.settings import WorkerSettings
from stream_worker.process.stop import Stop
from stream_worker.publication.live_days import LiveDays
from stream_worker.publication.publication import Publication
from stream_worker.shard_life.assembly import Assembly
from stream_worker.stream.span import GRACE_SECONDS

if TYPE_CHECKING:
    from datetime import date

    from infra.local.filling.target import Target
    from stream_worker.lake.manifest import Manifest
    from stream_worker.shard_life.processor import Processor
    from stream_worker.stream.shard import Shard

_GRACE: Final = timedelta(seconds=GRACE_SECONDS)
_SEALED_AFTER: Final = timedelta(days=1, minutes=5)


class _Impatience(Stop):
    """A stop that is never requested, and a clock that skips each wait.

    Kinesis allows five reads a second of a shard; an emulator on this machine takes any number.
    """

    def __init__(self) -> None:
        super().__init__()
        self._skipped = 0.0

    def wait(self, seconds: float) -> None:
        """Skip the time."""
        self._skipped += seconds

    def clock(self) -> float:
        """Return a steady time in seconds that includes what was skipped."""
        return time.monotonic() + self._skipped


class Worker:
    """The worker of a target, with the settings that it has by itself; raises what its commands report."""

    def __init__(self, target: Target) -> None:
        names = target.names
        self._target = target
        self._settings = WorkerSettings.model_validate(
            {"stream": names.stream, "bucket": names.bucket, "database": names.database}
        )
        self._announce = LiveDays(lambda: target.catalog)

    def drain(self) -> None:
        """Read every shard to its tip and commit what was read."""
        stop = _Impatience()
        PollEngine(self._target.stream, self._processor, stop, drain=True, clock=stop.clock).run()

    def seal(self, day: date) -> Manifest:
        """Seal a day, some minutes after its end."""
        target = self._target
        now = datetime(day.year, day.month, day.day, tzinfo=UTC) + _SEALED_AFTER
        completeness = Completeness(target.stream, target.lake, _GRACE, now=lambda: now, pause=lambda _: None)
        runs = RunBuilder(target.lake, JUDGEMENT, silent)
        publication = Publication(target.lake, target.catalog)
        return Seal(target.lake, publication, runs, completeness, lambda: now).seal(day).manifest

    def _processor(self, shard: Shard) -> Processor:
        # No horizon: a story's records arrive long before now, and the stream has forgotten none of them.
        return Assembly(self._target.lake, self._settings.limits).live(shard, self._announce, horizon=None)
