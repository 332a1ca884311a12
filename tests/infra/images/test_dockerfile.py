"""What the two Dockerfiles say, and what of a Dockerfile is understood."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

from infra.images.dockerfile import DockerfileError, Stage, read
from tests.infra.images.conftest import REPOSITORY

FILES = {name: REPOSITORY / name / "Dockerfile" for name in ("ingest_api", "stream_worker")}


@pytest.fixture(params=FILES)
def last(request: pytest.FixtureRequest) -> Stage:
    return read(FILES[request.param])[-1]


def parsed(tmp_path: Path, text: str) -> list[Stage]:
    (tmp_path / "Dockerfile").write_text(text)
    return read(tmp_path / "Dockerfile")


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_the_linter_finds_nothing_and_nothing_is_hidden_from_it(file: Path) -> None:
    linter = Path(sysconfig.get_path("scripts")) / "hadolint"
    ended = subprocess.run([linter, file], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert "hadolint" not in file.read_text(encoding="utf-8")


def test_the_user_is_a_number_and_not_root(last: Stage) -> None:
    user, group = last.settings["USER"].text.split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_commands_are_in_exec_form_so_that_signals_reach_them(last: Stage) -> None:
    assert last.settings["ENTRYPOINT"].command
    assert last.settings["HEALTHCHECK"].command
    assert last.settings["STOPSIGNAL"].text == "SIGTERM"


def test_only_the_environment_made_before_gets_into_the_image(last: Stage) -> None:
    assert [step.name for step in last.steps] == ["ENV", "WORKDIR", "COPY"]
    assert last.steps[-1].text == "--from=build /app/venv venv"


@pytest.mark.parametrize("name", FILES)
def test_only_the_packages_that_run_there_are_copied(name: str) -> None:
    copied = {word for step in read(FILES[name])[0].steps if step.name == "COPY" for word in step.words}
    assert copied & {"schemas", "ingest_api", "stream_worker", "infra", "tests", "."} == {"schemas", name}


@pytest.mark.parametrize("name", FILES)
def test_both_stages_have_the_same_base(name: str) -> None:
    assert len({stage.base for stage in read(FILES[name])}) == 1


def test_lines_are_joined_and_comments_left_out(tmp_path: Path) -> None:
    text = 'FROM python AS one\n# a comment\nRUN a \\\n# within\n  && b\nFROM python\nCMD ["c", "d"]\n'
    one, two = parsed(tmp_path, text)
    assert (one.name, [step.text for step in one.steps]) == ("one", ["a && b"])
    assert two.settings["CMD"].command == ["c", "d"]


@pytest.mark.parametrize(
    "text",
    [
        "RUN a\n",
        "FROM python\nADD a b\n",
        "FROM python\nARG a\n",
        "FROM python\nUSER 1:1\nRUN a\n",
        "FROM python\nUSER 1:1\nUSER 0:0\n",
        "FROM --platform=linux/arm64 python\n",
    ],
)
def test_what_is_not_known_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DockerfileError):
        parsed(tmp_path, text)


def test_a_command_in_shell_form_is_refused(tmp_path: Path) -> None:
    (stage,) = parsed(tmp_path, "FROM python\nENTRYPOINT run me\n")
    with pytest.raises(DockerfileError, match="run me"):
        _ = stage.settings["ENTRYPOINT"].command
