"""Where a worker keeps its health: `stream-worker run` and `health`, where others may have been."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from infra.local.endpoint import CREDENTIAL, REGION
from infra.local.system import clean_environment
from stream_worker.process import health_folder
from stream_worker.process.errors import SetupError
from stream_worker.shard_life.health import Health, Status, announce, clear, read_health
from stream_worker.shard_life.pulse import FiledPulse
from tests.support.e2e.installation import run

if TYPE_CHECKING:
    import subprocess

SHARD_ID = "shardId-000000000003"
NOBODY = "http://127.0.0.1:1"
"""No one listens there: a worker that comes so far ends."""


def environment(folder: Path) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": CREDENTIAL, "AWS_SECRET_ACCESS_KEY": CREDENTIAL, "AWS_REGION": REGION}
    own = {"METRICS_BUCKET": "lake", "METRICS_HEALTH_FOLDER": str(folder), "AWS_ENDPOINT_URL": NOBODY}
    return clean_environment() | keys | own


def worker(folder: Path) -> subprocess.CompletedProcess[str]:
    """Start a worker without AWS; it ends with status 1, the later the farther it comes."""
    done = run("stream-worker", "run", environment=environment(folder))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done


def said(done: subprocess.CompletedProcess[str]) -> str:
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["event"] == "worker.failed"
    return str(last["detail"])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Make the folder of a worker that was killed while it held a shard."""
    announce(tmp_path / "own", 1.0)
    FiledPulse(SHARD_ID, tmp_path / "own")
    (tmp_path / "own" / f"{SHARD_ID}.new").write_bytes(b'{"shard_')
    return tmp_path / "own"


def test_a_start_removes_the_files_of_an_earlier_worker_and_no_other(own: Path) -> None:
    others = {"package.json": b"{}", "shardId-list.json": b"[]", "worker.json.bak": b"", "notes": b"x"}
    for name, body in others.items():
        (own / name).write_bytes(body)
    worker(own)
    assert {file.name: file.read_bytes() for file in own.iterdir()} == others


@pytest.mark.parametrize("name", ["worker.json", f"{SHARD_ID}.json"])
@pytest.mark.parametrize("body", [b"{}", b"[1]", b"not json", b'{"started": "today"}', b'{"shard_id": 1}'])
def test_a_file_with_a_workers_name_and_other_content_is_refused_and_left(
    tmp_path: Path, name: str, body: bytes
) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(SetupError, match="is not one: move it away"):
        clear(tmp_path)
    assert (tmp_path / name).read_bytes() == body


def test_links_are_neither_followed_nor_removed(own: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious.json"
    target.write_bytes(orjson.dumps({"started": 1.0}))
    link = own / "worker.json"
    link.unlink()
    link.symlink_to(target)
    assert str(link) in said(worker(own))
    assert target.exists()
    assert link.is_symlink()
    assert read_health(own, 2.0, 240.0) == Health(Status.ABSENT)
    (own / "worker.new").symlink_to(target)
    with pytest.raises(Exception, match="cannot be written"):
        health_folder.replace(own / "worker.json", b"{}")
    assert orjson.loads(target.read_bytes()) == {"started": 1.0}


def test_a_folder_that_is_a_link_is_refused_by_worker_and_health_check(own: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(own)
    before = {file.name for file in own.iterdir()}
    assert f"{link} is a symbolic link" in said(worker(link))
    done = run("stream-worker", "health", environment=environment(link))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{link} is a symbolic link" in done.stderr
    assert "METRICS_HEALTH_FOLDER" in done.stderr
    assert {file.name for file in own.iterdir()} == before


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_folder_that_others_can_write_to_is_refused(own: Path, mode: int) -> None:
    own.chmod(mode)
    assert f"others can write to {own}" in said(worker(own))
    assert (own / "worker.json").exists()


def of_another_user(own: Path) -> tuple[Path, int]:
    """Return a folder of another user, and the user: root can give one away, everybody else has root's."""
    if os.geteuid() != 0:
        return Path("/"), 0
    os.chown(own, 12345, 12345)
    return own, 12345


def test_a_folder_of_another_user_is_refused(own: Path) -> None:
    folder, user = of_another_user(own)
    assert f"{folder} belongs to user {user}" in said(worker(folder))
    done = run("stream-worker", "health", environment=environment(folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert (own / "worker.json").exists()


def test_a_path_that_is_not_a_folder_or_cannot_become_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for folder in (file, file / "below"):
        detail = said(worker(folder))
        assert str(folder) in detail
        assert "METRICS_HEALTH_FOLDER" in detail


def test_the_folder_is_its_users_alone(tmp_path: Path) -> None:
    announce(tmp_path / "a" / "b", 1.0)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_without_a_setting_each_user_has_a_folder_in_the_temporary_one(tmp_path: Path) -> None:
    name = f"metrics-worker-{os.geteuid()}"
    assert health_folder.default({}) == Path("/tmp") / name  # noqa: S108 - the default itself
    assert health_folder.default({"TMPDIR": str(tmp_path)}) == tmp_path / name
    without = environment(tmp_path) | {"TMPDIR": str(tmp_path)}
    del without["METRICS_HEALTH_FOLDER"]
    announce(tmp_path / name, 4_102_444_800.0)
    done = run("stream-worker", "health", environment=without)
    assert json.loads(done.stdout)["status"] == "starting"
