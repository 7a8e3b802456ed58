"""All contracts of the hub, or every mistake in them at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.contracts.consistency import cross_checks, pattern_clashes
from orchestration.contracts.contract import Column, Database, FeedContract, Rule
from orchestration.contracts.keys import ColumnYaml, FileYaml, Freshness
from orchestration.contracts.yaml_file import Marks, Unreadable, read
from orchestration.settings import PROJECT

FEEDS = PROJECT / "models" / "feeds"
SEEDS = PROJECT / "seeds"


class ContractsError(ValueError):
    """One or more contracts are wrong. `problems`: one line each, `file:line: where: what; what to do`."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__(
            f"{len(problems)} mistake{'s' if len(problems) > 1 else ''} in the feed contracts\n" + "\n".join(problems)
        )


def load_contracts(feeds: Path | str = FEEDS, seeds: Path | str = SEEDS) -> dict[tuple[str, str], FeedContract]:
    """Every contract under `feeds`, by (partner, table). Files named _*.yml are the hub's own and are left out.

    Raises ContractsError naming every mistake, with file, line and remedy.
    """
    feeds, seeds = Path(feeds), Path(seeds)
    if not feeds.is_dir():
        raise ContractsError([f"{feeds}: there is no such folder; contracts lie in models/feeds/<partner>.yml"])
    problems: list[str] = []
    contracts: dict[tuple[str, str], FeedContract] = {}
    lists = code_lists(seeds)
    for path in sorted([*feeds.glob("*.yml"), *feeds.glob("*.yaml")]):
        if path.name.startswith("_"):
            continue
        marks = Marks(path)
        try:
            loaded = read(marks)
        except Unreadable as problem:
            problems += problem.args[0]
            continue
        for contract, where in _flatten(loaded, marks):
            key = (contract.partner, contract.table)
            if key in contracts:
                problems.append(
                    marks.say(
                        (*where, "name"),
                        f"{contract.feed} is already described in {contracts[key].path}; give it once",
                    )
                )
                continue
            contracts[key] = contract
            problems += cross_checks(contract, where, marks, lists)
    problems += pattern_clashes(contracts.values())
    if problems:
        raise ContractsError(problems)
    if not contracts:
        raise ContractsError([f"{feeds}: no contract found; contracts lie in models/feeds/<partner>.yml"])
    return contracts


def code_lists(seeds: Path | str = SEEDS) -> dict[str, frozenset[str]]:
    """Codes by list from seeds/code_value.csv (columns code_list, code); empty where the seed is absent."""
    import csv

    path = Path(seeds) / "code_value.csv"
    found: dict[str, set[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["code_list"], set()).add(row["code"])
    return {name: frozenset(codes) for name, codes in found.items()}


_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def _flatten(file: FileYaml, marks: Marks) -> Iterator[tuple[FeedContract, tuple[Any, ...]]]:
    for s, source in enumerate(file.sources):
        for t, table in enumerate(source.tables):
            where = ("sources", s, "tables", t)
            feed, freshness = table.config.meta.feed, table.config.freshness or table.freshness or Freshness()
            seconds = [
                period and period.count * _SECONDS[period.period]
                for period in (freshness.warn_after, freshness.error_after)
            ]
            yield FeedContract(
                partner=source.name, table=table.name, **source.config.meta.model_dump(),
                description=table.description, version=feed.version, dataset=feed.dataset, format=feed.format,
                pattern=feed.pattern, key=tuple(feed.key), mode=feed.mode, cadence=feed.cadence,
                reject_batch_above=feed.reject_batch_above,
                columns=tuple(_column(column) for column in table.columns),
                rules=tuple(Rule(**rule.model_dump()) for rule in feed.rules),
                delimiter=feed.delimiter or ",", encoding=feed.encoding or "utf-8", trailer=feed.trailer,
                sheet=feed.sheet, header_row=feed.header_row or 1, deleted_when=feed.deleted_when,
                database=Database(**feed.database.model_dump()) if feed.database else None,
                warn_after_seconds=seconds[0], error_after_seconds=seconds[1],
                path=marks.name, line=marks.line(where),
            ), where  # fmt: skip


def _column(column: ColumnYaml) -> Column:
    meta = column.config.meta
    formats = (meta.format,) if isinstance(meta.format, str) else tuple(meta.format or ())
    return Column(
        name=column.name, data_type=column.data_type, description=column.description,
        local_name=meta.local_name, path=meta.path, formats=formats, required=meta.required,
        accepted=tuple(meta.accepted or ()), codes=tuple((meta.codes or {}).items()), code_list=meta.code_list,
        check=meta.check, min=meta.min, max=meta.max, severity=meta.severity, identifies=meta.identifies,
        sensitivity=meta.sensitivity,
    )  # fmt: skip


def export_odcs(contract: FeedContract) -> dict[str, Any]:
    """The contract as a document of the Open Data Contract Standard, version 3.0.2."""
    from orchestration.ingest.odcs import document

    return document(contract)
