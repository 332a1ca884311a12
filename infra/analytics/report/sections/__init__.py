"""The sections of the report page: one module for each question, with a function `section`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from infra.analytics.report.sections import (
    active_deployments,
    failure_rates,
    feature_use,
    freshness,
    growth,
    rejects_by_rule,
    retention,
    time_to_half,
    version_adoption,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra.analytics.question import Question
    from infra.analytics.report.days import Days
    from infra.analytics.report.section import Row, Section

SECTIONS: Final[Mapping[str, Callable[[Question, Sequence[Row], Days], Section]]] = MappingProxyType(
    {
        "active_deployments": active_deployments.section,
        "growth": growth.section,
        "retention": retention.section,
        "version_adoption": version_adoption.section,
        "time_to_half": time_to_half.section,
        "feature_use": feature_use.section,
        "failure_rates": failure_rates.section,
        "rejects_by_rule": rejects_by_rule.section,
        "freshness": freshness.section,
    }
)
"""By the question's name, in the page's order; each makes a section of rows (at least one)."""
