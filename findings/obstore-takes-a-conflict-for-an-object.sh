#!/usr/bin/env bash
# A conditional PUT that S3 answers 409 Conflict: boto3 says that, obstore says that the object is there. It is not.
#
# S3 answers `If-None-Match: *` in two ways that differ. 412 Precondition Failed: there is an object. 409
# ConditionalRequestConflict: another request on the key was under way, nothing is known, send the PUT again
# (docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). obstore, and the Rust crate object_store that it
# is made of, raises AlreadyExistsError for both, after one request and without a retry. Who commits by "the name was free, so
# it is mine" (a log of numbered files, a lock, a chain of segments) is told that another one has won, looks for the winner's
# object, and there may be none: the other PUT can have failed, or been taken back.
#
# Seen on 2026-11-29 with obstore 0.12.1 and boto3 1.44.5: the lines of `expected` below. Both talk to the same small
# server, which answers a conditional PUT with S3's 409 and keeps nothing. Exit status 1 if the lines change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1 boto3==1.44.5

cat >"$work/conflict.py" <<'PYTHON'
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import boto3
import obstore
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore.store import S3Store

CONFLICT = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>ConditionalRequestConflict</Code>'
    b"<Message>The conditional request cannot succeed due to a conflicting operation against this resource.</Message></Error>"
)
asked = Counter()


class S3(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["If-None-Match"] == "*"
        self.answer(409, CONFLICT)

    def do_HEAD(self):
        self.answer(404, b"")

    def answer(self, status, body):
        asked[self.command] += 1
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), S3)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
print(f"obstore {version('obstore')}, boto3 {version('boto3')}")

client = boto3.client(
    "s3", endpoint_url=url, region_name="eu-central-1", aws_access_key_id="k", aws_secret_access_key="s",
    config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
)
try:
    client.put_object(Bucket="lake", Key="log/1", Body=b"mine", IfNoneMatch="*")
except ClientError as error:
    print(f"boto3: {error.response['Error']['Code']}, HTTP {error.response['ResponseMetadata']['HTTPStatusCode']}")
asked.clear()

store = S3Store(
    "lake", endpoint=url, region="eu-central-1", access_key_id="k", secret_access_key="s",
    client_options={"allow_http": True}, virtual_hosted_style_request=False,
)
try:
    obstore.put(store, "log/1", b"mine", mode="create")
except Exception as error:
    print(f"obstore: {type(error).__name__} after {asked['PUT']} PUT")
try:
    obstore.head(store, "log/1")
except FileNotFoundError as error:
    print(f"obstore, asked for that object: {type(error).__name__}")
PYTHON

"$work/venv/bin/python" "$work/conflict.py" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
obstore 0.12.1, boto3 1.44.5
boto3: ConditionalRequestConflict, HTTP 409
obstore: AlreadyExistsError after 1 PUT
obstore, asked for that object: FileNotFoundError
TEXT
diff "$work/expected" "$work/seen"
