"""`metrics-local`, as used right after the project was cloned."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import orjson
import pytest

from infra.local.endpoint import CREDENTIAL, REGION
from infra.local.ports import reserve
from infra.local.process import Process, answers
from infra.local.system import RESOURCES, clean_environment
from stream_worker.lake.s3_store import S3Lake
from tests.infra.local.test_process import wait_gone
from tests.support import truth
from tests.support.e2e.installation import SECONDS, run, script
from tests.support.local.shards import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = {"AWS_ACCESS_KEY_ID": CREDENTIAL, "AWS_SECRET_ACCESS_KEY": CREDENTIAL, "AWS_REGION": REGION}
BODY = orjson.dumps(
    {
        "version": "0.0.1",
        "stack_id": "3d9c49ce-8367-43ec-8884-568c8d43faec",
        "metrics": {
            "tokenizeSuccess": 4,
            "tokenizeFailure": 0,
            "detokenizeSuccess": 2,
            "detokenizeFailure": 0,
            "createGrantSuccess": 2,
            "createGrantFailure": 0,
        },
    }
)

DRAIN = ("stream-worker", "run", "--engine", "poll", "--drain")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """Give an environment without AWS; temporary folders are the test's."""
    (tmp_path / "home").mkdir()
    return clean_environment() | {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}


def session(environment: dict[str, str]) -> boto3.Session:
    return boto3.Session(CREDENTIAL, CREDENTIAL, region_name=environment["AWS_REGION"])


