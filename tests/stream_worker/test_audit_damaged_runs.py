"""Damage to a sealed run is found, and named by its first shard, position and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.stream_worker.damage import ONE, at, first, places, segments_of
from tests.stream_worker.ledger import OTHER, TOMORROW, Ledger, filled
from tests.stream_worker.samples import DAY, body, nonce, records

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from stream_worker.manifest import Manifest


def test_an_edited_row_in_a_run_is_named(ledger: Ledger) -> None:
    part = ledger.seal().reports[0]
    ledger.rewrite(part.key, change_row(25))
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(25), part.key)
    assert found.what == "damaged: not the bytes that were written; the first row that is changed"


def change_row(row: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    hit = pl.col("sequence_number") == at(row)
    changed = pl.when(hit).then(pl.col("create_grant_failure") + 1).otherwise("create_grant_failure")
    return lambda rows: rows.with_columns(changed.alias("create_grant_failure"))


@pytest.mark.parametrize(
    ("change", "what", "row"),
    [
        (lambda rows: rows.filter(pl.col("sequence_number") != at(12)), "missing", 12),
        (lambda rows: rows.with_columns(reason=pl.lit("fraud")), "changed", 33),
        (lambda rows: rows.with_columns(body=pl.lit(b"")), "changed", 33),
        (lambda rows: rows.filter(pl.col("sequence_number") != at(34)), "missing", 34),
        (
            lambda rows: rows.with_columns(
                body=pl.when(pl.col("partition_key").is_null()).then(b"").otherwise("body")
            ),
            "changed",
            1_000,
        ),
        (lambda rows: rows.filter(pl.col("partition_key").is_not_null()), "missing", 1_000),
    ],
)
def test_rows_of_a_run_that_are_not_what_the_chain_says(
    ledger: Ledger, change: Callable[[pl.DataFrame], pl.DataFrame], what: str, row: int
) -> None:
    manifest = ledger.seal()
    part = manifest.reports[0] if row == 12 else manifest.rejects[0]
    ledger.rewrite(part.key, change)
    found = first(ledger)
    shard = OTHER.shard_id if row == 1_000 else ONE
    assert (*places(found), found.key) == (shard, at(row), part.key)
    assert found.what.endswith(f"the first row that is {what}")


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
def test_an_edited_row_in_a_run_is_named_though_the_chain_is_damaged_too(damage: str) -> None:
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
    assert places(found[part.key]) == (ONE, at(25))
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


def test_a_stack_id_twice_in_a_run(ledger: Ledger) -> None:
    manifest = ledger.seal()
    part = manifest.reports[0]
    ledger.rewrite(
        part.key, lambda rows: rows.with_columns(stack_id=pl.col("stack_id").shift(fill_value=nonce(0)))
    )
    found = {problem.what.partition(";")[0] for problem in ledger.audit().problems}
    assert found >= {"damaged: not the bytes that were written"}
    ledger.rewrite(part.key, lambda rows: rows.with_columns(stack_id=pl.lit(nonce(0))))
    assert "a deployment is accepted twice" in {problem.what for problem in ledger.audit().problems}
