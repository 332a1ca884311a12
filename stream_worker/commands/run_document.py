"""What `--json` prints of a sealed run."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stream_worker.lake.manifest import Manifest


def run_document(manifest: Manifest) -> dict[str, object]:
    """Return a run's JSON object: its day, identity, counts by outcome, and the judgements behind them."""
    return {
        "day": str(manifest.day),
        "run": manifest.run,
        "source": manifest.source,
        "made_at": f"{manifest.made_at.astimezone(UTC):%FT%TZ}",
        "records": manifest.records,
        **manifest.outcomes,
        "rejudged": manifest.rejudged,
        "code_version": manifest.code_version,
        "thresholds_version": manifest.thresholds_version,
        "judgement": manifest.judged_by,
        "settled_by": manifest.settled_by,
    }
