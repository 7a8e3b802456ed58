"""Column lineage: followed through every construct that the models use, complete, and no identifier in a mart."""

import json

import pytest
from filelock import FileLock

from orchestration import lineage as lineage_module
from orchestration.dagster_defs.manifest import load_manifest
from orchestration.lineage import (
    column_lineage,
    compiled_sql,
    load_lineage,
    sensitivity_violations,
    source_schemas,
)
from orchestration.settings import Settings

FEED = "source.p.eeast.incidents"
# Columns whose origin cannot be followed, each with the reason why that is right. (node id, column): reason.
WAIVED: dict[tuple[str, str], str] = {}


def node(name, schema, sql=None, columns=(), deps=(), meta=None, kind="model", macros=(), column_meta=None):
    column_meta = column_meta or {}
    fqn = ["p", schema, name] if schema not in ("uec", "metrics") else ["p", "marts", "uec", name]
    return {
        "resource_type": kind,
        "schema": schema,
        "alias": name,
        "identifier": name,
        "name": name,
        "source_name": schema,
        "compiled_code": sql,
        "raw_code": sql,
        "fqn": fqn,
        "config": {"meta": meta or {}},
        "columns": {column: {"name": column, "config": {"meta": column_meta.get(column, {})}} for column in columns},
        "depends_on": {"nodes": list(deps), "macros": list(macros)},
        "original_file_path": f"{name}.sql",
    }


def manifest_of(**models):
    identifying = {"sensitivity": "identifying"}
    feed = node(
        "incidents",
        "eeast",
        kind="source",
        columns=["nhs_number", "birth_date", "call_at", "site_code"],
        column_meta={"nhs_number": identifying, "birth_date": identifying},
    )
    clock = node("run_context", "hub", kind="source", columns=["as_of"])
    return {
        "metadata": {"adapter_type": "duckdb"},
        "nodes": {f"model.p.{name}": model for name, model in models.items()},
        "sources": {FEED: feed, "source.p.hub.run_context": clock},
    }


def origins(sql, column="x"):
    """(upstream column, how) of one column of one query over the feed."""
    found = column_lineage(manifest_of(it=node("it", "cdm", sql)))
    assert not found.unresolved, found.unresolved
    at = ("model.p.it", column)
    return {(origin[1], found.how(at, origin)) for origin in found.upstream(*at)}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select call_at as x from eeast.incidents", {("call_at", "value")}),
        (
            "with a as (select * from eeast.incidents), b(q) as (select site_code from a) select q as x from b",
            {("site_code", "value")},
        ),
        (
            "select a.x from (select coalesce(site_code, cast(call_at as varchar)) as x from eeast.incidents) as a",
            {("site_code", "value"), ("call_at", "value")},
        ),
        (
            "select site_code as x from eeast.incidents union all select cast(call_at as varchar) from eeast.incidents",
            {("site_code", "value"), ("call_at", "value")},
        ),
        (
            "select case when nhs_number is null then site_code end as x from eeast.incidents",
            {("site_code", "value"), ("nhs_number", "condition")},
        ),
        (
            "select row_number() over (partition by nhs_number order by call_at) as x from eeast.incidents",
            {("nhs_number", "order"), ("call_at", "order")},
        ),
        (
            "select arg_max(site_code, nhs_number) as x from eeast.incidents",
            {("site_code", "value"), ("nhs_number", "order")},
        ),
        ("select count(distinct nhs_number) as x from eeast.incidents", {("nhs_number", "condition")}),
        (
            "select hub_pseudonym('person', 'nhs:' || nhs_number) as x from eeast.incidents",
            {("nhs_number", "pseudonym")},
        ),
        (
            "select coalesce(hub_pseudonym('person', nhs_number), nhs_number) as x from eeast.incidents",
            {("nhs_number", "value")},
        ),
        (
            "select (select max(b.call_at) from eeast.incidents as b where b.site_code = a.site_code) as x"
            " from eeast.incidents as a",
            {("call_at", "value")},
        ),
        (
            "select date_diff('day', call_at, (select as_of from hub.run_context)) as x from eeast.incidents",
            {("call_at", "value"), ("as_of", "value")},
        ),
        ("select u.x from eeast.incidents as a cross join unnest([a.site_code]) as u(x)", {("site_code", "value")}),
        ("select a.x from (values (1), (2)) as a(x)", set()),
        (
            "with recursive r(x, n) as (select site_code, 1 from eeast.incidents union all"
            " select x, n + 1 from r where n < 3) select x from r",
            {("site_code", "value")},
        ),
        (
            "select x from (select site_code from eeast.incidents) as a(x)"
            " join eeast.incidents as b on a.x = b.site_code",
            {("site_code", "value")},
        ),
    ],
)
def test_a_column_is_followed_and_how_it_flows_is_told(sql, expected):
    assert origins(sql) == expected


