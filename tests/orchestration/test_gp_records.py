"""Practice records: the hub holds what was meant, whichever habit a practice has, and as much as F 4.1 and 7.2 say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.demo import gp_entries
from orchestration.demo.gp import make_patients, row_of
from orchestration.demo.gp_codes import load_codes, load_medicines
from orchestration.demo.health import REGISTERS, choose_exposed
from orchestration.demo.world import World, make_world
from orchestration.settings import PROJECT, Settings

END = dt.date(2026, 10, 31)


@pytest.fixture(scope="module")
def hub(built_hub: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built_hub.warehouse}' as hub (read_only)")
        for path in (built_hub.home / "truth").glob("*.parquet"):
            connection.execute(f"create view {path.stem} as from '{path}'")
        connection.execute("use hub")
        yield connection


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(12_000, 12, 7, END, PROJECT / "seeds", lambda what: None)


def differences(hub: duckdb.DuckDBPyConnection, one: str, other: str) -> list[tuple]:
    return hub.execute(f"(({one}) except all ({other})) union all (({other}) except all ({one})) limit 5").fetchall()


ENTRIES = (
    "select event_id || case part when 2 then ':2' else '' end, snomed_code, event_date, recorded_on, "
    "round(value, 2), is_problem, problem_ended_on, is_confidential, is_imported from memory.gp_event "
    "where counts and habit < 3"
)


def test_the_hub_holds_every_entry_as_it_was_meant(hub: duckdb.DuckDBPyConnection) -> None:
    held = (
        "select clinical_event_id, snomed_code, event_date, recorded_on, round(value_number, 2), is_problem, "
        "problem_ended_on, is_confidential, is_imported from cdm.clinical_event where feed_table = 'gp_events'"
    )
    assert hub.execute(f"select count(*) from ({held})").fetchone()[0] > 50_000
    assert differences(hub, held, ENTRIES) == []


def test_both_habits_and_every_kind_of_defect_are_there(hub: duckdb.DuckDBPyConnection) -> None:
    habits = dict(hub.execute("select habit, count(*) from memory.gp_event group by 1").fetchall())
    assert habits[1] > 2 * 10_000
    assert habits[2] > 10_000
    assert hub.execute("select count(*) from memory.gp_event where part = 2").fetchone()[0] > 500
    left_out = hub.execute(
        "select count(*) filter (where snomed_code is null), count(*) filter (where is_family_history) "
        "from staging.stg_primary_care__gp_events"
    ).fetchone()
    assert min(left_out) > 5
    kinds = {
        kind for (kind,) in hub.execute("select distinct kind from memory.dirt where feed = 'gp_events'").fetchall()
    }
    assert {
        "local_code_unknown", "value_in_text", "value_implausible", "hba1c_in_percent", "event_date_default",
        "event_in_future", "resubmitted", "corrected", "deleted",
    } <= kinds  # fmt: skip


def test_an_entry_belongs_to_the_person_of_its_record(hub: duckdb.DuckDBPyConnection) -> None:
    persons = hub.execute("""
        select count(*), count(distinct truth.person_no), count(distinct person_id)
        from cdm.clinical_event as held
        join (select *, event_id || case part when 2 then ':2' else '' end as id from memory.gp_event) as truth
          on held.clinical_event_id = truth.id
    """).fetchone()
    assert persons[0] > 50_000
    assert abs(persons[2] - persons[1]) <= 0.01 * persons[1]


def test_prescriptions_and_appointments_are_the_true_ones(hub: duckdb.DuckDBPyConnection) -> None:
    columns = "issued_on, dmd_code, bnf_code, is_repeat"
    issued = f"select medication_order_id, {columns} from cdm.medication_order where feed_table = 'gp_medication'"
    meant = f"select issue_id::varchar, {columns} from memory.gp_medication where counts and habit < 3"
    assert differences(hub, issued, meant) == []
    # a change of system gives an appointment another number
    booked = "select starts_at_local, status_group, mode_code, booked_at_local from cdm.gp_appointment"
    meant = (
        "select starts_at_local, status_group, mode_code, booked_at_local from memory.gp_appointment where habit < 3"
    )
    assert differences(hub, booked, meant) == []


def test_registrations_have_their_ends(hub: duckdb.DuckDBPyConnection) -> None:
    told, true = (
        hub.execute(f"select count(*), count(ended_on), count(died_on) from {table}").fetchone()
        for table in (
            "cdm.registration_period where feed_table = 'gp_patients'",
            "memory.gp_patient where registered_on <= date '2026-10-31' and habit < 3",
        )
    )
    assert told[0] == true[0]
    assert 0.7 * true[1] < told[1] <= true[1]


def test_the_register_of_the_intervention_is_the_true_one(hub: duckdb.DuckDBPyConnection) -> None:
    told = hub.execute(
        "select intervention_id, exposed_on, count(*), count(distinct person_id) from cdm.intervention_exposure "
        "group by all order by all"
    ).fetchall()
    true = hub.execute(
        "select intervention_id, exposed_on, count(*), count(*) from memory.intervention_exposure "
        "group by all order by all"
    ).fetchall()
    assert sum(row[2] for row in told) > 30
    assert sum(row[2] for row in told) >= 0.98 * sum(row[2] for row in true)
    assert {row[1] for row in told} <= {row[1] for row in true}


# --- The demo alone --------------------------------------------------------------------------------------------------


def test_as_many_have_a_condition_as_in_england(world: World) -> None:
    residents = world.people["is_resident"].sum()
    for condition, (share, *_) in REGISTERS.items():
        found = world.health.has(condition).sum() / residents
        spread = 4 * np.sqrt(share / residents)
        assert 0.80 * share - spread < found < 1.25 * share + spread, (condition, found)
    main = np.isin(world.health.condition["condition"], [one for one in REGISTERS if one not in ("NDH", "PC")])
    table = world.health.condition["person"][main & np.isnat(world.health.condition["resolved_date"])]
    number = np.bincount(table, minlength=len(world.health.need))
    assert 0.50 < (number == 0).mean() < 0.70
    old = world.people["birth_date"] < np.datetime64("1951-10-31")
    assert (number[old] >= 2).mean() > 2 * (number >= 2).mean()


def test_as_many_entries_prescriptions_and_appointments_a_year(world: World) -> None:
    residents, records = world.people["is_resident"].sum(), world.gp
    within = records.events["recorded"] >= records.first
    assert 40 < within.sum() / residents < 60
    assert 9 < (records.medication["day"] >= records.first).sum() / residents < 22
    assert 5.4 < (records.appointments["day"] <= records.last).sum() / residents < 6.5
    seen = records.appointments["status"] == 0
    assert 0.85 < seen[records.appointments["day"] <= records.last].mean() < 0.92


def test_nothing_is_entered_before_birth_or_after_death(world: World) -> None:
    events, people = world.gp.events, world.people
    person = world.gp.patients["person"][events["patient"]]
    assert (events["day"] >= people["birth_date"][person].astype("datetime64[D]").astype("int64")).all()
    died = people["died_on"][person].astype("datetime64[D]")
    dead = ~np.isnat(died)
    assert (events["day"][dead] <= died[dead].astype("int64")).all()


def test_some_processes_of_diabetes_are_missed(world: World) -> None:
    """Between all and none, each process by another number of people: gaps in care have something to find."""
    events, codes = world.gp.events, world.gp.codes
    diabetic = np.flatnonzero(world.health.has("DM"))
    person = world.gp.patients["person"][events["patient"]]
    recent = (events["day"] > world.gp.last - 455) & events["counts"]
    for cluster, least, most in (
        ("HBA1C_COD", 0.70, 0.97), ("FOOTEXAM_COD", 0.45, 0.85), ("RETINAL_COD", 0.40, 0.85), ("ACR_COD", 0.35, 0.75),
    ):  # fmt: skip
        done = np.unique(person[recent & np.isin(events["code"], codes.cluster[cluster])])
        assert least < np.isin(diabetic, done).mean() < most, cluster


def test_visits_spare_emergency_admissions_and_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same demo without effect: the same people are visited, and as many events happen, to others."""
    monkeypatch.setattr("orchestration.demo.health.EFFECT", 1.0)
    without = make_world(12_000, 12, 7, END, PROJECT / "seeds", lambda what: None)
    exposed = world.health.exposure["person"]
    assert 150 < len(exposed) < 260
    assert np.isin(exposed, without.health.exposure["person"]).mean() > 0.9
    since = np.full(len(world.health.need), np.datetime64("2200-01-01"))
    since[exposed] = world.health.exposure["exposed_on"]
    counts = []
    for one in (world, without):
        spells = one.spells
        emergency = np.isin(spells["kind"], ("ed", "direct"))
        after = emergency & (spells["admitted_at"].astype("datetime64[D]") > since[spells["person"]])
        counts.append((after.sum(), emergency.sum()))
    (spared, all_spared), (usual, all_usual) = counts
    assert 0.5 * usual < spared < 0.88 * usual
    assert abs(all_spared - all_usual) < 0.01 * all_usual


