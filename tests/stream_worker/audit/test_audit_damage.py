"""Each kind of damage is found, and named by its first shard, position and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stream_worker.lake.segment import Summary, digest
from tests.support.worker.damage import ONE, at, first, places, segments_of
from tests.support.worker.ledger import OTHER, TODAY, TOMORROW, Ledger, filled
from tests.support.worker.samples import DAY, FIRST, SHARD, body, nonce, records

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(("number", "place"), [(0, "start"), (2, at(19)), (4, at(39))])
def test_a_deleted_segment_is_named_by_where_it_began(
    ledger: Ledger, number: int, place: str, *, sealed: bool
) -> None:
    if sealed:
        ledger.seal()
    ledger.lake.delete([segments_of(ledger)[number]])
    found = first(ledger)
    # A live chain that has lost its first segment begins with the second: nobody knows what was before.
    expected = at(9) if (number, sealed) == (0, False) else place
    assert places(found) == (ONE, expected)


def test_the_last_segment_of_all_is_missed_once_the_day_is_sealed() -> None:
    ledger = filled()
    ledger.seal()
    ledger.lake.delete([segments_of(ledger)[4]])
    found = first(ledger)
    assert places(found) == (ONE, at(39))
    assert found.what.startswith("missing: the chain ends here")


def test_all_segments_of_a_shard_are_missed_once_the_day_is_sealed(ledger: Ledger) -> None:
    ledger.seal()
    ledger.lake.delete([key for key in ledger.held() if OTHER.shard_id in key])
    assert places(first(ledger)) == (OTHER.shard_id, "start")


def test_all_segments_of_a_live_day(ledger: Ledger) -> None:
    ledger.lake.delete(ledger.held())
    assert places(first(ledger)) == (ONE, at(41))
    assert "missing: readers of reports" in {problem.what[:27] for problem in ledger.audit().problems}


@pytest.mark.parametrize(
    ("name", "what"),
    [
        (f"{SHARD.epoch}.{ONE}.{FIRST + 5}.parquet", "overlap"),
        (f"{SHARD.epoch + 1}.{ONE}.{FIRST + 9}.parquet", "gap"),
        (f"{SHARD.epoch}.shardId-000000000009.start.parquet", "a row of another shard"),
        (f"{SHARD.epoch + 1}.{ONE}.start.parquet", "doubled"),
        ("copy.parquet", "foreign"),
    ],
)
def test_a_doubled_segment(ledger: Ledger, name: str, what: str) -> None:
    ledger.copy(segments_of(ledger)[0 if "start" in name else 1], f"reports/live/dt={DAY}/{name}")
    assert any(problem.what.startswith(what) for problem in ledger.audit().problems)


def test_a_segment_doubled_on_another_day(ledger: Ledger) -> None:
    key = segments_of(ledger)[1]
    ledger.copy(key, key.replace(f"dt={DAY}", f"dt={TOMORROW}"))
    found = ledger.audit(TOMORROW).problems
    assert any(problem.what == "a row of another day" for problem in found)
    assert places(found[0]) == (ONE, at(9))


def one_more(column: str, row: int) -> Callable[[pl.DataFrame], pl.DataFrame]:
    def change(rows: pl.DataFrame) -> pl.DataFrame:
        hit = pl.int_range(pl.len()) == row
        return rows.with_columns(pl.when(hit).then(pl.col(column) + 1).otherwise(column).alias(column))

    return change


def test_an_edited_row_in_a_live_segment(ledger: Ledger) -> None:
    key = segments_of(ledger)[2]
    ledger.rewrite(key, one_more("tokenize_success", 4))
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(19), key)
    assert found.what.startswith("damaged")


@pytest.mark.parametrize(
    ("change", "what", "row"),
    [
        (lambda rows: rows.head(3), "sums: 3 rows are accepted, the segment says 10", 9),
        (lambda rows: rows.head(3), "missing: the segment's last record has no row", 19),
        (lambda rows: rows.reverse(), "rows out of order, or a row twice", 10),
        (lambda rows: rows.with_columns(shard_id=pl.lit("x")), "a row of another shard", 10),
        (lambda rows: rows.with_columns(pl.col("arrived_at").dt.offset_by("1d")), "a row of another day", 10),
        (lambda rows: pl.concat([rows, rows.tail(1)]), "rows out of order, or a row twice", 19),
        (
            lambda rows: rows.with_columns(stack_id=pl.lit(nonce(1))),
            "a deployment is accepted twice on its shard; this is its second report",
            10,
        ),
        (lambda rows: rows.with_columns(stack_id=pl.lit("none")), "damaged: not the bytes", 9),
        (lambda rows: rows.with_columns(sequence_number=pl.lit("none")), "unreadable: rows without", 9),
        (lambda rows: rows.drop("version"), "unreadable: not the columns of reports", 9),
    ],
)
def test_edited_rows_though_the_metadata_agree(
    ledger: Ledger, change: Callable[[pl.DataFrame], pl.DataFrame], what: str, row: int
) -> None:
    key = segments_of(ledger)[1]
    ledger.rewrite(key, change)
    if not what.startswith("damaged"):
        forge(ledger, key)
    told = {problem.what: problem for problem in ledger.audit().problems}
    found = next(problem for name, problem in told.items() if name.startswith(what))
    assert found.key == key
    assert found.position == at(row)


def forge(ledger: Ledger, key: str) -> None:
    content, metadata = ledger.lake.objects[key]
    ledger.lake.objects[key] = (content, metadata | {"reports": digest(content)})


def test_a_forged_segment_is_found_once_the_day_is_sealed(ledger: Ledger) -> None:
    ledger.seal()
    key = segments_of(ledger)[1]
    ledger.rewrite(key, one_more("tokenize_success", 4))
    forge(ledger, key)
    found = first(ledger)
    assert places(found) == (ONE, "start")
    assert found.what.startswith("changed")


@pytest.mark.parametrize("outcome", ["accepted", "duplicate"])
def test_edited_metadata(ledger: Ledger, outcome: str) -> None:
    key = segments_of(ledger)[3]
    content, metadata = ledger.lake.objects[key]
    said = Summary.parse(metadata).outcomes[outcome]
    ledger.lake.objects[key] = (content, metadata | {outcome: "7"})
    found = first(ledger)
    assert found.what == f"sums: {said} rows are {outcome}, the segment says 7"
    assert (*places(found), found.key) == (ONE, at(29), key)


def test_a_segment_put_again_without_its_metadata(ledger: Ledger) -> None:
    key = segments_of(ledger)[2]
    ledger.lake.objects[key] = (ledger.lake.objects[key][0], {})
    found = first(ledger)
    assert (*places(found), found.key) == (ONE, at(19), key)
    assert found.what.startswith("foreign")


@pytest.mark.parametrize("damage", [Ledger.truncate, Ledger.put])
@pytest.mark.parametrize("metadata_agree", [False, True])
def test_an_unreadable_segment(
    ledger: Ledger, damage: Callable[[Ledger, str], None], *, metadata_agree: bool
) -> None:
    key = segments_of(ledger)[2]
    damage(ledger, key)
    if metadata_agree:
        forge(ledger, key)
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(19), key)
    assert found.what.startswith("unreadable" if metadata_agree else "damaged: not the bytes")


@pytest.mark.parametrize("damage", [Ledger.truncate, lambda ledger, key: ledger.lake.delete([key])])
def test_rejects_that_are_missing_or_unreadable(
    ledger: Ledger, damage: Callable[[Ledger, str], None]
) -> None:
    key = ledger.held("rejects/live/")[0]
    damage(ledger, key)
    (found,) = ledger.audit().problems
    assert (*places(found), found.key) == (ONE, at(29), key)


@pytest.mark.parametrize("table", ["reports", "rejects"])
@pytest.mark.parametrize("name", ["_SUCCESS", "part-00000.parquet", "x/y.parquet"])
def test_a_foreign_file_beside_the_segments(ledger: Ledger, table: str, name: str) -> None:
    key = f"{table}/live/dt={DAY}/{name}"
    ledger.put(key)
    (found,) = ledger.audit().problems
    assert (found.what[:7], found.key) == ("foreign", key)


@pytest.mark.parametrize("table", ["reports", "rejects"])
def test_a_foreign_file_beside_a_run(ledger: Ledger, table: str) -> None:
    manifest = ledger.seal()
    key = f"{table}/sealed/dt={DAY}/run={manifest.run}/part-00007.parquet"
    ledger.put(key)
    (found,) = ledger.audit().problems
    assert (found.what[:7], found.key) == ("foreign", key)


@pytest.mark.parametrize("table", ["reports", "rejects"])
@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    "prefix",
    [
        "s3://another/reports/",
        "{table}/live/dt=2026-11-21/",
        "{table}/replay/run=abc/dt=2026-11-22/",
        "{table}/sealed/dt=2026-11-22/run=feed/",
        "reports/",
    ],
)
def test_a_partition_that_points_elsewhere(ledger: Ledger, table: str, prefix: str, *, sealed: bool) -> None:
    if sealed:
        ledger.seal()
    before = ledger.audit()
    location = prefix.format(table=table)
    ledger.catalog.point(table, TODAY, location)
    found = ledger.audit()
    assert any(problem.what.startswith("elsewhere") for problem in found.problems)
    assert all(problem.shard_id is None for problem in found.problems)
    assert location in {problem.key for problem in found.problems}
    assert found.records == before.records


@pytest.mark.parametrize("table", ["reports", "rejects"])
def test_a_missing_partition(ledger: Ledger, table: str) -> None:
    del ledger.catalog.locations[table, TODAY]
    (found,) = ledger.audit().problems
    assert found.what.startswith(f"missing: table {table} has no dt partition")


@pytest.mark.parametrize("table", ["reports", "rejects"])
def test_tables_at_two_generations(ledger: Ledger, table: str) -> None:
    ledger.seal()
    ledger.catalog.point(table, TODAY, f"{table}/live/dt={DAY}/")
    (found,) = ledger.audit().problems
    assert found.what.startswith("the tables show two generations")


def test_readers_that_see_live_segments_which_are_gone(ledger: Ledger) -> None:
    ledger.seal()
    ledger.catalog.add_live(TODAY)
    for table in ("reports", "rejects"):
        ledger.catalog.point(table, TODAY, f"{table}/live/dt={DAY}/")
    ledger.lake.delete(ledger.held())
    told = [problem.what.partition(":")[0] for problem in ledger.audit().problems]
    assert told == ["gap", "missing", "missing"]


def test_a_segment_that_was_committed_after_the_seal() -> None:
    ledger = filled()
    ledger.seal()
    ledger.commit(records([body(500)], first=42))
    found = first(ledger)
    assert places(found) == (ONE, at(41))
    assert found.what.startswith("later")


def test_all_that_is_wrong_is_told_the_first_shard_and_position_first(ledger: Ledger) -> None:
    keys = segments_of(ledger)
    ledger.truncate(keys[3])
    ledger.lake.delete([keys[1]])
    ledger.put(f"reports/live/dt={DAY}/_SUCCESS")
    ledger.truncate(ledger.held()[-3] if ONE not in ledger.held()[-3] else ledger.held()[-2])
    found = ledger.audit().problems
    assert [problem.position for problem in found[:2]] == [at(9), at(29)]
    assert [problem.shard_id for problem in found] == [ONE, ONE, OTHER.shard_id, None]
