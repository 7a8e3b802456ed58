"""How the hub reaches a partner's database: BIHUB_DATABASE_<NAME>, else connections.toml in the home.

A password passes through here and goes no further: no message, log, report or exception of ours holds a URL.
"""

from __future__ import annotations

import os
import stat
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.ingest.outcome import NotRead
from orchestration.settings import Settings

DIALECTS = ("postgresql", "sqlite")
KNOWN_KEYS = ("url", "connect_timeout_seconds", "statement_timeout_seconds", "total_timeout_seconds")


@dataclass(frozen=True)
class Connection:
    """Where a database is, and how long the hub waits for it. Printed, it shows its name and no more."""

    name: str
    url: str = field(repr=False)
    connect_timeout_seconds: int = 10
    statement_timeout_seconds: int = 300
    total_timeout_seconds: int = 3600


def connection_of(settings: Settings, name: str) -> Connection | None:
    """The connection of that name; None where none is set up. Raises NotRead where it is set up wrongly."""
    given = os.environ.get(variable(name))
    if given:
        return _made(name, {"url": given}, settings.home, variable(name))
    path = settings.connections
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise _setup(name, f"{path.name} in the hub's home cannot be read.", "Let the hub's user read it.") from None
    if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _setup(
            name,
            f"{path.name} in the hub's home may be read by other users, and it holds passwords.",
            f"Run `chmod 600 {path.name}` there; then change the passwords in it.",
        )
    broken = None
    try:
        listed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        broken = True
    if broken:  # raised outside, so that the text of the file is not in the chain of errors
        raise _setup(name, f"{path.name} in the hub's home is not TOML.", 'Write it as: [name] and url = "...".')
    if name not in listed:
        return None
    entry = listed[name]
    return _made(name, {"url": entry} if isinstance(entry, str) else entry, path.parent, path.name)


def variable(name: str) -> str:
    return f"BIHUB_DATABASE_{name.upper()}"


def write_connection(path: Path, name: str, url: str) -> None:
    """A connections.toml with one connection, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        escaped = url.replace("\\", "\\\\").replace('"', '\\"')
        file.write(f'# How the hub reaches databases. Keep it to its owner: chmod 600.\n[{name}]\nurl = "{escaped}"\n')
    path.chmod(0o600)


def _made(name: str, entry: Any, folder: Path, place: str) -> Connection:
    """A connection from what `place` says. A relative SQLite file lies beside connections.toml."""
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
        raise _setup(
            name, f"Connection '{name}' in {place} has no url.", f'Write [{name}] and url = "postgresql://...".'
        )
    unknown = [key for key in entry if key not in KNOWN_KEYS]
    if unknown:
        raise _setup(
            name,
            f"Connection '{name}' in {place} has the unknown key '{unknown[0]}'.",
            f"Known are {', '.join(KNOWN_KEYS)}.",
        )
    times = {key: entry[key] for key in KNOWN_KEYS[1:] if key in entry}
    if any(not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 1 for seconds in times.values()):
        raise _setup(name, f"A timeout of connection '{name}' in {place} is wrong.", "Write whole seconds, 1 or more.")
    scheme = entry["url"].split("://", 1)[0].split("+", 1)[0]
    if "://" not in entry["url"] or scheme not in DIALECTS:
        raise _setup(
            name,
            f"Connection '{name}' in {place} is not one that the hub can use.",
            "Write postgresql://user:password@host:5432/database (special characters of the password percent-encoded), "
            "or sqlite:///file.",
        )
    url = entry["url"]
    if scheme == "sqlite":
        url = f"sqlite:///{folder / url.split(':///', 1)[-1]}"
    return Connection(name, url, **times)


def _setup(name: str, reason: str, remedy: str) -> NotRead:
    return NotRead("database_setup", reason, f"{remedy} Nothing is wrong with the database '{name}' itself.")
