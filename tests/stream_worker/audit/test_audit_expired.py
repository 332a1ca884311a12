"""Rejects that have gone by their age are no damage; those that have gone earlier are."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from stream_worker.audit.auditor import Auditor
from stream_worker.lake import parts
from stream_worker.lake.expiry import run_expires, segments_expire
from stream_worker.lake.segment import digest
from stream_worker.process.progress import silent
from tests.support.worker.damage import ONE, at, places, segments_of
from tests.support.worker.ledger import OTHER, SEALED_AT, TODAY, Ledger
from tests.support.worker.samples import DAY, body, records
from tests.support.worker.sealing import THE_DAY, Theatre, usual

SECOND = timedelta(seconds=1)
LIVE, RUN = f"rejects/live/dt={DAY}/", f"rejects/sealed/dt={DAY}/"


def age(ledger: Ledger) -> None:
    """Let so much time pass that all rejects may be gone."""
    ledger.now = max(segments_expire(TODAY), run_expires(SEALED_AT))


def lose(ledger: Ledger, prefix: str, keep: int = 0) -> list[str]:
    """Let rejects go, but for some that are the last to."""
    held = ledger.held(prefix)
    gone = held[: len(held) - keep]
    ledger.lake.delete(gone)
    return gone


@pytest.mark.parametrize("keep", [0, 1])
def test_a_live_days_rejects_that_have_expired_are_a_note(ledger: Ledger, keep: int) -> None:
    ledger.commit(records([b"{", body(3), b"{"], first=2_000), OTHER)
    before = ledger.audit()
    gone = lose(ledger, LIVE, keep)
    age(ledger)
    found = ledger.audit()
    assert (found.problems, found.outcomes) == ((), before.outcomes)
    (note,) = found.notes
    assert note.startswith(f"the rejects of {len(gone)} segments have expired (rejects are kept for 30 days)")


def test_a_live_days_rejects_that_are_gone_too_early_are_missing(ledger: Ledger) -> None:
    gone = lose(ledger, LIVE)
    ledger.now = segments_expire(TODAY) - SECOND
    found = ledger.audit()
    assert {problem.key for problem in found.problems} == set(gone)
    assert not found.notes


@pytest.mark.parametrize("live_too", [False, True])
def test_a_runs_rejects_that_have_expired_are_a_note(ledger: Ledger, *, live_too: bool) -> None:
    ledger.seal()
    before = ledger.audit()
    gone = lose(ledger, RUN) + (lose(ledger, LIVE) if live_too else [])
    age(ledger)
    found = ledger.audit()
    assert (found.problems, found.outcomes, found.records) == ((), before.outcomes, before.records)
    assert len(found.notes) == 1 + live_too
    assert "of the run's 1 files of rejects 1 have expired" in found.notes[-1]
    assert gone


@pytest.mark.parametrize("gone", [0, 1])
def test_a_run_that_has_some_files_of_rejects_left_is_checked_for_those(gone: int) -> None:
    theatre = Theatre().fill(usual())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parts, "_HELD_ROWS", 5)
        manifest = theatre.seal.seal(THE_DAY).manifest
    assert len(manifest.rejects) > 1
    theatre.stage.delete([manifest.rejects[gone].key])
    expired = max(segments_expire(THE_DAY), run_expires(manifest.made_at))
    found = Auditor(theatre.publication, silent, now=lambda: expired).audit(THE_DAY)
    assert found.problems == ()
    assert f"of the run's {len(manifest.rejects)} files of rejects 1 have expired" in found.notes[0]
    left = manifest.rejects[1 - gone].key
    body, metadata = theatre.stage.objects[left]
    theatre.stage.objects[left] = (body[:-30], metadata)
    damaged = Auditor(theatre.publication, silent, now=lambda: expired).audit(THE_DAY)
    assert [problem.key for problem in damaged.problems] == [left]


def test_a_runs_rejects_that_are_gone_too_early_are_missing(ledger: Ledger) -> None:
    ledger.seal()
    (gone,) = lose(ledger, RUN)
    ledger.now = run_expires(SEALED_AT) - SECOND
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(33), gone)


@pytest.mark.parametrize("table", ["reports", "rejects"])
def test_at_any_age_what_is_there_is_checked_whole(ledger: Ledger, table: str) -> None:
    manifest = ledger.seal()
    part = getattr(manifest, table)[0]
    ledger.rewrite(part.key, lambda rows: rows.with_columns(sub_sequence_number=pl.lit(1, pl.Int64)))
    age(ledger)
    assert part.key in {problem.key for problem in ledger.audit().problems}


def test_reports_do_not_expire(ledger: Ledger) -> None:
    manifest = ledger.seal()
    lost = [manifest.reports[0].key, segments_of(ledger)[2]]
    ledger.lake.delete(lost)
    age(ledger)
    found = ledger.audit().problems
    assert lost[0] in {problem.key for problem in found}
    assert any(problem.is_gap and places(problem) == (ONE, at(19)) for problem in found)


def test_an_accepted_row_too_few_is_found_beside_expired_rejects(ledger: Ledger) -> None:
    key = segments_of(ledger)[3]
    ledger.rewrite(key, lambda rows: rows.head(1))
    content, metadata = ledger.lake.objects[key]
    ledger.lake.objects[key] = (content, metadata | {"reports": digest(content)})
    lose(ledger, LIVE)
    age(ledger)
    found = {problem.what for problem in ledger.audit().problems if problem.key == key}
    assert any(what.startswith("sums: 1 rows are accepted") for what in found)
    assert not any("are malformed" in what or "are duplicate" in what for what in found)


@pytest.mark.parametrize("prefixes", [(LIVE,), (RUN,), (LIVE, RUN)])
def test_a_changed_report_is_still_named_and_rejects_that_nobody_has_are_not(
    ledger: Ledger, prefixes: tuple[str, ...]
) -> None:
    part = ledger.seal().reports[0]
    changed = pl.when(pl.col("sequence_number") == at(25)).then(pl.lit("9.9.9")).otherwise("version")
    ledger.rewrite(part.key, lambda rows: rows.with_columns(version=changed))
    for prefix in prefixes:
        lose(ledger, prefix)
    age(ledger)
    (found,) = ledger.audit().problems
    # Where the run's rejects have expired, other rows of the chain are not in the run either.
    first = (None, None) if RUN in prefixes else (ONE, at(0))
    assert (*places(found), found.key) == (*first, part.key)
    assert found.what.startswith("damaged: not the bytes that were written")


def test_a_reject_is_not_extra_in_a_run_whose_segments_rejects_have_expired(ledger: Ledger) -> None:
    part = ledger.seal().rejects[0]
    ledger.rewrite(part.key, lambda rows: rows.with_columns(code_version=pl.lit("2")))
    lose(ledger, LIVE)
    age(ledger)
    (found,) = ledger.audit().problems
    assert found.key == part.key
    assert found.what.startswith("damaged: not the bytes that were written")


def test_a_report_is_not_missing_from_a_run_whose_rejects_may_have_had_it(ledger: Ledger) -> None:
    part = ledger.seal().reports[0]
    ledger.truncate(part.key)
    lose(ledger, RUN)
    age(ledger)
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (None, None, part.key)


def test_the_manifest_has_to_add_up_although_the_rows_have_expired(ledger: Ledger) -> None:
    manifest = ledger.seal()
    forged = [part.model_copy(update={"rows": part.rows + 1}) for part in manifest.rejects]
    key = f"runs/dt={DAY}/{manifest.run}.json"
    ledger.put(key, manifest.model_copy(update={"rejects": forged}).encode())
    lose(ledger, RUN)
    age(ledger)
    (found,) = ledger.audit().problems
    assert (found.what[:4], found.key) == ("sums", key)


def test_a_replays_segments_that_have_expired_in_part_are_as_good_as_gone(ledger: Ledger) -> None:
    for key in list(ledger.lake.objects):
        ledger.copy(key, key.replace("/live/", "/replay/run=abc/"))
    ledger.seal("replay/run=abc")
    ledger.lake.delete([key for key in ledger.held("reports/replay/") if ONE in key][:2])
    ledger.now = segments_expire(TODAY) - SECOND
    assert not ledger.audit().ok
    age(ledger)
    found = ledger.audit()
    assert found.ok
    assert [note for note in found.notes if "are gone, expired or removed" in note]
