"""The bill of this project's deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.cost.bill import Bill, Line, line
from infra.cost.load import GB
from infra.cost.price import DAYS, HOURS
from infra.deployment import measured
from infra.deployment.choices import StreamMode
from stream_worker.process.emf import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cost.load import Load
    from infra.deployment.choices import Deployment

ALARM_METRICS: Final = 18
"""Twelve alarms, of which the four on shares of rejects look at two metrics each, that on errors at three."""

EDGE_METRICS: Final = 1
"""What is counted of the edge's log; the worker's are `stream_worker.process.emf.METRICS`."""

_UNITS: Final = 1024
_ZONES: Final = 2
_LCU_CONNECTIONS: Final = 25
_FREE_RETENTION_HOURS: Final = 24
_LEASE_SCAN_SECONDS: Final = 6
_LEASE_WRITES_A_SECOND: Final = 1
_KMS_CALLS: Final = 2 * 12
"""An hour's, for each shard: who encrypts and who decrypts ask for the key about every five minutes."""
_IMAGES_GB: Final = 1.0


def bill(load: Load, deployment: Deployment) -> Bill:
    """Return what a deployment costs a month under a load."""
    lines = (
        *_stream(load, deployment),
        *_front(load, deployment),
        *_tasks(load, deployment),
        *_leases(deployment),
        *_lake(load, deployment),
        *_watch(load, deployment),
        *athena(load),
    )
    return Bill("this project", lines)


def athena(load: Load) -> Iterator[Line]:
    """Give what analysts scan: 28 sealed days, 10 MB a query at least."""
    scanned = max(10e6, measured.SCANNED_DAYS * load.reports * measured.SEALED_ROW_BYTES)
    yield line("Athena", "scans", "athena", measured.SCANS_A_DAY * DAYS * scanned / 1e12)


def _stream(load: Load, deployment: Deployment) -> Iterator[Line]:
    part, longer = "stream", deployment.retention_hours > _FREE_RETENTION_HOURS
    if deployment.stream_mode is StreamMode.PROVISIONED:
        hours = deployment.shards * HOURS
        yield line(part, "shards", "kinesis_shard", hours)
        if longer:
            yield line(part, "retention", "kinesis_retention", hours)
        yield line(part, "records", "kinesis_put", load.month_millions)
    else:
        rounded, read = load.month_gb(1024), load.month_gb(measured.RECORD_BYTES)
        yield line(part, "stream", "kinesis_on_demand_stream", HOURS)
        yield line(part, "records in", "kinesis_on_demand_in", rounded)
        yield line(part, "records out", "kinesis_on_demand_out", read)
        if longer:
            days = (deployment.retention_hours - _FREE_RETENTION_HOURS) / 24
            yield line(part, "retention", "kinesis_on_demand_retention", read / DAYS * days)
    yield line(part, "its key", "kms_requests", deployment.shards * _KMS_CALLS * HOURS / 1e4)


def _front(load: Load, deployment: Deployment) -> Iterator[Line]:
    """Give what is in front of the edge; without a domain CloudFront has the certificate."""
    part, requests = "front", load.month_millions
    request = measured.REQUEST_BYTES + measured.RESPONSE_BYTES
    yield line(part, "load balancer", "alb", HOURS)
    if deployment.domain_name:
        gb = load.month_gb(request + measured.HANDSHAKE_BYTES)
        lcu = max(load.mean / _LCU_CONNECTIONS * HOURS, gb)
        yield line(part, "its load", "alb_lcu", lcu)
        yield line(part, "its addresses", "public_ipv4", _ZONES * HOURS)
        out = load.month_gb(measured.RESPONSE_BYTES + measured.HANDSHAKE_BYTES)
        yield line(part, "answers", "transfer_out", out)
        yield line(part, "zone", "route53_zone", 1)
    else:
        yield line(part, "its load", "alb_lcu", load.month_gb(request))
        yield line(part, "CloudFront", "cloudfront_requests", requests)
        yield line(part, "its function", "cloudfront_function", requests)
        yield line(
            part, "reports to the origin", "cloudfront_to_origin", load.month_gb(measured.REQUEST_BYTES)
        )
        yield line(part, "answers", "cloudfront_out", load.month_gb(measured.RESPONSE_BYTES))
    yield line("firewall", "web ACL", "waf_acl", 1)
    yield line("firewall", "rules on rate and length", "waf_rule", 2)
    yield line("firewall", "requests", "waf_requests", requests)


