"""The stacks' variants, each synthesized once: the first takes seconds, as it starts Node.js."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.support.deployment.variant import Variant, synthesize

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"

CHOICES: dict[str, dict[str, object]] = {
    "defaults": {},
    "on demand": {
        "metrics:stream_mode": "on-demand",
        "metrics:architecture": "x86_64",
        "metrics:worker_memory": 2048,
    },
    "a domain": {"metrics:domain_name": "reports.example.org", "metrics:hosted_zone_id": "Z0123456789"},
    "a certificate": {
        "metrics:domain_name": "reports.example.org",
        "metrics:certificate_arn": CERTIFICATE,
        "metrics:alarm_email": "operator@example.org",
    },
    "logs": {
        "metrics:access_logs": "true",
        "metrics:shards": "4",
        "metrics:worker_memory": "2048",
        "metrics:application": "other",
    },
    "a domain and logs": {
        "metrics:domain_name": "reports.example.org",
        "metrics:hosted_zone_id": "Z0123456789",
        "metrics:access_logs": "true",
    },
}

Variants = Callable[[str], Variant]


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Variants:
    made: dict[str, Variant] = {}

    def of(name: str) -> Variant:
        if name not in made:
            folder: Path = tmp_path_factory.mktemp("cdk")
            made[name] = synthesize(folder, CHOICES[name])
        return made[name]

    return of


@pytest.fixture(scope="session")
def defaults(variants: Variants) -> Variant:
    return variants("defaults")
