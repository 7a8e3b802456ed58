"""The person index: dbt's weights are Splink's, and what the demo plants is found again."""

from __future__ import annotations

import csv

import duckdb
import pytest

from orchestration.demo.linkage_score import in_all, linkage_scores
from orchestration.linkage import model
from orchestration.linkage.history import recall, remember
from orchestration.settings import PROJECT, Settings, load_settings

PAIRS = 400
LEVELS = [f"{comparison['name']}_level" for comparison in model.comparisons()]


@pytest.fixture(scope="module")
def pairs(built_hub: Settings) -> list[tuple]:
    """Pairs that dbt weighed: each level that occurs, and the heaviest and lightest."""
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        return warehouse.execute(
            f"select profile_id, other_profile_id, weight, {', '.join(LEVELS)} from person_index.linkage_pair "
            f"where profile_id <> other_profile_id order by {', '.join(LEVELS)}, profile_id, other_profile_id "
        ).fetchall()[::1][:PAIRS]


def test_weights_of_the_sql_are_those_of_splink(built_hub: Settings, pairs: list[tuple]) -> None:
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    with duckdb.connect() as database:
        database.execute(f"attach '{built_hub.warehouse}' as hub (read_only)")
        database.execute("create table pair (one varchar, other varchar)")
        database.executemany("insert into pair values (?, ?)", [pair[:2] for pair in pairs])
        database.execute(
            "create table profile as select profile_id as unique_id, * from hub.person_index.linkage_profile "
            "where profile_id in (select one from pair union select other from pair)"
        )
        linker = Linker(DuckDBAPI(database).register("profile"), model.settings(model.weights()), log_level="ERROR")
        told = linker.inference.predict().as_record_list()
    names = [comparison["name"] for comparison in model.comparisons()]
    splink = {}
    for one in told:
        levels = tuple(None if one[f"gamma_{name}"] == -1 else one[f"gamma_{name}"] for name in names)
        for key in ((one["unique_id_l"], one["unique_id_r"]), (one["unique_id_r"], one["unique_id_l"])):
            splink[key] = (one["match_weight"], levels)
    assert len(pairs) > 20
    for one, other, weight, *levels in pairs:
        assert splink[one, other][1] == tuple(levels)
        assert splink[one, other][0] == pytest.approx(weight, abs=1e-3)


def test_every_level_has_a_weight_and_a_better_one_weighs_more() -> None:
    weights = model.weights()
    wanted = {("prior", "prior")}
    for comparison in model.comparisons():
        names = [level["level"] for level in comparison["levels"]]
        wanted |= {(comparison["name"], name) for name in names}
        heavy = weights[comparison["name"], names[0]]["weight"]
        light = weights[comparison["name"], names[-1]]["weight"]
        assert heavy > 0 > light, comparison["name"]
        assert all(weights[comparison["name"], name]["weight"] >= light for name in names)
    assert set(weights) == wanted
    for (_, level), told in weights.items():
        if level != "prior":
            assert told["weight"] == model.weight_of(told["m"], told["u"])


def test_nicknames_are_no_names_of_their_own_root() -> None:
    """A name that stands for another must not itself be stood for: roots are looked up once."""
    with (PROJECT / "seeds" / "linkage_nickname.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["nickname"]: row["given_name"] for row in csv.DictReader(file)}
    assert not set(rows) & set(rows.values())
    assert all(name.isascii() and name.isalpha() and name.isupper() for pair in rows.items() for name in pair)


def test_records_without_their_number_find_their_person(built_hub: Settings) -> None:
    whole = in_all(linkage_scores(built_hub))
    assert whole.enough > 200
    assert whole.precision >= 0.995
    assert whole.recall >= 0.98


def test_a_score_needs_a_truth(tmp_path) -> None:
    assert linkage_scores(load_settings(tmp_path)) == []


# --- what changed since the last published set ------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path) -> Settings:
    settings = load_settings(tmp_path)
    settings.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create schema person_index; create schema hub")
        warehouse.execute("create table hub.table_state (table_name varchar, content varchar)")
    return settings


def built(settings: Settings, person: str, changes: int) -> None:
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute(
            "create or replace table person_index.person_identity as "
            f"select 'ed' as feed_table, '1' as record_id, '{person}' as person_id"
        )
        warehouse.execute(
            "create or replace table person_index.person_change as select timestamp '2026-01-01' as changed_at, "
            f"'a' as person_id_before, 'b' as person_id_after, 'rename' as kind, 1 as records from range({changes})"
        )
        warehouse.execute("delete from hub.table_state")
        for name, tag in (("person_identity", person), ("person_change", changes)):
            warehouse.execute("insert into hub.table_state values (?, ?)", [f"person_index.{name}", str(tag)])


def held(settings: Settings) -> tuple[str, int]:
    recall(settings)
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        person = warehouse.execute("select person_id from hub.person_published").fetchone()[0]
        return person, warehouse.execute("select count(*) from hub.person_change_log").fetchone()[0]


def live(settings: Settings, version: str) -> None:
    settings.published.mkdir(parents=True, exist_ok=True)
    (settings.published / "manifest.json").write_text(f'{{"version": "{version}"}}')


def test_a_build_is_compared_with_what_is_live(home: Settings) -> None:
    """Not with what a run wrote down that never went live; and files that no version needs are gone after a while."""
    for place, person in enumerate("abcdef"):
        built(home, person, place)
        remember(home, f"v{place}")
        live(home, f"v{place}")
        assert held(home) == (person, place)
    built(home, "never", 9)
    remember(home, "cut off")
    assert held(home) == ("f", 5)
    files = {file.name for file in (home.home / "linkage" / "published").iterdir()}
    assert len([name for name in files if name.startswith("identity_")]) == 4


def test_a_warehouse_that_is_gone_knows_again(home: Settings) -> None:
    built(home, "a", 2)
    remember(home, "v1")
    live(home, "v1")
    home.warehouse.unlink()
    assert held(home) == ("a", 2)
    assert (home.home / "linkage").stat().st_mode & 0o077 == 0
