"""The daemon's properties, from the worker's settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stream_worker.process.errors import SetupError
from stream_worker.process.settings import KclMetrics, Retrieval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stream_worker.process.settings import WorkerSettings

SHUTDOWN_SECONDS: Final = 25
"""How long the daemon gives its children to commit what they have read, when it is asked to stop."""

OURS: Final = {
    "applicationName": "set METRICS_APPLICATION",
    "callProcessRecordsEvenForEmptyRecordList": "leave it out, the worker needs it to commit a quiet shard",
    "coordinatorStateTableName": "set METRICS_APPLICATION",
    "executableName": "leave it out, it is this worker",
    "failoverTimeMillis": "set METRICS_KCL_FAILOVER_SECONDS",
    "initialPositionInStream": "set METRICS_KCL_INITIAL_POSITION",
    "initialPositionInStreamExtended": "set METRICS_KCL_INITIAL_POSITION",
    "maxLeasesForWorker": "set METRICS_KCL_MAX_LEASES",
    "metricsLevel": "set METRICS_KCL_METRICS",
    "retrievalMode": "set METRICS_KCL_RETRIEVAL",
    "shutdownGraceMillis": "leave it out, the worker's own stop relies on it",
    "streamArn": "set METRICS_STREAM",
    "streamName": "set METRICS_STREAM",
    "tableName": "set METRICS_APPLICATION",
    "workerId": "set METRICS_KCL_WORKER_ID",
    "workerIdentifier": "set METRICS_KCL_WORKER_ID",
}
"""Properties that METRICS_KCL_PROPERTIES cannot set, and what to do instead."""

_NOT_IN_A_NAME: Final = re.compile(r"[^!-~]|[\\=:#!]")
_NOT_IN_A_VALUE: Final = re.compile(r"^ |[^ -~]|\\")
"""What java.util.Properties would not read back unchanged. A space is lost only at the beginning."""

_METRICS: Final = {KclMetrics.OFF: "NONE", KclMetrics.SUMMARY: "SUMMARY", KclMetrics.DETAILED: "DETAILED"}
_RETRIEVAL: Final = {Retrieval.POLLING: "POLLING", Retrieval.FANOUT: "FANOUT"}


def properties(
    settings: WorkerSettings, worker_id: str, executable: str, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the properties of the daemon, by name. `executable` has spaces only between its words.

    Raises `SetupError` when METRICS_KCL_PROPERTIES sets one that is the worker's own.
    """
    refused = sorted(settings.kcl_properties.keys() & OURS.keys())
    if refused:
        remedies = "; ".join(f"{name}: {OURS[name]}" for name in refused)
        raise SetupError(f"METRICS_KCL_PROPERTIES cannot set {', '.join(refused)} ({remedies})")
    return (
        _contract(settings, worker_id, executable)
        | _intervals()
        | _endpoints(environ)
        | settings.kcl_properties
    )


def text(given: Mapping[str, str]) -> str:
    """Return the properties as a file in Java's format, which is ASCII."""
    return "".join(
        f"{_NOT_IN_A_NAME.sub(_escaped, name)} = {_NOT_IN_A_VALUE.sub(_escaped, value)}\n"
        for name, value in sorted(given.items())
    )


def _contract(settings: WorkerSettings, worker_id: str, executable: str) -> dict[str, str]:
    contract = {
        "applicationName": settings.application,
        "AwsCredentialsProvider": "DefaultCredentialsProvider",
        # A child can commit and checkpoint only during a call.
        "callProcessRecordsEvenForEmptyRecordList": "true",
        "executableName": executable,
        "failoverTimeMillis": str(round(settings.kcl_failover_seconds * 1000)),
        "initialPositionInStream": settings.kcl_initial_position.value,
        "metricsLevel": _METRICS[settings.kcl_metrics],
        "processingLanguage": "python",
        "retrievalMode": _RETRIEVAL[settings.kcl_retrieval],
        "shutdownGraceMillis": str(SHUTDOWN_SECONDS * 1000),
        "streamName": settings.stream,
        "workerId": worker_id,
    }
    if settings.kcl_max_leases is not None:
        contract["maxLeasesForWorker"] = str(settings.kcl_max_leases)
    return contract


def _intervals() -> dict[str, str]:
    return {
        # Leases are taken without a leader: see leases.MODE, which is what decides once the tables are there.
        "clientVersionConfig": "CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X",
        # Two reads a second leave three of Kinesis's five to an audit or a replay at the same time.
        "idleTimeBetweenReadsInMillis": "500",
        "maxRecords": "10000",
        # How soon the children of an ended shard are started.
        "parentShardPollIntervalMillis": "1000",
        # Not how often shards are listed, but a pause after it; the default is a minute.
        "shardSyncIntervalMillis": "100",
    }


def _endpoints(environ: Mapping[str, str]) -> dict[str, str]:
    everything = environ.get("AWS_ENDPOINT_URL", "")
    endpoints = {
        "regionName": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION", ""),
        "kinesisEndpoint": environ.get("AWS_ENDPOINT_URL_KINESIS", everything),
        "dynamoDBEndpoint": environ.get("AWS_ENDPOINT_URL_DYNAMODB", everything),
    }
    return {name: value for name, value in endpoints.items() if value}


def _escaped(found: re.Match[str]) -> str:
    """Return a character as Java writes it in ASCII: the units of its UTF-16."""
    units = found[0].encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    return "".join(f"\\u{unit}" for unit in units)
