"""How long and how much the server waits for, and takes from, each client."""

from typing import Final

from schemas.report import LONGEST_BYTES

HEAD_SECONDS: Final = 10.0
"""From the first byte of a request to the end of its head; then 408."""

BODY_SECONDS: Final = 5.0
"""From the end of a head to the end of the body; then 408."""

READ_SECONDS: Final = 10.0
"""How long a client may take to read an answer; then its connection is reset."""

IDLE_SECONDS: Final = 75.0
"""How long a connection may be silent between requests, or before the first one.

Longer than the load balancer's idle time-out: a balancer that sends on a connection which the edge is about
to close answers its client 502.
"""

LINGER_SECONDS: Final = 2.0
"""How long input is still read, and thrown away, behind a last answer: with input unread TCP resets the
connection, and the client may lose the answer."""

HEAD_BYTES: Final = 8 * 1024
"""The longest head; then 431."""

BODY_BYTES: Final = LONGEST_BYTES
"""The longest body; then 413."""

CODED_BODY_BYTES: Final = 16 * BODY_BYTES
"""The most that a body's chunks may have with their sizes, extensions and trailers: chunks of one byte have
six. Then 413."""

PIPELINED: Final = 4
"""The most requests that a connection may send ahead of their answers; those behind them get none."""

CONNECTIONS: Final = 8192
"""The most connections at once. A new one then takes the place of the one that has waited longest."""

BACKLOG: Final = 4096
"""Connections that the system keeps until the server takes them; its own limit may be lower."""

RECEIVE_BUFFER_BYTES: Final = 32 * 1024
"""What the system buffers of what a client sends, a connection; so also the most that is read at once.
Without it a connection whose report waits for the stream could hold a quarter of a megabyte."""

SEND_BUFFER_BYTES: Final = 8 * 1024
"""What the system buffers of the answers that a client does not read, a connection; Linux doubles
it. So it holds one of the longest, and a client that reads nothing has few made."""

UNACKNOWLEDGED_SECONDS: Final = 20
"""How long the system keeps what a client has not acknowledged (TCP_USER_TIMEOUT)."""

SWEEP_SECONDS: Final = 0.01
"""How often deadlines are looked at."""

SWEEP_AT_ONCE_SECONDS: Final = 0.002
"""How long connections whose time is over are ended at a time, while requests wait."""

SWEEP_SHARE: Final = 0.2
"""The same as a share of the time since the last look, if that is more: a busy loop looks less often."""

ACCEPTED_AT_ONCE: Final = 4
"""The most connections that are taken between two looks at those that are there. With fewer, the system's
queue of new ones is full while the edge is busy, and a client that comes then waits for TCP to try again."""

STOP_SECONDS: Final = 0.25
"""How long answers say `Connection: close` before a stop: some round trips. So a busy connection ends after
an answer, where its client expects it, and not under a request that is on its way."""
