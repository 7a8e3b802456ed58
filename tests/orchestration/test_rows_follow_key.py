"""What a model promises with `rows_follow_key` is true of the SQL that it has: its rows of some keys can be made from
the input rows of these keys alone, and a change of an input row changes no row of another key. On it rests that a
day's files need not cost a whole build (macros/incremental).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from orchestration.dbt_plugin import Plugin
from orchestration.gates.nodes import load_built_manifest
from orchestration.settings import Settings

ONE_IN = 2


@dataclass
class Follower:
    """A model that follows a key. `inputs`: relation, and how it names the key (columns, or a way through another).
    `partitioned`: relations whose rows of one value of the column `partition` make the model's rows of that value."""

    name: str
    relation: str
    sql: str
    key: list[str]
    inputs: dict[str, Any]
    lookups: dict[str, str]
    partition: str | None
    partitioned: list[str]

    def named(self, how: Any) -> str:
        """SQL over `input`: the keys of the model that its rows belong to."""
        if isinstance(how, dict):
            picked = ", ".join(f"lookup.{column}" for column in self.key)
            return f"select {picked} from input join {self.lookup(how)} as lookup on {_same(how)}"
        named = zip(_listed(how), self.key, strict=True)
        return f"select {', '.join(f'{theirs} as {ours}' for theirs, ours in named)} from input"

    def lookup(self, how: dict[str, Any]) -> str:
        columns = ", ".join(dict.fromkeys([*self.key, *how["on"]]))
        read = [f"select {columns} from {self.lookups[one]}" for one in _listed(how["through"])]
        return f"({' union all '.join(read)})"

    def belongs(self, how: Any) -> str:
        """SQL condition over `input`: the row belongs to a key in `touched`."""
        if isinstance(how, dict):
            same = " and ".join(f"lookup.{column} = touched.{column}" for column in self.key)
            return f"exists (from {self.lookup(how)} as lookup join touched on {same} where {_same(how)})"
        named = zip(_listed(how), self.key, strict=True)
        same = " and ".join(f"input.{theirs} = touched.{ours}" for theirs, ours in named)
        return f"exists (from touched where {same})"


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _same(how: dict[str, Any]) -> str:
    return " and ".join(f"lookup.{theirs} = input.{ours}" for theirs, ours in how["on"].items())


