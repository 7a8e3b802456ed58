"""From a checked chunk to the Parquet files of its batches.

All batches of a chunk are written by one statement, partitioned: a statement for each costs more than what it writes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest.incoming import quote

PARQUET = "format parquet, compression zstd"
# In a large file, dictionaries of many values take a third of the time of writing and save nothing.
LARGE = f"{PARQUET}, compression_level 1, dictionary_size_limit 2000"


@dataclass(frozen=True)
class Place:
    """A batch of a chunk, and the folder that its files go to."""

    batch: int
    batch_id: str
    received_at: str
    file_name: str
    folder: Path
    is_large: bool = False


def write_data(
    connection: duckdb.DuckDBPyConnection, contract: FeedContract, places: list[Place], scratch: Path, record: str
) -> None:
    """The accepted rows of batches as typed Parquet: the contract's columns, then where each row came from."""
    names = ", ".join(f'"{column.name}"' for column in contract.columns)

    def rows(places: list[Place]) -> str:
        return (
            f"select {names}, {_of(places, 'batch_id')} as _batch_id, {_of(places, 'received_at')} as _received_at, "
            f"{_of(places, 'file_name')} as _file_name, cast({record} as bigint) as _row_number, _batch "
            f"from checked where not _rejected and {_among(places)}"
        )

    _write(connection, rows, places, scratch, "data.parquet")


def write_profiles(connection: duckdb.DuckDBPyConnection, places: list[Place], scratch: Path) -> None:
    _write(connection, lambda places: f"from profile where {_among(places)}", places, scratch, "profile.parquet")


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, places: list[Place], scratch: Path, limit: int | None = None
) -> None:
    """The records held back of batches, whole, with rule, column, value and line; `limit`: at most so many of each."""

    def rows(places: list[Place]) -> str:
        return (
            f"select {_of(places, 'batch_id')} as _batch_id, {_of(places, 'received_at')} as _received_at, "
            f"{_of(places, 'file_name')} as _file_name, * from quarantine where {_among(places)} "
            f"{f'limit {limit}' if limit else ''}"
        )

    for some in [[place] for place in places] if limit else [places]:
        _write(connection, rows, some, scratch, "quarantine.parquet")


def _of(places: list[Place], what: str) -> str:
    """SQL for an attribute of a row's batch. A list, not a join: rows keep their order."""
    if len(places) == 1:
        return _literal(places[0], what)
    by_batch = {place.batch: place for place in places}
    first = min(by_batch)
    listed = (
        _literal(by_batch[batch], what) if batch in by_batch else "null" for batch in range(first, max(by_batch) + 1)
    )
    return f"list_extract([{', '.join(listed)}], _batch - {first - 1})"


def _literal(place: Place, what: str) -> str:
    return f"{'timestamp ' if what == 'received_at' else ''}{quote(getattr(place, what))}"


def _among(places: list[Place]) -> str:
    return f"_batch in ({', '.join(str(place.batch) for place in places)})"


def _write(
    connection: duckdb.DuckDBPyConnection, rows: Callable[[list[Place]], str], places: list[Place], scratch: Path,
    name: str,
) -> None:  # fmt: skip
    """Write `rows` of batches to their folders, as one file each."""
    left = places
    if len(places) > 1:
        scratch = scratch / f"{places[0].batch}-{name}"
        connection.execute(f"copy ({rows(places)}) to {quote(str(scratch))} ({PARQUET}, partition_by (_batch))")
        left = []
        for place in places:
            written = scratch / f"_batch={place.batch}"
            parts = list(written.iterdir()) if written.is_dir() else []
            if len(parts) == 1:
                parts[0].rename(place.folder / name)
            else:  # no row, or so many that there are several files
                left.append(place)
        shutil.rmtree(scratch)
    for place in left:
        options = LARGE if place.is_large else PARQUET
        connection.execute(
            f"copy (select * exclude (_batch) from ({rows([place])})) to {quote(str(place.folder / name))} ({options})"
        )
