"""A landed file goes live in one run, whatever other feeds do; Dagster is told afterwards, readers never see half."""

import json

import dagster as dg
import duckdb
import pytest
from test_definitions import compiled, instance, sidecar  # noqa: F401

from orchestration.dagster_defs import arrival, automation, products, transform
from orchestration.dagster_defs.build import build_definitions
from orchestration.publish import PublishRefused, PublishResult, record_run_context
from orchestration.settings import Settings

INCIDENTS, CALLS = dg.AssetKey(["eeast", "incidents"]), dg.AssetKey(["ic24", "calls"])
PUBLISHED = dg.AssetKey(["published", "uec"])


class Hub:
    """A hub whose parts are stood in for, and what was done in it."""

    def __init__(self, home, compiled, monkeypatch):  # noqa: F811
        self.settings, self.manifest = Settings(home=home), compiled[0]
        self.done, self.broken, self.failing, self.refused = [], set(), None, None
        self.outcomes = {"cdm.ambulance_incident": "rows", "uec.uec_flow_now": "whole"}
        self.status = "pass"
        monkeypatch.setattr(
            products, "set_moment", lambda settings: record_run_context(settings, "2026-11-01 07:00:00")
        )
        monkeypatch.setattr(products, "why_not_stale", lambda settings: None if self.stale() else "It is current.")
        monkeypatch.setattr(products, "publish_what_is_built", self.publish)
        self.definitions = build_definitions(self.settings, *compiled, take_in=self.take_in, run_dbt=self.run_dbt)

    def stale(self):
        return any(self.settings.raw.glob("*/*/batch=*")) and "publish" not in self.done

    def take_in(self, settings, partner, table, judge=True):
        assert judge is False, "nothing is judged before it is published"
        self.done.append(f"{partner}.{table}")
        if f"{partner}.{table}" in self.broken:
            raise ValueError("a value of a row")
        sidecar(settings, partner, table)

    def run_dbt(self, settings, arguments, say):
        self.done.append("build")
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        nodes = [
            node for node in self.manifest["nodes"].values() if f"{node['schema']}.{node['name']}" in self.outcomes
        ]
        test = next(
            name
            for name, its in transform.declared_tests(self.manifest).items()
            if its.get("attached_node") == "model.bihub.uec_flow_now"
        )
        with duckdb.connect(str(settings.warehouse)) as warehouse:
            warehouse.execute("create schema if not exists hub")
            warehouse.execute(
                "create or replace table hub.table_state as select * from (values "
                + ", ".join(f"('{name}', '{outcome}', 5, 'now')" for name, outcome in self.outcomes.items())
                + ") as t (table_name, outcome, rows_changed, built_in)"
            )
            warehouse.execute(
                "create or replace table hub.check_result as select ? as check_id, 'uec.uec_flow_now' as table_name, "
                "? as status, 0 as rows_failed, 9 as rows_checked",
                [test, self.status],
            )
        results = [
            {"unique_id": node["unique_id"], "status": "success", "execution_time": 1.0,
             "relation_name": f'"bihub"."{node["schema"]}"."{node["alias"]}"'}
            for node in nodes
        ]  # fmt: skip
        settings.dbt_target.mkdir(parents=True, exist_ok=True)
        told = {"metadata": {"invocation_id": "now"}, "results": results}
        (settings.dbt_target / "run_results.json").write_text(json.dumps(told))
        return self.failing

    def publish(self, settings):
        self.done.append("publish")
        if self.refused:
            raise PublishRefused(self.refused)
        return PublishResult(
            "v", settings.home, "2026-11-01 07:00:00", {"secondary_use/uec/uec_flow_now.parquet": 3}
        ), []

    def land(self, instance, *feeds):  # noqa: F811
        self.done.clear()
        job = self.definitions.resolve_job_def(arrival.JOB)
        config = automation.config_of(tuple(feed.split(".")) for feed in feeds)
        return job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)


@pytest.fixture
def hub(tmp_path, compiled, monkeypatch):  # noqa: F811
    return Hub(tmp_path / "home", compiled, monkeypatch)


def events(instance, result):  # noqa: F811
    """What Dagster keeps of a run, also of a step that failed after it told something."""
    return [entry.dagster_event for entry in instance.all_logs(result.run_id) if entry.dagster_event]


def told(instance, result) -> set[dg.AssetKey]:  # noqa: F811
    return {event.asset_key for event in events(instance, result) if event.is_step_materialization}


