"""Damage to a sealed run is found, and named by its first shard, position and key."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.support.worker.damage import ONE, at, first, places, segments_of
from tests.support.worker.ledger import TOMORROW, Ledger, filled
from tests.support.worker.samples import DAY, body, nonce, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from stream_worker.lake.manifest import Manifest


def test_an_edited_row_in_a_run_damages_its_file_which_is_not_read_and_named_by_its_first_row(
    ledger: Ledger,
) -> None:
    part = ledger.seal().reports[0]
    ledger.rewrite(part.key, change_row(25))
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(0), part.key)
    assert found.what == "damaged: not the bytes that were written; this is the first row that it had"


def change_row(row: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    hit = pl.col("sequence_number") == at(row)
    changed = pl.when(hit).then(pl.col("create_grant_failure") + 1).otherwise("create_grant_failure")
    return lambda rows: rows.with_columns(changed.alias("create_grant_failure"))


@pytest.mark.parametrize("table", ["reports", "rejects"])
@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.tail(-1),
        lambda rows: rows.reverse(),
        lambda rows: rows.with_columns(shard_id=pl.lit("x")),
        lambda rows: pl.concat([rows, rows]),
    ],
)
def test_a_file_of_a_run_with_other_rows_is_named_by_the_first_that_the_chain_has(
    ledger: Ledger, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    manifest = ledger.seal()
    part = getattr(manifest, table)[0]
    ledger.rewrite(part.key, change)
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(33 if table == "rejects" else 0), part.key)
    assert found.what.startswith("damaged")


@pytest.mark.parametrize("table", ["reports", "rejects"])
@pytest.mark.parametrize("damage", [Ledger.truncate, lambda ledger, key: ledger.lake.delete([key])])
def test_an_unreadable_or_missing_file_of_a_run(
    ledger: Ledger, table: str, damage: Callable[[Ledger, str], None]
) -> None:
    manifest = ledger.seal()
    part = getattr(manifest, table)[0]
    damage(ledger, part.key)
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(33 if table == "rejects" else 0), part.key)


@pytest.mark.parametrize("damage", ["delete", "truncate", "later"])
def test_a_damaged_file_of_a_run_is_named_though_the_chain_is_damaged_too(damage: str) -> None:
    ledger = filled()
    part = ledger.seal().reports[0]
    ledger.rewrite(part.key, change_row(25))
    if damage == "later":
        ledger.commit(records([body(500)], first=42))
    elif damage == "delete":
        ledger.lake.delete([segments_of(ledger)[0]])
    else:
        ledger.truncate(segments_of(ledger)[0])
    found = {problem.key: problem for problem in ledger.audit().problems}
    # What was in it is known from the chain, as far as that is sound and has nothing more.
    first = {"later": (None, None), "delete": (ONE, at(10)), "truncate": (ONE, at(10))}[damage]
    assert places(found[part.key]) == first
    assert len(found) > 1


def test_a_damaged_run_without_its_chain_is_named_by_key(ledger: Ledger) -> None:
    part = ledger.seal().reports[0]
    ledger.lake.delete(ledger.held())
    ledger.truncate(part.key)
    found = {problem.key: problem for problem in ledger.audit().problems}
    assert places(found[part.key]) == (None, None)


def edit(ledger: Ledger, manifest: Manifest, **changes: Any) -> None:  # noqa: ANN401 - a manifest's fields
    key = f"runs/dt={DAY}/{manifest.run}.json"
    ledger.put(key, manifest.model_copy(update=changes).encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda run: {"outcomes": run.outcomes | {"accepted": 1}},
        lambda run: {"outcomes": run.outcomes | {"fraud": 1, "duplicate": run.outcomes["duplicate"] - 1}},
        lambda run: {"committed": run.committed | {"accepted": 1}},
        lambda _: {"rejudged": {}},
        lambda run: {"sources": run.sources[1:]},
        lambda run: {"sources": [one.model_copy(update={"digest": "x"}) for one in run.sources]},
        lambda run: {"sources": [one.model_copy(update={"start": "x"}) for one in run.sources]},
        lambda run: {"reports": [one.model_copy(update={"sha256": "x"}) for one in run.reports]},
        lambda run: {"reports": [one.model_copy(update={"bytes": 1}) for one in run.reports]},
        lambda run: {"reports": [one.model_copy(update={"rows": 1}) for one in run.reports]},
        lambda run: {"reports": [one.model_copy(update={"first": "x"}) for one in run.reports]},
        lambda _: {"rejects": []},
        lambda _: {"run": "feed"},
        lambda _: {"day": TOMORROW},
    ],
)
def test_an_edited_manifest(ledger: Ledger, change: Callable[[Manifest], dict[str, Any]]) -> None:
    manifest = ledger.seal()
    edit(ledger, manifest, **change(manifest))
    first(ledger)


def test_an_unreadable_manifest(ledger: Ledger) -> None:
    manifest = ledger.seal()
    key = f"runs/dt={DAY}/{manifest.run}.json"
    ledger.put(key)
    assert key in {problem.key for problem in ledger.audit().problems}


def test_a_stack_id_twice_in_a_run_though_its_manifest_agrees(ledger: Ledger) -> None:
    manifest = ledger.seal()
    part = manifest.reports[0]
    ledger.rewrite(part.key, lambda rows: rows.with_columns(stack_id=pl.lit(nonce(0))))
    body = ledger.lake.get(part.key)
    forged = part.model_copy(update={"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)})
    edit(ledger, manifest, reports=[forged])
    assert "a deployment is accepted twice" in {problem.what for problem in ledger.audit().problems}
