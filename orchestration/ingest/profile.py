"""DuckDB measures: the profile of a batch, per column and code, without a value that could tell who somebody is.

Smallest and largest values and quantiles are kept for dates and numbers that identify nobody; codes are counted only where
they are in the contract's own list, so that a name in the wrong column never gets into a profile.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts import NUMERIC, Column, FeedContract
from orchestration.ingest.read import quote

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
OTHER = "(other)"
SCHEMA = (
    ("kind", "string"), ("column_name", "string"), ("item", "string"), ("severity", "string"), ("rows", "int64"),
    ("failures", "int64"), ("nulls", "int64"), ("distinct_count", "int64"), ("share", "float64"),
    ("min_value", "string"), ("max_value", "string"), *((f"q{round(q * 100):02d}", "float64") for q in QUANTILES),
)  # fmt: skip


def profile(connection: duckdb.DuckDBPyConnection, contract: FeedContract, lists: dict[str, frozenset[str]]) -> dict[int, list[dict[str, Any]]]:
    """Rows of kind column and code for every batch in `checked`, over the accepted records."""
    selected = ["_batch", "count(*)"]
    layout: list[tuple[Column, bool, bool]] = []
    for column in contract.columns:
        name, shown, coded = f'"{column.name}"', _is_shown(column), _codes(column, lists)
        selected += [f"count({name})", f"approx_count_distinct({name})"]
        if shown:
            number = name if NUMERIC.fullmatch(column.data_type) else f"epoch({name})"
            selected += [f"cast(min({name}) as varchar)", f"cast(max({name}) as varchar)", f"approx_quantile({number}, {list(QUANTILES)})"]
        if coded:
            known = ", ".join(map(quote, coded))
            selected.append(f"histogram(case when {name} in ({known}) then {name} when {name} is not null then '{OTHER}' end)")
        layout.append((column, shown, bool(coded)))
    made: dict[int, list[dict[str, Any]]] = {}
    for batch, rows, *values in connection.execute(f"select {', '.join(selected)} from checked where not _rejected group by _batch").fetchall():
        made[batch] = _rows(rows, iter(values), layout)
    return made


def _is_shown(column: Column) -> bool:
    return not column.is_identifying and column.sensitivity is None and (column.data_type in ("date", "timestamp") or bool(NUMERIC.fullmatch(column.data_type)))


def _codes(column: Column, lists: dict[str, frozenset[str]]) -> tuple[str, ...]:
    if column.is_identifying:
        return ()
    return column.accepted or tuple(code for code, _ in column.codes) or tuple(sorted(lists.get(column.code_list or "", ())))


def _rows(rows: int, values, layout) -> list[dict[str, Any]]:
    made = []
    for column, shown, coded in layout:
        filled, distinct = next(values), next(values)
        entry = {"kind": "column", "column_name": column.name, "rows": rows, "nulls": rows - filled, "distinct_count": min(distinct, filled),
                 "share": (rows - filled) / rows if rows else 0.0}  # fmt: skip
        if shown:
            entry["min_value"], entry["max_value"] = next(values), next(values)
            for quantile, value in zip(QUANTILES, next(values) or [], strict=False):
                entry[f"q{round(quantile * 100):02d}"] = None if value is None else float(value)
        made.append(entry)
        if coded:
            for code, count in (next(values) or {}).items():
                made.append({"kind": "code", "column_name": column.name, "item": code, "rows": count, "share": count / filled if filled else 0.0})
    return made


def write_profile(entries: list[dict[str, Any]], target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, getattr(pa, kind)()) for name, kind in SCHEMA])
    pq.write_table(pa.Table.from_pylist(entries, schema=schema), target, compression="zstd")


def read_profile(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return pq.read_table(path).to_pylist()


