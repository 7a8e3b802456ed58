"""How fast the hub is, as ratios to what DuckDB alone does with the same files and the same SQL, in the same run.

`make bench`, or `python -m benchmarks --help`. Nothing here is imported by the hub.
"""