def _tasks(load: Load, deployment: Deployment) -> Iterator[Line]:
    arm = deployment.architecture.value
    edge = deployment.edge_tasks * HOURS
    yield from _task("edge", arm, deployment.edge_cpu, deployment.edge_memory, edge)
    worker = deployment.worker_tasks * HOURS
    yield from _task("worker", arm, deployment.worker_cpu, deployment.worker_memory, worker)
    yield from _task("days", arm, deployment.days_cpu, deployment.days_memory, _days_hours(load, deployment))


def _task(part: str, architecture: str, cpu: int, memory: int, hours: float) -> Iterator[Line]:
    yield line(part, "processors", f"fargate_vcpu_{architecture}", cpu / _UNITS * hours)
    yield line(part, "memory", f"fargate_gb_{architecture}", memory / _UNITS * hours)
    yield line(part, "addresses", "public_ipv4", hours)


def _days_hours(load: Load, deployment: Deployment) -> float:
    """Return a month's hours of the daily tasks; an audit is taken to last as a seal does, for each day."""
    cores = deployment.days_cpu / _UNITS * measured.VCPU
    work = (1 + measured.AUDITED_DAYS) * load.seal_seconds * 2 / cores
    return DAYS * (work + 3 * measured.START_SECONDS) / 3600


def _leases(deployment: Deployment) -> Iterator[Line]:
    """Give the library's tables: each lease is renewed every second, and all are looked through every six."""
    seconds = HOURS * 3600
    writes = deployment.shards * _LEASE_WRITES_A_SECOND * seconds
    scans = deployment.worker_tasks * seconds / _LEASE_SCAN_SECONDS * (1 + deployment.shards // 16)
    yield line("leases", "renewals", "dynamodb_write", writes / 1e6)
    yield line("leases", "scans", "dynamodb_read", scans / 1e6)


def _lake(load: Load, deployment: Deployment) -> Iterator[Line]:
    segments, rejects = load.segments(deployment.shards), load.rejects(deployment.shards)
    sealed = load.reports * (1 - measured.REJECT_SHARE) * measured.SEALED_ROW_BYTES
    live = segments * measured.SEGMENT_BYTES + load.reports * measured.SEGMENT_ROW_BYTES
    readings = 1 + measured.AUDITED_DAYS
    yield line("lake", "commits", "s3_put", (segments + rejects) * DAYS / 1e3)
    yield line("lake", "seals and audits", "s3_get", (2 * segments + rejects) * readings * DAYS / 1e3)
    rejects_bytes = load.reports * measured.REJECT_SHARE * measured.RECORD_BYTES
    kept = ((sealed + live) * measured.KEPT_MONTHS + rejects_bytes) * DAYS / GB
    yield line("lake", f"storage in month {measured.KEPT_MONTHS}", "s3_storage", kept)


def _watch(load: Load, deployment: Deployment) -> Iterator[Line]:
    beats = deployment.shards * HOURS * 60 * measured.HEARTBEAT_BYTES
    commits = load.segments(deployment.shards) * DAYS * measured.COMMITTED_BYTES
    yield line("watch", "logs", "logs_in", (beats + commits) / GB)
    yield line("watch", "metrics", "metrics", EDGE_METRICS + sum(map(len, METRICS.values())))
    yield line("watch", "alarms", "alarms", ALARM_METRICS)
    yield line("watch", "dashboard", "dashboards", 1)
    yield line("watch", "images", "ecr_storage", _IMAGES_GB)