def behind_views(manifest: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """What a model reads: of a view what lies behind it."""
    read = []
    for name in node["depends_on"]["nodes"]:
        one = (manifest["sources"] | manifest["nodes"])[name]
        is_view = one["resource_type"] == "model" and one["config"]["materialized"] == "view"
        read += behind_views(manifest, one) if is_view else [one]
    return read


@pytest.fixture(scope="module")
def followers(built_hub: Settings) -> list[Follower]:
    manifest = load_built_manifest(built_hub)
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as connection:
        texts = connection.execute("select table_name, sql from hub.view_text").fetchall()
    named = {f"{node['schema']}.{node['alias']}": node["relation_name"] for node in manifest["nodes"].values()}
    views = [(named[name], text) for name, text in texts] * 2  # twice, for views that read views
    found = []
    for node in manifest["nodes"].values():
        delta = node["config"].get("meta", {}).get("delta") if node["resource_type"] == "model" else None
        if delta:
            read = behind_views(manifest, node)
            names = {
                f"{one['source_name']}.{one['name']}" if one["resource_type"] == "source" else one["name"]: one
                for one in read
            }
            assert not set(delta["inputs"]) - set(names), f"{node['name']} follows a key in what it does not read"
            inputs = {names[name]["relation_name"]: how for name, how in delta["inputs"].items()}
            lookups = {name: one["relation_name"] for name, one in names.items()}
            assert not set(delta["partitioned"]) - set(names), (
                f"{node['name']} has a partition of what it does not read"
            )
            partitioned = [names[name]["relation_name"] for name in delta["partitioned"]]
            sql = node["compiled_code"]
            for view, text in views:
                sql = sql.replace(view, f"(\n{text}\n)")
            told = (sql, delta["key"], inputs, lookups, delta["partition"], partitioned)
            found.append(Follower(node["name"], node["relation_name"], *told))
    return found


@pytest.fixture(scope="module")
def warehouse(built_hub: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy: keys are attached as dbt does it, which no read-only connection can."""
    copy = shutil.copy(built_hub.warehouse, tmp_path_factory.mktemp("followers"))
    with pytest.MonkeyPatch.context() as patch, duckdb.connect(copy) as connection:
        patch.setenv("BIHUB_HOME", str(built_hub.home))
        connection.execute("set timezone = 'Europe/London'")
        Plugin.configure_connection(None, connection)
        yield connection


def made(connection: duckdb.DuckDBPyConnection, follower: Follower, restricted: dict[str, str]) -> None:
    """`made`: what the model's SQL gives where some inputs are only what a query gives of them."""
    sql = follower.sql
    for place, (relation, query) in enumerate(restricted.items()):
        connection.execute(f"create or replace temp table shadow_{place} as {query}")
        sql = sql.replace(relation, f"shadow_{place}")
    connection.execute(f"create or replace temp table made as {sql}")


def count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return connection.execute(f"select count(*) from ({query})").fetchone()[0]


def differing(connection: duckdb.DuckDBPyConnection, one: str, other: str, columns: str) -> int:
    """`differing`: `columns` of the rows of which two relations do not hold equally many; how many rows these are."""
    sides = (f"select {columns}, hash(t) as said, {n} as n from {name} as t" for name, n in ((one, 1), (other, -1)))
    connection.execute(
        f"create or replace temp table differing as select {columns} from ({' union all '.join(sides)}) "
        f"group by {columns}, said having sum(n) <> 0"
    )
    return count(connection, "from differing")


def test_some_keys_alone_give_the_rows_that_all_keys_give(warehouse, followers: list[Follower]) -> None:
    assert len(followers) >= 10
    for follower in followers:
        key = ", ".join(follower.key)
        warehouse.execute(
            f"create or replace temp table touched as select distinct {key} from {follower.relation} "
            f"where hash({key}) % {ONE_IN} = 0"
        )
        made(warehouse, follower, {
            relation: f"select input.* from {relation} as input where {follower.belongs(how)}"
            for relation, how in follower.inputs.items()
        })  # fmt: skip
        wanted = f"select * from {follower.relation} as input where {follower.belongs(follower.key)}"
        assert count(warehouse, wanted) or not count(warehouse, "from touched"), follower.name
        for one, other in (("from made", wanted), (wanted, "from made")):
            assert not count(warehouse, f"({one}) except all ({other})"), (
                f"{follower.name}: rows of some {key} are not made from the inputs of these alone"
            )


def test_a_changed_input_row_changes_rows_of_its_own_key_only(warehouse, followers: list[Follower]) -> None:
    changes = 0
    for follower in followers:
        key, known = ", ".join(follower.key), " and ".join(f"{column} is not null" for column in follower.key)
        assert not count(warehouse, f"from {follower.relation} where not ({known})"), f"{follower.name}: no {key}"
        for relation, how in follower.inputs.items():
            gone = f"hash(input) % {ONE_IN} = 0"
            made(warehouse, follower, {relation: f"select * from {relation} as input where not {gone}"})
            told = f"with input as (select * from {relation} as input where {gone}) {follower.named(how)}"
            changes += differing(warehouse, "made", follower.relation, key)
            # Without its identity a record has no key at all, a state that no build is in: every record has a person.
            assert not count(warehouse, f"(select {key} from differing where {known}) except ({told})"), (
                f"{follower.name}: a change in {relation} changes rows of another {key} than it names"
            )
    assert changes


def test_one_partition_alone_gives_the_rows_that_all_give(warehouse, followers: list[Follower]) -> None:
    """The newest, the oldest, and one between."""
    of_partitions = [follower for follower in followers if follower.partition]
    assert len(of_partitions) >= 10
    for follower in of_partitions:
        column = follower.partition
        known = [
            str(day)
            for (day,) in warehouse.execute(f"select distinct {column} from {follower.relation} order by 1").fetchall()
        ]
        for value in {known[0], known[len(known) // 2], known[-1]}:
            only = f"{column} = '{value}'"
            made(warehouse, follower, {
                relation: f"select * from {relation} where {only}" for relation in follower.partitioned
            })  # fmt: skip
            wanted = f"select * from {follower.relation} where {only}"
            assert count(warehouse, wanted)
            for one, other in (("from made", wanted), (wanted, "from made")):
                assert not count(warehouse, f"({one}) except all ({other})"), (
                    f"{follower.name}: rows of one {column} are not made from the inputs of this alone"
                )


def test_a_changed_partition_changes_its_own_rows_only(warehouse, followers: list[Follower]) -> None:
    changes = 0
    for follower in followers:
        for relation in follower.partitioned:
            column = follower.partition
            (value,) = warehouse.execute(f"select quantile_disc({column}, 0.5) from {relation}").fetchone()
            made(warehouse, follower, {relation: f"select * from {relation} where {column} <> '{value}'"})
            changes += differing(warehouse, "made", follower.relation, column)
            assert not count(warehouse, f"from differing where {column} is distinct from '{value}'"), (
                f"{follower.name}: a change of one {column} in {relation} changes rows of another"
            )
    assert changes
