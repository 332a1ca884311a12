"""A judgement's id follows from all that judges and from nothing else; what it names is what judges."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest
import structlog

from stream_worker.judging import day_fraud, fraud
from stream_worker.judging.day_fraud import DayRule
from stream_worker.judging.day_rules.finding import Finding
from stream_worker.judging.fraud import Rule
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.judging.thresholds import THRESHOLDS, Thresholds
from stream_worker.process.errors import RefusedError
from tests.support.worker.sealing import SMALL, SPAN, THE_DAY, Theatre, same, usual
from tests.support.worker.stage import Stage

if TYPE_CHECKING:
    from stream_worker.days.diff import Change


class Everything(Finding):
    """A finding that all reports are in."""

    def __len__(self) -> int:
        return 1

    def broken(self, reports: pl.DataFrame) -> pl.Series:
        return pl.repeat(value=True, n=len(reports), eager=True)


ALL: Final = Rule("all", 1, "Nothing is genuine.", lambda _: pl.lit(value=True))
ALL_DAY: Final = DayRule("all_day", 1, "Nothing is genuine.", lambda *_: Everything())
REFUSES: Final = Judgement(rules=(ALL, *fraud.RULES), day_rules=(ALL_DAY, *day_fraud.RULES))


def test_every_part_makes_another_id() -> None:
    first, *rest = fraud.RULES
    first_day, *rest_day = day_fraud.RULES
    others = [
        JUDGEMENT,
        Judgement(code="another"),
        Judgement(rules=(ALL, *fraud.RULES)),
        Judgement(rules=tuple(rest)),
        Judgement(rules=tuple(reversed(fraud.RULES))),
        Judgement(rules=(replace(first, version=first.version + 1), *rest)),
        Judgement(day_rules=(replace(first_day, version=first_day.version + 1), *rest_day)),
        Judgement(day_rules=tuple(rest_day)),
        *(Judgement(replace(THRESHOLDS, **{one.name: 7_777})) for one in fields(Thresholds)),
    ]
    assert len({one.id for one in others}) == len(others)
    assert all(len(one.id) == 16 and one.id.isalnum() for one in others)


def test_the_same_parts_make_the_same_id() -> None:
    assert Judgement().id == JUDGEMENT.id
    assert Judgement(Thresholds(**json.loads(json.dumps(JUDGEMENT.parts))["thresholds"])).id == JUDGEMENT.id


@pytest.mark.parametrize("data", ["SCHEMA_TEXT", "SCHEMA_VERSION", "RELEASES_TEXT"])
def test_other_data_make_another_id(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"stream_worker.judging.judgement.{data}", "another")  # read from the package, once
    assert Judgement().id != JUDGEMENT.id


def test_a_seal_by_another_judgement_makes_another_run_that_readers_see() -> None:
    theatre = Theatre().fill(usual())
    first = theatre.seal.seal(THE_DAY).manifest
    shown = theatre.shown()
    theatre.judgement = REFUSES
    sealed = theatre.seal.seal(THE_DAY)
    assert sealed.switched
    assert sealed.manifest.run != first.run
    assert sealed.manifest.rejudged == {"all_day": 45, "duplicate": 5}
    assert (sealed.manifest.judged_by, sealed.manifest.settled_by) == (REFUSES.id, [JUDGEMENT.id])
    assert len(theatre.rows("reports")) == 0
    by_rule = theatre.rows("rejects").filter(rule="all_day")
    assert set(by_rule["code_version"]) == {REFUSES.id}
    assert set(by_rule["detail"]) == {"all_day v1: Nothing is genuine."}
    theatre.judgement = JUDGEMENT
    assert theatre.seal.seal(THE_DAY).manifest == first
    assert same(theatre.shown(), shown)


def test_a_replay_by_another_judgement_settles_each_record_by_it_and_says_what_did_so_before() -> None:
    theatre = Theatre().fill(usual())
    theatre.judgement = REFUSES
    (done,) = theatre.replay(usual()).replay(SPAN)
    assert done.live == [JUDGEMENT.id]
    assert (done.manifest.judged_by, done.manifest.settled_by) == (REFUSES.id, [REFUSES.id])
    assert done.manifest.outcomes["accepted"] == 0
    assert _moved(done.changes) == {("accepted", "fraud all"): 50, ("duplicate", "fraud all"): 2}
    assert set(theatre.rows("rejects")["code_version"]) == {REFUSES.id}
    (again,) = theatre.replay(usual()).replay(SPAN)
    assert (again.manifest, again.switched) == (done.manifest, False)


def _moved(changes: list[Change] | None) -> dict[tuple[str, str], int]:
    return {
        (one.before, one.after): one.records for one in changes or () if one.before != "fraud nonce_repeats"
    }


def test_a_manifest_has_all_that_its_judgements_id_is_made_of() -> None:
    theatre = Theatre().fill(usual())
    manifest = theatre.seal.seal(THE_DAY).manifest
    assert manifest.judgement is not None
    assert manifest.judgement.model_dump() == {"id": JUDGEMENT.id, **JUDGEMENT.parts}
    assert manifest.judgement.rules == [f"{rule.name}@{rule.version}" for rule in fraud.RULES]
    assert manifest.judgement.thresholds["calls_a_day_most"] == 10**10
    assert type(manifest).decode(manifest.encode()) == manifest


def test_a_replay_whose_worker_was_upgraded_half_way_is_refused_and_readers_see_what_they_saw() -> None:
    theatre = Theatre().fill(usual())
    shown = theatre.shown()
    replay = theatre.replay(usual())
    theatre.judgement = replace(JUDGEMENT, code="another")  # the processors' alone: the replay began before
    with pytest.raises(
        RefusedError, match=rf"{theatre.judgement.id}.* than {JUDGEMENT.id}.*: readers were not"
    ):
        list(replay.replay(SPAN))
    assert same(theatre.shown(), shown)


def test_an_owner_says_in_the_log_by_what_it_judges() -> None:
    with structlog.testing.capture_logs() as lines:
        Stage().processor(SMALL, judgement=REFUSES)
    assert [line["judgement"] for line in lines if line["event"] == "shard.started"] == [REFUSES.id]
