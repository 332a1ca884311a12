import pytest

from stream_worker.engines.kcl.jvm import options


@pytest.mark.parametrize(
    ("most_leases", "heap"), [(None, 640), (1, 256), (3, 256), (4, 320), (8, 640), (20, 1600)]
)
def test_the_heap_grows_with_the_shards_that_a_worker_may_hold(most_leases: int | None, heap: int) -> None:
    assert options(most_leases)[0] == f"-Xmx{heap}m"


def test_a_daemon_out_of_memory_ends() -> None:
    assert "-XX:+ExitOnOutOfMemoryError" in options(None)
