"""The version that the report's schema takes. The construct checks it at synth, the function before it sends.

The folder runs on its own, so this is a copy of the schema's pattern; a test holds both equal.
"""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 64

PATTERN: Final = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$"
)


class VersionError(ValueError):
    """The version cannot be reported. The text says what one is."""


def check(version: str) -> str:
    """Return the version; raise `VersionError` for one that the schema does not take."""
    if len(version) > LONGEST or not re.fullmatch(PATTERN, version):
        raise VersionError(
            f"the version must be a semantic version (semver.org) of at most {LONGEST} characters, such as "
            "1.4.2: three numbers without leading zeros, and no v before them"
        )
    return version
