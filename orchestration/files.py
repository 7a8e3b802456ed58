"""Writes that are whole or absent, whatever happens in between."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DISK_TROUBLES = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the disk quota is used up: make room",
    errno.EFBIG: "the file would be larger than is allowed here: raise the limit",
    errno.EROFS: "the disk is read-only: choose another home or remount it",
    errno.EACCES: "permission is denied: let this user write there",
    errno.EPERM: "permission is denied: let this user write there",
    errno.EIO: "the disk has a fault: see the system's log",
}


class Damaged(ValueError):
    """A file of the hub's own holds something else than was written."""


class CannotWrite(Exception):
    """The hub cannot write where it has to: a full or read-only disk, a missing right."""


@contextmanager
def in_words(home: Path, safe: str) -> Iterator[None]:
    """A full or read-only disk in words, whoever met it; `safe` says what is as it was. Raises CannotWrite."""
    try:
        yield
    except Exception as problem:
        trouble = disk_trouble(problem)
        if trouble is None:
            raise
        where = getattr(problem, "filename", None) or home
        raise CannotWrite(f"cannot write {where}: {trouble}, then run again. {safe}") from problem


def disk_trouble(problem: BaseException) -> str | None:
    """What is wrong with the disk, and what to do, where that is what stopped something; DuckDB and dbt tell it as
    text."""
    if isinstance(problem, OSError):
        return DISK_TROUBLES.get(problem.errno)
    told = " ".join([str(problem), *getattr(problem, "problems", ())])
    for number, trouble in DISK_TROUBLES.items():
        if f": {os.strerror(number)}" in told or f"[Errno {number}] " in told:
            return trouble
    return None


def fsync_path(path: Path) -> None:
    """Make a file or a directory entry durable; directories cannot be synced on Windows and are left to it."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text_atomically(path: Path, text: str) -> None:
    """Write beside, make durable, then rename: a reader sees the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    fsync_path(path.parent)


def forget_half_written(*folders: Path) -> None:
    """Removes what a process that was killed wrote beside a file in one of these folders and never renamed."""
    for folder in folders:
        for left in folder.glob(".*.tmp"):
            if left.is_file() and not left.is_symlink():
                left.unlink(missing_ok=True)


def write_json_atomically(path: Path, value: Any) -> None:
    write_text_atomically(path, json.dumps(value, indent=2, default=str) + "\n")


def read_json(path: Path) -> Any | None:
    """The JSON in a file, or None where there is no such file. Raises Damaged where it is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise Damaged(f"{path} is damaged: restore it from a backup, or ask the hub's developers") from None


def read_cache(path: Path) -> Any | None:
    """The JSON in a file that can be made again, or None where it is missing or damaged."""
    try:
        return read_json(path)
    except Damaged:
        return None
