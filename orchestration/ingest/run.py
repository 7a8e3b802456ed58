"""One run of ingestion: every new file in landing/ becomes one batch in the lake, with a report for its partner."""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from orchestration.contracts import SEEDS, FeedContract, code_lists, load_contracts
from orchestration.ingest import ledger as books
from orchestration.ingest.accept import put_report
from orchestration.ingest.agreements import Agreement, basis, load_agreements, require_agreement
from orchestration.ingest.discover import SETTLE_SECONDS, Candidate, discover
from orchestration.ingest.item import Item, refuse
from orchestration.ingest.outcome import (
    BatchOutcome,
    IngestFailed,
    IngestResult,
    Poll,
    Rejected,
    UnknownFile,
)
from orchestration.settings import Settings

ENGINE_VERSION = 2
CHUNK_FILES = 64
CHUNK_BYTES = 16 << 20
WORKERS = min(os.cpu_count() or 1, 4)
Contracts = dict[tuple[str, str], FeedContract]
Progress = Callable[[str, int, int], None]


def ingest(
    settings: Settings, contracts: Contracts | None = None, *, progress: Progress | None = None, judge: bool = True,
    only: Collection[str] | None = None, seeds: Path = SEEDS, settle: float = SETTLE_SECONDS,
) -> IngestResult:  # fmt: skip
    """Take in every file under landing/ that is not in the lake yet, then whatever is new in a partner's database.

    `progress` is called with (what, how many files done, of how many). `judge`: let Great Expectations judge the
    profiles of the new batches. `only`: feeds to look at, as "partner.table"; all by default. `settle`: seconds for
    which a file must have been left alone.
    Raises ContractsError where a contract is wrong, IngestBusy where another process ingests, IngestFailed where the
    hub cannot write; a bad file never raises.
    """
    started = time.perf_counter()
    contracts = contracts if contracts is not None else load_contracts(seeds=seeds)
    chosen = _chosen(contracts, only)
    result = IngestResult()
    with _explained(settings), books.staging(settings) as (directory, died):
        ledger = books.read_ledger(settings)
        run = _Run(settings, directory, ledger, seeds, progress)
        if died:
            _restore_reports(settings)
        run.take_landed(contracts, chosen, result, settle)
        # Landed files first: an extract that still lies there must not be asked for again.
        databases = [contract for key, contract in contracts.items() if key in chosen and contract.database]
        if databases and run.ask(databases, result):
            run.take_extracts(databases, result, settle)
        if judge:
            result.gx = run.judge(contracts, chosen)
        result.feeds_missing = [
            contract.feed for key, contract in contracts.items() if key in chosen and not ledger.accepted.get(key)
        ]
    result.seconds = time.perf_counter() - started
    return result


def _key(contract: FeedContract) -> tuple[str, str]:
    return contract.partner, contract.table


def _chosen(contracts: Contracts, only: Collection[str] | None) -> set[tuple[str, str]]:
    if only is None:
        return set(contracts)
    unknown = [feed for feed in only if tuple(feed.split(".", 1)) not in contracts]
    if unknown:
        known = ", ".join(contract.feed for contract in contracts.values())
        raise ValueError(f"no feed is called '{unknown[0]}': choose among {known}")
    return {tuple(feed.split(".", 1)) for feed in only}


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """A full disk or a read-only folder in words; what was accepted before stays."""
    try:
        yield
    except OSError as problem:
        words = {
            errno.ENOSPC: "the disk is full: make room",
            errno.EDQUOT: "the disk quota is used up: make room",
            errno.EROFS: "the disk is read-only: choose another home or remount it",
            errno.EACCES: "permission is denied: let this user write there",
            errno.EPERM: "permission is denied: let this user write there",
        }
        if problem.errno not in words:
            raise
        where = problem.filename or settings.home
        raise IngestFailed(
            f"cannot write {where}: {words[problem.errno]}, then run again. Batches accepted so far are safe."
        ) from problem


