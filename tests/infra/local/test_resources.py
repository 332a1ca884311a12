"""What `create` leaves behind, and that it leaves AWS alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest

from infra.local.resources import NoEndpointError, Resources, create
from schemas.tables import TABLES

if TYPE_CHECKING:
    from tests.conftest import Cloud


@pytest.fixture
def wanted(fresh_name: str) -> Resources:
    return Resources(stream=fresh_name, shards=2, bucket=fresh_name, database=fresh_name)


def test_stream_bucket_and_catalog_are_there_after_one_call_and_after_two(
    cloud: Cloud, wanted: Resources
) -> None:
    for _ in range(2):
        create(wanted, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
        summary = cloud.kinesis.describe_stream_summary(StreamName=wanted.stream)["StreamDescriptionSummary"]
        assert (summary["StreamStatus"], summary["OpenShardCount"]) == ("ACTIVE", 2)
        assert summary["RetentionPeriodHours"] == 7 * 24
        cloud.s3.head_bucket(Bucket=wanted.bucket)
        tables = cloud.glue.get_tables(DatabaseName=wanted.database)["TableList"]
        assert {table["Name"] for table in tables} == {"reports", "rejects"}


def test_the_tables_are_those_of_the_schemas(cloud: Cloud, wanted: Resources) -> None:
    create(wanted, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
    for table in TABLES:
        described = cloud.glue.get_table(DatabaseName=wanted.database, Name=table.name)["Table"]
        storage = described["StorageDescriptor"]
        assert storage["Columns"] == table.glue
        assert storage["Location"] == f"s3://{wanted.bucket}/{table.name}/live/"
        assert storage["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")
        assert [(key["Name"], key["Type"]) for key in described["PartitionKeys"]] == [("dt", "date")]
        assert not any("projection" in name for name in described["Parameters"])


def test_a_stream_that_keeps_its_records_longer_is_left_so(cloud: Cloud, wanted: Resources) -> None:
    cloud.kinesis.create_stream(StreamName=wanted.stream, ShardCount=2)
    cloud.kinesis.increase_stream_retention_period(StreamName=wanted.stream, RetentionPeriodHours=8760)
    create(wanted, kinesis=cloud.kinesis, s3=cloud.s3, glue=cloud.glue)
    summary = cloud.kinesis.describe_stream_summary(StreamName=wanted.stream)["StreamDescriptionSummary"]
    assert summary["RetentionPeriodHours"] == 8760


@pytest.mark.parametrize("region", ["eu-central-1", "cn-north-1"])
def test_it_refuses_aws_and_names_the_variable(cloud: Cloud, wanted: Resources, region: str) -> None:
    aws = boto3.Session("a", "b", region_name=region)
    with pytest.raises(NoEndpointError, match="AWS_ENDPOINT_URL_GLUE"):
        create(wanted, kinesis=cloud.kinesis, s3=cloud.s3, glue=aws.client("glue"))


def test_nothing_is_made_when_one_client_points_at_aws(cloud: Cloud, wanted: Resources) -> None:
    aws = boto3.Session("a", "b", region_name="us-east-1")
    with pytest.raises(NoEndpointError):
        create(wanted, kinesis=cloud.kinesis, s3=cloud.s3, glue=aws.client("glue"))
    assert wanted.bucket not in [bucket["Name"] for bucket in cloud.s3.list_buckets()["Buckets"]]


def test_another_region_is_told_to_s3(cloud: Cloud, wanted: Resources) -> None:
    session = boto3.Session("a", "b", region_name="eu-central-1")
    s3 = session.client("s3", endpoint_url=cloud.url)
    create(wanted, kinesis=cloud.kinesis, s3=s3, glue=cloud.glue)
    assert s3.get_bucket_location(Bucket=wanted.bucket)["LocationConstraint"] == "eu-central-1"
