"""One run of ingestion: every new file in landing/ becomes one batch in the lake, with a report for its partner."""

from __future__ import annotations

import errno
import hashlib
import time
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.contracts import SEEDS, FeedContract, code_lists, load_contracts
from orchestration.ingest import ledger as books
from orchestration.ingest.agreements import Agreement, basis, load_agreements, require_agreement
from orchestration.ingest.discover import SETTLE_SECONDS, Candidate, discover
from orchestration.ingest.outcome import (
    BatchOutcome,
    IngestFailed,
    IngestResult,
    Poll,
    Rejected,
    RuleOutcome,
    UnknownFile,
)
from orchestration.settings import Settings

ENGINE_VERSION = 2
CHUNK_FILES = 64
CHUNK_BYTES = 16 << 20
HELD_BYTES = 4 << 20
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


@dataclass
class _Item:
    """One file on its way through a chunk."""

    number: int
    file: Candidate
    outcome: BatchOutcome
    staged: Any = None
    incoming: Any = None
    watermark: str | None = None


class _Run:
    """The state of one run: connection, ledger, caches. One file failing never touches another."""

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
        self._rules: dict[tuple[str, str], list] = {}
        self._connection = None

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
        self._file_rejection(_Item(self.made, nothing, outcome))
        result.batches.append(outcome)

    @property
    def connection(self):
        if self._connection is None:
            from orchestration.ingest.check import open_connection

            self._connection = open_connection(self.directory)
        return self._connection

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
        self.total = self.done + len(files)
        for chunk in _chunks(files):
            self._take_chunk(chunk, result)
        result.batches.sort(key=lambda batch: (batch.received_at or datetime.max, batch.feed, batch.file_name))

    # --- One chunk: files of one feed --------------------------------------------------------------------------------

    def _take_chunk(self, files: list[Candidate], result: IngestResult) -> None:
        contract = files[0].contract
        items = []
        for file in files:
            item = self._stage(file, result)
            if item:
                items.append(item)
            else:
                self._advance(file)
        taken = sorted((item for item in items if item.staged), key=lambda item: item.number)
        if len(taken) == 1 and taken[0].file.size > HELD_BYTES:
            self._check_one(taken[0])
        elif taken:
            self._check_many(taken, contract)
        for item in items:
            if item.outcome.status == "rejected" and not item.outcome.rules:
                self._file_rejection(item)
            result.batches.append(item.outcome)
            self._clean(item)
            self._advance(item.file)

    def _advance(self, file: Candidate) -> None:
        self.done += 1
        _say(self.progress, file.relative, self.done, self.total)

    def _stage(self, file: Candidate, result: IngestResult) -> _Item | None:
        """Hash and gate one file. None where it needs no more work."""
        from orchestration.ingest.stage import Changed, fingerprint_and_stage

        contract, key = file.contract, _key(file.contract)
        outcome = BatchOutcome(
            contract.partner, contract.table, file.path.name, "failed", file_bytes=file.size,
            contract_version=contract.version, agreement=contract.agreement,
            received_at=books.received_at(file.mtime_ns, self.now, self.described),
        )  # fmt: skip
        self.made += 1
        item = _Item(self.made, file, outcome)
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
            _refuse(outcome, refused)
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

    def _check_many(self, items: list[_Item], contract: FeedContract) -> None:
        """Small files of one feed, checked in one scan."""
        from orchestration.ingest.check import create_incoming

        create_incoming(self.connection, contract)
        loaded = [item for item in items if self._guarded(item, lambda item=item: self._load(item))]
        if loaded:
            try:
                self._judge(loaded, contract, "select * from incoming", "_record")
            except OSError:
                raise
            except Exception:
                for item in loaded:  # one of them is to blame: alone, each answers for itself
                    if item.outcome.status == "failed" and item.outcome.reason is None:
                        self._check_one(item)

    def _check_one(self, item: _Item) -> None:
        """One file, of any size, streamed through the checks without being held as text."""
        self._guarded(item, lambda: self._stream(item))

    def _guarded(self, item: _Item, work: Callable[[], None]) -> bool:
        import duckdb

        outcome = item.outcome
        try:
            work()
            return True
        except Rejected as refused:
            _refuse(outcome, refused)
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
                raise
            outcome.status = "failed"
            outcome.reason, outcome.remedy = (
                f"The hub could not work on the file: {problem.strerror}.",
                "Nothing; the hub tries again.",
            )
        except duckdb.OutOfMemoryException:
            outcome.status = "failed"
            outcome.reason, outcome.remedy = (
                "The file needs more memory than the hub has.",
                "Send the data in several files.",
            )
        except Exception as problem:
            if isinstance(problem, duckdb.IOException) and "No space left" in str(problem):
                raise OSError(errno.ENOSPC, "No space left on device") from problem
            outcome.status = "failed"
            where = traceback.extract_tb(problem.__traceback__)[-1]
            outcome.reason = (
                f"The hub stumbled over this file ({type(problem).__name__} in "
                f"{Path(where.filename).name}:{where.lineno})."
            )
            outcome.remedy = "Nothing; this is a fault in the hub. Report it to the hub's developers."
        return False

    def _load(self, item: _Item) -> None:
        """Text of a small file into `incoming`; by the slow reader where its structure is flawed."""
        from orchestration.ingest.read import STRUCTURAL, read

        started = time.perf_counter()
        connection = self.connection
        item.incoming = read(item.staged, item.file.contract)
        try:
            rows = self._insert(item)
            flawless = not item.incoming.header_lines or self._lines_agree(item, rows)
        except STRUCTURAL:
            flawless = False
        if not flawless:
            connection.execute(f"delete from incoming where _batch = {item.number}")
            item.incoming = read(item.staged, item.file.contract, careful=True)
            rows = self._insert(item)
        _check_trailer(item, rows, lambda: connection.execute(f"delete from incoming where _batch = {item.number}"))
        item.outcome.timings["read"] = time.perf_counter() - started

    def _insert(self, item: _Item) -> int:
        from orchestration.ingest.check import numbered

        sql = numbered(item.incoming.sql, item.number, f"{item.outcome.received_at}", "row_number() over ()")
        return self.connection.execute(f"insert into incoming {sql}").fetchone()[0]

    @staticmethod
    def _lines_agree(item: _Item, rows: int) -> bool:
        """True where every record is one line, so that line numbers follow from record numbers."""
        return item.staged.newlines - (rows + item.incoming.header_lines) in (0, -1)

    def _stream(self, item: _Item) -> None:
        from orchestration.ingest.check import check, numbered
        from orchestration.ingest.read import STRUCTURAL, read

        started = time.perf_counter()
        contract, outcome = item.file.contract, item.outcome
        rules = self.rules(contract)

        def run(careful: bool) -> str:
            item.incoming = read(item.staged, contract, careful=careful)
            sql = item.incoming.sql
            check(
                self.connection,
                contract,
                rules,
                numbered(sql, item.number, f"{outcome.received_at}", "cast(null as bigint)"),
                wide=item.staged.has_odd_space,
            )
            return "rowid + 1" if "{record}" in sql else "_record"

        try:
            record = run(careful=False)
        except STRUCTURAL:
            record = run(careful=True)
        rows = self.connection.execute("select count(*) from checked").fetchone()[0]
        if record != "_record" and self._lines_agree(item, rows):
            self.connection.execute(
                f"update checked set _line = rowid + {1 + item.incoming.header_lines} where _failed is not null"
            )
        _check_trailer(item, rows, lambda: None)
        outcome.timings["read_and_check"] = time.perf_counter() - started
        self._finish([item], contract, record)

    def _judge(self, items: list[_Item], contract: FeedContract, source: str, record: str) -> None:
        from orchestration.ingest.check import check

        started = time.perf_counter()
        wide = any(item.staged.has_odd_space for item in items)
        check(self.connection, contract, self.rules(contract), source, wide=wide)
        for item in items:
            item.outcome.timings["check"] = (time.perf_counter() - started) / len(items)
        self._finish(items, contract, record)

    def rules(self, contract: FeedContract) -> list:
        from orchestration.ingest.rules import rules_of

        key = _key(contract)
        if key not in self._rules:
            self._rules[key] = rules_of(contract, self.lists)
        return self._rules[key]

    # --- Outcome of checked batches ----------------------------------------------------------------------------------

    def _finish(self, items: list[_Item], contract: FeedContract, record: str) -> None:
        from concurrent.futures import ThreadPoolExecutor

        from orchestration.ingest.check import Measured, hold_quarantine, measure
        from orchestration.ingest.profile import hold_profiles, profile

        started = time.perf_counter()
        rules = self.rules(contract)
        measured = measure(self.connection, contract, rules, record)
        profiles = profile(self.connection, contract, self.lists)
        for item in items:
            self._decide(item, measured.get(item.number, Measured()))
        hold_profiles(
            self.connection,
            {
                item.number: _profile_entries(item.outcome, profiles.get(item.number, []))
                for item in items
                if item.outcome.status == "accepted"
            },
            self.directory / "profiles.json",
        )
        for item in items:
            item.outcome.timings["measure"] = (time.perf_counter() - started) / len(items)
        if any(item.outcome.rows_quarantined for item in items):
            hold_quarantine(self.connection, contract, rules, record)
        # Making files durable is waiting, not work: several batches wait at once.
        with ThreadPoolExecutor(4) as pool:
            moves = []
            for item in items:
                folder = self.directory / f"batch-{item.number}"
                if self._guarded(item, lambda item=item, folder=folder: self._write(item, folder, record)):
                    moves.append(
                        pool.submit(self._guarded, item, lambda item=item, folder=folder: self._move_in(item, folder))
                    )
            for move in moves:
                move.result()

    def _decide(self, item: _Item, measured) -> None:
        """Accept or reject one checked batch, by its counts."""
        outcome, contract = item.outcome, item.file.contract
        rules = self.rules(contract)
        outcome.rows_in, outcome.rows_quarantined = measured.rows_in, measured.rows_quarantined
        outcome.rows_accepted = measured.rows_accepted
        outcome.warnings = [*item.staged.warnings, *item.incoming.warnings]
        outcome.rules = [
            RuleOutcome(
                rule.name,
                rule.column,
                rule.severity,
                measured.failures.get(rule.number, 0),
                rule.message,
                rule.remedy,
                measured.examples.get(rule.number, []),
            )
            for rule in rules
        ]
        outcome.rules.append(_duplicate_rule(measured, contract))
        if not measured.rows_in:
            outcome.warnings.append(
                "The file holds a header and no records. It was taken as a file with nothing to report."
            )
        outcome.status = "accepted"
        if measured.rows_in and measured.rows_quarantined / measured.rows_in > contract.reject_batch_above:
            worst = max(
                (rule for rule in outcome.rules if rule.severity == "reject"), key=lambda rule: rule.rows_failed
            )
            outcome.rows_accepted = 0
            _refuse(
                outcome,
                Rejected(
                    "too_many_bad_rows",
                    f"{measured.rows_quarantined:,} of {measured.rows_in:,} records "
                    f"({measured.rows_quarantined / measured.rows_in:.1%}) cannot be used; "
                    f"at most {contract.reject_batch_above:.0%} may be. The most frequent reason: {worst.message}",
                    "Correct the extract as described below and send the whole file again.",
                ),
            )

    def _write(self, item: _Item, folder: Path, record: str) -> None:
        """Write the Parquet files that a decided batch leaves behind."""
        from orchestration.ingest.check import QUARANTINE_OF_REJECTED, write_data, write_quarantine
        from orchestration.ingest.profile import write_profile

        started = time.perf_counter()
        outcome, contract = item.outcome, item.file.contract
        folder.mkdir(exist_ok=True)
        where = {"batch_id": outcome.batch_id, "received_at": f"{outcome.received_at}", "file_name": outcome.file_name}
        if outcome.status == "accepted":
            write_data(self.connection, contract, item.number, folder / "data.parquet", record=record, **where)
            write_profile(self.connection, item.number, folder / "profile.parquet")
            if contract.database:
                from orchestration.ingest.polls import remember

                item.watermark = remember(contract, item.staged.path, outcome.received_at, folder)
        if outcome.rows_quarantined:
            limit = None if outcome.status == "accepted" else QUARANTINE_OF_REJECTED
            write_quarantine(self.connection, item.number, folder / "quarantine.parquet", limit=limit, **where)
        outcome.timings["write"] = time.perf_counter() - started

    def _file_rejection(self, item: _Item) -> None:
        folder = self.directory / f"batch-{item.number}"
        folder.mkdir(exist_ok=True)
        self._guarded(item, lambda: self._move_in(item, folder))

    def _move_in(self, item: _Item, folder: Path) -> None:
        from orchestration.ingest.accept import move_in, sidecar_of, write_sidecar
        from orchestration.ingest.report import render, report_name

        outcome, contract = item.outcome, item.file.contract
        key = _key(contract)
        if outcome.status == "rejected":  # looked at once more and refused again: nothing new was received
            outcome.received_at = books.refused_since(self.settings, key, outcome.batch_id) or outcome.received_at
        outcome.report = report_name(outcome)
        started = time.perf_counter()
        report = render(outcome, contract)
        (folder / "report.md").write_text(report, encoding="utf-8")
        more = {
            "gate": self.gate(contract),
            "contract_fingerprint": contract.fingerprint,
            "landed_as": item.file.relative,
            **({"watermark": item.watermark} if contract.database else {}),
        }
        write_sidecar(folder, sidecar_of(outcome, **more))
        move_in(folder, outcome, self.settings)
        if outcome.status == "accepted":
            self.ledger.accepted.setdefault(key, set()).add(outcome.batch_id)
        _put_report(self.settings, outcome.report, report)
        outcome.timings["accept"] = time.perf_counter() - started

    def _clean(self, item: _Item) -> None:
        if item.outcome.status == "failed":
            self.index.pop(item.file.relative, None)
        if item.staged:
            for path in (item.staged.path, item.staged.path.with_suffix(".clean")):
                path.unlink(missing_ok=True)


