"""Makes the parts of the commands on whole days from the settings, wired to AWS."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import click

from stream_worker.commands.command import settings_or_usage
from stream_worker.days.completeness import Completeness
from stream_worker.days.run_builder import RunBuilder
from stream_worker.days.seal import Seal
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.judging.thresholds import Thresholds, ThresholdsError
from stream_worker.lake.s3_store import PATIENCE_OF_PEOPLE_SECONDS, PATIENCE_SECONDS, S3Lake
from stream_worker.process import clients, logs
from stream_worker.process.host import spare_the_collector
from stream_worker.process.progress import shown
from stream_worker.process.stop import Stop
from stream_worker.publication.glue import GlueCatalog
from stream_worker.publication.history import History
from stream_worker.publication.publication import Publication
from stream_worker.shard_life.assembly import Assembly
from stream_worker.stream.kinesis import KinesisStream
from stream_worker.stream.span import GRACE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from stream_worker.process.settings import WorkerSettings
    from stream_worker.shard_life.processor import Processor
    from stream_worker.shard_life.pulse import Pulse
    from stream_worker.stream.shard import Shard
    from stream_worker.stream.span import Span


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Wiring:
    """The parts of one command, each made when it is first used."""

    settings: WorkerSettings
    grace: timedelta = timedelta(seconds=GRACE_SECONDS)
    judgement: Judgement = JUDGEMENT
    patience: float = PATIENCE_SECONDS
    stop: Stop = field(default_factory=Stop)

    @classmethod
    def of_environment(
        cls,
        grace_seconds: float = GRACE_SECONDS,
        thresholds: Path | None = None,
        stop: Stop | None = None,
    ) -> Wiring:
        """Read the settings, and other thresholds from a file; set up the log.

        On a terminal, an outage of the lake is waited out for a shorter time; not at all once `stop` is set.
        """
        settings = settings_or_usage()
        try:
            chosen = Judgement(Thresholds.read(thresholds.read_text("utf-8"))) if thresholds else JUDGEMENT
        except (OSError, ThresholdsError) as error:
            raise click.UsageError(f"--thresholds: {error}") from error
        # Not under the worker's name: metrics must not count records that are read again as received.
        for_people = sys.stderr.isatty()
        logs.configure(f"{settings.application}-days", for_people=for_people)
        spare_the_collector()
        patience = PATIENCE_OF_PEOPLE_SECONDS if for_people else PATIENCE_SECONDS
        return cls(settings, timedelta(seconds=grace_seconds), chosen, patience, stop or Stop())

    @cached_property
    def stream(self) -> KinesisStream:
        """The stream."""
        return KinesisStream.connect(self.settings.stream)

    @cached_property
    def lake(self) -> S3Lake:
        """The lake."""
        return S3Lake(
            clients.s3(), self.settings.bucket, patience=self.patience, asked_to_stop=self.stop.is_set
        )

    @cached_property
    def publication(self) -> Publication:
        """What readers see, through the catalog."""
        return Publication(
            self.lake, GlueCatalog(clients.glue(), self.settings.database, self.settings.bucket)
        )

    @cached_property
    def runs(self) -> RunBuilder:
        """What builds runs."""
        return RunBuilder(self.lake, self.judgement, shown)

    @cached_property
    def seal(self) -> Seal:
        """The seal."""
        completeness = Completeness(self.stream, self.lake, self.grace)
        return Seal(self.lake, self.publication, self.runs, completeness, now)

    @cached_property
    def history(self) -> History:
        """The generations that are kept."""
        return History(self.lake, self.publication)

    def processor(self, shard: Shard, generation: str, span: Span, pulse: Pulse) -> Processor:
        """Return a processor that commits a span to another generation than the live one."""
        assembly = Assembly(self.lake, self.settings.limits, self.judgement)
        return assembly.replay(shard, generation, span, pulse=pulse)
