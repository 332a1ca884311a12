from __future__ import annotations

import pytest

from schemas.printable import printable


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1.4.2", "1.4.2"),
        ("Zürich — 日本 🙂", "Zürich — 日本 🙂"),
        ("\x1b[2J\x07", r"\x1b[2J\x07"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202eevil\u2066\u200f", r"\u202eevil\u2066\u200f"),
        ("\u2028\ufeff\u200b", r"\u2028\ufeff\u200b"),
        ("\ud800", r"\ud800"),
        (7, "7"),
        (None, "None"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_shown_as_its_escape(value: object, shown: str) -> None:
    assert printable(value) == shown


def test_lines_are_kept_where_they_are_meant() -> None:
    assert printable("one\n  two\x1b", lines=True) == "one\n  two\\x1b"
