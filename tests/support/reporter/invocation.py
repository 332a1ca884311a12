"""One run of the function: Lambda's context, and the lines of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pytest

NONCE = "3d9c49ce-8367-43ec-8884-568c8d43faec"

ONE_TRY = 15_000
"""The line's reserve, and the time of a try."""


@dataclass
class Context:
    """Lambda's context: the time for CloudWatch, then what is left for the delivery."""

    milliseconds: int = 900_000
    then: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        left, self.milliseconds = self.milliseconds, self.then
        return left


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    said = capsys.readouterr()
    assert said.err == ""
    assert NONCE not in said.out
    assert "127.0.0.1" not in said.out
    return [orjson.loads(line) for line in said.out.splitlines()]
