"""dbt as assets: one per seed and model, one check per declared test, one dbt process per run."""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.dagster_defs import describe
from orchestration.dagster_defs.guard import POOL, one_writer
from orchestration.dagster_defs.manifest import folder
from orchestration.lineage import Lineage, files_of, reads_metric_files
from orchestration.settings import Settings

UNCHANGED = "unchanged"
READABLE = ("source.", "model.", "seed.", "snapshot.")


def asset_spec(manifest: Mapping[str, Any], lineage: Lineage, node: Mapping[str, Any]) -> dg.AssetSpec:
    """How a dbt node reads in Dagster."""
    node_id = node["unique_id"]
    waiver = describe.freshness_waiver(node)
    metadata = {
        "dagster/column_schema": describe.column_schema(node, manifest, lineage),
        "dagster/table_name": f"{node['schema']}.{node['alias']}",
        **describe.code_references(node),
        **({"no freshness because": waiver} if waiver else {}),
    }
    if node_id in lineage:
        metadata["dagster/column_lineage"] = describe.column_dependencies(manifest, lineage, node_id)
        metadata["where each column comes from"] = dg.MetadataValue.md(describe.where_from(manifest, lineage, node_id))
    read = [parent for parent in node["depends_on"].get("nodes", ()) if parent.startswith(READABLE)]
    if reads_metric_files(node):
        read += files_of(node, manifest["nodes"], lineage.metrics)
    return dg.AssetSpec(
        key=describe.asset_key(node),
        deps=list(dict.fromkeys(describe.asset_key(describe.node_of(manifest, parent)) for parent in read)),
        description=describe.description(node),
        group_name=describe.group(node),
        owners=describe.owners(manifest, node),
        kinds=describe.kinds(node),
        freshness_policy=None if waiver else describe.DAILY,
        metadata=metadata,
        tags={"layer": node["fqn"][1] if node["resource_type"] == "model" else "reference"},
        code_version=(node.get("checksum") or {}).get("checksum"),
        skippable=True,
    )


def check_specs(manifest: Mapping[str, Any]) -> list[dg.AssetCheckSpec]:
    """One check a declared test, on the asset that the test is about, a source's included."""
    names = check_names(manifest)
    specs = []
    for test_id, test in sorted(declared_tests(manifest).items()):
        home = home_of_test(manifest, test)
        if home is None:
            continue
        specs.append(
            dg.AssetCheckSpec(
                name=names[test_id],
                asset=describe.asset_key(describe.node_of(manifest, home)),
                description=test.get("description") or _in_words(test),
                blocking=(test["config"].get("severity") or "error").lower() == "error",
                metadata={"dbt test": test_id},
            )
        )
    return specs


def home_of_test(manifest: Mapping[str, Any], test: Mapping[str, Any]) -> str | None:
    """The node that a test is about: the one it is declared on, else (a test in a file of its own) the furthest
    downstream of those it reads; of all, where it reads none because it is about macros."""
    if test.get("attached_node"):
        return test["attached_node"]
    parents = [node for node in test["depends_on"]["nodes"] if not node.startswith("unit_test.")]
    parents = parents or [node for node, its in manifest["nodes"].items() if its["resource_type"] == "model"]
    return max(parents, key=lambda node: (describe.group(describe.node_of(manifest, node)), node), default=None)


