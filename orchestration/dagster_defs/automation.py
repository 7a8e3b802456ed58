"""When things run: jobs, schedules and sensors. Feeds and dbt never share a run: a broken feed stops nothing."""

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg

from orchestration.dagster_defs.arrival import JOB, JUDGE, waiting_for_judgement
from orchestration.dagster_defs.describe import feed_meta
from orchestration.dagster_defs.landing import Cursor, landed_files, next_request
from orchestration.dagster_defs.products import why_not_stale
from orchestration.ingest.discover import SETTLE_SECONDS
from orchestration.settings import Settings

LONDON = "Europe/London"
RUNS_KEPT_DAYS = 60
FINISHED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
AT_WORK = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def jobs(
    feeds: list[dg.AssetsDefinition], build: list[dg.AssetsDefinition], unit_tests: dg.AssetChecksDefinition | None
) -> list:
    take_in = dg.AssetSelection.assets(*(asset.key for asset in feeds))
    warehouse = dg.AssetSelection.assets(*(key for asset in build for key in asset.keys))
    # Checks of the dbt step that sit on assets of others (tests on sources) run with the step that evaluates them.
    checks = dg.AssetSelection.checks(*(spec.key for asset in build for spec in asset.check_specs))
    found = [
        dg.define_asset_job(
            "ingest_feeds",
            take_in - checks,
            executor_def=dg.in_process_executor,
            description="Take in what landed, feed by feed. A feed that fails stops no other and keeps its data.",
        ),
        dg.define_asset_job(
            "build_and_publish",
            (warehouse - dg.AssetSelection.all_asset_checks()) | checks,
            executor_def=dg.in_process_executor,
            description="Build the warehouse from the lake, check it, and publish it in one step if it holds.",
        ),
    ]
    if unit_tests is not None:
        keys = [spec.key for spec in unit_tests.check_specs]
        found.append(
            dg.define_asset_job(
                "unit_tests",
                dg.AssetSelection.checks(*keys),
                executor_def=dg.in_process_executor,
                description="dbt unit tests: the models' logic on made-up rows. Needs a built warehouse.",
            )
        )
    return [*found, retention_job()]


def poll_schedules(settings: Settings, manifest: Mapping[str, Any]) -> list[dg.ScheduleDefinition]:
    """Databases are asked when their contract says that something new is there; one schedule a partner and cadence."""
    tables: dict[tuple[str, str, str], list[str]] = {}
    for source in manifest["sources"].values():
        feed = feed_meta(source)
        if feed.get("database"):
            kind = (source["source_name"], feed["cadence"], feed["database"]["connection"])
            tables.setdefault(kind, []).append(source["name"])
    made: list[dg.ScheduleDefinition] = []
    for (partner, cadence, connection), names in sorted(tables.items()):
        several = sum(kind[0] == partner for kind in tables) > 1
        name = f"poll_{partner}" + (f"_{len(made) + 1}" if several else "")
        made.append(_poll_schedule(settings, name, partner, cadence, connection, sorted(names)))
    return made


def _poll_schedule(
    settings: Settings, name: str, partner: str, cadence: str, connection: str, tables: list[str]
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=name,
        job_name=JOB,
        cron_schedule=cadence,
        execution_timezone=LONDON,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Reads what is new in {', '.join(tables)} over connection {connection}.",
    )
    def poll():
        from orchestration.ingest.connections import connection_of
        from orchestration.ingest.outcome import NotRead

        try:
            if connection_of(settings, connection) is None:
                return dg.SkipReason(f"No connection '{connection}' is set up in this home.")
        except NotRead:
            pass  # the run says what is wrong with it
        return dg.RunRequest(run_key=None, run_config=config_of((partner, table) for table in tables))

    return poll


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    @dg.schedule(
        job_name="build_and_publish",
        cron_schedule="15 7-22 * * *",
        execution_timezone=LONDON,
        name="metric_refresh",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every hour: publish the metrics again where a newer batch or a changed rule makes them stale.",
    )
    def metric_refresh(context: dg.ScheduleEvaluationContext):
        reason = why_not_stale(settings)
        return dg.SkipReason(reason) if reason else dg.RunRequest(run_key=None)

    return [
        dg.ScheduleDefinition(
            name="daily_intake",
            job_name="ingest_feeds",
            cron_schedule="30 6 * * *",
            execution_timezone=LONDON,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Every feed once a day, whatever the sensor saw, so that nothing is missed.",
        ),
        dg.ScheduleDefinition(
            name="daily_build",
            job_name="build_and_publish",
            cron_schedule="45 6 * * *",
            execution_timezone=LONDON,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Build, check and publish before the day begins.",
        ),
        metric_refresh,
        dg.ScheduleDefinition(
            name="weekly_retention",
            job_name="forget_old_runs",
            cron_schedule="0 3 * * 0",
            execution_timezone=LONDON,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Keep Dagster's own log from growing without end.",
        ),
    ]


