import pytest

from ingest_api.settings import EdgeSettings
from schemas.environment import NAMES, PREFIX, SettingsError, read
from stream_worker.process.settings import WorkerSettings

BUCKET = {"METRICS_BUCKET": "lake"}


def test_defaults_are_those_of_the_contract() -> None:
    worker = read(WorkerSettings, BUCKET)
    assert (worker.stream, worker.flush_records, worker.flush_bytes, worker.flush_seconds) == (
        "metrics",
        50_000,
        33_554_432,
        60,
    )
    edge = read(EdgeSettings, {})
    assert (edge.stream, str(edge.host), edge.port, edge.publish_seconds) == ("metrics", "127.0.0.1", 8080, 5)


def test_a_misspelt_variable_is_an_error_with_the_nearest_right_name() -> None:
    with pytest.raises(
        SettingsError, match="METRICS_FLUSH_RECRDS: no such setting, did you mean METRICS_FLUSH_RECORDS"
    ):
        read(WorkerSettings, BUCKET | {"METRICS_FLUSH_RECRDS": "1"})


def test_an_unknown_variable_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"METRICS_ZZZ: no such setting; known: .*METRICS_STREAM"):
        read(WorkerSettings, BUCKET | {"METRICS_ZZZ": "1"})


def test_one_environment_serves_edge_and_worker() -> None:
    both = BUCKET | {"METRICS_PORT": "9000", "METRICS_FLUSH_SECONDS": "1", "AWS_REGION": "eu-west-1"}
    assert read(WorkerSettings, both).flush_seconds == 1
    assert read(EdgeSettings, both).port == 9000


def test_all_that_is_wrong_is_told_at_once_without_the_values() -> None:
    with pytest.raises(SettingsError) as caught:
        read(WorkerSettings, {"METRICS_FLUSH_RECORDS": "SECRET", "METRICS_FLUSH_BYTES": "0"})
    for name in ("METRICS_BUCKET", "METRICS_FLUSH_RECORDS", "METRICS_FLUSH_BYTES"):
        assert name in str(caught.value)
    assert "SECRET" not in str(caught.value)


LINKS = {
    "METRICS_SERVICE_HOST": "10.0.0.1",
    "METRICS_SERVICE_PORT": "8080",
    "METRICS_SERVICE_PORT_HTTP": "8080",
    "METRICS_PORT": "tcp://10.0.0.1:8080",
    "METRICS_PORT_8080_TCP": "tcp://10.0.0.1:8080",
    "METRICS_PORT_8080_TCP_PROTO": "tcp",
    "METRICS_PORT_8080_TCP_PORT": "8080",
    "METRICS_PORT_8080_TCP_ADDR": "10.0.0.1",
}
"""What Kubernetes puts into each container beside a Service `metrics`."""

OTHER_LINKS = {f"METRICS_WORKER_{name.removeprefix('METRICS_')}": value for name, value in LINKS.items()}


def test_a_port_that_kubernetes_has_set_is_refused_with_the_cause_and_the_cure_alone() -> None:
    with pytest.raises(SettingsError) as caught:
        read(EdgeSettings, LINKS)
    said = str(caught.value)
    assert said.startswith("METRICS_PORT: Kubernetes has set it, for the Service 'metrics'.")
    assert "enableServiceLinks: false" in said
    assert "10.0.0.1" not in said
    assert len(said) < 200


def test_links_that_take_no_settings_place_are_left_out() -> None:
    assert read(EdgeSettings, OTHER_LINKS | LINKS | {"METRICS_PORT": "9000"}).port == 9000
    assert read(WorkerSettings, BUCKET | OTHER_LINKS | LINKS).stream == "metrics"


def test_a_misspelt_port_is_no_link() -> None:
    with pytest.raises(SettingsError, match="METRICS_WORKER_PORT: no such setting"):
        read(EdgeSettings, {"METRICS_WORKER_PORT": "8080"})


def test_however_much_is_wrong_the_error_is_short_and_begins_with_what_matters() -> None:
    strange = {f"METRICS_Z{number}_{'z' * 1000}\x1b[31m": "" for number in range(1000)}
    with pytest.raises(SettingsError) as caught:
        read(EdgeSettings, LINKS | strange | {"METRICS_STREM": "metrics"})
    said = str(caught.value)
    assert said.startswith("METRICS_PORT: Kubernetes")
    assert "METRICS_STREM: no such setting, did you mean METRICS_STREAM?" in said
    assert said.endswith("; and 996 more")
    assert said.isprintable()
    assert len(said) < 1500


def test_the_bucket_is_required() -> None:
    with pytest.raises(SettingsError, match="METRICS_BUCKET"):
        read(WorkerSettings, {})


def test_every_field_is_a_known_variable() -> None:
    fields = {
        PREFIX + name.upper() for settings in (EdgeSettings, WorkerSettings) for name in settings.model_fields
    }
    assert fields <= NAMES
