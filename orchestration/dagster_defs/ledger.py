"""What the lake says about one feed: its batches, read from their sidecars. Counts only, never a row's value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestration.files import read_json
from orchestration.settings import Settings


@dataclass(frozen=True)
class FeedState:
    """All batches of a feed, oldest first, as their sidecars tell them."""

    accepted: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)

    @property
    def newest(self) -> dict[str, Any] | None:
        return max([*self.accepted, *self.rejected], key=_when, default=None)

    @property
    def newest_accepted(self) -> dict[str, Any] | None:
        return self.accepted[-1] if self.accepted else None

    def since(self, known: set[str]) -> list[dict[str, Any]]:
        return [
            batch for batch in sorted([*self.accepted, *self.rejected], key=_when) if batch["batch_id"] not in known
        ]

    def ids(self) -> set[str]:
        return {batch["batch_id"] for batch in [*self.accepted, *self.rejected]}


def _when(batch: dict[str, Any]) -> tuple[str, str]:
    return str(batch["received_at"]), batch["batch_id"]


def feed_state(settings: Settings, partner: str, table: str) -> FeedState:
    return FeedState(
        accepted=_batches(settings.raw / partner / table), rejected=_batches(settings.rejected / partner / table)
    )


def _batches(folder) -> list[dict[str, Any]]:
    found = (read_json(path) for path in folder.glob("batch=*/batch.json"))
    return sorted((batch for batch in found if batch), key=_when)


def rules_broken(batches: Iterable[dict[str, Any]]) -> list[tuple[str, str, str, int]]:
    """(rule, column, severity, rows) over the batches, most rows first."""
    totals: dict[tuple[str, str, str], int] = {}
    for batch in batches:
        for rule in batch.get("rules") or []:
            if rule.get("rows_failed"):
                key = (rule["rule"], rule.get("column") or "", rule["severity"])
                totals[key] = totals.get(key, 0) + rule["rows_failed"]
    return sorted(((*key, rows) for key, rows in totals.items()), key=lambda row: (-row[3], row))


def rules_table(rows: list[tuple[str, str, str, int]], most: int = 25) -> str:
    if not rows:
        return "No rule was broken."
    lines = ["| Rule | Column | If broken | Rows |", "|---|---|---|---|"]
    lines += [f"| {rule} | {column or '-'} | {severity} | {count:,} |" for rule, column, severity, count in rows[:most]]
    return "\n".join(lines)


def verdict(settings: Settings, feed: str, batches: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """What Great Expectations said of some batches of a feed, as counts; None where it judged none of them."""
    import duckdb

    folder = settings.audit / "gx"
    if not any(folder.glob("*.parquet")):
        return None
    pattern = str(folder / "*.parquet").replace("'", "''")
    with duckdb.connect() as connection:
        found = connection.execute(
            "select expectation, coalesce(\"column\", ''), count(*), count(*) filter (where not success) "
            f"from read_parquet('{pattern}', union_by_name = true) "
            "where feed = ? and list_contains(?, batch_id) group by all order by all",
            [feed, [batch["batch_id"] for batch in batches]],
        ).fetchall()
    if not found:
        return None
    failed = [(expectation, column, count) for expectation, column, _, count in found if count]
    kinds: Counter[str] = Counter()
    for expectation, _, count in failed:
        kinds[expectation.replace("_", " ")] += count
    lines = ["| Not as before | Column | Times |", "|---|---|---|"]
    lines += [
        f"| {expectation.replace('_', ' ')} | {column or '-'} | {count} |" for expectation, column, count in failed
    ]
    return {
        "expectations": sum(count for _, _, count, _ in found),
        "failed": sum(count for _, _, count in failed),
        "kinds": kinds.most_common(),
        "which": "\n".join(lines) if failed else "Everything as before.",
    }
