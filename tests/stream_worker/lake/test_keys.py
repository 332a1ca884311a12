"""The bucket's layout, byte for byte: objects keep these keys for years, and outside tools read them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from stream_worker.lake import keys
from stream_worker.lake.key_layout import Layout
from stream_worker.lake.keys import (
    BeginningKey,
    EndKey,
    ExpiringKey,
    GapKey,
    ManifestKey,
    PartKey,
    RejectsKey,
    RunFolder,
    SegmentKey,
    StreamKey,
    SwitchKey,
    TipFolder,
    TipKey,
)
from stream_worker.stream.records import START, Position

if TYPE_CHECKING:
    from collections.abc import Callable

DAY: Final = date(2026, 11, 22)
SHARD: Final = (1700000000, "shardId-000000000003")
ONE: Final = Position(49590338271490256608559692538361571095921575989136588902)
MEMBER: Final = Position(49590338271490256608559692538361571095921575989136588907, 12)
RUN: Final = "f3ee4fc73bf8eb19"

A: Final = "49590338271490256608559692538361571095921575989136588902"
B: Final = "49590338271490256608559692538361571095921575989136588907_12"

EXAMPLES: Final[list[tuple[str, Layout]]] = [
    (
        "reports/live/dt=2026-11-22/1700000000.shardId-000000000003.start.parquet",
        SegmentKey("live", DAY, *SHARD, START),
    ),
    (
        f"reports/live/dt=2026-11-22/1700000000.shardId-000000000003.{A}.parquet",
        SegmentKey("live", DAY, *SHARD, ONE),
    ),
    (
        f"reports/replay/run=mine-0123456789abcdef/dt=2026-11-22/1700000000.shardId-000000000003.{B}.parquet",
        SegmentKey("replay/run=mine-0123456789abcdef", DAY, *SHARD, MEMBER),
    ),
    (
        "reports/live/dt=2026-11-22/0.shardId-000000000003.00000000000000000000000000000000000000000000000000000007.parquet",
        SegmentKey("live", DAY, 0, "shardId-000000000003", Position(7)),
    ),
    (
        f"rejects/live/dt=2026-11-22/1700000000.shardId-000000000003.start-{B}.67f46a1895992c8c.parquet",
        RejectsKey("live", DAY, *SHARD, START, MEMBER, "67f46a1895992c8c"),
    ),
    (
        f"rejects/replay/run=0123/dt=2026-11-22/1700000000.shardId-000000000003.{A}-{B}.67f46a1895992c8c.parquet",
        RejectsKey("replay/run=0123", DAY, *SHARD, ONE, MEMBER, "67f46a1895992c8c"),
    ),
    ("rejects/sealed/dt=2026-11-22/run=f3ee4fc73bf8eb19/", RunFolder("rejects", DAY, RUN)),
    (
        "reports/sealed/dt=2026-11-22/run=f3ee4fc73bf8eb19/part-00000.parquet",
        PartKey("reports", DAY, RUN, 0),
    ),
    (
        "rejects/sealed/dt=2026-11-22/run=f3ee4fc73bf8eb19/part-123456.parquet",
        PartKey("rejects", DAY, RUN, 123456),
    ),
    ("runs/dt=2026-11-22/f3ee4fc73bf8eb19.json", ManifestKey(DAY, RUN)),
    (
        "runs/dt=2026-11-22/switches/20261123T010203.000045Z.live.json",
        SwitchKey(DAY, datetime(2026, 11, 23, 1, 2, 3, 45, UTC), "live"),
    ),
    (
        "runs/dt=2026-11-22/switches/20261123T010203.999999Z.f3ee4fc73bf8eb19.json",
        SwitchKey(DAY, datetime(2026, 11, 23, 1, 2, 3, 999_999, UTC), RUN),
    ),
    ("runs/dt=2026-11-22/expiring/f3ee4fc73bf8eb19.json", ExpiringKey(DAY, RUN)),
    ("chains/live/1700000000", StreamKey("live", 1700000000)),
    ("chains/live/1700000000.shardId-000000000003", BeginningKey("live", *SHARD)),
    (
        "chains/replay/run=mine-0123/1700000000.shardId-000000000003",
        BeginningKey("replay/run=mine-0123", *SHARD),
    ),
    (
        "shards/live/gap/1700000000.shardId-000000000003.start.0000000000000-1795348800000.forgotten",
        GapKey("live", *SHARD, START, 0, 1_795_348_800_000, "forgotten"),
    ),
    (
        f"shards/live/gap/1700000000.shardId-000000000003.{B}.1795348800000-1795348800005.passed-over",
        GapKey("live", *SHARD, MEMBER, 1_795_348_800_000, 1_795_348_800_005, "passed-over"),
    ),
    ("shards/live/tip/1700000000.shardId-000000000003/", TipFolder("live", *SHARD)),
    (
        "shards/live/tip/1700000000.shardId-000000000003/start.1795348800000",
        TipKey("live", *SHARD, START, 1_795_348_800_000),
    ),
    (
        f"shards/live/tip/1700000000.shardId-000000000003/{A}.end",
        EndKey("live", *SHARD, ONE),
    ),
]

KINDS: Final = sorted(
    (
        one
        for one in vars(keys).values()
        if isinstance(one, type) and issubclass(one, Layout) and one is not Layout
    ),
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize(("key", "made"), EXAMPLES)
def test_a_key_is_made_and_parsed_as_it_always_was(key: str, made: Layout) -> None:
    assert made.key == key
    assert type(made).parse(key) == made


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_parses_its_own_keys_alone(kind: type[Layout]) -> None:
    assert any(type(made) is kind for _, made in EXAMPLES), "a kind without an example"
    for key, made in EXAMPLES:
        assert (kind.parse(key) is not None) == (type(made) is kind), key


@pytest.mark.parametrize("key", [key for key, _ in EXAMPLES])
def test_a_key_with_more_before_or_behind_it_is_not_parsed(key: str) -> None:
    for other in (f"/{key}", f"x{key}", f"{key}~", f"{key}\n", f"{key}/", key.upper()):
        found = [kind.parse(other) for kind in KINDS]
        assert not any(found), (other, found)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "reports/live/dt=2026-11-22/_SUCCESS",
        "reports/live/dt=2026-11-22/17.shard.start.PARQUET",
        "reports/live/dt=2026-11-22/17.shard.start.parquet.tmp",
        "reports/live/dt=2026-11-22/below/17.shard.start.parquet",
        "reports/live/dt=2026-13-22/17.shard.start.parquet",
        "reports/live/dt=2026-11-22/x.shard.start.parquet",
        "reports/live/dt=2026-11-22/017.shard.start.parquet",
        "reports/live/dt=2026-11-22/\u0661\u0667.shard.start.parquet",
        "reports/live/dt=2026-11-22/17.shard.123.parquet",
        f"reports/live/dt=2026-11-22/17.shard.{0:056d}.parquet",
        f"reports/live/dt=2026-11-22/17.shard.{1:056d}_0.parquet",
        f"reports/live/dt=2026-11-22/17.shard.{1:056d}_01.parquet",
        f"reports/live/dt=2026-11-22/17.shard.{1:056d}-1.parquet",
        f"reports/sealed/dt=2026-11-22/17.shard.{1:056d}.parquet",
        f"reports/replay/dt=2026-11-22/17.shard.{1:056d}.parquet",
        f"reports/replay/run=a_b/dt=2026-11-22/17.shard.{1:056d}.parquet",
        f"rejects/live/dt=2026-11-22/17.shard.{1:056d}.parquet",
        f"rejects/live/dt=2026-11-22/17.shard.start-{1:056d}.67F46A1895992C8C.parquet",
        "reports/sealed/dt=2026-11-22/run=abc/part-0.parquet",
        "reports/sealed/dt=2026-11-22/run=abc/part-000001.parquet",
        "reports/sealed/dt=2026-11-22/run=/part-00000.parquet",
        "counts/sealed/dt=2026-11-22/run=abc/part-00000.parquet",
        "runs/dt=2026-11-22/notes.txt",
        "runs/dt=2026-11-22/below/abc.json",
        "runs/dt=2026-11-22/switches/20261123T010203Z.live.json",
        "runs/dt=2026-11-22/switches/20261323T010203.000045Z.live.json",
        "chains/live/x.shard",
        "chains/sealed/17.shard",
        "shards/live/gap/17.shard.start.0-1.forgotten",
        "shards/live/gap/17.shard.start.0000000000000-0000000000001.lost",
        "shards/live/tip/17.shard/start.1",
        "shards/live/tip/17/start.end",
    ],
)
def test_any_other_key_is_of_no_kind(key: str) -> None:
    assert [kind.__name__ for kind in KINDS if kind.parse(key) is not None] == []


def test_every_key_of_a_former_lake_is_parsed_by_one_kind() -> None:
    held = json.loads(Path(__file__).with_name("former_lake.json").read_text("utf-8"))
    for key in held["objects"]:
        (found,) = (found for kind in KINDS if (found := kind.parse(key)) is not None)
        assert found.key == key
    for table, day, location in held["locations"]:
        shown = keys.shown_at(table, date.fromisoformat(day), location)
        assert shown is not None
        assert keys.shown_folder(table, date.fromisoformat(day), shown) == location


@pytest.mark.parametrize(
    ("folder", "made"),
    [
        ("reports/live/", lambda: keys.days_folder("reports", "live")),
        ("rejects/replay/run=a/dt=2026-11-22/", lambda: keys.day_folder("rejects", "replay/run=a", DAY)),
        ("reports/live/dt=2026-11-22/17.", lambda: keys.stream_prefix("reports", "live", DAY, 17)),
        ("reports/live/dt=2026-11-22/17.a-1.", lambda: keys.shard_prefix("reports", "live", DAY, 17, "a-1")),
        ("replay/run=mine-0123", lambda: keys.replay_generation("mine-0123")),
        ("reports/sealed/dt=2026-11-22/", lambda: keys.sealed_folder("reports", DAY)),
        ("rejects/sealed/dt=2026-11-22/run=abc/", lambda: keys.shown_folder("rejects", DAY, "abc")),
        ("rejects/live/dt=2026-11-22/", lambda: keys.shown_folder("rejects", DAY, "live")),
        ("runs/", lambda: keys.RUNS),
        ("runs/dt=2026-11-22/", lambda: keys.manifests_folder(DAY)),
        ("runs/dt=2026-11-22/switches/", lambda: keys.switches_folder(DAY)),
        ("runs/dt=2026-11-22/expiring/", lambda: keys.expiring_folder(DAY)),
        ("shards/live/gap/", lambda: keys.gaps_folder("live")),
        ("shards/live/tip/", lambda: keys.tips_folder("live")),
    ],
)
def test_folders_are_where_they_always_were(folder: str, made: Callable[[], str]) -> None:
    assert made() == folder


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (None, None),
        ("reports/live/dt=2026-11-22/", "live"),
        ("reports/sealed/dt=2026-11-22/run=abc/", "abc"),
        ("reports/live/dt=2026-11-21/", None),
        ("rejects/live/dt=2026-11-22/", None),
        ("reports/sealed/dt=2026-11-21/run=abc/", None),
        ("rejects/sealed/dt=2026-11-22/run=abc/", None),
        ("reports/sealed/dt=2026-11-22/run=/", None),
        ("reports/sealed/dt=2026-11-22/run=abc/part-00000.parquet", None),
        ("s3://another/reports/live/dt=2026-11-22/", None),
    ],
)
def test_a_location_shows_a_generation_of_its_own_table_and_day_or_none(
    location: str | None, shown: str | None
) -> None:
    assert keys.shown_at("reports", DAY, location) == shown


def test_days_are_read_from_the_names_of_folders_and_other_names_are_passed_over() -> None:
    names = ["dt=2026-11-22", "dt=20261123", "2026-11-24", "dt=2026-13-01", "_temporary", "dt=2026-11-25"]
    assert keys.days_in(names) == [DAY, date(2026, 11, 25)]
