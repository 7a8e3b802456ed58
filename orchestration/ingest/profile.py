"""DuckDB measures: the profile of a batch, per column and code, without a value that could tell who somebody is.

Smallest and largest values and quantiles are kept for dates and numbers that identify nobody; codes are counted only
where they are in the contract's own list, so that a name in the wrong column never gets into a profile.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts import NUMERIC, Column, FeedContract
from orchestration.ingest.read import quote

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
OTHER = "(other)"
SCHEMA = (
    ("kind", "varchar"), ("column_name", "varchar"), ("item", "varchar"), ("severity", "varchar"), ("rows", "bigint"),
    ("failures", "bigint"), ("nulls", "bigint"), ("distinct_count", "bigint"), ("share", "double"),
    ("min_value", "varchar"), ("max_value", "varchar"), *((f"q{round(q * 100):02d}", "double") for q in QUANTILES),
)  # fmt: skip


def profile(
    connection: duckdb.DuckDBPyConnection, contract: FeedContract, lists: dict[str, frozenset[str]]
) -> dict[int, list[dict[str, Any]]]:
    """Rows of kind column and code for every batch in `checked`, over the accepted records."""
    selected = ["_batch", "count(*)"]
    layout: list[tuple[Column, bool, bool]] = []
    for column in contract.columns:
        name, shown, coded = f'"{column.name}"', _is_shown(column), _codes(column, lists)
        selected += [f"count({name})", f"approx_count_distinct({name})"]
        if shown:
            number = name if NUMERIC.fullmatch(column.data_type) else f"epoch({name})"
            selected += [
                f"cast(min({name}) as varchar)",
                f"cast(max({name}) as varchar)",
                f"approx_quantile({number}, {list(QUANTILES)})",
            ]
        if coded:
            known = ", ".join(map(quote, coded))
            selected.append(
                f"histogram(case when {name} in ({known}) then {name} when {name} is not null then '{OTHER}' end)"
            )
        layout.append((column, shown, bool(coded)))
    made: dict[int, list[dict[str, Any]]] = {}
    for batch, rows, *values in connection.execute(
        f"select {', '.join(selected)} from checked where not _rejected group by _batch"
    ).fetchall():
        made[batch] = _rows(rows, iter(values), layout)
    return made


def _is_shown(column: Column) -> bool:
    return (
        not column.is_identifying
        and column.sensitivity is None
        and (column.data_type in ("date", "timestamp") or bool(NUMERIC.fullmatch(column.data_type)))
    )


def _codes(column: Column, lists: dict[str, frozenset[str]]) -> tuple[str, ...]:
    if column.is_identifying:
        return ()
    return (
        column.accepted
        or tuple(code for code, _ in column.codes)
        or tuple(sorted(lists.get(column.code_list or "", ())))
    )


def _rows(rows: int, values, layout) -> list[dict[str, Any]]:
    made = []
    for column, shown, coded in layout:
        filled, distinct = next(values), next(values)
        entry = {
            "kind": "column",
            "column_name": column.name,
            "rows": rows,
            "nulls": rows - filled,
            "distinct_count": min(distinct, filled),
            "share": (rows - filled) / rows if rows else 0.0,
        }
        if shown:
            entry["min_value"], entry["max_value"] = next(values), next(values)
            for quantile, value in zip(QUANTILES, next(values) or [], strict=False):
                entry[f"q{round(quantile * 100):02d}"] = None if value is None else float(value)
        made.append(entry)
        if coded:
            for code, count in (next(values) or {}).items():
                made.append(
                    {
                        "kind": "code",
                        "column_name": column.name,
                        "item": code,
                        "rows": count,
                        "share": count / filled if filled else 0.0,
                    }
                )
    return made


def hold_profiles(
    connection: duckdb.DuckDBPyConnection, profiles: dict[int, list[dict[str, Any]]], scratch: Path
) -> None:
    """Make the temp table `profile` of all batches of a chunk, so that each is one cheap copy."""
    with scratch.open("w", encoding="utf-8") as file:
        for batch, entries in profiles.items():
            for entry in entries:
                file.write(json.dumps({"_batch": batch, **entry}, separators=(",", ":")) + "\n")
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in (("_batch", "integer"), *SCHEMA))
    connection.execute(
        f"create or replace temp table profile as select * from read_json({quote(str(scratch))}, format = "
        f"'newline_delimited', columns = {{{columns}}})"
    )
    scratch.unlink()
