"""`make bench`: measure the hub at several sizes, print the tables, keep the result."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.flow import Failed, Hub, Size, measure, starts
from benchmarks.goals import LARGEST
from benchmarks.report import markdown, plot, text, write_into
from orchestration.settings import PROJECT, load_settings

SIZES = (20_000, 200_000)
KEPT = PROJECT / "benchmarks" / "result.json"
PICTURE = PROJECT / "docs" / "images" / "bench.svg"


def arguments() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python tasks.py bench", description=__doc__)
    words.add_argument("--sizes", help="residents, with commas between (default: 20000,200000)")
    words.add_argument(
        "--large",
        action="store_true",
        help="1.2 million residents too: the generator takes 14 GB of memory for --months 2, some 45 GB for 24",
    )
    words.add_argument("--months", type=int, default=24)
    words.add_argument("--work", type=Path, help="folder for the homes (default: HOME/bench)")
    words.add_argument("--keep", action="store_true", help="keep the homes; else they are removed")
    words.add_argument(
        "--write-readme", action="store_true", help="quote the result in README.md, keep it and its plot"
    )
    words.add_argument("--report", type=Path, help="measure nothing: report this result file")
    return words.parse_args()


def machine() -> dict[str, Any]:
    import duckdb

    names = getattr(os, "sysconf_names", {})
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if "SC_PHYS_PAGES" in names else 0
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpus": cpus, "memory_gib": pages / (1 << 30), "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(), "duckdb": duckdb.__version__,
        "memory_limit": os.environ.get("BIHUB_MEMORY"),
    }  # fmt: skip


def commit() -> str:
    words = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "an unknown commit"


def main() -> int:
    words = arguments()
    result = json.loads(words.report.read_text()) if words.report else bench(words)
    print(f"\n{text(result)}")
    if words.write_readme and result["sizes"]:
        KEPT.write_text(json.dumps(result, indent=1) + "\n")
        PICTURE.write_text(plot(result))
        write_into(PROJECT / "README.md", markdown(result))
        print(f"Written: README.md, {PICTURE.relative_to(PROJECT)}, {KEPT.relative_to(PROJECT)}")
    return 1 if result.get("failed") else 0


def bench(words: argparse.Namespace) -> dict[str, Any]:
    """Measure size after size; the result file is written after each. What fails is told and leaves out no other."""
    sizes = (
        [int(size) for size in words.sizes.split(",")] if words.sizes else [*SIZES, *([LARGEST] if words.large else [])]
    )
    work = (words.work or load_settings().home / "bench").resolve()
    work.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    result: dict[str, Any] = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "machine": machine(),
        "sizes": [], "starts": {}, "failed": [],
    }  # fmt: skip

    def say(title: str) -> None:
        print(f"[{time.monotonic() - begun:6.0f} s] {title}", flush=True)

    def keep() -> None:
        (work / "result.json").write_text(json.dumps(result, indent=1) + "\n")
        if result["sizes"]:
            (work / "bench.svg").write_text(plot(result))

    def attempt(measurement: Callable[[], None]) -> None:
        try:
            measurement()
        except Failed as problem:
            say(str(problem))
            result["failed"].append(str(problem))
        finally:
            keep()

    def measure_starts() -> None:
        hub = Hub(work / "starts", say)
        result["starts"] = {name: asdict(cost) for name, cost in starts(hub).items()}
        shutil.rmtree(hub.home, ignore_errors=True)

    def measure_size(residents: int) -> None:
        say(f"{residents:,} residents x {words.months} months")
        size = Size(residents, words.months)
        try:
            measure(size, work, say, keep=words.keep)
        finally:
            if "sql" in size.baselines:
                result["sizes"].append(size.as_json())

    attempt(measure_starts)
    for residents in sorted(sizes):
        attempt(partial(measure_size, residents))
    say(f"done; {work / 'result.json'}")
    return result


if __name__ == "__main__":
    sys.exit(main())
