"""The emulator counts what it is asked for, by operation and resource."""

from __future__ import annotations

import http.client
import io
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest

from infra.local.emulator.control import ask
from infra.local.emulator.s3 import operation as s3_operation
from infra.local.endpoint import REGION, start_cloud
from infra.local.process import answers
from tests.conftest import SESSION, Cloud
from tests.support.local.control import calls, calls_of, forget_calls
from tests.support.local.shards import Reader, put

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED = "AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/%s/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Start a cloud that nobody else asks."""
    with start_cloud(tmp_path_factory.mktemp("counted") / "cloud.log") as endpoint:
        yield Cloud(endpoint)


@pytest.fixture
def counted(own: Cloud) -> Cloud:
    forget_calls(own.url)
    return own


def test_kinesis_by_stream_even_where_only_an_iterator_names_it(counted: Cloud, fresh_name: str) -> None:
    counted.kinesis.create_stream(StreamName=fresh_name, ShardCount=1)
    put(counted.kinesis, fresh_name, b'"StreamName": "another"', b"b")
    reader = Reader(counted.kinesis, fresh_name)
    arn = counted.kinesis.describe_stream(StreamName=fresh_name)["StreamDescription"]["StreamARN"]
    counted.kinesis.describe_stream_summary(StreamARN=arn)
    assert len(reader.data("shardId-000000000000")) == 2
    names = ("CreateStream", "DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator")
    assert calls(counted.url) == {("kinesis", name, fresh_name): 1 for name in (*names, "PutRecords")}


def test_dynamodb_by_table_and_glue_by_database(counted: Cloud, fresh_name: str) -> None:
    counted.dynamodb.create_table(
        TableName=fresh_name,
        KeySchema=[{"AttributeName": "TableName", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "TableName", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for _ in range(3):
        counted.dynamodb.put_item(Item={"TableName": {"S": "x"}}, TableName=fresh_name)
    counted.dynamodb.list_tables()
    counted.glue.create_database(DatabaseInput={"Name": fresh_name})
    counted.glue.get_tables(DatabaseName=fresh_name)
    assert calls(counted.url) == {
        ("dynamodb", "CreateTable", fresh_name): 1,
        ("dynamodb", "PutItem", fresh_name): 3,
        ("dynamodb", "ListTables", ""): 1,
        ("glue", "CreateDatabase", ""): 1,
        ("glue", "GetTables", fresh_name): 1,
    }


def test_s3_by_bucket_and_two_folders(counted: Cloud, fresh_name: str) -> None:
    s3 = counted.s3
    s3.create_bucket(Bucket=fresh_name)
    for key in ("reports/a", "reports/live/b", "reports/live/dt=2026-11-22/b", "runs/dt=2026-11-22/b", "c"):
        s3.put_object(Bucket=fresh_name, Key=key)
    s3.head_object(Bucket=fresh_name, Key="c")
    s3.list_objects_v2(Bucket=fresh_name, Prefix="reports/live/")
    s3.list_objects_v2(Bucket=fresh_name)
    s3.list_buckets()
    assert calls(counted.url) == {
        ("s3", "CreateBucket", f"{fresh_name}/"): 1,
        ("s3", "PutObject", f"{fresh_name}/reports/"): 1,
        ("s3", "PutObject", f"{fresh_name}/reports/live/"): 2,
        ("s3", "PutObject", f"{fresh_name}/runs/"): 1,
        ("s3", "PutObject", f"{fresh_name}/"): 1,
        ("s3", "HeadObject", f"{fresh_name}/"): 1,
        ("s3", "ListObjectsV2", f"{fresh_name}/reports/live/"): 1,
        ("s3", "ListObjectsV2", f"{fresh_name}/"): 1,
        ("s3", "ListBuckets", ""): 1,
    }


def test_cloudwatch_whose_requests_have_the_operation_elsewhere(counted: Cloud) -> None:
    botocore = SESSION.client("cloudwatch", endpoint_url=counted.url)
    botocore.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}])
    java = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": SIGNED % "monitoring"}
    connection = http.client.HTTPConnection(urlsplit(counted.url).netloc, timeout=10)
    connection.request("POST", "/", "Action=PutMetricData&Version=2010-08-01&Namespace=n", java)
    assert connection.getresponse().status == 200
    connection.close()
    assert calls(counted.url) == {
        ("monitoring", "PutMetricData", ""): 1,
        ("monitoring", "PutMetricData", "n"): 1,
    }


@pytest.mark.parametrize(
    ("method", "path", "query", "headers", "operation"),
    [
        ("PUT", "/b/k", "", {"HTTP_X_AMZ_COPY_SOURCE": "/b/c"}, "CopyObject"),
        ("PUT", "/b/k", "partNumber=1&uploadId=2", {}, "UploadPart"),
        ("POST", "/b/k", "uploads", {}, "CreateMultipartUpload"),
        ("POST", "/b/k", "uploads=", {}, "CreateMultipartUpload"),
        ("POST", "/b/k", "uploadId=2", {}, "CompleteMultipartUpload"),
        ("DELETE", "/b/k", "uploadId=2", {}, "AbortMultipartUpload"),
        ("DELETE", "/b/k", "", {}, "DeleteObject"),
        ("POST", "/b", "delete", {}, "DeleteObjects"),
        ("GET", "/b/k", "x-id=GetObject", {}, "GetObject"),
        ("GET", "/b", "location", {}, "GetBucketLocation"),
        ("GET", "/b/", "list-type=2", {}, "ListObjectsV2"),
        ("GET", "/b", "", {}, "ListObjects"),
        ("PATCH", "/b", "", {}, "Unknown"),
    ],
)
def test_an_s3_operation_is_told_by_its_request(
    method: str, path: str, query: str, headers: dict[str, str], operation: str
) -> None:
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "wsgi.input": io.BytesIO()}
    assert s3_operation.read(environ | headers)[0] == operation


def test_the_caller_is_the_key_that_signs(counted: Cloud) -> None:
    for name in ("one", "two"):
        session = boto3.Session(name, "secret", region_name=REGION)
        session.client("kinesis", endpoint_url=counted.url).list_streams()
    counted.kinesis.describe_limits()
    assert calls_of(counted.url, "one") == {("kinesis", "ListStreams", "")}
    assert calls(counted.url) == {("kinesis", "ListStreams", ""): 2, ("kinesis", "DescribeLimits", ""): 1}


def test_what_is_not_signed_is_nobodys_call(counted: Cloud) -> None:
    assert answers(counted.url)
    assert calls(counted.url) == {}


def test_another_method_is_refused(counted: Cloud) -> None:
    with pytest.raises(ValueError, match="405: GET or DELETE"):
        ask(counted.url, "POST", "/_calls")