def check_names(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Name of each test's check on its asset: column first, so that a list of checks reads like the table. dbt's own
    names, made of everything that was declared, are kept only where a person chose them."""
    names: dict[str, str] = {}
    taken: set[tuple[str | None, str]] = set()
    for test_id, test in sorted(declared_tests(manifest).items()):
        home, name = home_of_test(manifest, test), test["name"]
        kind = (test.get("test_metadata") or {}).get("name")
        if kind and name.startswith(f"{kind}_"):
            name = f"{test['column_name']}__{kind}" if test.get("column_name") else kind
        free, number = name, 1
        while (home, free) in taken:
            number += 1
            free = f"{name}_{number}"
        taken.add((home, free))
        names[test_id] = free
    return names


def _in_words(test: Mapping[str, Any]) -> str:
    """'accepted range of acuity_level: min_value 1, max_value 5'."""
    its = test.get("test_metadata") or {}
    if not its.get("name"):
        return f"SQL test {test['original_file_path']}: it must return no row."
    of = f" of {test['column_name']}" if test.get("column_name") else ""
    given = {name: value for name, value in its["kwargs"].items() if name not in ("model", "column_name")}
    with_ = ": " + ", ".join(f"{name} {value}" for name, value in given.items()) if given else ""
    return its["name"].replace("_", " ") + of + with_


RunDbt = Callable[[Settings, list[str], Callable[[str], None]], str | None]
"""Runs dbt with arguments and says how far it is; gives what failed, in words without values. Tests put theirs here."""


def run_dbt(settings: Settings, arguments: list[str], say: Callable[[str], None]) -> str | None:
    """One dbt process, as the command line would run it; None, or which nodes failed and with what kind of error."""
    from orchestration import warehouse

    def progress(what: str, done: int, total: int) -> None:
        if done == total or done % 10 == 0:
            say(f"{done} of {total}: {what}")

    try:
        with said_to_file(settings):
            warehouse.run_dbt(settings, arguments, progress)
    except warehouse.BuildFailed as problem:
        named = [in_words_without_values(text) for text in problem.problems]
        where = "dbt/logs/dagster.log and dbt/logs/dbt.log in the hub's home"
        return f"dbt could not build {', '.join(named[:10])}. The whole messages: {where}."
    return None


Result = tuple[str, int, int | None]
"""(status, rows failed, rows checked) of one test."""


def declared_tests(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {node_id: node for node_id, node in manifest["nodes"].items() if node["resource_type"] == "test"}


def checks_by_test(assets: dg.AssetsDefinition) -> dict[str, dg.AssetCheckKey]:
    return {spec.metadata["dbt test"]: spec.key for spec in assets.check_specs if "dbt test" in (spec.metadata or {})}


def warehouse_assets(
    settings: Settings, manifest: Mapping[str, Any], lineage: Lineage, run_dbt: RunDbt = run_dbt
) -> dg.AssetsDefinition:
    """Every seed and model, built by one dbt process; a check of severity error that fails stops what follows.

    dbt runs through orchestration.warehouse, as on the command line. The package dagster-dbt is not used: importing it
    imports dbt, which costs every process of Dagster three seconds of CPU (decision 0024), and its way of running dbt
    starts it three times a step and prints its messages, which may quote a value, into Dagster's log.
    """

    @dg.multi_asset(
        specs=[asset_spec(manifest, lineage, node) for _, node in sorted(manifest["nodes"].items()) if _is_asset(node)],
        check_specs=check_specs(manifest),
        name="build_warehouse",
        can_subset=True,
        allow_arbitrary_check_specs=True,
        pool=POOL,
    )
    def build_warehouse(context: dg.AssetExecutionContext):
        keys = {node_id: describe.asset_key(node) for node_id, node in manifest["nodes"].items() if _is_asset(node)}
        chosen = [node_id for node_id, key in keys.items() if key in context.selected_asset_keys]
        whole = len(chosen) == len(keys)
        selection = [] if whole else ["--select", *(".".join(manifest["nodes"][node_id]["fqn"]) for node_id in chosen)]
        with one_writer(settings, "Building the warehouse"):
            failed = build_everything(settings, run_dbt, context.log.info, selection)
            results = dbt_results(settings)
            metadata = {keys[node_id]: said for node_id, said in metadata_of_tables(settings, results).items()}
            checked = {**results_of_engine(settings, names_built(results)), **results_of_dbt(results)}
        for key in upstream_first(context.assets_def):
            if key in metadata and key in context.selected_asset_keys:
                yield dg.MaterializeResult(asset_key=key, metadata=metadata[key])
        wanted = {
            test: key
            for test, key in checks_by_test(context.assets_def).items()
            if key in context.selected_asset_check_keys
        }
        yield from evaluated(wanted, checked, manifest, missing_is_red=whole and not failed)
        if failed:
            raise dg.Failure(f"{failed} The last published set stays.", allow_retries=False)

    return build_warehouse


def build_everything(
    settings: Settings, run_dbt: RunDbt, say: Callable[[str], None], selection: list[str] | None = None
) -> str | None:
    """One dbt build; what failed, in words without values. `selection`: dbt's words for what is looked at ([] is all);
    without it, whatever may have changed since the last whole build."""
    from orchestration.repair import discard_warehouse, warehouse_damage
    from orchestration.warehouse import NODES_NOT_RUN, whole_build

    if warehouse_damage(settings):
        say("The warehouse file is lost or damaged: it is made again from the lake.")
        discard_warehouse(settings)
    (settings.dbt_target / "run_results.json").unlink(missing_ok=True)
    arguments = whole_build(settings) if selection is None else ["build", *NODES_NOT_RUN, *selection]
    return run_dbt(settings, arguments, say)


def metadata_of_tables(settings: Settings, results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By id of each seed and model that the last dbt process made or found as it must be: what was done to it (nothing,
    rows replaced, the whole made again), seconds, rows."""
    rows, outcomes = row_counts(settings), outcomes_of_tables(settings)
    found = {}
    for result in results:
        node_id = result["unique_id"]
        if result["status"] != "success" or not node_id.startswith(("model.", "seed.", "snapshot.")):
            continue
        name = tuple((result.get("relation_name") or "").replace('"', "").split(".")[-2:])
        found[node_id] = {
            **({"outcome": outcomes[name]} if name in outcomes else {}),
            "seconds": round(float(result["execution_time"]), 2),
            **({"dagster/row_count": rows[name]} if name in rows else {}),
        }
    return found


def outcomes_of_tables(settings: Settings) -> dict[tuple[str, ...], str]:
    """What the last dbt process did to each model, by (schema, table), in words."""
    import duckdb

    from orchestration.files import read_json

    process = (read_json(settings.dbt_target / "run_results.json") or {}).get("metadata", {}).get("invocation_id")
    if process is None or not settings.warehouse.exists():
        return {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        try:
            found = warehouse.execute(
                "select table_name, outcome, rows_changed, built_in from hub.table_state"
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    said = {"rows": "{} rows replaced", "whole": "made again"}
    return {
        tuple(name.split(".")): said.get(outcome, outcome).format(f"{rows or 0:,}")
        if built_in == process
        else UNCHANGED
        for name, outcome, rows, built_in in found
    }


def upstream_first(assets: dg.AssetsDefinition) -> list[dg.AssetKey]:
    """Dagster wants results in the order of its own graph, which has an edge that dbt's has not: metric files come
    before the table that takes them in."""
    return list(
        TopologicalSorter({spec.key: [dep.asset_key for dep in spec.deps] for spec in assets.specs}).static_order()
    )


def _is_asset(node: Mapping[str, Any]) -> bool:
    return node["resource_type"] in ("model", "seed", "snapshot")


@contextlib.contextmanager
def said_to_file(settings: Settings) -> Iterator[None]:
    """What dbt says goes to home/dbt/logs/dagster.log and not into Dagster's: a message may quote a row's value."""
    settings.dbt_logs.mkdir(parents=True, exist_ok=True)
    with (settings.dbt_logs / "dagster.log").open("w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
        yield


def row_counts(settings: Settings) -> dict[tuple[str, ...], int]:
    """Rows by (schema, table): DuckDB keeps the number, so nothing is counted. Views are left out."""
    import duckdb

    if not settings.warehouse.exists():
        return {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        found = warehouse.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
    return {(schema, table): rows for schema, table, rows in found}


def evaluated(
    wanted: Mapping[str, dg.AssetCheckKey],
    results: Mapping[str, Result],
    manifest: Mapping[str, Any],
    missing_is_red: bool,
) -> Iterator[dg.AssetCheckResult]:
    """One result per declared test that this run covers. `missing_is_red`: in a whole build, a test that nobody
    evaluated fails its check: declared is executed, or it is seen."""
    for test, key in wanted.items():
        result = results.get(test)
        if result is None:
            if missing_is_red:
                severity = (manifest["nodes"][test]["config"].get("severity") or "error").upper()
                yield dg.AssetCheckResult(
                    asset_key=key.asset_key,
                    check_name=key.name,
                    passed=False,
                    severity=dg.AssetCheckSeverity[severity],
                    description="Declared, but not evaluated in this build.",
                )
            continue
        status, failed, checked = result
        yield dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=status == "pass",
            severity=dg.AssetCheckSeverity.WARN if status == "warn" else dg.AssetCheckSeverity.ERROR,
            description=f"{failed:,} rows failed." if failed else None,
            metadata={"rows failed": failed, **({"rows checked": checked} if checked is not None else {})},
        )


def check_statuses(settings: Settings) -> dict[str, str]:
    return {test: status for test, (status, *_) in results_of_engine(settings).items()}


def results_of_engine(settings: Settings, built: set[str] | None = None) -> dict[str, Result]:
    """Of the checks that were evaluated when dbt ended, those of relations built in this run, or all: the table keeps
    the last results of the others. Sample keys stay where they are."""
    import duckdb

    if not settings.warehouse.exists():
        return {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        try:
            found = warehouse.execute(
                "select check_id, table_name, status, rows_failed, rows_checked from hub.check_result"
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    return {
        test: (status, int(failed or 0), checked)
        for test, table, status, failed, checked in found
        if built is None or table in built or table.rpartition(".")[2] in built
    }


def dbt_results(settings: Settings, target: Path | None = None) -> list[dict[str, Any]]:
    """run_results.json of the last dbt process; empty where it did not get so far."""
    from orchestration.files import read_json

    return (read_json((target or settings.dbt_target) / "run_results.json") or {}).get("results", [])


def names_built(results: list[dict[str, Any]]) -> set[str]:
    """Names of the seeds and models that the last dbt process built."""
    return {
        result["unique_id"].split(".")[2]
        for result in results
        if result["status"] == "success" and result["unique_id"].startswith(("model.", "seed.", "snapshot."))
    }


def results_of_dbt(results: list[dict[str, Any]]) -> dict[str, Result]:
    """The tests that dbt ran itself."""
    return {
        result["unique_id"]: (result["status"], int(result.get("failures") or 0), None)
        for result in results
        if result["unique_id"].startswith("test.")
    }


def in_words_without_values(problem: str) -> str:
    """'node: dbt's message' as 'node (kind of error)'; the message itself may quote a row."""
    name, _, message = problem.partition(": ")
    return (
        f"{name} ({kind_of_error(message)})"
        if re.fullmatch(r"[\w.-]+", name)
        else f"the project ({kind_of_error(problem)})"
    )


def kind_of_error(message: str) -> str:
    """'Runtime Error in model x (models/x.sql)\n  Conversion Error: ...' gives 'Runtime Error, Conversion Error'."""
    kinds: list[str] = []
    for words in re.findall(r"\b[A-Z][A-Za-z]+(?: [A-Z][a-z]+)* Error\b", message):
        if words not in kinds:
            kinds.append(words)
    return ", ".join(kinds[:3]) or "failed"


def unit_test_checks(
    settings: Settings, manifest: Mapping[str, Any], run_dbt: RunDbt = run_dbt
) -> dg.AssetChecksDefinition | None:
    """One check a model that has dbt unit tests: Dagster does not know them of itself. None where there are none."""
    tests: dict[str, list[str]] = {}
    for test_id, test in manifest.get("unit_tests", {}).items():
        model = next(
            (
                node
                for node in test["depends_on"]["nodes"]
                if node.startswith("model.") and node.split(".")[2] == test["model"]
            ),
            None,
        )
        if model:
            tests.setdefault(model, []).append(test_id)
    if not tests:
        return None
    specs = {
        model: dg.AssetCheckSpec(
            "unit_tests",
            asset=describe.asset_key(manifest["nodes"][model]),
            blocking=False,
            description=f"{len(its)} dbt unit tests: the model's logic on made-up rows. No data is read.",
        )
        for model, its in tests.items()
    }

    @dg.multi_asset_check(specs=list(specs.values()), name="run_unit_tests", can_subset=True, pool=POOL)
    def unit_tests(context: dg.AssetCheckExecutionContext):
        wanted = [model for model, spec in specs.items() if spec.key in context.selected_asset_check_keys]
        names = [test.split(".")[-1] for model in wanted for test in tests[model]]
        target = folder(settings) / "unit_tests"
        with one_writer(settings, "Running the unit tests"):
            failed = run_dbt(settings, ["test", "--select", *names, "--target-path", str(target)], context.log.info)
            results = dbt_results(settings, target)
        if failed and not results:
            raise dg.Failure(failed, allow_retries=False)
        passed = {result["unique_id"]: result["status"] == "pass" for result in results}
        for model in wanted:
            failed = [test.split(".")[-1] for test in tests[model] if not passed.get(test)]
            yield dg.AssetCheckResult(
                asset_key=specs[model].asset_key,
                check_name="unit_tests",
                passed=not failed,
                metadata={"tests": len(tests[model]), "failed": ", ".join(failed) or "none"},
            )

    return unit_tests
