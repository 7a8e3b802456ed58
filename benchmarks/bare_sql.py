"""Baseline (b): the SQL that a build compiled, run straight in one DuckDB process, without dbt, checks or publication.

What building is measured against. It starts from a copy of the built warehouse that holds what is not a model
(sources, seeds, the moment) and makes every model again, in order, with the same settings.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT, Settings

THREADS = 2


def compiled_models(settings: Settings) -> list[dict[str, Any]]:
    """Every model of the last build, parents first: relation, whether it is a view, and its SELECT.

    A model in Python is left out, so that its table stays as the build left it.
    """
    manifest = json.loads((settings.dbt_target / "manifest.json").read_text())
    results = json.loads((settings.dbt_target / "run_results.json").read_text())["results"]
    compiled = {result["unique_id"]: result.get("compiled_code") for result in results}
    models = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node.get("language", "sql") == "sql"
    }
    ordered: dict[str, dict[str, Any]] = {}

    def add(key: str) -> None:
        if key in ordered or key not in models:
            return
        node = models[key]
        for parent in node["depends_on"]["nodes"]:
            add(parent)
        sql = compiled.get(key) or node.get("compiled_code")
        if not sql:
            raise ValueError(f"{node['name']} was not compiled: build the whole hub first")
        ordered[key] = {
            "name": node["name"],
            "relation": f'"{node["schema"]}"."{node["alias"]}"',
            "is_view": node["config"]["materialized"] == "view",
            "sql": sql,
        }

    for key in models:
        add(key)
    return list(ordered.values())


def connect(settings: Settings, warehouse: Path) -> Any:
    """A connection to a warehouse file that is set up as profiles.yml says."""
    import duckdb
    import yaml

    from orchestration.dbt_plugin import Plugin

    said = yaml.safe_load((PROJECT / "profiles.yml").read_text())["bihub"]["outputs"]["hub"].get("settings") or {}
    connection = duckdb.connect(str(warehouse), config={"threads": THREADS})
    for name, value in said.items():
        connection.execute(f"set {name} = '{value}'")
    Plugin.configure_connection(None, connection)
    return connection


def bare_sql(settings: Settings, scratch: Path) -> dict[str, Any]:
    """Make every model again in `scratch`, a folder for a copy of the warehouse. Seconds and CPU by model."""
    models = compiled_models(settings)
    scratch.mkdir(parents=True, exist_ok=True)
    copy = scratch / settings.warehouse.name  # compiled SQL names the database after its file
    shutil.copy(settings.warehouse, copy)
    connection = connect(settings, copy)
    for model in reversed(models):
        connection.execute(f"drop {'view' if model['is_view'] else 'table'} if exists {model['relation']} cascade")
    connection.execute("checkpoint")
    timed = {}
    begun = time.time()
    for model in models:
        started, cpu = time.perf_counter(), time.process_time()
        kind = "view" if model["is_view"] else "table"
        connection.execute(f"create {kind} {model['relation']} as {model['sql']}")
        timed[model["name"]] = (time.perf_counter() - started, time.process_time() - cpu)
    ended = time.time()
    tables = [model["relation"] for model in models if not model["is_view"]]
    rows = sum(connection.execute(f"select count(*) from {table}").fetchone()[0] for table in tables)
    connection.close()
    shutil.rmtree(scratch)
    return {"marks": {"all": (begun, ended)}, "models": timed, "rows": rows}
