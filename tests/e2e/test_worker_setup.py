"""What an operator sees when the worker's setup is wrong: a status, and what to do about it."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha1
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from infra.local.ports import LOOPBACK, reserve
from infra.local.system import clean_environment, start_worker
from tests.support.e2e.installation import count, run
from tests.support.worker.s3_stub import S3Stub
from tests.support.worker.samples import body

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Cloud
    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer

DRAIN = ("stream-worker", "run", "--engine", "poll", "--drain")


@pytest.fixture
def bare(cloud: Cloud, tmp_path: Path) -> dict[str, str]:
    """Give an environment that reaches the cloud and has no setting of ours; the home has no AWS profile."""
    return clean_environment() | cloud.endpoint.environment | {"HOME": str(tmp_path)}


def refused(environment: dict[str, str]) -> str:
    """Start a worker that must end with status 2; return what it says."""
    ended = run("stream-worker", "run", environment=environment)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def failed(environment: dict[str, str], event: str = "worker.failed") -> dict[str, Any]:
    """Start a worker that must end with status 1; return the one line that is not about its start."""
    ended = run(*DRAIN, environment=environment)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == ""
    lines = [orjson.loads(line) for line in ended.stderr.splitlines()]
    told = [line for line in lines if line["level"] != "info"]
    assert [line["event"] for line in told] == [event]
    assert "Traceback" not in ended.stderr
    detail: dict[str, Any] = told[0]
    return detail


def test_without_a_bucket_it_names_the_variable(bare: dict[str, str]) -> None:
    assert "METRICS_BUCKET" in refused(bare)


def test_a_misspelt_variable_is_refused_with_the_nearest_name(bare: dict[str, str]) -> None:
    told = refused(bare | {"METRICS_BUCKET": "bucket", "METRICS_FLUSH_SECOND": "3"})
    assert "METRICS_FLUSH_SECOND:" in told
    assert "METRICS_FLUSH_SECONDS?" in told


def test_a_wrong_value_is_refused_by_name_and_not_repeated(bare: dict[str, str]) -> None:
    told = refused(bare | {"METRICS_BUCKET": "bucket", "METRICS_FLUSH_RECORDS": "many8s3"})
    assert "METRICS_FLUSH_RECORDS" in told
    assert "many8s3" not in told


def test_a_missing_stream_is_told_with_its_name_and_variable(installation: Installation) -> None:
    told = failed(installation.environment(stream="nowhere"))
    assert told["error"] == "SetupError"
    assert "nowhere" in told["detail"]
    assert "METRICS_STREAM" in told["detail"]


def test_a_missing_bucket_is_told_with_its_name_and_variable(installation: Installation) -> None:
    told = failed(installation.environment(bucket="nowhere"))
    assert told["error"] == "SetupError"
    assert "nowhere" in told["detail"]
    assert "METRICS_BUCKET" in told["detail"]


def test_no_region_is_told(bare: dict[str, str]) -> None:
    environment = bare | {"METRICS_BUCKET": "bucket"}
    del environment["AWS_REGION"], environment["AWS_DEFAULT_REGION"]
    assert "region" in failed(environment)["detail"]


@contextmanager
def gone(service: str) -> Iterator[dict[str, str]]:
    """Give the variable that sends a service's clients where nobody listens."""
    with reserve() as port:
        yield {f"AWS_ENDPOINT_URL_{service}": f"http://{LOOPBACK}:{port}"}


def test_a_kinesis_that_is_gone_ends_the_worker(installation: Installation) -> None:
    with gone("KINESIS") as elsewhere:
        told = failed(installation.environment() | elsewhere)
    assert told["error"] == "OutageError"
    assert told["detail"].startswith("stream")
    assert "check that it can be reached" in told["detail"]


def test_a_lake_that_is_gone_is_waited_for_until_somebody_asks_to_stop(installation: Installation) -> None:
    with gone("S3") as elsewhere:
        environment = installation.environment() | elsewhere
        log = installation.logs / "worker.log"
        with start_worker(installation.cloud, log, environment, engine="poll") as worker:
            worker.wait_ready(lambda: count(worker, "lake.waiting") > 2)
            assert worker.stop() == 1
    told = [orjson.loads(line) for line in log.read_bytes().splitlines()][1:]
    assert {line["event"] for line in told[:-1]} == {"lake.waiting"}
    assert {line["error"] for line in told[:-1]} == {"EndpointConnectionError"}
    assert {line["bucket"] for line in told[:-1]} == {installation.cloud.resources.bucket}
    assert told[-1]["event"] == "worker.failed"
    assert "check that it can be reached" in told[-1]["detail"]


