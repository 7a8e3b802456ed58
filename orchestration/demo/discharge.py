"""Who no longer meets the criteria to reside, day by day, and the trust's daily situation report (F 2.7)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from orchestration.demo import clock, emergency, rates
from orchestration.demo.beds import census_moment
from orchestration.demo.inpatient import general_and_acute
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, size, take, words
from orchestration.demo.wards import ward_at

COUNCILS = ("E10000012", "E06000033", "E06000034")  # Essex, Southend, Thurrock
ELSEWHERE = "OTHER"
KNOWN_TO_HUB = ("P1", "P2", "P3")
REASON_FROM_NIGHTS = 7
NOT_COUNTED = (emergency.STREAMED_UTC, emergency.STREAMED_ED, emergency.DEAD_ON_ARRIVAL)
MATERNITY = ("501", "560", "424")
BANDS = {"handovers_15_to_30": (15, 30), "handovers_30_to_60": (30, 60), "handovers_over_60": (60, 10**6)}


def councils(people: Table, lsoa: Table, seeds: Path, who: np.ndarray, when: np.ndarray) -> np.ndarray:
    """Council of residence of people on days; somebody from outside belongs to another one."""
    with (seeds / "district.csv").open(encoding="utf-8", newline="") as file:
        upper = {row["district_code"]: row["upper_tier_code"] for row in csv.DictReader(file)}
    of_area = words([upper[code] if upper[code] in COUNCILS else ELSEWHERE for code in lsoa["district_code"]])
    home = np.where(people["moved_on"][who] <= when.astype("datetime64[D]"), people["home_2"][who], people["home"][who])
    return np.where(people["is_resident"][who], of_area[home], ELSEWHERE).astype(object)


def make_list_days(period: Period, spells: Table, stays: Table, people: Table, lsoa: Table, seeds: Path) -> Table:
    """One row per patient and morning on the list of those who no longer meet the criteria to reside.

    On the list of a day is a patient of a general and acute bed (adult or child) who is in hospital at 08:00 and has
    been ready to leave since an earlier day, or since that day where a pathway with support (P1, P2, P3) was planned.
    Who goes home without support on the very day on which he is told so on the ward round is on no list.
    """
    ready = spells["discharge_ready_date"]
    row = np.flatnonzero(general_and_acute(spells) & ~np.isnat(ready) & (spells["nights"] >= 1))
    mine = take(spells, row)
    one = np.timedelta64(1, "D")
    first = mine["discharge_ready_date"] + np.where(np.isin(mine["pathway_code"], KNOWN_TO_HUB), 0, 1) * one
    came, left = clock.local_date(mine["admitted_at"]), clock.local_date(mine["discharged_at"])
    first = np.maximum(first, came + np.where(mine["admitted_at"] <= census_moment(came), 0, 1) * one)
    first = np.maximum(first, period.days[0])
    last = left - np.where(mine["discharged_at"] > census_moment(left), 0, 1) * one
    last = np.minimum(last, period.days[-1])
    days = np.maximum((last - first).astype("int64") + 1, 0)
    which = np.repeat(np.arange(len(row)), days)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(days) - days, days)
    census = first[which] + nth.astype("timedelta64[D]")
    here = take(mine, which)
    long = (census - came[which]).astype("int64") >= REASON_FROM_NIGHTS
    table = {
        "census_date": census,
        "site_code": here["site_code"],
        "spell": row[which],
        "person": here["person"],
        "ward_code": ward_at(stays, row[which], census_moment(census)),
        "no_criteria_since": here["discharge_ready_date"],
        "pathway_code": here["pathway_code"],
        "delay_reason_code": np.where(long, here["delay_reason_code"], None).astype(object),
        "local_authority_code": councils(people, lsoa, seeds, here["person"], census),
    }
    return take(table, np.lexsort((table["spell"], table["site_code"].astype(str), census)))


def make_sitrep(period: Period, attendances: Table, incidents: Table, spells: Table, listed: Table) -> Table:
    """The numbers of the daily situation report of every site and flow day (00:00 to 23:59, local clock), exactly:

    ed_type_1_attendances  attendances at a department of type 01 that arrived on the day and are counted: category 1, 2
                           or 3; not streamed to an urgent treatment centre or another ED, not brought in dead
    ed_type_1_over_4h      of these, who left more than 240 whole minutes after arrival, or are still there
    dta_waits_4_to_12h     counted attendances (any department type), admitted (destination group admitted, short stay
                           or transfer), that left on the day, 240 whole minutes and more but less than 720 after the
                           decision to admit; dta_waits_12h: 720 and more
    ambulance_arrivals     incidents conveyed to the site's ED (no test calls) whose ambulance arrived on the day
    handovers_15_to_30     of these, handover minus arrival in whole minutes, rounded down: more than 15 and up to 30;
                           handovers_30_to_60 more than 30 and up to 60; handovers_over_60 more than 60
    nctr_patients          patients on the list of that morning (census date = flow day)
    discharges             spells with ordinary admission (patient classification 1) and at least one night, not of
                           maternity or newborn (treatment function 501, 560, 424), discharged on the day not by death
                           (method 4, 5); discharges_by_1700 until 17:00:00, discharges_after_1700 later
    not_discharged         patients on the list of that morning who were not discharged on the day
    """
    days = period.days

    def counts(where: np.ndarray, day: np.ndarray, site: np.ndarray) -> np.ndarray:
        """Events of each site and day, in the order of the rows."""
        out = []
        for code in rates.SITES:
            number = (day[where & (site == code)] - days[0]).astype("int64")
            number = number[(number >= 0) & (number < len(days))]
            out.append(np.bincount(number, minlength=len(days)))
        return np.concatenate(out)

    def whole_minutes(later: np.ndarray, earlier: np.ndarray) -> np.ndarray:
        return np.where(np.isnat(later) | np.isnat(earlier), -1, (later - earlier).astype("int64") // 60)

    ed, site = attendances, attendances["site_code"]
    counted = np.isin(ed["attendance_category_code"], ("1", "2", "3"))
    counted &= ~np.isin(ed["discharge_status_code"], NOT_COUNTED)
    came, left = clock.local_date(ed["arrived_at"]), clock.local_date(ed["departed_at"])
    major = counted & (ed["department_type_code"] == "01")
    stay = whole_minutes(ed["departed_at"], ed["arrived_at"])
    admitted = counted & np.isin(ed["discharge_destination_code"], list(emergency.DESTINATION_ADMITTED))
    waited = np.where(admitted, whole_minutes(ed["departed_at"], ed["decided_to_admit_at"]), -1)

    brought = (incidents["outcome"] == "convey_ed") & ~incidents["is_test_call"]
    brought &= ~np.isnat(incidents["arrived_hospital_at"])
    at, to = clock.local_date(incidents["arrived_hospital_at"]), incidents["receiving_site_code"]
    over = np.where(brought, whole_minutes(incidents["handover_at"], incidents["arrived_hospital_at"]), -1)

    out = clock.to_local(spells["discharged_at"])
    gone, ward = out.astype("datetime64[D]"), spells["site_code"]
    home = (spells["patient_classification_code"] == "1") & (spells["nights"] >= 1)
    home &= ~np.isin(spells["treatment_function_code"], MATERNITY)
    home &= ~np.isin(spells["discharge_method_code"], ("4", "5"))
    early = out - gone <= np.timedelta64(17 * 3600, "s")

    census, here = listed["census_date"], listed["site_code"]
    everybody = np.ones(size(listed), dtype=bool)
    stayed = gone[listed["spell"]] != census
    return {
        "flow_date": np.tile(days, len(rates.SITES)),
        "site_code": words([code for code in rates.SITES for _ in days]),
        "ed_type_1_attendances": counts(major, came, site),
        "ed_type_1_over_4h": counts(major & (stay > 240), came, site),
        "dta_waits_4_to_12h": counts((waited >= 240) & (waited < 720), left, site),
        "dta_waits_12h": counts(waited >= 720, left, site),
        "ambulance_arrivals": counts(brought, at, to),
        **{name: counts((over > low) & (over <= high), at, to) for name, (low, high) in BANDS.items()},
        "nctr_patients": counts(everybody, census, here),
        "discharges": counts(home, gone, ward),
        "discharges_by_1700": counts(home & early, gone, ward),
        "discharges_after_1700": counts(home & ~early, gone, ward),
        "not_discharged": counts(stayed, census, here),
    }
