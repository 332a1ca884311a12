from __future__ import annotations

import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.environment import read
from stream_worker.engines.kcl import jars
from stream_worker.engines.kcl.properties import OURS, properties, text
from stream_worker.process.errors import SetupError
from stream_worker.process.settings import WorkerSettings
from tests.support.worker.java_format import read_properties, strings

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS = {
    "AwsCredentialsProvider": "DefaultCredentialsProvider",
    "applicationName": "metrics-worker",
    "callProcessRecordsEvenForEmptyRecordList": "true",
    "clientVersionConfig": "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X",
    "executableName": "sh child.sh",
    "failoverTimeMillis": "3000",
    "idleTimeBetweenReadsInMillis": "500",
    "initialPositionInStream": "TRIM_HORIZON",
    "maxRecords": "10000",
    "metricsLevel": "NONE",
    "parentShardPollIntervalMillis": "1000",
    "processingLanguage": "python",
    "retrievalMode": "POLLING",
    "shardSyncIntervalMillis": "100",
    "shutdownGraceMillis": "25000",
    "streamName": "metrics",
    "workerId": "w0",
}
NOTHING: Mapping[str, str] = MappingProxyType({})


def made(environ: Mapping[str, str] = NOTHING, **variables: str) -> dict[str, str]:
    """Return the properties under these METRICS_* variables."""
    metrics = {f"METRICS_{name.upper()}": value for name, value in variables.items()}
    settings = read(WorkerSettings, {"METRICS_BUCKET": "lake"} | metrics)
    return properties(settings, "w0", "sh child.sh", environ)


def test_defaults_by_value() -> None:
    assert made() == DEFAULTS


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("stream", "s1", "streamName", "s1"),
        ("application", "app", "applicationName", "app"),
        ("kcl_retrieval", "fanout", "retrievalMode", "FANOUT"),
        ("kcl_initial_position", "LATEST", "initialPositionInStream", "LATEST"),
        ("kcl_failover_seconds", "2.5", "failoverTimeMillis", "2500"),
        ("kcl_max_leases", "3", "maxLeasesForWorker", "3"),
        ("kcl_metrics", "summary", "metricsLevel", "SUMMARY"),
        ("kcl_metrics", "detailed", "metricsLevel", "DETAILED"),
        ("kcl_properties", "maxRecords=500", "maxRecords", "500"),
        ("kcl_properties", "taskBackoffTimeMillis=100", "taskBackoffTimeMillis", "100"),
    ],
)
def test_each_setting_is_one_property(variable: str, value: str, name: str, expected: str) -> None:
    assert made({}, **{variable: value}) == DEFAULTS | {name: expected}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_REGION": "eu-west-1"}, {"regionName": "eu-west-1"}),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, {"regionName": "eu-west-1"}),
        ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, {"regionName": "a"}),
        ({"AWS_ENDPOINT_URL": "http://x"}, {"kinesisEndpoint": "http://x", "dynamoDBEndpoint": "http://x"}),
        ({"AWS_ENDPOINT_URL_KINESIS": "http://k"}, {"kinesisEndpoint": "http://k"}),
        (
            {"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_DYNAMODB": "http://d"},
            {"kinesisEndpoint": "http://x", "dynamoDBEndpoint": "http://d"},
        ),
    ],
)
def test_places_are_those_that_boto3_takes(environ: dict[str, str], expected: dict[str, str]) -> None:
    assert made(environ) == DEFAULTS | expected


@pytest.mark.parametrize("name", OURS)
def test_a_property_of_the_workers_own_is_refused_with_what_to_do_instead(name: str) -> None:
    with pytest.raises(
        SetupError, match=rf"METRICS_KCL_PROPERTIES cannot set {name} \({name}: (set|leave it out)"
    ):
        made(kcl_properties=f"{name}=x")


def test_all_that_are_refused_are_named_at_once() -> None:
    with pytest.raises(SetupError, match="cannot set streamName, workerId "):
        made(kcl_properties="workerId=x;maxRecords=1;streamName=y")


def known_to_the_library() -> set[str]:
    """Return the names and texts in the classes that take properties, in the jars that run."""
    multilang = next(jars.folder().glob("amazon-kinesis-client-multilang-*.jar"))
    with zipfile.ZipFile(multilang) as jar:
        return {
            found
            for name in ("MultiLangDaemonConfig", "config/MultiLangDaemonConfiguration")
            for found in strings(jar.read(f"software/amazon/kinesis/multilang/{name}.class"))
        }


def test_the_library_knows_each_property_that_is_set_or_refused() -> None:
    known = known_to_the_library()
    names = DEFAULTS.keys() | OURS.keys() | {"regionName", "kinesisEndpoint", "dynamoDBEndpoint"}
    setters = {name: f"set{name[0].upper()}{name[1:]}" for name in names}
    # These two are asked for by name, by the class that starts the children.
    assert {name for name, setter in setters.items() if setter not in known} == {
        "executableName",
        "processingLanguage",
    }
    assert {"executableName", "processingLanguage"} <= known


def test_the_library_knows_no_other_name_for_what_is_refused() -> None:
    suspicious = ("ApplicationName", "InitialPosition", "Stream", "TableName", "Worker")
    setters = {found for found in known_to_the_library() if found.startswith("set")}
    others = {name for name in setters for part in suspicious if name.removeprefix("set").startswith(part)}
    refused = {f"set{name[0].upper()}{name[1:]}" for name in OURS}
    assert {name for name in others - refused if not name.startswith("setWorkerMetrics")} == set()


def test_the_file_is_sorted_with_one_property_a_line() -> None:
    assert text({"b": "2", "a": "x y", "c": ""}) == "a = x y\nb = 2\nc = \n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("C:\\dir", "C:\\u005cdir"),
        (" leading", "\\u0020leading"),
        ("trailing ", "trailing "),
        ("a # ! : = b", "a # ! : = b"),
        ("é", "\\u00e9"),
        ("😀", "\\ud83d\\ude00"),
        ("a\nb = c", "a\\u000ab = c"),
    ],
)
def test_a_value_is_written_so_that_java_reads_it_back(value: str, written: str) -> None:
    assert text({"name": value}) == f"name = {written}\n"


def test_a_name_cannot_pass_for_another() -> None:
    assert text({"workerId x": "1"}) == "workerId\\u0020x = 1\n"


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_whatever_is_written_is_read_back(given: dict[str, str]) -> None:
    assert read_properties(text(given)) == given
