"""Day by day or at once: the same. A hub that took its files in over several runs holds what one run over all of them
gives: ledger, every table, every published byte.

In `make test` one hub goes through a day on which everything arrives that partners send: new, late, corrected,
withdrawn, repeated, out of order, about somebody else. With BIHUB_EVERY_DAY=1 (`make torture`) each of these alone, a
changed rule, a new metric, faults in between, no file at all, and random files in random order.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from incremental_kit import Failed, Hub, contents
from macro_kit import macro
from partners_kit import (
    AMBULANCE,
    DAYS,
    Partners,
    changed,
    corrected,
    deleted,
    hours,
    late,
    new,
    out_of_order,
    repeated,
    somebody_else,
    turned_away,
)

from orchestration.files import read_json
from orchestration.ingest.ledger import LONDON
from orchestration.settings import PROJECT, Settings

EVERY = bool(os.environ.get("BIHUB_EVERY_DAY"))
long = pytest.mark.skipif(not EVERY, reason="minutes; `make torture` runs it (BIHUB_EVERY_DAY=1)")


# --- One hub, through all of it ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, whose rules a test may change."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("models", "macros", "seeds", "tests/dbt", "orchestration"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy2(PROJECT / name, folder)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all hubs of this file, one after the other: dbt parses the project once for each home."""
    return tmp_path_factory.mktemp("hub")


@pytest.fixture
def hub(home: Path, project: Path, built_hub: Settings) -> Hub:
    """The small hub of the other tests, to go on with."""
    hub = Hub(home, project)
    hub.start_from(built_hub.home)
    return hub


@contextmanager
def rule(hub: Hub, name: str, old: str, new: str, count: int = -1) -> Iterator[None]:
    """The project with one text replaced."""
    file = hub.project / name
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{old} is not in {name}"
    file.write_text(text.replace(old, new, count), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


@contextmanager
def new_file(hub: Hub, name: str, text: str) -> Iterator[Path]:
    """The project with one file more."""
    file = hub.project / name
    file.write_text(text, encoding="utf-8")
    try:
        yield file
    finally:
        file.unlink()


@contextmanager
def named(what: str) -> Iterator[None]:
    try:
        yield
    except AssertionError as problem:
        raise AssertionError(f"{what}: {problem}") from None


def downstream(hub: Hub, *models: str) -> set[str]:
    """Tables that hang on models, and these themselves, as hub.table_state names them."""
    manifest = read_json(hub.settings.dbt_target / "manifest.json")
    found = [f"model.bihub.{model}" for model in models]
    for node in found:
        found += [child for child in manifest["child_map"][node] if child.startswith("model.") and child not in found]
    return {f"{manifest['nodes'][node]['schema']}.{manifest['nodes'][node]['alias']}" for node in found}


NEW_METRIC = """{{ config(meta={'metric': {
    'id': 'AMB_ALL_P90', 'label': 'Ambulance response, all categories, 90th centile', 'unit': 'seconds',
    'better': 'lower', 'aggregate': 'p90', 'dataset': 'ambsys',
    'definition': 'A metric that only a test knows.', 'source': 'F 3.2 none',
    'no_target': 'A test sets no standard.',
}}) }}
-- One row per counted incident with a response time.
select
    call_date as event_date,
    organisation_code,
    cast(null as varchar) as site_code,
    is_covid,
    response_seconds as numerator,
    1 as denominator
from {{ ref('fct_ambulance_incident') }}
where is_counted and response_seconds is not null
"""
RULE = ("models/marts/uec/metrics/hand_15.sql", "handover_minutes <= 15", "handover_minutes <= 20")


def test_what_a_table_promises_is_part_of_what_it_is() -> None:
    """Another type in its contract makes a table again, though its SQL is as it was; without a contract it does not."""
    definition_of = macro("incremental/state.sql", "definition_of", local_md5=lambda text: text)

    def definition(kind: str, enforced: bool = True, sql: str = "select 1 as one") -> str:
        column = SimpleNamespace(name="one", data_type=kind)
        node = SimpleNamespace(
            config=SimpleNamespace(contract=SimpleNamespace(enforced=enforced)), columns={"one": column}
        )
        return definition_of(node, sql)

    assert definition("integer") != definition("bigint")
    assert definition("integer") == definition("integer")
    assert definition("integer", False) == definition("bigint", False)
    assert definition("integer", False) != definition("integer", False, "select 2 as one")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("(1, 'a'), (2, 'b')", "(2, 'b'), (1, 'a')", []),
        ("(1, 'a'), (1, 'a')", "(1, 'a')", [(1, "a")]),
        ("(1, null)", "(1, '')", [(1, ""), (1, None)]),
        ("(1, 'a'), (2, 'b')", "(1, 'a'), (3, 'b')", [(2, "b"), (3, "b")]),
        ("(1, 'a')", "(2, 'a'), (1, 'a'), (2, 'a')", [(2, "a")]),
    ],
)
def test_a_row_has_changed_where_there_are_more_or_fewer_of_it(before: str, after: str, changed: list) -> None:
    hashes = macro("incremental/rows.sql", "hashes_of_changed")
    with duckdb.connect() as engine:
        for name, values in (("before", before), ("after", after)):
            engine.execute(f"create table {name} as from (values {values}) as t (id, said)")
        told = hashes("select hash(t) from before as t", "select hash(t) from after as t")
        both = "(from before union from after)"
        assert engine.execute(f"from {both} as t where hash(t) in ({told}) order by all").fetchall() == changed


