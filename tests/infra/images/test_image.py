"""Steps that are run in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.images.context import Context
from infra.images.dockerfile import DockerfileError
from infra.images.image import build

if TYPE_CHECKING:
    from pathlib import Path

    from infra.images.image import Image

BASE = "FROM python:3.13-slim-trixie"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / ".dockerignore").write_text("*\n!given\n")
    (folder / "given").write_text("given")
    (folder / "secret").write_text("secret")
    return Context(folder)


def built(text: str, context: Context) -> Image:
    file, place = context.folder / "Dockerfile", context.folder.parent / "place"
    place.mkdir()
    file.write_text(text)
    return build(file, context, place)


def test_a_stage_takes_files_from_the_context_and_from_stages_before(context: Context) -> None:
    one = "WORKDIR /app\nCOPY given ./\nRUN mkdir made && cp given made/copy && pwd > made/place\n"
    two = "WORKDIR /app\nCOPY --from=one /app/made made\n"
    image = built(f"{BASE} AS one\n{one}{BASE}\n{two}", context)
    assert image.path("made/copy").read_text() == "given"
    assert not image.path("given").exists()
    # What was installed under its path in an earlier stage is at the same path in the last.
    assert image.path("made/place").read_text().strip() == str(image.path("."))


def test_variables_hold_and_paths_lead_into_the_folder(context: Context) -> None:
    steps = (
        "WORKDIR /app\nENV ONE=two PATH=/app/bin:$PATH HOME=/home\nRUN mkdir bin && echo $ONE > bin/said\n"
    )
    image = built(f"{BASE}\n{steps}", context)
    assert image.path("bin/said").read_text() == "two\n"
    assert image.environment["PATH"].split(":")[0] == str(image.path("bin"))
    assert image.environment["HOME"] == "/home"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("RUN false", "status 1"),
        ("RUN echo a > /etc/written", "would leave the folder"),
        ("COPY secret ./", "no such file in the context"),
        ("COPY missing ./", "no such file in the context"),
    ],
)
def test_a_step_that_cannot_be_run_ends_the_build(context: Context, steps: str, told: str) -> None:
    with pytest.raises(DockerfileError, match=told):
        built(f"{BASE}\n{steps}\n", context)


def test_a_base_that_this_machine_cannot_stand_in_for_is_refused(context: Context) -> None:
    with pytest.raises(DockerfileError, match="alpine"):
        built("FROM alpine:3.22\n", context)
