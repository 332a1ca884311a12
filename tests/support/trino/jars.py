"""The jars of a Trino with its Hive connector: fetched once, each checked by its hash.

`server.sha256` and `hive.sha256` list those that the test loads (java's `-Xlog:class+load` tells), a ninth of
what the server is shipped with, by the paths of Maven's repositories, in `sha256sum --check`'s format.
"""

from __future__ import annotations

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import urllib3
from jgo.constants import MAVEN_CENTRAL_URL

HERE: Final = Path(__file__).parent
FOLDER: Final = Path(sys.prefix) / "trino"
"""Where they are kept: beside the installed packages."""

_REPOSITORY: Final = os.environ.get("MAVEN_REPOSITORY", MAVEN_CENTRAL_URL)
_LISTS: Final = ("server", "hive")
_FETCHED_AT_ONCE: Final = 8
_TRIES: Final = urllib3.Retry(5, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503))


class JarError(Exception):
    """A jar is not there, or is not the one on the list."""


def listed(name: str) -> dict[str, str]:
    """Return the jars of `server` or of `hive`: each one's path, and its sha256."""
    text = (HERE / f"{name}.sha256").read_text(encoding="ascii")
    return {path: digest for digest, path in (line.split("  ") for line in text.splitlines())}


def paths(name: str) -> list[Path]:
    """Return where the jars of `server` or of `hive` are; raises `JarError` if one is missing."""
    found = [FOLDER / path for path in listed(name)]
    for path in found:
        if not path.is_file():
            raise JarError(f"{path} is missing: `make test` fetches it")
    return found


def fetch() -> None:
    """Fetch what is missing: 109 MB at first. Raises `JarError` when a jar is not the one on the list."""
    wanted = {path: digest for name in _LISTS for path, digest in listed(name).items()}
    missing = [(path, digest) for path, digest in wanted.items() if not (FOLDER / path).is_file()]
    with (
        urllib3.PoolManager(maxsize=_FETCHED_AT_ONCE, retries=_TRIES) as pool,
        ThreadPoolExecutor(_FETCHED_AT_ONCE) as threads,
    ):
        for done in [threads.submit(_fetch, pool, path, digest) for path, digest in missing]:
            done.result()


def _fetch(pool: urllib3.PoolManager, path: str, digest: str) -> None:
    answer = pool.request("GET", f"{_REPOSITORY}/{path}")
    if answer.status != 200:
        raise JarError(f"{path}: the repository answers {answer.status}")
    if hashlib.sha256(answer.data).hexdigest() != digest:
        raise JarError(f"{path} is not the jar that is on the list")
    jar = FOLDER / path
    jar.parent.mkdir(parents=True, exist_ok=True)
    part = jar.with_suffix(f".{os.getpid()}")
    part.write_bytes(answer.data)
    part.replace(jar)  # so that what is there is whole


if __name__ == "__main__":
    fetch()
