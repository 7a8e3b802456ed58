"""Each gate sees the violation that is planted for it, names the place, and lets what is right pass."""

from __future__ import annotations

import json
import re
import shutil
import textwrap

import duckdb
import pytest

from orchestration.gates import NothingBuilt, declared, dictionary, run_gates, sql_text, structure
from orchestration.gates.nodes import METRIC_COLUMNS, PERSON_COLUMNS
from orchestration.settings import PROJECT, Settings

HEADER = "-- One row per person: who is known to the hub.\n"


def model(name: str, path: str, depends: tuple[str, ...] = (), **more) -> dict:
    """A model as dbt's manifest shows it; `path` is below models/, without the file."""
    node = {
        "resource_type": "model",
        "unique_id": f"model.bihub.{name}",
        "name": name,
        "alias": name,
        "schema": path.split("/")[1] if path.startswith("marts/") else path.split("/")[0],
        "fqn": ["bihub", *path.split("/"), name],
        "original_file_path": f"models/{path}/{name}.sql",
        "patch_path": f"bihub://models/{path}/_{path.split('/')[-1]}.yml",
        "depends_on": {"nodes": list(depends)},
        "description": "What it holds.",
        "columns": {},
        "config": {"materialized": "table"},
    }
    return {**node, **more}


def source(partner: str, table: str, columns: dict | None = None, **meta) -> dict:
    return {
        "resource_type": "source",
        "unique_id": f"source.bihub.{partner}.{table}",
        "source_name": partner,
        "name": table,
        "original_file_path": f"models/feeds/{partner}.yml",
        "columns": columns or {},
        "config": {},
        "source_meta": meta,
    }


def manifest_of(*nodes: dict, **more) -> dict:
    kept = {kind: {} for kind in ("nodes", "sources")}
    for node in nodes:
        kept["sources" if node["resource_type"] == "source" else "nodes"][node["unique_id"]] = node
    return {**kept, "unit_tests": {}, **more}


def generic_test(name: str, about: str, column: str | None = None, file: str = "models/cdm/_cdm.yml") -> dict:
    return {
        "resource_type": "test",
        "unique_id": f"test.bihub.{name}_{about}_{column}",
        "name": f"{name}_{about}_{column}",
        "original_file_path": file,
        "attached_node": f"model.bihub.{about}",
        "column_name": column,
        "test_metadata": {"name": name},
        "sources": [],
    }


# --- text of SQL files


@pytest.mark.parametrize(
    "sql",
    [
        "select current_date",
        "select NOW() as moment",
        "{% set today = run_started_at %}",
        "select get_current_timestamp()",
        "{{ run_query('select now()') }}",
        "select random()",
    ],
)
def test_a_clock_in_sql_is_seen(sql):
    found = sql_text.clock_in_sql({"models/cdm/person.sql": f"{HEADER}\n{sql}\n"})
    assert [(v.file, v.line, v.rule) for v in found] == [("models/cdm/person.sql", 3, "no-clock")]


@pytest.mark.parametrize(
    "sql",
    [
        "-- not now(), not current_date",
        "{# now() #}",
        "/* today() */ select known_now",
        "select {{ as_of() }}",
    ],
)
def test_words_about_clocks_are_no_clocks(sql):
    assert sql_text.clock_in_sql({"models/cdm/person.sql": sql}) == []


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select a from b qualify row_number() over (order by a) = 1", "qualify"),
        ("select * exclude (a) from b", "* exclude"),
        ("select a, count(*) from b group  by all", "group  by all"),
        ("select a::date from b", "::"),
        ("select list_sort(a) from b", "list_sort("),
        ("select {'a': 1} as b", "{"),
        ("select a from b asof join c using (d)", "asof join"),
        ("pivot b on a using sum(c)", "pivot"),
        ("select a from b where c not ilike 'x%'", "not ilike"),
        ("select a // 2 from b", "//"),
        ("select {{ safe_divide('a::double', 'b') }}", "::"),
        ("select date_diff('year', a, b) from c", "date_diff("),
        ("select a from b semi join c using (d)", "semi join"),
        ("select * replace (a + 1 as a) from b", "* replace ("),
        ("select columns('a.*') from b", "columns("),
        ("select a from b union all by name select a from c", "union all by name"),
        ("select arg_max(a, b) from c", "arg_max("),
        ("select strftime(a, '%Y') from b", "strftime("),
        ("select quantile_disc(a, 0.9) from b", "quantile_disc("),
        ("select a from generate_series(1, 9)", "generate_series("),
        ("select a from read_parquet('b')", "read_parquet("),
        ("select regexp_matches(a, 'b') from c", "regexp_matches("),
    ],
)
def test_sql_for_duckdb_alone_is_seen(sql, word):
    (found,) = sql_text.not_portable({"models/cdm/person.sql": f"{HEADER}{sql}\n"})
    assert (found.line, found.rule) == (2, "portable-sql")
    assert f"'{word}" in found.problem


