"""No model's time grows with the square of its rows: DuckDB plans no join that compares everything with everything.

A condition in ON that names one side only (`left join b on a.is_odd and a.key = b.key`) is enough for that, and passes
unseen on a small hub: a minute of linkage at 200,000 residents would have been most of an hour at 1.2 million.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from orchestration.dbt_plugin import Plugin
from orchestration.gates.nodes import load_built_manifest
from orchestration.settings import Settings

PAIRS = ("BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN", "PIECEWISE_MERGE_JOIN", "IE_JOIN")
OUTER = ("LEFT", "RIGHT", "FULL", "OUTER")
ONE_SIDE_IS_SMALL = {
    "flow_calls": "one moment",
    "flow_hospital_door": "one moment and a few sites",
    "flow_position": "reads flow_calls and flow_hospital_door, which are views",
    "phm_risk_model": "one row of the model card",
    "risk_plan": "25 index dates",
}


@pytest.fixture(scope="module")
def warehouse(built_hub: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    copy = shutil.copy(built_hub.warehouse, tmp_path_factory.mktemp("plans"))
    with pytest.MonkeyPatch.context() as patch, duckdb.connect(copy) as connection:
        patch.setenv("BIHUB_HOME", str(built_hub.home))
        Plugin.configure_connection(None, connection)
        yield connection


def outer_joins_of_pairs(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """The conditions of outer joins that compare every row of one side with every row of the other."""

    def below(step: dict[str, Any]) -> Iterator[str]:
        about = step["extra_info"]
        if step["name"] in PAIRS and about.get("Join Type") in OUTER:
            yield str(about.get("Condition") or about.get("Conditions"))
        for child in step["children"]:
            yield from below(child)

    plan = json.loads(connection.execute(f"explain (format json) {sql}").fetchall()[0][1])
    return [condition for step in plan for condition in below(step)]


def test_no_outer_join_compares_everything_with_everything(built_hub: Settings, warehouse) -> None:
    models = [
        node
        for node in load_built_manifest(built_hub)["nodes"].values()
        if node["resource_type"] == "model" and node["language"] == "sql"
    ]
    assert len(models) > 250
    found = {node["name"]: outer_joins_of_pairs(warehouse, node["compiled_code"]) for node in models}
    slow = {name: conditions for name, conditions in found.items() if conditions}
    assert set(slow) == set(ONE_SIDE_IS_SMALL), {name: slow[name] for name in set(slow) - set(ONE_SIDE_IS_SMALL)}


def test_a_condition_of_one_side_is_found(warehouse) -> None:
    warehouse.execute("create or replace temp table a as select range as key, range % 2 = 1 as is_odd from range(100)")
    joined = "select a.key, b.key from a left join a as b on {} a.key = b.key"
    assert outer_joins_of_pairs(warehouse, joined.format("")) == []
    assert len(outer_joins_of_pairs(warehouse, joined.format("a.is_odd and"))) == 1
