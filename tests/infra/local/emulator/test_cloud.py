"""The emulator as a process: how it starts, which protocols it speaks, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest

from infra.local.endpoint import Endpoint, start_cloud
from infra.local.ports import reserve
from infra.local.process import Process, ProcessError, answers
from tests.infra.local.test_process import wait_gone

if TYPE_CHECKING:
    from tests.conftest import Cloud

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def worker_of(endpoint: Endpoint) -> int:
    pid = endpoint.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(children[-1])


def test_http2_with_prior_knowledge_is_answered_with_settings(cloud: Cloud) -> None:
    place = urlsplit(cloud.url)
    with socket.create_connection((place.hostname, place.port), timeout=5) as connection:
        connection.sendall(HTTP2_PREFACE)
        frame = connection.recv(9)
    assert frame[3] == 4  # SETTINGS


def test_every_service_is_on_the_one_port(cloud: Cloud) -> None:
    session = boto3.Session("a", "b", region_name="eu-central-1")
    assert session.client("kinesis", endpoint_url=cloud.url).list_streams()["StreamNames"] == []
    assert session.client("dynamodb", endpoint_url=cloud.url).list_tables()["TableNames"] == []
    assert session.client("glue", endpoint_url=cloud.url).get_databases()["DatabaseList"] == []
    assert "Buckets" in session.client("s3", endpoint_url=cloud.url).list_buckets()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_status_0_even_with_connections_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    with start_cloud(tmp_path / "log") as endpoint:
        place = urlsplit(endpoint.url)
        with socket.create_connection((place.hostname, place.port)):
            endpoint.process.send(number)
            assert endpoint.process.wait(30) == 0
        assert not answers(endpoint.url)
        assert endpoint.process.tail() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_its_whole_group_ends_it_with_status_0(tmp_path: Path, number: signal.Signals) -> None:
    with start_cloud(tmp_path / "log") as endpoint:
        os.killpg(endpoint.process.pid, number)
        assert endpoint.process.wait(30) == 0


def test_its_worker_does_not_outlive_a_kill_of_its_parent_alone(tmp_path: Path) -> None:
    with start_cloud(tmp_path / "log") as endpoint:
        worker = worker_of(endpoint)
        os.kill(endpoint.process.pid, signal.SIGKILL)
        wait_gone(worker)


def test_several_start_at_once_without_meeting_on_a_port(tmp_path: Path) -> None:
    def start(index: int) -> str:
        with start_cloud(tmp_path / f"log{index}") as endpoint:
            return endpoint.url

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(start, range(2)))) == 2


def test_a_port_in_use_is_an_error_that_says_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "infra.local.emulator.cloud", "--port", port]
        process = Process("cloud", command, log=tmp_path / "log")
        with pytest.raises(ProcessError, match="is in use; stop what listens there"):
            process.wait_ready(lambda: False, 20)


def test_a_reserved_port_is_nobody_elses() -> None:
    with reserve() as port, socket.socket() as other:
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
