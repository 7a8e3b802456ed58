"""Databases are asked for what is new before landed files are taken in.

Where a poll stopped is read from the batches that were accepted, never from a note of its own: an extract that was
rejected, lost or never taken in is asked for again. Each accepted batch keeps `seen.txt`, the digests of its newest
rows, so that the overlap of two polls brings only what was committed late.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.contracts import FeedContract
from orchestration.files import read_json
from orchestration.ingest.agreements import Agreement, require_agreement
from orchestration.ingest.connections import connection_of, variable
from orchestration.ingest.outcome import NotRead, Poll, Rejected
from orchestration.settings import Settings

SEEN = "seen.txt"


def poll(
    settings: Settings, contract: FeedContract, agreements: list[Agreement], now: datetime, silent: dict[str, NotRead]
) -> Poll:
    """Ask one table for what is new. Whatever is wrong with the database is told, not raised, and stops no other.

    `silent`: connections that gave no answer in this run, and why; they are not tried again, and new ones are added.
    """
    name = contract.database.connection
    said = Poll(contract.partner, contract.table, name, contract.database.relation)
    try:
        connection = connection_of(settings, name)
        if connection is None:
            said.status = "not_set_up"
            said.reason = f"No connection '{name}' is set up."
            said.remedy = f"Set {variable(name)}, or write it into connections.toml in the hub's home."
            return said
        said.after, seen = position(settings, contract)
        require_agreement(contract, agreements, now.date())
        if name in silent:
            raise silent[name]
        from orchestration.ingest.database import extract

        found = extract(contract, connection, settings.landing, after=said.after, seen=seen)
    except Rejected as trouble:
        if isinstance(trouble, NotRead) and trouble.kind in ("database_unreachable", "database_login"):
            silent[name] = trouble
        said.status, said.kind, said.reason, said.remedy = "not_read", trouble.kind, trouble.reason, trouble.remedy
        return said
    except OSError as problem:
        if problem.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        said.status, said.kind = "not_read", "database_setup"
        said.reason = f"The hub may not write what it reads into landing/{contract.partner}: {problem.strerror}."
        said.remedy = "Let the hub's user write there."
        return said
    said.warnings = list(found.warnings)
    if found.path is not None:
        said.status, said.rows, said.file = "new", found.rows, f"{contract.partner}/{found.path.name}"
    return said


def position(settings: Settings, contract: FeedContract) -> tuple[datetime | None, set[bytes]]:
    """(change up to which everything is in accepted batches, digests of the rows of the overlap before it)."""
    marks: list[tuple[datetime, Path]] = []
    for path in (settings.raw / contract.partner / contract.table).glob("batch=*/batch.json"):
        sidecar = read_json(path) or {}
        mark = datetime.fromisoformat(sidecar["watermark"]) if sidecar.get("watermark") else _newest(contract, path)
        if mark is not None:
            marks.append((mark, path.with_name(SEEN)))
    if not marks:
        return None, set()
    after = max(mark for mark, _ in marks)
    since = after - timedelta(minutes=contract.database.overlap_minutes)
    seen: set[bytes] = set()
    for mark, path in marks:
        if mark >= since and path.exists():
            seen.update(_digests(path, since))
    return after, seen


def _newest(contract: FeedContract, sidecar: Path) -> datetime | None:
    """The watermark of a batch whose sidecar has none: the feed became a database after it was taken in."""
    import duckdb

    data = sidecar.with_name("data.parquet")
    if "watermark" in (read_json(sidecar) or {}) or not data.exists():
        return None
    name, place = contract.database.watermark, str(data).replace("'", "''")
    try:
        with duckdb.connect() as connection:
            return connection.execute(f"select max(\"{name}\") from read_parquet('{place}')").fetchone()[0]
    except duckdb.Error:
        return None


def _digests(path: Path, since: datetime) -> Iterator[bytes]:
    earliest = since.isoformat()
    with path.open(encoding="ascii") as file:
        for line in file:
            moment, _, digest = line.rstrip().partition(" ")
            if moment >= earliest:
                yield bytes.fromhex(digest)


def remember(contract: FeedContract, lines: Path, received_at: datetime, folder: Path) -> str | None:
    """Leave `seen.txt` in the folder of an accepted batch. Returns its watermark, for the sidecar.

    A change later than the receipt does not count: one row dated 2099 must not hide all others until then.
    """
    from orchestration.ingest.database import digest, watermark_of

    newest: datetime | None = None
    dated: list[tuple[datetime, bytes]] = []
    overlap, limit = timedelta(minutes=contract.database.overlap_minutes), 100_000
    with lines.open("rb") as file:
        for line in file:
            try:
                moment = watermark_of(json.loads(line), contract)
            except (ValueError, TypeError):
                continue
            if moment is None:
                continue
            if moment <= received_at and (newest is None or moment > newest):
                newest = moment
            if newest is None or moment >= newest - overlap:
                dated.append((moment, digest(line.rstrip(b"\r\n"))))
                if len(dated) > limit:
                    dated = [entry for entry in dated if newest is None or entry[0] >= newest - overlap]
                    limit = max(limit, 2 * len(dated))
    if newest is None:
        return None
    kept = [entry for entry in dated if entry[0] >= newest - overlap]
    (folder / SEEN).write_text(
        "".join(f"{moment.isoformat()} {found.hex()}\n" for moment, found in kept), encoding="ascii"
    )
    return newest.isoformat(sep=" ")
