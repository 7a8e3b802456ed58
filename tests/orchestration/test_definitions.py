"""The hub in Dagster: complete, readable, and a broken feed breaks nothing but itself."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from filelock import FileLock

from orchestration import warehouse
from orchestration.dagster_defs import arrival, automation, describe, feeds, manifest, products, transform
from orchestration.dagster_defs.build import build_definitions
from orchestration.dagster_defs.guard import POOL
from orchestration.dagster_defs.landing import ATTEMPTS, Cursor, LandedFile, landed_files, next_request
from orchestration.dagster_instance import INSTANCE, ensure_instance
from orchestration.ingest.connections import write_connection
from orchestration.lineage import load_lineage
from orchestration.settings import PROJECT, Settings

# Nothing like these may be found in anything that Dagster keeps: a number of the test range, and a name nobody has.
CANARIES = ("9990009998", "Zzyzxcanary")


@pytest.fixture(scope="module")
def compiled(built_hub):
    """(manifest, lineage) of the small hub of all tests."""
    with FileLock(built_hub.home / "compile.lock"):
        made = manifest.load_manifest(built_hub)
        return made, load_lineage(built_hub, made)


@pytest.fixture(scope="module")
def definitions(compiled, tmp_path_factory) -> dg.Definitions:
    return build_definitions(Settings(home=tmp_path_factory.mktemp("home")), *compiled)


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.get_repository_def().asset_graph


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """A Dagster instance on disk, configured as the hub's own."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text(INSTANCE)
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as made:
        yield made


def specs_of(definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in definitions.resolve_all_asset_specs()}


# --- what a reader of the UI sees -------------------------------------------------------------------------------------


def test_the_code_location_loads(definitions):
    dg.Definitions.validate_loadable(definitions)


def test_the_assets_are_those_of_dagster_dbt(compiled, definitions):
    """Made without the package, which costs every process seconds; but what it would make is what they must be."""
    from dagster_dbt import DagsterDbtTranslator, build_dbt_asset_specs

    class Names(DagsterDbtTranslator):
        def get_asset_key(self, dbt_resource_props):
            return describe.asset_key(dbt_resource_props)

    ours, (project, _) = specs_of(definitions), compiled
    made = build_dbt_asset_specs(manifest=project, dagster_dbt_translator=Names())
    theirs = {spec.key: {dep.asset_key for dep in spec.deps} for spec in made}
    assert len(theirs) > 150
    metric_files = {describe.asset_key(node) for node in project["nodes"].values() if node["fqn"][-2] == "metrics"}
    for key, deps in theirs.items():
        found = {dep.asset_key for dep in ours[key].deps}
        assert deps <= found, key
        assert found - deps <= metric_files, key  # dbt does not see what a model renders


def test_every_asset_says_whose_it_is_what_it_is_and_when_it_is_late(definitions):
    incomplete = []
    for key, spec in specs_of(definitions).items():
        missing = [name for name in ("owners", "group_name", "kinds", "description") if not getattr(spec, name)]
        if spec.freshness_policy is None and not spec.metadata.get("no freshness because"):
            missing.append("freshness or a reason for none")
        if missing:
            incomplete.append(f"{key.to_user_string()}: {', '.join(missing)}")
    assert not incomplete, "\n".join(incomplete)


def test_every_dbt_source_is_made_by_an_asset_of_ours(graph, compiled):
    without = [
        describe.asset_key(source).to_user_string()
        for source in compiled[0]["sources"].values()
        if not graph.get(describe.asset_key(source)).is_executable
    ]
    assert not without


def test_the_ledger_follows_every_feed_and_the_moment_follows_the_ledger(graph, compiled):
    ledger, moment = dg.AssetKey(["hub", "batch"]), dg.AssetKey(["hub", "run_context"])
    assert graph.get(ledger).parent_keys == {dg.AssetKey(list(feed)) for feed in every_feed(compiled)}
    assert graph.get(moment).parent_keys == {ledger}


def test_every_seed_and_model_is_an_asset_and_every_product_is_published(graph, compiled):
    nodes = [its for its in compiled[0]["nodes"].values() if its["resource_type"] in ("model", "seed")]
    assert {describe.asset_key(its) for its in nodes} <= set(graph.get_all_asset_keys())
    for folder, tables in products.products_of(compiled[0]).items():
        parents = graph.get(products.published_key(folder)).parent_keys
        assert parents == {describe.asset_key(compiled[0]["nodes"][table]) for table in tables}


def test_the_graph_reads_from_left_to_right(graph):
    def layer(key):
        return int(graph.get(key).group_name.split("_")[0])

    backwards = [
        f"{parent.to_user_string()} -> {key.to_user_string()}"
        for key in graph.get_all_asset_keys()
        for parent in graph.get(key).parent_keys
        if layer(parent) > layer(key)
    ]
    assert not backwards


