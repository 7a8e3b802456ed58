"""Which tables dbt need not even look at."""

import json
from types import SimpleNamespace

import duckdb
import pytest

from orchestration.unchanged import is_unchanged

NODE = SimpleNamespace(schema="uec", alias="uec_metric")
MADE_FROM = {
    "model.bihub.fct_arrival": "2:9:abc",
    "model.bihub.through": "hash of SQL",
    "source.bihub.hub.run_day": "2026-11-01",
    "seed.bihub.target": "file",
}


@pytest.fixture
def warehouse():
    """One table that was made of a table, a view, a source and a seed, all as they were."""
    with duckdb.connect() as connection:
        connection.execute("create schema hub; create schema uec; create table uec.uec_metric (n int)")
        connection.execute(
            "create table hub.table_state (table_name varchar, definition varchar, inputs varchar, content varchar); "
            "create table hub.source_state (source_name varchar, tag varchar); "
            "insert into hub.source_state values ('hub.run_day', '2026-11-01')"
        )
        connection.executemany(
            "insert into hub.table_state values (?, ?, ?, ?)",
            [
                ["uec.uec_metric", "hash of its SQL", json.dumps(MADE_FROM), "1:1:a"],
                ["uec.fct_arrival", "hash of its SQL", "{}", "2:9:abc"],
                ["cdm.through", "hash of SQL", "{}", None],
            ],
        )
        yield connection


def test_a_table_whose_inputs_are_as_they_were_is_left_alone(warehouse):
    assert is_unchanged(warehouse, NODE)


@pytest.mark.parametrize(
    "change",
    [
        "update hub.table_state set content = '3:9:abc' where table_name = 'uec.fct_arrival'",
        "update hub.table_state set definition = 'other' where table_name = 'cdm.through'",
        "update hub.source_state set tag = '2026-11-02'",
        "delete from hub.source_state",
        "delete from hub.table_state where table_name = 'uec.fct_arrival'",
        "delete from hub.table_state where table_name = 'uec.uec_metric'",
        "drop table uec.uec_metric",
        "drop table uec.uec_metric; create view uec.uec_metric as select 1 as n",
        "update hub.table_state set inputs = replace(inputs, '2:9:abc', 'unknown') where table_name = 'uec.uec_metric'",
    ],
)
def test_anything_else_is_for_dbt_to_look_at(warehouse, change):
    warehouse.execute(change)
    assert not is_unchanged(warehouse, NODE)
