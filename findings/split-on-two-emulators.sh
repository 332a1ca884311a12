#!/usr/bin/env bash
# One program, two emulators of Kinesis: what a SplitShard does to the records that follow it.
#
# AWS: after SplitShard the parent is CLOSED, new records go to its children, and GetRecords on the parent gives its
# last records, then no NextShardIterator but the ChildShards. npm's kinesis-local does so. moto leaves the parent
# taking records though it is closed, never ends it, and gives its children none. A consumer that is right on AWS (read
# the parent to its end, then the children) never gets to the children on moto. A test of resharding on moto shows
# nothing, or passes for the wrong reason: the closed parent holds all records in order.
# moto also numbers records "1", "2", … where Kinesis has 56 digits: sequence numbers must be compared as integers,
# since as text "10" is less than "9" on moto only.
#
# Seen on 2026-11-29 with moto 5.2.5, kinesis-local 0.6.2 and boto3 1.44.8: the lines of `expected` below.
# Exit status 1 if they change. Requires npm and node.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "moto[server]==5.2.5" boto3==1.44.8
npm install --silent --no-audit --no-fund --prefix "$work" kinesis-local@0.6.2

cat >"$work/split.py" <<'PYTHON'
import json
import os
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import boto3

here, bins = Path(__file__).parent, Path(sys.executable).parent
local = here / "node_modules/kinesis-local"


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


def run(port: int) -> None:
    kinesis = boto3.client(
        "kinesis",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )

    def put(numbers: range) -> list[dict]:
        return [kinesis.put_record(StreamName="s", PartitionKey=str(n), Data=b"%d" % n) for n in numbers]

    def read(shard: str) -> str:
        """Up to five calls, from the shard's first record on."""
        found = []
        where = {"StreamName": "s", "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
        for _ in range(5):
            answer = kinesis.get_records(ShardIterator=iterator)
            found += [int(record["Data"]) for record in answer["Records"]]
            iterator = answer.get("NextShardIterator")
            if not iterator:
                children = [child["ShardId"][-1] for child in answer.get("ChildShards", [])]
                return f"{found}, ended, children {children}"
        return f"{found}, more to come"

    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 1})
    digits = {len(record["SequenceNumber"]) for record in put(range(3))}
    print("  digits of a sequence number:", *digits)
    kinesis.split_shard(StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 1})
    print("  after the split, 3 to 6 went to shards:", *[record["ShardId"][-1] for record in put(range(3, 7))])
    for shard in kinesis.list_shards(StreamName="s")["Shards"]:
        state = "closed" if "EndingSequenceNumber" in shard["SequenceNumberRange"] else "open"
        print(f"  shard {shard['ShardId'][-1]} ({state}):", read(shard["ShardId"]))


def main() -> None:
    moto_port, local_port, unused = free_port(), free_port(), free_port()
    ports = {
        "KINESIS_MOCK_PLAIN_PORT": str(local_port),
        "KINESIS_MOCK_TLS_PORT": str(unused),
        "KINESIS_MOCK_CERT_PATH": str(local / "server.json"),
    }
    node_version = json.loads((local / "package.json").read_text())["version"]
    for name, port, command in (
        ("moto " + version("moto"), moto_port, [bins / "moto_server", "-p", str(moto_port)]),
        ("kinesis-local " + node_version, local_port, ["node", local / "main.js"]),
    ):
        server = subprocess.Popen(command, env={**os.environ, **ports}, stdout=-3, stderr=-3)
        try:
            wait_for(port)
            print(name, flush=True)
            run(port)
        finally:
            server.terminate()
            server.wait()


main()
PYTHON

"$work/venv/bin/python" "$work/split.py" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
moto 5.2.5
  digits of a sequence number: 1
  after the split, 3 to 6 went to shards: 0 0 0 0
  shard 0 (closed): [0, 1, 2, 3, 4, 5, 6], more to come
  shard 1 (open): [], more to come
  shard 2 (open): [], more to come
kinesis-local 0.6.2
  digits of a sequence number: 56
  after the split, 3 to 6 went to shards: 2 2 2 1
  shard 0 (closed): [0, 1, 2], ended, children ['1', '2']
  shard 1 (open): [6], more to come
  shard 2 (open): [3, 4, 5], more to come
TEXT
diff "$work/expected" "$work/seen"
