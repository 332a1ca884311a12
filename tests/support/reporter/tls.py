"""TLS on loopback: a certificate of the test's own, and a front that ends TLS as a load balancer does."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from infra.local.ports import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def make_certificate(path: Path) -> Path:
    """Write a key and a certificate of its own for the loopback address; SSL_CERT_FILE can name the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def front(address: str, certificate: Path) -> Iterator[str]:
    """Give the `host:port` at which TLS leads to the plain `address`, one connection after another."""
    host, _, port = address.rpartition(":")
    with socket.create_server((LOOPBACK, 0)) as plain:
        listening = server_side(certificate).wrap_socket(plain, server_side=True)
        with listening:
            thread = threading.Thread(target=_serve, args=(listening, (host, int(port))), daemon=True)
            thread.start()
            yield f"{LOOPBACK}:{listening.getsockname()[1]}"
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(30)


def _serve(listening: ssl.SSLSocket, behind: tuple[str, int]) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except ssl.SSLError:
            continue
        except OSError:
            return
        with client, socket.create_connection(behind, 30) as server, suppress(OSError):
            client.settimeout(30)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(30)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
