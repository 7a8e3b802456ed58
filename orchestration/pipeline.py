"""One run of the hub: take files in, build, check, publish. Plain functions; Dagster and the command line call them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from orchestration.files import disk_trouble, forget_half_written, in_words, read_json, write_json_atomically
from orchestration.gates.sensitivity import refuse_identity
from orchestration.publish import PublishResult, damage_of, live_set, publish, record_run_context
from orchestration.repair import discard_warehouse, tells_of_damage, warehouse_damage
from orchestration.settings import Settings
from orchestration.warehouse import build, code_fingerprint

Progress = Callable[[str, str, int, int], None]
"""Called with (stage, what was done, how many so far, how many in all)."""


CLOCK_LEEWAY = timedelta(hours=2)  # in autumn the local clock goes back an hour by itself


class HubBusy(Exception):
    """Another run holds this home."""


class MomentInFuture(Exception):
    """A moment that has not come cannot be described: files received before it would change it later."""


class NothingReceived(Exception):
    """No batch was ever accepted, so there is no moment to describe."""


@dataclass
class RunResult:
    """What one run did, for the summary and for the record in home/audit/runs."""

    as_of: str
    ingest: object | None = None
    published: PublishResult | None = None
    settings: Settings | None = None
    is_past: bool = False
    nodes_built: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """One writer at a time in a home. Raises HubBusy where another run is at work; a dead run leaves no lock."""
    from filelock import FileLock, Timeout

    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.home / "run.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise HubBusy(
            f"another run is at work in {settings.home}: wait for it to end, or stop it, then run again"
        ) from None
    try:
        written = (settings.home, settings.build, settings.lake, settings.audit, settings.reports)
        forget_half_written(*written, settings.warehouse.parent, settings.dbt_target)
        yield
    finally:
        lock.release()


def newest_received(settings: Settings) -> str | None:
    """When the newest file was received, local clock to the second; None before the first accepted batch.

    A rejected file moves the moment on as well: its feed is then seen to be late, and why.
    """
    accepted = [received for received, _ in _ledger(settings.raw)]
    rejected = [received for received, _ in _ledger(settings.rejected)]
    return max(accepted + rejected) if accepted else None


def input_fingerprint(settings: Settings, as_of: str) -> str:
    """SHA-256 over the moment, the batches that count at it, and the rules: equal inputs give equal numbers.

    Rejected batches count too: the quality marts show them.
    """
    digest = hashlib.sha256(f"{as_of}\0{code_fingerprint()}\0".encode())
    for received, batch in [*_ledger(settings.raw), *_ledger(settings.rejected)]:
        if received <= as_of:
            digest.update(f"{batch}\0".encode())
    return digest.hexdigest()


def version_of(settings: Settings, moment: str) -> str:
    """Name of the set that describes a moment: equal inputs have equal names."""
    return f"{moment.replace(' ', 'T').replace(':', '')}-{input_fingerprint(settings, moment)[:12]}"


def remember_run(settings: Settings, moment: str, version: str) -> None:
    """From now on nothing received may slip into the past that `moment` describes (ingest/ledger.py)."""
    write_json_atomically(settings.audit / "last_run.json", {"as_of": moment, "version": version})


def _ledger(batches: Path) -> list[tuple[str, str]]:
    """(received_at, folder) of every batch below a folder of the lake, in folder order."""
    found = []
    for sidecar in sorted(batches.glob("*/*/batch=*/batch.json")):
        folder = sidecar.parent.relative_to(batches.parent).as_posix()
        found.append((_moment(read_json(sidecar)["received_at"]), folder))
    return found


def _moment(text: str) -> str:
    """A timestamp in the one form that sorts as text: YYYY-MM-DD HH:MM:SS."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")


def run(
    settings: Settings,
    *,
    as_of: str | None = None,
    progress: Progress | None = None,
    judge: bool = True,
    full: bool = False,
) -> RunResult:
    """Ingest what landed, then build, check and publish what is new.

    `as_of`: describe a past moment instead of the newest; batches received later are ignored. Where the live set is
    newer, the past is built and published beside it, under home/as_of/<moment>, and the live set stays.
    `full`: build everything, whatever was built before.
    Raises HubBusy, MomentInFuture, NothingReceived, WarehouseInUse, BuildFailed, PublishRefused, CannotWrite; the last
    good set stays in every case.
    """
    from orchestration.ingest.ledger import local_now

    if as_of and datetime.fromisoformat(as_of) > local_now():
        raise MomentInFuture(
            f"{as_of} has not come yet: give a moment up to now, for today with its time (2026-10-31T08:00)"
        )
    safe = "What was accepted is kept, and the last good set stays."
    with in_words(settings.home, safe), only_one(settings):
        return _run(settings, as_of, progress, judge, full)


