"""One asset a feed: take in what landed, then say what the lake now holds of it. Each feed fails alone."""

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.dagster_defs import describe
from orchestration.dagster_defs.guard import POOL, one_writer
from orchestration.dagster_defs.ledger import FeedState, feed_state, rules_broken, rules_table, verdict
from orchestration.lineage import Lineage
from orchestration.settings import Settings

TakeIn = Callable[..., Any]
"""Takes in what landed for one feed, as take_in below. Tests put their own in its place."""

CHECKS = {
    "accepted_at_the_gate": "The newest files were readable, complete, in their agreed form and under an agreement.",
    "quarantine_within_limit": "Records held back stay below the contract's limit; above it a file is rejected whole.",
    "contract_rules_kept": "No record broke a rule of the contract. Where a `warn` rule is broken the record passes.",
    "in_line_with_history": "The newest batch looks like this feed's past: volume, missing values, mix of codes.",
}


def take_in(settings: Settings, partner: str, table: str, judge: bool = True) -> Any:
    from orchestration.ingest import ingest

    return ingest(settings, only={f"{partner}.{table}"}, judge=judge)


def feed_assets(
    settings: Settings, manifest: Mapping[str, Any], lineage: Lineage, take_in: TakeIn = take_in
) -> list[dg.AssetsDefinition]:
    feeds = [(node_id, source) for node_id, source in manifest["sources"].items() if source["source_name"] != "hub"]
    return [_feed_asset(settings, manifest, lineage, node_id, source, take_in) for node_id, source in sorted(feeds)]


def _feed_asset(settings, manifest, lineage, node_id, source, take_in) -> dg.AssetsDefinition:
    partner, table = source["source_name"], source["name"]
    key = describe.asset_key(source)
    spec = dg.AssetSpec(
        key=key,
        description=describe.description(source),
        group_name=describe.group(source),
        owners=describe.owners(manifest, source),
        kinds=describe.kinds(source),
        tags=_tags(source),
        freshness_policy=describe.feed_freshness(source),
        metadata=_metadata(manifest, lineage, node_id, source),
        skippable=True,
    )
    checks = [dg.AssetCheckSpec(name, asset=key, description=said, blocking=False) for name, said in CHECKS.items()]

    # can_subset: nothing has to come out. A feed with no new file is not materialised: its freshness tells the truth.
    @dg.multi_asset(name=f"{partner}__{table}", specs=[spec], check_specs=checks, can_subset=True, pool=POOL)
    def feed(context: dg.AssetExecutionContext):
        from orchestration.ingest import IngestFailed

        before = feed_state(settings, partner, table)
        with one_writer(settings, f"Taking in {partner}.{table}", IngestFailed):
            result = take_in(settings, partner, table)
        for said in told(settings, context, source, before, judged=True):
            is_check = isinstance(said, dg.AssetCheckResult)
            if not is_check or dg.AssetCheckKey(key, said.check_name) in context.selected_asset_check_keys:
                yield said
        for poll in asked(result, partner, table):
            context.log.info(f"Table {poll.relation} over connection {poll.connection}: {said_of(poll)}")
        if left := left_undone(result, pattern_of(source)):
            raise dg.Failure(f"{partner}.{table}: {left}. What was taken in stays; the next run tries again.")

    return feed


def pattern_of(source: Mapping[str, Any]) -> str:
    return f"{source['source_name']}/{describe.feed_meta(source).get('pattern', '')}"


