"""What torture needs: a hub set back to an earlier day, runs that can be killed, and eyes that miss nothing.

A hub that was never disturbed is built once. Copies of it are set back to a day, get the later files once more, and
must in the end have the same bytes, whatever happened on the way.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestration import pipeline, publish
from orchestration.files import write_json_atomically
from orchestration.ingest.ledger import LONDON
from orchestration.settings import Settings

PARTS_OF_A_BATCH = {"data.parquet", "profile.parquet", "batch.json", "report.md"}
WITH_A_CLOCK = "dictionary/dbt_docs.html"  # dbt writes into it when it was made
STAGES = ("ingest", "judge", "dbt start", "models", "checks", "publish", "pages", "go live")
HEAVY = [
    "orchestration.summary",
    "orchestration.dictionary",
    "orchestration.site",
    "dbt.cli.main",
    "great_expectations",
]


# --- Days ------------------------------------------------------------------------------------------------------------


def mornings(base: Settings, count: int) -> list[datetime]:
    """The last `count` mornings on which files came, oldest first."""
    days = sorted({_modified(path).date() for path in base.landing.glob("*/*")})
    return [datetime.combine(day, datetime.max.time()) for day in days[-count:]]


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, LONDON).replace(tzinfo=None)


def set_back(base: Settings, home: Path, moment: datetime, *, warehouse: bool = True) -> Settings:
    """A copy of a hub as if nothing had come after `moment`; what it publishes is a complete set of that time."""
    settings = Settings(home=home)
    kept: list[dict] = []
    for sidecar in sorted(base.lake.glob("*/*/*/batch=*/batch.json")):
        known = json.loads(sidecar.read_text())
        if datetime.fromisoformat(known["received_at"]) <= moment:
            kept.append(known)
            shutil.copytree(sidecar.parent, settings.lake / sidecar.parent.relative_to(base.lake))
            copy(base.reports / known["report"], settings.reports / known["report"])
    whole = [*base.keys.iterdir(), *base.dbt_target.glob("*.*"), *(base.home / "truth").glob("*")]
    for path in [*whole, *([base.warehouse] if warehouse else [])]:
        copy(path, home / path.relative_to(base.home))
    settings.audit.mkdir()
    (settings.audit / "judged.txt").write_text("".join(f"{batch['batch_id']}\n" for batch in kept))
    before = settings.publish_versions / "before"
    shutil.copytree(base.published.resolve(), before)
    as_of = max(batch["received_at"] for batch in kept)
    manifest = json.loads((before / "manifest.json").read_text())
    (before / "manifest.json").write_text(json.dumps({**manifest, "version": "before", "as_of": as_of}))
    settings.published.symlink_to(Path("publish_versions") / "before")
    write_json_atomically(settings.audit / "last_run.json", {"as_of": as_of, "version": "before"})
    deliver(base, settings, moment)
    return settings


def deliver(base: Settings, settings: Settings, until: datetime) -> None:
    """Files that came up to a moment land, with their own times."""
    for path in base.landing.glob("*/*"):
        place = settings.home / path.relative_to(base.home)
        if _modified(path) <= until and not place.exists():
            copy(path, place)


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


# --- Runs that can be killed -----------------------------------------------------------------------------------------


def _child(home: Path, log: Path, connection) -> None:
    """One run, in a process group of its own, that says which stage it is in."""
    os.setsid()
    log.parent.mkdir(parents=True, exist_ok=True)
    sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(sink, 1)
    os.dup2(sink, 2)

    def say(stage: str) -> None:
        with contextlib.suppress(OSError):
            connection.send(stage)

    def marked(module, name: str, stage: str) -> None:
        real = getattr(module, name)

        def told(*arguments, **more):
            say(stage)
            return real(*arguments, **more)

        setattr(module, name, told)

    def progress(stage: str, what: str, done: int, total: int) -> None:
        if stage == "ingest" and what.startswith("judging"):
            say("judge")
        elif stage == "build":
            say("checks" if done >= total else "models")

    marked(pipeline, "build", "dbt start")
    marked(pipeline, "publish", "publish")
    marked(pipeline, "add_pages", "pages")
    marked(publish, "_go_live", "go live")
    settings = Settings(home=home)
    os.environ.update(settings.environment())
    say("ingest")
    try:
        result = pipeline.run(settings, progress=progress)
    except Exception as problem:
        from orchestration.summary import explain

        print(explain(problem), flush=True)
        sys.exit(1)
    for warning in result.warnings:
        print(f"warning: {warning}", flush=True)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{spent.ru_utime + spent.ru_stime:.0f} CPU s: {result.seconds}", flush=True)


def runner() -> multiprocessing.context.BaseContext:
    """Processes that begin with everything heavy imported, so that a kill costs seconds and not a start."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torture_kit", *HEAVY])
    return context


