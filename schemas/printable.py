"""Text that a terminal shows and does not obey."""


def printable(value: object, *, lines: bool = False) -> str:
    r"""Return `value` as text, with each character that a terminal could act on or hide shown as its escape.

    These are control characters (`\x1b`), marks that turn the direction of reading (`\u202e`), line breaks
    and all that Unicode calls not printable. With `lines`, `\n` is kept: for texts of several lines.
    """
    text = str(value)
    return text if text.isprintable() else "".join(_shown(character, lines=lines) for character in text)


def _shown(character: str, *, lines: bool) -> str:
    if character.isprintable() or (lines and character == "\n"):
        return character
    return character.encode("unicode_escape").decode("ascii")
