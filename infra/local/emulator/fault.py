"""A fault on demand: which requests it strikes, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum, auto
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from infra.local.emulator.operation import Operation

SERVICES: Final = ("dynamodb", "glue", "kinesis", "s3")


class Kind(StrEnum):
    """What becomes of a request. Unless it says so, what was asked for is not done."""

    SLOW_DOWN = auto()
    """503, as S3 answers who asks too much."""
    CONFLICT = auto()
    """409 ConditionalRequestConflict: another conditional request to the same key of S3 came in between."""
    THROUGHPUT_EXCEEDED = auto()
    """400 ProvisionedThroughputExceededException, of a Kinesis shard or a DynamoDB table."""
    THROTTLING = auto()
    """400 ThrottlingException."""
    EXPIRED_ITERATOR = auto()
    """400 ExpiredIteratorException, of Kinesis' GetRecords."""
    ACCESS_DENIED = auto()
    """400 AccessDeniedException, of any service but S3: the caller's role does not allow the call."""
    FAIL = auto()
    """500 with the service's own code."""
    BREAK = auto()
    """The connection breaks."""
    HANG_THEN_DO = auto()
    """Nothing for `hang` seconds; then it is done and answered, late."""
    HANG_THEN_BREAK = auto()
    """Nothing for `hang` seconds; then the connection breaks."""
    DO_THEN_FAIL = auto()
    """It is done, and answered with 500."""
    DO_THEN_BREAK = auto()
    """It is done, and the connection breaks."""
    DO_THEN_HANG = auto()
    """It is done, and the answer comes `hang` seconds later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault for requests of a service whose operation matches a pattern (`*`, `Put*`); case counts.

    `resource` is what `Operation.resource` must start with: `bucket/reports/`, a stream's name, a table's.
    `share`: of the requests that match, evenly: 0.5 is every second one, beginning with the second.
    `seconds`: from the plan's beginning on, it strikes so long; None: until the plan ends.
    `times`: it strikes so often; None: no limit. `hang`: seconds, for the kinds that hang.
    """

    service: str
    kind: Kind
    operation: str = "*"
    resource: str = ""
    share: float = 1.0
    seconds: float | None = None
    times: int | None = None
    hang: float = 60.0

    def __post_init__(self) -> None:
        if self.service not in SERVICES:
            raise ValueError(f"service is {self.service!r}, not one of {', '.join(SERVICES)}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share is {self.share}, not between 0 and 1")

    def matches(self, operation: Operation) -> bool:
        """Say whether the fault is for such a request."""
        return (
            operation.service == self.service
            and fnmatchcase(operation.name, self.operation)
            and operation.resource.startswith(self.resource)
        )


def parse(document: bytes) -> list[Fault]:
    """Read faults from JSON; `ValueError` says what is wrong with them."""
    known = {field.name for field in fields(Fault)}
    found = orjson.loads(document)
    if not isinstance(found, list) or not all(isinstance(one, dict) and one.keys() <= known for one in found):
        raise ValueError(f"not a list of objects with no other members than {', '.join(sorted(known))}")
    try:
        return [Fault(**{**one, "kind": Kind(one["kind"])}) for one in found]
    except (KeyError, TypeError) as error:
        raise ValueError(f"a fault needs a service and a kind: {error}") from None
