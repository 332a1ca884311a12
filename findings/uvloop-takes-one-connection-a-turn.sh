#!/usr/bin/env bash
# uvloop takes one new connection in each turn of its loop; asyncio takes all that wait.
#
# libuv has accepted one connection at a time since 1.45 (2023), so uvloop 0.23.0 (libuv 1.52.1) calls
# `connection_made` once between two rounds of callbacks. asyncio's own loop accepts up to `backlog` in one.
# A server whose turns are long because many requests are ready (64 busy clients: some 3 ms) so takes only a few
# hundred new connections a second. What comes beyond that fills the system's queue, and then each new client
# waits for TCP to send its SYN again: 1 s, 3 s, 7 s. Health checks are new connections: beside 1,000 clients a
# second that reconnected they were seen to take 6.8 s.
# More than one server on copies of the socket (`sock.dup()`) takes one for each of them in a turn.
#
# Seen on 2026-11-29 with Python 3.11.7, uvloop 0.23.0: the lines of `expected` below. Exit status 1 if they change.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check uvloop==0.23.0

cat >"$work/turns.py" <<'PYTHON'
"""Let 60 clients wait in the listener's queue; count the connections that each turn of the loop takes."""

import asyncio
import socket
from collections import Counter

import uvloop

CLIENTS = 60


async def turns(copies: int) -> list[int]:
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0), backlog=CLIENTS)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(CLIENTS)]
    turn, taken = 0, Counter()

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken[turn] += 1

    servers = [
        await loop.create_server(Connection, sock=listener.dup(), backlog=CLIENTS) for _ in range(copies)
    ]
    while taken.total() < CLIENTS:
        turn += 1
        await asyncio.sleep(0)  # one turn
    for one in (*clients, *servers):
        one.close()
    return sorted(set(taken.values()))


for name, factory, copies in (
    ("asyncio", asyncio.new_event_loop, 1),
    ("uvloop", uvloop.new_event_loop, 1),
    ("uvloop, 4 copies of the socket", uvloop.new_event_loop, 4),
):
    with asyncio.Runner(loop_factory=factory) as runner:
        print(f"{name}: {runner.run(turns(copies))} connections in a turn")
PYTHON

"$work/venv/bin/python" "$work/turns.py" | tee "$work/seen"
cat >"$work/expected" <<'TEXT'
asyncio: [60] connections in a turn
uvloop: [1] connections in a turn
uvloop, 4 copies of the socket: [4] connections in a turn
TEXT
diff "$work/expected" "$work/seen"
