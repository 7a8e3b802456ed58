"""Did it work: the hub's own SQL, from candidates to the answer, over people whose effect is known: it was drawn.

The demo cannot show this: its 400 people who take part leave an interval from a quarter to one, and were chosen by
need, of which admissions are a part.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.gates.nodes import load_built_manifest
from orchestration.settings import Settings

CHAIN = ("intervention_candidate", "intervention_match", "intervention_outcome", "phm_intervention_effect")
FIRST, AS_OF = np.datetime64("2024-11-01"), np.datetime64("2026-11-01")
DAYS = int((AS_OF - FIRST).astype(int))
YEAR = 365
PEOPLE = 8_000
EVERYBODY_MORE = 1.3  # emergency admissions after the first year, visited or not
TABLES = {
    "hub.run_day": f"select date '{AS_OF}' as as_of_date",
    "reference.intervention_register": "select 'X' as intervention_id, 'Visits' as label, 10 as cost_per_person_pounds",
    "reference.unit_cost": (
        "select 'emergency_admission' as activity, date '2000-01-01' as valid_from, null::date as valid_to, "
        "100 as pounds"
    ),
    "derived.index_date": (
        f"select last_day(date '{FIRST}' + to_months(n::int))::date as index_date from range(24) as month (n)"
    ),
    "cdm.intervention_exposure": "select 'X' as intervention_id, person_id, exposed_on from people where is_exposed",
    "cdm.person_for_research_and_planning": "select person_id from people where not opted_out",
    "derived.costed_activity": (
        "select person_id, on_date, 'emergency_admission' as activity, 1 as activity_count from admission "
        f"union all select '-', date '{FIRST}', 'ed_attendance', 1"
    ),
    "derived.person_profile": (
        "select person_id, index_date, age_years, sex_code, imd_decile from people "
        "join derived.index_date on index_date <= coalesce(left_on, index_date)"
    ),
    "derived.person_score": (
        "select person_id, index_date, cambridge_score, 0 as efi_deficit_count, efi_band "
        "from people cross join derived.index_date"
    ),
    "derived.person_use": (
        "select person_id, index_date, count(*) filter (where on_date between index_date - 364 and index_date) "
        "as emergency_admission_count, 0 as cost_pounds "
        "from people cross join derived.index_date left join admission using (person_id) group by all"
    ),
}


def drawn(rng: np.random.Generator, effect: float, chosen: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People and their admissions. Who takes part is chosen by lot; or by a need that no score tells and that does not
    change; or after two admissions in a half year, the one just before or the first that the hub knows."""
    measured, unseen = rng.gamma(4, 1 / 4, PEOPLE), rng.gamma(2, 1 / 2, PEOPLE)
    began = rng.integers(YEAR // 2 + 20, YEAR + 20, PEOPLE)
    a_year = 0.45 * measured * unseen
    often = rng.poisson(a_year * DAYS / YEAR * EVERYBODY_MORE)
    who, day = np.repeat(np.arange(PEOPLE), often), rng.integers(0, DAYS, often.sum())
    kept = (day >= YEAR) | (rng.random(len(day)) < 1 / EVERYBODY_MORE)
    who, day = who[kept], day[kept]
    if chosen in ("in_a_bad_half_year", "after_a_bad_half_year"):
        since = began[who] - 182 if chosen == "in_a_bad_half_year" else 0
        bad = (day >= since) & (day < since + 182)
        exposed = np.bincount(who[bad], minlength=PEOPLE) >= 2
    else:
        exposed = rng.random(PEOPLE) < {"by_lot": 0.2, "by_unseen_need": np.minimum(0.2 * unseen, 0.6)}[chosen]
    prevented = exposed[who] & (day > began[who]) & (rng.random(len(day)) >= effect)
    admission = pd.DataFrame({"person_id": who[~prevented], "on_date": FIRST + day[~prevented]})
    people = pd.DataFrame({
        "person_id": np.arange(PEOPLE),
        "is_exposed": exposed,
        "exposed_on": FIRST + began,
        "opted_out": rng.random(PEOPLE) < 0.05,
        "left_on": np.where(rng.random(PEOPLE) < 0.06, FIRST + rng.integers(YEAR, DAYS, PEOPLE), np.datetime64("NaT")),
        "age_years": rng.integers(65, 95, PEOPLE),
        "sex_code": rng.choice(["1", "2"], PEOPLE),
        "imd_decile": rng.integers(1, 11, PEOPLE),
        "cambridge_score": measured.round(2),
        "efi_band": np.digitize(measured, [0.7, 1.1, 1.6]).astype(str),
    })  # fmt: skip
    for table in (people, admission):
        table["person_id"] = "p" + table.person_id.astype(str)
    return people, admission


@pytest.fixture(scope="module")
def chain(built_hub: Settings) -> list[dict[str, Any]]:
    manifest = load_built_manifest(built_hub)
    assert manifest
    by_name = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    return [by_name[name] for name in CHAIN]


def told(chain: list[dict[str, Any]], chosen: str, effect: float, seed: int = 1) -> dict[str, dict[str, Any]]:
    """What the hub says, by design."""
    people, admission = drawn(np.random.default_rng(seed), effect, chosen)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("attach ':memory:' as bihub; use bihub; set TimeZone = 'Europe/London'")
        connection.register("people", people)
        connection.register("admission", admission)
        for schema in ("hub", "reference", "cdm", "derived", "phm"):
            connection.execute(f"create schema {schema}")
        for name, query in TABLES.items():
            connection.execute(f"create table {name} as {query}")
        for node in chain:
            connection.execute(f"create table {node['relation_name']} as {node['compiled_code']}")
        wrong = connection.execute(
            "select count(*) from derived.intervention_match as pair "
            "join people as one using (person_id) join people as other on pair.comparison_person_id = other.person_id "
            "where not one.is_exposed or other.is_exposed or one.opted_out or other.opted_out"
        ).fetchone()
        assert wrong == (0,)
        found = connection.execute("from phm.phm_intervention_effect order by is_main desc").df()
    return found.set_index("design").to_dict("index")


def holds(row: dict[str, Any], result: str, ratio: float) -> bool:
    return row[f"{result}_ratio_lower"] <= ratio <= row[f"{result}_ratio_upper"]


def test_three_in_ten_fewer_are_found_by_both_designs(chain: list[dict[str, Any]]) -> None:
    found = told(chain, "by_lot", 0.7)
    assert len(found) == 2
    for row in found.values():
        assert row["matched_people"] > 1_000
        assert holds(row, "effect", 0.7) and not holds(row, "effect", 1.0)
        assert holds(row, "trend", 1.0)
        assert row["answer"] == "fewer"


def test_an_intervention_without_effect_has_none(chain: list[dict[str, Any]]) -> None:
    for row in told(chain, "by_lot", 1.0).values():
        assert holds(row, "effect", 1.0) and not holds(row, "effect", 0.7)
        assert row["answer"] == "not_told"


@pytest.mark.parametrize("effect", [0.7, 1.0])
def test_what_differs_for_good_is_taken_off(chain: list[dict[str, Any]], effect: float) -> None:
    """By the main design, and not by the other: it pulls people of unlike need together, who drift apart again."""
    found = told(chain, "by_unseen_need", effect)
    main, other = found["characteristics"], found["prior_use"]
    assert main["exposed_before_admissions"] > 1.3 * main["comparison_before_admissions"]
    assert holds(main, "effect", effect) and not holds(main, "effect", 1.7 - effect)
    assert not holds(other, "effect", effect)
    assert main["answer"] == {0.7: "not_confirmed", 1.0: "not_told"}[effect]


@pytest.mark.parametrize("chosen", ["in_a_bad_half_year", "after_a_bad_half_year"])
def test_who_gets_better_unvisited_is_no_success(chain: list[dict[str, Any]], chosen: str) -> None:
    """Regression to the mean looks like an effect to the main design; the year before gives it away."""
    main = told(chain, chosen, 1.0)["characteristics"]
    assert main["effect_ratio_upper"] < 1
    assert not holds(main, "trend", 1.0)
    assert main["answer"] == "not_comparable"
