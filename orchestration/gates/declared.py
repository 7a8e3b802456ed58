"""Declared = executed (design 4.5): every test that a YAML file names is known to dbt, and ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache

import yaml

from orchestration.gates.nodes import tests
from orchestration.gates.violation import Violation

# Where dbt reads tests from. Anywhere else it says nothing and runs nothing.
TOP_KEYS = {
    "version",
    "models",
    "sources",
    "seeds",
    "snapshots",
    "macros",
    "groups",
    "exposures",
    "unit_tests",
    "data_tests",
    "metrics",
    "semantic_models",
    "saved_queries",
    "analyses",
}
NODE_KEYS = {
    "name",
    "description",
    "config",
    "columns",
    "data_tests",
    "latest_version",
    "versions",
    "access",
    "group",
    "deprecation_date",
    "constraints",
    "docs",
    "time_spine",
}
COLUMN_KEYS = {
    "name",
    "description",
    "data_type",
    "data_tests",
    "config",
    "constraints",
    "quote",
    "granularity",
    "policy_tags",
}
TABLE_KEYS = {
    "name",
    "description",
    "identifier",
    "config",
    "columns",
    "data_tests",
    "loaded_at_field",
    "loaded_at_query",
    "freshness",
    "quoting",
    "external",
}
SOURCE_KEYS = {
    "name",
    "description",
    "config",
    "schema",
    "database",
    "tables",
    "loaded_at_field",
    "freshness",
    "quoting",
    "loader",
}
UNIT_KEYS = {"name", "description", "model", "given", "expect", "overrides", "config", "versions"}

Declared = tuple[str, str, str, str]
"""(file, resource, column or '', test)."""


class _Lines(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Keeps the line of every mapping under the key __line__."""

    def construct_mapping(self, node, deep=False):
        return {**super().construct_mapping(node, deep=deep), "__line__": node.start_mark.line + 1}


@cache
def _load(text: str) -> dict:
    """Whoever asks gets the same document, to read."""
    return yaml.load(text, _Lines) or {}


def _documents(files: Mapping[str, str]) -> Iterator[tuple[str, dict]]:
    """(file, document) of every file that is YAML; `misplaced_keys` names the others."""
    for file, text in files.items():
        with suppress(yaml.YAMLError):
            yield file, _load(text)


def _entries(document: dict) -> Iterator[tuple[str, dict, set[str]]]:
    """(name as dbt knows it, entry, allowed keys) of everything in a document that can carry tests."""
    for kind in ("models", "seeds", "snapshots"):
        for entry in document.get(kind) or []:
            yield entry.get("name", "?"), entry, NODE_KEYS
    for source in document.get("sources") or []:
        for table in source.get("tables") or []:
            yield f"{source.get('name', '?')}.{table.get('name', '?')}", table, TABLE_KEYS


def _test_name(test: object) -> str:
    """'not_null', {'unique_combination': {...}} and {'name': ..., 'test_name': ...} all name a test."""
    if isinstance(test, str):
        return test.split(".")[-1]
    ignored = ("__line__", "name", "description", "config", "arguments")
    words = [key for key in dict(test) if key not in ignored]
    return str(dict(test).get("test_name") or next(iter(words), "?")).split(".")[-1]


def misplaced_keys(files: Mapping[str, str]) -> list[Violation]:
    """Keys that dbt ignores without a word, such as a `tests:` at the top: what follows never runs."""
    found = []

    def check(file: str, where: str, entry: dict, allowed: set[str]) -> None:
        for key in entry:
            if key not in allowed and key != "__line__":
                remedy = (
                    "Write `data_tests:`."
                    if key in ("tests", "data_test", "test")
                    else f"Allowed here: {', '.join(sorted(allowed))}."
                )
                found.append(
                    Violation(
                        file,
                        entry.get("__line__"),
                        "declared-executed",
                        f"dbt does not read the key '{key}' {where}",
                        remedy,
                    )
                )

    for file, text in sorted(files.items()):
        try:
            document = _load(text)
        except yaml.MarkedYAMLError as problem:
            line = problem.problem_mark.line + 1 if problem.problem_mark else None
            found.append(Violation(file, line, "declared-executed", f"not YAML: {problem.problem}", "Mend the line."))
            continue
        check(file, "at the top of a file", document, TOP_KEYS)
        for source in document.get("sources") or []:
            check(file, f"in source {source.get('name')}", source, SOURCE_KEYS)
        for unit in document.get("unit_tests") or []:
            check(file, f"in unit test {unit.get('name')}", unit, UNIT_KEYS)
        for name, entry, allowed in _entries(document):
            check(file, f"in {name}", entry, allowed)
            for column in entry.get("columns") or []:
                check(file, f"in column {name}.{column.get('name')}", column, COLUMN_KEYS)
    return found


