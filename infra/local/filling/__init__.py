"""Fills an emulated lake with a story: put on the stream, read, committed and sealed, day by day."""