def landing_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="landing",
        job_name=JOB,
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="When files have landed and stopped growing, one run takes them in and publishes what they change.",
    )
    def landing(context: dg.SensorEvaluationContext):
        def look(cursor: Cursor):
            files, unclaimed = landed_files(settings)
            asked = next_request(files, cursor, lambda run_key: outcome_of(context.instance, run_key))
            return *asked, unclaimed

        request, cursor, why, unclaimed = look(Cursor.from_text(context.cursor))
        if request is None and cursor.seen and not cursor.run_key:
            # what has just landed is at rest after a moment, most often; the next tick may be ten seconds away
            time.sleep(SETTLE_SECONDS)
            request, cursor, why, unclaimed = look(cursor)
        context.update_cursor(cursor.to_text())
        if request is None:
            left = f" {unclaimed} files that no contract knows are left alone." if unclaimed else ""
            return dg.SkipReason(why + left)
        return dg.RunRequest(
            run_key=request.run_key,
            run_config=config_of({file.feed for file in request.files}),
            tags={"bihub/files_landed": str(len(request.files))},
        )

    return landing


def config_of(feeds: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What the job land_to_live is told: the feeds that have something new."""
    return {"ops": {"take_in_what_landed": {"config": {"feeds": [".".join(feed) for feed in sorted(feeds)]}}}}


def judgement_sensor(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(
        name="judge_after_arrival",
        job_name=JUDGE,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Lets Great Expectations judge what went live without it, while nothing is on its way.",
    )
    def judge_after_arrival(context: dg.SensorEvaluationContext):
        at_work = dg.RunsFilter(statuses=list(AT_WORK))
        if context.instance.get_runs(at_work, limit=1):
            return dg.SkipReason("Runs are at work; what they bring is judged afterwards.")
        if not waiting_for_judgement(settings):
            return dg.SkipReason("Every batch has been judged.")
        return dg.RunRequest(run_key=None)

    return judge_after_arrival


def outcome_of(instance: dg.DagsterInstance, run_key: str) -> str | None:
    """'success' or 'failure' of the run that a sensor asked for; None while it waits or works. A run that was never
    made, because the daemon stopped between asking and making, counts as failed, so that it is asked for again."""
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": run_key}), limit=1)
    if runs and runs[0].status not in FINISHED:
        return None
    return "success" if runs and runs[0].status == dg.DagsterRunStatus.SUCCESS else "failure"


def build_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="build_after_ingest",
        job_name="build_and_publish",
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds and publishes when an intake brought a new batch, also where another feed failed.",
    )
    def build_after_ingest(context: dg.SensorEvaluationContext):
        done = int(context.cursor or 0)
        ended = context.instance.get_run_records(
            dg.RunsFilter(job_name="ingest_feeds", statuses=list(FINISHED)), limit=50
        )
        records = [record for record in reversed(ended) if record.storage_id > done]
        if not records:
            return dg.SkipReason("No intake has ended since the last build.")
        if context.instance.get_runs(dg.RunsFilter(job_name="build_and_publish", statuses=list(AT_WORK)), limit=1):
            return dg.SkipReason("A build is at work; what came in meanwhile is built next.")
        newest = max(record.storage_id for record in records)
        context.update_cursor(str(newest))
        brought = [record for record in records if brought_batches(context.instance, record.dagster_run.run_id)]
        if not brought:
            return dg.SkipReason(f"{len(records)} intakes ended without a new batch.")
        return dg.RunRequest(run_key=f"after-{brought[-1].dagster_run.run_id}")

    return build_after_ingest


def brought_batches(instance: dg.DagsterInstance, run_id: str) -> bool:
    """A feed is materialised only when the lake holds a batch of it that was not there before."""
    found = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION, limit=1)
    return bool(found.records)


def retention_job() -> dg.JobDefinition:
    @dg.op(description=f"Deletes runs that ended more than {RUNS_KEPT_DAYS} days ago, but for the last of each job.")
    def delete_old_runs(context: dg.OpExecutionContext) -> None:
        from datetime import UTC, datetime

        deleted = forget_old_runs_of(context.instance, datetime.now(UTC) - timedelta(days=RUNS_KEPT_DAYS))
        context.log.info(f"{deleted} old runs deleted.")

    @dg.job(
        name="forget_old_runs", executor_def=dg.in_process_executor, description="Retention of Dagster's own event log."
    )
    def forget_old_runs():
        delete_old_runs()

    return forget_old_runs


def forget_old_runs_of(instance: dg.DagsterInstance, before: Any, batch: int = 500) -> int:
    """Dagster's event log grows for ever: delete runs made before a moment, but for the last of each job."""
    deleted = 0
    newest = {}
    for record in instance.get_run_records(dg.RunsFilter(statuses=list(FINISHED))):  # newest first
        newest.setdefault(record.dagster_run.job_name, record.dagster_run.run_id)
    kept = set(newest.values())
    for record in instance.get_run_records(dg.RunsFilter(statuses=list(FINISHED), created_before=before), limit=batch):
        if record.dagster_run.run_id not in kept:
            instance.delete_run(record.dagster_run.run_id)
            deleted += 1
    return deleted
