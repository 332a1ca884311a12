"""The jars: the real ones of the installed package are on the list, and no others are taken."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from stream_worker.engines.kcl import jars
from stream_worker.process.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Link the real jars into a folder of our own."""
    for jar in jars.folder().glob("*.jar"):
        (tmp_path / jar.name).symlink_to(jar)
    return tmp_path


def test_the_list_is_that_of_the_installed_package() -> None:
    assert version("amazon_kclpy") == "3.1.3"
    assert jars.expected().keys() == {jar.name for jar in jars.folder().glob("*.jar")}
    assert len(jars.expected()) == 79


def test_the_installed_jars_are_the_known_ones() -> None:
    checked = jars.checked(jars.folder())
    assert [jar.name for jar in checked] == list(jars.expected())
    assert "amazon-kinesis-client-multilang-3.1.3.jar" in jars.expected()


def test_the_lists_lines_are_what_sha256sum_checks() -> None:
    for name, digest in jars.expected().items():
        assert name.endswith(".jar")
        assert "/" not in name
        assert len(bytes.fromhex(digest)) == 32


def test_a_missing_jar_is_named_with_the_remedy(folder: Path) -> None:
    gone = folder / list(jars.expected())[40]
    gone.unlink()
    with pytest.raises(SetupError, match=rf"{gone} is missing: .*pip install --force-reinstall"):
        jars.checked(folder)


def test_an_empty_jar_is_named_with_the_remedy(folder: Path) -> None:
    empty = folder / next(iter(jars.expected()))
    empty.unlink()
    empty.touch()
    with pytest.raises(SetupError, match=rf"{empty} is empty: .*pip install --force-reinstall"):
        jars.checked(folder)


@pytest.mark.parametrize("change", ["one bit", "cut off", "another jar"])
def test_an_altered_jar_is_named_with_the_remedy(folder: Path, change: str) -> None:
    names = list(jars.expected())
    altered = folder / names[-1]
    content = altered.read_bytes()
    changed = {
        "one bit": content[:100] + bytes([content[100] ^ 1]) + content[101:],
        "cut off": content[:-1],
        "another jar": (folder / names[0]).read_bytes(),
    }
    altered.unlink()
    altered.write_bytes(changed[change])
    with pytest.raises(SetupError, match=rf"{altered} is not the jar .*pip install --force-reinstall"):
        jars.checked(folder)


def test_a_jar_that_is_not_on_the_list_is_left_out(folder: Path) -> None:
    extra = folder / "zz-extra.jar"
    extra.write_bytes(b"PK")
    found = jars.checked(folder)
    assert extra not in found
    assert len(found) == 79
