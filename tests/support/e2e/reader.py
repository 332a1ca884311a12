"""A reader of one day, as an analyst's tool is: it asks the catalog where the rows are, then queries them.

`python -m tests.support.e2e.reader DAY`, until its stdin is closed; a line of JSON for each query: rows,
distinct deployments, and the sum of a column, so that two generations that mix show.
"""

import json
import os
import sys
import threading
from datetime import date

import boto3
import duckdb

from stream_worker.lake.s3_store import S3Lake
from stream_worker.publication.glue import GlueCatalog


def main() -> None:
    """Query until nobody listens."""
    day, bucket = date.fromisoformat(sys.argv[1]), os.environ["METRICS_BUCKET"]
    catalog = GlueCatalog(boto3.client("glue"), os.environ["METRICS_DATABASE"], bucket)
    lake = S3Lake(boto3.client("s3"), bucket)
    listener = threading.Thread(target=sys.stdin.read, daemon=True)
    listener.start()
    while listener.is_alive():
        sys.stdout.write(json.dumps(query(catalog, lake, day)) + "\n")
        sys.stdout.flush()


def query(catalog: GlueCatalog, lake: S3Lake, day: date) -> list[int]:
    """Return the rows, the deployments and the sum that one query sees."""
    prefix = catalog.location("reports", day) or ""
    with duckdb.connect() as database:
        database.execute("create table reports (stack_id varchar, calls hugeint)")
        for key in lake.keys(prefix):
            body = lake.get(key)
            path = f"{os.environ['READER_FOLDER']}/{os.getpid()}.parquet"
            with open(path, "wb") as file:  # noqa: PTH123 - one line of a script
                file.write(body)
            database.read_parquet(path).project("stack_id, tokenize_success").insert_into("reports")
        found = database.execute(
            "select count(*), count(distinct stack_id), sum(calls) from reports"
        ).fetchone()
    return [int(number or 0) for number in found or ()]


if __name__ == "__main__":
    main()