def test_lineage_crosses_models_to_the_feed_and_back():
    manifest = manifest_of(
        stg=node("stg", "staging", "select call_at as at, site_code from eeast.incidents", deps=[FEED]),
        fct=node("fct", "uec", "select at as event_at from staging.stg", deps=["model.p.stg"]),
    )
    lineage = column_lineage(manifest)
    assert lineage.trace_to_feed("model.p.fct", "event_at") == [(FEED, "call_at")]
    assert ("model.p.fct", "event_at") in lineage.impact(FEED, "call_at").columns
    assert lineage.impact(FEED, "site_code").columns == [("model.p.stg", "site_code")]


def test_a_metric_table_comes_from_its_metric_files_and_impact_names_the_metric():
    fact = node("fct", "uec", "select call_at, site_code from eeast.incidents", deps=[FEED])
    file = node(
        "c2",
        "metrics",
        "select call_at as event_date, 1 as numerator from uec.fct",
        deps=["model.p.fct"],
        meta={"metric": {"id": "C2"}},
    )
    table = node(
        "uec_metric",
        "uec",
        "select date_trunc('day', m.event_date) as period_start, sum(m.numerator) as numerator"
        " from (select call_at as event_date, 1 as numerator from uec.fct) as m group by 1",
        deps=["model.p.fct"],
        macros=["macro.p.metric_daily_sums"],
    )
    lineage = column_lineage(manifest_of(fct=fact, c2=file, uec_metric=table))
    assert ("model.p.c2", "event_date") in lineage.upstream("model.p.uec_metric", "period_start")
    assert lineage.impact(FEED, "call_at").metrics == ["C2"]
    assert lineage.impact(FEED, "site_code").metrics == []


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("select * from elsewhere.unknown", "star"),
        ("select a.nope as x from eeast.incidents as a", "nope"),
        ("select a.x from elsewhere.unknown as a", "no relation of this project"),
        ("select from from where", "cannot be followed"),
        (None, "no compiled SQL"),
    ],
)
def test_what_cannot_be_followed_is_listed_and_never_left_out_in_silence(sql, why):
    other = node("other", "cdm", "select site_code from eeast.incidents")
    unresolved = column_lineage(manifest_of(it=node("it", "cdm", sql), other=other)).unresolved
    assert [reason for at, _, reason in unresolved if at == "model.p.it" and why in reason], unresolved


def test_a_described_column_that_the_sql_does_not_give_is_listed():
    unresolved = column_lineage(
        manifest_of(it=node("it", "cdm", "select site_code from eeast.incidents", ["gone"]))
    ).unresolved
    assert unresolved == [("model.p.it", "gone", "described, but the SQL does not give it")]


def test_a_manifest_that_was_only_parsed_is_refused():
    with pytest.raises(ValueError, match="dbt compile"):
        column_lineage(manifest_of(it=node("it", "cdm", None)))


# --- no identifier in a mart ------------------------------------------------------------------------------------------


def violations(sql, **mart):
    person = node(
        "person",
        "cdm",
        "select hub_pseudonym('person', nhs_number) as person_id, nhs_number as number, birth_date"
        " from eeast.incidents",
        deps=[FEED],
    )
    manifest = manifest_of(person=person, dim=node("dim", "uec", sql, deps=["model.p.person"], **mart))
    return sensitivity_violations(manifest, column_lineage(manifest))


def test_a_planted_identifier_is_named_with_its_whole_way():
    (found,) = violations("select person_id, 'NHS ' || number as label from cdm.person")
    assert found.column == ("model.p.dim", "label")
    assert found.identifying == (FEED, "nhs_number")
    assert "dim.label <- person.number <- eeast.incidents.nhs_number" in str(found)


def test_pseudonyms_counts_and_comparisons_carry_nothing():
    assert not violations(
        "select person_id, number is not null as has_number, count(distinct number) as n from cdm.person group by 1, 2"
    )


PARTS = [
    "date_diff('year', birth_date, date '2026-01-01')",
    "extract(year from date '2026-01-01') - extract(year from birth_date)",
    "date_trunc('month', birth_date)",
    "100 * extract(year from birth_date) + extract(month from birth_date)",
]
WHOLES = [
    "date_diff('day', birth_date, date '2026-01-01')",
    "extract(day from birth_date)",
    "date_trunc('week', birth_date)",
    "birth_date + 1",
]


@pytest.mark.parametrize("part", PARTS)
def test_an_age_or_a_month_of_birth_identifies_nobody(part):
    assert not violations(f"select {part} as x from cdm.person")


