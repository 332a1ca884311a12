"""Whether the process is about to stop."""


class Drain:
    """False until the process is asked to stop."""

    def __init__(self) -> None:
        self._begun = False

    def __bool__(self) -> bool:
        """Whether the process is stopping."""
        return self._begun

    def begin(self) -> None:
        """Say that the process is stopping."""
        self._begun = True
