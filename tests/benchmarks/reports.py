"""Reports by the ten thousand: 227 bytes each, and a few per cent that must be rejected."""

import random
from typing import Final

from infra.fleets.fleet import FORGED_NONCES

BYTES: Final = 227
"""The length of an honest report."""

_SHARES: Final = {"honest": 96.0, "resent": 2.0, "invalid": 0.9, "forged": 0.9, "malformed": 0.2}
"""Of a hundred records, in a batch, how many are of which kind."""

_VERSIONS: Final = (b"1.8.2", b"1.9.0", b"1.9.1", b"2.0.0")
_REPORT: Final = (
    b'{"version":"%b","stack_id":"%b","metrics":{"tokenizeSuccess":%d,"tokenizeFailure":%d,'
    b'"detokenizeSuccess":%d,"detokenizeFailure":%d,"createGrantSuccess":%d,"createGrantFailure":%d}}'
)
_BROKEN: Final = (
    (b'"metrics"', b'"collected_metrics"'),
    (b'"tokenizeSuccess":', b'"tokenizeSuccess":-'),
    (b'"version":', b'"version":0,"release":'),
    (b'"version":"', b'"version":"v'),
    (b',"createGrantFailure":', b',"createGrantFailures":'),
)


def honest(rng: random.Random) -> bytes:
    """Return the report of a deployment that was never seen before."""
    return _report(rng, _nonce(rng), rng.choice(_VERSIONS))


def batch(seed: int, records: int) -> list[bytes]:
    """Return what a shard delivers: the same for the same seed, other deployments for another one."""
    rng = random.Random(seed)
    bodies: list[bytes] = []
    for kind in rng.choices(list(_SHARES), list(_SHARES.values()), k=records):
        match kind:
            case "resent" if bodies:
                bodies.append(rng.choice(bodies))
            case "invalid":
                bodies.append(honest(rng).replace(*rng.choice(_BROKEN)))
            case "forged":
                bodies.append(_forged(rng))
            case "malformed":
                bodies.append(honest(rng)[:-1])
            case _:
                bodies.append(honest(rng))
    return bodies


def _report(rng: random.Random, nonce: bytes, version: bytes, tokenized: int = 0) -> bytes:
    # Counters of a fixed number of digits keep the length what it is meant to be.
    many, few = rng.randrange(10_000, 90_000), rng.randrange(10, 99)
    return _REPORT % (version, nonce, tokenized or many, few, many + 1, few + 1, many + 2, few + 100)


def _forged(rng: random.Random) -> bytes:
    if rng.randrange(2):
        return _report(rng, rng.choice(FORGED_NONCES).encode(), rng.choice(_VERSIONS))
    return _report(rng, _nonce(rng), rng.choice(_VERSIONS), tokenized=2**53 - 1)


def _nonce(rng: random.Random) -> bytes:
    digits = b"%032x" % rng.getrandbits(128)
    return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
