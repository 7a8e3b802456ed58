"""The truth: people and everything that happened to them, before any partner writes it down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import beds, clock, discharge, emergency, inpatient, population, rates, urgent, wards
from orchestration.demo.downstream import Downstream, make_downstream
from orchestration.demo.gp import Records, make_records
from orchestration.demo.health import Health, choose_exposed, make_health, spare_admissions, spare_direct
from orchestration.demo.rates import Period, Picker
from orchestration.demo.table import Table, rng_for, size, take

DEATHS_PER_PERSON_YEAR = 12_000 / 1_200_000


@dataclass
class World:
    period: Period
    people: Table
    lsoa: Table
    calls: Table
    incidents: Table
    attendances: Table
    spells: Table
    beds: Table
    registrations: Table
    ward_stays: Table
    listed: Table
    sitrep: Table
    downstream: Downstream
    health: Health
    gp: Records


def first_day(end: dt.date, months: int) -> dt.date:
    month = end.year * 12 + end.month - 1 - (months - 1)
    return dt.date(month // 12, month % 12 + 1, 1)


def make_world(residents: int, months: int, seed: int, end: dt.date, seeds: Path, say: Callable[[str], None]) -> World:
    period = Period(first_day(end, months), end)
    say("people")
    people, lsoa = population.make_people(residents, period.start, period.end, seed, seeds)
    picker = Picker(people, lsoa, period, seed)
    occupied = rates.occupancy(period, seed)
    say("111 calls and 999 incidents")
    calls = urgent.make_calls(period, residents, picker, seed)
    incidents = urgent.make_incidents(period, residents, calls, picker, occupied, seed)
    say("attendances")
    attendances = emergency.make_attendances(period, residents, people, calls, incidents, picker, occupied, seed)
    say("hospital spells")
    for _ in range(3):
        spells = inpatient.make_spells(period, residents, people, attendances, picker, seed)
        if not _free_inpatients(calls, incidents, attendances, spells, picker, seed):
            break
    say("health")
    health = make_health(period, people, lsoa, picker.again, seed)
    health.exposure = choose_exposed(period, people, health, attendances, spells, seed)
    spare_admissions(period, people, health.exposure, calls, incidents, attendances, spells, seed)
    for _ in range(8):
        spells = inpatient.make_spells(period, residents, people, attendances, picker, seed)
        if not _free_inpatients(calls, incidents, attendances, spells, picker, seed):
            break
    spare_direct(period, people, health.exposure, spells, attendances, seed)
    say("births, deaths and moves")
    _deaths(period, residents, people, calls, incidents, attendances, spells, seed)
    registrations = population.registrations(people, lsoa)
    say("wards, beds and discharge lists")
    stays = wards.make_ward_stays(spells, attendances, seed)
    listed = discharge.make_list_days(period, spells, stays, people, lsoa, seeds)
    say("community beds and social care")
    following = make_downstream(period, residents, people, lsoa, calls, incidents, attendances, spells, seed)
    alive = ~(people["died_on"][health.exposure["person"]] <= health.exposure["exposed_on"])
    health.exposure = take(health.exposure, alive)
    return World(
        period=period,
        people=people,
        lsoa=lsoa,
        calls=calls,
        incidents=incidents,
        attendances=attendances,
        spells=spells,
        beds=beds.make_beds(period, spells, occupied, seed),
        registrations=registrations,
        ward_stays=stays,
        listed=listed,
        sitrep=discharge.make_sitrep(period, attendances, incidents, spells, listed),
        downstream=following,
        health=health,
        gp=make_records(period, people, registrations, health, seeds, seed),
    )


def _free_inpatients(
    calls: Table, incidents: Table, attendances: Table, spells: Table, picker: Picker, seed: int
) -> int:
    """Somebody who lies in a ward does not come to ED: such a pathway is given to another person. Returns how many."""
    person = np.concatenate([spells["person"], attendances["person"]])
    start = np.concatenate([spells["admitted_at"], attendances["arrived_at"]]).astype("int64")
    end = np.concatenate([spells["discharged_at"], attendances["arrived_at"]]).astype("int64")
    which = np.concatenate([np.full(size(spells), -1), np.arange(size(attendances))])
    own = np.full(size(attendances), -1)
    own[spells["attendance"][spells["attendance"] >= 0]] = np.flatnonzero(spells["attendance"] >= 0)
    order = np.lexsort((which, start, person))
    span = np.int64(2) ** 33
    latest = np.maximum.accumulate(person[order] * span + end[order])
    clash = np.zeros(len(order), dtype=bool)
    clash[1:] = (person[order][1:] == person[order][:-1]) & (latest[:-1] > person[order][1:] * span + start[order][1:])
    again = np.sort(which[order][clash & (which[order] >= 0)])
    # the ward may enter its own patient before the department lets go: that is one stay, not two
    mine = own[again]
    again = again[~((mine >= 0) & (spells["admitted_at"][mine] <= attendances["arrived_at"][again]))]
    if not len(again):
        return 0
    rng = rng_for(seed, "somebody else")
    other = picker.draw(rng, "ed", attendances["arrived_at"][again])
    attendances["person"][again] = other
    for link, table in (("incident", incidents), ("call", calls)):
        row = attendances[link][again]
        table["person"][row[row >= 0]] = other[row >= 0]
    return len(again)


def _deaths(
    period: Period,
    residents: int,
    people: Table,
    calls: Table,
    incidents: Table,
    attendances: Table,
    spells: Table,
    seed: int,
) -> None:
    """Deaths in hospital end the last thing that happened to a person; deaths elsewhere come after it."""
    rng = rng_for(seed, "deaths")
    last = np.full(len(people["birth_date"]), period.begins.astype("int64"))
    for table, moment in (
        (calls, "ends_at"),
        (incidents, "ends_at"),
        (attendances, "arrived_at"),
        (spells, "admitted_at"),
    ):
        np.maximum.at(last, table["person"], table[moment].astype("int64"))
    mothers = people["mother"][people["is_newborn"]]

    final = spells["admitted_at"].astype("int64") >= last[spells["person"]]
    risk = np.select([spells["age"] < 18, spells["age"] < 65, spells["age"] < 80], [0.001, 0.05, 0.26], 0.50)
    dying = final & np.isin(spells["kind"], ("ed", "direct", "transfer")) & (spells["nights"] >= 1)
    dying &= (rng.random(size(spells)) < risk) & ~np.isin(spells["person"], mothers)
    dying &= spells["discharged_at"] < period.ends
    spells["discharge_method_code"][dying] = "4"
    spells["discharge_destination_code"][dying] = "79"
    spells["discharge_ready_date"][dying] = np.datetime64("NaT")
    spells["pathway_code"][dying], spells["delay_reason_code"][dying], spells["wait"][dying] = None, None, 0
    people["died_on"][spells["person"][dying]] = clock.local_date(spells["discharged_at"][dying])

    age = population.ages(people, attendances["person"], attendances["arrived_at"])
    home = attendances["discharge_destination_code"] == emergency.HOME
    final = attendances["arrived_at"].astype("int64") >= last[attendances["person"]]
    final &= home & (attendances["department_type_code"] == "01") & (age >= 40)
    final &= attendances["discharge_status_code"] == emergency.COMPLETE
    dead = final & (rng.random(size(attendances)) < 0.02)
    on_arrival = dead & (attendances["incident"] >= 0) & (rng.random(size(attendances)) < 0.4)
    attendances["discharge_destination_code"][dead] = emergency.MORTUARY
    attendances["discharge_status_code"][dead] = emergency.DIED
    attendances["discharge_status_code"][on_arrival] = emergency.DEAD_ON_ARRIVAL
    attendances["attendance_category_code"][on_arrival] = "X"
    people["died_on"][attendances["person"][dead]] = clock.local_date(attendances["arrived_at"][dead])

    years = len(period.days) / 365.25
    wanted = round(residents * DEATHS_PER_PERSON_YEAR * years) - int((~np.isnat(people["died_on"])).sum())
    old = population.age_on(people["birth_date"], np.full(len(last), np.datetime64(period.end, "D")))
    weight = np.exp(old / 9.5) * (np.isnat(people["died_on"]) & people["is_resident"] & ~people["is_newborn"])
    np.maximum.at(last, spells["person"], spells["discharged_at"].astype("int64"))
    room = (period.ends.astype("int64") - last) // 86_400
    weight = weight * (room > 1)
    if wanted > 0:
        who = rng.choice(len(weight), min(wanted, int((weight > 0).sum())), replace=False, p=weight / weight.sum())
        begins = clock.local_date(last[who].astype("datetime64[s]")) + np.timedelta64(1, "D")
        later = (rng.random(len(who)) * (room[who] - 1)).astype("int64")
        people["died_on"][who] = begins + later.astype("timedelta64[D]")
