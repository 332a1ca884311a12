"""A day of a fleet of deployments: what each sends, made from a seed, and what should become of it."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import orjson

from schemas.report import COUNTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSIONS: Final = {"1.8.2": 12, "1.9.0": 18, "1.9.1": 40, "2.0.0-rc.1": 3, "2.0.0": 27}
"""The versions that the fleet runs, and how many of a hundred deployments run each."""

BAD_VERSION: Final = "2.0.0"  # fails ten times as often as the others
_IDLE_SHARE: Final = 0.25

FORGED_NONCES: Final = (
    "00000000-0000-0000-0000-000000000000",
    "11111111-1111-4111-8111-111111111111",
    "12345678-1234-1234-1234-123456789012",
    "deadbeef-dead-beef-dead-beefdeadbeef",
)


class Route(Enum):
    """How a report reaches the system: through the edge, or as another producer's record on the stream."""

    EDGE = "edge"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Sent:
    """One thing that is sent: `outcome` is what should become of it, `refused` by the edge (400) included."""

    body: bytes
    outcome: str
    route: Route = Route.EDGE


def day(reports: int, seed: int, known: Sequence[bytes] = ()) -> list[Sent]:
    """Return a day on which `reports` bodies are sent, in a random order; the same for the same arguments.

    Of a hundred, about 92 are honest, 4 are sent again, 2 break the schema, 1 is forged and 1 is not a JSON
    object: the edge refuses two thirds of the latter, another producer puts the rest on the stream. The
    honest ones are from `known`; if more are needed, new deployments send them.
    """
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    kinds = rng.choices(["honest", "resent", "invalid", "forged", "malformed"], [92, 4, 2, 1, 1], k=reports)
    number = max(1, kinds.count("honest"))
    deployments = [*known[:number], *(honest(rng) for _ in range(number - len(known)))]
    fresh = iter(deployments)
    sent = [Sent(next(fresh), "accepted") for kind in kinds if kind == "honest"]
    makers = {"resent": lambda: _resent(rng, deployments), "invalid": lambda: _invalid(rng)}
    makers |= {"forged": lambda: _forged(rng), "malformed": lambda: _malformed(rng)}
    sent += [makers[kind]() for kind in kinds if kind != "honest"]
    rng.shuffle(sent)
    return sent


def expected(sent: list[Sent]) -> Counter[str]:
    """Count what should become of what is sent."""
    return Counter(one.outcome for one in sent)


def honest(rng: random.Random) -> bytes:
    """Return the report of a deployment that was never seen before: many are idle, few are very busy."""
    version = rng.choices(list(VERSIONS), list(VERSIONS.values()))[0]
    return _json(_nonce(rng), version, _counters(rng, version))


def _counters(rng: random.Random, version: str) -> dict[str, int]:
    if rng.random() < _IDLE_SHARE:
        return dict.fromkeys(COUNTERS, 0)
    failing = 0.02 if version == BAD_VERSION else 0.002
    counters: dict[str, int] = {}
    for feature, scale in (("tokenize", 5.0), ("detokenize", 4.5), ("createGrant", 2.0)):
        calls = int(rng.lognormvariate(scale, 1.6))
        failures = sum(rng.random() < failing for _ in range(min(calls, 1000))) * max(1, calls // 1000)
        counters |= {f"{feature}Success": calls - failures, f"{feature}Failure": failures}
    return counters


def _resent(rng: random.Random, deployments: list[bytes]) -> Sent:
    # A lost answer: the deployment sends the same again. Whichever comes first is accepted.
    return Sent(rng.choice(deployments), "duplicate")


def _invalid(rng: random.Random) -> Sent:
    report = orjson.loads(honest(rng))
    match rng.randrange(5):
        case 0:
            report["collected_metrics"] = report.pop("metrics")
        case 1:
            report["metrics"]["tokenizeSuccess"] = -1
        case 2:
            report["stack_id"] = report["stack_id"].replace("-", "")
        case 3:
            report["version"] = "latest"
        case _:
            del report["metrics"]["createGrantFailure"]
    return Sent(orjson.dumps(report), "invalid")


def _forged(rng: random.Random) -> Sent:
    report = orjson.loads(honest(rng))
    if rng.randrange(2):
        report["stack_id"] = rng.choice(FORGED_NONCES)
    else:
        report["metrics"]["tokenizeSuccess"] = 2**53 - 1
    return Sent(orjson.dumps(report), "fraud")


def _malformed(rng: random.Random) -> Sent:
    body = honest(rng)[: rng.randrange(1, 200)]
    return Sent(body, "refused") if rng.random() < 2 / 3 else Sent(body, "malformed", Route.STREAM)


def _json(stack_id: str, version: str, counters: dict[str, int]) -> bytes:
    return orjson.dumps({"version": version, "stack_id": stack_id, "metrics": counters})


def _nonce(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
