"""What the last published set holds and the next one would hold again is linked into it, not made again.

A file is shared only while its bytes are those that were noted when it was written: what was damaged is made anew.
Nobody writes into a published file, so sets that share one stay as they were.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from orchestration.files import read_cache

NOTES = "made_from.json"


def sha256_of(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def link_unchanged(source: Path, target: Path, sha256: str | None) -> bool:
    """Whether `target` is now the file `source`, which holds the bytes that were promised."""
    try:
        if sha256_of(source) != sha256:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, target)
    except OSError:  # no such file any more, or a disk that knows no links
        return False
    return True


def link_folder(earlier: Path, folder: Path, made_from: str) -> bool:
    """Whether `folder` now holds what `earlier` holds, which was made from the same."""
    notes = read_cache(earlier / NOTES)
    if not isinstance(notes, dict) or notes.get("made_from") != made_from or folder.exists():
        return False
    if all(link_unchanged(earlier / name, folder / name, sha256) for name, sha256 in notes["files"].items()):
        shutil.copyfile(earlier / NOTES, folder / NOTES)
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def note_folder(folder: Path, made_from: str) -> None:
    """Remember what the files of a folder were made from, and what they hold."""
    (folder / NOTES).unlink(missing_ok=True)
    files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in folder.rglob("*") if path.is_file()}
    (folder / NOTES).write_text(json.dumps({"made_from": made_from, "files": dict(sorted(files.items()))}, indent=1))
