"""Bodies that cost their reader the most: of a given length, none of them a report."""

from __future__ import annotations

import hashlib
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KIB: Final = 1024
MIB: Final = 1024 * KIB
LENGTHS: Final = (64 * KIB, MIB, 10 * MIB)
"""What the edge has let in; what Kinesis takes of every producer, and of some since 2025, in bytes."""


def small_objects(length: int) -> bytes:
    """Return empty objects: about thirty times their bytes once they are decoded."""
    return _filled(length, b"[", b"{},", b"0]")


def nested_objects(length: int) -> bytes:
    """Return objects in objects."""
    return _filled(length, b"[", b'{"":{"":{"":{"":{}}}}},', b"0]")


def nested_arrays(length: int) -> bytes:
    """Return arrays nearly as deep as the decoder goes, again and again."""
    return _filled(length, b"[", b"[" * 1_000 + b"]" * 1_000 + b",", b"0]")


def numbers(length: int) -> bytes:
    """Return numbers, each of which is an object of its own in Python."""
    return _filled(length, b"[", b"1e9,", b"0]")


def keys(length: int) -> bytes:
    """Return an object of as many keys as fit, none of them twice."""
    pairs, size = [], 0
    for number in count():
        pairs.append(b'"%x":0,' % number)
        size += len(pairs[-1])
        if size > length - 64:
            return _filled(length, b"{" + b"".join(pairs[:-1]), b"", b'"":0}')
    raise AssertionError


def escapes(length: int) -> bytes:
    """Return a string of escapes, the first of which makes each character four bytes in memory."""
    return _filled(length, b'"\\ud83d\\ude00', b"\\n", b'"')


def noise(length: int, number: int = 0) -> bytes:
    """Return bytes that no compression makes fewer, and that are not JSON; the same ones for each number."""
    return hashlib.shake_256(b"%d" % number).digest(length)


def white_space(length: int) -> bytes:
    """Return nothing but white space before an empty object."""
    return _filled(length, b"", b" ", b"{}")


KINDS: Final[tuple[Callable[[int], bytes], ...]] = (
    small_objects,
    nested_objects,
    nested_arrays,
    numbers,
    keys,
    escapes,
    noise,
    white_space,
)
"""Each returns a value of a length in bytes, 128 at least: JSON, but for `noise`."""


def bodies(kind: Callable[[int], bytes], length: int) -> Iterator[bytes]:
    """Yield bodies of a kind and a length in bytes without end, no two of them the same."""
    room = length - len(_body(0, b""))
    value = kind(room)
    for number in count():
        yield _body(number, noise(room, number) if kind is noise else value)


def worst(length: int, total: int) -> Iterator[bytes]:
    """Yield bodies of one length, `total` bytes at least, of all kinds in turn."""
    made = [bodies(kind, length) for kind in KINDS]
    for number in range(-(-total // length)):
        yield next(made[number % len(made)])


def _body(number: int, value: bytes) -> bytes:
    return b'{"n":1%08d,"a":%b}' % (number, value)


def _filled(length: int, before: bytes, piece: bytes, after: bytes) -> bytes:
    """Repeat `piece` in between as often as it fits; white space does the rest."""
    room = length - len(before) - len(after)
    times = room // len(piece) if piece else 0
    return before + piece * times + b" " * (room - times * len(piece)) + after
