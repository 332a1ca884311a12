"""What a seal refuses, naming it, with readers left as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream_worker.days.completeness import Proof, Proven
from stream_worker.process.errors import RefusedError
from stream_worker.process.problem import Kind, Problem
from tests.support.worker.samples import SHARD, records
from tests.support.worker.sealing import OTHER, THE_DAY, Theatre


def refused(theatre: Theatre, match: str, *, despite_gaps: bool = False) -> RefusedError:
    locations, live = dict(theatre.catalog.locations), dict(theatre.stage.objects)
    with pytest.raises(RefusedError, match=match) as found:
        theatre.seal.seal(THE_DAY, despite_gaps=despite_gaps)
    assert theatre.catalog.locations == locations
    assert theatre.stage.objects.items() >= live.items()
    return found.value


@pytest.mark.parametrize("second", [0, 59.9])
def test_a_day_is_not_sealed_before_it_has_been_over_for_the_grace(second: float, theatre: Theatre) -> None:
    theatre.now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=second - 1)
    refused(theatre, "not over: it can be sealed from 2026-11-23 00:01:00 UTC on")
    assert theatre.stage.effects == []
    theatre.now = datetime(2026, 11, 23, 0, 0, 59, tzinfo=UTC)
    assert theatre.seal.seal(THE_DAY).switched


def test_a_lag_is_refused_and_named(theatre: Theatre) -> None:
    lag = Problem("lag: from here on", OTHER.shard_id, "4959", kind=Kind.LAG)
    theatre.proofs.lags.append(Proven(OTHER.epoch, OTHER.shard_id, None, lag))
    error = refused(theatre, "cannot be sealed yet", despite_gaps=True)
    assert error.problems == (lag,)
    assert f"shard {OTHER.shard_id}, after 4959" in str(error)
    assert theatre.stage.effects == []


def test_what_the_stream_has_forgotten_is_refused_unless_wanted_and_then_told(theatre: Theatre) -> None:
    gap = Problem("gap: the stream has forgotten", OTHER.shard_id, "4959", kind=Kind.FORGOTTEN)
    theatre.proofs.lags.append(Proven(OTHER.epoch, OTHER.shard_id, Proof.FORGOTTEN, gap))
    assert refused(theatre, "cannot be proven whole").problems == (gap,)
    manifest = theatre.seal.seal(THE_DAY, despite_gaps=True).manifest
    assert manifest.gaps == [gap]
    assert {source.shard_id: source.proof for source in manifest.sources}[OTHER.shard_id] == "forgotten"


@pytest.mark.parametrize("place", ["first", "middle"])
def test_a_lost_segment_is_refused_unless_wanted_and_then_told(place: str, theatre: Theatre) -> None:
    middle, _, first = (key for key in theatre.stage.keys("reports/live/") if SHARD.shard_id in key)
    theatre.stage.delete([first if place == "first" else middle])
    assert refused(theatre, "segments are missing").problems[0].shard_id == SHARD.shard_id
    sealed = theatre.seal.seal(THE_DAY, despite_gaps=True)
    assert len(sealed.manifest.gaps) == 1
    assert sealed.manifest.records == 29 - 10 + 28
    theatre.check_run()


def test_an_overlap_is_refused_even_despite_gaps(theatre: Theatre) -> None:
    key = next(key for key in theatre.stage.keys("reports/live/") if "start" in key and SHARD.shard_id in key)
    inside = key.replace("start", str(records([b""], first=4).position(0)))
    theatre.stage.objects[inside] = theatre.stage.objects[key]
    assert refused(theatre, "damaged", despite_gaps=True).problems[0].what.startswith("overlap")


def test_a_foreign_file_is_refused(theatre: Theatre) -> None:
    theatre.stage.objects["reports/live/dt=2026-11-22/_SUCCESS"] = (b"", {})
    refused(theatre, "foreign", despite_gaps=True)


@pytest.mark.parametrize("table", ["reports", "rejects"])
@pytest.mark.parametrize("damage", ["changed", "cut"])
def test_damaged_objects_are_refused(table: str, damage: str, theatre: Theatre) -> None:
    key = next(iter(theatre.stage.keys(f"{table}/live/")))
    held, metadata = theatre.stage.objects[key]
    changed = held[:-20] if damage == "cut" else held[:100] + bytes([held[100] ^ 1]) + held[101:]
    theatre.stage.objects[key] = (changed, metadata)
    assert refused(theatre, "damaged", despite_gaps=True).problems[0].key == key


def test_missing_rejects_are_refused(theatre: Theatre) -> None:
    key = next(iter(theatre.stage.keys("rejects/live/")))
    del theatre.stage.objects[key]
    assert refused(theatre, "missing", despite_gaps=True).problems[0].key == key
