"""Watching a program from outside: wall, CPU and memory of it and of everything that it starts, at any stretch of time.

Read from /proc every tenth of a second (Linux). Elsewhere only totals are known, as the system tells them at the end.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.1
PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass
class Cost:
    """What a stretch of work cost. CPU is user and system time of all processes; memory is their peak together."""

    wall: float = 0.0
    cpu: float = 0.0
    peak_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak_bytes, other.peak_bytes))


@dataclass
class Watched:
    """A program that ended: its exit code, and the samples (moment, CPU seconds so far, bytes held)."""

    code: int
    begun: float
    ended: float
    cpu: float
    peak_bytes: int
    samples: list[tuple[float, float, int]] = field(default_factory=list)

    @property
    def whole(self) -> Cost:
        return Cost(self.ended - self.begun, self.cpu, self.peak_bytes)

    def between(self, begin: float, end: float) -> Cost:
        """Cost of a stretch. CPU at its edges is interpolated between samples; memory takes in those beside them."""
        moments = [moment for moment, _, _ in self.samples]
        near = self.samples[max(0, bisect_left(moments, begin) - 1) : bisect_right(moments, end) + 1]
        peak = max((held for _, _, held in near), default=0)
        return Cost(max(0.0, end - begin), max(0.0, self._cpu_at(end) - self._cpu_at(begin)), peak)

    def _cpu_at(self, moment: float) -> float:
        known = [(self.begun, 0.0), *((when, spent) for when, spent, _ in self.samples), (self.ended, self.cpu)]
        place = bisect_right([when for when, _ in known], moment)
        if place == 0:
            return 0.0
        if place == len(known):
            return self.cpu
        (before, low), (after, high) = known[place - 1], known[place]
        return low + (high - low) * (moment - before) / (after - before) if after > before else high


def watch(command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, log: Path) -> Watched:
    """Run a program to its end; what it prints goes to `log`. Wall times are of time.time(), to compare with marks."""
    with log.open("ab") as output:
        begun = time.time()
        process = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, env=dict(env), stdout=output, stderr=output,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        samples: list[tuple[float, float, int]] = []
        over = threading.Event()

        def sample() -> None:
            while not over.is_set():
                cpu, held = tree_now(process.pid)
                if held:
                    samples.append((time.time(), cpu, held))
                over.wait(INTERVAL)

        watcher = threading.Thread(target=sample, daemon=True)
        if PROC.exists():
            watcher.start()
        try:
            code, cpu, largest = _wait(process)
        finally:
            over.set()
            if watcher.is_alive():
                watcher.join()
            if process.returncode is None:
                process.kill()
    ended = time.time()
    peak = max([largest, *(held for _, _, held in samples)])
    return Watched(code, begun, ended, max([cpu, *(spent for _, spent, _ in samples)]), peak, samples)


def _wait(process: subprocess.Popen) -> tuple[int, float, int]:
    """(exit code, CPU seconds of it and its children, bytes of the largest of them)."""
    if not hasattr(os, "wait4"):
        return process.wait(), 0.0, 0
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1024 if PROC.exists() else 1  # macOS tells bytes, Linux kilobytes
    return process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def tree_now(root: int) -> tuple[float, int]:
    """(CPU seconds so far, bytes held) of a process and its living descendants; (0, 0) when it is gone."""
    cpu, held, waiting = 0, 0, [root]
    while waiting:
        place = PROC / str(waiting.pop())
        try:
            # The name in brackets may hold anything; numbers follow its last bracket.
            words = (place / "stat").read_text().rpartition(")")[2].split()
            tasks = list((place / "task").iterdir())
            waiting += [int(child) for task in tasks for child in _read(task / "children").split()]
        except (OSError, ValueError):
            continue
        cpu += sum(int(word) for word in words[11:15])
        held += int(words[21]) * PAGE
    return cpu / TICKS, held


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
