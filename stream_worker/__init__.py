"""The worker: reads the stream, judges each record and commits it to the lake exactly once."""