def test_every_declared_dbt_test_is_a_check_and_every_check_is_declared(definitions, graph, compiled):
    declared = set(transform.declared_tests(compiled[0]))
    assert declared
    build = next(
        asset for asset in definitions.assets if getattr(asset, "op", None) and asset.op.name == "build_warehouse"
    )
    shown = transform.checks_by_test(build)
    assert set(shown) == declared
    assert len(set(shown.values())) == len(declared)
    ours = {*feeds.CHECKS, "unit_tests"}
    assert {key.name for key in graph.asset_check_keys} - ours == {key.name for key in shown.values()}


def test_checks_are_named_after_the_column_first_and_keep_names_that_people_chose():
    def test(name, column=None, kind="not_null"):
        return {"resource_type": "test", "name": name, "column_name": column, "attached_node": "model.p.t",
                "test_metadata": {"name": kind, "kwargs": {}}}  # fmt: skip

    manifest = {"nodes": {
        "a": test("not_null_t_x", "x"), "b": test("not_null_t_x_again", "x"), "c": test("x_is_there", "x"),
        "d": test("unique_combination_t_x__y", kind="unique_combination"),
    }}  # fmt: skip
    assert transform.check_names(manifest) == {
        "a": "x__not_null", "b": "x__not_null_2", "c": "x_is_there", "d": "unique_combination"
    }  # fmt: skip


def test_a_check_blocks_if_and_only_if_its_test_has_severity_error(definitions, compiled):
    build = next(
        asset for asset in definitions.assets if getattr(asset, "op", None) and asset.op.name == "build_warehouse"
    )
    blocking = {spec.metadata["dbt test"]: spec.blocking for spec in build.check_specs}
    for test, its in transform.declared_tests(compiled[0]).items():
        assert blocking[test] == ((its["config"]["severity"] or "error").lower() == "error"), test


def test_every_unit_test_is_behind_a_check(graph, compiled):
    tested = {f"model.bihub.{its['model']}" for its in compiled[0]["unit_tests"].values()}
    shown = {key.asset_key for key in graph.asset_check_keys if key.name == "unit_tests"}
    assert shown == {describe.asset_key(compiled[0]["nodes"][model]) for model in tested}


def test_columns_are_described_with_their_sensitivity_and_lineage(definitions, compiled):
    by_key = specs_of(definitions)
    feed = by_key[dg.AssetKey(["eeast", "incidents"])].metadata
    columns = {column.name: column for column in feed["dagster/column_schema"].columns}
    assert columns["nhs_number"].tags == {"sensitivity": "identifying", "identifies": "person"}
    assert columns["nhs_number"].description
    assert "HAND_15" in feed["where each column goes"].md_str
    fact = by_key[dg.AssetKey(["uec", "fct_ambulance_incident"])].metadata
    assert "eeast.incidents." in fact["where each column comes from"].md_str
    assert fact["dagster/column_lineage"].deps_by_column["response_seconds"]
    table = by_key[dg.AssetKey(["uec", "uec_metric"])]
    assert dg.AssetKey(["uec", "hand_15"]) in {dep.asset_key for dep in table.deps}


def test_whatever_touches_the_hub_waits_for_its_turn(definitions):
    ops = [
        node
        for asset in definitions.assets
        if isinstance(asset, dg.AssetsDefinition) and asset.is_executable
        for node in [asset.op]
    ]
    ops += [check.op for check in definitions.asset_checks]
    assert len(ops) > 10
    assert {op.name for op in ops if op.pool != POOL} == set()


def test_feeds_and_builds_never_share_a_run(definitions):
    def assets_of(name):
        return set(definitions.resolve_job_def(name).asset_layer.executable_asset_keys)

    feeds_, build = assets_of("ingest_feeds"), assets_of("build_and_publish")
    assert feeds_ and build and not feeds_ & build
    assert {dg.AssetKey(["published", "uec"]), dg.AssetKey(["published", "open", "uec"])} <= build


def test_schedules_keep_the_clock_of_the_hub(definitions):
    schedules = definitions.get_repository_def().schedule_defs
    assert {"daily_build", "daily_intake", "metric_refresh"} <= {schedule.name for schedule in schedules}
    assert {schedule.execution_timezone for schedule in schedules} == {"Europe/London"}


# --- a broken feed ----------------------------------------------------------------------------------------------------


