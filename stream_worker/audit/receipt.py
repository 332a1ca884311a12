"""A receipt, `<shard>:<sequence number>` as the edge answers it, and what happened to its record."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import date

ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
EXPIRED: Final = "rejected, expired"
UNCOMMITTED: Final = "not committed yet"
NOT_FOUND: Final = "not found"

_RECEIPT: Final = re.compile(r"([A-Za-z0-9_-]{1,128}):([0-9]{1,56})(?:_([0-9]{1,19}))?")
_QUOTED: Final = re.compile(r"""(["'`])(.*)\1""", re.DOTALL)
_ANSWER: Final = re.compile(r"""\{?\s*"record_id"\s*:\s*"([^"]*)"\s*,?\s*\}?""")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The shard and the sequence number of a record; an aggregate's members share one."""

    shard_id: str
    sequence_number: int

    @classmethod
    def parse(cls, text: str) -> Receipt:
        """Read a `record_id`; raise `ValueError` for anything else.

        White space around it, quotes, and the edge's whole answer are accepted too: people copy them along.
        """
        bare = text.strip()
        if quoted := _QUOTED.fullmatch(bare):
            bare = quoted[2].strip()
        if answer := _ANSWER.fullmatch(bare):
            bare = answer[1].strip()
        found = _RECEIPT.fullmatch(bare)
        if found is None:
            raise ValueError("not <shard>:<sequence number>, as the edge answers it in record_id")
        return cls(found[1], int(found[2]))

    def __str__(self) -> str:
        """Return it as the edge answers it."""
        return f"{self.shard_id}:{self.sequence_number}"

    def member(self, sub_sequence_number: int) -> str:
        """Return the name of one record of an aggregate; that of the first is the receipt's own."""
        return f"{self}_{sub_sequence_number}" if sub_sequence_number else str(self)


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to one record; `reason`, `rule` and `detail` are those of a rejection.

    `generation` is what readers of the day see and `key` the object in it that has the row.
    """

    record_id: str
    found: bool
    day: date | None
    outcome: str
    reason: str | None = None
    rule: str | None = None
    detail: str | None = None
    key: str | None = None
    generation: str | None = None

    @property
    def ok(self) -> bool:
        """True if the record is where it should be, has expired, or has not been committed yet."""
        return self.outcome != NOT_FOUND

    def document(self) -> dict[str, Any]:
        """Return the trace as `--json` prints it."""
        return asdict(self) | {"day": self.day and str(self.day)}
