"""Something that another thread settles later: a record's fate, a look at the stream."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event


@dataclass(slots=True, eq=False)
class Settlement:
    """Settled once, by one thread; another one subscribes to it, or waits.

    It has no lock, because there is one for each report: both sides write their own field first and read the
    other's then, so one of them calls `wake`. Both may, so `wake` must not mind being called twice.
    """

    settled: bool = field(default=False, init=False)
    _wake: Callable[[], object] | None = field(default=None, init=False, repr=False)

    def settle(self) -> None:
        """Say that it is settled, and wake who has subscribed."""
        self.settled = True
        self._call(self._wake)

    def subscribe(self, wake: Callable[[], object]) -> None:
        """Have `wake` called when it is settled, in the thread that settles it; at once if it is already."""
        self._wake = wake
        if self.settled:
            self._call(wake)

    def _call(self, wake: Callable[[], object] | None) -> None:
        if wake is not None:
            self._wake = None  # it holds what holds this: for each report a circle for the garbage collector
            wake()

    def wait(self, seconds: float) -> None:
        """Block until it is settled, for at most `seconds`."""
        woken = Event()
        self.subscribe(woken.set)
        woken.wait(seconds)