def declared_tests(files: Mapping[str, str]) -> Counter[Declared]:
    """How often the YAML files declare each test."""
    counted: Counter[Declared] = Counter()
    for file, document in _documents(files):
        for name, entry, _ in _entries(document):
            counted.update((file, name, "", _test_name(test)) for test in _listed(entry))
            for column in entry.get("columns") or []:
                counted.update((file, name, str(column.get("name")), _test_name(test)) for test in _listed(column))
    return counted


def _listed(entry: dict) -> list:
    return [*(entry.get("data_tests") or []), *(entry.get("tests") or [])]


def declared_unit_tests(files: Mapping[str, str]) -> set[tuple[str, str]]:
    """(file, name) of every unit test in the YAML files."""
    return {(file, unit["name"]) for file, document in _documents(files) for unit in document.get("unit_tests") or []}


def known_tests(manifest: dict) -> Counter[Declared]:
    """How often dbt knows each generic test."""
    counted: Counter[Declared] = Counter()
    names = {key: node["name"] for key, node in manifest["nodes"].items()}
    for node in tests(manifest):
        if node.get("test_metadata"):
            about = names.get(node.get("attached_node") or "") or ".".join(
                node["sources"][0] if node["sources"] else ["?"]
            )
            counted[
                (
                    node["original_file_path"],
                    about,
                    node.get("column_name") or "",
                    node["test_metadata"]["name"],
                )
            ] += 1
    return counted


def not_known(files: Mapping[str, str], manifest: dict) -> list[Violation]:
    """Tests that a YAML file declares and dbt does not know (a misplaced key, a disabled test)."""
    missing = declared_tests(files) - known_tests(manifest)
    units = {(unit["original_file_path"], unit["name"]) for unit in manifest.get("unit_tests", {}).values()}
    remedy = "dbt dropped it: look for a disabled config, or a key that dbt does not read."
    return [
        Violation(
            file,
            None,
            "declared-executed",
            f"test {test} of {'.'.join(filter(None, (about, column)))} never reaches dbt",
            remedy,
        )
        for (file, about, column, test) in sorted(missing)
    ] + [
        Violation(file, None, "declared-executed", f"unit test {name} never reaches dbt", remedy)
        for file, name in sorted(declared_unit_tests(files) - units)
    ]


def not_executed(manifest: dict, executed: set[str]) -> list[Violation]:
    """Tests that dbt knows and nothing ran. `executed`: ids from run results and from hub.check_result."""
    found = []
    for node in tests(manifest):
        if node["unique_id"] not in executed:
            found.append(
                Violation(
                    node["original_file_path"],
                    None,
                    "declared-executed",
                    f"test {node['name']} did not run",
                    "Run `bihub run`; if it still does not run, the check engine left it out.",
                )
            )
    idle = [unit for key, unit in manifest.get("unit_tests", {}).items() if key not in executed]
    if idle and len(idle) == len(manifest["unit_tests"]):
        found.append(
            Violation(
                "models",
                None,
                "declared-executed",
                f"none of the {len(idle)} unit tests ran in this home",
                "Run `python tasks.py gates`, which runs them first.",
            )
        )
    else:
        found += [
            Violation(
                unit["original_file_path"],
                None,
                "declared-executed",
                f"unit test {unit['name']} did not run",
                "Run `dbt test --select test_type:unit`.",
            )
            for unit in idle
        ]
    return found
