"""The check engine: the same verdict as dbt's own tests, for every kind, in one statement a table; nothing left out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.gates.declared import not_executed
from orchestration.settings import PROJECT, Settings

PROJECT_YML = """
name: bihub
profile: tiny
model-paths: [models]
macro-paths: [macros]
on-run-start: ["{{ hub_tables() }}"]
on-run-end: ["{{ run_declared_checks(results) }}"]
models: {bihub: {+materialized: table}}
"""
PROFILES_YML = "tiny: {target: t, outputs: {t: {type: duckdb, path: '{{ env_var(\"TINY\") }}/tiny.duckdb'}}}\n"
HUB_TABLES = """
{% macro hub_tables() %}
    {% if execute %}
        {% do run_query('create schema if not exists hub') %}
        {% do run_query(create_check_result()) %}
        {% do run_query("create or replace table hub.run_context as select timestamp '2026-11-01 08:00:00' as as_of") %}
        {% do run_query("create or replace table hub.feed as select 'x' as code union all select null") %}
    {% endif %}
{% endmacro %}

{% test of_our_own(model, column_name) %}select * from {{ model }} where {{ column_name }} = 'z'{% endtest %}
"""
# Ten rows; every kind of check meets what it is there to find, and nulls that it must not count.
THING_ROWS = """thing_id,code,size,place,grp,part
k01,a,1,E01,g1,1
k02,b,2,E02,g1,1
k03,c,3,X03,g1,2
k04,,4,,g2,3
k05,q,5,E05,g2,3
k06,q,60,E06x,g2,3
k07,a,-7,E07,g3,
k07,a,,E08,g3,
,b,9,E09,g3,7
k10,secret-value,10,E10,g4,8
"""
THING = "select * from read_csv('{{ env_var('TINY') }}/thing.csv')"
OTHER = "select * from (values ('a'), ('b'), ('c')) as t (code)"
CHECKS_YML = """
version: 2
sources:
  - name: hub
    tables:
      - {name: run_context}
      - {name: check_result}
      - name: feed
        columns:
          - {name: code, data_tests: [not_null]}
models:
  - name: other
    columns:
      - {name: code, data_tests: [not_null, unique]}
  - name: reads_feed
  - name: nobody
    columns:
      - name: nhs_number
        config: {meta: {sensitivity: identifying}}
        data_tests:
          - unique
          - matches: {arguments: {regex: 'n[0-9]'}}
  - name: thing
    data_tests:
      - unique_combination: {name: combination, arguments: {columns: [grp, part]}}
      - expression_is_true: {name: expression, arguments: {expression: "size < 50"}}
    columns:
      - name: thing_id
        data_tests:
          - unique: {name: key}
          - not_null: {name: present}
      - name: code
        data_tests:
          - accepted_values: {name: codes, arguments: {values: [a, b, c, "it's"]}}
          - accepted_values: {name: codes_warn, arguments: {values: [a, b, c]}, config: {severity: warn}}
          - accepted_values: {name: codes_some, arguments: {values: [a, b, c]}, config: {error_if: '>3', warn_if: '>2'}}
          - accepted_values:
              {name: codes_many, arguments: {values: [a, b, c]}, config: {error_if: '>3', warn_if: '>1'}}
          - relationships: {name: reference, arguments: {to: ref('other'), field: code}}
          - relationships:
              {name: reference_where, arguments: {to: ref('other'), field: code}, config: {where: "grp = 'g4'"}}
      - name: size
        data_tests:
          - accepted_range: {name: range_both, arguments: {min_value: 0, max_value: 50}}
          - accepted_range: {name: range_low, arguments: {min_value: 0}}
          - accepted_range: {name: range_where, arguments: {min_value: 0, max_value: 50}, config: {where: "grp = 'g3'"}}
          - expression_is_true: {name: column_expression, arguments: {expression: "between 0 and 50"}}
          - not_null_share: {name: share_enough, arguments: {at_least: 0.9}}
          - not_null_share: {name: share_too_low, arguments: {at_least: 0.95}}
      - name: place
        data_tests:
          - matches: {name: pattern, arguments: {regex: 'E[0-9]{2}'}}
