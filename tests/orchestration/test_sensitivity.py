"""Each column says how sensitive it is, no less than what it is made of, and nothing goes below its store."""

from __future__ import annotations

import pytest
import yaml

from orchestration.gates.sensitivity import Levels, above_the_store, undeclared
from orchestration.gates.sensitivity_fix import by_name, fill_in, with_levels
from orchestration.lineage import column_lineage

FEED = "source.p.trust.visits"


def column(name: str, **meta: str) -> dict:
    return {"name": name, "description": name, "config": {"meta": meta}}


def model(
    name: str, room: str, sql: str, *columns: dict, parents: tuple[str, ...] = (), store: str | None = None
) -> dict:
    return {
        "resource_type": "model",
        "unique_id": f"model.p.{name}",
        "name": name,
        "alias": name,
        "schema": room,
        "package_name": "p",
        "compiled_code": sql,
        "fqn": ["p", room, "product", name],
        "original_file_path": f"models/{room}/{name}.sql",
        "patch_path": f"p://models/{room}/_{room}.yml",
        "config": {"meta": {"store": store} if store else {}},
        "columns": {its["name"]: its for its in columns},
        "depends_on": {"nodes": list(parents), "macros": []},
    }


def manifest_of(*models: dict) -> dict:
    feed = {
        "resource_type": "source",
        "source_name": "trust",
        "name": "visits",
        "schema": "trust",
        "identifier": "visits",
        "config": {},
        "columns": {
            its["name"]: its
            for its in (
                column("nhs_number", sensitivity="identifying"),
                column("birth_date", sensitivity="identifying"),
                column("diagnosis_code", sensitivity="sensitive"),
                column("site_code"),
            )
        },
        "depends_on": {"nodes": [], "macros": []},
        "original_file_path": "models/feeds/trust.yml",
        "fqn": ["p", "feeds", "trust", "visits"],
    }
    return {
        "metadata": {"adapter_type": "duckdb"},
        "nodes": {node["unique_id"]: node for node in models},
        "sources": {FEED: feed},
    }


VISIT = model(
    "visit",
    "cdm",
    "select hub_pseudonym('person', nhs_number) as person_id, nhs_number as number, birth_date, diagnosis_code,"
    " site_code from trust.visits",
    column("person_id", sensitivity="identifying"),
    column("number", sensitivity="identifying"),
    column("birth_date", sensitivity="identifying"),
    column("diagnosis_code", sensitivity="sensitive"),
    column("site_code", sensitivity="none"),
    parents=(FEED,),
)


def mart(sql: str, *columns: dict, store: str = "") -> dict:
    return manifest_of(VISIT, model("fct", "marts", sql, *columns, parents=("model.p.visit",), store=store))


def found(gate, manifest: dict) -> list[str]:
    return [violation.problem for violation in gate(manifest, column_lineage(manifest))]


@pytest.mark.parametrize(
    ("expression", "least"),
    [
        ("number", "identifying"),
        ("'NHS ' || number", "identifying"),
        ("hub_pseudonym('secondary_use', person_id)", "pseudonymous"),
        ("extract(year from birth_date)", "none"),
        ("count(distinct number)", "none"),
        ("case when diagnosis_code = 'U071' then site_code end", "none"),
        ("max(diagnosis_code)", "sensitive"),
        ("coalesce(hub_pseudonym('secondary_use', person_id), site_code)", "pseudonymous"),
        ("site_code", "none"),
    ],
)
def test_a_column_is_at_least_what_it_is_made_of(expression, least):
    manifest = mart(f"select {expression} as x from cdm.visit")
    assert Levels(manifest, column_lineage(manifest)).least(("model.p.fct", "x"))[0] == least


def test_a_column_that_says_nothing_is_named():
    (problem,) = found(undeclared, mart("select site_code from cdm.visit", {"name": "site_code", "config": {}}))
    assert problem == "fct.site_code does not say how sensitive it is"


def test_a_column_that_says_too_little_is_named_with_its_way():
    (problem,) = found(undeclared, mart("select number as n from cdm.visit", column("n", sensitivity="none")))
    assert "fct.n is declared none, carries what is identifying: fct.n <- visit.number <- visits.nhs_number" in problem


def test_more_than_needed_may_be_said():
    assert not found(undeclared, mart("select site_code as s from cdm.visit", column("s", sensitivity="sensitive")))


def test_a_reason_takes_a_column_down():
    said = column("n", sensitivity="none", declassified="one digit of ten")
    assert not found(undeclared, mart("select substr(number, 1, 1) as n from cdm.visit", said))
    assert not found(above_the_store, mart("select substr(number, 1, 1) as n from cdm.visit", said))


