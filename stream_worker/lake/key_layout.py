"""The layout of a kind of key: one text for making and for parsing, so that the two cannot disagree."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from string import Formatter
from typing import TYPE_CHECKING, ClassVar, Final, Self

from stream_worker.stream.records import Position

if TYPE_CHECKING:
    from collections.abc import Callable

TIME: Final = "%Y%m%dT%H%M%S.%fZ"
"""A moment as keys spell it, in UTC: their order as text is that of time."""

_DIGITS: Final = "[0-9]+"
_RUN: Final = "[A-Za-z0-9]+"
_POSITION: Final = "(?:start|[0-9]{56}(?:_[0-9]+)?)"

_FIELDS: Final[dict[str, tuple[str, Callable[[str], object]]]] = {
    "table": ("reports|rejects", str),
    "generation": ("live|replay/run=[A-Za-z0-9-]+", str),
    "shown": (f"live|{_RUN}", str),
    "run": (_RUN, str),
    "day": ("[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat),
    "epoch": (_DIGITS, int),
    "shard_id": ("[A-Za-z0-9_-]+", str),
    "start": (_POSITION, Position.parse),
    "last": (_POSITION, Position.parse),
    "end": (_POSITION, Position.parse),
    "since": (_DIGITS, int),
    "until": (_DIGITS, int),
    "number": (_DIGITS, int),
    "digest": ("[0-9a-f]{16}", str),
    "why": ("forgotten|passed-over", str),
    "at": ("[0-9]{8}T[0-9]{6}[.][0-9]{6}Z", lambda text: datetime.strptime(text, TIME).replace(tzinfo=UTC)),
}
"""What stands for each field in a key: a regular expression, and what reads it (`ValueError`: not this)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A key of one kind. A kind has a `layout`, a format text, and the fields that it names."""

    layout: ClassVar[str]

    key: str = field(init=False, repr=False, compare=False)
    """The key as the bucket has it."""

    def __post_init__(self) -> None:
        """Make the key."""
        values = {name: getattr(self, name) for name in _names(self.layout)}
        object.__setattr__(self, "key", self.layout.format_map(values))

    @classmethod
    def parse(cls, key: str) -> Self | None:
        """Return what a key says; None for a key that this kind would not make."""
        match = _pattern(cls.layout).fullmatch(key)
        if match is None:
            return None
        with suppress(ValueError):
            found = cls(**{name: _FIELDS[name][1](text) for name, text in match.groupdict().items()})
            if found.key == key:  # not with leading zeros, say: one object would have two names
                return found
        return None

    @property
    def name(self) -> str:
        """The key without its folder."""
        return self.key.rpartition("/")[2]


@cache
def _names(layout: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(layout) if name))


@cache
def _pattern(layout: str) -> re.Pattern[str]:
    pieces = []
    for literal, name, _, _ in Formatter().parse(layout):
        pieces.append(re.escape(literal))
        if name:
            pieces.append(f"(?P<{name}>{_FIELDS[name][0]})")
    return re.compile("".join(pieces))
