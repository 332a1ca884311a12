"""What can go wrong with the world, by what the operator should do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_worker.process.problem import Problem


class WorkerError(Exception):
    """The worker cannot go on; nothing is lost, because only what is committed counts."""


class SetupError(WorkerError):
    """Something that the worker needs is missing or refused: change the setup, then start it again."""


class OutageError(WorkerError):
    """A service did not answer in time, retries included: start the worker again, it goes on where it was."""


class RefusedError(WorkerError):
    """What was asked for would not be right as things are; each problem says where, nothing has changed."""

    def __init__(self, what: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__("\n  ".join([what, *map(str, problems)]))
        self.problems = tuple(problems)


class DamagedError(RefusedError):
    """The lake holds something else than what was committed to it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__("the lake is damaged; audit the day, then replay it", [problem])