STORES = [
    ("number", "secondary_use", True),
    ("number", "direct_care", False),
    ("person_id", "secondary_use", True),
    ("hub_pseudonym('secondary_use', person_id)", "secondary_use", False),
    ("hub_pseudonym('secondary_use', person_id)", "open", True),
    ("diagnosis_code", "secondary_use", False),
    ("diagnosis_code", "open", True),
    ("count(*)", "open", False),
]


@pytest.mark.parametrize(("expression", "store", "refused"), STORES)
def test_what_a_store_may_hold(expression, store, refused):
    problems = found(above_the_store, mart(f"select {expression} as x from cdm.visit", store=store))
    assert bool(problems) == refused
    assert not problems or problems[0].startswith("fct.x could carry what is ")


def test_a_low_word_on_the_way_hides_nothing():
    """A model that calls a number harmless does not make it so for those who read the model."""
    harmless = column("harmless", sensitivity="none")
    step = model("step", "cdm", "select number as harmless from cdm.visit", harmless, parents=("model.p.visit",))
    last = model("fct", "marts", "select harmless as x from cdm.step", parents=("model.p.step",))
    assert found(above_the_store, manifest_of(VISIT, step, last))


def test_what_cannot_be_followed_is_refused():
    (problem,) = found(above_the_store, mart("select * from nowhere.table_function(1)", column("x")))
    assert "nobody can tell what fct holds" in problem


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("person_id", "identifying"),
        ("mother_nhs_number", "identifying"),
        ("family_name", "identifying"),
        ("ward_name", "none"),
        ("primary_diagnosis_code", "sensitive"),
        ("ethnic_group", "sensitive"),
        ("person_key", "pseudonymous"),
        ("lsoa_code", "pseudonymous"),
        ("period_start", "none"),
    ],
)
def test_a_name_says_a_first_word(name, level):
    assert by_name(name) == level


YAML = """\
models:
  - name: fct  # a comment
    columns:
      - name: a
        description: >-
          Words over
          two lines.
        data_tests: [unique]
      - name: b
        config: {meta: {sensitivity: none, declassified: why}}
      - {name: c, description: "With, commas"}
      - name: d
        config:
          meta:
            other: word
      - name: e
        description: Last.
  - name: other
    columns:
      - {name: a, config: {meta: {}}}
"""


def test_levels_are_written_into_any_layout_and_nothing_else_changes():
    wanted = {("fct", name): "sensitive" for name in "abcde"} | {("other", "a"): "none", ("gone", "a"): "none"}
    text, written, left = with_levels(YAML, wanted)
    assert (written, left) == (6, [("gone", "a")])
    before, after = yaml.safe_load(YAML), yaml.safe_load(text)
    levels = [column["config"]["meta"].pop("sensitivity") for its in after["models"] for column in its["columns"]]
    assert levels == ["sensitive"] * 5 + ["none"]
    assert after["models"][0]["columns"][0]["description"] == before["models"][0]["columns"][0]["description"]
    assert after["models"][0]["columns"][3]["config"]["meta"] == {"other": "word"}
    assert "# a comment" in text
    assert with_levels(text, wanted)[0] == text


def test_columns_that_models_share_are_said_once():
    shared = "models:\n  - name: one\n    columns: &columns\n      - name: a\n  - {name: two, columns: *columns}\n"
    text, written, _ = with_levels(shared, {("one", "a"): "none", ("two", "a"): "sensitive"})
    assert (written, text.count("sensitivity: sensitive"), text.count("config:")) == (1, 1, 1)


def test_what_is_missing_is_filled_in_and_what_is_said_stays(tmp_path):
    manifest = mart(
        "select number as n, site_code as s, diagnosis_code as d from cdm.visit",
        {"name": "n", "config": {}},
        column("s", sensitivity="pseudonymous"),
        column("d", sensitivity="none"),
    )
    folder = tmp_path / "models" / "marts"
    folder.mkdir(parents=True)
    (folder / "_marts.yml").write_text(
        "models:\n  - name: fct\n    columns:\n      - name: n\n      - name: s\n"
        "        config: {meta: {sensitivity: pseudonymous}}\n      - {name: d, config: {meta: {sensitivity: none}}}\n"
    )
    assert fill_in(manifest, column_lineage(manifest), tmp_path) == (2, [])
    columns = yaml.safe_load((folder / "_marts.yml").read_text())["models"][0]["columns"]
    assert [its["config"]["meta"]["sensitivity"] for its in columns] == ["identifying", "pseudonymous", "sensitive"]
