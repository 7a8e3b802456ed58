"""`make torture`: kill -9 at random moments, many times, and the hub ends as if nothing had happened.

python tests/torture/kills.py --kills 200 --seed 1 --workers 2 [--work FOLDER] [--base HOME] [--first CHAIN]
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from torture_kit import (
    STAGES,
    Reader,
    as_if_nothing_had_happened,
    deliver,
    mornings,
    nothing_by_halves,
    run_hub,
    runner,
    set_back,
)

from orchestration.settings import PROJECT, Settings

DEMO = ["--residents", "3000", "--months", "4", "--seed", "11"]
DAYS = 5
TOO_LATE = "not hit"
KILLS_A_CHAIN = 8
# Seconds that a stage may last at first; learnt from the runs.
GUESS = {"ingest": 3, "judge": 2, "dbt start": 5, "models": 12, "checks": 4, "publish": 2, "pages": 3, "go live": 0.05}
# How often each stage is aimed at.
AIM = {"ingest": 5, "judge": 1, "dbt start": 2, "models": 4, "checks": 2, "publish": 3, "pages": 1, "go live": 2}


class Clock:
    """How long stages last, as seen so far."""

    def __init__(self, speed: float = 1.0):
        self.seconds, self._lock = {stage: seconds / speed for stage, seconds in GUESS.items()}, threading.Lock()

    def learn(self, stages: dict[str, float]) -> None:
        named = sorted(stages.items(), key=lambda entry: entry[1])
        with self._lock:
            for (name, begun), (_, ended) in itertools.pairwise(named):
                self.seconds[name] = 0.7 * self.seconds[name] + 0.3 * (ended - begun)


def chain(
    context, base: Settings, home: Path, aims: list[str], chance: random.Random, clock: Clock, *, quick: bool = False
) -> Counter:
    """One hub, set back some days; files come while it is killed in these stages; at last a run gets through.

    `quick`: its warehouse holds the last day already, so that runs need not build it.
    """
    days = mornings(base, DAYS + 1)
    today = DAYS - 1 if quick else chance.randrange(DAYS)
    settings = set_back(base, home, days[today], warehouse=quick or chance.random() < 0.7)
    if quick:
        today = DAYS
        deliver(base, settings, days[today])
    log, hits, finished = home / "torture.log", Counter(), False
    with Reader(settings):
        for stage in aims:
            if today < DAYS and (finished or chance.random() < 0.5):
                today += 1
                deliver(base, settings, days[today])
            elif finished:  # nothing new would come, and nothing would be done
                break
            run = run_hub(context, home, log, (stage, chance.random() * clock.seconds[stage]))
            clock.learn(run.stages)
            finished = run.code == 0
            if run.code == 1:
                raise AssertionError(f"a run failed:\n{log.read_text()}")
            hits[run.stage if run.code else TOO_LATE] += 1
            nothing_by_halves(settings)
            said = f"killed in {run.stage} after {run.seconds:.1f} s" if run.code else "not hit"
            print(f"  {home.name}, day {today}: aimed at {stage}, {said}", flush=True)
        deliver(base, settings, days[-1])
        run = run_hub(context, home, log)
        assert run.code == 0, f"the last run ended with {run.code}:\n{log.read_text()}"
    assert "damaged" not in log.read_text(), f"a kill damages nothing:\n{log.read_text()}"
    as_if_nothing_had_happened(settings, base)
    return hits


def torture(kills: int, seed: int, workers: int, base: Settings, work: Path, first: int = 0) -> Counter:
    """Chains of kills until `kills` have hit. Raises AssertionError with the seed of the chain that found something."""
    context, clock, hits, begun = runner(), Clock(), Counter(), time.monotonic()
    lock, numbers = threading.Lock(), itertools.count(first)

    def work_on() -> None:
        while True:
            with lock:
                left = kills - sum(hits[stage] for stage in STAGES)
                number = next(numbers)
            if left <= 0:
                return
            home = work / f"hub_{seed}_{number}"
            shutil.rmtree(home, ignore_errors=True)
            chance = random.Random(f"{seed}/{number}")
            aims = chance.choices(list(AIM), list(AIM.values()), k=min(KILLS_A_CHAIN, left))
            try:
                found = chain(context, base, home, aims, chance, clock)
            except BaseException as problem:
                problem.add_note(
                    f"Its home is kept: {home}. The same again: --base {base.home} --work {work} --seed {seed} "
                    f"--first {number} --workers 1; to go on after it: --first {number + 1}."
                )
                raise
            shutil.rmtree(home)
            with lock:
                hits.update(found)
                done, minutes = sum(hits[stage] for stage in STAGES), (time.monotonic() - begun) / 60
                print(f"{done:>4} of {kills} kills, {minutes:5.1f} min: " + _said(hits), flush=True)

    with ThreadPoolExecutor(workers) as pool:
        for one in [pool.submit(work_on) for _ in range(workers)]:
            one.result()
    return hits


def _said(hits: Counter) -> str:
    return ", ".join(f"{stage} {hits[stage]}" for stage in (*STAGES, TOO_LATE) if hits[stage])


def undisturbed(home: Path) -> Settings:
    """The hub that all others are compared with: played, run once, never touched again."""
    if not (home / "published").exists():
        for words in (["demo", *DEMO, "--out", str(home)], ["run", "--home", str(home)]):
            subprocess.run([sys.executable, "-m", "orchestration.cli", *words], check=True, cwd=PROJECT)
            (home / "connections.toml").unlink(missing_ok=True)  # what is polled has the time of the poll
    return Settings(home=home)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--base", type=Path, help="a hub already run, of the same code; else one is made")
    parser.add_argument("--work", type=Path, help="where the tortured hubs lie (default: a temporary folder)")
    parser.add_argument("--first", type=int, default=0, help="number of the chain to begin with")
    words = parser.parse_args()
    work = words.work or Path(tempfile.mkdtemp(prefix="bihub-torture-"))
    work.mkdir(parents=True, exist_ok=True)
    base = undisturbed((words.base or work / "undisturbed").resolve())
    begun = time.monotonic()
    hits = torture(words.kills, words.seed, words.workers, base, work, first=words.first)
    print(f"{words.kills} kills, {(time.monotonic() - begun) / 60:.1f} minutes; nothing lost, doubled or half-visible.")
    print(_said(hits))
    if not words.work:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
