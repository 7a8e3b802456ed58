"""All definitions of one hub, made from its dbt manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.dagster_defs import arrival, automation, feeds, products, transform
from orchestration.lineage import Lineage
from orchestration.settings import Settings


def build_definitions(
    settings: Settings,
    manifest: Mapping[str, Any],
    lineage: Lineage,
    *,
    take_in: feeds.TakeIn = feeds.take_in,
    run_dbt: transform.RunDbt = transform.run_dbt,
) -> dg.Definitions:
    """`take_in` and `run_dbt`: what takes a feed's files in, and what builds; tests break them, one by one."""
    feed_assets = feeds.feed_assets(settings, manifest, lineage, take_in)
    moment = products.moment_assets(settings, manifest)
    warehouse = transform.warehouse_assets(settings, manifest, lineage, run_dbt)
    published = products.published_assets(settings, manifest)
    unit_tests = transform.unit_test_checks(settings, manifest, run_dbt)
    arrival_jobs = [
        arrival.land_to_live(settings, manifest, warehouse, take_in, run_dbt),
        arrival.judge_new_batches(settings, manifest),
    ]
    built = [asset for asset in (moment, warehouse, published) if asset is not None]
    return dg.Definitions(
        assets=[*feed_assets, *built, *products.report_specs(manifest)],
        asset_checks=[unit_tests] if unit_tests else [],
        jobs=[*automation.jobs(feed_assets, built, unit_tests), *arrival_jobs],
        schedules=[*automation.schedules(settings), *automation.poll_schedules(settings, manifest)],
        sensors=[
            automation.landing_sensor(settings),
            automation.build_sensor(),
            automation.judgement_sensor(settings),
        ],
        executor=dg.in_process_executor,
    )
