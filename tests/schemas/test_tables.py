import polars as pl
import pytest

from schemas.report import COUNTERS
from schemas.tables import PARTITION_KEY, REJECTS, REPORTS, TABLES, Table, snake_case
from tests.support.pages import SCHEMAS


def test_columns_are_counters_in_snake_case() -> None:
    assert [snake_case(name) for name in COUNTERS] == [
        "tokenize_success",
        "tokenize_failure",
        "detokenize_success",
        "detokenize_failure",
        "create_grant_success",
        "create_grant_failure",
    ]


def test_reports_have_what_is_disclosed_and_nothing_else() -> None:
    assert REPORTS.polars.names() == [
        "stack_id",
        "version",
        *(snake_case(name) for name in COUNTERS),
        "arrived_at",
        "shard_id",
        "sequence_number",
        "sub_sequence_number",
    ]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_integers_are_int64_and_timestamps_milliseconds(table: Table) -> None:
    allowed = {pl.String(), pl.Int64(), pl.Binary(), pl.Datetime("ms", "UTC")}
    assert set(table.polars.dtypes()) <= allowed
    assert {column["Type"] for column in table.glue} <= {"string", "bigint", "binary", "timestamp"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_pages_dictionary_is_the_list_of_columns(table: Table) -> None:
    assert table.dictionary in SCHEMAS.text, f"put this into {SCHEMAS.name}:\n{table.dictionary}"


def test_rejects_say_nothing_of_the_sender_but_the_record_itself() -> None:
    assert not {"ip", "address", "user_agent", "headers"} & set(REJECTS.polars.names())
    assert PARTITION_KEY.name == "dt"
