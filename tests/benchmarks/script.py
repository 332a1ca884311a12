"""The plain script that somebody would write instead of the worker: json, jsonschema, a set, pandas.

It settles the same records into the same accepted rows. Of the fraud rules it knows what these benchmarks
forge and no more (a list of nonces in place of the arithmetic on digits), and its rejects have five columns:
in both it does less than the worker does.
"""

import argparse
import io
import json
from typing import Any, Final

import pandas as pd
from jsonschema import Draft7Validator

from infra.fleets.fleet import FORGED_NONCES
from schemas.report import COUNTERS, SCHEMA
from schemas.tables import COUNTER_COLUMNS
from stream_worker.stream.records import Records
from tests.benchmarks import timing

_MOST_CALLS: Final = 10**10
_PLACE: Final = ["arrived_at", "shard_id", "sequence_number", "sub_sequence_number"]
_REPORTS: Final = ["stack_id", "version", *COUNTER_COLUMNS, *_PLACE]
_REJECTS: Final = ["shard_id", "sequence_number", "arrived_at", "reason", "body"]


class PlainScript:
    """Settles a shard's batches, one after the other."""

    def __init__(self, shard_id: str) -> None:
        self._shard_id = shard_id
        self._validator = Draft7Validator(SCHEMA)
        self._seen: set[str] = set()

    def settle(self, records: Records) -> tuple[bytes, bytes]:
        """Return the Parquet bytes of the accepted rows and of the rejected ones."""
        accepted: list[tuple[Any, ...]] = []
        rejected: list[tuple[Any, ...]] = []
        columns = zip(records.bodies, records.sequence_numbers, records.arrivals, strict=True)
        for body, sequence_number, arrival in columns:
            report, reason = self._judge(body)
            if report is None:
                rejected.append((self._shard_id, sequence_number, arrival, reason, body))
                continue
            counters = (report["metrics"][name] for name in COUNTERS)
            place = (arrival, self._shard_id, sequence_number, 0)
            accepted.append((report["stack_id"].lower(), report["version"], *counters, *place))
        return _parquet(accepted, _REPORTS), _parquet(rejected, _REJECTS)

    def _judge(self, body: bytes) -> tuple[dict[str, Any] | None, str]:
        try:
            report = json.loads(body)
        except ValueError:
            return None, "malformed"
        if next(self._validator.iter_errors(report), None) is not None:
            return None, "invalid"
        if _is_forged(report):
            return None, "fraud"
        if report["stack_id"].lower() in self._seen:
            return None, "duplicate"
        self._seen.add(report["stack_id"].lower())
        return report, ""


def _is_forged(report: dict[str, Any]) -> bool:
    return report["stack_id"].lower() in FORGED_NONCES or max(report["metrics"].values()) > _MOST_CALLS


def _parquet(rows: list[tuple[Any, ...]], columns: list[str]) -> bytes:
    frame = pd.DataFrame(rows, columns=columns)
    frame["arrived_at"] = pd.to_datetime(frame["arrived_at"], unit="ms", utc=True)
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", compression="zstd", index=False)
    return buffer.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    timing.report(timing.time_batches(PlainScript(timing.SHARD_ID).settle, parser.parse_args().seconds))