@pytest.mark.parametrize("whole", WHOLES)
def test_a_date_that_can_be_had_back_identifies(whole):
    assert violations(f"select {whole} as x from cdm.person")


def test_what_no_longer_identifies_says_why_beside_a_sensitivity():
    sql = "select substr(number, 1, 1) as first_digit from cdm.person"
    assert violations(sql)
    assert violations(sql, columns=["first_digit"], column_meta={"first_digit": {"sensitivity": "none"}})
    assert violations(sql, columns=["first_digit"], column_meta={"first_digit": {"declassified": "one digit of ten"}})
    allowed = {"first_digit": {"sensitivity": "none", "declassified": "one digit of ten"}}
    assert not violations(sql, columns=["first_digit"], column_meta=allowed)


def test_a_waiver_on_one_column_does_not_cover_its_neighbour():
    allowed = {"days": {"sensitivity": "sensitive", "declassified": "rounded to weeks"}}
    sql = "select date_diff('day', birth_date, date '2026-01-01') as days, birth_date as born from cdm.person"
    assert [found.column[1] for found in violations(sql, columns=["days"], column_meta=allowed)] == ["born"]


# --- the project itself -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(built_hub):
    with FileLock(built_hub.home / "compile.lock"):
        return built_hub, load_manifest(built_hub)


@pytest.fixture(scope="module")
def project(hub):
    _, manifest = hub
    return manifest, column_lineage(manifest)


def test_every_column_of_every_model_is_followed(project):
    manifest, lineage = project
    models = [node_id for node_id, its in manifest["nodes"].items() if its["resource_type"] == "model"]
    assert models and sorted(lineage) == sorted(models)
    left = [item for item in lineage.unresolved if item[:2] not in WAIVED]
    assert not left, "\n".join(f"{node_id}.{column}: {why}" for node_id, column, why in left)
    stale = [at for at in WAIVED if at not in {item[:2] for item in lineage.unresolved}]
    assert not stale, f"waived, but followed by now: {stale}"


def test_no_identifying_column_of_any_feed_reaches_a_mart(project):
    manifest, lineage = project
    found = sensitivity_violations(manifest, lineage)
    assert not found, "\n".join(map(str, found))


def test_an_identifier_planted_in_the_real_marts_is_found(project):
    manifest, _ = project
    mart = next(node_id for node_id, its in manifest["nodes"].items() if its["name"] == "dim_person")
    planted = json.loads(json.dumps(manifest))
    its = planted["nodes"][mart]
    person = next(other for other in planted["nodes"].values() if other["name"] == "person")["relation_name"]
    its["compiled_code"] = (
        f"select a.*, p.nhs_number as leaked from ({compiled_sql(its)}) as a cross join {person} as p"
    )
    its["columns"]["leaked"] = {"name": "leaked"}
    assert (mart, "leaked") in {found.column for found in sensitivity_violations(planted, column_lineage(planted))}


def test_every_partner_column_that_a_metric_needs_is_found_from_the_metric(project):
    manifest, lineage = project
    assert lineage.metrics
    table = next(node_id for node_id, its in manifest["nodes"].items() if its["name"] == "uec_metric")
    feeds = {node_id for node_id, _ in lineage.trace_to_feed(table, "numerator")}
    assert {manifest["sources"][node_id]["source_name"] for node_id in feeds} >= {"eeast", "ic24", "mseft"}
    reached = set()
    for source in feeds:
        for column in manifest["sources"][source]["columns"]:
            reached.update(lineage.impact(source, column).metrics)
    assert reached == set(lineage.metrics.values())


def test_lineage_is_computed_once_for_the_same_sql(hub, tmp_path, monkeypatch):
    _, manifest = hub
    settings = Settings(home=tmp_path)
    first = load_lineage(settings, manifest)
    monkeypatch.setattr(lineage_module, "column_lineage", lambda manifest: pytest.fail("computed again"))
    again = load_lineage(settings, manifest)
    assert (again, again.via, again.metrics, again.unresolved) == (first, first.via, first.metrics, first.unresolved)


def test_the_cache_does_not_outlive_a_changed_model(hub, tmp_path):
    _, manifest = hub
    settings = Settings(home=tmp_path)
    load_lineage(settings, manifest)
    changed = json.loads(json.dumps(manifest))
    model = next(its for its in changed["nodes"].values() if its["name"] == "dim_person")
    model["compiled_code"] = "select cast(null as varchar) as person_key"
    assert set(load_lineage(settings, changed)[model["unique_id"]]) == {"person_key"}


def test_every_relation_that_no_model_makes_has_its_columns(hub):
    _, manifest = hub
    schemas = source_schemas(manifest)
    assert all(schemas.values())
    assert "_received_at" in schemas["source.bihub.eeast.incidents"]
