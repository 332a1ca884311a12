"""The lake's two tables: one list of columns each, from which every other description of them follows."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import polars as pl

from schemas.report import COUNTERS, SCHEMA

_HIVE: Final = "org.apache.hadoop.hive.ql.io.parquet"


class Kind(Enum):
    """A column's type: the word the dictionary prints, what Polars writes, what Glue declares.

    Integers are int64 and timestamps milliseconds, because Trino reads another width silently wrong.
    """

    STRING = ("string", pl.String(), "string")
    INTEGER = ("integer", pl.Int64(), "bigint")
    TIMESTAMP = ("timestamp, ms, UTC", pl.Datetime("ms", "UTC"), "timestamp")
    DATE = ("date", pl.Date(), "date")
    BYTES = ("bytes", pl.Binary(), "binary")

    def __init__(self, word: str, polars: pl.DataType, glue: str) -> None:
        self.word = word
        self.polars = polars
        self.glue = glue


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table, described for machines and for analysts."""

    name: str
    kind: Kind
    meaning: str
    example: str
    unit: str = ""
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the catalog, partitioned by `dt`: the UTC day of arrival."""

    name: str
    meaning: str
    columns: tuple[Column, ...]

    @property
    def polars(self) -> pl.Schema:
        """The Parquet files' columns: names and Polars types, in order."""
        return pl.Schema({column.name: column.kind.polars for column in self.columns})

    @property
    def glue(self) -> list[dict[str, str]]:
        """The columns as Glue's `StorageDescriptor.Columns` requires them."""
        return [
            {"Name": column.name, "Type": column.kind.glue, "Comment": column.meaning}
            for column in self.columns
        ]

    def storage(self, location: str) -> dict[str, Any]:
        """Describe the Parquet files below a location (`s3://…/`) as Glue's `StorageDescriptor`.

        The table and each of its `dt` partitions have one: readers go by the partition's.
        """
        return {
            "Columns": self.glue,
            "Location": location,
            "InputFormat": f"{_HIVE}.MapredParquetInputFormat",
            "OutputFormat": f"{_HIVE}.MapredParquetOutputFormat",
            "SerdeInfo": {"SerializationLibrary": f"{_HIVE}.serde.ParquetHiveSerDe"},
        }

    @property
    def dictionary(self) -> str:
        """The table as Markdown for analysts, with the partition key last."""
        rows = [
            (c.name, c.kind.word, c.unit, "yes" if c.nullable else "no", c.meaning, c.example)
            for c in (*self.columns, PARTITION_KEY)
        ]
        head = ["| column | type | unit | null | meaning | example |", "|---|---|---|---|---|---|"]
        lines = [f"| `{name}` | {' | '.join(rest)} | `{example}` |" for name, *rest, example in rows]
        return "\n".join(head + lines)


def snake_case(counter: str) -> str:
    """Return a counter's column: `tokenizeSuccess` becomes `tokenize_success`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in counter)


def _counter(name: str) -> Column:
    described = SCHEMA["properties"]["metrics"]["properties"][name]
    return Column(
        snake_case(name), Kind.INTEGER, described["description"], str(described["examples"][0]), "calls a day"
    )


PARTITION_KEY: Final = Column(
    "dt", Kind.DATE, "The UTC day of `arrived_at`: the `dt` partition.", "2026-11-22"
)

_ARRIVED_AT: Final = Column(
    "arrived_at",
    Kind.TIMESTAMP,
    "When Kinesis took the record (approximate arrival).",
    "2026-11-22 04:05:06.789",
)
_SHARD_ID: Final = Column("shard_id", Kind.STRING, "The shard the record came from.", "shardId-000000000001")
_SEQUENCE_NUMBER: Final = Column(
    "sequence_number",
    Kind.STRING,
    "The record's number on its shard; compare as an integer.",
    "49590338271490256608559692538361571095921575989136588898",
)

_SUB_SEQUENCE_NUMBER: Final = Column(
    "sub_sequence_number", Kind.INTEGER, "The place inside a KPL aggregate; 0 for a plain record.", "0"
)

COUNTER_COLUMNS: Final = tuple(snake_case(name) for name in COUNTERS)

REPORTS: Final = Table(
    "reports",
    "One row for each deployment and day: the accepted reports.",
    (
        Column(
            "stack_id",
            Kind.STRING,
            "The deployment's random nonce, in lower case.",
            "3d9c49ce-8367-43ec-8884-568c8d43faec",
        ),
        Column("version", Kind.STRING, "The product's version that the deployment runs.", "1.4.2"),
        *(_counter(name) for name in COUNTERS),
        _ARRIVED_AT,
        _SHARD_ID,
        _SEQUENCE_NUMBER,
        _SUB_SEQUENCE_NUMBER,
    ),
)

REJECTS: Final = Table(
    "rejects",
    "One row for each record that was not accepted, whole, with the reason.",
    (
        _SHARD_ID,
        _SEQUENCE_NUMBER,
        _SUB_SEQUENCE_NUMBER,
        _ARRIVED_AT,
        Column(
            "partition_key",
            Kind.STRING,
            "The record's Kinesis partition key; null for what was rejected only as its day was sealed.",
            "3d9c49ce-8367-43ec-8884-568c8d43faec",
            nullable=True,
        ),
        Column("reason", Kind.STRING, "`malformed`, `invalid`, `fraud` or `duplicate`.", "invalid"),
        Column(
            "rule",
            Kind.STRING,
            "What was broken: the JSON path (`invalid`) or the fraud rule (`fraud`).",
            "$.metrics.tokenizeSuccess",
            nullable=True,
        ),
        Column(
            "detail",
            Kind.STRING,
            "The broken rule in words; never a value of the report.",
            "type: integer",
            nullable=True,
        ),
        Column(
            "body",
            Kind.BYTES,
            "The record as it came, its first 64 KiB; where `partition_key` is null, rebuilt from its row.",
            '{"version":…',
        ),
        Column("body_length", Kind.INTEGER, "Length of the whole record.", "227", "bytes"),
        Column(
            "body_sha256", Kind.STRING, "SHA-256 of the whole record, in hexadecimal.", "9f86d081884c7d65…"
        ),
        Column("schema_version", Kind.STRING, "The version of the report schema that was applied.", "v1"),
        Column(
            "code_version",
            Kind.STRING,
            "The judgement by which it was rejected; in older rows, the worker's version.",
            "49b1d2c70e5f83a6",
        ),
    ),
)

TABLES: Final = (REPORTS, REJECTS)
