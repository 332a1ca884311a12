"""Files of java.util.Properties, read by the rules of its documentation, and the names in a Java class."""

from __future__ import annotations

import re
import struct
from typing import Final

_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_NAME: Final = re.compile(r"(?:\\.|[^\\ \t\f=:])*", re.DOTALL)
_SEPARATOR: Final = re.compile(r"[ \t\f]*[=:]?[ \t\f]*")

_CONSTANT_SIZES: Final = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 15: 3, 16: 2, 19: 2, 20: 2}


def read_properties(text: str) -> dict[str, str]:
    """Return what `Properties.load` does with a file in ASCII whose lines are not continued."""
    text.encode("ascii")
    found = {}
    for raw in re.split(r"\r\n|\r|\n", text):
        line = raw.lstrip(" \t\f")
        if not line or line[0] in "#!":
            continue
        name = _NAME.match(line)
        assert name
        separator = _SEPARATOR.match(line, name.end())
        assert separator
        found[_unescaped(name[0])] = _unescaped(line[separator.end() :])
    return found


def _unescaped(text: str) -> str:
    units = _ESCAPE.sub(_character, text)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be")


def _character(found: re.Match[str]) -> str:
    escaped = found[1]
    if len(escaped) > 1:
        return chr(int(escaped[1:], 16))
    return _CONTROLS.get(escaped, escaped)


def strings(java_class: bytes) -> set[str]:
    """Return every name and text in the constant pool of a class file (JVM specification, 4.4)."""
    (entries,) = struct.unpack_from(">H", java_class, 8)
    place, entry, found = 10, 1, set()
    while entry < entries:
        tag = java_class[place]
        if tag == 1:
            (length,) = struct.unpack_from(">H", java_class, place + 1)
            found.add(java_class[place + 3 : place + 3 + length].decode(errors="replace"))
            place += 3 + length
        else:
            place += 1 + _CONSTANT_SIZES.get(tag, 4)
        entry += 2 if tag in {5, 6} else 1  # long and double count twice
    return found
