"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(to: Path, text: str) -> None:
    """Write a file beside its place and put it there in one step; raises `OSError`, and leaves nothing."""
    fresh = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(to)
    finally:
        fresh.unlink(missing_ok=True)
