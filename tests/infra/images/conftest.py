"""The two images, each built once for all of pytest-xdist's processes."""

from __future__ import annotations

import fcntl
import pickle
import shutil
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from infra.images.context import Context
from infra.images.image import Image, build

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY: Final = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    with _built("ingest_api", tmp_path_factory) as image:
        yield image


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    with _built("stream_worker", tmp_path_factory) as image:
        yield image


@contextmanager
def _built(package: str, factory: pytest.TempPathFactory) -> Iterator[Image]:
    """Build an image, read-only, or take the one that another process of this run has built and holds.

    It lies where every user may go, which pytest's own folders do not allow. The last holder removes it.
    """
    base = factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    known = shared / f"{package}.pickle"
    with (shared / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            known.write_bytes(pickle.dumps(_build(package)))
        image = pickle.loads(known.read_bytes())  # noqa: S301 - written above
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield image
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            known.unlink(missing_ok=True)
            subprocess.run(["/bin/chmod", "-R", "u+w", str(image.root)], check=True)
            shutil.rmtree(image.root.parent, ignore_errors=True)


def _build(package: str) -> Image:
    place = Path(tempfile.mkdtemp(prefix="image-"))
    place.chmod(0o755)
    image = build(REPOSITORY / package / "Dockerfile", Context(REPOSITORY), place)
    subprocess.run(["/bin/chmod", "-R", "a-w", str(image.root)], check=True)
    return image