"""
EXPECTED = {
    "combination": (10, 7, "fail"),
    "expression": (10, 1, "fail"),
    "key": (9, 2, "fail"),
    "present": (10, 1, "fail"),
    "codes": (10, 3, "fail"),
    "codes_warn": (10, 3, "warn"),
    "codes_some": (10, 3, "warn"),
    "codes_many": (10, 3, "warn"),
    "reference": (9, 3, "fail"),
    "reference_where": (1, 1, "fail"),
    "range_both": (10, 2, "fail"),
    "range_low": (10, 1, "fail"),
    "range_where": (3, 1, "fail"),
    "column_expression": (10, 2, "fail"),
    "share_enough": (10, 0, "pass"),
    "share_too_low": (10, 1, "fail"),
    "pattern": (10, 2, "fail"),
}
REFUSED = """
version: 2
models:
  - name: thing
    columns:
      - name: code
        data_tests:
          - of_our_own: {name: unknown_kind}
          - not_null: {name: limited, config: {limit: 1}}
          - not_null: {name: stored, config: {store_failures: true}}
          - not_null: {name: counted_otherwise, config: {fail_calc: "max(1)"}}
          - not_null_share: {name: share_where, arguments: {at_least: 0.5}, config: {where: "1 = 1"}}
      - name: no_such_column
        data_tests:
          - not_null: {name: ghost}
