"""CloudFront's function, in Node.js: addresses become classes, and nobody forges one."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from collections import Counter
from pathlib import Path

from infra.deployment.constructs import __file__ as constructs

CODE = Path(constructs).with_name("viewer.js").read_text("utf-8")
FORGED = {"x-metrics-class": {"value": "beef"}, "content-type": {"value": "application/json"}}


def classes(*addresses: str) -> list[str]:
    events = json.dumps([{"viewer": {"ip": ip}, "request": {"headers": FORGED}} for ip in addresses])
    ask = (
        f"{CODE}\nconsole.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0)).map(e => "
        "handler(e).headers).map(h => [h['x-metrics-class'].value, h['content-type'].value])))"
    )
    node = Path(sysconfig.get_path("scripts")) / "node"
    done = subprocess.run(
        [node, "-e", ask], input=events, capture_output=True, text=True, timeout=60, check=True
    )
    found = json.loads(done.stdout)
    assert {kind for _, kind in found} == {"application/json"}
    return [one for one, _ in found]


def test_an_address_has_one_class_whatever_it_says_of_itself() -> None:
    first, again, other = classes("192.0.2.1", "192.0.2.1", "192.0.2.2")
    assert first == again != other
    assert first != "beef"


def test_a_class_is_shared_by_many_and_each_is_about_as_large() -> None:
    found = classes(*(f"198.51.{third}.{fourth}" for third in range(16) for fourth in range(256)))
    assert all(len(one) == 4 for one in found)
    assert max(Counter(found).values()) < 6


def test_cloudfront_takes_it() -> None:
    assert len(CODE.encode()) < 10 * 1024  # its limit
