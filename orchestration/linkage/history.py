"""What changed of who is who, against the identity that was published last: persons merged, split, renamed.

A published version has its identity and its record of changes beside it in home/linkage (identifiable), written before
it goes live. Whatever is live is therefore what the next build compares with, wherever a run was cut off. Their names
are hashes of what they hold, so that versions with the same people share files.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from orchestration.files import read_cache, write_json_atomically
from orchestration.publish import MANIFEST
from orchestration.settings import Settings

KEPT = 4  # as many versions as publication keeps, and one on its way
TABLES = {
    "identity": ("person_index.person_identity", "hub.person_published", "feed_table, record_id, person_id"),
    "changes": (
        "person_index.person_change",
        "hub.person_change_log",
        "changed_at, person_id_before, person_id_after, kind, records",
    ),
}


def _folder(settings: Settings) -> Path:
    return settings.build / "linkage" / "published"


def _live_version(settings: Settings) -> str | None:
    """What the live manifest calls itself: a set that lacks a file still says whom its readers know."""
    manifest = read_cache(settings.published / MANIFEST)
    return manifest.get("version") if isinstance(manifest, dict) else None


def recall(settings: Settings) -> None:
    """Put the identity and the changes of the live version into the warehouse, where dbt compares with them."""
    import duckdb

    notes = _notes(settings)
    live = _live_version(settings)
    told = next((note for note in notes if note["version"] == live), notes[-1] if notes else None)
    if told is None or not settings.warehouse.parent.exists():
        return
    files = {name: _folder(settings) / told[name] for name in TABLES}
    if not all(file.exists() for file in files.values()):
        return
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create schema if not exists hub")
        warehouse.execute("create table if not exists hub.person_published_from (name varchar, file varchar)")
        held = dict(warehouse.execute("select name, file from hub.person_published_from").fetchall())
        for name, (_, table, _) in TABLES.items():
            if held.get(name) != told[name]:
                file = str(files[name]).replace("'", "''")
                warehouse.execute(f"create or replace table {table} as from read_parquet('{file}')")
                warehouse.execute("delete from hub.person_published_from where name = ?", [name])
                warehouse.execute("insert into hub.person_published_from values (?, ?)", [name, told[name]])


def remember(settings: Settings, version: str) -> None:
    """Write down the identity that is about to be published, and every change of it so far."""
    import duckdb

    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    folder.parent.chmod(0o700)
    note: dict[str, Any] = {"version": version}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        for name, (table, _, columns) in TABLES.items():
            tag = warehouse.execute("select content from hub.table_state where table_name = ?", [table]).fetchone()
            if tag is None:  # built by hand, or by an engine that keeps no state
                return
            note[name] = f"{name}_{hashlib.sha256(str(tag[0]).encode()).hexdigest()[:16]}.parquet"
            if not (folder / note[name]).exists():
                part = str(folder / f".{note[name]}.tmp").replace("'", "''")
                warehouse.execute(
                    f"copy (select {columns} from {table} order by all) to '{part}' (format parquet, compression zstd)"
                )
                (folder / f".{note[name]}.tmp").replace(folder / note[name])
    write_json_atomically(folder / f"{version}.json", note)
    _forget(settings)


def _notes(settings: Settings) -> list[dict[str, Any]]:
    """What is remembered, oldest first."""
    files = sorted(_folder(settings).glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    return [note for note in map(read_cache, files) if isinstance(note, dict) and set(note) >= {"version", *TABLES}]


def _forget(settings: Settings) -> None:
    """The newest versions and the live one are kept."""
    notes = _notes(settings)
    live = _live_version(settings)
    kept = [note for note in notes if note["version"] == live or note in notes[-KEPT:]]
    for note in notes:
        if note not in kept:
            (_folder(settings) / f"{note['version']}.json").unlink(missing_ok=True)
    needed = {note[name] for note in kept for name in TABLES}
    for file in _folder(settings).glob("*.parquet"):
        if file.name not in needed:
            file.unlink(missing_ok=True)