def _put_report(settings: Settings, name: str, text: str) -> None:
    """The partner's copy of a report. The batch keeps the durable one, so this one need not wait for the disk."""
    path = settings.reports / name
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _refuse(outcome: BatchOutcome, refused: Rejected) -> None:
    outcome.status, outcome.reason, outcome.remedy, outcome.reason_kind = (
        "rejected",
        refused.reason,
        refused.remedy,
        refused.kind,
    )


def _check_trailer(item: _Item, rows: int, undo: Callable[[], Any]) -> None:
    promised = item.staged.trailer_count
    if promised is not None and promised != rows:
        undo()
        item.outcome.rows_in = rows
        raise Rejected(
            "trailer",
            f"The trailer promises {promised:,} records; the file holds {rows:,}. Records were lost or added on "
            f"the way.",
            "Export and send the whole file again.",
        )


def _duplicate_rule(measured, contract: FeedContract) -> RuleOutcome:
    headers = ", ".join(f"'{contract.column(name).source_name}'" for name in contract.key)
    return RuleOutcome(
        "duplicate_key",
        None,
        "warn",
        measured.surplus,
        f"Several records of this file have the same {headers}.",
        "Send each record once. The last one in the file counts.",
        measured.duplicates,
    )


def _profile_entries(outcome: BatchOutcome, entries: list[dict]) -> list[dict]:
    batch = {"kind": "batch", "rows": outcome.rows_in, "failures": outcome.rows_quarantined,
             "share": outcome.rows_quarantined / outcome.rows_in if outcome.rows_in else 0.0}  # fmt: skip
    rules = [
        {
            "kind": "rule",
            "column_name": rule.column,
            "item": rule.rule,
            "severity": rule.severity,
            "rows": outcome.rows_in,
            "failures": rule.rows_failed,
            "share": rule.rows_failed / outcome.rows_in if outcome.rows_in else 0.0,
        }
        for rule in outcome.rules
    ]
    return [batch, *rules, *entries]


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
            _put_report(settings, name, kept.read_text(encoding="utf-8"))