def sidecar(settings, partner, table, status="accepted", **more):
    where = settings.raw if status == "accepted" else settings.rejected
    batch = f"{partner}-{table}-{status}"
    folder = where / partner / table / f"batch={batch}"
    folder.mkdir(parents=True, exist_ok=True)
    said = {
        "batch_id": batch, "partner": partner, "feed_table": table, "status": status, "file_name": "f", "file_bytes": 1,
        "received_at": "2026-11-01 07:00:00", "contract_version": "1.0", "agreement": "ISA-001", "rows_in": 100,
        "rows_accepted": 98, "rows_quarantined": 2, "reason": None,
        "rules": [{"rule": "nhs_number", "column": "nhs_number", "severity": "warn", "rows_failed": 3}], **more,
    }  # fmt: skip
    (folder / "batch.json").write_text(json.dumps(said))


def every_feed(compiled) -> list[tuple[str, str]]:
    return sorted(
        (its["source_name"], its["name"]) for its in compiled[0]["sources"].values() if its["source_name"] != "hub"
    )


def take_in_but(broken, how):
    """Stands for ingestion: every feed gets a batch, but for those that raise or whose file is rejected."""

    def take_in(settings, partner, table, judge=True):
        if (partner, table) not in broken:
            return sidecar(settings, partner, table)
        if how == "raises":
            raise ValueError(f"Could not convert string '{CANARIES[1]}' of patient {CANARIES[0]} to INT32")
        return sidecar(
            settings, partner, table, "rejected", reason=f"line 4: '{CANARIES[1]}' {CANARIES[0]}", rows_quarantined=60
        )

    return take_in


def run_job(definitions, name, instance):
    return definitions.resolve_job_def(name).execute_in_process(instance=instance, raise_on_error=False)


def materialised(result) -> set[dg.AssetKey]:
    return {event.asset_key for event in result.all_events if event.is_step_materialization}


def checks_of(result) -> dict[tuple[dg.AssetKey, str], bool]:
    return {
        (check.asset_key, check.check_name): check.passed
        for event in result.all_events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
        for check in [event.event_specific_data]
    }


@pytest.mark.parametrize(
    ("which", "how"),
    [(slice(1), "raises"), (slice(0, None, 2), "rejected"), (slice(1, None, 2), "raises")],
    ids=["one", "even", "odd"],
)
def test_broken_feeds_fail_alone_and_the_build_goes_on(compiled, tmp_path, how, which):
    """Every feed is broken once, and goes on once while its neighbours are."""
    everything = every_feed(compiled)
    assert len(everything) >= 10
    broken = everything[which]
    with dg.DagsterInstance.ephemeral() as instance:
        definitions = build_definitions(Settings(home=tmp_path), *compiled, take_in=take_in_but(broken, how))
        result = run_job(definitions, "ingest_feeds", instance)
        keys = {dg.AssetKey(list(feed)) for feed in broken}
        assert materialised(result) == {dg.AssetKey(list(feed)) for feed in everything} - keys
        failed_steps = {event.step_key for event in result.all_events if event.is_step_failure}
        if how == "raises":
            assert failed_steps == {"__".join(feed) for feed in broken}
        else:
            assert result.success
            found = checks_of(result).items()
            assert {at for (at, check), passed in found if check == "accepted_at_the_gate" and not passed} == keys
        context = dg.build_sensor_context(instance=instance, definitions=definitions)
        request = automation.build_sensor()(context)
        assert isinstance(request, dg.RunRequest), "the others brought data: the build must go on"


def test_no_value_of_a_row_reaches_what_dagster_keeps(compiled, tmp_path, instance):
    settings = Settings(home=tmp_path / "home")
    everything = every_feed(compiled)

    def run_dbt(settings, arguments, say):
        from orchestration import warehouse

        def breaks(*_):
            print(f"dbt says: {CANARIES[1]}")
            raise warehouse.BuildFailed(
                [f"person: Runtime Error in model person Conversion Error: '{CANARIES[1]}' {CANARIES[0]}"]
            )

        original, warehouse.run_dbt = warehouse.run_dbt, breaks
        try:
            return transform.run_dbt(settings, arguments, say)
        finally:
            warehouse.run_dbt = original

    for how, broken in (("raises", everything[:1]), ("rejected", everything[1:2])):
        definitions = build_definitions(settings, *compiled, take_in=take_in_but(broken, how), run_dbt=run_dbt)
        run_job(definitions, "ingest_feeds", instance)
    result = run_job(definitions, "build_and_publish", instance)
    said = [event.step_failure_data.error.message for event in result.all_events if event.is_step_failure]
    assert any("person (Runtime Error" in message and "Conversion Error" in message for message in said), said
    instance.dispose()
    kept = [path for path in (tmp_path / "dagster").rglob("*") if path.is_file()]
    assert kept
    leaks = [(path.name, canary) for path in kept for canary in CANARIES if canary.encode() in path.read_bytes()]
    assert not leaks
    # The developer still finds the whole error: in the home, beside the data that it is about.
    assert CANARIES[0] in next((settings.audit / "errors").glob("*.txt")).read_text()


