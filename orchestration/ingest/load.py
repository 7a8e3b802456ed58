"""From staged files to rows of text in DuckDB. Small files of one feed are read by one statement, where they can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest.check import numbered
from orchestration.ingest.incoming import STRUCTURAL, incoming_columns, quote, sql_of_all
from orchestration.ingest.item import Item
from orchestration.ingest.outcome import Rejected
from orchestration.ingest.read import read


def load_alone(connection: duckdb.DuckDBPyConnection, item: Item) -> None:
    """Text of a small file into `incoming`; by the slow reader where its structure is flawed."""
    started = time.perf_counter()

    def insert() -> int:
        sql = numbered(item.incoming.sql("row_number() over ()"), item.number, f"{item.outcome.received_at}")
        return connection.execute(f"insert into incoming {sql}").fetchone()[0]

    def forget() -> None:
        connection.execute(f"delete from incoming where _batch = {item.number}")

    try:
        rows = insert()
        flawless = not item.incoming.header_lines or lines_agree(item, rows)
    except STRUCTURAL:
        flawless = False
    if not flawless:
        forget()
        item.incoming = read(item.staged, item.file.contract, careful=True)
        rows = insert()
    check_trailer(item, rows, forget)
    item.outcome.timings["read"] = item.outcome.timings.get("read", 0.0) + time.perf_counter() - started


def load_together(
    connection: duckdb.DuckDBPyConnection, items: list[Item], contract: FeedContract,
    guarded: Callable[[Item, Callable[[], Any]], bool],
) -> tuple[list[Item], list[Item], list[str]]:  # fmt: skip
    """Read files of one feed that look alike by one statement.

    Returns the files that were read, those that have to be read alone (because of a flaw in one of them, or because
    nothing looks like them), and SELECTs over the rows of the former.
    """
    alike: dict[str, list[Item]] = {}
    for item in items:
        alike.setdefault(item.incoming.template, []).append(item)
    loaded: list[Item] = []
    alone: list[Item] = []
    sources: list[str] = []
    for number, members in enumerate(alike.values()):
        started = time.perf_counter()
        try:
            if len(members) == 1:
                raise duckdb.InvalidInputException
            table = f"together_{number}"
            connection.execute(
                f"create or replace temp table {table} as {sql_of_all([item.incoming for item in members])}"
            )
        except STRUCTURAL:
            alone += members
            continue
        counted = {
            place: bounds
            for place, *bounds in connection.execute(
                f"select _file, count(*), min(_record), max(_record) from {table} group by _file"
            ).fetchall()
        }
        firsts: dict[int, tuple[Item, int]] = {}
        for place, item in enumerate(members):
            rows, first, last = counted.get(place, (0, 1, 0))
            if item.incoming.is_numbered and not (last - first + 1 == rows and lines_agree(item, rows)):
                alone.append(item)
            elif guarded(item, lambda item=item, rows=rows: check_trailer(item, rows, lambda: None)):
                firsts[place] = (item, first if item.incoming.is_numbered else 1)
        for item, _ in firsts.values():
            item.outcome.timings["read"] = (time.perf_counter() - started) / len(members)
            loaded.append(item)
        if firsts:
            sources.append(_rows_of(table, contract, firsts, len(members)))
    return loaded, alone, sources


def _rows_of(table: str, contract: FeedContract, firsts: dict[int, tuple[Item, int]], files: int) -> str:
    """SELECT over the rows of files that were read together, in the columns that every reader yields."""
    texts = [name for name, _ in incoming_columns(contract)][4:]

    def each(value: Callable[[Item, int], str]) -> str:
        return "[" + ", ".join(value(*firsts[place]) if place in firsts else "null" for place in range(files)) + "]"

    batches, moments, before = (
        f"list_extract({each(value)}, _file + 1)"
        for value in (
            lambda item, first: str(item.number),
            lambda item, first: f"timestamp {quote(str(item.outcome.received_at))}",
            lambda item, first: str(first - 1),
        )
    )
    return (
        f"select {batches} as _batch, {moments} as _received_at, _record - {before} as _record, "
        f"_line - {before} as _line, {', '.join(texts)} from {table} where _file in ({', '.join(map(str, firsts))})"
    )


def lines_agree(item: Item, rows: int) -> bool:
    """True where every record is one line, so that line numbers follow from record numbers."""
    return item.staged.newlines - (rows + item.incoming.header_lines) in (0, -1)


def check_trailer(item: Item, rows: int, undo: Callable[[], Any]) -> None:
    promised = item.staged.trailer_count
    if promised is not None and promised != rows:
        undo()
        item.outcome.rows_in = rows
        raise Rejected(
            "trailer",
            f"The trailer promises {promised:,} records; the file holds {rows:,}. Records were lost or added on "
            f"the way.",
            "Export and send the whole file again.",
        )
