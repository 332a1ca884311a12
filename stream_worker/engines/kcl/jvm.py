"""How the daemon's Java runs: its heap, and options that each have their reason."""

from typing import Final

OPTIONS: Final = (
    # A third of the memory, at the same speed.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # A daemon that is out of memory must exit, not continue half alive.
    "-XX:+ExitOnOutOfMemoryError",
    # Partition keys go to the children in UTF-8, which before Java 18 depends on the locale.
    "-Dfile.encoding=UTF-8",
)

_A_SHARD: Final = 80
_LEAST: Final = 256
_SHARDS: Final = 8


def options(most_leases: int | None) -> list[str]:
    """Return Java's options for a worker that holds at most so many shards; without a limit, for eight.

    The heap, in MiB, is what they need when all have a backlog of the longest pages, 10 MiB each; the library
    has no setting to buffer less. Measured: two shards need 224, four 320, eight 640; 192, 256 and 512 were
    too little. It is a maximum: Java takes only what it needs.
    """
    heap = max(_LEAST, _A_SHARD * (most_leases or _SHARDS))
    return [f"-Xmx{heap}m", *OPTIONS]
