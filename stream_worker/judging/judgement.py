"""The judgement: everything that decides a record's outcome, as one value that has an id.

Segments, runs and replays carry the id, and a run's manifest the parts. Another rule, another version of a
rule, another threshold, schema or list of releases, other judging code: each gives another id, and so
another run. Libraries are not part of it. If another pinned version gives other outcomes, raise the version
of a rule.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from schemas.releases import RELEASES_TEXT
from schemas.report import SCHEMA_TEXT, SCHEMA_VERSION
from stream_worker.judging import day_fraud, fraud
from stream_worker.judging.judging_code import DIGEST
from stream_worker.judging.thresholds import THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stream_worker.judging.day_fraud import DayRule
    from stream_worker.judging.fraud import Rule
    from stream_worker.judging.thresholds import Thresholds


@dataclass(frozen=True)
class Judgement:
    """The rules that are applied, in this order, with these thresholds, by the code with this digest.

    The rules are the objects that are applied and not their names, so the id covers exactly what was applied.
    """

    thresholds: Thresholds = THRESHOLDS
    rules: tuple[Rule, ...] = fraud.RULES
    day_rules: tuple[DayRule, ...] = day_fraud.RULES
    code: str = DIGEST

    @cached_property
    def parts(self) -> dict[str, object]:
        """All that the id covers, as JSON has it. Rules are `name@version`; digests are of SHA-256."""
        return {
            "report": SCHEMA_VERSION,
            "report_digest": _digest(SCHEMA_TEXT),
            "releases_digest": _digest(RELEASES_TEXT),
            "rules": _named(self.rules),
            "day_rules": _named(self.day_rules),
            "thresholds": asdict(self.thresholds),
            "code": self.code,
        }

    @cached_property
    def id(self) -> str:
        """Return 16 hexadecimal digits: the same for the same parts, on any machine."""
        return _digest(json.dumps(self.parts, sort_keys=True))

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Return for each rule's name its version and reason, as `rejects.detail` has them."""
        every: tuple[Rule | DayRule, ...] = (*self.rules, *self.day_rules)
        return {rule.name: rule.detail for rule in every}


def _named(rules: Iterable[Rule | DayRule]) -> list[str]:
    return [f"{rule.name}@{rule.version}" for rule in rules]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


JUDGEMENT: Final = Judgement()
"""The judgement of this code, its rules and the thresholds of `fraud_thresholds.toml`."""
