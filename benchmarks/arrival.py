"""How long until a landed file is seen: `python -m benchmarks.arrival` (goal: 60 s, readers querying all the while).

Plays the demo into a home of its own, keeps back the last ambulance, 111 and ED file, runs the hub, starts `bihub dev`,
lets the files land one by one and watches published/. A reader checks every published file all the time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
KEPT_BACK = ("eeast/incidents_*.csv", "ic24/iuc_calls_*.jsonl", "mseft/*ED*")
FLOW = "secondary_use/uec/uec_flow_now.parquet"
AT_REST_SECONDS, PATIENCE_SECONDS = 20, 1800


class Readers(threading.Thread):
    """Opens the live set again and again and compares every file with what the set says of it."""

    def __init__(self, home: Path):
        super().__init__(daemon=True)
        self.published, self.reads, self.incomplete = home / "published", 0, []
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(0.5):
            try:
                live = self.published.resolve(strict=True)
                for name, told in json.loads((live / "manifest.json").read_text())["files"].items():
                    if hashlib.sha256((live / name).read_bytes()).hexdigest() != told["sha256"]:
                        self.incomplete.append(name)
            except Exception as problem:
                self.incomplete.append(repr(problem))
            self.reads += 1


def bihub(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "orchestration.cli", *words, "--home", str(home)]


def runs(home: Path) -> list[tuple[str, str]]:
    """(job, status) of every run that Dagster knows."""
    [database] = list((home / "dagster").rglob("runs.db")) or [None]
    if database is None:
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return connection.execute("select pipeline_name, status from runs order by id").fetchall()
        except sqlite3.OperationalError:
            return []


def wait_until_at_rest(home: Path) -> None:
    """Nothing is at work, and nothing has started for a while."""
    begun, still = time.monotonic(), 0
    while still < AT_REST_SECONDS:
        time.sleep(1)
        known = runs(home)
        at_work = not known or any(status not in ("SUCCESS", "FAILURE", "CANCELED") for _, status in known)
        still = 0 if at_work else still + 1
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise SystemExit(f"Dagster did not come to rest: {known}")


def seen(home: Path) -> str:
    return hashlib.sha256((home / "published" / FLOW).read_bytes()).hexdigest()


def land(home: Path, file: Path, name: str) -> float:
    """Seconds from the moment at which a file lies in landing under its name to the changed position."""
    before = seen(home)
    target = home / "landing" / name
    beside = target.with_name(f"{target.name}.part")
    shutil.copy2(file, beside)
    begun = time.monotonic()
    beside.rename(target)
    while seen(home) == before:
        if time.monotonic() - begun > PATIENCE_SECONDS:
            raise SystemExit(f"{name} was never seen: {runs(home)}")
        time.sleep(0.1)
    return time.monotonic() - begun


def measure(home: Path, port: int) -> dict[str, object]:
    """Seconds per kept-back file, and what readers saw."""
    kept = {}
    for pattern in KEPT_BACK:
        newest = max((home / "landing").glob(pattern), key=lambda file: file.stat().st_mtime)
        name = newest.relative_to(home / "landing").as_posix()
        kept[name] = home / "kept_back" / name.replace("/", "_")
        kept[name].parent.mkdir(exist_ok=True)
        newest.rename(kept[name])
    subprocess.run(bihub(home, "run"), cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    with (home / "dev.log").open("w") as log:
        command = [*bihub(home, "dev"), "--port", str(port)]
        hub = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until_at_rest(home)
            readers = Readers(home)
            readers.start()
            seconds = {}
            for name, file in kept.items():
                seconds[name] = round(land(home, file, name), 1)
                print(f"{name:<45}{seconds[name]:>8.1f} s", flush=True)
                wait_until_at_rest(home)
            readers.enough.set()
            readers.join()
        finally:
            os.killpg(hub.pid, signal.SIGINT)
            try:
                hub.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(hub.pid, signal.SIGKILL)
    return {"seconds": seconds, "reads": readers.reads, "incomplete": readers.incomplete}


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--residents", type=int, default=20_000)
    words.add_argument("--months", type=int, default=24)
    words.add_argument("--port", type=int, default=3417)
    words.add_argument("--result", type=Path, help="where to write the result as JSON")
    arguments = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="bihub-arrival-") as folder:
        home = Path(folder)
        size = ["--residents", str(arguments.residents), "--months", str(arguments.months)]
        demo = [sys.executable, "-m", "orchestration.cli", "demo", *size, "--out", folder]
        subprocess.run(demo, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        result = {**vars(arguments), **measure(home, arguments.port), "result": None}
    print(f"{result['reads']} reads of the whole set meanwhile, {len(result['incomplete'])} of them incomplete.")
    if arguments.result:
        arguments.result.write_text(json.dumps(result, indent=2) + "\n")
    return 1 if result["incomplete"] or max(result["seconds"].values()) > 60 else 0


if __name__ == "__main__":
    sys.exit(main())
