"""The publication: what the public may see of a lake's whole weeks, and the rule that it follows."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from infra.analytics.features import FEATURES
from infra.analytics.public.groups import LEAST, STEP, disjoint, part
from infra.analytics.question import Question
from schemas.releases import RELEASED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra.analytics.engine import Answer

_FILES: Final = files("infra.analytics.public")

WEEKS: Final = Question.parse("public_weeks", _FILES.joinpath("weeks.sql").read_text(encoding="utf-8"))
"""The true counts, week by week; not to be published."""

OTHER: Final = "other"
"""The versions that are not releases, together: a private build's name could disclose whose it is."""

RULE: Final = tuple(
    " ".join(sentence.format(LEAST=LEAST, STEP=STEP, ERROR=STEP - 1).split())
    for sentence in _FILES.joinpath("rule.txt").read_text(encoding="utf-8").split("\n\n")
)
"""The rule in plain sentences, as the file states it."""

_NOTE: Final = (
    f"{LEAST} or more deployments, rounded to {STEP}; smaller groups and their complements are left out"
)


def publication(answer: Answer) -> dict[str, Any]:
    """Make the publication of the true counts that `WEEKS` answers: a document for JSON.

    `weeks` has the counts, oldest week first: a version that is hidden is missing, another number is null.
    `withheld_weeks` has the days for which a week is not published.
    """
    counts: dict[str, dict[str, dict[str, int]]] = {}
    withheld = []
    for week, lacking, kind, name, deployments in answer.rows:
        if lacking is not None:
            withheld.append({"week": str(week), "days_missing_or_not_sealed": lacking.split()})
        elif kind is not None:
            kinds = counts.setdefault(str(week), defaultdict(dict))
            kinds[kind][name or ""] = deployments
    return {
        "title": "Usage of the product: how many deployments report, by version and feature",
        "rule": list(RULE),
        "weeks": [{"week": week, **_week(kinds)} for week, kinds in sorted(counts.items())],
        "withheld_weeks": withheld,
    }


def as_json(document: Mapping[str, Any]) -> str:
    """Return the document as a file's text."""
    return json.dumps(document, indent=2) + "\n"


def as_csv(document: Mapping[str, Any]) -> str:
    """Return the same numbers as a table: `week,kind,name,deployments,rule`, a row for each published one."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["week", "kind", "name", "deployments", "rule"])
    for week in document["weeks"]:
        table.writerows([week["week"], *cells, _NOTE] for cells in _cells(week) if cells[-1] is not None)
    return text.getvalue()


def _week(kinds: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    whole = kinds["deployments"][""]
    versions: dict[str, int] = defaultdict(int)
    for version, deployments in kinds["version"].items():
        versions[version if version in RELEASED else OTHER] += deployments
    shown = disjoint(versions)
    return {
        "deployments": shown.whole,
        "versions": dict(shown.named),
        "smaller_versions_together": shown.others,
        "features": {name: _feature(name, kinds, whole) for name in FEATURES},
    }


def _feature(name: str, kinds: Mapping[str, Mapping[str, int]], whole: int) -> dict[str, int | None]:
    used, failed = kinds["used"][name], kinds["failed"][name]
    shown = part(used, whole)
    return {"used": shown, "with_failures": None if shown is None else part(failed, used)}


def _cells(week: Mapping[str, Any]) -> Iterable[tuple[str, str, int | None]]:
    yield "deployments", "", week["deployments"]
    yield from (("version", version, count) for version, count in week["versions"].items())
    yield "smaller_versions_together", "", week["smaller_versions_together"] or None
    for name, counts in week["features"].items():
        yield from ((kind, name, count) for kind, count in counts.items())
