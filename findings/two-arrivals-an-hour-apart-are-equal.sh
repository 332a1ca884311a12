#!/usr/bin/env bash
# The same record's arrival as amazon_kclpy and boto3 give it: kclpy's is ambiguous for an hour each autumn.
#
# Kinesis gives the arrival as an instant. boto3 makes of it a datetime with the machine's zone: comparisons between two
# of them are right. amazon_kclpy's Record.approximate_arrival_timestamp is a datetime without a zone, in the
# machine's local time. In the hour that a clock repeats in autumn, two records that came an hour apart have equal
# timestamps, and of two records the later one can sort first. boto3's and kclpy's values cannot be compared at all
# (TypeError). `Record.timestamp_millis` beside it, milliseconds since 1970 UTC, is exact: use that.
#
# Seen on 2026-11-29 with amazon_kclpy 3.1.3 and botocore 1.44.8: the lines of `expected` below. The zone is given as a
# rule (New York's), so the machine's own zone and tables play no part. Exit status 1 if they change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check amazon_kclpy==3.1.3 botocore==1.44.8

cat >"$work/arrivals.py" <<'PYTHON'
from datetime import UTC, datetime
from importlib.metadata import version

from amazon_kclpy.messages import Record
from botocore.utils import parse_timestamp

print(*(f"{name} {version(name)}" for name in ("amazon_kclpy", "botocore")))


def by_kclpy(arrival: datetime) -> datetime:
    line = {
        "action": "record",
        "data": "e30=",
        "partitionKey": "k",
        "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
        "subSequenceNumber": 0,
        "approximateArrivalTimestamp": int(arrival.timestamp() * 1000),
    }
    return Record(line).approximate_arrival_timestamp


def by_boto3(arrival: datetime) -> datetime:
    """What GetRecords gives: the service sends seconds, botocore parses them by this function."""
    return parse_timestamp(arrival.timestamp())


first = datetime(2026, 11, 1, 5, 45, tzinfo=UTC)
for minutes in (60, 30):
    second = datetime.fromtimestamp(first.timestamp() + minutes * 60, UTC)
    print(f"{first:%H:%M} and {second:%H:%M} UTC, {minutes} minutes apart")
    for name, read in {"kclpy": by_kclpy, "boto3": by_boto3}.items():
        a, b = read(first), read(second)
        relation = "equal" if a == b else "the later one sorts first" if a > b else "in order"
        print(f"  {name}: {a} and {b}: {relation}")
try:
    print(by_kclpy(first) < by_boto3(first))
except TypeError as error:
    print("kclpy < boto3:", error)
PYTHON

TZ='EST5EDT,M3.2.0,M11.1.0' "$work/venv/bin/python" "$work/arrivals.py" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
amazon_kclpy 3.1.3 botocore 1.44.8
05:45 and 06:45 UTC, 60 minutes apart
  kclpy: 2026-11-01 01:45:00 and 2026-11-01 01:45:00: equal
  boto3: 2026-11-01 01:45:00-04:00 and 2026-11-01 01:45:00-05:00: in order
05:45 and 06:15 UTC, 30 minutes apart
  kclpy: 2026-11-01 01:45:00 and 2026-11-01 01:15:00: the later one sorts first
  boto3: 2026-11-01 01:45:00-04:00 and 2026-11-01 01:15:00-05:00: in order
kclpy < boto3: can't compare offset-naive and offset-aware datetimes
TEXT
diff "$work/expected" "$work/seen"