@pytest.mark.parametrize(
    "sql",
    [
        "select 'http://x::y' as address -- not a::b, not a // b",
        "{% set half = 7 // 2 %}{# qualify #}",
        "select excluded, pivotal, all_rows from listing group by excluded",
        "select {{ list_of_codes(['a', 'b']) }}",
    ],
)
def test_portable_sql_passes(sql):
    assert sql_text.not_portable({"models/cdm/person.sql": sql}) == []


def test_a_line_keeps_its_number_behind_long_comments():
    text = "/* one\ntwo */\n{# three\nfour #}\nselect a::date, current_date from b\n"
    assert [v.line for v in sql_text.not_portable({"models/cdm/person.sql": text})] == [5]
    assert [v.line for v in sql_text.clock_in_sql({"models/cdm/person.sql": text})] == [5]


def test_dialects_have_their_room():
    assert sql_text.not_portable({"macros/portable/dates.sql": "date_diff('day', a, b)"}) == []
    assert sql_text.not_portable({"macros/nhs/dates.sql": "date_diff('day', a, b)"}) != []


def test_a_model_without_a_header_is_seen():
    files = {
        "models/cdm/a.sql": "select 1 as b\n",
        "models/cdm/b.sql": "-- todo\nselect 1 as b\n",
        "models/cdm/c.sql": "{{ config(alias='x') }}\n-- One row per site: where people go.\nselect 1\n",
        "models/cdm/d.sql": "{#- One row per site: where people are treated. -#}\nselect 1\n",
        "models/marts/uec/metrics/hand_15.sql": "select 1\n",
        "macros/nhs/age.sql": "{% macro age() %}1{% endmacro %}\n",
    }
    assert [v.file for v in sql_text.without_header(files)] == ["models/cdm/a.sql", "models/cdm/b.sql"]


def test_a_long_model_is_seen():
    files = {"models/cdm/a.sql": "x\n" * 151, "models/cdm/b.sql": "x\n" * 150, "macros/c.sql": "x\n" * 300}
    (found,) = sql_text.too_long(files)
    assert (found.file, found.rule) == ("models/cdm/a.sql", "length")


def test_a_clause_that_nobody_can_look_up_is_seen():
    definitions = "# Definitions\n## 3. Measures\n### 3.4 Emergency department\n"
    files = {"models/a.sql": "-- Kept as F 3.4 says.\n-- Left out as F 9.9 says (see RF 7.7 and F3).\n"}
    (found,) = sql_text.clauses_unknown(files, definitions)
    assert (found.file, found.line) == ("models/a.sql", 2)
    assert "'F 9.9'" in found.problem


# --- structure


@pytest.mark.parametrize(
    ("node", "parent", "allowed"),
    [
        (model("stg_eeast__incidents", "staging/eeast"), source("eeast", "incidents"), True),
        (model("stg_eeast__incidents", "staging/eeast"), source("ic24", "calls"), False),
        (model("stg_eeast__incidents", "staging/eeast"), model("person", "cdm"), False),
        (model("stg_eeast__incidents", "staging/eeast"), model("stg_ic24__calls", "staging/ic24"), False),
        (model("stg_eeast__incidents", "staging/eeast"), source("hub", "run_context"), True),
        (model("person_identity", "person_index"), model("stg_ic24__calls", "staging/ic24"), True),
        (model("person_identity", "person_index"), source("ic24", "calls"), False),
        (model("person_identity", "person_index"), model("person", "cdm"), False),
        (model("person", "cdm"), model("person_identity", "person_index"), True),
        (model("person", "cdm"), source("ic24", "calls"), False),
        (model("person", "cdm"), model("dim_person", "marts/uec"), False),
        (model("fct_bed_state", "marts/uec"), model("bed_state", "cdm"), True),
        (model("fct_bed_state", "marts/uec"), model("stg_mseft__bed_state", "staging/mseft"), False),
        (model("fct_bed_state", "marts/uec"), source("mseft", "bed_state"), False),
        (model("fct_bed_state", "marts/uec"), source("hub", "batch"), False),
        (model("feed_quality", "marts/quality"), source("hub", "batch"), True),
        (model("uec_metric", "marts/uec"), model("hand_15", "marts/uec/metrics"), True),
        (
            model("kpi", "marts/kpi"),
            model("uec_metric", "marts/uec", config={"access": "public"}),
            True,
        ),
        (model("kpi", "marts/kpi"), model("hand_15", "marts/uec/metrics"), False),
    ],
)
def test_each_room_names_only_its_own(node, parent, allowed):
    node = {**node, "depends_on": {"nodes": [parent["unique_id"]]}}
    found = structure.layers_broken(manifest_of(node, parent))
    assert (found == []) == allowed
    for violation in found:
        assert violation.file == node["original_file_path"]
        assert parent["name"] in violation.problem