def run_feed(definitions, instance, *path: str):
    job = definitions.resolve_job_def("ingest_feeds")
    return job.execute_in_process(instance=instance, raise_on_error=False, asset_selection=[dg.AssetKey(list(path))])


def beds(home: Path) -> None:
    """A trust's database with one row, and the connection to it."""
    (home / "systems").mkdir(parents=True)
    columns = "snapshot_date, ward_id, ward_name, site_id, specialty, open_beds, occupied_beds, closed_beds, "
    with sqlite3.connect(home / "systems" / "nelft.sqlite") as database:
        database.execute(f"create table ward_beds ({columns} closure_note, updated_at)")
        database.execute(
            "insert into ward_beds values ('2026-01-05', 'W1', 'Ward', 'BCH', 'REHAB', 9, 8, 0, null, "
            "'2026-01-05 08:10:00')"
        )
    write_connection(home / "connections.toml", "nelft", "sqlite:///systems/nelft.sqlite")


def test_a_database_is_a_feed_like_any_other(compiled, tmp_path):
    settings, key = Settings(home=tmp_path), dg.AssetKey(["nelft", "ward_beds"])
    beds(tmp_path)
    definitions = build_definitions(settings, *compiled)
    metadata = specs_of(definitions)[key].metadata
    assert (metadata["system"], metadata["read from table"]) == ("RiO reporting database", "ward_beds")
    with dg.DagsterInstance.ephemeral() as instance:
        result = run_feed(definitions, instance, "nelft", "ward_beds")
        assert result.success and materialised(result) == {key}
        shown = instance.get_latest_materialization_event(key).asset_materialization.metadata
        assert (shown["dagster/row_count"].value, shown["read up to"].value) == (1, "2026-01-05 08:10:00")
        again = run_feed(definitions, instance, "nelft", "ward_beds")
        assert again.success and not materialised(again)
    assert landed_files(settings)[0] == [], "an extract that was taken in starts no second run"


def test_databases_are_asked_when_their_contract_says(definitions, compiled, tmp_path):
    [schedule] = [its for its in definitions.get_repository_def().schedule_defs if its.name == "poll_nelft"]
    assert schedule.cron_schedule == "0 9 * * *"
    with dg.build_schedule_context() as context:
        assert "No connection 'nelft'" in schedule.evaluate_tick(context).skip_message
    beds(tmp_path)
    [schedule] = automation.poll_schedules(Settings(home=tmp_path), compiled[0])
    with dg.build_schedule_context() as context:
        [request] = schedule.evaluate_tick(context).run_requests
    care = [f"{setting}_{what}" for setting in ("community", "mh") for what in ("contacts", "referrals")]
    assert asked_for(request) == [f"nelft.{table}" for table in sorted([*care, "inpatient_stays", "ward_beds"])]


def test_a_database_that_cannot_be_read_says_why_without_its_password(compiled, tmp_path, instance, monkeypatch):
    monkeypatch.setattr("orchestration.ingest.database.BACKOFF_SECONDS", 0)
    monkeypatch.setenv("BIHUB_DATABASE_NELFT", f"postgresql://hub:{CANARIES[1]}@127.0.0.1:1/reporting")
    result = run_feed(build_definitions(Settings(home=tmp_path / "home"), *compiled), instance, "nelft", "ward_beds")
    [said] = [event.step_failure_data.error.message for event in result.all_events if event.is_step_failure]
    assert "The database 'nelft' cannot be reached: nothing answers at its address" in said
    assert checks_of(result)[dg.AssetKey(["nelft", "ward_beds"]), "accepted_at_the_gate"] is False
    instance.dispose()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > 3 and not [path for path in kept if CANARIES[1].encode() in path.read_bytes()]


def test_a_feed_without_a_new_batch_does_not_look_fresh(compiled, tmp_path):
    settings = Settings(home=tmp_path)
    definitions = build_definitions(settings, *compiled, take_in=take_in_but((), ""))
    with dg.DagsterInstance.ephemeral() as instance:
        assert len(materialised(run_job(definitions, "ingest_feeds", instance))) >= 10
        again = run_job(definitions, "ingest_feeds", instance)
        assert again.success and not materialised(again)
        assert checks_of(again)