def test_a_catalog_that_is_gone_holds_nothing_up(installation: Installation, producer: Producer) -> None:
    producer.put(100)
    with gone("GLUE") as elsewhere:
        ended = run(*DRAIN, environment=installation.environment(flush_records=10) | elsewhere)
    assert ended.returncode == 0, ended.stderr
    producer.check(installation.cloud.lake)
    told = [line for line in map(orjson.loads, ended.stderr.splitlines()) if line["level"] != "info"]
    assert [line["event"] for line in told] == ["catalog.failed"]
    assert "check that it can be reached" in told[0]["detail"]


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        ("403 RequestTimeTooSkewed", "set this machine's clock"),
        ("400 ExpiredToken", "`aws sso login`"),
        ("400 KMS.DisabledException", "enable the KMS key"),
    ],
)
def test_a_lake_that_refuses_is_not_waited_for(installation: Installation, refusal: str, remedy: str) -> None:
    stub = S3Stub([refusal] * 100)
    with stub.serve() as url:
        told = failed(installation.environment() | {"AWS_ENDPOINT_URL_S3": url})
    assert told["error"] == "SetupError"
    assert remedy in told["detail"]
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("seal", "--all"),
        ("replay", "--from", "2026-11-22", "--to", "2026-11-22", "--source", "lake"),
        ("audit", "--day", "2026-11-22"),
        ("rollback", "--day", "2026-11-22"),
        ("generations", "--day", "2026-11-22"),
        ("expire",),
    ],
    ids=lambda command: command[0],
)
def test_a_command_on_days_does_not_wait_for_a_lake_that_refuses(
    installation: Installation, command: tuple[str, ...]
) -> None:
    stub = S3Stub(["403 RequestTimeTooSkewed"] * 100)
    with stub.serve() as url:
        ended = run(
            "stream-worker", *command, environment=installation.environment() | {"AWS_ENDPOINT_URL_S3": url}
        )
    assert ended.returncode == 1, ended.stderr
    last = orjson.loads(ended.stderr.splitlines()[-1])
    assert (last["event"], last["error"]) == ("worker.failed", "SetupError")
    assert "RequestTimeTooSkewed; set this machine's clock" in last["detail"]
    assert len(stub.requests) == 1


def test_a_missing_file_of_certificates_is_told_with_the_variable(
    installation: Installation, tmp_path: Path
) -> None:
    with S3Stub().serve() as url:
        elsewhere = {
            "AWS_ENDPOINT_URL_S3": url.replace("http:", "https:"),
            "AWS_CA_BUNDLE": str(tmp_path / "none.pem"),
        }
        told = failed(installation.environment() | elsewhere)
    assert told["error"] == "SetupError"
    assert "SSLError; check AWS_CA_BUNDLE" in told["detail"]


def without_keys(environment: dict[str, str], home: Path) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if not name.startswith("AWS_ACCESS_KEY")}
    del kept["AWS_SECRET_ACCESS_KEY"]
    return kept | {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}


def test_an_expired_login_is_told_with_the_command_that_renews_it(
    installation: Installation, tmp_path: Path
) -> None:
    start = "https://login.invalid/start"
    told_to = f"sso_start_url={start}\nsso_region=eu-west-1\nsso_account_id=1\nsso_role_name=reader\n"
    (tmp_path / ".aws/sso/cache").mkdir(parents=True)
    (tmp_path / ".aws/config").write_text(f"[profile people]\n{told_to}", encoding="utf-8")
    token = {"startUrl": start, "accessToken": "SECRET", "expiresAt": "2020-01-01T00:00:00Z"}
    cached = tmp_path / ".aws/sso/cache" / f"{sha1(start.encode(), usedforsecurity=False).hexdigest()}.json"
    cached.write_bytes(orjson.dumps(token))
    environment = without_keys(installation.environment(), tmp_path) | {
        "AWS_CONFIG_FILE": str(tmp_path / ".aws/config"),
        "AWS_PROFILE": "people",
    }
    told = failed(environment)
    assert told["error"] == "SetupError"
    assert "UnauthorizedSSOTokenError; get new credentials (`aws sso login`" in told["detail"]


def test_no_credentials_are_a_matter_of_setup(installation: Installation, tmp_path: Path) -> None:
    told = failed(without_keys(installation.environment(), tmp_path))
    assert told["error"] == "SetupError"
    assert "NoCredentialsError; check the task's role" in told["detail"]


def test_an_agent_of_credentials_that_is_out_is_an_outage(installation: Installation, tmp_path: Path) -> None:
    with reserve() as port:
        agent = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{LOOPBACK}:{port}/"}
        told = failed(without_keys(installation.environment(), tmp_path) | agent)
    assert told["error"] == "OutageError"
    assert "CredentialRetrievalError; check that it can be reached" in told["detail"]


def test_an_endpoint_that_is_no_url_is_told_with_what_to_set(installation: Installation) -> None:
    told = failed(installation.environment() | {"AWS_ENDPOINT_URL": "localhost:4566"})
    assert told["error"] == "SetupError"
    assert "AWS_ENDPOINT_URL" in told["detail"]


def test_a_profile_that_is_not_there_is_told(installation: Installation) -> None:
    told = failed(installation.environment() | {"AWS_PROFILE": "nobody"})
    assert told["error"] == "SetupError"
    assert "no profile nobody: set AWS_PROFILE" in told["detail"]


def test_a_bucket_name_that_s3_does_not_allow_is_a_matter_of_setup(installation: Installation) -> None:
    told = failed(installation.environment(bucket="my bucket"))
    assert told["error"] == "SetupError"
    assert "METRICS_BUCKET" in told["detail"]


def test_a_segment_with_other_bytes_is_one_line_that_names_it_and_without_what_it_holds(
    installation: Installation,
) -> None:
    kinesis, lake = installation.cloud.kinesis, installation.cloud.lake
    stream = installation.cloud.resources.stream
    put = kinesis.put_record(StreamName=stream, Data=body(1), PartitionKey="k")
    installation.drain()
    (key,) = lake.keys("reports/live/")
    kept = dict(lake.metadata(key))
    installation.cloud.s3.put_object(
        Bucket=installation.cloud.resources.bucket, Key=key, Body=b"SECRET, no Parquet", Metadata=kept
    )
    kinesis.put_record(StreamName=stream, Data=body(1), PartitionKey="k")
    told = failed(installation.environment())
    assert put["ShardId"] in key
    assert key in str(told)
    assert "SECRET" not in str(told)
