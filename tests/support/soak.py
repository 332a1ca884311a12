"""What `make soak` plays and `make test` leaves out: repetitions of a claim that is tried once already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

SOAK: Final = pytest.mark.soak
"""For a test that takes minutes of waiting and tries what other tests try in another way."""


def soaked(values: Iterable[Any], first: int = 1) -> list[Any]:
    """Return a test's parameters: `make test` has the first ones, `make soak` the others."""
    known = list(values)
    others = (value if isinstance(value, tuple) else (value,) for value in known[first:])
    return [*known[:first], *(pytest.param(*value, marks=SOAK) for value in others)]