def test_a_model_without_a_grain_test_is_seen():
    found = structure.without_grain(
        manifest_of(
            model("person", "cdm"),
            model("site", "cdm"),
            model("bed_state", "cdm"),
            model("event", "cdm", config={"meta": {"waive": {"grain": "one row per message, none has a key"}}}),
            model("hand_15", "marts/uec/metrics"),
            generic_test("unique", "site", "site_code"),
            generic_test("unique_combination", "bed_state"),
            generic_test("not_null", "person", "person_id"),
        )
    )
    assert [v.problem for v in found] == ["nothing tests what one row of person is"]


def test_a_mart_without_a_contract_is_seen():
    found = structure.without_contract(
        manifest_of(
            model("dim_site", "marts/uec", config={"contract": {"enforced": True}}),
            model("dim_date", "marts/uec", config={"contract": {"enforced": False}}),
            model("hand_15", "marts/uec/metrics"),
            model("site", "cdm"),
        )
    )
    assert [v.problem for v in found] == ["dim_date has no enforced contract"]


def test_an_identifier_in_a_mart_is_seen():
    marked = {"patient": {"config": {"meta": {"sensitivity": "identifying"}}}}
    manifest = manifest_of(model("dim_person", "marts/uec", columns=marked), model("person", "cdm"))
    catalog = {("uec", "dim_person"): ["person_key", "postcode"], ("cdm", "person"): ["nhs_number"]}
    found = structure.identifiers_published(manifest, catalog)
    assert [v.problem.split()[0] for v in found] == ["dim_person.patient", "dim_person.postcode"]


def test_a_seed_without_a_source_is_seen():
    def seed(name: str, description: str) -> dict:
        return {**model(name, "seeds", description=description), "resource_type": "seed"}

    found = structure.seeds_unsourced(
        manifest_of(
            seed("site_list", "Sites. Source: F 1.3. Coverage: three hospitals. Refresh: each April."),
            seed("lsoa_list", "Areas. Source: invented."),
        )
    )
    assert [v.problem for v in found] == ["seed lsoa_list does not say its coverage, refresh"]


GOOD_METRIC = {
    "id": "HAND_15",
    "label": "Handovers within 15 minutes",
    "unit": "percent",
    "better": "higher",
    "aggregate": "ratio",
    "definition": "The share of ambulance arrivals handed over within 15 minutes.",
    "source": "F 3.3 HAND_15",
    "dataset": "ambsys",
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({}, None),
        ({"definition": " "}, "'definition'"),
        ({"label": None}, "'label'"),
        ({"source": "our own idea"}, "not a clause"),
        ({"better": "up"}, "'better'"),
        ({"id": "HAND_16"}, "another name"),
    ],
)
def test_an_incomplete_metric_is_seen(change, word):
    node = model("hand_15", "marts/uec/metrics", config={"meta": {"metric": {**GOOD_METRIC, **change}}})
    found = structure.metrics_incomplete(manifest_of(node), targets={"HAND_15", "HAND_16"})
    assert [v.file for v in found] == ["models/marts/uec/metrics/hand_15.sql"] * bool(word)
    assert all(word in v.problem for v in found)


def test_a_metric_without_a_target_says_why():
    silent = model("hand_15", "marts/uec/metrics", config={"meta": {"metric": GOOD_METRIC}})
    spoken = {**GOOD_METRIC, "no_target": "the trend is watched"}
    (found,) = structure.metrics_incomplete(manifest_of(silent), targets=set())
    assert "neither a target" in found.problem
    node = {**silent, "config": {"meta": {"metric": spoken}}}
    assert structure.metrics_incomplete(manifest_of(node), targets=set()) == []


# --- dictionary


