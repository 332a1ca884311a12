"""The reporter's settings, as the construct puts them into the function's environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import endpoint, version

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Settings:
    """Where to report, as whom, and which metrics to sum. No dimension sets: all that there are."""

    endpoint: str
    version: str
    nonce: str
    namespace: str
    dimension_sets: frozenset[frozenset[str]]


def read(environ: Mapping[str, str]) -> Settings:
    """Return the settings; raise `KeyError` or `ValueError` for what the construct would not write."""
    sets = json.loads(environ.get("REPORT_DIMENSION_SETS", "[]"))
    return Settings(
        endpoint=endpoint.check(environ["REPORT_ENDPOINT"]),
        version=version.check(environ["REPORT_VERSION"]),
        nonce=environ["REPORT_NONCE"],
        namespace=environ["REPORT_NAMESPACE"],
        dimension_sets=frozenset(frozenset(names) for names in sets),
    )