@dataclass
class Run:
    """What became of one run: the stages that it reached and when, and how it ended (`code` -9: killed)."""

    stages: dict[str, float] = field(default_factory=dict)
    code: int | None = None
    seconds: float = 0.0

    @property
    def stage(self) -> str:
        return max(self.stages, key=lambda name: self.stages[name], default="")


def run_hub(context, home: Path, log: Path, kill_at: tuple[str, float] | None = None, timeout: float = 900) -> Run:
    """A run; with `kill_at` = (stage, seconds) its whole group is killed so long after it has entered the stage."""
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(home, log, sender), daemon=True)
    process.start()
    sender.close()
    run, begun, deadline = Run(), time.monotonic(), None
    while True:
        now = time.monotonic()
        if (deadline is not None and now >= deadline) or now - begun > timeout:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            break
        try:
            if receiver.poll(0.2 if deadline is None else max(0.0, min(0.2, deadline - now))):
                stage = receiver.recv()
                run.stages.setdefault(stage, time.monotonic() - begun)
                if kill_at and deadline is None and _reached(stage, kill_at[0]):
                    deadline = time.monotonic() + (kill_at[1] if stage == kill_at[0] else 0.0)
        except (EOFError, OSError):
            break
    process.join()
    run.code, run.seconds = process.exitcode, time.monotonic() - begun
    receiver.close()
    return run


def _reached(stage: str, wanted: str) -> bool:
    return STAGES.index(stage) >= STAGES.index(wanted)


# --- What must hold at every moment ----------------------------------------------------------------------------------


class Reader(threading.Thread):
    """Somebody who reads published/ all the time: each read must find one complete set, and never an older one."""

    def __init__(self, settings: Settings):
        super().__init__(daemon=True)
        self.published, self.reads, self.troubles = settings.published, 0, []
        self.seen: list[str] = []
        self._as_of, self._over, self._sound = "", threading.Event(), set()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.read()
            except Exception as problem:
                self.troubles.append(f"{type(problem).__name__}: {problem}")
            self._over.wait(0.03)

    def read(self) -> None:
        for _ in range(5):  # a swap between two opens is no fault: read again
            said = (self.published / "manifest.json").read_bytes()
            wrong = [name for name, told in json.loads(said)["files"].items() if not self._whole(name, told["sha256"])]
            pages = [page for page in ("site/index.html", "dictionary/index.html") if not self._opens(page)]
            if (self.published / "manifest.json").read_bytes() == said:
                break
        else:
            raise AssertionError("the set changed five times in five reads")
        assert not wrong + pages, f"not as the manifest says: {wrong + pages}"
        manifest = json.loads(said)
        assert manifest["as_of"] >= self._as_of, f"{manifest['as_of']} after {self._as_of}"
        self._as_of = manifest["as_of"]
        if manifest["version"] not in self.seen:
            self.seen.append(manifest["version"])
        self.reads += 1

    def _opens(self, name: str) -> bool:
        try:
            return (self.published / name).stat().st_size > 0
        except OSError:
            return False

    def _whole(self, name: str, sha256: str) -> bool:
        try:
            with (self.published / name).open("rb") as file:
                status = os.fstat(file.fileno())
                stamp = (status.st_ino, status.st_size, status.st_mtime_ns, sha256)
                if stamp not in self._sound and hashlib.sha256(file.read()).hexdigest() == sha256:
                    self._sound.add(stamp)
                return stamp in self._sound
        except OSError:
            return False

    def __enter__(self) -> Reader:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self.join()
        assert not self.troubles, f"{len(self.troubles)} of {self.reads} reads: {self.troubles[:3]}"
        assert self.reads


