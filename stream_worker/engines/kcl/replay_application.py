"""Replays on the Kinesis Client Library, as a separate application that ends when the span is committed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stream_worker.engines.kcl import daemon
from stream_worker.process import health_folder
from stream_worker.process.settings import InitialPosition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stream_worker.engines.kcl.replay_task import ReplayTask
    from stream_worker.process.settings import WorkerSettings
    from stream_worker.process.stop import Stop

_LOOK_SECONDS: Final = 5.0  # a check reads at most a page of each shard


def run(
    settings: WorkerSettings,
    environ: Mapping[str, str],
    stop: Stop,
    task: ReplayTask,
    whole: Callable[[], bool],
) -> bool:
    """Run a worker of the replay until `whole` returns that the span is committed; return False if stopped.

    Any number of machines may run one at once: they share the shards, and each ends when everything is
    committed. It reads from the trim horizon. The application's name is the worker's plus `-replay-` and the
    replay's name, and so are its tables in DynamoDB. They are not deleted. By that prefix a role can be given
    access to all of them but not to the worker's own.
    """
    application = f"{settings.application}-replay-{task.generation.rpartition('=')[2]}"
    health_folder.claim(settings.health_folder)
    folder = settings.health_folder / application
    own = settings.model_copy(
        update={
            "application": application,
            "health_folder": folder,
            "kcl_initial_position": InitialPosition.TRIM_HORIZON,
            "kcl_worker_id": None,
        }
    )
    variables = {**environ, "METRICS_APPLICATION": application, "METRICS_HEALTH_FOLDER": str(folder)}
    done = _Done(stop, whole)
    daemon.run(own, variables, done.should_stop, task.arguments)
    return done.whole


@dataclass(slots=True)
class _Done:
    """When to stop: when asked to, or when all is committed."""

    stop: Stop
    look: Callable[[], bool]
    whole: bool = False
    next_look: float = 0.0

    def should_stop(self) -> bool:
        """Return whether to stop now; every few seconds this reads the stream and the lake to find out."""
        if not self.whole and not self.stop.is_set() and time.monotonic() >= self.next_look:
            self.whole = self.look()
            self.next_look = time.monotonic() + _LOOK_SECONDS
        return self.whole or self.stop.is_set()