def _say(progress: Progress | None, what: str, done: int, total: int) -> None:
    if progress:
        progress(what, done, total)


class _Run:
    """The state of one run: ledger, index, counters. Only the run itself changes it; workers are handed files."""

    def __init__(
        self, settings: Settings, directory: Path, ledger: books.Ledger, seeds: Path, progress: Progress | None
    ):
        self.settings, self.directory, self.ledger, self.progress = settings, directory, ledger, progress
        self.agreements: list[Agreement] = load_agreements(seeds)
        self.lists = code_lists(seeds)
        self.now: datetime = books.local_now()
        self.described = books.high_water_mark(settings)
        self.index: dict[str, list] = {}
        self.notes: dict[str, list[str]] = {}
        self.done = self.total = self.made = 0
        self._gates: dict[tuple[str, str], str] = {}

    def judge(self, contracts: Contracts, chosen: set[tuple[str, str]]) -> dict[str, Any] | None:
        """Let Great Expectations judge whatever it has not judged yet."""
        from orchestration.ingest.quality import judge_batches, unjudged

        new = unjudged(self.settings, {key: self.ledger.accepted.get(key, set()) for key in chosen})
        if not new:
            return None
        _say(self.progress, "judging profiles", max(self.done, 1), max(self.done, 1))
        return judge_batches(self.settings, contracts, new)

    def gate(self, contract: FeedContract) -> str:
        """Fingerprint of everything that decides whether a batch is rejected."""
        key = _key(contract)
        if key not in self._gates:
            codes = sorted(
                (c.code_list, sorted(self.lists.get(c.code_list, ()))) for c in contract.columns if c.code_list
            )
            said = f"{ENGINE_VERSION}\0{contract.fingerprint}\0{basis(contract, self.agreements)}\0{codes}"
            if any(
                row.ends_on or row.starts_on > self.now.date()
                for row in self.agreements
                if row.agreement_id == contract.agreement
            ):
                # An agreement that begins or ends may let tomorrow what it does not let today.
                said += f"\0{self.now.date()}"
            self._gates[key] = hashlib.sha256(said.encode()).hexdigest()
        return self._gates[key]

    def unseen(self, files: list[Candidate], result: IngestResult) -> list[Candidate]:
        """Files that are not, by name, size and times, already in the lake."""
        new = []
        for file in files:
            key = _key(file.contract)
            cached = self.index.get(file.relative)
            if (
                cached
                and tuple(cached[:3]) == file.stamp
                and cached[3] in self.ledger.known(key, self.gate(file.contract))
            ):
                result.already_known += 1
            else:
                new.append(file)
        return new

    # --- Databases ---------------------------------------------------------------------------------------------------

    def ask(self, contracts: list[FeedContract], result: IngestResult) -> bool:
        """Let what is new in databases land; whether anything did. A database that cannot be read leaves a rejected
        batch: its feed is late, and the partner's report and the quality marts say why."""
        from orchestration.ingest.polls import poll

        silent: dict = {}
        for contract in contracts:
            _say(self.progress, f"asking database {contract.database.connection}", 0, 0)
            told = poll(self.settings, contract, self.agreements, self.now, silent)
            result.polls.append(told)
            if told.status == "not_read":
                self._refuse_poll(told, contract, result)
            elif told.file:
                self.notes[told.file] = told.warnings
        _say(self.progress, "", max(self.done, 1), max(self.total, 1))
        return any(told.file for told in result.polls)

    def _refuse_poll(self, told: Poll, contract: FeedContract, result: IngestResult) -> None:
        """One rejected batch for each trouble, however often the database is asked until it is over."""
        key, reason = _key(contract), told.reason or ""
        batch_id = hashlib.sha256(f"database\0{contract.feed}\0{told.after}\0{reason}".encode()).hexdigest()
        if batch_id in self.ledger.rejected.get(key, {}):
            return
        name = f"{told.relation} (database {told.connection})"
        outcome = BatchOutcome(
            contract.partner, contract.table, name, "rejected", batch_id=batch_id, reason=reason, remedy=told.remedy,
            reason_kind=told.kind, is_poll=True, contract_version=contract.version, agreement=contract.agreement,
            received_at=books.received_at(time.time_ns(), self.now, self.described),
        )  # fmt: skip
        self.made += 1
        nothing = Candidate(self.settings.landing / contract.partner, f"{contract.partner}/", contract, 0, 0, 0)
        self._file_rejection(Item(self.made, nothing, outcome, self.gate(contract)))
        result.batches.append(outcome)

    def take_landed(
        self, contracts: Contracts, chosen: set[tuple[str, str]], result: IngestResult, settle: float
    ) -> None:
        """Take in what lies in landing and is not known yet."""
        found, result.unknown_files, result.waiting = discover(self.settings.landing, contracts.values(), settle=settle)
        present = {file.relative for file in found}
        self.index = {path: seen for path, seen in books.load_index(self.settings).items() if path in present}
        self.take_new([file for file in found if _key(file.contract) in chosen], result)

    def take_extracts(self, contracts: list[FeedContract], result: IngestResult, settle: float) -> None:
        """Take in what databases brought in this run; everything else in landing was looked at already."""
        brought = {told.file for told in result.polls}
        found, _, waiting = discover(self.settings.landing, contracts, settle=settle)
        result.waiting += [late for late in waiting if late.path in brought]
        self.take_new([file for file in found if file.relative in brought], result)

    def take_new(self, files: list[Candidate], result: IngestResult) -> None:
        new = self.unseen(files, result)
        if new:
            try:
                self.take_in(new, result)
            finally:
                books.save_index(self.settings, self.index)

    def take_in(self, files: list[Candidate], result: IngestResult) -> None:
        from orchestration.ingest.chunk import Worker

        self.total = self.done + len(files)
        chunks = list(_chunks(files))
        workers = min(WORKERS, len(chunks))
        idle: SimpleQueue[Worker] = SimpleQueue()
        for _ in range(workers):
            idle.put(Worker(self.settings, self.directory, self.lists, workers))
        threads = max(1, (os.cpu_count() or 1) // workers)

        def check(items: list[Item]) -> list[Item]:
            worker = idle.get()
            try:
                worker.take(items, threads)
                return items
            finally:
                idle.put(worker)

        # Staged ahead by no more than one chunk, so that what is copied stays small.
        with ThreadPoolExecutor(workers) as pool:
            under_way: deque[Future[list[Item]]] = deque()
            try:
                for chunk in chunks:
                    under_way.append(pool.submit(check, self._stage_all(chunk, result)))
                    if len(under_way) > workers:
                        self._settle(under_way.popleft().result(), result)
                while under_way:
                    self._settle(under_way.popleft().result(), result)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        result.batches.sort(key=lambda batch: (batch.received_at or datetime.max, batch.feed, batch.file_name))

    # --- Chunks: files of one feed -----------------------------------------------------------------------------------

    def _stage_all(self, files: list[Candidate], result: IngestResult) -> list[Item]:
        items = []
        for file in files:
            item = self._stage(file, result)
            if item:
                items.append(item)
            else:
                self._advance(file)
        return items

    def _settle(self, items: list[Item], result: IngestResult) -> None:
        """A chunk is through: note what became of its files."""
        for item in items:
            if item.outcome.status == "rejected" and not item.outcome.rules:
                self._file_rejection(item)
            if item.outcome.status == "accepted":
                self.ledger.accepted.setdefault(_key(item.file.contract), set()).add(item.outcome.batch_id)
            result.batches.append(item.outcome)
            self._clean(item)
            self._advance(item.file)

    def _file_rejection(self, item: Item) -> None:
        """Keep a batch of which nothing could be checked."""
        from orchestration.ingest.chunk import guarded, into_lake

        guarded(item, lambda: into_lake(self.settings, self.directory, item))

    def _advance(self, file: Candidate) -> None:
        self.done += 1
        _say(self.progress, file.relative, self.done, self.total)

    def _stage(self, file: Candidate, result: IngestResult) -> Item | None:
        """Hash and gate one file. None where it needs no more work."""
        from orchestration.ingest.stage import Changed, fingerprint_and_stage

        contract, key = file.contract, _key(file.contract)
        outcome = BatchOutcome(
            contract.partner, contract.table, file.path.name, "failed", file_bytes=file.size,
            contract_version=contract.version, agreement=contract.agreement,
            received_at=books.received_at(file.mtime_ns, self.now, self.described),
        )  # fmt: skip
        self.made += 1
        item = Item(self.made, file, outcome, self.gate(contract))
        started = time.perf_counter()
        known = self.ledger.known(key, self.gate(contract))
        try:
            try:
                staged = fingerprint_and_stage(file, self.directory, known)
            except Rejected as refused:
                outcome.batch_id = refused.batch_id
                self._remember(file, refused.batch_id)
                if refused.batch_id in known:
                    result.already_known += 1
                    return None
                known.add(refused.batch_id)
                require_agreement(contract, self.agreements, outcome.received_at.date())
                raise
            batch_id = staged if isinstance(staged, str) else staged.batch_id
            self._remember(file, batch_id)
            if isinstance(staged, str):
                result.already_known += 1
                return None
            outcome.batch_id = batch_id
            self._claim(key, batch_id)
            require_agreement(contract, self.agreements, outcome.received_at.date())
            staged.warnings += self.notes.get(file.relative, ())
            item.staged = staged
            outcome.warnings = list(staged.warnings)
        except Rejected as refused:
            self._claim(key, outcome.batch_id)
            refuse(outcome, refused)
        except Changed:
            result.waiting.append(
                UnknownFile(file.relative, "changed while it was read; it is taken when it stops changing")
            )
            return None
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                raise
            outcome.reason = f"The file cannot be opened: {problem.strerror}."
            outcome.remedy = "Let the hub's user read it."
        outcome.timings["stage"] = time.perf_counter() - started
        return item

    def _remember(self, file: Candidate, batch_id: str) -> None:
        self.index[file.relative] = [*file.stamp, batch_id]

    def _claim(self, key: tuple[str, str], batch_id: str) -> None:
        """The same bytes later in this run are the same batch."""
        self.ledger.rejected.setdefault(key, {})[batch_id] = self._gates[key]

    def _clean(self, item: Item) -> None:
        if item.outcome.status == "failed":
            self.index.pop(item.file.relative, None)
        if item.staged:
            for path in (item.staged.path, item.staged.path.with_suffix(".clean")):
                path.unlink(missing_ok=True)


def _chunks(files: list[Candidate]) -> Iterator[list[Candidate]]:
    """Files of one feed together, up to a size at which planning no longer matters; a large file alone."""
    by_feed: dict[str, list[Candidate]] = {}
    for file in files:
        by_feed.setdefault(file.contract.feed, []).append(file)
    for waiting in by_feed.values():
        chunk: list[Candidate] = []
        size = 0
        for file in waiting:
            if chunk and (size + file.size > CHUNK_BYTES or len(chunk) >= CHUNK_FILES):
                yield chunk
                chunk, size = [], 0
            chunk.append(file)
            size += file.size
        yield chunk


def _restore_reports(settings: Settings) -> None:
    """Reports that a dead run could not put out any more."""
    for sidecar in books.sidecars(settings):
        root = settings.raw if sidecar["status"] == "accepted" else settings.rejected
        kept = root / sidecar["partner"] / sidecar["feed_table"] / f"batch={sidecar['batch_id']}" / "report.md"
        name = sidecar.get("report")
        if name and kept.exists() and not (settings.reports / name).exists():
            put_report(settings, name, kept.read_text(encoding="utf-8"))
