import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from stream_worker.judging.digits import NONCE
from stream_worker.judging.seen import Seen, nonces
from tests.support.worker.samples import nonce

# Few values, near the edges of the buckets and of the range, so that batches meet.
numbers = st.one_of(
    st.integers(0, 2**128 - 1),
    st.integers(0, 15).map(lambda bucket: bucket << 124),
    st.integers(0, 15).map(lambda bucket: (bucket << 124) - 1 if bucket else 2**128 - 1),
)


def series(values: list[int]) -> pl.Series:
    return pl.Series(values, dtype=NONCE)


@given(st.lists(st.lists(numbers, unique=True, max_size=30), max_size=8), st.lists(numbers, max_size=30))
def test_it_holds_what_a_set_holds(batches: list[list[int]], asked: list[int]) -> None:
    seen, model = Seen(), set[int]()
    for batch in batches:
        seen.add(series([value for value in batch if value not in model]))
        model |= set(batch)
    asked = asked + [value for batch in batches for value in batch]
    assert seen.contains(series(asked)).to_list() == [value in model for value in asked]
    assert len(seen) == len(model)


def test_it_holds_many_batches_that_make_the_long_runs_grow() -> None:
    seen = Seen()
    ids = [nonce(number) for number in range(60_000)]
    known = pl.Series("id", ids).to_frame().select(nonces(pl.col("id"))).to_series()
    for start in range(0, 50_000, 5_000):
        seen.add(known[start : start + 5_000])
    found = seen.contains(known)
    assert found[:50_000].all()
    assert not found[50_000:].any()


def test_a_nonce_is_the_number_that_its_digits_spell() -> None:
    frame = pl.DataFrame(
        {"id": ["00000000-0000-0000-0000-00000000000f", "f0000000-0000-0000-0000-000000000000"]}
    )
    assert frame.select(nonces(pl.col("id"))).to_series().to_list() == [15, 15 << 124]
