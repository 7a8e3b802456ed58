"""What went wrong with a database, in words: which table and column, and who does what about it.

A driver's own message may quote an address, a user or a value, so none is passed on: it is only recognised.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from orchestration.contracts import Column, FeedContract
from orchestration.ingest.connections import Connection, variable
from orchestration.ingest.outcome import NotRead


def no_table(contract: FeedContract) -> NotRead:
    return NotRead(
        "database_schema",
        f"There is no table {contract.database.relation} in the database, or the hub's user does not see it.",
        f"Restore the table or grant select on it; where it was renamed, change `relation` in {contract.path}.",
    )


def lost_columns(contract: FeedContract, lost: Sequence[Column], present: Sequence[str]) -> NotRead:
    known = {column.path for column in contract.columns}
    new = [name for name in present if name not in known]
    said = []
    for column in lost:
        near = max(new, key=lambda name: _likeness(column.path, name), default="")
        likely = _likeness(column.path, near) >= 0.6
        said.append(f"'{column.path}' ({column.name})" + (f", perhaps now called '{near}'" if likely else ""))
    many = len(lost) > 1
    return NotRead(
        "database_schema",
        f"Table {contract.database.relation} no longer has the column{'s' if many else ''} {'; '.join(said)}.",
        f"Restore {'them' if many else 'it'} in the table, or agree a new version of the contract and change `path` in "
        f"{contract.path}. No row is lost: the hub reads on from where it stopped.",
    )


def _likeness(old: str, new: str) -> float:
    """How much one name looks like another: 1 where all words of one are in the other, in whatever order."""
    one, other = (sorted(name.lower().split("_")) for name in (old, new))
    if new and (set(one) <= set(other) or set(other) <= set(one)):
        return 1.0
    return difflib.SequenceMatcher(None, " ".join(one), " ".join(other)).ratio()


def watermark_type(contract: FeedContract, kind: str) -> NotRead:
    column = contract.column(contract.database.watermark)
    return NotRead(
        "database_schema",
        f"Column '{column.path}' of table {contract.database.relation} is {kind}, where a timestamp was agreed. "
        "Without it the hub cannot tell which rows are new.",
        "Restore its type, or agree a new version of the contract with another `watermark`.",
    )


def too_slow(contract: FeedContract, connection: Connection, seconds: int) -> NotRead:
    column = contract.column(contract.database.watermark)
    return NotRead(
        "database_slow",
        f"Reading table {contract.database.relation} took longer than {seconds:,} seconds and was stopped.",
        f"Add an index on '{column.path}', or allow connection '{connection.name}' more time in connections.toml "
        "(statement_timeout_seconds, total_timeout_seconds).",
    )


def told(problem: Exception, contract: FeedContract, connection: Connection) -> NotRead:
    """A driver's or SQLAlchemy's exception as one of ours."""
    origin = getattr(problem, "orig", None) or problem
    state = getattr(origin, "sqlstate", None) or ""
    text = str(origin).lower()
    name, relation = connection.name, contract.database.relation
    again = "Nothing: the hub tries again at the next poll, and reads on from where it stopped."
    if state in ("28P01", "28000") or any(words in text for words in LOGIN):
        return NotRead(
            "database_login",
            f"The database '{name}' refuses the hub's user name or password.",
            f"Correct {variable(name)} or connections.toml in the hub's home, or ask {contract.title} for a new one.",
        )
    if state == "3D000" or ("database" in text and "does not exist" in text):
        return NotRead(
            "database_setup",
            f"The server of '{name}' has no database of that name.",
            f"Correct {variable(name)} or connections.toml in the hub's home.",
        )
    if state == "57014" and "statement timeout" in text:
        return too_slow(contract, connection, connection.statement_timeout_seconds)
    if state == "42501":
        return NotRead(
            "database_permission",
            f"The hub's user may not read table {relation} of '{name}', or not all agreed columns of it.",
            f"{contract.title} grants select on the columns of the contract: {_columns(contract)}.",
        )
    if state in ("42P01", "42703", "42883", "42804") or "no such column" in text or "no such table" in text:
        return NotRead(
            "database_schema",
            f"Table {relation} of '{name}' changed while it was read, or is not as agreed.",
            f"Restore the columns of the contract: {_columns(contract)}. {again}",
            is_passing=True,
        )
    if state == "53300" or "too many connections" in text or "too many clients" in text:
        return NotRead("database_busy", f"The database '{name}' has no connection free.", again, is_passing=True)
    if state in ("40001", "40P01", "55P03", "57014") or "database is locked" in text:
        return NotRead(
            "database_busy", f"The database '{name}' broke off reading table {relation}.", again, is_passing=True
        )
    if "timeout" in text or "timed out" in text:
        return _unreachable(connection, f"it did not answer within {connection.connect_timeout_seconds} seconds")
    for words, why in UNREACHABLE:
        if words in text:
            return _unreachable(connection, why)
    if state[:2] in ("08", "57") or any(words in text for words in LOST):
        return NotRead(
            "database_lost",
            f"The connection to '{name}' broke while table {relation} was read. Nothing of it was kept.",
            again,
            is_passing=True,
        )
    code = f", code {state}" if state else ""
    return NotRead(
        "database_error",
        f"Table {relation} of '{name}' could not be read ({type(origin).__name__}{code}).",
        f"Look into the log of the database server at this time. {again}",
    )


LOGIN = ("password authentication failed", "no password supplied", "authentication failed", "pg_hba.conf", 'role "')
UNREACHABLE = (
    ("connection refused", "nothing answers at its address"),
    ("could not translate host name", "its host name is unknown"),
    ("name or service not known", "its host name is unknown"),
    ("failed to resolve host", "its host name is unknown"),
    ("no route to host", "the network does not lead there"),
    ("network is unreachable", "the network does not lead there"),
    ("no such file or directory", "nothing answers at its address"),
    ("unable to open database file", "there is no such file, or the hub's user may not read it"),
    ("file is not a database", "the file is no database"),
    ("malformed", "the file is damaged"),
    ("starting up", "it is starting up"),
    ("shutting down", "it is shutting down"),
)
LOST = (
    "server closed the connection",
    "connection is lost",
    "connection already closed",
    "terminating connection",
    "connection reset",
    "consuming input failed",
    "the connection is closed",
    "broken pipe",
    "eof detected",
)


def _unreachable(connection: Connection, why: str) -> NotRead:
    return NotRead(
        "database_unreachable",
        f"The database '{connection.name}' cannot be reached: {why}.",
        f"Check that it runs and that the hub may reach it, and the address in {variable(connection.name)} or "
        "connections.toml. The hub tries again at the next poll, and reads on from where it stopped.",
        is_passing=True,
    )


def _columns(contract: FeedContract) -> str:
    return ", ".join(column.path for column in contract.columns)