def test_a_file_that_is_still_being_written_leaves_the_run_failed_so_that_it_is_tried_again(compiled, tmp_path):
    from orchestration.ingest import IngestResult, UnknownFile

    def take_in(settings, partner, table):
        return IngestResult(waiting=[UnknownFile("eeast/incidents_20261101.csv", "still being written")])

    with dg.DagsterInstance.ephemeral() as instance:
        result = run_job(
            build_definitions(Settings(home=tmp_path), *compiled, take_in=take_in), "ingest_feeds", instance
        )
    assert {event.step_key for event in result.all_events if event.is_step_failure} == {"eeast__incidents"}


# --- dbt in Dagster ---------------------------------------------------------------------------------------------------


def test_results_of_dbt_are_shown_test_by_test_and_one_that_nobody_evaluated_is_red(definitions, compiled):
    build = next(
        asset for asset in definitions.assets if getattr(asset, "op", None) and asset.op.name == "build_warehouse"
    )
    keys = transform.checks_by_test(build)
    passing, failing, missing = sorted(keys)[:3]
    results = {passing: ("pass", 0, 10), failing: ("fail", 4, 10)}
    wanted = {test: keys[test] for test in (passing, failing, missing)}
    shown = {
        check.check_name: check for check in transform.evaluated(wanted, results, compiled[0], missing_is_red=True)
    }
    assert [shown[keys[test].name].passed for test in (passing, failing, missing)] == [True, False, False]
    assert shown[keys[failing].name].metadata["rows failed"].value == 4
    assert "not evaluated" in shown[keys[missing].name].description
    partial = list(transform.evaluated(wanted, results, compiled[0], missing_is_red=False))
    assert {check.check_name for check in partial} == {keys[passing].name, keys[failing].name}


def test_a_build_of_some_models_asks_dbt_for_those_and_shows_no_older_result(compiled, tmp_path, instance):

    settings = Settings(home=tmp_path / "home")
    asked = []

    def run_dbt(settings, arguments, say):
        if arguments[0] == "test":
            return None
        asked.append(arguments)
        settings.warehouse.parent.mkdir(parents=True)
        settings.dbt_target.mkdir(parents=True, exist_ok=True)
        tests = [
            test
            for test, its in compiled[0]["nodes"].items()
            if its.get("attached_node") in ("model.bihub.person", "model.bihub.site")
        ]
        with duckdb.connect(str(settings.warehouse)) as warehouse:
            warehouse.execute("create schema hub")
            warehouse.execute(
                "create table hub.check_result "
                "(check_id text, table_name text, status text, rows_failed int, rows_checked int)"
            )
            for test in tests:
                table = "cdm." + compiled[0]["nodes"][test]["attached_node"].split(".")[2]
                warehouse.execute("insert into hub.check_result values (?, ?, 'pass', 0, 5)", [test, table])
        results = [{"unique_id": "model.bihub.person", "status": "success", "execution_time": 1.0}]
        (settings.dbt_target / "run_results.json").write_text(json.dumps({"results": results}))

    definitions = build_definitions(settings, *compiled, run_dbt=run_dbt)
    person = dg.AssetKey(["cdm", "person"])
    job = definitions.resolve_job_def("build_and_publish")
    result = job.execute_in_process(instance=instance, asset_selection=[person], raise_on_error=False)
    assert result.success
    assert asked[0][asked[0].index("--select") + 1 :] == ["bihub.cdm.person"]
    assert materialised(result) == {person}
    assert {at for at, _ in checks_of(result)} <= {person}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("person: Runtime Error in model person (models/x.sql)  Conversion Error: Could not convert 'Smith'",
         "person (Runtime Error, Conversion Error)"),
        ("unique_x: Got 3 results, configured to fail if != 0", "unique_x (failed)"),
        ("Compilation Error in Smith 123: no node", "the project (Compilation Error)"),
    ],
)  # fmt: skip
def test_a_dbt_message_is_told_by_its_kind(problem, said):
    assert transform.in_words_without_values(problem) == said


def test_a_test_over_several_tables_sits_on_the_one_furthest_downstream(compiled):
    test = {"depends_on": {"nodes": ["model.bihub.person", "model.bihub.dim_person", "source.bihub.eeast.incidents"]}}
    assert transform.home_of_test(compiled[0], test) == "model.bihub.dim_person"


# --- sensors ----------------------------------------------------------------------------------------------------------


def landed(name="a.csv", size=10, arrived=1) -> LandedFile:
    return LandedFile(("eeast", "incidents"), f"eeast/{name}", size, arrived)


