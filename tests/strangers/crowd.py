"""The program `python -m tests.strangers.crowd`: keep connections of one kind open on a loopback port.

The load that it makes: each connection costs the edge an accept, a read and, where the edge ends it, an
answer and a close. A connection that the edge ends is opened again, at most 1,000 of them a second, which is
what keeps 5,000 up under the shortest deadline (5 s). `drip` and `slow_head` send 5,000 packets a second.
`idle` sends one report on each connection; `unread` asks for 16 documents on each, and the edge must make as
many as its kernel buffers. One thread; it runs at a low priority, so that on a full core the honest load
comes first. It stops at the end of its standard input, and at the latest after `--seconds`.
"""

import argparse
import json
import os
import resource
import select
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final

from tests.benchmarks import cores
from tests.strangers.kind import Kind
from tests.strangers.stranger import Stranger

OPENED_A_SECOND: Final = 1000
"""Connections that are opened in a second at most, new and again."""

_SLICES: Final = 50  # of a second: in each, one part of the crowd does what it does each second
_SPARE: Final = 100  # file descriptors for everything but strangers
_NICE: Final = 10


@dataclass(frozen=True, slots=True)
class Report:
    """How a crowd fares: connections `up` now, and all that were `opened` so far.

    `first` counts, by kind, the first connections of all places that have not ended yet. `answers` counts
    answers, `ends` the ends of connections, each under "<kind> <what>". `oldest` is the age in seconds of the
    oldest connection that ended, by kind. `busy` is the share of a core that the program used.
    """

    up: int
    opened: int
    first: dict[str, int]
    answers: dict[str, int]
    ends: dict[str, int]
    oldest: dict[str, float]
    busy: float


class Crowd:
    """Strangers, each in its place; an empty place waits for its turn to be opened."""

    def __init__(self, port: int, kind: Kind, number: int) -> None:
        self._port = port
        self._kinds = kind.members
        self._number = number
        self._places: list[Stranger | None] = [None] * number
        self._empty = deque(range(number))
        self._by_file: dict[int, Stranger] = {}
        self._epoll = select.epoll()
        self._opened = 0
        self._first = Counter(self._kinds[place % len(self._kinds)].value for place in range(number))
        self._answers, self._ends = Counter[str](), Counter[str]()
        self._oldest: dict[str, float] = {}
        self._begun = time.monotonic()
        self._busy = cores.not_idle()

    def run(self, seconds: float) -> None:
        """Keep the crowd up; write a report, a line of JSON, each second and at the end."""
        self._epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        turn, now = 0, self._begun
        while now < self._begun + seconds:
            self._open(OPENED_A_SECOND // _SLICES)
            for stranger in self._places[turn % _SLICES :: _SLICES]:
                if stranger is not None and (end := stranger.second()):
                    self._end(stranger, end)
            turn += 1
            if turn % _SLICES == 0:
                self._say()
            if not self._watch(max(self._begun + turn / _SLICES, now + 1 / (2 * _SLICES))):
                break
            now = time.monotonic()
        self._say()

    def _open(self, number: int) -> None:
        for _ in range(min(number, len(self._empty))):
            place = self._empty.popleft()
            kind, first = self._kinds[place % len(self._kinds)], self._opened < self._number
            try:
                stranger = Stranger(self._port, kind, place, first=first)
            except OSError:
                self._empty.append(place)
                return
            self._opened += 1
            self._places[place] = stranger
            self._by_file[stranger.fileno()] = stranger
            self._epoll.register(stranger.fileno(), stranger.waits_for)

    def _watch(self, until: float) -> bool:
        """React to what happens; False once standard input has ended."""
        while True:
            for number, events in self._epoll.poll(max(0.0, until - time.monotonic())):
                if number == sys.stdin.fileno():
                    return False
                self._react(self._by_file[number], events)
            if time.monotonic() >= until:
                return True

    def _react(self, stranger: Stranger, events: int) -> None:
        was_up, status = stranger.up, stranger.status
        end = stranger.react(events)
        if stranger.status != status:
            self._answers[f"{stranger.kind.value} {stranger.status}"] += 1
        if end:
            self._end(stranger, end)
        elif not was_up:
            self._epoll.modify(stranger.fileno(), stranger.waits_for)

    def _end(self, stranger: Stranger, end: str) -> None:
        kind = stranger.kind.value
        if stranger.up:
            self._ends[f"{kind} {end}"] += 1
            self._oldest[kind] = max(self._oldest.get(kind, 0.0), time.monotonic() - stranger.born)
        self._first[kind] -= stranger.first
        del self._by_file[stranger.fileno()]
        stranger.close()
        self._places[stranger.place] = None
        self._empty.append(stranger.place)

    def _say(self) -> None:
        report = Report(
            up=sum(stranger is not None and stranger.up for stranger in self._places),
            opened=self._opened,
            first=dict(self._first),
            answers=dict(self._answers),
            ends=dict(self._ends),
            oldest=self._oldest,
            busy=(cores.not_idle() - self._busy) / (time.monotonic() - self._begun),
        )
        print(json.dumps(asdict(report)), flush=True)  # noqa: T201 - how it reports to who started it


def main() -> None:
    """Keep the crowd up until standard input or the time ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--kind", type=Kind, required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    given = parser.parse_args()
    os.nice(_NICE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if given.number + _SPARE > most:
        parser.error(f"{given.number} connections are more than the hard limit of {most} open files allows")
    with suppress(BrokenPipeError):  # who started it has gone, and so may we
        Crowd(given.port, given.kind, given.number).run(given.seconds)


if __name__ == "__main__":
    main()
