"""What a build may copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.images.context import Context
from infra.images.dockerfile import DockerfileError
from tests.infra.images.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        ".venv/bin/python",
        "Makefile",
        "infra/deployment/app.py",
        "tests/conftest.py",
        "secrets.env",
        "ingest_api/Dockerfile",
        "ingest_api/README.md",
        "stream_worker/decisions/0001-edge-server.md",
        "stream_worker/__pycache__/cli.pyc",
        "stream_worker/engines/kcl/__pycache__/child.pyc",
        "schemas2/report.py",
    ],
)
def test_what_no_image_needs_is_kept_out(path: str) -> None:
    assert not Context(REPOSITORY).has(path)


@pytest.mark.parametrize(
    "path",
    ["pyproject.toml", "requirements-edge.txt", "schemas/report.py", "stream_worker/engines/kcl/jars.sha256"],
)
def test_what_an_image_needs_goes_in(path: str) -> None:
    assert Context(REPOSITORY).has(path)


def test_the_last_pattern_that_fits_decides(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("# all but\n*\n!kept*\nkept/not.*\n!kept/not.so\n**/deep\n")
    context = Context(tmp_path)
    names = ["kept", "kept/a", "kept/not.a", "kept/not.so", "kept/deep/a", "kept/a/deep", "deep", "other"]
    assert [name for name in names if context.has(name)] == ["kept", "kept/a", "kept/not.so"]


def test_a_folder_is_copied_by_its_content_and_a_file_by_its_name(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "folder" / "under").mkdir(parents=True)
    (source / ".dockerignore").write_text("*\n!folder\n!*.txt\n**/out\n")
    for name in ("folder/under/a", "folder/out", "b.txt"):
        (source / name).write_text(name)
    context = Context(source)
    context.copy("folder", target / "folder")
    context.copy("b.txt", target)
    copied = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    assert copied == ["b.txt", "folder/under/a"]
    with pytest.raises(DockerfileError, match="folder/out"):
        context.copy("folder/out", target)
