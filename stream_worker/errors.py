"""What can go wrong with the world, by what the operator should do about it."""


class WorkerError(Exception):
    """The worker cannot go on; nothing is lost, because only what is committed counts."""


class SetupError(WorkerError):
    """Something that the worker needs is missing or refused: mend the setup, then start it again."""


class OutageError(WorkerError):
    """A service did not answer in time, retries included: start the worker again, it goes on where it was."""
