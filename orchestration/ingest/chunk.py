"""One chunk: files of one feed on their way from staged text to batches in the lake.

A worker holds a DuckDB of its own with one thread. Two workers on two cores take half the time of one worker with two
threads: small queries gain nothing from a second thread, and pay for it. And rows that are read by two threads do not
lie in the order of the file, so that their numbers would be wrong.
"""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest import ledger as books
from orchestration.ingest.item import Item, refuse
from orchestration.ingest.load import check_trailer, lines_agree, load_alone, load_together
from orchestration.ingest.outcome import BatchOutcome, Rejected, RuleOutcome
from orchestration.ingest.write import Place
from orchestration.settings import Settings

HELD_BYTES = 4 << 20


class Worker:
    """Checks chunks, one after the other. `share`: how many workers there are."""

    def __init__(self, settings: Settings, directory: Path, lists: dict[str, frozenset[str]], share: int):
        self.settings, self.directory, self.lists, self.share = settings, directory, lists, share
        self._rules: dict[str, list] = {}
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            from orchestration.ingest.check import open_connection

            self._connection = open_connection(self.directory / "spill", self.share)
        return self._connection

    def take(self, items: list[Item], threads: int) -> None:
        """Take staged files of one feed as far as they get: into the lake, or to a reason why not.

        One file failing never touches another. `threads`: for what need not be in order, in a large file.
        """
        taken = sorted((item for item in items if item.staged), key=lambda item: item.number)
        if not taken:
            return
        self.threads = threads
        self.connection.execute("set threads = 1")
        if len(taken) == 1 and taken[0].file.size > HELD_BYTES:
            self._check_one(taken[0])
        else:
            self._check_many(taken, taken[0].file.contract)

    def _check_many(self, items: list[Item], contract: FeedContract) -> None:
        """Small files of one feed, checked in one scan."""
        from orchestration.ingest.check import create_incoming

        create_incoming(self.connection, contract)
        readable = [item for item in items if guarded(item, lambda item=item: self._open(item))]
        try:
            loaded, alone, sources = load_together(self.connection, readable, contract, guarded)
        except OSError:
            raise
        except Exception:
            loaded, alone, sources = [], readable, []
        by_itself = [
            item for item in alone if guarded(item, lambda item=item: load_alone(self.connection, item))
        ]  # fmt: skip
        if by_itself:
            sources.append("select * from incoming")
        loaded += by_itself
        if loaded:
            try:
                self._judge(loaded, contract, " union all ".join(sources))
            except OSError:
                raise
            except Exception:
                for item in loaded:  # one of them is to blame: alone, each answers for itself
                    if item.outcome.status == "failed" and item.outcome.reason is None:
                        self._check_one(item)

    def _open(self, item: Item) -> None:
        from orchestration.ingest.read import read

        started = time.perf_counter()
        item.incoming = read(item.staged, item.file.contract)
        item.outcome.timings["open"] = time.perf_counter() - started

    def _check_one(self, item: Item) -> None:
        """One file, of any size, streamed through the checks without being held as text."""
        guarded(item, lambda: self._stream(item))

    def _stream(self, item: Item) -> None:
        from orchestration.ingest.check import check, numbered
        from orchestration.ingest.read import STRUCTURAL, read

        started = time.perf_counter()
        contract, outcome = item.file.contract, item.outcome

        def run(careful: bool) -> str:
            item.incoming = read(item.staged, contract, careful=careful)
            sql = numbered(item.incoming.sql("cast(null as bigint)"), item.number, f"{outcome.received_at}")
            check(self.connection, contract, self.rules(contract), sql, wide=item.staged.has_odd_space)
            return "rowid + 1" if item.incoming.is_numbered else "_record"

        try:
            record = run(careful=False)
        except STRUCTURAL:
            record = run(careful=True)
        rows = self.connection.execute("select count(*) from checked").fetchone()[0]
        if record != "_record" and lines_agree(item, rows):
            self.connection.execute(
                f"update checked set _line = rowid + {1 + item.incoming.header_lines} where _failed is not null"
            )
        check_trailer(item, rows, lambda: None)
        self.connection.execute(f"set threads = {self.threads}")
        outcome.timings["read_and_check"] = time.perf_counter() - started
        self._finish([item], contract, record)

    def _judge(self, items: list[Item], contract: FeedContract, source: str) -> None:
        from orchestration.ingest.check import check

        started = time.perf_counter()
        wide = any(item.staged.has_odd_space for item in items)
        check(self.connection, contract, self.rules(contract), source, wide=wide)
        for item in items:
            item.outcome.timings["check"] = (time.perf_counter() - started) / len(items)
        self._finish(items, contract, "_record")

    def rules(self, contract: FeedContract) -> list:
        from orchestration.ingest.rules import rules_of

        if contract.feed not in self._rules:
            self._rules[contract.feed] = rules_of(contract, self.lists)
        return self._rules[contract.feed]

    # --- Outcome of checked batches ----------------------------------------------------------------------------------

    def _finish(self, items: list[Item], contract: FeedContract, record: str) -> None:
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
            self.directory / f"profiles-{items[0].number}.json",
        )
        for item in items:
            item.outcome.timings["measure"] = (time.perf_counter() - started) / len(items)
        if any(item.outcome.rows_quarantined for item in items):
            hold_quarantine(self.connection, contract, rules, record)
        self._write(items, contract, record)
        self._move_all(items)

    def _decide(self, item: Item, measured) -> None:
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
            refuse(
                outcome,
                Rejected(
                    "too_many_bad_rows",
                    f"{measured.rows_quarantined:,} of {measured.rows_in:,} records "
                    f"({measured.rows_quarantined / measured.rows_in:.1%}) cannot be used; "
                    f"at most {contract.reject_batch_above:.0%} may be. The most frequent reason: {worst.message}",
                    "Correct the extract as described below and send the whole file again.",
                ),
            )

    def _write(self, items: list[Item], contract: FeedContract, record: str) -> None:
        """Write the Parquet files that decided batches leave behind: together, or where that fails, each by itself."""
        for item in items:
            (self.directory / f"batch-{item.number}").mkdir(exist_ok=True)
        try:
            self._write_some(items, contract, record)
        except OSError:
            raise
        except Exception:
            if len(items) == 1:
                raise
            for item in items:
                guarded(item, lambda item=item: self._write_some([item], contract, record))

    def _write_some(self, items: list[Item], contract: FeedContract, record: str) -> None:
        from orchestration.ingest.check import QUARANTINE_OF_REJECTED
        from orchestration.ingest.write import write_data, write_profiles, write_quarantine

        started = time.perf_counter()
        places = {
            item.number: Place(
                item.number,
                item.outcome.batch_id,
                f"{item.outcome.received_at}",
                item.outcome.file_name,
                self.directory / f"batch-{item.number}",
                item.file.size > HELD_BYTES,
            )
            for item in items
        }

        def of(status: str, *, held: bool = False) -> list[Place]:
            return [
                places[item.number]
                for item in items
                if item.outcome.status == status and (item.outcome.rows_quarantined or not held)
            ]

        if accepted := of("accepted"):
            write_data(self.connection, contract, accepted, self.directory, record)
            write_profiles(self.connection, accepted, self.directory)
        if held := of("accepted", held=True):
            write_quarantine(self.connection, held, self.directory)
        if held := of("rejected", held=True):
            write_quarantine(self.connection, held, self.directory, limit=QUARANTINE_OF_REJECTED)
        for item in items:
            if contract.database and item.outcome.status == "accepted":
                from orchestration.ingest.polls import remember

                folder = places[item.number].folder
                item.watermark = remember(contract, item.staged.path, item.outcome.received_at, folder)
            item.outcome.timings["write"] = (time.perf_counter() - started) / len(items)

    def _move_all(self, items: list[Item]) -> None:
        """Making files durable is waiting, not work: several batches wait at once."""
        ready = [item for item in items if item.outcome.status in ("accepted", "rejected")]
        with ThreadPoolExecutor(4) as pool:
            moves = [
                pool.submit(guarded, item, lambda item=item: into_lake(self.settings, self.directory, item))
                for item in ready
            ]
        for move in moves:
            move.result()


