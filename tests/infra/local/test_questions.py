from decimal import Decimal
from pathlib import Path

from infra.local import questions
from schemas.report import COUNTERS
from stream_worker.pipeline import settle
from stream_worker.seen import Seen
from stream_worker.segment import parquet
from tests.stream_worker.samples import body, records


def lake_of(folder: Path, *reports: tuple[str, list[int]]) -> Path:
    """Make a lake of deployments with these versions and six counters, one file each."""
    seen = Seen()
    for number, (version, counters) in enumerate(reports):
        metrics = dict(zip(COUNTERS, counters, strict=True))
        made = settle(
            records([body(number, version=version, metrics=metrics)], first=number), seen, "shard", "1"
        )
        path = folder / "reports" / "live" / "dt=2026-11-22" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(parquet(made.accepted))
    return folder


def test_the_answers_are_what_the_reports_say(tmp_path: Path) -> None:
    lake = lake_of(
        tmp_path,
        ("1.0.0", [90, 10, 0, 0, 0, 0]),
        ("1.0.0", [0, 0, 0, 0, 0, 0]),
        ("2.0.0", [0, 1, 1, 0, 2, 0]),
        ("1.0.0", [300, 0, 0, 0, 0, 0]),
    )
    versions, use, failures = questions.ask(lake)
    assert versions.rows == [("1.0.0", 3, 75.0), ("2.0.0", 1, 25.0)]
    assert use.rows == [("tokenize", 75.0, 100, 401), ("createGrant", 25.0, 2, 2), ("detokenize", 25.0, 1, 1)]
    assert failures.rows == [("2.0.0", 1, 4, 25.0), ("1.0.0", 10, 400, 2.5)]


def test_great_counters_are_added_without_loss(tmp_path: Path) -> None:
    most = 10**10
    lake = lake_of(tmp_path, *[("1.0.0", [most, 0, 0, 0, 0, 0])] * 3)
    assert questions.ask(lake)[1].rows[0][3] == Decimal(3 * most)


def test_an_answer_carries_its_question_and_columns(tmp_path: Path) -> None:
    answer = questions.ask(lake_of(tmp_path, ("1.0.0", [0] * 6)))[0]
    assert answer.question == "How many deployments reported, by version?"
    assert answer.columns == ["version", "deployments", "percent"]