def descendants(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [found for child in map(int, listed) for found in (child, *descendants(child))]


@contextmanager
def up(environment: dict[str, str], log: Path) -> Iterator[tuple[Process, dict[str, str], str]]:
    """Run `metrics-local up`; give it with the exports it prints and the edge's endpoint."""
    with reserve() as port:
        command = [script("metrics-local"), "up", "--port", str(port)]
        with Process("up", command, log=log, environment=environment) as process:
            process.wait_ready(lambda: "with Ctrl-C" in process.tail(), SECONDS)
            told = log.read_text(encoding="utf-8")
            exports = dict(re.findall(r"^export (\w+)=(\S+)$", told, re.MULTILINE))
            endpoint = re.findall(r"^edge +(\S+)$", told, re.MULTILINE)[0]
            assert endpoint.endswith(f":{port}")
            yield process, exports, endpoint


def test_up_takes_a_report_and_its_exports_lead_there(bare: dict[str, str], tmp_path: Path) -> None:
    with up(bare, tmp_path / "up.log") as (_, exports, endpoint):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{endpoint}/v1/metrics", BODY, headers)  # noqa: S310 - of ours
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the same
            assert answer.status == 202
            shard_id, _, number = orjson.loads(answer.read())["record_id"].partition(":")
        assert run(*DRAIN, environment=bare | exports).returncode == 0
        found = truth.read(
            S3Lake(
                session(exports).client("s3", endpoint_url=exports["AWS_ENDPOINT_URL"]),
                exports["METRICS_BUCKET"],
            )
        )
        assert found.positions == [(shard_id, int(number))]
        assert found.outcomes == {"accepted": 1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_ends_with_status_0_and_leaves_no_process(
    bare: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with up(bare, tmp_path / "up.log") as (process, _, endpoint):
        children = descendants(process.pid)
        assert len(children) >= 3  # cloud, worker, edge
        process.send(number)
        assert process.wait(SECONDS) == 0
        for child in children:
            wait_gone(child)
        assert not answers(f"{endpoint}/healthz")
    assert "Traceback" not in process.tail()


def test_init_refuses_to_touch_aws_itself(bare: dict[str, str]) -> None:
    ended = run("metrics-local", "init", environment=bare | KEYS)
    assert ended.returncode == 1
    assert "AWS_ENDPOINT_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_cloud_and_init_make_an_installation_for_scripts(bare: dict[str, str], tmp_path: Path) -> None:
    with reserve() as port:
        url = f"http://127.0.0.1:{port}"
        command = [script("metrics-local"), "cloud", "--port", str(port)]
        with Process("cloud", command, log=tmp_path / "cloud.log", environment=bare) as process:
            process.wait_ready(lambda: answers(url))
            environment = bare | KEYS | {"AWS_ENDPOINT_URL": url, "METRICS_STREAM": "ours"}
            for _ in range(2):  # the second time all is there
                ended = run("metrics-local", "init", "--shards", "3", environment=environment)
                assert ended.returncode == 0, ended.stderr
            kinesis = session(environment).client("kinesis", endpoint_url=url)
            assert len(Reader(kinesis, "ours").shard_ids()) == 3
            named = {"METRICS_BUCKET": RESOURCES.bucket}
            assert (
                run(
                    "stream-worker", "run", "--engine", "poll", "--drain", environment=environment | named
                ).returncode
                == 0
            )
            process.send(signal.SIGINT)
            assert process.wait(SECONDS) == 0


def test_a_second_up_on_the_same_port_is_refused_before_it_says_anything(
    bare: dict[str, str], tmp_path: Path
) -> None:
    with up(bare, tmp_path / "up.log") as (_, _, endpoint):
        ended = run("metrics-local", "up", "--port", endpoint.rpartition(":")[2], environment=bare)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "--port" in ended.stderr


NOWHERE = "http://127.0.0.1:1"
ELSEWHERE = {
    **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "all_proxy"), NOWHERE),
    **{f"AWS_ENDPOINT_URL{service}": NOWHERE for service in ("", "_S3", "_KINESIS", "_GLUE", "_DYNAMODB")},
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_PROFILE": "production",
    "AWS_REGION": "eu-central-1",
    "AWS_SESSION_TOKEN": "a-real-one",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "METRICS_STREAM": "production",
}
"""What a caller may have set for AWS itself; none of it may lead a local system there."""

CONFIG = """
[default]
ignore_configured_endpoint_urls = true
use_dualstack_endpoint = true
[profile production]
ignore_configured_endpoint_urls = true
credential_process = /bin/false
"""


@pytest.fixture
def elsewhere(bare: dict[str, str]) -> dict[str, str]:
    """Give an environment whose AWS and proxies lead everywhere but here."""
    folder = Path(bare["HOME"]) / ".aws"
    folder.mkdir()
    (folder / "config").write_text(CONFIG, encoding="utf-8")
    files = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"}
    return {name: value for name, value in bare.items() if name not in files} | ELSEWHERE


def test_neither_profiles_nor_endpoints_nor_proxies_of_the_caller_lead_away(
    elsewhere: dict[str, str], tmp_path: Path
) -> None:
    with up(elsewhere, tmp_path / "up.log") as (_, _, endpoint):
        assert answers(f"{endpoint}/readyz")
        printed = (tmp_path / "up.log").read_text(encoding="utf-8")
        lines = [line for line in printed.splitlines() if line.startswith(("export ", "unset "))]
        command = f"{script(DRAIN[0])} {' '.join(DRAIN[1:])} && {script('metrics-local')} init"
        shell = subprocess.run(
            ["/bin/sh", "-c", "\n".join([*lines, command])],
            env=elsewhere,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert shell.returncode == 0, shell.stderr
    assert "are there" in shell.stdout


@pytest.mark.parametrize("command", ["init", "fill"])
@pytest.mark.parametrize("how", ["variable", "file"])
def test_what_uses_the_callers_endpoint_refuses_where_boto3_ignores_it(
    elsewhere: dict[str, str], command: str, how: str
) -> None:
    told = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} if how == "file" else set()
    left = {"AWS_PROFILE", "AWS_USE_FIPS_ENDPOINT", "METRICS_STREAM"} | told
    environment = {name: value for name, value in elsewhere.items() if name not in left} | KEYS
    ended = run("metrics-local", command, environment=environment)
    assert ended.returncode == 1
    assert "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false" in ended.stderr
    assert "Traceback" not in ended.stderr