def into_lake(settings: Settings, directory: Path, item: Item) -> None:
    """Write report and sidecar of a decided batch beside its data, and move its folder into the lake."""
    from orchestration.ingest.accept import move_in, put_report, sidecar_of, write_sidecar
    from orchestration.ingest.report import render, report_name

    outcome, contract = item.outcome, item.file.contract
    folder = directory / f"batch-{item.number}"
    folder.mkdir(exist_ok=True)
    if outcome.status == "rejected":  # looked at once more and refused again: nothing new was received
        key = contract.partner, contract.table
        outcome.received_at = books.refused_since(settings, key, outcome.batch_id) or outcome.received_at
    outcome.report = report_name(outcome)
    started = time.perf_counter()
    report = render(outcome, contract)
    (folder / "report.md").write_text(report, encoding="utf-8")
    more = {
        "gate": item.gate,
        "contract_fingerprint": contract.fingerprint,
        "landed_as": item.file.relative,
        **({"watermark": item.watermark} if contract.database else {}),
    }
    write_sidecar(folder, sidecar_of(outcome, **more))
    move_in(folder, outcome, settings)
    put_report(settings, outcome.report, report)
    outcome.timings["accept"] = time.perf_counter() - started


def guarded(item: Item, work: Callable[[], Any]) -> bool:
    """Do something for one file; where it cannot be done, the outcome says why, and other files go on."""
    outcome = item.outcome
    try:
        work()
        return True
    except Rejected as refused:
        refuse(outcome, refused)
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
            f"The hub stumbled over this file ({type(problem).__name__} in {Path(where.filename).name}:{where.lineno})."
        )
        outcome.remedy = "Nothing; this is a fault in the hub. Report it to the hub's developers."
    return False


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
