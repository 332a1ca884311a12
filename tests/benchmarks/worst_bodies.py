"""How much memory the poll worker takes at most for a stream full of the worst bodies."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.local.process import Process
from infra.local.system import clean_environment, start_resources
from schemas.report import LONGEST_BYTES
from tests.benchmarks.figure import Figure, Result, Tick, at_most
from tests.strangers.memory import peak_until_end
from tests.strangers.poisoned_stream import poisoned, put
from tests.strangers.worker import POLL_WORKER
from tests.strangers.worst_bodies import KIB, LENGTHS, MIB

MEASUREMENTS: Final = {f"worst bodies, {length // KIB:,} KiB": length for length in (LONGEST_BYTES, *LENGTHS)}
"""What a round measures, in this order: the length of the bodies in bytes."""

_TOTAL: Final = 80 * MIB
_MOST: Final = 400  # MiB


def measure(_: float, rounds: int, tick: Tick) -> Result:
    """Let a fresh worker settle each length's bodies, with the default flush."""
    found: dict[str, list[float]] = {name: [] for name in MEASUREMENTS}
    for _ in range(rounds):
        for name, length in MEASUREMENTS.items():
            tick(name)
            found[name].append(_peak(length))
    figures = [
        Figure(f"poll worker, {name}: memory", "MiB", values, at_most(_MOST))
        for name, values in found.items()
    ]
    return Result(figures, [f"Worst bodies: {_TOTAL // MIB} MiB of them on two shards; VmHWM."])


def _peak(length: int) -> float:
    with TemporaryDirectory() as folder, start_resources(Path(folder)) as cloud:
        put(cloud.kinesis, cloud.resources.stream, poisoned(length, _TOTAL))
        health = Path(folder) / "health"
        health.mkdir()
        environment = clean_environment() | cloud.environment | {"METRICS_HEALTH_FOLDER": str(health)}
        log = Path(folder) / "worker.log"
        with Process("worker", POLL_WORKER, log=log, environment=environment) as worker:
            status, highest = peak_until_end(worker, 600)
            if status:
                raise AssertionError(worker.tail())
        return highest
