"""Which files lie in the landing folder, and whose they are. Reads names and sizes; changes nothing there."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from orchestration.contracts import FeedContract
from orchestration.ingest.outcome import UnknownFile

SETTLE_SECONDS = 2.0
IN_TRANSIT = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp")
MAX_NAME = 200


@dataclass(frozen=True)
class Candidate:
    """A file that exactly one feed claims."""

    path: Path
    relative: str
    contract: FeedContract
    size: int
    mtime_ns: int
    ctime_ns: int

    @property
    def stamp(self) -> tuple[int, int, int]:
        """Changes whenever the file does, without reading it."""
        return self.size, self.mtime_ns, self.ctime_ns


def discover(
    landing: Path, contracts: Iterable[FeedContract], *, settle: float = SETTLE_SECONDS
) -> tuple[list[Candidate], list[UnknownFile], list[UnknownFile]]:
    """(files to look at in order of arrival, files nobody claims, files still being written).

    A file that was touched within the last `settle` seconds is looked at again after that time, and left for the next
    run where it is still changing.
    """
    by_partner: dict[str, list[FeedContract]] = {}
    for contract in contracts:
        by_partner.setdefault(contract.partner, []).append(contract)
    found: list[Candidate] = []
    unknown: list[UnknownFile] = []
    if not landing.is_dir():
        return [], [], []
    for folder in _entries(landing):
        if not folder.is_dir(follow_symlinks=False):
            what = "a link" if folder.is_symlink() else "a file"
            unknown.append(
                UnknownFile(_shown(folder.name), f"{what} beside the partners' folders; move it to landing/<partner>/")
            )
        elif folder.name not in by_partner:
            held = sum(1 for _ in _entries(Path(folder.path)))
            unknown.append(
                UnknownFile(f"{_shown(folder.name)}/", f"no contract names this partner; {held} entries left untouched")
            )
        else:
            for entry in _entries(Path(folder.path)):
                taken = _claim(entry, folder.name, by_partner[folder.name])
                (found if isinstance(taken, Candidate) else unknown).append(taken)
    settled, waiting = _settled(found, settle)
    settled.sort(key=lambda file: (file.mtime_ns, file.relative))
    return settled, unknown, waiting


def _entries(folder: Path) -> list[os.DirEntry]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)


def _claim(entry: os.DirEntry, partner: str, contracts: list[FeedContract]) -> Candidate | UnknownFile:
    relative = f"{partner}/{_shown(entry.name)}"
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as problem:
        return UnknownFile(relative, f"cannot be looked at: {problem.strerror}")
    if stat.S_ISLNK(status.st_mode):
        return UnknownFile(relative, "a link, not a file; links are never followed")
    if stat.S_ISDIR(status.st_mode):
        return UnknownFile(f"{relative}/", "a folder; files lie directly under landing/<partner>/")
    if not stat.S_ISREG(status.st_mode):
        return UnknownFile(relative, "not a regular file")
    if not entry.name.isprintable() or "\\" in entry.name or len(entry.name) > MAX_NAME:
        return UnknownFile(
            relative, "the name holds characters that no file name should, or is too long; send it under another name"
        )
    if entry.name.lower().endswith(IN_TRANSIT) or entry.name.startswith("~$"):
        return UnknownFile(relative, "a file in transit or a lock file, by its name")
    claims = [contract for contract in contracts if fnmatchcase(entry.name, contract.pattern)]
    if len(claims) > 1:
        return UnknownFile(
            relative,
            f"several feeds claim it: {', '.join(contract.table for contract in claims)}; make their patterns differ",
        )
    if not claims:
        patterns = ", ".join(f"'{contract.pattern}'" for contract in contracts)
        return UnknownFile(relative, f"matches no pattern of {partner}: {patterns}")
    return Candidate(Path(entry.path), relative, claims[0], status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _shown(name: str) -> str:
    """A name as it can safely be printed."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in name)


def _settled(files: list[Candidate], settle: float) -> tuple[list[Candidate], list[UnknownFile]]:
    now = time.time()
    fresh = [file for file in files if abs(now - file.mtime_ns / 1e9) < settle]
    if not fresh:
        return files, []
    time.sleep(max(0.0, settle - min(abs(now - file.mtime_ns / 1e9) for file in fresh)))
    changing = {}
    for file in fresh:
        try:
            status = file.path.stat(follow_symlinks=False)
            same = (status.st_size, status.st_mtime_ns) == (file.size, file.mtime_ns)
        except OSError:
            same = False
        if not same:
            changing[file.relative] = UnknownFile(
                file.relative, "still being written; it is taken when it stops changing"
            )
    return [file for file in files if file.relative not in changing], list(changing.values())
