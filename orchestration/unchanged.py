"""What tables and views hold, as tags (hub.table_state, hub.source_state), and who may be left alone because of it.

A table of which nothing that it is made from has changed is left alone before dbt renders its SQL. macros/incremental
finds the same, but only once dbt has rendered the model: some 60 ms each, for hundreds of them, whenever a file lands.
So only under the rules of the last whole build, when a model's SQL is what it was (orchestration.warehouse).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

PROJECT_NAME = "bihub"
TAGS = f"""
    select 'model.{PROJECT_NAME}.' || split_part(table_name, '.', 2), coalesce(content, definition) from hub.table_state
    union all
    select 'source.{PROJECT_NAME}.' || source_name, tag from hub.source_state
"""


def tags_now(warehouse: Any) -> dict[str, str]:
    """{node id: tag} of what every table holds, every source gave when dbt started last, and every view says.

    What has no tag, like the results of checks, may always be another. `warehouse`: an open DuckDB connection.
    """
    return dict(warehouse.execute(TAGS).fetchall())


def tag_of_view(node_id: str, manifest: Mapping[str, Any], tags: Mapping[str, str]) -> str | None:
    """Tag of what a view gives: its SQL and the content of all that lies behind it; None where one has no tag."""
    said, ahead = {}, [node_id]
    while ahead:
        here = ahead.pop()
        node = manifest["nodes"].get(here) or {}
        said[here] = node["checksum"]["checksum"] if here.startswith("seed.") else tags.get(here)
        if node.get("config", {}).get("materialized") == "view":
            ahead += [parent for parent in node["depends_on"]["nodes"] if parent not in said]
    if None in said.values():
        return None
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def is_unchanged(warehouse: Any, node: Any) -> bool:
    """Whether a table is there, and everything that it was made from still holds what it held then.

    A seed is its file, which is one of the rules.
    """
    name = f"{node.schema}.{node.alias}"
    is_there = "select 1 from duckdb_tables() where schema_name || '.' || table_name = ?"
    made = warehouse.execute("select inputs from hub.table_state where table_name = ?", [name]).fetchone()
    if made is None or warehouse.execute(is_there, [name]).fetchone() is None:
        return False
    tags = tags_now(warehouse)
    made_from = {node_id: tag for node_id, tag in json.loads(made[0]).items() if not node_id.startswith("seed.")}
    return all(tags.get(node_id) == tag for node_id, tag in made_from.items())


@contextmanager
def unchanged_left_alone() -> Iterator[None]:
    """`dbt build` in this process asks `is_unchanged` of each model first."""
    from dbt.artifacts.schemas.results import RunStatus
    from dbt.artifacts.schemas.run import RunResult
    from dbt.node_types import NodeType
    from dbt.task.build import BuildTask
    from dbt.task.run import ModelRunner

    class Runner(ModelRunner):
        def compile_and_execute(self, manifest, ctx):
            started = time.perf_counter()
            with self.adapter.connection_named(self.node.unique_id, self.node):
                cursor = self.adapter.connections.get_thread_connection().handle.cursor()
                unchanged = is_unchanged(cursor, self.node)
            if not unchanged:
                return super().compile_and_execute(manifest, ctx)
            return RunResult(
                node=self.node,
                status=RunStatus.Success,
                message="unchanged",
                timing=[],
                thread_id="",
                execution_time=time.perf_counter() - started,
                adapter_response={},
                failures=None,
                batch_results=None,
            )

    plain = BuildTask.RUNNER_MAP
    BuildTask.RUNNER_MAP = {**plain, NodeType.Model: Runner}
    try:
        yield
    finally:
        BuildTask.RUNNER_MAP = plain
