import math

import polars as pl
import pytest

from infra.fleets import labelled
from infra.fleets.draws import Draws
from schemas.tables import COUNTER_COLUMNS
from stream_worker.judging.day_rules.clusters import Box, clusters
from stream_worker.judging.thresholds import THRESHOLDS
from tests.support.worker.made_days import alike, busy, payload, reports

CENTRE = (12_040, 310, 8_770, 95, 1_420, 60)
FEWEST = THRESHOLDS.cluster_least
ALONE = math.ceil(max(FEWEST, THRESHOLDS.cluster_excess))
"""Where nothing is around, one is expected inside."""


def varied(rows: int, share: float, seed: int = 41) -> pl.DataFrame:
    """Return one payload, each counter varied by at most this share."""
    draws = Draws(rows, seed)
    around = [1 + (draws.uniform() * 2 - 1) * share for _ in COUNTER_COLUMNS]
    return reports(
        rows,
        seed,
        **payload(
            [(factor * centre).round().cast(pl.Int64) for factor, centre in zip(around, CENTRE, strict=True)]
        ),
    )


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_a_payload_varied_a_little_is_a_bump_from_sixty_on_where_nothing_is_around(share: float) -> None:
    flood = varied(ALONE, share)
    found = clusters(flood, THRESHOLDS)
    assert len(found) == 1
    assert found.broken(flood).all()
    assert len(clusters(flood.head(ALONE - 1), THRESHOLDS)) == 0


def shell(rows: int) -> pl.DataFrame:
    """Return payloads that are two doublings away from the centre: a fleet that gets denser outwards."""
    draws = Draws(rows, 43)
    ways = [draws.uniform() * 4 - 2 for _ in COUNTER_COLUMNS]
    ways[0] = pl.select(pl.when(ways[0] < 0).then(-2.0).otherwise(2.0)).to_series()
    counters = [(2.0**way * centre).round().cast(pl.Int64) for way, centre in zip(ways, CENTRE, strict=True)]
    return reports(rows, 44, **payload(counters))


def test_forty_are_the_fewest_where_the_surroundings_explain_less() -> None:
    honest, flood = shell(60), varied(FEWEST, 0.01)
    found = clusters(pl.concat([honest, flood]), THRESHOLDS)
    assert len(found) == 1
    assert found.broken(flood).all()
    assert not found.broken(honest).any()
    assert len(clusters(pl.concat([honest, flood.head(FEWEST - 1)]), THRESHOLDS)) == 0


@pytest.mark.parametrize("share", [0.01, 0.1])
def test_a_bump_in_a_fleet_is_found_without_the_fleet(share: float) -> None:
    honest, flood = busy(3_000), varied(200, share)
    found = clusters(pl.concat([honest, flood]), THRESHOLDS)
    assert found.broken(flood).sum() > 0.98 * len(flood)
    assert not found.broken(honest).any()


def test_each_of_several_bumps_is_found() -> None:
    far = varied(100, 0.01, 45).with_columns(pl.col(name) * 50 for name in COUNTER_COLUMNS)
    near = varied(100, 0.01)
    found = clusters(pl.concat([busy(500), near, far]), THRESHOLDS)
    assert len(found) == 2
    assert found.broken(near).all()
    assert found.broken(far).all()


def test_what_the_surroundings_explain_is_no_bump() -> None:
    # The flood is as great as the fleet is around it: dense inside, and as dense outside.
    draws = Draws(3_000, 46)
    dense = [2 ** (draws.uniform() * 3) * centre for centre in CENTRE]
    honest = reports(3_000, 47, **payload([column.cast(pl.Int64) for column in dense]))
    assert len(clusters(honest, THRESHOLDS)) == 0


def test_many_equal_payloads_are_a_habit_and_no_bump() -> None:
    assert len(clusters(pl.concat([busy(500), alike(1_000, CENTRE)]), THRESHOLDS)) == 0


def test_small_payloads_resemble_each_other() -> None:
    draws = Draws(3_000, 48)
    small = {name: draws.integers(20, 27) for name in COUNTER_COLUMNS[::2]}
    assert len(clusters(pl.concat([busy(500), reports(3_000, 49, **small)]), THRESHOLDS)) == 0


def test_a_box_has_its_edges_and_nothing_beyond_any_of_them() -> None:
    box = Box(tuple(range(10, 16)), tuple(range(20, 26)))
    inside = pl.concat([alike(1, box.least), alike(1, box.most)])
    beyond = [
        tuple(value + step * (place == off) for place, value in enumerate(edge))
        for edge, step in ((box.least, -1), (box.most, 1))
        for off in range(6)
    ]
    outside = pl.concat([alike(1, counters) for counters in beyond])
    assert inside.select(box.inside).to_series().all()
    assert not outside.select(box.inside).to_series().any()


def test_a_day_without_reports_shows_nothing() -> None:
    found = clusters(reports(0), THRESHOLDS)
    assert len(found) == 0
    assert not found.broken(varied(10, 0.01)).any()


@pytest.mark.parametrize("family", sorted(labelled.FAMILIES))
def test_an_honest_fleet_has_no_bumps(family: str) -> None:
    assert len(clusters(labelled.reports(labelled.Fleet(5_000, 90_013, family)), THRESHOLDS)) == 0