def rows(hub: Hub, query: str) -> list[tuple]:
    with duckdb.connect(str(hub.settings.warehouse), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


def assert_one_file_is_one_metric(hub: Hub, others_before: list[tuple]) -> None:
    others = "select * from uec.uec_metric where metric_id not in ('AMB_ALL_P90', 'HAND_15') order by all"
    assert rows(hub, others) == others_before
    counted = "from uec.fct_ambulance_incident where is_counted and response_seconds is not null"
    newest_day = f"call_date = (select max(call_date) {counted})"
    seconds = rows(hub, f"select response_seconds {counted} and {newest_day} order by 1")
    newest = rows(
        hub,
        "select denominator, value from uec.uec_metric where metric_id = 'AMB_ALL_P90' and period_grain = 'day' "
        "and covid_group = 'all' order by period_start desc limit 1",
    )
    rank = -(-len(seconds) * 9 // 10)
    assert newest == [(len(seconds), seconds[rank - 1][0])]
    assert rows(hub, "select label, feeds from uec.dim_metric where metric_id = 'AMB_ALL_P90'") == [
        ("Ambulance response, all categories, 90th centile", "eeast.incidents")
    ]
    told = rows(hub, "select metrics like '%AMB_ALL_P90%' from quality.dq_feed where partner = 'eeast'")
    assert told == [(True,)]


def test_through_every_kind_of_day(home: Path, built_hub: Settings) -> None:
    hub = Hub(home)
    hub.start_from(built_hub.home)
    partners = Partners(hub)
    arrives = datetime.fromisoformat(hub.manifest["as_of"]) + timedelta(days=1)
    for place, day in enumerate([new, late, corrected, deleted, repeated, out_of_order, somebody_else, turned_away]):
        day(partners, arrives + timedelta(minutes=5 * place))
    hub.run()
    outcomes = hub.outcomes()
    assert {"rows", "unchanged"} <= set(outcomes.values()), "a day's files cost a whole build"
    assert_month_ends_were_left_alone(outcomes)
    known = partners.sent(AMBULANCE)[-1]
    partners.send(AMBULANCE, [changed(known, {"HandoverTime": hours(1)})], arrives + timedelta(hours=2))
    hub.run()
    assert_the_day_was_left_alone(hub.outcomes())
    hub.assert_equal_to_made_at_once()


def assert_the_day_was_left_alone(outcomes: dict[str, str]) -> None:
    """One ambulance that waited longer, later on the same day: who has which disease, and who is how old, stays."""
    assert outcomes["uec.uec_flow_now"] != "unchanged"
    of_the_day = ["derived.index_date", "derived.person_profile", "derived.intervention_candidate", "cdm.opt_out"]
    of_the_day += ["care_record.care_record_problem", "care_record.care_record_medication", "uec.dim_person"]
    touched = {name: outcomes[name] for name in of_the_day if outcomes[name] != "unchanged"}
    assert not touched, f"another moment of the same day: {touched}"


def assert_month_ends_were_left_alone(outcomes: dict[str, str]) -> None:
    by_day = {name: outcomes[f"derived.{name}"] for name in ("registered_person", "person_use", "person_profile")}
    by_day["care_record_event"] = outcomes["derived.care_record_event"]
    assert set(by_day.values()) == {"rows"}, f"24 month ends, or everybody's record, were made again: {by_day}"


# --- Each alone, and faults in between --------------------------------------------------------------------------------


def after(hub: Hub, days: float = 1) -> datetime:
    return datetime.fromisoformat(hub.manifest["as_of"]) + timedelta(days=days)


def assert_as_published(hub: Hub, before: dict, where: Settings | None = None) -> None:
    """What is published is what `before` says, byte for byte."""
    now = read_json((where or hub.settings).published / "manifest.json")
    files = {**now["files"], **before["files"]}
    assert not [name for name in files if now["files"].get(name) != before["files"].get(name)]
    assert now["as_of"] == before["as_of"]


@long
def test_through_a_changed_and_a_new_rule(hub: Hub) -> None:
    before = hub.manifest
    others = rows(hub, "select * from uec.uec_metric where metric_id <> 'HAND_15' order by all")
    with rule(hub, *RULE), new_file(hub, "models/marts/uec/metrics/amb_all_p90.sql", NEW_METRIC):
        hub.run()
        assert_one_file_is_one_metric(hub, others)
        # Staging reads the lake of another home now, person_change what was published before. Tables of metrics hold
        # every metric's SQL, without a ref to it.
        touched = {
            name for name, outcome in hub.outcomes().items() if outcome != "unchanged" and "staging." not in name
        } - {"person_index.person_change"}
        assert "uec.uec_metric" in touched
        told_of = ("uec_metric", "uec_metric_population", "dim_metric", "dq_feed", "flow_position")
        assert touched <= downstream(hub, "hand_15", "amb_all_p90", *told_of), sorted(touched)
        assert hub.manifest["version"] != before["version"]
        hub.assert_equal_to_made_at_once()


@long
def test_a_hub_without_any_file_builds(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    hub.bihub("build")
    with duckdb.connect(str(hub.settings.warehouse), read_only=True) as warehouse:
        assert warehouse.sql("select count(*) from uec.uec_metric").fetchall() == [(0,)]
        assert warehouse.sql("select distinct status from quality.dq_feed").fetchall() == [("missing",)]
        metrics = [(path.stem.upper(),) for path in sorted((PROJECT / "models/marts/uec/metrics").glob("*.sql"))]
        assert warehouse.sql("select metric_id from uec.dim_metric order by 1").fetchall() == metrics
        assert warehouse.sql("from hub.check_result where status not in ('pass', 'warn')").fetchall() == []


@long
def test_every_kind_of_day_alone(hub: Hub) -> None:
    """One after the other, and after each what one run over all files gives."""
    for day in DAYS:
        day(Partners(hub), after(hub))
        hub.run()
        with named(day.__name__):
            hub.assert_equal_to_made_at_once()


@long
def test_a_month_that_ends(hub: Hub, tmp_path: Path) -> None:
    """One month end more, one less, another day of today: the others stay as they lie. What practices send once a
    month, and says something new of everybody, comes another day."""
    midnight = datetime.fromisoformat(hub.manifest["as_of"]).replace(hour=0, minute=0, second=0, tzinfo=LONDON)
    assert midnight.day == 1, "the demo does not end on the first of a month any more"
    landing = hub.settings.landing
    of_today = [path for path in landing.rglob("*") if path.is_file() and path.stat().st_mtime >= midnight.timestamp()]
    for place, path in enumerate(of_today):
        shutil.move(path, tmp_path / str(place))
    hub.forget()
    hub.run()
    assert hub.manifest["as_of"] < midnight.strftime("%Y-%m-%d")
    for place, path in enumerate(of_today):
        if path.parent.name not in ("primary_care", "fhir_practices"):
            shutil.move(tmp_path / str(place), path)
    hub.run()
    assert_month_ends_were_left_alone(hub.outcomes())
    hub.assert_equal_to_made_at_once()


@long
def test_an_older_file_that_is_received_after_its_past_was_described(hub: Hub) -> None:
    """Its own time lies in a published past, so it counts from now, and its records are the newest."""
    partners = Partners(hub)
    incidents = [one for one in partners.sent(AMBULANCE) if one["HandoverTime"]][-4:]
    partners.send(
        AMBULANCE, [changed(one, {"HandoverTime": hours(2)}) for one in incidents], after(hub, days=-20), "older"
    )
    hub.run()
    hub.assert_equal_to_made_at_once()


@long
def test_a_moment_that_moves_forward_and_back(hub: Hub) -> None:
    before, tables = hub.manifest, contents(hub.settings.warehouse)
    hub.run("--as-of", f"{after(hub, days=5):%Y-%m-%dT%H:%M:%S}")
    assert hub.manifest["as_of"] > before["as_of"]
    hub.run()
    assert_as_published(hub, before)
    assert contents(hub.settings.warehouse) == tables


@long
def test_a_past_moment_is_what_it_was_and_leaves_the_present_alone(hub: Hub) -> None:
    before = hub.manifest
    corrected(Partners(hub), after(hub))
    hub.run()
    live = hub.manifest
    hub.run("--as-of", before["as_of"].replace(" ", "T"))
    stamp = before["as_of"].replace(" ", "T").replace(":", "")
    assert_as_published(hub, before, hub.settings.at(stamp))
    assert hub.manifest == live
    deleted(Partners(hub), after(hub))
    hub.run()
    hub.assert_equal_to_made_at_once()


@long
def test_batches_that_are_taken_out_of_the_lake(hub: Hub) -> None:
    before, tables, held = hub.manifest, contents(hub.settings.warehouse), set(hub.sidecars())
    files = set(hub.settings.landing.rglob("*"))
    for place, day in enumerate([new, corrected, deleted]):
        day(Partners(hub), after(hub) + timedelta(minutes=place))
    hub.run()
    for place in set(hub.sidecars()) - held:
        shutil.rmtree(hub.settings.lake / place)
    for path in set(hub.settings.landing.rglob("*")) - files:
        path.unlink()
    hub.run()
    assert_as_published(hub, before)
    assert contents(hub.settings.warehouse) == tables


@long
def test_a_warehouse_that_is_gone(hub: Hub) -> None:
    hub.settings.warehouse.unlink()
    corrected(Partners(hub), after(hub))
    hub.run()
    hub.assert_equal_to_made_at_once()


@long
def test_a_rule_that_changes_and_changes_back(hub: Hub) -> None:
    """A metric, a seed, a macro, a staging model and a contract."""
    before, tables = hub.manifest, contents(hub.settings.warehouse)
    for change in (
        RULE,
        ("seeds/uec_metric_target.csv", "AMB_C1_MEAN,2017-10-01,,420", "AMB_C1_MEAN,2017-10-01,,421"),
        ("macros/nhs/names.sql", "[^A-Z]", "[^A-Y]"),
        ("models/staging/eeast/stg_eeast__incidents.sql", "from records", "from records where category_code <> 'C4'"),
    ):
        with named(change[0]):
            with rule(hub, *change):
                hub.run()
                assert hub.manifest["version"] != before["version"]
                hub.assert_equal_to_made_at_once()
            hub.run()
            assert_as_published(hub, before)
            assert contents(hub.settings.warehouse) == tables


@long
def test_a_build_that_fails_in_the_middle(hub: Hub) -> None:
    """What was built before it failed must not be taken for known by what comes after."""
    for model in ("stg_mseft__southend_ed_attendances", "person_identity", "ed_attendance", "dim_person"):
        live = hub.manifest
        for day in (somebody_else, deleted, corrected):
            day(Partners(hub), after(hub) + timedelta(hours=1))
            planted = hub.project / "tests/dbt/planted.sql"
            planted.write_text("select 1 as failed from {{ ref('" + model + "') }}\n", encoding="utf-8")
            with pytest.raises(Failed, match="planted"):
                hub.run()
            planted.unlink()
            assert hub.manifest == live
        hub.run()
        with named(model):
            hub.assert_equal_to_made_at_once()


@long
def test_a_check_that_fails_is_not_forgotten(hub: Hub) -> None:
    """The rule of a check changes, the table that it looks at does not; nothing is published until it is put right."""
    before = hub.manifest
    with rule(hub, "models/marts/uec/_uec.yml", "values: [higher, lower, neither]", "values: [higher, neither]"):
        for _ in range(2):
            with pytest.raises(Failed, match="checks failed"):
                hub.run()
            assert hub.manifest == before
        corrected(Partners(hub), after(hub))
        with pytest.raises(Failed, match="checks failed"):
            hub.run()
    hub.run()
    hub.assert_equal_to_made_at_once()


@long
def test_all_again(hub: Hub) -> None:
    """`--full` makes everything again, and everything is as it was."""
    corrected(Partners(hub), after(hub))
    hub.run()
    before, tables = hub.manifest, contents(hub.settings.warehouse)
    hub.bihub("build", "--full")
    assert contents(hub.settings.warehouse) == tables
    hub.run("--full")
    assert_as_published(hub, before)


@long
@pytest.mark.parametrize("seed", range(int(os.environ.get("BIHUB_EVERY_DAY_SEEDS", "3"))))
def test_any_files_in_any_order(hub: Hub, built_hub: Settings, seed: int) -> None:
    """Files of the demo in several runs: most in order, some late; the times at which runs end are drawn too."""
    dice = random.Random(seed)
    files = sorted(
        (path for path in built_hub.landing.rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime_ns
    )
    runs = dice.randint(2, 5)
    cuts = sorted(dice.sample(range(len(files) // 2, len(files)), runs - 1))
    late_share = dice.choice([0, 0.03, 0.3])
    waves: list[list[Path]] = [[] for _ in range(runs)]
    for place, path in enumerate(files):
        wave = sum(place >= cut for cut in cuts)
        waves[dice.randint(wave, runs - 1) if dice.random() < late_share else wave].append(path)
    hub.start_from(Path("/nowhere"))
    for wave in waves:
        for path in wave:
            there = hub.settings.landing / path.relative_to(built_hub.landing)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, there)
        hub.run()
    hub.assert_equal_to_made_at_once()