def test_a_file_is_taken_at_the_second_tick_when_it_has_stopped_growing():
    never = lambda run_key: pytest.fail("no run was asked for yet")  # noqa: E731
    request, cursor, _ = next_request([landed(size=10, arrived=1)], Cursor(), never)
    assert request is None
    request, cursor, _ = next_request([landed(size=20, arrived=2)], cursor, never)
    assert request is None
    request, cursor, _ = next_request([landed(size=20, arrived=2)], cursor, never)
    assert [file.path for file in request.files] == ["eeast/a.csv"]
    assert cursor.watermark == 0, "it moves when the run has succeeded, not when it is asked for"
    request, cursor, why = next_request([landed(size=20, arrived=2)], cursor, lambda run_key: None)
    assert request is None and "at work" in why
    request, cursor, _ = next_request([landed(size=20, arrived=2)], cursor, lambda run_key: "success")
    assert request is None and cursor.watermark == 2


def test_a_failed_run_is_tried_again_a_few_times_and_then_left_to_the_daily_intake():
    files, cursor, keys = [landed()], Cursor(), []
    for _ in range(30):
        request, cursor, _ = next_request(files, cursor, lambda run_key: "failure")
        keys += [request.run_key] if request else []
    assert len(keys) == len(set(keys)) == ATTEMPTS
    files.append(landed("b.csv", arrived=9))
    wanted = [next_request(files, cursor, lambda run_key: "success")]
    wanted.append(next_request(files, wanted[0][1], lambda run_key: "success"))
    assert [file.path for file in wanted[1][0].files] == ["eeast/b.csv"]


def test_a_file_that_is_still_growing_does_not_hold_up_earlier_ones_nor_is_it_passed_over():
    def tick(files, cursor, outcome="success"):
        return next_request(files, cursor, lambda run_key: outcome)

    early, late = landed("early.csv", arrived=1), landed("late.csv", arrived=3)
    _, cursor, _ = tick([early, landed("grows.csv", size=1, arrived=2), late], Cursor())
    request, cursor, _ = tick([early, landed("grows.csv", size=5, arrived=2), late], cursor)
    assert [file.path for file in request.files] == ["eeast/early.csv"]
    rest = [early, landed("grows.csv", size=5, arrived=2), late]
    request, cursor, _ = tick(rest, cursor)
    while request is None:
        request, cursor, _ = tick(rest, cursor)
    assert [file.path for file in request.files] == ["eeast/grows.csv", "eeast/late.csv"]


def asked_for(request) -> list[str]:
    return request.run_config["ops"]["take_in_what_landed"]["config"]["feeds"]


def test_the_landing_sensor_asks_for_one_run_for_all_files_and_follows_it_to_its_end(
    compiled, tmp_path, instance, monkeypatch
):
    settings = Settings(home=tmp_path / "home")
    definitions = build_definitions(settings, *compiled, take_in=take_in_but((), ""))
    for path in ("eeast/incidents_1.csv", "eeast/incidents_2.csv", "ic24/nobody_knows_this.txt"):
        file = settings.landing / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    sensor = automation.landing_sensor(settings)

    def tick(cursor):
        context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
        return sensor(context), context.cursor

    growing = sorted((settings.landing / "eeast").iterdir())
    monkeypatch.setattr(automation.time, "sleep", lambda _: [file.write_text("xx") for file in growing])
    first, cursor = tick(None)
    assert isinstance(first, dg.SkipReason) and "no contract knows" in first.skip_message
    monkeypatch.setattr(automation.time, "sleep", lambda _: None)
    request, cursor = tick(cursor)
    assert asked_for(request) == ["eeast.incidents"]
    assert request.tags["bihub/files_landed"] == "2"
    monkeypatch.setattr(products, "why_not_stale", lambda _: "it is current")
    monkeypatch.setattr(arrival, "is_known", lambda *_: True)
    job = definitions.resolve_job_def(arrival.JOB)
    done = job.execute_in_process(
        instance=instance, run_config=request.run_config, tags={"dagster/run_key": request.run_key}
    )
    assert done.success
    after, cursor = tick(cursor)
    assert isinstance(after, dg.SkipReason) and after.skip_message.startswith("Nothing new has landed.")
    assert Cursor.from_text(cursor).watermark > 0


def test_a_build_follows_an_intake_once_and_only_if_it_brought_something(compiled, tmp_path, instance):
    settings = Settings(home=tmp_path / "home")
    definitions = build_definitions(settings, *compiled, take_in=take_in_but((), ""))
    sensor = automation.build_sensor()

    def tick(cursor):
        context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=definitions)
        return sensor(context), context.cursor

    assert isinstance(tick(None)[0], dg.SkipReason)
    run_job(definitions, "ingest_feeds", instance)
    request, cursor = tick(None)
    assert isinstance(request, dg.RunRequest)
    assert isinstance(tick(cursor)[0], dg.SkipReason)
    run_job(definitions, "ingest_feeds", instance)
    again, _ = tick(cursor)
    assert isinstance(again, dg.SkipReason) and "without a new batch" in again.skip_message