def test_the_visits_are_chosen_by_what_was_known_then(world: World) -> None:
    """What comes after the visits began changes nothing in who is visited."""
    spells = {name: column.copy() for name, column in world.spells.items()}
    begun = np.datetime64(world.period.start, "D") + np.timedelta64(len(world.period.days) // 5, "D")
    later = spells["admitted_at"].astype("datetime64[D]") >= begun
    first = choose_exposed(world.period, world.people, world.health, {}, spells, 7)
    spells["person"][later] = 0
    again = choose_exposed(world.period, world.people, world.health, {}, spells, 7)
    assert (first["person"] == again["person"]).all()


def test_codes_of_the_demo_are_known_to_the_hub() -> None:
    codes, medicines = load_codes(PROJECT / "seeds"), load_medicines(PROJECT / "seeds")
    clusters = pd.read_csv(PROJECT / "seeds/code_cluster.csv", dtype=str)
    without = {name for name, places in codes.cluster.items() if not len(places)}
    assert not without, "clusters without a code in gp_local_code.csv: the demo cannot write them"
    assert set(clusters.cluster_id) == set(codes.cluster)
    of_a_system = codes.local[codes.local != ""]  # of restricted codes no system has one
    assert len(set(of_a_system)) == len(of_a_system) > 200
    assert all(gp_entries.CLUSTER.get(one, f"{one}_COD") in codes.cluster or one == "DM" for one in REGISTERS)
    assert medicines.place["ramipril"] >= 0


def test_the_record_of_a_day_is_the_one_that_is_open(world: World) -> None:
    patients = make_patients(world.period, world.people, world.registrations, PROJECT / "seeds", 7)
    moved = np.flatnonzero(patients["person"][1:] == patients["person"][:-1])
    assert len(moved) > 100
    who = patients["person"][moved]
    start = patients["registered_on"][moved + 1].astype("datetime64[D]").astype("int64")
    row, is_open = row_of(patients, who, start)
    assert (row == moved + 1).all()
    assert is_open.all()
    row, is_open = row_of(patients, who, start - 1)
    assert (row == moved).all()
    first = patients["registered_on"][moved].astype("datetime64[D]").astype("int64")
    row, is_open = row_of(patients, who, first - 1)
    assert (row == moved).all()
    assert not is_open.any()
