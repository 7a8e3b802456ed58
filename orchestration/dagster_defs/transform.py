"""dbt as assets: one per seed and model, one check per declared test, one dbt process per run."""

import contextlib
import importlib.metadata
import io
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from orchestration.dagster_defs import describe
from orchestration.dagster_defs.guard import POOL, one_writer
from orchestration.dagster_defs.manifest import dbt_executable, folder
from orchestration.lineage import Lineage, files_of, reads_metric_files
from orchestration.settings import PROJECT, Settings


class FastDbt(DbtCliResource):
    """dbt started once a step. The stock resource starts it three times: to ask its version, to make an adapter for
    metadata queries (which we do not send), and to do the work."""

    @cached_property
    def _cli_version(self):
        from packaging import version

        return version.parse(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args):
        return None


class Translator(DagsterDbtTranslator):
    """How a dbt node reads in Dagster."""

    def __init__(self, manifest: Mapping[str, Any], lineage: Lineage):
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True, enable_source_metadata=False))
        self._manifest = manifest
        self._lineage = lineage

    def get_asset_key(self, dbt_resource_props):
        return describe.asset_key(dbt_resource_props)

    def get_description(self, dbt_resource_props):
        return describe.description(dbt_resource_props)

    def get_group_name(self, dbt_resource_props):
        return describe.group(dbt_resource_props)

    def get_asset_spec(self, manifest, unique_id, project):
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = describe.node_of(manifest, unique_id)
        if node["resource_type"] == "source":
            return spec  # its own asset (feeds.py) describes it
        waiver = describe.freshness_waiver(node)
        metadata = {
            "dagster/column_schema": describe.column_schema(node, self._lineage.get(unique_id, ())),
            "dagster/table_name": f"{node['schema']}.{node['alias']}",
            **describe.code_references(node),
            **({"no freshness because": waiver} if waiver else {}),
        }
        if unique_id in self._lineage:
            metadata["dagster/column_lineage"] = describe.column_dependencies(manifest, self._lineage, unique_id)
            metadata["where each column comes from"] = dg.MetadataValue.md(
                describe.where_from(manifest, self._lineage, unique_id)
            )
        deps = list(spec.deps)
        if reads_metric_files(node):
            files = files_of(node, manifest["nodes"], self._lineage.metrics)
            deps += [dg.AssetDep(describe.asset_key(manifest["nodes"][file])) for file in files]
        return spec.replace_attributes(
            deps=list({dep.asset_key: dep for dep in deps}.values()),
            owners=describe.owners(manifest, node),
            kinds=describe.kinds(node),
            freshness_policy=None if waiver else describe.DAILY,
            tags={"layer": node["fqn"][1] if node["resource_type"] == "model" else "reference"},
        ).merge_attributes(metadata=metadata)

    def get_asset_check_spec(self, asset_spec, manifest, unique_id, project):
        test = manifest["nodes"][unique_id]
        home = home_of_test(manifest, test)
        if home is None or describe.asset_key(describe.node_of(manifest, home)) != asset_spec.key:
            return None
        return dg.AssetCheckSpec(
            name=test["name"],
            asset=asset_spec.key,
            description=test.get("description") or _in_words(test),
            blocking=(test["config"].get("severity") or "error").lower() == "error",
            metadata={"dbt test": unique_id},
        )


def home_of_test(manifest: Mapping[str, Any], test: Mapping[str, Any]) -> str | None:
    """The node that a test is about: the one it is declared on, else (a test of its own file) the furthest downstream."""
    if test.get("attached_node"):
        return test["attached_node"]
    parents = [node for node in test["depends_on"]["nodes"] if not node.startswith("unit_test.")]
    return max(parents, key=lambda node: (describe.group(describe.node_of(manifest, node)), node), default=None)


def _in_words(test: Mapping[str, Any]) -> str:
    kind = (test.get("test_metadata") or {}).get("name")
    if not kind:
        return f"SQL test {test['original_file_path']}: it must return no row."
    column = test.get("column_name")
    return f"{kind.replace('_', ' ')}: {column}" if column else kind.replace("_", " ")