def ledger(settings: Settings) -> dict[str, dict]:
    """What the lake says of each batch, but for timings and rules of the day."""
    said = {}
    for sidecar in sorted(settings.lake.glob("*/*/*/batch=*/batch.json")):
        known = json.loads(sidecar.read_text())
        place = sidecar.parent.relative_to(settings.lake).as_posix()
        names = ("batch_id", "status", "landed_as", "received_at", "rows_in", "rows_accepted", "rows_quarantined")
        said[place] = {name: known.get(name) for name in names}
    return said


def nothing_by_halves(settings: Settings) -> None:
    """Each batch in the lake is whole, is what landed, and is there once."""
    import pyarrow.parquet

    owners: dict[str, str] = {}
    for folder in settings.lake.glob("[!.]*/*/*/*"):
        if folder.name.startswith("."):
            continue
        known = json.loads((folder / "batch.json").read_text())
        batch = known["batch_id"]
        assert folder.name == f"batch={batch}"
        assert batch not in owners, f"{folder} and {owners[batch]}"
        owners[batch] = str(folder)
        assert known["status"] == {"raw": "accepted", "rejected": "rejected"}[folder.parents[2].name]
        landed = settings.landing / known["landed_as"]
        assert hashlib.sha256(landed.read_bytes()).hexdigest() == batch, landed
        if known["status"] == "accepted":
            assert {path.name for path in folder.iterdir()} >= PARTS_OF_A_BATCH, folder
            assert pyarrow.parquet.read_metadata(folder / "data.parquet").num_rows == known["rows_accepted"]


def judged(settings: Settings) -> set[str]:
    """Batches that Great Expectations has judged."""
    return set((settings.audit / "judged.txt").read_text().split())


def tree(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def as_if_nothing_had_happened(settings: Settings, base: Settings) -> None:
    """The hub holds, shows and says what a hub does that was never disturbed, and nothing lies about."""
    nothing_by_halves(settings)
    ours, theirs = ledger(settings), ledger(base)
    assert ours == theirs, _difference(ours, theirs)
    ours, theirs = tree(settings.published), tree(base.published)
    for shown in (ours, theirs):
        shown.pop(WITH_A_CLOCK, None)
    assert ours == theirs, _difference(ours, theirs)
    assert tree(settings.keys) == tree(base.keys)
    assert (settings.audit / "last_run.json").read_bytes() == (base.audit / "last_run.json").read_bytes()
    reports = [{path.name for path in hub.reports.rglob("*.md")} for hub in (settings, base)]
    assert reports[0] == reports[1], reports[0] ^ reports[1]
    accepted = {batch["batch_id"] for batch in ledger(base).values() if batch["status"] == "accepted"}
    assert judged(settings) >= accepted, f"{len(accepted - judged(settings))} batches were never judged"
    assert left_over(settings) == []


def left_over(settings: Settings) -> list[str]:
    """What a dead run left behind and the next should have tidied up."""
    found = [*settings.lake.glob(".staging/*"), *settings.publish_versions.glob(".*")]
    for folder in (settings.lake, settings.audit, settings.reports, settings.home):
        found += [path for path in folder.glob("**/.*.tmp") if path not in found]
    return [path.relative_to(settings.home).as_posix() for path in found]


def _difference(ours: dict, theirs: dict) -> str:
    names = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
    return f"{len(names)} differ: " + "; ".join(f"{n}: {ours.get(n)} v {theirs.get(n)}" for n in names[:3])