def test_the_dictionary_is_compared_with_the_warehouse():
    columns = {
        "site_code": {"description": "Code."},
        "ghost": {"description": "Gone."},
        "name": {"description": " "},
    }
    found = dictionary.dictionary_untrue(
        manifest_of(model("site", "cdm", columns=columns), model("lost", "cdm"), model("mute", "cdm", description="")),
        {("cdm", "site"): ["site_code", "name", "short_name"], ("cdm", "mute"): []},
    )
    assert [v.problem for v in found] == [
        "lost is not in the built warehouse",
        "mute has no description",
        "column site.name is not described",
        "column site.short_name is not described",
        "described column site.ghost does not exist",
    ]


def test_metric_files_have_the_standard_columns():
    manifest = manifest_of(model("hand_15", "marts/uec/metrics"))
    assert dictionary.dictionary_untrue(manifest, {("uec", "hand_15"): METRIC_COLUMNS}) == []
    (found,) = dictionary.dictionary_untrue(manifest, {("uec", "hand_15"): [*METRIC_COLUMNS, "person_key"]})
    assert "person_key" in found.problem


def test_a_metric_file_with_a_category_or_a_person_has_their_columns_too():
    by_reason = model("delay", "marts/uec/metrics", config={"meta": {"metric": {"category": "Reason for delay"}}})
    by_person = model("ed_seen", "marts/uec/metrics") | {"raw_code": "select {{ person_of_event() }}"}
    real = {("uec", "delay"): [*METRIC_COLUMNS, "category"], ("uec", "ed_seen"): [*METRIC_COLUMNS, *PERSON_COLUMNS]}
    assert dictionary.dictionary_untrue(manifest_of(by_reason, by_person), real) == []
    without = dict.fromkeys(real, METRIC_COLUMNS)
    found = dictionary.dictionary_untrue(manifest_of(by_reason, by_person), without)
    assert [v.file for v in found] == [f"models/marts/uec/metrics/{name}.sql" for name in ("delay", "ed_seen")]


def test_contract_columns_are_described():
    found = dictionary.dictionary_untrue(
        manifest_of(source("eeast", "incidents", {"incident_id": {"description": ""}})), {}
    )
    assert [v.problem for v in found] == ["column eeast.incidents.incident_id is not described"]


def test_a_feed_without_a_steward_is_seen():
    owned = {"title": "EEAST", "organisation": "RYC", "agreement": "ISA-004", "system": "CAD"}
    found = dictionary.feeds_unowned(manifest_of(source("eeast", "incidents", **owned), source("hub", "batch")))
    assert [v.problem for v in found] == ["feed eeast.incidents does not say its steward"]


# --- declared = executed

YAML = textwrap.dedent(
    """
    version: 2
    models:
      - name: person
        description: One row per person.
        data_tests:
          - unique_combination: {arguments: {columns: [person_id]}}
        columns:
          - name: person_id
            data_tests: [not_null, unique]
    unit_tests:
      - name: age_on_the_birthday
        model: person
        given: []
        expect: {rows: []}
    """
)
PLACE = "models/cdm/_cdm.yml"


def known(*tests: dict, unit: str | None = "age_on_the_birthday") -> dict:
    units = {}
    if unit:
        units[f"unit_test.bihub.person.{unit}"] = {"name": unit, "original_file_path": PLACE}
    return manifest_of(model("person", "cdm"), *tests, unit_tests=units)


ALL_TESTS = (
    generic_test("unique_combination", "person"),
    generic_test("not_null", "person", "person_id"),
    generic_test("unique", "person", "person_id"),
)


def test_every_declared_test_reaches_dbt():
    assert declared.not_known({PLACE: YAML}, known(*ALL_TESTS)) == []


def test_a_test_that_dbt_dropped_is_seen():
    found = declared.not_known({PLACE: YAML}, known(*ALL_TESTS[:2], unit=None))
    assert [v.problem for v in found] == [
        "test unique of person.person_id never reaches dbt",
        "unit test age_on_the_birthday never reaches dbt",
    ]


def test_a_test_on_a_feed_is_matched_through_its_source():
    text = "sources: [{name: eeast, tables: [{name: incidents, data_tests: [recent]}]}]"
    node = {
        **generic_test("recent", "?", file=PLACE),
        "attached_node": None,
        "sources": [["eeast", "incidents"]],
    }
    assert declared.not_known({PLACE: text}, manifest_of(node)) == []


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("version: 2\ntests:\n  - name: never_runs\n    sql: select 1\n", "tests", 1),
        ("models:\n  - name: person\n    data_test: [unique]\n", "data_test", 2),
        ("models:\n  - name: person\n    columns:\n      - name: a\n        tests: [unique]\n", "tests", 4),
        ("sources:\n  - name: eeast\n    data_tests: [unique]\n", "data_tests", 2),
        ("unit_tests:\n  - name: a\n    givens: []\n", "givens", 2),
    ],
)
def test_a_key_that_dbt_ignores_is_seen(text, key, line):
    (found,) = declared.misplaced_keys({PLACE: text})
    assert f"'{key}'" in found.problem
    assert (found.file, found.line) == (PLACE, line)


