"""What must not be lost is kept, encrypted, and written as the worker writes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.analytics.public.publication import WEEKS
from infra.analytics.questions import QUESTIONS
from infra.deployment.permissions import ROLES, Names
from infra.local.resources import RETENTION_HOURS
from schemas.tables import TABLES
from stream_worker.publication.history import KEPT
from tests.support.synthesis import resources

if TYPE_CHECKING:
    from tests.support.deployment.variant import Variant

FOLDERS = Path(__file__).parents[3] / "infra" / "analytics" / "questions"
LOSABLE = {"AWS::Athena::NamedQuery", "AWS::Athena::WorkGroup", "AWS::S3::BucketPolicy"}


def lake(variant: Variant) -> tuple[str, dict[str, Any]]:
    ((name, found),) = (
        (name, bucket)
        for name, bucket in resources(variant.data, "AWS::S3::Bucket").items()
        if name.startswith("Lake")
    )
    return name, found


def statements(variant: Variant, bucket: str) -> list[dict[str, Any]]:
    (policy,) = (
        policy["PolicyDocument"]["Statement"]
        for policy in resources(variant.data, "AWS::S3::BucketPolicy").values()
        if policy["Bucket"] == {"Ref": bucket}
    )
    found: list[dict[str, Any]] = policy
    return found


def test_all_that_holds_data_outlives_its_stack_and_its_own_replacement(defaults: Variant) -> None:
    for name, resource in defaults.data["Resources"].items():
        if resource["Type"] not in LOSABLE and not name.startswith("QueryResults"):
            assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_the_stream_keeps_a_week_and_is_encrypted(defaults: Variant) -> None:
    stream = defaults.one("AWS::Kinesis::Stream")
    assert stream["RetentionPeriodHours"] == RETENTION_HOURS == 7 * 24
    assert stream["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    assert (stream["StreamModeDetails"], stream["ShardCount"]) == ({"StreamMode": "PROVISIONED"}, 1)


def test_no_bucket_is_public_or_unencrypted_or_reached_without_tls(defaults: Variant) -> None:
    for name, bucket in resources(defaults.data, "AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
        assert "LoggingConfiguration" not in bucket
        refused = [one["Condition"] for one in statements(defaults, name) if one["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in refused


def test_nothing_in_the_lake_can_be_overwritten(defaults: Variant) -> None:
    name, _ = lake(defaults)
    (denied,) = (one for one in statements(defaults, name) if one.get("Sid") == "OnlyConditionalWrites")
    assert denied == {
        "Sid": "OnlyConditionalWrites",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:PutObject",
        "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": [name, "Arn"]}, "/*"]]},
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }


def test_age_alone_removes_rejects_and_what_replays_work_on_after_30_days(defaults: Variant) -> None:
    _, bucket = lake(defaults)
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    ages = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert ages == dict.fromkeys(("rejects/", "reports/replay/", "chains/replay/"), KEPT.days)
    (uploads,) = (rule for rule in rules if "AbortIncompleteMultipartUpload" in rule)
    assert "Prefix" not in uploads
    assert "ExpirationInDays" not in uploads


@pytest.mark.parametrize(
    "key",
    [
        "reports/live/dt=2026-11-23/1.shardId-000000000000.start.parquet",
        "reports/sealed/dt=2026-11-22/run=1/part-00000.parquet",
        "runs/dt=2026-11-22/1.json",
    ],
)
def test_age_alone_removes_nothing_that_readers_of_reports_may_be_pointed_at(
    defaults: Variant, key: str
) -> None:
    _, bucket = lake(defaults)
    for rule in bucket["LifecycleConfiguration"]["Rules"]:
        assert "ExpirationInDays" not in rule or not key.startswith(rule["Prefix"])


def test_the_catalog_is_that_of_the_schemas_and_has_no_projection(defaults: Variant) -> None:
    bucket, _ = lake(defaults)
    described = {
        table["TableInput"]["Name"]: table["TableInput"]
        for table in resources(defaults.data, "AWS::Glue::Table").values()
    }
    assert described.keys() == {table.name for table in TABLES}
    for table in TABLES:
        made = described[table.name]
        assert made["StorageDescriptor"]["Columns"] == table.glue
        location = made["StorageDescriptor"]["Location"]["Fn::Join"][1]
        assert location == ["s3://", {"Ref": bucket}, f"/{table.name}/live/"]
        assert [key["Name"] for key in made["PartitionKeys"]] == ["dt"]
        assert not any("projection" in name for name in made["Parameters"])


def test_the_lease_tables_are_those_that_the_workers_role_knows(defaults: Variant) -> None:
    made = resources(defaults.data, "AWS::DynamoDB::Table").values()
    names = Names("aws", "eu-central-1", "1", "stream", "bucket", "metrics", "metrics-worker")
    known = {
        arn.rpartition("/")[2]
        for grant in ROLES["worker"]
        for arn in grant.arns(names)
        if ":dynamodb:" in arn
    }
    assert {table["TableName"] for table in made} == known
    assert {table["TableName"]: table["KeySchema"] for table in made} == {
        "metrics-worker": [{"AttributeName": "leaseKey", "KeyType": "HASH"}],
        "metrics-worker-CoordinatorState": [{"AttributeName": "key", "KeyType": "HASH"}],
    }


def test_the_lease_tables_can_be_restored_and_are_not_deleted_by_mistake(defaults: Variant) -> None:
    for table in resources(defaults.data, "AWS::DynamoDB::Table").values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["DeletionProtectionEnabled"] is True


def test_a_query_has_a_limit_that_its_client_cannot_lift(defaults: Variant) -> None:
    chosen = defaults.one("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    assert chosen["BytesScannedCutoffPerQuery"] == 10 * 2**30
    assert chosen["EnforceWorkGroupConfiguration"] is True
    assert chosen["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}


def test_the_outputs_have_the_names_that_commands_are_given(defaults: Variant) -> None:
    assert defaults.data["Outputs"].keys() == {
        "StreamName", "BucketName", "DatabaseName", "ApplicationName", "Workgroup",
    }  # fmt: skip


def test_each_question_is_a_query_of_the_workgroup_as_its_file_stands(defaults: Variant) -> None:
    made = [one for one in defaults.data["Resources"].values() if one["Type"] == "AWS::Athena::NamedQuery"]
    queries = {query["Properties"]["Name"]: query for query in made}
    assert set(queries) == {*QUESTIONS, WEEKS.name}
    assert queries.pop(WEEKS.name)["Properties"]["QueryString"] == WEEKS.sql
    ((workgroup, _),) = resources(defaults.data, "AWS::Athena::WorkGroup").items()
    for name, query in queries.items():
        told = query["Properties"]
        assert told["QueryString"] == (FOLDERS / name / "question.sql").read_text(encoding="utf-8")
        assert (told["WorkGroup"], told["Database"]) == ("metrics-worker", "metrics")
        assert query["DependsOn"] == [workgroup]
