"""`make torture`: real runs on full and read-only disks, with a damaged warehouse, beside another run, on half a file.

python tests/torture/faults.py --base HOME --work FOLDER
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from torture_kit import (
    Reader,
    Run,
    as_if_nothing_had_happened,
    copy,
    deliver,
    mornings,
    nothing_by_halves,
    run_hub,
    runner,
    set_back,
)

from orchestration.settings import Settings


class Trial:
    """A hub set back two days, the files of those days in landing, and what its runs said."""

    def __init__(self, context, base: Settings, home: Path, *, warehouse: bool = True):
        self.context, self.base, self.home, self.log = context, base, home, home.with_suffix(".log")
        self.log.unlink(missing_ok=True)
        days = mornings(base, 3)
        self.settings = set_back(base, home, days[0], warehouse=warehouse)
        deliver(base, self.settings, days[-1])

    def run(self) -> tuple[Run, str]:
        """One run and what it said."""
        before = self.log.stat().st_size if self.log.exists() else 0
        run = run_hub(self.context, self.home, self.log)
        return run, self.log.read_text()[before:]

    def ends_well(self, *, expect: str = "") -> None:
        run, said = self.run()
        assert run.code == 0 and expect in said, said
        as_if_nothing_had_happened(self.settings, self.base)


@contextmanager
def small_disk(folder: Path, megabytes: int = 900) -> Iterator[Path]:
    """A disk of its own, so that it can be filled or made read-only."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    room = shutil.disk_usage(disk).free - free
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room)


def full_disk(context, base: Settings, work: Path) -> str:
    """Room grows from nothing until a run gets through; each run before says that the disk is full, and where."""
    met = []
    with small_disk(work / "full") as disk:
        trial = Trial(context, base, disk / "hub")
        trial.log = work / "full.log"  # what a run says must not need the room that is not there
        free = 32 << 10
        with Reader(trial.settings):
            while True:
                fill(disk, free)
                run, said = trial.run()
                (disk / "ballast").unlink()
                nothing_by_halves(trial.settings)
                if run.code == 0:
                    break
                assert run.code == 1 and "the disk is full: make room, then run again" in said, said
                met.append(f"{run.stage} with {free >> 10:,} KB")
                free = int(free * 1.8)
        as_if_nothing_had_happened(trial.settings, base)
    return "disk full in " + ", ".join(met)


def read_only_disk(context, base: Settings, work: Path) -> str:
    with small_disk(work / "read_only") as disk:
        trial = Trial(context, base, disk / "hub")
        trial.log = work / "read_only.log"
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with Reader(trial.settings):
            run, said = trial.run()
        assert run.code == 1 and "the disk is read-only" in said, said
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        trial.ends_well()
    return said.strip()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "cut in half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "garbage": lambda path: path.write_bytes(os.urandom(100_000)),
    "damaged in the middle": lambda path: overwrite(path),
    "with a log that is garbage": lambda path: path.with_name(f"{path.name}.wal").write_bytes(os.urandom(9_000)),
}


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(os.urandom(2 << 20))


def damaged_warehouse(context, base: Settings, work: Path) -> str:
    for number, (name, harm) in enumerate(DAMAGE.items()):
        trial = Trial(context, base, work / f"damage_{number}")
        harm(trial.settings.warehouse)
        with Reader(trial.settings):
            # DuckDB passes over a log that it cannot read.
            trial.ends_well(expect="" if "log" in name else "it was made again from the lake")
        shutil.rmtree(trial.home)
        print(f"  warehouse {name}: made again", flush=True)
    return f"{len(DAMAGE)} kinds"


def two_at_once(context, base: Settings, work: Path) -> str:
    trial = Trial(context, base, work / "two")
    told: list[tuple[Run, str]] = []
    with Reader(trial.settings):
        first = threading.Thread(target=lambda: told.append(trial.run()))
        first.start()
        while not (trial.home / "run.lock").exists():
            time.sleep(0.05)
        second = run_hub(context, trial.home, work / "second.log")
        first.join()
    words = (work / "second.log").read_text()
    assert second.code == 1 and "another run is at work" in words, words
    assert told[0][0].code == 0, told
    as_if_nothing_had_happened(trial.settings, base)
    return words.strip()


def file_being_written(context, base: Settings, work: Path) -> str:
    """A file that grows during a run is left alone; when it is whole, it is taken in as if it had come at once."""
    trial = Trial(context, base, work / "growing")
    whole = max(base.landing.glob("*/*.csv"), key=lambda path: path.stat().st_mtime)
    growing = trial.settings.landing / whole.relative_to(base.landing)
    # What came at that time or later comes with it: a file older than what was published would count from now.
    later = [path for path in base.landing.glob("*/*") if path.stat().st_mtime >= whole.stat().st_mtime]
    for path in later:
        (trial.settings.landing / path.relative_to(base.landing)).unlink()
    said, over = whole.read_bytes(), threading.Event()
    growing.write_bytes(said[:10])

    def write() -> None:
        for place in range(10, len(said) - 10):
            with growing.open("ab") as file:
                file.write(said[place : place + 1])
            if over.wait(0.1):
                return

    writer = threading.Thread(target=write)
    writer.start()
    with Reader(trial.settings):
        run, words = trial.run()
        over.set()
        writer.join()
        assert run.code == 0, words
        landed = {known["landed_as"] for known in _ledger(trial.settings)}
        assert growing.relative_to(trial.settings.landing).as_posix() not in landed
        for path in later:
            copy(path, trial.settings.landing / path.relative_to(base.landing))
        trial.ends_well()
    return f"{growing.name} waited until it was whole"


def _ledger(settings: Settings) -> list[dict]:
    from torture_kit import ledger

    return list(ledger(settings).values())


TRIALS = (full_disk, read_only_disk, damaged_warehouse, two_at_once, file_being_written)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", type=Path, required=True, help="a hub already run, of the same code")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("only", nargs="*", help=", ".join(trial.__name__ for trial in TRIALS))
    words = parser.parse_args()
    context, base = runner(), Settings(home=words.base.resolve())
    words.work.mkdir(parents=True, exist_ok=True)
    for trial in TRIALS:
        if words.only and trial.__name__ not in words.only:
            continue
        if trial in (full_disk, read_only_disk) and (sys.platform != "linux" or os.geteuid() != 0):
            print(f"{trial.__name__}: left out, it needs a disk of its own (Linux, root)")
            continue
        begun = time.monotonic()
        said = trial(context, base, words.work)
        print(f"{trial.__name__}: {said} ({time.monotonic() - begun:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