def test_a_refresh_is_skipped_while_what_is_published_is_current(tmp_path, monkeypatch):
    from orchestration import pipeline, publish

    settings = Settings(home=tmp_path)
    assert "No file" in automation.why_not_stale(settings)
    monkeypatch.setattr(pipeline, "newest_received", lambda _: "2026-11-01 07:00:00")
    monkeypatch.setattr(pipeline, "version_of", lambda *_: "now")
    assert automation.why_not_stale(settings) is None
    monkeypatch.setattr(publish, "live_set", lambda _: {"version": "before"})
    assert automation.why_not_stale(settings) is None
    monkeypatch.setattr(publish, "live_set", lambda _: {"version": "now"})
    assert "already describes" in automation.why_not_stale(settings)


def test_what_is_published_carries_the_name_it_had_when_the_build_began(tmp_path, monkeypatch):
    from orchestration import pipeline, publish
    from orchestration.publish import PublishResult, record_run_context

    settings = Settings(home=tmp_path)
    record_run_context(settings, "2026-11-01 07:00:00")
    settings.audit.mkdir()
    begun = {"as_of": "2026-11-01 07:00:00", "version": "named-when-it-began"}
    (settings.audit / products.BUILDING).write_text(json.dumps(begun))
    monkeypatch.setattr(pipeline, "version_of", lambda *_: "with-a-batch-that-came-later")
    decorated = []
    monkeypatch.setattr(pipeline, "add_pages", lambda settings, folder, warnings: decorated.append(folder))

    def publishing(settings, *, as_of, version, decorate):
        decorate(tmp_path / version)
        return PublishResult(version, tmp_path, as_of)

    monkeypatch.setattr(publish, "publish", publishing)
    published, _ = products.publish_what_is_built(settings)
    assert published.version == "named-when-it-began"
    assert decorated == [tmp_path / "named-when-it-began"], "dictionary and pages go live with the numbers here too"
    # Ingestion reads this: nothing received from now on may slip into the moment that was published.
    assert json.loads((settings.audit / "last_run.json").read_text()) == begun
    record_run_context(settings, "2026-11-02 07:00:00")
    assert products.publish_what_is_built(settings)[0].version == "with-a-batch-that-came-later"


def test_old_runs_are_forgotten_but_for_the_last_of_each_job(compiled, tmp_path, instance):
    from datetime import UTC, datetime, timedelta

    definitions = build_definitions(Settings(home=tmp_path / "home"), *compiled, take_in=take_in_but((), ""))
    runs = [run_job(definitions, "ingest_feeds", instance).run_id for _ in range(3)]
    assert automation.forget_old_runs_of(instance, datetime.now(UTC) - timedelta(days=1)) == 0
    assert automation.forget_old_runs_of(instance, datetime.now(UTC) + timedelta(days=1)) == 2
    assert [run.run_id for run in instance.get_runs()] == [runs[-1]]


# --- loading ----------------------------------------------------------------------------------------------------------

PROBE = """
import json, sys
import orchestration.definitions
heavy = ("pandas", "great_expectations", "sqlglot", "dbt", "duckdb", "dagster_dbt")
imported = [name for name in heavy if name in sys.modules]
if "load" in sys.argv:
    orchestration.definitions.definitions().get_repository_def()
    imported = [name for name in heavy if name in sys.modules]
print(json.dumps(imported))
"""


