"""The rules of the house, checked: each gate is a plain function that returns what breaks its rule.

`bihub gates` runs all of them over the files of the project, dbt's manifest and the built warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from orchestration.files import read_json
from orchestration.gates import cohorts, declared, dictionary, sensitivity, sql_text, structure
from orchestration.gates.nodes import load_built_manifest
from orchestration.gates.violation import Violation
from orchestration.settings import PROJECT, Settings

__all__ = ["Violation", "run_gates"]

SQL_FOLDERS = ("models", "macros", "tests/dbt")
CITING_FOLDERS = ("models", "macros", "seeds", "orchestration", "tests/dbt")
YAML_FOLDERS = ("models", "seeds", "tests/dbt", "macros")


class NothingBuilt(Exception):
    """The gates look at the built warehouse, and there is none."""


def run_gates(settings: Settings) -> list[Violation]:
    """Every broken rule, in file order. Needs a built hub. Raises NothingBuilt where there is none."""
    manifest = load_built_manifest(settings)
    if manifest is None or not settings.warehouse.exists():
        raise NothingBuilt(f"nothing is built in {settings.build} yet: run `bihub run` first")
    return sorted(set(_violations(settings, manifest)), key=str)


def fix_sensitivity(settings: Settings) -> tuple[int, list[str]]:
    """Fill in what columns do not say of themselves: (how many were written, what has to be done by hand)."""
    from orchestration.gates.sensitivity_fix import fill_in
    from orchestration.lineage import load_lineage

    manifest = load_built_manifest(settings)
    if manifest is None:
        raise NothingBuilt(f"nothing is built in {settings.build} yet: run `bihub run` first")
    return fill_in(manifest, load_lineage(settings, manifest))


def file_gates(sql: Mapping[str, str], yml: Mapping[str, str]) -> Iterator[Violation]:
    """Rules that can be checked before anything is built."""
    yield from sql_text.clock_in_sql(sql)
    yield from sql_text.not_portable(sql)
    yield from sql_text.without_header(sql)
    yield from sql_text.too_long(sql)
    yield from declared.misplaced_keys(yml)
    cited = read_files(PROJECT, CITING_FOLDERS, (".sql", ".yml", ".csv", ".py"))
    yield from sql_text.clauses_unknown(cited, (PROJECT / "docs" / "definitions.md").read_text(encoding="utf-8"))


def project_files() -> tuple[dict[str, str], dict[str, str]]:
    """(SQL, YAML) of the project."""
    return read_files(PROJECT, SQL_FOLDERS, (".sql",)), read_files(PROJECT, YAML_FOLDERS, (".yml", ".yaml"))


def _violations(settings: Settings, manifest: dict) -> Iterator[Violation]:
    sql, yml = project_files()
    catalog, executed, targets = look_into_warehouse(settings)
    yield from file_gates(sql, yml)
    yield from structure.layers_broken(manifest)
    yield from structure.without_grain(manifest)
    yield from structure.without_contract(manifest)
    yield from structure.identifiers_published(manifest, catalog)
    yield from lineage_gates(settings, manifest)
    yield from structure.seeds_unsourced(manifest)
    yield from structure.metrics_incomplete(manifest, targets)
    yield from cohorts.cohorts_incomplete(manifest)
    yield from dictionary.dictionary_untrue(manifest, catalog)
    yield from dictionary.feeds_unowned(manifest)
    yield from declared.not_known(yml, manifest)
    yield from declared.not_executed(manifest, executed | executed_by_dbt(settings))


def read_files(root: Path, folders: tuple[str, ...], endings: tuple[str, ...]) -> dict[str, str]:
    """Text of every file below the folders, by its path relative to `root`."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in endings
    }


def look_into_warehouse(settings: Settings) -> tuple[dict[tuple[str, str], list[str]], set[str], set[str]]:
    """(columns by table, ids of the tests that the check engine evaluated, metrics with a target)."""
    import duckdb

    catalog: dict[tuple[str, str], list[str]] = {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        for schema, table, column in warehouse.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "order by table_schema, table_name, ordinal_position"
        ).fetchall():
            catalog.setdefault((schema, table), []).append(column)
        executed, targets = set(), set()
        if ("hub", "check_result") in catalog:
            executed = {row[0] for row in warehouse.execute("select check_id from hub.check_result").fetchall()}
        for schema, table in catalog:  # one seed of targets a product: <product>_metric_target
            if table.endswith("metric_target"):
                rows = warehouse.execute(f'select distinct metric_id from "{schema}"."{table}"').fetchall()
                targets |= {row[0] for row in rows}
    return catalog, executed, targets


def lineage_gates(settings: Settings, manifest: dict) -> Iterator[Violation]:
    """No identifier flows into a mart through any number of tables, every column says how sensitive it is, and no
    column's origin is unknown."""
    from orchestration.lineage import load_lineage, sensitivity_violations

    nodes = {**manifest["nodes"], **manifest["sources"]}
    lineage = load_lineage(settings, manifest)
    for violation in sensitivity_violations(manifest, lineage):
        where = nodes[violation.column[0]]["original_file_path"]
        what, _, remedy = str(violation).partition(". ")
        yield Violation(where, None, "identifiers", what, remedy)
    yield from sensitivity.undeclared(manifest, lineage)
    yield from sensitivity.above_the_store(manifest, lineage)
    for node_id, column, why in lineage.unresolved:
        where = nodes[node_id]["original_file_path"]
        remedy = "Name the column in the SQL, so that its origin can be followed."
        yield Violation(
            where, None, "lineage", f"the origin of {nodes[node_id]['name']}.{column} is unknown: {why}", remedy
        )


def executed_by_dbt(settings: Settings) -> set[str]:
    """Ids of everything that dbt ran in this home: the last build, and unit tests where they ran."""
    found: set[str] = set()
    for file in settings.dbt_target.glob("run_results*.json"):
        results = (read_json(file) or {}).get("results", [])
        found |= {
            result["unique_id"] for result in results if result["status"] not in ("skipped", "error", "runtime error")
        }
    return found