def told(
    settings: Settings, context: Any, source: Mapping[str, Any], before: FeedState, judged: bool = False
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """What the lake now holds of a feed, and the checks of what came in since `before`.

    `judged`: Great Expectations has judged it already.
    """
    partner, table, key = source["source_name"], source["name"], describe.asset_key(source)
    limit = float(describe.feed_meta(source).get("reject_batch_above", 1))
    after = feed_state(settings, partner, table)
    arrived = after.since(before.ids())
    context.log.info(f"{partner}.{table}: {len(arrived)} new batches, {len(_accepted(arrived))} of them accepted.")
    newest = after.newest_accepted
    if newest and (_accepted(arrived) or short(newest) != _last_shown(context, key)):
        yield dg.MaterializeResult(asset_key=key, metadata=materialisation(after))
    batches = arrived or ([after.newest] if after.newest else [])
    history = verdict(settings, f"{partner}.{table}", batches) if judged else None
    yield from check_results(key, batches, limit, history)


def told_of_history(settings: Settings, source: Mapping[str, Any], batches: set[str]) -> Iterator[dg.AssetCheckResult]:
    """What Great Expectations said of some batches of a feed, judged after they went live."""
    said = verdict(settings, f"{source['source_name']}.{source['name']}", [{"batch_id": batch} for batch in batches])
    if said is not None:
        yield in_line_with_history(describe.asset_key(source), said)


def _accepted(batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [batch for batch in batches if batch["status"] == "accepted"]


def _last_shown(context: Any, key: dg.AssetKey) -> str | None:
    """The batch of the last materialisation; without a newer one nothing is materialised."""
    event = context.instance.get_latest_materialization_event(key)
    if event is None or event.asset_materialization is None:
        return None
    value = event.asset_materialization.metadata.get("batch")
    return value.value if value else None


def short(batch: Mapping[str, Any]) -> str:
    """Enough of a batch's SHA-256 to find it by."""
    return str(batch.get("batch_id", ""))[:16]


def materialisation(state: FeedState) -> dict[str, Any]:
    """Counts of the feed as it now is, and of its newest batch."""
    batch = state.newest_accepted or {}
    return {
        "dagster/row_count": sum(int(each.get("rows_accepted") or 0) for each in state.accepted),
        "batch": short(batch),
        "received": str(batch.get("received_at", "")),
        "agreement": str(batch.get("agreement") or ""),
        "contract version": str(batch.get("contract_version") or ""),
        "rows in the newest file": int(batch.get("rows_in") or 0),
        "rows held back of it": int(batch.get("rows_quarantined") or 0),
        "batches accepted so far": len(state.accepted),
        "batches rejected so far": len(state.rejected),
        **({"read up to": str(batch["watermark"])} if batch.get("watermark") else {}),
    }


def check_results(
    key: dg.AssetKey, batches: list[dict[str, Any]], limit: float, judged: dict[str, Any] | None
) -> Iterator[dg.AssetCheckResult]:
    """Counts, rule names and column names: never a value, and no reason text, which may quote the file."""
    if not batches:
        return
    rejected = [batch for batch in batches if batch["status"] == "rejected"]
    rows_in = sum(int(batch.get("rows_in") or 0) for batch in batches)
    held = sum(int(batch.get("rows_quarantined") or 0) for batch in batches)
    over = [batch for batch in batches if _share(batch) > limit]
    broken = rules_broken(batches)
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="accepted_at_the_gate",
        passed=not rejected,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{len(rejected)} of {many(len(batches), 'file')} rejected: see the partner's report in reports/."
        if rejected
        else f"{many(len(batches), 'file')} accepted.",
        metadata={"files": len(batches), "rejected": len(rejected)},
    )
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="quarantine_within_limit",
        passed=not over,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{held:,} of {many(rows_in, 'record')} held back; {many(len(over), 'file')} above the limit.",
        metadata={
            "rows": rows_in,
            "rows held back": held,
            "share held back": held / rows_in if rows_in else 0.0,
            "limit": limit,
        },
    )
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name="contract_rules_kept",
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{many(len(broken), 'rule')} broken: {named((row[0], row[3]) for row in broken)}."
        if broken
        else "All rules kept.",
        metadata={"rules broken": len(broken), "which": dg.MetadataValue.md(rules_table(broken))},
    )
    if judged is not None:
        yield in_line_with_history(key, judged)


