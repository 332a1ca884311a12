"""The emulated AWS as others see it: a process with an address."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process, answers
from infra.local.surroundings import CLOSED

REGION: Final = "us-east-1"
CREDENTIAL: Final = "local"
"""The emulator asks for a signature and does not check it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running cloud. `url` serves every service; all of it is gone when the process ends."""

    url: str
    process: Process

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a process (or a shell) at this cloud."""
        return CLOSED | {
            "AWS_ACCESS_KEY_ID": CREDENTIAL,
            "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
            "AWS_DEFAULT_REGION": REGION,  # the one that boto3 reads
            "AWS_REGION": REGION,  # the one that the Java SDK reads
            "AWS_ENDPOINT_URL": self.url,
        }


@contextmanager
def start_cloud(log: Path, *, seconds: float = 30) -> Iterator[Endpoint]:
    """Start the emulated AWS on a free port and stop it at the end; `ProcessError` if it is not up."""
    with reserve() as port:
        command = [sys.executable, "-m", "infra.local.emulator.cloud", "--port", str(port)]
        with Process("cloud", command, log=log) as process:
            url = f"http://{LOOPBACK}:{port}"
            process.wait_ready(lambda: answers(url), seconds)
            yield Endpoint(url, process)
