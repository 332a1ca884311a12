"""`stream-worker audit` on a lake that the real commands have filled and sealed, and somebody has damaged."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_days import command, put_on
from tests.support.e2e.installation import run

if TYPE_CHECKING:
    from datetime import date

    from tests.support.e2e.installation import Installation
    from tests.support.e2e.producer import Producer


@pytest.fixture
def day(installation: Installation, producer: Producer) -> date:
    """Commit a past day, in segments of 50 records, and one record after it."""
    past = put_on(installation, producer, 2)
    put_on(installation, producer, 1, 10)
    installation.drain(flush_records=50)
    return past


def audit(installation: Installation, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
    done = command(installation, "audit", *arguments, "--json")
    assert done.returncode == status, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def delete(installation: Installation, key: str) -> None:
    installation.cloud.s3.delete_object(Bucket=installation.cloud.resources.bucket, Key=key)


def test_a_whole_day_has_nothing_wrong_live_and_sealed(installation: Installation, day: date) -> None:
    (live,) = audit(installation, "--day", str(day), "--against-stream")
    assert (live["day"], live["ok"], live["generation"], live["problems"]) == (str(day), True, "live", [])
    assert live["records"] == 200 == sum(shard["records"] for shard in live["shards"])
    assert command(installation, "seal", "--day", str(day)).returncode == 0
    (sealed,) = audit(installation, "--day", str(day), "--against-stream")
    assert (sealed["ok"], sealed["records"]) == (True, 200)
    assert sealed["generation"] not in {"live", None}
    both = audit(installation, "--from", str(day), "--to", str(day))
    assert both == [sealed]


def test_a_deleted_segment_is_found_and_named(installation: Installation, day: date) -> None:
    keys = [key for key in installation.objects() if key.startswith(f"reports/live/dt={day}/")]
    gone = next(key for key in keys if ".start." not in key)
    delete(installation, gone)
    (found,) = audit(installation, "--day", str(day), "--against-stream", status=3)
    assert not found["ok"]
    _, shard_id, start, _ = gone.rpartition("/")[2].split(".")
    assert {problem["shard_id"] for problem in found["problems"]} == {shard_id}
    assert found["problems"][0]["position"] == start
    people = command(installation, "audit", "--day", str(day))
    assert people.returncode == 3
    assert start in people.stdout
    assert shard_id in people.stdout


def test_a_sealed_day_whose_live_segments_are_all_gone_is_damaged(
    installation: Installation, day: date
) -> None:
    assert command(installation, "seal", "--day", str(day)).returncode == 0
    for key in installation.objects():
        if key.startswith(f"reports/live/dt={day}/"):
            delete(installation, key)
    (found,) = audit(installation, "--day", str(day), status=3)
    missing = [
        one["shard_id"] for one in found["problems"] if one["what"].startswith("missing: all segments")
    ]
    assert missing == [shard["shard_id"] for shard in found["shards"]]


def test_the_newest_days_that_are_over_are_audited_and_what_is_wrong_is_a_metric(
    installation: Installation, day: date
) -> None:
    audited = audit(installation, "--last", "3")
    wanted = [str(day + timedelta(days=number)) for number in (-1, 0, 1)]
    assert [one["day"] for one in audited] == wanted
    assert [one["records"] for one in audited] == [0, 200, 10]
    delete(installation, next(key for key in installation.objects() if f"reports/live/dt={day}/" in key))
    done = command(installation, "audit", "--last", "3", "--json")
    assert done.returncode == 3
    problems = sum(len(json.loads(line)["problems"]) for line in done.stdout.splitlines())
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["event"], line["audit_problems"], line["days"]) == ("audit.finished", problems, 3)
    assert problems > 0
    assert line["application"] == f"{installation.cloud.resources.stream}-days"


def test_the_last_segment_of_all_is_missed_by_the_stream(installation: Installation, day: date) -> None:
    later = str(day + timedelta(days=1))
    last = max(key for key in installation.objects() if f"reports/live/dt={later}/" in key)
    delete(installation, last)
    (found,) = audit(installation, "--day", later, "--against-stream", status=3)
    _, shard_id, start, _ = last.rpartition("/")[2].split(".")
    (problem,) = [one for one in found["problems"] if one["what"].startswith("uncommitted")]
    assert problem["shard_id"] == shard_id
    assert int(problem["position"]) > int(start)
    (before,) = audit(installation, "--day", str(day), "--against-stream")
    assert before["ok"]


def test_a_file_of_a_run_that_was_changed_is_found(installation: Installation, day: date) -> None:
    assert command(installation, "seal", "--day", str(day)).returncode == 0
    key = next(key for key in installation.objects() if key.startswith("reports/sealed/"))
    bucket, held = installation.cloud.resources.bucket, installation.cloud.lake.get(key)
    installation.cloud.s3.put_object(Bucket=bucket, Key=key, Body=held[:-100])
    (found,) = audit(installation, "--day", str(day), status=3)
    (problem,) = found["problems"]
    assert problem["key"] == key
    assert problem["shard_id"]
    assert problem["position"]


def test_every_receipt_is_traced(installation: Installation, producer: Producer, day: date) -> None:
    outcomes = set()
    for shard_id, number in list(producer.acknowledged)[:200:40]:
        (told,) = audit(installation, "--record-id", f"{shard_id}:{number}")
        assert (told["found"], told["day"], told["generation"]) == (True, str(day), "live")
        assert told["key"] in installation.objects()
        outcomes.add(told["outcome"])
    assert outcomes <= {"accepted", "rejected"}
    shard_id, number = next(iter(producer.acknowledged))
    (told,) = audit(installation, "--record-id", f"{shard_id}:{number - 1}", status=3)
    assert told["outcome"] == "not found"
    (told,) = audit(installation, "--record-id", f"{shard_id}:{10**56 - 1}")
    assert told["outcome"] == "not committed yet"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--day", "2026-02-30"],
        ["--from", "2026-11-22"],
        ["--from", "2026-11-22", "--to", "2026-11-21"],
        ["--day", "2026-11-22", "--from", "2026-11-22", "--to", "2026-11-22"],
        ["--last", "0"],
        ["--last", "2", "--day", "2026-11-22"],
        ["--last", "2", "--from", "2026-11-22", "--to", "2026-11-22"],
        ["--record-id", "shard:1", "--last", "2"],
        ["--record-id", "nothing"],
        ["--record-id", "shard:1", "--against-stream"],
    ],
)
def test_wrong_usage_has_status_2(installation: Installation, arguments: list[str]) -> None:
    assert command(installation, "audit", *arguments).returncode == 2


def test_a_world_that_fails_has_status_1_and_a_missing_bucket_is_named(installation: Installation) -> None:
    environment = installation.environment(bucket="no-such-bucket")
    done = run("stream-worker", "audit", "--day", "2026-11-22", environment=environment)
    assert done.returncode == 1
    assert "no-such-bucket" in done.stderr
    assert not done.stdout