"""


class Tiny:
    """A dbt project of a few rows with the hub's check macros."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in ("checks", "portable"):
            shutil.copytree(PROJECT / "macros" / part, folder / "macros" / part)
        self.write("dbt_project.yml", PROJECT_YML)
        self.write("profiles.yml", PROFILES_YML)
        self.write("macros/hub_tables.sql", HUB_TABLES)
        self.write("thing.csv", THING_ROWS)
        self.write("models/thing.sql", THING)
        self.write("models/other.sql", OTHER)
        self.write("models/reads_feed.sql", "select code from {{ source('hub', 'feed') }}")
        self.write(
            "models/nobody.sql",
            "select nhs_number from (values ('n1'), ('n1'), ('secret-number')) as t (nhs_number)",
        )
        self.write("models/_checks.yml", CHECKS_YML)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def dbt(self, *arguments: str) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BIHUB_", "DBT_"))}
        environment |= {"TINY": str(self.folder), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", *arguments, "--profiles-dir", "."],
            cwd=self.folder, env=environment, text=True, capture_output=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    def results(self) -> dict[str, dict]:
        with duckdb.connect(str(self.folder / "tiny.duckdb"), read_only=True) as warehouse:
            cursor = warehouse.execute("select * from hub.check_result")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert len(rows) == len({row["check_id"] for row in rows}), "a check has two results"
        return {row["check_name"]: row for row in rows}

    def manifest(self) -> dict:
        return json.loads((self.folder / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    project = Tiny(tmp_path_factory.mktemp("tiny"))
    project.output = project.dbt("build", "--exclude", "test_type:generic")
    return project


def test_every_kind_counts_the_rows_that_fail(tiny: Tiny) -> None:
    results = tiny.results()
    found = {
        name: (results[name]["rows_checked"], results[name]["rows_failed"], results[name]["status"])
        for name in EXPECTED
    }
    assert found == EXPECTED, tiny.output


def test_samples_are_keys_and_never_identify(tiny: Tiny) -> None:
    results = tiny.results()
    assert (results["pattern"]["sample_key_low"], results["pattern"]["sample_key_high"]) == ("k03", "k06")
    assert results["reference"]["sample_key_high"] == "k10"
    assert results["combination"]["sample_key_low"] == "g1|1"
    assert results["share_enough"]["sample_key_low"] is None
    nobody = [row for row in results.values() if row["table_name"].endswith("nobody")]
    assert sorted(row["rows_failed"] for row in nobody) == [1, 2]
    assert {row["sample_key_low"] for row in nobody if row["kind"] == "matches"} == {None}


def test_no_value_of_a_row_is_printed(tiny: Tiny) -> None:
    written = [path for path in tiny.folder.rglob("*") if path.suffix in (".json", ".log", ".sql", ".msgpack")]
    assert any(path.name == "dbt.log" for path in written)
    for text in (tiny.output, *(path.read_bytes().decode(errors="replace") for path in written)):
        assert "k03" not in text and "secret-value" not in text


def test_the_sources_that_were_read_are_checked(tiny: Tiny) -> None:
    feed = [row for row in tiny.results().values() if row["table_name"] == "hub.feed"]
    assert [(row["rows_checked"], row["rows_failed"]) for row in feed] == [(2, 1)]


def test_every_result_says_which_moment_it_describes(tiny: Tiny) -> None:
    assert {str(row["as_of"]) for row in tiny.results().values()} == {"2026-11-01 08:00:00"}


def test_dbts_own_tests_say_the_same(tiny: Tiny) -> None:
    before = tiny.results()
    tiny.dbt("test", "--select", "test_type:generic")
    ran = json.loads((tiny.folder / "target" / "run_results.json").read_text())["results"]
    by_dbt = {
        result["unique_id"]: (result["failures"], result["status"])
        for result in ran
        if result["unique_id"].startswith("test.")
    }
    by_engine = {row["check_id"]: (row["rows_failed"], row["status"]) for row in before.values()}
    assert by_engine == by_dbt
    assert tiny.results() == before, "`dbt test` alone must leave the last results as they are"


def test_declared_is_executed(tiny: Tiny) -> None:
    executed = {row["check_id"] for row in tiny.results().values()}
    assert not_executed(tiny.manifest(), executed) == []
    assert len(not_executed(tiny.manifest(), executed - {min(executed)})) == 1


def test_what_the_engine_cannot_evaluate_is_an_error_that_says_so(tmp_path: Path) -> None:
    project = Tiny(tmp_path)
    project.write("models/_checks.yml", REFUSED + CHECKS_YML[: CHECKS_YML.index("models:")].replace("version: 2", ""))
    output = project.dbt("build", "--exclude", "test_type:generic")
    results = project.results()
    assert {name: row["status"] for name, row in results.items() if row["table_name"] == "main.thing"} == dict.fromkeys(
        ("unknown_kind", "limited", "stored", "counted_otherwise", "share_where", "ghost"), "error"
    ), output
    assert "'of_our_own' is unknown" in results["unknown_kind"]["message"]
    assert "no column 'no_such_column'" in results["ghost"]["message"]
    assert "error: ghost" in output


def test_only_what_was_built_is_checked_and_the_rest_is_kept(tmp_path: Path) -> None:
    project = Tiny(tmp_path)
    project.dbt("build", "--exclude", "test_type:generic")
    first = project.results()
    project.write("models/other.sql", "select cast(null as varchar) as code")
    project.write("models/thing.sql", "select no_such_thing")
    project.write("thing.csv", THING_ROWS.splitlines()[0])
    project.write("models/_checks.yml", CHECKS_YML.replace("          - not_null: {name: present}\n", ""))
    output = project.dbt("build", "--select", "thing", "other", "--exclude", "test_type:generic")
    assert "no_such_thing" in output
    second = project.results()
    changed = {second[name]["table_name"] for name in second if second[name] != first[name]}
    assert changed == {"main.other"}, "what failed, and what was not asked for, keeps its results"
    assert set(first) - set(second) == {"present"}, "a check that is no longer declared has no result"


def test_a_check_costs_milliseconds(tmp_path: Path) -> None:
    """About 2 ms; a dbt test costs 50 ms as a node. The bar is high enough for a busy machine, and no higher."""
    project = Tiny(tmp_path)
    for each in ("nobody", "reads_feed", "other"):
        (tmp_path / "models" / f"{each}.sql").unlink()
    ranges = "".join(
        f"          - accepted_range: {{name: r{n}, arguments: {{min_value: {-n}, max_value: {n}}}}}\n"
        for n in range(200)
    )
    sources = CHECKS_YML[: CHECKS_YML.index("models:")]
    head = "models:\n  - name: thing\n    columns:\n      - name: size\n        data_tests:\n"
    project.write("models/_checks.yml", sources + head + ranges)
    project.dbt("build", "--exclude", "test_type:generic")
    assert len(project.results()) == 200
    ran = json.loads((tmp_path / "target" / "run_results.json").read_text())["results"]
    seconds = next(result["execution_time"] for result in ran if "on-run-end" in result["unique_id"])
    assert seconds / 200 < 0.020, f"{1000 * seconds / 200:.1f} ms a check"


def test_every_declared_check_of_the_hub_has_a_result(built_hub: Settings) -> None:
    manifest = json.loads((built_hub.dbt_target / "manifest.json").read_text())
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        executed = {row[0] for row in warehouse.execute("select check_id from hub.check_result").fetchall()}
        errors = warehouse.execute("select message from hub.check_result where status = 'error'").fetchall()
    assert errors == []
    generic = {
        key for key, node in manifest["nodes"].items() if node["resource_type"] == "test" and node.get("test_metadata")
    }
    assert executed == generic


def test_the_published_results_have_no_sample_keys(built_hub: Settings) -> None:
    file = built_hub.published / "secondary_use" / "quality" / "dq_check_result.parquet"
    columns = {row[0] for row in duckdb.sql(f"describe select * from '{file}'").fetchall()}
    assert {"check_id", "status", "rows_failed"} <= columns
    assert not {column for column in columns if column.startswith("sample_")}