def checks_of(instance, result) -> dict[tuple[dg.AssetKey, str], bool]:  # noqa: F811
    checks = [event for event in events(instance, result) if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    return {(its.asset_key, its.check_name): its.passed for its in (event.event_specific_data for event in checks)}


def failures(instance, result) -> list[str]:  # noqa: F811
    return [event.step_failure_data.error.message for event in events(instance, result) if event.is_step_failure]


def test_what_landed_is_taken_in_built_published_and_told(hub, instance):  # noqa: F811
    result = hub.land(instance, "eeast.incidents", "ic24.calls")
    assert result.success
    assert hub.done == ["eeast.incidents", "ic24.calls", "build", "publish"]
    made = {dg.AssetKey(["cdm", "ambulance_incident"]), dg.AssetKey(["uec", "uec_flow_now"])}
    assert {INCIDENTS, CALLS, PUBLISHED} | made <= told(instance, result)
    flow = instance.get_latest_materialization_event(dg.AssetKey(["uec", "uec_flow_now"]))
    assert flow.asset_materialization.metadata["outcome"].value == "made again"
    incidents = instance.get_latest_materialization_event(dg.AssetKey(["cdm", "ambulance_incident"]))
    assert incidents.asset_materialization.metadata["outcome"].value == "5 rows replaced"
    assert checks_of(instance, result)[INCIDENTS, "accepted_at_the_gate"]
    assert not any(name == "in_line_with_history" for _, name in checks_of(instance, result))


def test_a_feed_that_fails_stops_nothing_and_fails_the_run_at_its_end(hub, instance):  # noqa: F811
    hub.broken = {"eeast.incidents"}
    result = hub.land(instance, "eeast.incidents", "ic24.calls")
    assert hub.done == ["eeast.incidents", "ic24.calls", "build", "publish"]
    assert not result.success, "the sensor tries again"
    [failure] = failures(instance, result)
    assert "eeast.incidents stopped with ValueError" in failure and "a value of a row" not in failure
    assert {CALLS, PUBLISHED} <= told(instance, result) and INCIDENTS not in told(instance, result)


def test_nothing_new_builds_nothing(hub, instance):  # noqa: F811
    hub.land(instance, "ic24.calls")
    hub.done.append("publish")
    hub.stale = lambda: False
    result = hub.land(instance, "ic24.calls")
    assert result.success and hub.done == ["ic24.calls"] and not told(instance, result)


def test_a_new_dagster_is_told_of_everything_and_later_only_of_what_changed(hub, instance):  # noqa: F811
    hub.outcomes["cdm.person"] = "whole"
    hub.stale = lambda: False
    first = hub.land(instance, "ic24.calls")
    assert hub.done == ["ic24.calls", "build", "publish"], "a hub that the command line has built is shown whole"
    assert dg.AssetKey(["cdm", "person"]) in told(instance, first)
    assert dg.AssetKey(["uec", "uec_flow_now"]) in {at for at, _ in checks_of(instance, first)}
    hub.stale = lambda: True
    hub.outcomes = {"uec.uec_flow_now": "whole"}
    second = hub.land(instance, "eeast.incidents")
    assert dg.AssetKey(["cdm", "person"]) not in told(instance, second)
    assert dg.AssetKey(["uec", "uec_flow_now"]) not in {at for at, _ in checks_of(instance, second)}, (
        "it finds what it found"
    )
    hub.status = "fail"
    third = hub.land(instance, "ic24.calls")
    assert False in {passed for (at, _), passed in checks_of(instance, third).items() if at.path[-1] == "uec_flow_now"}


def test_a_set_that_is_refused_is_told_with_the_checks_that_refuse_it(hub, instance):  # noqa: F811
    hub.status, hub.refused = "fail", "1 checks failed, nothing was published"
    result = hub.land(instance, "ic24.calls")
    assert not result.success and PUBLISHED not in told(instance, result)
    assert False in {passed for (at, _), passed in checks_of(instance, result).items() if at.path[-1] == "uec_flow_now"}


def test_dbt_that_fails_publishes_nothing_and_says_what_failed(hub, instance):  # noqa: F811
    hub.failing = "dbt could not build person (Runtime Error)."
    result = hub.land(instance, "ic24.calls")
    assert not result.success and "publish" not in hub.done
    assert any("dbt could not build person" in failure for failure in failures(instance, result))


def test_every_step_waits_for_its_turn(hub):
    nodes = hub.definitions.resolve_job_def(arrival.JOB).nodes
    assert len(nodes) == 3 and {node.definition.pool for node in nodes} == {"duckdb_writer"}


def test_batches_are_judged_after_they_went_live(hub, instance, monkeypatch):  # noqa: F811
    from orchestration.ingest import quality

    hub.land(instance, "ic24.calls")
    sensor = automation.judgement_sensor(hub.settings)
    context = dg.build_sensor_context(instance=instance, definitions=hub.definitions)
    assert isinstance(sensor(context), dg.RunRequest)

    def judge(settings, contracts, new):
        assert set(new) == {("ic24", "calls")}
        (settings.audit / "gx").mkdir(parents=True)
        with duckdb.connect() as connection:
            connection.execute(
                "copy (select 'ic24.calls' as feed, 'ic24-calls-accepted' as batch_id, 'volume' as expectation, "
                "'offered_at' as \"column\", false as success) to "
                f"'{settings.audit / 'gx' / 'run.parquet'}' (format parquet)"
            )
        quality._remember(settings, new["ic24", "calls"])

    monkeypatch.setattr(quality, "judge_batches", judge)
    result = hub.definitions.resolve_job_def(arrival.JUDGE).execute_in_process(instance=instance)
    assert checks_of(instance, result) == {(CALLS, "in_line_with_history"): False}
    assert isinstance(sensor(context), dg.SkipReason)
