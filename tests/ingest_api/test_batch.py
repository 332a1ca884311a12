"""What the group commit decides, by value: no thread, no clock, no network."""

from hypothesis import given
from hypothesis import strategies as st

from ingest_api.batch import (
    FIRST_BACKOFF,
    GATHERING,
    LINGER,
    LONGEST_BACKOFF,
    MAX_BYTES,
    MAX_RECORDS,
    Crowd,
    Entry,
    Next,
    Queue,
    backoff,
)


def entry(taken_at: float = 0.0, deadline: float = 5.0, data: bytes = b"x", key: str = "k") -> Entry:
    return Entry(data, key, taken_at, deadline)


def queue(*entries: Entry) -> Queue:
    filled = Queue()
    for one in entries:
        filled.add(one)
    return filled


def test_an_empty_queue_asks_for_nothing() -> None:
    assert Queue().next(0.0, 0) == Next([])


def test_a_record_is_sent_at_once_when_nobody_else_is_expected() -> None:
    one = entry()
    assert queue(one).next(0.0, Crowd().expected(0.0)) == Next([one])


def test_fewer_records_than_enough_wait_for_company_but_not_for_long() -> None:
    one = entry()
    waiting = queue(one)
    assert waiting.next(0.0, 2) == Next([], LINGER)
    assert waiting.next(LINGER, 2, GATHERING) == Next([], GATHERING)
    assert waiting.next(LINGER, 2) == Next([one])


def test_enough_records_do_not_wait() -> None:
    both = [entry(), entry()]
    assert queue(*both).next(0.0, 2) == Next(both)


def test_a_crowd_is_expected_again_right_after_its_call_and_not_later() -> None:
    crowd = Crowd()
    crowd.call_ended(1.0, 64)
    assert crowd.expected(1.0 + GATHERING / 2) == 64
    assert crowd.expected(1.0 + GATHERING) == 0


def test_a_crowd_that_goes_is_forgotten() -> None:
    crowd = Crowd()
    crowd.call_ended(0.0, 500)
    for call in range(60):
        crowd.call_ended(float(call), 1)
    assert crowd.expected(59.0) == 1


def test_a_full_batch_never_lingers() -> None:
    assert len(queue(*(entry() for _ in range(MAX_RECORDS))).next(0.0, MAX_RECORDS).batch) == MAX_RECORDS


def test_a_record_past_its_deadline_is_not_sent_but_given_back() -> None:
    late, good = entry(deadline=1.0), entry(deadline=2.0)
    assert queue(good, late, good).next(1.0, 0) == Next([good, good], overdue=[late])
    assert queue(late).next(1.0, 0) == Next([], overdue=[late])


def test_a_refused_record_waits_for_its_time() -> None:
    one = entry()
    waiting = Queue()
    assert waiting.retry(one, 0.5)
    assert waiting.next(0.4, 0) == Next([], 0.5)
    assert waiting.next(0.5, 2) == Next([one])


def test_a_refused_record_whose_deadline_comes_first_is_given_back() -> None:
    assert not Queue().retry(entry(deadline=1.0), 1.0)


def test_a_new_record_does_not_wait_for_a_refused_one() -> None:
    new, refused = entry(), entry()
    waiting = queue(new)
    waiting.retry(refused, 3.0)
    assert waiting.next(0.0, 2) == Next([], LINGER)
    assert waiting.next(0.0, 0) == Next([new])


def test_the_size_of_a_call_counts_keys_as_utf_8() -> None:
    big = entry(data=b"x" * (MAX_BYTES // 2 - 3), key="€")
    assert len(queue(big, big, entry()).next(0.0, 0).batch) == 2


@given(
    sizes=st.lists(st.integers(0, 64 * 1024), max_size=700),
    deadlines=st.lists(st.sampled_from([0.5, 5.0]), max_size=700),
)
def test_every_record_is_sent_once_in_order_within_the_limits_unless_late(
    sizes: list[int], deadlines: list[float]
) -> None:
    entries = [
        entry(deadline=deadline, data=bytes(size)) for size, deadline in zip(sizes, deadlines, strict=False)
    ]
    waiting = queue(*entries)
    sent: list[Entry] = []
    while batch := waiting.next(1.0, 0).batch:
        assert len(batch) <= MAX_RECORDS
        assert sum(one.size for one in batch) <= MAX_BYTES
        sent += batch
    assert sent == [one for one in entries if one.deadline > 1.0]


@given(
    steps=st.lists(
        st.one_of(st.floats(0.001, 0.2), st.just("add"), st.sampled_from(["stored", "refused"])), max_size=60
    )
)
def test_no_record_is_lost_doubled_or_sent_late_whatever_happens(steps: list[float | str]) -> None:
    waiting, now, calls = Queue(), 0.0, list[list[Entry]]()
    everything, gone = list[Entry](), list[Entry]()
    for step in [*steps, *[0.2] * 12]:
        match step:
            case "add":
                everything.append(entry(taken_at=now, deadline=now + 1.0))
                waiting.add(everything[-1])
            case "stored" if calls:
                gone += calls.pop(0)
            case "refused" if calls:
                gone += [one for one in calls.pop(0) if not waiting.retry(one, now + 0.1)]
            case float():
                now += step
        if batch := waiting.next(now, MAX_RECORDS if calls else 0).batch:
            assert all(one.deadline > now for one in batch)
            calls.append(batch)
        held = [one for call in calls for one in call] + gone
        assert len({id(one) for one in held}) == len(held)
    unsent = [one for one in everything if all(one is not other for other in held)]
    assert all(one.deadline <= now for one in unsent)


@given(tries=st.integers(1, 1000), draw=st.floats(0, 1))
def test_a_backoff_is_jittered_and_bounded(tries: int, draw: float) -> None:
    assert FIRST_BACKOFF / 2 <= backoff(tries, draw) <= LONGEST_BACKOFF
    assert backoff(tries, 0) <= backoff(tries, draw) <= backoff(tries + 1, 1)
