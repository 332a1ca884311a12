"""What the worker's own rules make of a day of the story, without a stream and a lake."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stream_worker.judging import day_fraud, day_pipeline
from stream_worker.judging.pipeline import settle
from stream_worker.judging.seen import Seen
from tests.support.worker.samples import records

if TYPE_CHECKING:
    from infra.fleets.story.sent import StoryDay


def rejects(day: StoryDay) -> Counter[tuple[bytes, str, str | None]]:
    """Return what is rejected of a day, live and as it is sealed: the body, the reason and the rule.

    Those that are rejected at the seal are written again, as the worker does: the fields in the same order.
    """
    arrivals = [int(one.arrives.timestamp() * 1000) for one in day.sent]
    held = records([one.body for one in day.sent], arrivals=arrivals)
    live = settle(held, Seen(), "shardId-000000000000")
    reports = live.accepted.sort("stack_id")
    evidence = day_fraud.study(day_pipeline.with_nonces(reports))
    sealed = day_pipeline.settle_part(reports, evidence)
    columns = ("body", "reason", "rule")
    rows = [*live.rejected.select(columns).rows(), *sealed.rejected.select(columns).rows()]
    return Counter(rows)


def truth(day: StoryDay) -> Counter[tuple[bytes, str, str | None]]:
    """Return what the story says of the same."""
    return Counter((one.body, one.outcome, one.rule) for one in day.sent if one.outcome != "accepted")
