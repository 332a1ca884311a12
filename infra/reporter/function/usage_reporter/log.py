"""The log: JSON, one object a line. No value of a report, no nonce, no address is ever in it."""

from __future__ import annotations

import json
import sys
from typing import Literal


def write(level: Literal["info", "warning", "error"], event: str, **fields: object) -> None:
    """Write a line; Lambda takes it from the standard output and adds the time."""
    sys.stdout.write(json.dumps({"level": level, "event": event, **fields}) + "\n")
    sys.stdout.flush()