def test_a_file_that_is_not_yaml_is_named():
    broken = {PLACE: "models:\n  - {name: person, columns: [}\n"}
    (found,) = declared.misplaced_keys(broken)
    assert (found.file, found.line) == (PLACE, 2)
    assert declared.not_known(broken, manifest_of()) == []


def test_well_placed_keys_pass():
    assert declared.misplaced_keys({PLACE: YAML}) == []


def test_a_test_that_did_not_run_is_seen():
    manifest = known(*ALL_TESTS)
    everything = {*manifest["nodes"], *manifest["unit_tests"]}
    assert declared.not_executed(manifest, everything) == []
    (found,) = declared.not_executed(manifest, everything - {ALL_TESTS[1]["unique_id"]})
    assert "not_null_person_person_id did not run" in found.problem
    (found,) = declared.not_executed(manifest, everything - set(manifest["unit_tests"]))
    assert "none of the 1 unit tests ran" in found.problem


def test_one_idle_unit_test_among_others_is_named():
    units = {f"unit_test.bihub.person.{name}": {"name": name, "original_file_path": PLACE} for name in ("a", "b")}
    (found,) = declared.not_executed(manifest_of(unit_tests=units), {"unit_test.bihub.person.a"})
    assert "unit test b did not run" in found.problem


# --- the house itself


def test_the_house_keeps_its_rules(built_hub):
    """Every gate over the project and a built hub. Unit tests are dbt's to run: `make test` does, before this."""
    found = [violation for violation in run_gates(built_hub) if "unit tests ran in this home" not in violation.problem]
    assert found == [], "\n".join(map(str, found))


@pytest.fixture
def own_hub(built_hub, tmp_path) -> Settings:
    """A copy of the built hub that a test may spoil."""
    for part in ("dbt", "warehouse"):
        shutil.copytree(built_hub.home / part, tmp_path / part)
    return Settings(home=tmp_path)


SPOILT = {
    "ed_attendance_id": "delete from hub.check_result where check_id like '%unique_ed_attendance_ed_attendance_id%'",
    "BED_OCC": "delete from reference.uec_metric_target where metric_id = 'BED_OCC'",
    "shoe_size": "alter table cdm.ed_attendance add column shoe_size integer",
}


def test_what_is_wrong_in_the_built_warehouse_is_seen(own_hub):
    """A check that did not run, a target that is gone, a column that nobody described: each is named, and no more."""
    before = {str(violation) for violation in run_gates(own_hub)}
    with duckdb.connect(str(own_hub.warehouse)) as warehouse:
        for spoil in SPOILT.values():
            warehouse.execute(spoil)
    new = [violation for violation in map(str, run_gates(own_hub)) if violation not in before]
    assert {named for named in SPOILT for violation in new if named in violation} == set(SPOILT), new
    assert all(any(named in violation for named in SPOILT) for violation in new), new


def test_an_identifier_that_flows_into_a_mart_is_seen(own_hub):
    """The mart's SQL takes the postcode of a person under a harmless name."""
    compiled = own_hub.dbt_target / "compiled" / "bihub" / "models" / "marts" / "uec" / "dim_person.sql"
    manifest_file = own_hub.dbt_target / "manifest.json"
    manifest = json.loads(manifest_file.read_text())
    node = manifest["nodes"]["model.bihub.dim_person"]
    sql = node.get("compiled_code") or compiled.read_text()
    assert "sex_code" in sql
    node["compiled_code"] = (
        "select postcode as sex_code, "
        + ", ".join(
            f"cast(null as {column['data_type']}) as {name}"
            for name, column in node["columns"].items()
            if name != "sex_code"
        )
        + ' from "bihub"."cdm"."person"'
    )
    manifest_file.write_text(json.dumps(manifest))
    found = [violation for violation in map(str, run_gates(own_hub)) if "carries identifying content" in violation]
    assert any("sex_code" in violation and "postcode" in violation for violation in found), found


def test_every_link_in_the_documents_leads_somewhere():
    broken = []
    for document in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(PROJECT)}: {target}")
    assert broken == []


def test_gates_need_a_built_hub(tmp_path):
    with pytest.raises(NothingBuilt, match="bihub run"):
        run_gates(Settings(home=tmp_path))
