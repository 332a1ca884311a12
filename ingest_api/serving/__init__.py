"""The edge's HTTP/1.1 server for a WSGI application: every wait on a client has a deadline, and all a bound.

The application is called on the event loop's thread, with the whole body at hand, and must not block: what it
waits for is a `Pending`. Why the server is this one: `stream_worker/decisions/0001-edge-server.md`.
"""
