from __future__ import annotations

import re

import pytest

from schemas.environment import SettingsError, read
from stream_worker.engines.kcl.worker_id import worker_id
from stream_worker.process.settings import InitialPosition, KclMetrics, Retrieval, WorkerSettings

TASK = "0123456789abcdef0123456789abcdef"
ECS = {"ECS_CONTAINER_METADATA_URI_V4": f"http://169.254.170.2/v4/{TASK}-3935363592"}


def made(**variables: str) -> WorkerSettings:
    environ = {f"METRICS_{name.upper()}": value for name, value in variables.items()}
    return read(WorkerSettings, {"METRICS_BUCKET": "lake"} | environ)


def test_defaults_of_the_kcl_engine() -> None:
    found = made()
    assert found.application == "metrics-worker"
    assert found.kcl_retrieval is Retrieval.POLLING
    assert found.kcl_initial_position is InitialPosition.TRIM_HORIZON
    assert found.kcl_failover_seconds == 3
    assert found.kcl_max_leases is None
    assert found.kcl_worker_id is None
    assert found.kcl_metrics is KclMetrics.OFF
    assert found.kcl_properties == {}


def test_each_is_read_from_its_variable() -> None:
    found = made(
        application="my.App_1-x",
        kcl_retrieval="fanout",
        kcl_initial_position="LATEST",
        kcl_failover_seconds="10.5",
        kcl_max_leases="2",
        kcl_worker_id="w0",
        kcl_metrics="detailed",
    )
    assert found.application == "my.App_1-x"
    assert found.kcl_retrieval is Retrieval.FANOUT
    assert found.kcl_initial_position is InitialPosition.LATEST
    assert found.kcl_failover_seconds == 10.5
    assert found.kcl_max_leases == 2
    assert found.kcl_worker_id == "w0"
    assert found.kcl_metrics is KclMetrics.DETAILED


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("application", "ab"),
        ("application", "with space"),
        ("application", "a/b/c"),
        ("kcl_retrieval", "POLLING"),
        ("kcl_retrieval", ""),
        ("kcl_initial_position", "AT_TIMESTAMP"),
        ("kcl_failover_seconds", "0.9"),
        ("kcl_failover_seconds", "301"),
        ("kcl_failover_seconds", "nan"),
        ("kcl_max_leases", "0"),
        ("kcl_max_leases", "1.5"),
        ("kcl_worker_id", ""),
        ("kcl_worker_id", "x" * 201),
        ("kcl_metrics", "NONE"),
        ("kcl_properties", "no sign"),
        ("kcl_properties", "=value"),
        ("kcl_properties", "a=1;b"),
        ("kcl_properties", " = x"),
    ],
)
def test_a_bad_value_is_an_error_that_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^METRICS_{variable.upper()}: [^;]+$"):
        made(**{variable: value})


def test_a_bad_value_is_not_told() -> None:
    variables = ("application", *(name for name in WorkerSettings.model_fields if name.startswith("kcl_")))
    with pytest.raises(SettingsError) as caught:
        made(**dict.fromkeys(variables, "SECRET " * 50))
    assert "SECRET" not in str(caught.value)
    assert sum(f"METRICS_{name.upper()}: " in str(caught.value) for name in variables) >= 5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", {}),
        (" ; ;", {}),
        ("a=1", {"a": "1"}),
        (" a = 1 ; b=x=y;", {"a": "1", "b": "x=y"}),
        ("a=", {"a": ""}),
        ("a=1;a=2", {"a": "2"}),
        ("a=x|y:z, w", {"a": "x|y:z, w"}),
    ],
)
def test_properties_are_pairs_with_semicolons_in_between(given: str, expected: dict[str, str]) -> None:
    assert made(kcl_properties=given).kcl_properties == expected


def test_a_configured_worker_id_comes_first() -> None:
    assert worker_id("w0", ECS) == "w0"


def test_a_task_of_ecs_is_known_by_its_own_id() -> None:
    assert worker_id(None, ECS) == TASK


@pytest.mark.parametrize("url", ["", "http://169.254.170.2/v3/abc", "http://169.254.170.2/v4/short-1"])
def test_elsewhere_it_is_another_one_each_time(url: str) -> None:
    environ = {"ECS_CONTAINER_METADATA_URI_V4": url, "HOSTNAME": "ip-10-0-0-1"}
    first, second = worker_id(None, environ), worker_id(None, environ)
    assert first != second
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in (first, second))
