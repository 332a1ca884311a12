"""Reads the stream and hands its records to processors: the only modules that know how."""