def declared_tests(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {node_id: node for node_id, node in manifest["nodes"].items() if node["resource_type"] == "test"}


def checks_by_test(assets: dg.AssetsDefinition) -> dict[str, dg.AssetCheckKey]:
    return {spec.metadata["dbt test"]: spec.key for spec in assets.check_specs if "dbt test" in (spec.metadata or {})}


def warehouse_assets(settings: Settings, manifest: Mapping[str, Any], lineage: Lineage) -> dg.AssetsDefinition:
    """Every seed and model, built by one dbt process; a check of severity error that fails stops what follows."""
    from orchestration.warehouse import NODES_NOT_RUN

    project = DbtProject(project_dir=PROJECT, target_path=folder(settings), profiles_dir=PROJECT)

    @dbt_assets(
        manifest=manifest,
        project=project,
        name="build_warehouse",
        pool=POOL,
        dagster_dbt_translator=Translator(manifest, lineage),
    )
    def build_warehouse(context: dg.AssetExecutionContext, dbt: FastDbt):
        with one_writer(settings, "Building the warehouse"):
            settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
            invocation = dbt.cli(
                ["--log-path", str(settings.dbt_logs), "build", *NODES_NOT_RUN],
                context=context,
                target_path=settings.dbt_target,
                raise_on_error=False,
            )
            # Drained whole before anything is done with it, and kept from the log: a dbt message may quote a value.
            with contextlib.redirect_stdout(io.StringIO()):
                events = [event for event in invocation.stream() if isinstance(event, dg.Output)]
                succeeded = invocation.process.wait() == 0
            rows = row_counts(settings)
        for event in events:
            key = context.asset_key_for_output(event.output_name)
            yield dg.Output(None, output_name=event.output_name, metadata=_built(event, rows.get(tuple(key.path))))
        yield from evaluated(context, settings, manifest)
        if not succeeded:
            raise dg.Failure(what_failed(invocation, settings), allow_retries=False)

    return build_warehouse


def _built(event: dg.Output, rows: int | None) -> dict[str, Any]:
    seconds = event.metadata.get("Execution Duration")
    return {
        **({"seconds": float(seconds.value)} if seconds is not None else {}),
        **({"dagster/row_count": rows} if rows is not None else {}),
    }


def row_counts(settings: Settings) -> dict[tuple[str, ...], int]:
    """Rows by (schema, table): DuckDB keeps the number, so nothing is counted. Views are left out."""
    import duckdb

    if not settings.warehouse.exists():
        return {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        found = warehouse.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
    return {(schema, table): rows for schema, table, rows in found}


def evaluated(
    context: dg.AssetExecutionContext, settings: Settings, manifest: Mapping[str, Any]
) -> Iterator[dg.AssetCheckResult]:
    """One result per declared test that this run covers: generic ones from hub.check_result, the others from dbt's own
    results. In a whole build a test that nobody evaluated fails its check: declared is executed, or it is red."""
    results = {**results_of_engine(settings), **results_of_dbt(settings)}
    whole = len(context.selected_asset_keys) == len(context.assets_def.keys)
    wanted = set(context.selected_asset_check_keys)
    for test_id, key in checks_by_test(context.assets_def).items():
        if key not in wanted:
            continue
        result = results.get(test_id)
        severity = (manifest["nodes"][test_id]["config"].get("severity") or "error").upper()
        if result is None:
            if whole:
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


def results_of_engine(settings: Settings) -> dict[str, tuple[str, int, int | None]]:
    """(status, rows failed, rows checked) by test, of the checks evaluated when dbt ended. Sample keys stay where they are."""
    import duckdb

    if not settings.warehouse.exists():
        return {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        try:
            found = warehouse.execute(
                "select check_id, status, rows_failed, rows_checked from hub.check_result"
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    return {test: (status, int(failed or 0), checked) for test, status, failed, checked in found}


def results_of_dbt(settings: Settings) -> dict[str, tuple[str, int, int | None]]:
    """The same of the tests that dbt ran itself."""
    from orchestration.files import read_json

    run_results = read_json(settings.dbt_target / "run_results.json") or {}
    return {
        result["unique_id"]: (result["status"], int(result.get("failures") or 0), None)
        for result in run_results.get("results", [])
        if result["unique_id"].startswith("test.")
    }


def what_failed(invocation: Any, settings: Settings) -> str:
    """The nodes that failed, and dbt's kind of error for each; its message may quote a row and stays in the log file."""
    try:
        results = invocation.get_artifact("run_results.json")["results"]
    except FileNotFoundError:
        results = []
    bad = [result for result in results if result["status"] in ("error", "fail", "runtime error")]
    named = [
        f"{result['unique_id'].split('.')[2]} ({_kind_of_error(result.get('message') or result['status'])})"
        for result in bad
    ]
    where = f"The whole message: {settings.dbt_logs.relative_to(settings.home).as_posix()}/dbt.log in the hub's home."
    return f"dbt could not build {', '.join(named) or 'the project'}. The last published set stays. {where}"


def _kind_of_error(message: str) -> str:
    """'Runtime Error in model x (models/x.sql)\\n  Conversion Error: ...' gives 'Runtime Error, Conversion Error'."""
    kinds = []
    for line in message.splitlines():
        words = line.strip().split(" in ")[0].split(":")[0]
        if words.endswith("Error") and len(words) < 40 and words not in kinds:
            kinds.append(words)
    return ", ".join(kinds) or "failed"


def unit_test_checks(settings: Settings, manifest: Mapping[str, Any]) -> dg.AssetChecksDefinition | None:
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

    @dg.multi_asset_check(specs=list(specs.values()), name="unit_tests", can_subset=True, pool=POOL)
    def unit_tests(context: dg.AssetCheckExecutionContext, dbt: FastDbt):
        wanted = [model for model, spec in specs.items() if spec.key in context.selected_asset_check_keys]
        target = folder(settings) / "unit_tests"
        with one_writer(settings, "Running the unit tests"), contextlib.redirect_stdout(io.StringIO()):
            names = [test.split(".")[-1] for model in wanted for test in tests[model]]
            invocation = dbt.cli(
                ["--log-path", str(settings.dbt_logs), "test", "--select", *names],
                manifest=manifest,
                target_path=target,
                raise_on_error=False,
            ).wait()
        try:
            results = invocation.get_artifact("run_results.json")["results"]
        except FileNotFoundError:
            raise dg.Failure(what_failed(invocation, settings), allow_retries=False) from None
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


def dbt_resource() -> FastDbt:
    return FastDbt(project_dir=str(PROJECT), profiles_dir=str(PROJECT), dbt_executable=dbt_executable())
