"""The worst bodies that the edge's limit lets in: each 8 KiB long, and many times that when decoded."""

from collections.abc import Callable
from typing import Final

LIMIT: Final = 8 * 1024
"""The longest body, in bytes."""

_DEEP: Final = 1000  # levels of one array: a few fewer than the decoder takes


def nested_objects(salt: int) -> bytes:
    """Return an object full of small objects, one in the other and side by side."""
    return _fill(salt, b'{"":{"":{}}}')


def deep_arrays(salt: int) -> bytes:
    """Return an object with arrays as deep as the decoder takes them."""
    return _fill(salt, b"[" * _DEEP + b"]" * _DEEP)


def many_keys(salt: int) -> bytes:
    """Return an object with as many different keys as there is room for."""
    keys = b"".join(b',"%x":0' % number for number in range(LIMIT // 6))
    return _close(b'{"salt":%d' % salt + keys[: keys.rindex(b",", 0, LIMIT - 60)])


def escapes(salt: int) -> bytes:
    """Return an object with a long string of escapes, of characters that take four bytes each."""
    return _fill(salt, b'"' + rb"\ud83d\ude00" * 60 + b'"')


BODIES: Final[dict[str, Callable[[int], bytes]]] = {
    "nested objects": nested_objects,
    "deep arrays": deep_arrays,
    "many keys": many_keys,
    "escapes": escapes,
}
"""Each kind by name; `salt` makes bodies that differ, so that no two can share their memory."""


def _fill(salt: int, value: bytes) -> bytes:
    body = b'{"salt":%d,"a":[0' % salt
    values = (LIMIT - len(body) - len(b"]}")) // (len(value) + 1)
    return _close(body + (b"," + value) * values + b"]")


def _close(body: bytes) -> bytes:
    """End the object at exactly the limit; white space is a body's bytes too."""
    return body + b" " * (LIMIT - len(body) - 1) + b"}"
