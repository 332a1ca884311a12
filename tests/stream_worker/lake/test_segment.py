import io
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
from pyarrow.parquet import ParquetFile

from schemas.tables import REPORTS
from stream_worker.judging.judgement import JUDGEMENT, Judgement
from stream_worker.judging.pipeline import settle
from stream_worker.judging.seen import Seen
from stream_worker.lake.keys import LIVE, SegmentKey
from stream_worker.lake.segment import Segment, Summary, rejects_key
from stream_worker.stream.records import START
from tests.support.worker.samples import FIRST, MALFORMED, NOON, SHARD, body, records


def segment(bodies: list[bytes], judgement: Judgement = JUDGEMENT) -> Segment:
    found = records(bodies)
    return Segment.of(found, settle(found, Seen(), SHARD.shard_id, judgement), START, judgement)


def test_the_key_of_rejects_names_both_ends_and_the_content() -> None:
    one, other = segment([MALFORMED]), segment([MALFORMED], replace(JUDGEMENT, code="another"))
    link = SegmentKey(LIVE, date(2026, 11, 22), SHARD.epoch, SHARD.shard_id, START)
    keys = [rejects_key(link, found.summary) for found in (one, other)]
    start = f"rejects/live/dt=2026-11-22/1700000000.shardId-000000000000.start-{FIRST}."
    assert all(key is not None and key.startswith(start) and key.endswith(".parquet") for key in keys)
    assert keys[0] != keys[1], "another judgement's rejects must not replace these"
    assert rejects_key(link, segment([body(1)]).summary) is None


def test_a_summary_is_read_back_from_its_metadata() -> None:
    summary = segment([body(1), body(1), MALFORMED]).summary
    assert Summary.parse(summary.metadata) == summary
    assert summary.records == 3
    assert (summary.first_arrival, summary.last_arrival) == (NOON, NOON + 2)
    assert sum(len(name) + len(text) for name, text in summary.metadata.items()) < 2_000, "S3's limit is 2 KB"


def test_a_segment_without_accepted_rows_is_an_empty_parquet_file() -> None:
    assert pl.read_parquet(io.BytesIO(segment([MALFORMED]).reports)).schema == REPORTS.polars


def test_a_segment_without_rejected_rows_has_no_rejects() -> None:
    made = segment([body(1)])
    assert made.rejects is None
    assert made.summary.rejects == ""


def test_the_same_records_make_the_same_bytes() -> None:
    bodies = [body(number) for number in range(50)] + [MALFORMED]
    assert segment(bodies) == segment(bodies)


def test_files_are_what_athena_reads() -> None:
    footer = ParquetFile(io.BytesIO(segment([body(1)]).reports))
    column = footer.metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    types = {field.name: str(field.type) for field in footer.schema_arrow}
    assert types["tokenize_success"] == "int64"
    assert types["arrived_at"] == "timestamp[ms, tz=UTC]"
    assert footer.read()["arrived_at"][0].as_py() == datetime.fromtimestamp(NOON / 1000, UTC)