def in_line_with_history(key: dg.AssetKey, judged: Mapping[str, Any]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name="in_line_with_history",
        passed=not judged["failed"],
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{judged['failed']} of {judged['expectations']} expectations not met"
        f"{': ' + named(judged['kinds']) if judged['kinds'] else ''}.",
        metadata={
            "expectations": judged["expectations"],
            "failed": judged["failed"],
            "which": dg.MetadataValue.md(judged["which"]),
        },
    )


def many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def named(counts: Iterable[tuple[str, int]], most: int = 6) -> str:
    """'departed_not_before_arrived 4, nhs_number 3'."""
    counts = list(counts)
    more = f" and {len(counts) - most} more" if len(counts) > most else ""
    return ", ".join(f"{name} {count:,}" for name, count in counts[:most]) + more


def _share(batch: Mapping[str, Any]) -> float:
    return (batch.get("rows_quarantined") or 0) / batch["rows_in"] if batch.get("rows_in") else 0.0


def left_undone(result: Any, pattern: str) -> str | None:
    """What a run of ingestion could not finish, in words without names; None where it finished."""
    failed = len(getattr(result, "failed", None) or [])
    waiting = [file for file in getattr(result, "waiting", None) or [] if fnmatch.fnmatchcase(file.path, pattern)]
    said = [f"{failed} files could not be worked on"] if failed else []
    said += [f"{len(waiting)} files are still being written"] if waiting else []
    polls = getattr(result, "polls", None) or []
    said += [(poll.reason or "").rstrip(".") for poll in polls if poll.status == "not_read"]
    return " and ".join(said) or None


def asked(result: Any, partner: str, table: str) -> list[Any]:
    """What became of asking this feed's database; empty where the feed is files."""
    return [poll for poll in getattr(result, "polls", None) or [] if (poll.partner, poll.table) == (partner, table)]


def said_of(poll: Any) -> str:
    """A poll in words: table and column names and counts, never an address, a credential or a value."""
    what = {"new": f"{poll.rows:,} new rows.", "nothing_new": "nothing new."}.get(poll.status)
    return " ".join([what or f"{poll.reason} {poll.remedy}", *poll.warnings])


def _read_from(database: Mapping[str, Any] | None) -> dict[str, str]:
    """The table that a feed is read from. The connection is a name: how it is reached stays in the hub's home."""
    if not database:
        return {}
    return {
        "read from table": database["relation"],
        "over connection": database["connection"],
        "new rows known by": database["watermark"],
    }


def _tags(source: Mapping[str, Any]) -> dict[str, str]:
    feed = describe.feed_meta(source)
    return {
        "layer": "feed",
        "partner": source["source_name"],
        "dataset": feed.get("dataset", "unknown"),
        "identifiable": "yes"
        if any(describe.column_meta(source, name).get("sensitivity") == "identifying" for name in source["columns"])
        else "no",
    }


def _metadata(manifest, lineage, node_id, source) -> dict[str, Any]:
    feed, meta = describe.feed_meta(source), source.get("source_meta") or {}
    return {
        "dagster/column_schema": describe.column_schema(source),
        "dagster/table_name": f"{source['schema']}.{source['name']}",
        "where each column goes": dg.MetadataValue.md(describe.where_to(manifest, lineage, node_id, source["columns"])),
        "partner": str(meta.get("title", source["source_name"])),
        "system": str(meta.get("system", "")),
        "agreement": str(meta.get("agreement", "")),
        "contract": dg.MetadataValue.path(source["original_file_path"]),
        "contract version": str(feed.get("version", "")),
        "file name": str(feed.get("pattern", "")),
        **_read_from(feed.get("database")),
        "expected": str(feed.get("cadence", "")),
        "record key": ", ".join(feed.get("key", [])),
        "a new file": "replaces the whole snapshot"
        if feed.get("mode") == "snapshot"
        else "adds and replaces records by key",
        "file rejected above": f"{float(feed.get('reject_batch_above', 1)):.0%} of records held back",
        **(
            {"no freshness because": "The contract states no time by which a file is late."}
            if describe.feed_freshness(source) is None
            else {}
        ),
        **describe.code_references(source),
    }
