"""A file has landed: one run takes it in, builds, publishes, and only then tells Dagster what became of it.

The functions that the assets run, but as plain steps (decision 0024): nothing is planned for each of hundreds of assets
and checks before the run starts, nothing is logged for them before readers have the new numbers, and a feed that fails
or brings nothing silences no step after it. What Dagster shows of an asset is the same: events of the run tell it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from orchestration.dagster_defs import describe, feeds, products, transform
from orchestration.dagster_defs.guard import POOL, one_writer
from orchestration.settings import Settings

JOB = "land_to_live"
JUDGE = "judge_new_batches"


class Landed(dg.Config):
    """Which feeds have new files, as partner.table."""

    feeds: list[str]


def land_to_live(
    settings: Settings,
    manifest: Mapping[str, Any],
    warehouse: dg.AssetsDefinition,
    take_in: feeds.TakeIn,
    run_dbt: transform.RunDbt,
) -> dg.JobDefinition:
    """`warehouse`: the assets of dbt, whose checks are told by this run."""
    sources = {
        (its["source_name"], its["name"]): its for its in manifest["sources"].values() if its["source_name"] != "hub"
    }

    @dg.op(pool=POOL, description="Takes in what landed, feed by feed; one that fails stops no other.")
    def take_in_what_landed(context: dg.OpExecutionContext, config: Landed) -> list[str]:
        from orchestration.ingest import IngestFailed

        failed = []
        for feed in config.feeds:
            partner, table = feed.split(".", 1)
            before = feeds.feed_state(settings, partner, table)
            try:
                with one_writer(settings, f"Taking in {feed}", IngestFailed):
                    result = take_in(settings, partner, table, judge=False)
            except dg.Failure as problem:
                failed.append(str(problem.description))
                continue
            for told in feeds.told(settings, context, sources[partner, table], before):
                context.log_event(as_event(told))
            left = feeds.left_undone(result, feeds.pattern_of(sources[partner, table]))
            failed += [f"{feed}: {left}. What was taken in stays; the next run tries again."] if left else []
        return failed

    def tell(context: dg.OpExecutionContext, before: Mapping[str, str]) -> None:
        for result in changes(settings, manifest, warehouse, before):
            context.log_event(as_event(result))

    @dg.op(pool=POOL, description="Builds and checks what the new batches change. Nothing, where nothing is new.")
    def build_and_check(context: dg.OpExecutionContext, failed: list[str]) -> dict[str, list]:
        current = products.why_not_stale(settings)
        known = is_known(context.instance, manifest)
        if current and known:
            context.log.info(current)
            return {"failed": failed, "built": []}
        with one_writer(settings, "Building the warehouse"):
            products.set_moment(settings)
            before = transform.check_statuses(settings) if known else {}
            problem = transform.build_everything(settings, run_dbt, context.log.info, None if known else [])
        if problem:
            tell(context, before)
            raise dg.Failure(" ".join([f"{problem} The last published set stays.", *failed]), allow_retries=False)
        return {"failed": failed, "built": [before]}

    @dg.op(pool=POOL, description="Publishes the complete, checked set in one step, then tells what has changed.")
    def go_live(context: dg.OpExecutionContext, built: dict[str, list]) -> None:
        from orchestration.publish import PublishRefused

        for before in built["built"]:
            try:
                with one_writer(settings, "Publishing", PublishRefused):
                    published, warnings = products.publish_what_is_built(settings)
            finally:
                tell(context, before)
            for warning in warnings:
                context.log.warning(warning)
            for result in products.materialisations(manifest, published):
                context.log_event(as_event(result))
        if built["failed"]:
            raise dg.Failure(" ".join(built["failed"]), allow_retries=False)

    @dg.job(
        name=JOB,
        executor_def=dg.in_process_executor,
        description="What has landed goes live: taken in, built, checked, published; then Dagster is told.",
    )
    def job():
        go_live(build_and_check(take_in_what_landed()))

    return job


def is_known(instance: dg.DagsterInstance, manifest: Mapping[str, Any]) -> bool:
    """Whether this Dagster has ever been told of what is published; a new one is told of everything."""
    folders = products.products_of(manifest)
    return any(instance.get_latest_materialization_event(products.published_key(folder)) for folder in folders)


def changes(
    settings: Settings, manifest: Mapping[str, Any], warehouse: dg.AssetsDefinition, before: Mapping[str, str]
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Tables that were made again, and checks that do not find what they found `before`; all, where nothing is known
    before. The daily build tells of all as well: a run for each file that did so would soon make the event log larger
    than the warehouse."""
    results = transform.dbt_results(settings)
    for node_id, said in transform.metadata_of_tables(settings, results).items():
        if not before or said.get("outcome", transform.UNCHANGED) != transform.UNCHANGED:
            yield dg.MaterializeResult(asset_key=describe.asset_key(manifest["nodes"][node_id]), metadata=said)
    found = {**transform.results_of_engine(settings), **transform.results_of_dbt(results)}
    keys = transform.checks_by_test(warehouse)
    changed = {test: keys[test] for test, (status, *_) in found.items() if test in keys and before.get(test) != status}
    yield from transform.evaluated(changed, found, manifest, missing_is_red=False)


def as_event(result: dg.MaterializeResult | dg.AssetCheckResult) -> dg.AssetMaterialization | dg.AssetCheckEvaluation:
    """What an asset would yield, as an event that a plain step can log."""
    if isinstance(result, dg.MaterializeResult):
        return dg.AssetMaterialization(asset_key=result.asset_key, metadata=result.metadata)
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        severity=result.severity,
        description=result.description,
        metadata=result.metadata,
    )


def judge_new_batches(settings: Settings, manifest: Mapping[str, Any]) -> dg.JobDefinition:
    """Great Expectations costs more to import than a file to take in: it judges after the numbers are out."""

    @dg.op(description="Compares every batch that was not judged yet with its feed's history.")
    def judge(context: dg.OpExecutionContext) -> None:
        from orchestration.contracts import load_contracts
        from orchestration.ingest.quality import judge_batches

        new = waiting_for_judgement(settings)
        judge_batches(settings, load_contracts(), new)
        for source in manifest["sources"].values():
            feed = (source["source_name"], source["name"])
            if feed in new:
                for result in feeds.told_of_history(settings, source, new[feed]):
                    context.log_event(as_event(result))

    @dg.job(
        name=JUDGE,
        executor_def=dg.in_process_executor,
        description="Great Expectations judges what went live: is it like the feed's past? A batch stays either way.",
    )
    def job():
        judge()

    return job


def waiting_for_judgement(settings: Settings) -> dict[tuple[str, str], set[str]]:
    from orchestration.ingest.ledger import read_ledger
    from orchestration.ingest.quality import unjudged

    return unjudged(settings, read_ledger(settings).accepted)