def _run(
    settings: Settings, as_of: str | None, progress: Progress | None, judge: bool, full: bool = False
) -> RunResult:
    from orchestration.ingest import ingest
    from orchestration.ingest.ledger import high_water_mark

    def report(stage: str) -> Callable[[str, int, int], None]:
        return lambda what, done, total: progress(stage, what, done, total) if progress else None

    started = time.perf_counter()
    ingested = ingest(settings, progress=report("ingest"), judge=judge)
    seconds = {"ingest": time.perf_counter() - started}

    newest = newest_received(settings)
    if newest is None:
        raise NothingReceived(
            f"no file was accepted yet from {settings.landing}: put files under landing/<partner>/ "
            f"(docs/feed-contracts.md), or read the reports in {settings.reports}"
        )
    moment = _moment(as_of) if as_of else newest
    described = high_water_mark(settings)
    past = bool(as_of and described and described.isoformat(sep=" ") > moment)
    where = settings.at(moment.replace(" ", "T").replace(":", "")) if past else settings
    result = RunResult(as_of=moment, ingest=ingested, settings=where, is_past=past, seconds=seconds)
    result.warnings += _faults(settings, described)

    version = version_of(settings, moment)
    already = live_set(where)
    is_live = bool(already and already["version"] == version)
    damage = warehouse_damage(where)
    if damage and (already or damage_of(where.published)):
        result.warnings.append(f"{damage}: it was made again from the lake")
    if damage:
        discard_warehouse(where)
    if damage or full or not is_live:
        record_run_context(where, moment)
        try:
            _build_and_publish(where, result, version, report("build"), is_live, full)
        except Exception as problem:
            if not tells_of_damage(problem) or disk_trouble(problem):
                raise
            result.warnings.append("the warehouse file was damaged: it was made again from the lake")
            discard_warehouse(where)
            _build_and_publish(where, result, version, report("build"), is_live)
    if not past:
        remember_run(settings, moment, version)
    return result


def _build_and_publish(
    settings: Settings,
    result: RunResult,
    version: str,
    progress: Callable[[str, int, int], None],
    is_live: bool,
    full: bool = False,
) -> None:
    """Build and check the warehouse, then publish; a set that is live already stays as it is."""
    from orchestration.linkage.history import recall, remember

    started = time.perf_counter()
    recall(settings)
    result.nodes_built = build(settings, progress, full=full).nodes
    result.seconds["build"] = time.perf_counter() - started
    if is_live:
        return
    started = time.perf_counter()
    refuse_identity(settings)
    remember(settings, version)
    result.published = publish(
        settings,
        as_of=result.as_of,
        version=version,
        decorate=lambda folder: add_pages(settings, folder, result.warnings),
    )
    result.seconds["publish"] = time.perf_counter() - started


def _faults(settings: Settings, described: datetime | None) -> list[str]:
    """What somebody should put right though this run goes on, in words."""
    from orchestration.ingest.ledger import local_now, run_notes_damaged

    found = []
    if damage := damage_of(settings.published):
        found.append(f"the published set was damaged ({damage}): it was published again")
    if run_notes_damaged(settings):
        found.append("audit/last_run.json was damaged: the moment of the last run was read from the published set")
    now = local_now()
    if described and described - now > CLOCK_LEEWAY:
        found.append(
            f"this machine's clock says {now:%Y-%m-%d %H:%M}, earlier than files received before ({described}): set it "
            f"right; until then new files count as received just after those"
        )
    return found


def add_pages(settings: Settings, folder: Path, warnings: list[str]) -> None:
    """Dictionary and site go live with their numbers; where one of them cannot be made, the numbers still do.

    `folder`: the set that is about to go live. What could not be made is added to `warnings`, in words.
    """
    from orchestration.dictionary import build_dictionary
    from orchestration.site import build_site

    for name, make in [
        (
            "dictionary",
            lambda: build_dictionary(settings, folder / "dictionary", earlier=settings.published / "dictionary"),
        ),
        ("site", lambda: build_site(settings, folder)),
    ]:
        try:
            make()
        except Exception as problem:
            if disk_trouble(problem):
                raise
            warnings.append(f"the {name} could not be made: {type(problem).__name__}: {problem}")
