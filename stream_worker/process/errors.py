"""The worker's errors, by what the operator should do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_worker.process.problem import Problem


class WorkerError(Exception):
    """The worker cannot go on; no data is lost, because it continues from what is committed."""


class SetupError(WorkerError):
    """Something that the worker needs is missing or refused: change the setup, then start it again."""


class OutageError(WorkerError):
    """A service did not answer in time, retries included: start the worker again, and it continues."""


class RefusedError(WorkerError):
    """The request cannot be done correctly now; nothing has changed, and each problem says where."""

    def __init__(self, what: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__("\n  ".join([what, *map(str, problems)]))
        self.problems = tuple(problems)


class DamagedError(RefusedError):
    """The lake does not hold what was committed to it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__("the lake is damaged; audit the day, then replay it", [problem])
