"""Polars for a dozen rows: as much of it as the worker asks for, over plain lists.

A frame of Polars costs the same for three rows as for three thousand: most of a history's time went into the
planning of queries. What is here has the same names and gives the same values; `--exact` plays the same
histories on Polars itself, and a test compares the two. What is not here raises `AttributeError`.
"""