def test_importing_the_code_location_takes_nothing_heavy_and_touches_nothing(tmp_path):
    environment = os.environ | {
        "BIHUB_HOME": str(tmp_path / "home"),
        "DAGSTER_HOME": str(tmp_path / "home" / "dagster"),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
    assert list(tmp_path.iterdir()) == []


def test_the_code_location_loads_without_dbt(compiled, built_hub):
    """Every run loads it once more before it begins: nothing that takes seconds is imported (`make bench` measures)."""
    environment = os.environ | {"BIHUB_HOME": str(built_hub.home)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "load"], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_the_manifest_is_compiled_when_a_dbt_file_changed_and_never_inside_a_run(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    calls = []

    def compile_(settings):
        calls.append(1)
        manifest.folder(settings).mkdir(parents=True, exist_ok=True)
        (manifest.folder(settings) / "manifest.json").write_text(json.dumps({"made": len(calls)}))

    monkeypatch.setattr(manifest, "_compile", compile_)
    with pytest.raises(manifest.ManifestFailed, match="bihub dev"):
        manifest.load_manifest(settings, may_compile=False)
    assert manifest.load_manifest(settings) == manifest.load_manifest(settings) == {"made": 1}
    monkeypatch.setattr(manifest, "dbt_fingerprint", lambda: "a model was edited")
    assert manifest.load_manifest(settings, may_compile=False) == {"made": 1}
    assert manifest.load_manifest(settings) == {"made": 2}


def test_what_the_last_build_compiled_is_taken_while_its_rules_hold(compiled, built_hub, tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    settings.dbt_target.mkdir(parents=True)
    settings.warehouse.parent.mkdir(parents=True)
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy2(built_hub.dbt_target / name, settings.dbt_target)
    with duckdb.connect(str(settings.warehouse)) as made:
        made.execute("create schema hub")
    warehouse.remember_build(settings, warehouse.code_fingerprint())
    monkeypatch.setattr(manifest, "_compile", lambda settings: pytest.fail("nothing changed since the build"))
    assert manifest.load_manifest(settings)["nodes"].keys() == compiled[0]["nodes"].keys()
    shutil.rmtree(manifest.folder(settings))
    monkeypatch.setattr(warehouse, "code_fingerprint", lambda: "another rule")
    with pytest.raises(pytest.fail.Exception, match="nothing changed"):
        manifest.load_manifest(settings)


@pytest.mark.skipif(not os.environ.get("BIHUB_EVERY_DAY"), reason="a minute; `make torture` runs it")
def test_the_project_compiles_in_a_home_without_data(tmp_path):
    made = manifest.load_manifest(Settings(home=tmp_path))
    models = [node for node in made["nodes"].values() if node["resource_type"] == "model"]
    assert len(models) > 100 and all(node["compiled_code"] for node in models)


def test_the_fingerprint_sees_an_edited_a_new_and_a_deleted_file(tmp_path):
    (tmp_path / "models").mkdir()
    seen = {manifest.dbt_fingerprint(tmp_path)}
    for text in ("select 1", "select 2"):
        (tmp_path / "models" / "a.sql").write_text(text)
        seen.add(manifest.dbt_fingerprint(tmp_path))
    (tmp_path / "models" / "a.sql").rename(tmp_path / "models" / "b.sql")
    seen.add(manifest.dbt_fingerprint(tmp_path))
    assert len(seen) == 4


def test_a_run_is_told_from_a_first_load():
    from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType

    from orchestration.definitions import inside_a_run

    assert not inside_a_run()
    with DefinitionsLoadContext.scoped(DefinitionsLoadContext(DefinitionsLoadType.RECONSTRUCTION)):
        assert inside_a_run()


def test_everything_that_dagster_writes_lies_in_the_home_and_pools_hold_one(tmp_path, monkeypatch):
    settings = Settings(home=tmp_path)
    for name in settings.environment():
        monkeypatch.setenv(name, os.environ.get(name, ""))
    ensure_instance(settings)
    assert Path(os.environ["DAGSTER_HOME"]) == settings.dagster
    with dg.DagsterInstance.get() as instance:
        assert instance.global_op_concurrency_default_limit == 1
        assert not instance.telemetry_enabled
        assert Path(instance.storage_directory()).is_relative_to(settings.dagster)
        assert Path(instance.event_log_storage._base_dir).is_relative_to(settings.dagster)
    mine = "# mine\n" + (settings.dagster / "dagster.yaml").read_text()
    (settings.dagster / "dagster.yaml").write_text(mine)
    ensure_instance(settings)
    assert (settings.dagster / "dagster.yaml").read_text() == mine


def test_the_event_log_survives_more_runs_than_files_kept_open_and_lets_go_of_deleted_ones(instance, monkeypatch):
    from orchestration.dagster_defs import event_log

    monkeypatch.setattr(event_log, "FILES_KEPT_OPEN", 2)

    @dg.asset(check_specs=[dg.AssetCheckSpec("fine", asset="one")])
    def one():
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    job = dg.Definitions(assets=[one]).get_implicit_global_asset_job_def()
    runs = [job.execute_in_process(instance=instance).run_id for _ in range(4)]
    storage = instance.event_log_storage
    assert isinstance(storage, event_log.PooledSqliteEventLogStorage)
    assert len(storage._engines) <= 2
    assert all(instance.all_logs(run) for run in runs)
    instance.delete_run(runs[0])
    assert runs[0] not in storage._engines and not instance.all_logs(runs[0])
    assert instance.get_latest_materialization_event(one.key).run_id == runs[-1]
    instance.wipe()
    assert not instance.get_runs()


def test_plain_dagster_dev_finds_the_definitions():
    import tomllib

    tool = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    assert tool["dagster"]["module_name"] == "orchestration.definitions"
