"""Every metric, worked out a second time in another language, from what really happened.

The demo writes the truth beside its files, and every defect that it put into them. Here the metrics are recomputed in
pandas from that truth, by the definitions (F 3.1 to 3.6, linkage F 9.2) and without a look at the SQL. First the truth
is brought to what the hub can know: records that never came are dropped, times after the last file are blanked, the
listed defects are applied. Then published figures must be the same, day for day, site for site. What no listed defect
explains fails.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from truth_downstream import downstream_events, known_downstream

from orchestration.settings import Settings

SITES = ["RAJ01", "RAJ12", "RAJ32"]
SUCCESSOR = {"RDDH0": "RAJ12", "RQ8L0": "RAJ32", "SOU": "RAJ01"}
COUNTED_OUTCOMES = ["hear_treat", "see_treat", "convey_ed", "convey_non_ed"]
LEFT = ["1066301000000103", "1066311000000101", "1066321000000107"]
EMERGENCY = ["21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"]
STREAMED_OR_DEAD = ["1077031000000103", "1077781000000101", "63238001"]
ADMITTED = [
    "306706006", "1874161000000104", "1066361000000104", "1066371000000106", "1066391000000105", "1066381000000108",
    "1066401000000108", "19712007", "183919006", "1066331000000109", "1066341000000100",
]  # fmt: skip
NOT_ADMITTED = [
    "306689006", "306691003", "306694006", "306705005", "50861005", "1066351000000102", "305398007",
]  # fmt: skip
QUICK = "outcome == 'convey_ed' and receiving_site_code in @SITES and handover_at - arrived_hospital_at < '15min'"
SHORT = (
    "department_type_code == '01' and attendance_category_code == '1' and discharge_status_code == '182992009' "
    "and discharge_destination_code == '306689006' and departed_at - arrived_at < '200min' "
    "and initial_assessment_at - arrived_at < '15min'"
)
ADMITTED_IN_A_DAY = (
    "attendance_category_code == '1' and discharge_destination_code == '306706006' "
    "and departed_at - arrived_at < '1D' and decided_to_admit_at > arrived_at"
)
NIGHTS = (
    "admission_method_code == '21' and patient_classification_code == '1' and discharge_method_code == '1' "
    "and discharged_at - admitted_at > '2D' and discharged_at < '2026-10-20' and treatment_function_code != '501'"
)
GAVE_UP = "channel == 'phone' and abandoned_at - offered_at >= '30s'"
COVID_SNOMED, COVID_ICD10 = "840539006", "U071"
FAR = pd.Timestamp("2200-01-01")

Tables = dict[str, pd.DataFrame]
KEYS = {
    "urgent_call": "call_id",
    "ambulance_incident": "incident_id",
    "ed_attendance": "attendance_id",
    "spell": "spell_id",
}


def read_truth(home: Path) -> Tables:
    return {path.stem: pd.read_parquet(path) for path in (home / "truth").glob("*.parquet")}


# --- from the truth to what the hub can know -------------------------------------------------------------------------


def wall(utc: pd.Series) -> pd.Series:
    return utc.dt.tz_localize("UTC").dt.tz_convert("Europe/London").dt.tz_localize(None)


def first_pass(local: pd.Series) -> pd.Series:
    """UTC of wall time; the hour that happens twice is read as its first pass."""
    summer = np.ones(len(local), dtype=bool)
    there = local.dt.tz_localize("Europe/London", ambiguous=summer, nonexistent="shift_forward")
    return there.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]")


def as_written(table: pd.DataFrame, anchor: str) -> pd.DataFrame:
    """Times lose their offset on the way: what is read back is the first pass, unless that is before the anchor."""
    table = table.copy()
    for name in [column for column in table.columns if column.endswith("_at") and column not in ("coded_at",)]:
        utc = first_pass(wall(table[name].astype("datetime64[s]")))
        if name != anchor:
            early = utc < table[anchor]
            later = utc + pd.Timedelta(hours=1)
            utc = utc.where(~(early & (wall(later) == wall(utc))), later)
        table[name] = utc
    return table


def with_defects(table: pd.DataFrame, key: str, dirt: pd.DataFrame) -> pd.DataFrame:
    """The table as it was sent: copies added, untypable records dropped, wrong values in place of right ones."""
    copies = dirt[(dirt.column == "copy_of") & dirt.stands]
    extra = table.merge(copies[["record_id", "sent"]], left_on=key, right_on="sent")
    extra[key] = extra.record_id
    table = pd.concat([table, extra[table.columns]], ignore_index=True)
    lost = dirt[dirt.kind.str.startswith("untypable")].record_id
    table = table[~table[key].isin(lost)].reset_index(drop=True)
    wrong = dirt[dirt.stands & dirt.column.isin(table.columns) & ~dirt.kind.isin(["time_missing", "clock_change_hour"])]
    for column, rows in wrong.groupby("column"):
        values = rows.drop_duplicates("record_id", keep="last").set_index("record_id").sent  # the last touch counts
        here = table[key].isin(values.index)
        sent = table.loc[here, key].map(values).replace("", None)
        if pd.api.types.is_datetime64_any_dtype(table[column]):
            moments = first_pass(pd.to_datetime(sent).astype("datetime64[s]"))
            table.loc[here, column] = moments
        elif pd.api.types.is_numeric_dtype(table[column]):
            table.loc[here, column] = pd.to_numeric(sent)
        else:
            table.loc[here, column] = sent
    return table


def known(truth: Tables) -> Tables:
    """What a hub without a fault knows by the end of the demo."""
    return known_upstream(truth) | known_downstream(truth)


def known_upstream(truth: Tables) -> Tables:
    """The same of calls, incidents, attendances, spells and acute beds."""
    dirt, out = truth["dirt"], {}
    for name, key in KEYS.items():
        table = truth[name][truth[name].is_delivered].copy()
        table["person_key"] = table.person_no
        anchor = {"urgent_call": "offered_at", "ambulance_incident": "call_connect_at", "ed_attendance": "arrived_at"}
        later = [column for column in table.columns if column.endswith("_at") and column != "coded_at"]
        table["left"] = table["departed_at"] if name == "ed_attendance" else table.get("discharged_at")
        feeds = {"urgent_call": ["calls"], "ambulance_incident": ["incidents"]}.get(name)
        mine = dirt[dirt.feed.isin(feeds)] if feeds else dirt[dirt.feed.isin(table.feed.unique())]
        table = as_written(table, anchor.get(name, "admitted_at"))
        hidden = {column: truth[name].set_index(key)[column] for column in later}
        until = truth[name].set_index(key).known_until
        table = with_defects(table, key, mine)
        copies = mine[mine.column == "copy_of"].set_index("record_id").sent.astype(object)
        origin = table[key].map(copies).astype(object).fillna(table[key].astype(object))
        for column in later:
            table.loc[origin.map(hidden[column]) > origin.map(until), column] = pd.NaT
        if name == "ed_attendance":
            inside = origin.map(hidden["departed_at"]) > origin.map(until)
            table.loc[inside, ["diagnosis_code", "discharge_status_code", "discharge_destination_code"]] = None
        if name == "spell":
            uncoded = table.coded_at.fillna(FAR) > origin.map(until)
            table.loc[uncoded, ["primary_diagnosis_code", "secondary_diagnosis_codes"]] = None
            no_time = mine[(mine.kind == "time_missing") & (mine.column == "admitted_at")].record_id
            table["admission_date"] = wall(table.admitted_at).dt.normalize()
            table.loc[table[key].isin(no_time), "admitted_at"] = pd.NaT
            no_time = mine[(mine.kind == "time_missing") & (mine.column == "discharged_at")].record_id
            table["discharge_day"] = wall(table.discharged_at).dt.normalize()
            table.loc[table[key].isin(no_time), "discharged_at"] = pd.NaT
            inside = origin.map(hidden["discharged_at"]) > origin.map(until)
            table.loc[inside, ["discharge_method_code", "discharge_destination_code"]] = None
            table.loc[inside, "discharge_ready_date"] = pd.NaT
            kept = mine[mine.kind == "ed_attendance_not_kept"].record_id
            table.loc[table[key].isin(kept), "attendance_id"] = None
        if name == "ambulance_incident":
            table["receiving_site_code"] = table.receiving_site_code.replace(SUCCESSOR)
        if name == "ed_attendance":
            number = mine[mine.kind == "incident_number_missing"].record_id
            table.loc[table[key].isin(number), "incident_id"] = None
        out[name] = table
    identify(out, truth)
    beds = truth["bed_state"].copy()
    beds["bed_id"] = beds.snapshot_date.astype(str) + "|" + beds.site_code
    out["bed_state"] = with_defects(beds, "bed_id", dirt[dirt.feed == "bed_state"])
    return out


def identify(tables: Tables, truth: Tables) -> None:
    """person_key as the hub's index has it: who is who is scored by itself (test_linkage.py), and figures are
    recomputed for these persons. A record that the hub does not have is its own."""
    who = truth["who"].set_index("record_id").person_id
    for name, key in KEYS.items():
        tables[name]["person_key"] = tables[name][key].map(who).fillna(tables[name][key].astype(str))
    _with_site(tables)


def _with_site(tables: Tables) -> None:
    site_of = {"broomfield": "RAJ32", "southend": "RAJ01", "basildon": "RAJ12"}
    for name in ("ed_attendance", "spell"):
        tables[name]["site_code"] = tables[name].feed.str.split("_").str[0].map(site_of)


# --- linkage, F 9.2 --------------------------------------------------------------------------------------------------


def matched(pairs: pd.DataFrame) -> dict[str, str]:
    """One to one: the better method first, then the closest, then the lower ids. {earlier: later}."""
    links: dict[str, str] = {}
    taken: set[str] = set()
    for pair in pairs.sort_values(["method", "distance", "one", "other"]).itertuples():
        if pair.one not in links and pair.other not in taken:
            links[pair.one] = pair.other
            taken.add(pair.other)
    return links


def _minutes(later: pd.Series, earlier: pd.Series) -> pd.Series:
    return (later - earlier).dt.total_seconds() / 60


def attendance_of_incident(tables: Tables) -> dict[str, str]:
    incidents = tables["ambulance_incident"]
    incidents = incidents[(incidents.outcome == "convey_ed") & ~incidents.is_test_call]
    left = incidents[["incident_id", "person_key", "receiving_site_code", "arrived_hospital_at", "handover_at"]]
    right = tables["ed_attendance"][["attendance_id", "incident_id", "person_key", "site_code", "arrived_at"]]
    found = []
    for method, how, limit in ((1, "incident_id", 60), (2, "person_key", 120)):
        pairs = left.merge(right.dropna(subset=[how]), on=how, suffixes=("", "_ed"))
        pairs = pairs[pairs.receiving_site_code == pairs.site_code]
        stop, over = (
            _minutes(pairs.arrived_at, pairs.arrived_hospital_at),
            _minutes(pairs.arrived_at, pairs.handover_at),
        )
        near = pd.concat([stop.abs(), over.abs()], axis=1).min(axis=1)
        pairs = pairs.assign(method=method, distance=near, one=pairs.incident_id, other=pairs.attendance_id)
        found.append(pairs[near < limit][["one", "other", "method", "distance"]])
    return matched(pd.concat(found))


def spell_of_attendance(tables: Tables) -> dict[str, str]:
    ed = tables["ed_attendance"][["attendance_id", "person_key", "departed_at"]]
    spells = tables["spell"][
        ["spell_id", "attendance_id", "person_key", "admitted_at", "admission_date", "admission_method_code"]
    ]
    told = ed.merge(spells.dropna(subset=["attendance_id"]), on="attendance_id")
    told = told.assign(method=1, distance=_minutes(told.admitted_at, told.departed_at).abs())
    same = ed.merge(spells[spells.admission_method_code.isin(["21", "2A"])], on="person_key", suffixes=("", "_told"))
    near = _minutes(same.admitted_at, same.departed_at).abs()
    by_time = same.assign(method=2, distance=near)[near <= 360]
    first = wall(same.departed_at - pd.Timedelta(hours=6)).dt.normalize()
    last = wall(same.departed_at + pd.Timedelta(hours=6)).dt.normalize()
    by_date = same.assign(method=3, distance=0.0)[same.admitted_at.isna() & same.admission_date.between(first, last)]
    pairs = pd.concat([part[["attendance_id", "spell_id", "method", "distance"]] for part in (told, by_time, by_date)])
    return matched(pairs.rename(columns={"attendance_id": "one", "spell_id": "other"}))


# --- metrics, F 3.1 to 3.6 -------------------------------------------------------------------------------------------


def events(tables: Tables, only: str | None = None) -> pd.DataFrame:
    """One row per event that a metric counts, with numerator and denominator; covid is None where it cannot be told.

    `only`: of this metric alone, and of those made along with it.
    """
    families = {
        _ambulance: ("AMB_", "HAND_"), _ed: ("ED_",), _spells: ("NEL_", "DISCH_", "DRD_"), _calls: ("U111_",),
        _beds: ("BED_", "LOS_"), _downstream: ("NCTR_", "DELAY_", "COMM_", "CH_", "POC_"),
    }  # fmt: skip
    made = [part for family, names in families.items() if not only or only.startswith(names) for part in family(tables)]
    return pd.concat(made, ignore_index=True)


def _downstream(tables: Tables) -> list[pd.DataFrame]:
    return downstream_events(tables, _rows)


def _rows(
    metric: str,
    day: pd.Series,
    organisation: pd.Series | str,
    site: pd.Series | str,
    covid: pd.Series | None,
    n: pd.Series,
    d: object,
    category: pd.Series | str | None = None,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "metric_id": metric,
            "day": pd.to_datetime(day).dt.normalize(),
            "organisation_code": organisation,
            "site_code": site,
            "covid": None if covid is None else covid.map({True: True, False: False}).astype(object),
            "n": n.astype(float),
            "d": d,
            "category": category,
        }
    )


def _with_covid(tables: Tables) -> pd.DataFrame:
    ed, spells = tables["ed_attendance"].copy(), tables["spell"]
    codes = spells.primary_diagnosis_code.fillna("") + ";" + spells.secondary_diagnosis_codes.fillna("")
    positive = set(spells.spell_id[codes.str.split(";").map(lambda parts: COVID_ICD10 in parts)])
    follows = ed.attendance_id.map(spell_of_attendance(tables))
    ed["covid"] = (ed.diagnosis_code == COVID_SNOMED) | follows.isin(positive)
    return ed


def _ambulance(tables: Tables) -> list[pd.DataFrame]:
    table = tables["ambulance_incident"].copy()
    ed = _with_covid(tables).set_index("attendance_id").covid
    table["covid"] = table.incident_id.map(attendance_of_incident(tables)).map(ed).fillna(False).astype(bool)
    table = table[~table.is_test_call & table.outcome.isin(COUNTED_OUTCOMES)]
    day = wall(table.call_connect_at)
    made = [
        _rows(metric, day, "RYC", "ALL", table.covid, table.outcome == outcome, 1.0)
        for metric, outcome in (
            ("AMB_CONV_ED", "convey_ed"), ("AMB_HT_PCT", "hear_treat"), ("AMB_ST_PCT", "see_treat"),
        )
    ]  # fmt: skip
    for number, codes, wait in (
        ("C1", ["C1", "C1T"], 30),
        ("C2", ["C2"], 240),
        ("C3", ["C3"], 240),
        ("C4", ["C4"], 240),
    ):
        mine = table[table.category_code.isin(codes)]
        capped = mine.call_connect_at + pd.Timedelta(seconds=wait)
        start = pd.concat([mine.problem_identified_at, mine.first_resource_assigned_at, capped], axis=1).min(axis=1)
        conveyed = mine.outcome.isin(["convey_ed", "convey_non_ed"]) & (number != "C1")
        stop = mine.conveying_on_scene_at.where(conveyed, mine.first_on_scene_at)
        response = (stop - start).dt.total_seconds()
        valid = response >= 0
        for metric in [f"AMB_{number}_P90"] + [f"AMB_{number}_MEAN"] * (number in ("C1", "C2")):
            made.append(_rows(metric, day[mine.index][valid], "RYC", "ALL", mine.covid[valid], response[valid], 1.0))
    brought = table[(table.outcome == "convey_ed") & table.receiving_site_code.isin(SITES)]
    waited = _minutes(brought.handover_at, brought.arrived_hospital_at)
    came = wall(brought.arrived_hospital_at).fillna(wall(brought.call_connect_at))
    made.append(_rows("HAND_DQ", came, "RAJ", brought.receiving_site_code, brought.covid, waited >= 0, 1.0))
    brought, waited = brought[waited >= 0], np.floor(waited[waited >= 0])
    day = wall(brought.arrived_hospital_at)
    for metric, n in (
        ("HAND_15", waited <= 15), ("HAND_30", waited > 30), ("HAND_60", waited > 60), ("HAND_MEAN", waited),
        ("HAND_LOST_H", (waited - 15).clip(lower=0) / 60),
    ):  # fmt: skip
        made.append(_rows(metric, day, "RAJ", brought.receiving_site_code, brought.covid, n, 1.0))
    return made


def _ed(tables: Tables) -> list[pd.DataFrame]:
    table = _with_covid(tables)
    counted = table.attendance_category_code.isin(["1", "2", "3"]) & ~table.discharge_status_code.isin(STREAMED_OR_DEAD)
    table = table[counted]
    back = _back_within_7_days(table)
    stay = np.floor(_minutes(table.departed_at, table.arrived_at))
    stay = stay.where(stay >= 0)
    closed = ~(stay > 4320)
    kind = table.department_type_code
    admitted = table.discharge_destination_code.isin(ADMITTED)
    home = table.discharge_destination_code.isin(NOT_ADMITTED)
    early = _minutes(table.initial_assessment_at, table.arrived_at)
    early = np.floor(early.where(early >= -10).clip(lower=0))
    left = table.discharge_status_code.isin(LEFT)
    seen = np.floor(_minutes(table.seen_for_treatment_at, table.arrived_at))
    seen_known = (seen >= 0) & ~left
    bed = np.floor(_minutes(table.departed_at, table.decided_to_admit_at))

    def rows(metric: str, which: pd.Series, n: pd.Series) -> pd.DataFrame:
        part = table[which]
        return _rows(metric, wall(part.arrived_at), "RAJ", part.site_code, part.covid, n[which], 1.0)

    return [
        rows("ED_4H_PCT_OVER", closed, stay > 240),
        rows("ED_4H_T1", closed & (kind == "01"), stay > 240),
        rows("ED_12H_ARR", closed & kind.isin(["01", "02"]), stay > 720),
        rows("ED_INIT_15", early.notna(), early <= 15),
        rows("ED_MEAN_ADM", closed & stay.notna() & admitted, stay),
        rows("ED_MEAN_NONADM", closed & stay.notna() & home, stay),
        rows("ED_12H_DTA", closed & admitted & (bed >= 0), bed >= 720),
        rows("ED_SEEN_60", seen_known, seen <= 60),
        rows("ED_LWBS", stay.isna() | stay.notna(), left),
        rows("ED_REATT_7D", stay.isna() | stay.notna(), back),
        rows("ED_CONV_ADM", kind == "01", admitted),
    ]


def _back_within_7_days(counted: pd.DataFrame) -> pd.Series:
    """An earlier counted attendance of the same person began more than 0 and at most 7 x 24 hours before."""
    ordered = counted.drop_duplicates(["person_key", "arrived_at"]).sort_values(["person_key", "arrived_at"])
    before = ordered.groupby("person_key").arrived_at.shift()
    near = ordered.assign(back=(ordered.arrived_at - before) <= pd.Timedelta(days=7))
    told = near.set_index(["person_key", "arrived_at"]).back
    return pd.Series(
        told.reindex(pd.MultiIndex.from_frame(counted[["person_key", "arrived_at"]])).to_numpy(), counted.index
    )


def _spells(tables: Tables) -> list[pd.DataFrame]:
    spells = tables["spell"].copy()
    codes = spells.primary_diagnosis_code.fillna("") + ";" + spells.secondary_diagnosis_codes.fillna("")
    spells["covid"] = codes.str.split(";").map(lambda parts: COVID_ICD10 in parts)
    spells["left_on"] = spells.discharge_day
    nights = (spells.left_on - spells.admission_date).dt.days
    ended = nights.between(0, 1000)
    ordinary = (
        ended & (nights >= 1) & (spells.patient_classification_code == "1")
        & ~spells.discharge_method_code.isin(["4", "5"]) & spells.discharge_method_code.notna()
        & ~spells.treatment_function_code.isin(["501", "560", "424"])
    )  # fmt: skip
    ready = pd.to_datetime(spells.discharge_ready_date)
    ready_known = ordinary & (ready >= spells.admission_date) & (ready <= spells.left_on)
    late = (spells.left_on - ready).dt.days
    clock = wall(spells.discharged_at)
    by_five = (clock - clock.dt.normalize()) <= pd.Timedelta(hours=17)
    emergency = ended & spells.admission_method_code.isin(EMERGENCY)

    def rows(metric: str, which: pd.Series, n: pd.Series) -> pd.DataFrame:
        part = spells[which]
        return _rows(metric, part.left_on, "RAJ", part.site_code, part.covid, n[which], 1.0)

    return [
        rows("NEL_LOS", emergency, nights),
        rows("DISCH_BY_17", ordinary & spells.discharged_at.notna(), by_five),
        rows("DRD_DELAY_MEAN", ready_known, late),
        rows("DRD_ON_DAY", ready_known, late == 0),
    ]


def _beds(tables: Tables) -> list[pd.DataFrame]:
    beds = tables["bed_state"]
    opened = beds.ga_core_beds_open + beds.ga_escalation_beds_open
    usable = opened - beds.ga_covid_void_beds - beds.ga_infection_closed_beds
    empty = usable - beds.ga_beds_occupied
    parts = {
        "BED_OCC": (beds.ga_beds_occupied, opened),
        "BED_UNOCC_N": (empty, pd.Series(np.nan, index=beds.index)),
        "BED_UNOCC_PCT": (empty, usable),
        "LOS_7P": (beds.los_7_plus, beds.adult_ga_beds_occupied),
        "LOS_14P": (beds.los_14_plus, beds.adult_ga_beds_occupied),
        "LOS_21P": (beds.los_21_plus, beds.adult_ga_beds_occupied),
    }
    return [
        _rows(name, beds.snapshot_date, "RAJ", beds.site_code, None, n, d.astype(float))
        for name, (n, d) in parts.items()
    ]


def _calls(tables: Tables) -> list[pd.DataFrame]:
    calls = tables["urgent_call"]
    calls = calls[calls.channel == "phone"]
    gave_up = ((calls.abandoned_at - calls.offered_at).dt.total_seconds() >= 30) & calls.answered_at.isna()
    triaged = calls[calls.answered_at.notna() & calls.triaged_by.notna()]
    wait = (calls.answered_at - calls.offered_at).dt.total_seconds()
    wait = wait.where(wait >= -60).clip(lower=0)
    answered = calls[wait.notna()]
    wait = wait[wait.notna()]
    clinical = triaged.had_clinical_contact.astype(bool) | triaged.triaged_by.isin(["clinical_adviser", "clinician"])
    return [
        _rows("U111_ABAND", wall(calls.offered_at), "NIC24", "ALL", None, gave_up, 1.0),
        _rows("U111_CLIN", wall(triaged.offered_at), "NIC24", "ALL", None, clinical, 1.0),
        _rows("U111_ASA", wall(answered.offered_at), "NIC24", "ALL", None, wait, 1.0),
        _rows("U111_60S", wall(answered.offered_at), "NIC24", "ALL", None, wait <= 60, 1.0),
        *[
            _rows(metric, wall(triaged.offered_at), "NIC24", "ALL", None, triaged.disposition_group == group, 1.0)
            for metric, group in (("U111_AMB", "ambulance"), ("U111_ED", "ed"))
        ],
    ]


GRAINS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "day": lambda day: day,
    "week": lambda day: day - pd.to_timedelta(day.dt.day_of_week, unit="D"),
    "month": lambda day: day - pd.to_timedelta(day.dt.day - 1, unit="D"),
}
PLACE = ["metric_id", "period_grain", "period_start", "organisation_code", "site_code"]
ROW = [*PLACE, "covid_group", "category"]
PERCENT = {"AMB_CONV_ED", "BED_OCC", "BED_UNOCC_PCT", "ED_12H_ARR", "ED_4H_PCT_OVER", "ED_4H_T1", "ED_INIT_15"}
PERCENT |= {"AMB_HT_PCT", "AMB_ST_PCT", "HAND_DQ", "ED_SEEN_60", "ED_LWBS", "ED_REATT_7D", "ED_CONV_ADM", "LOS_14P"}
PERCENT |= {"DISCH_BY_17", "DRD_ON_DAY", "U111_60S", "U111_AMB", "U111_ED", "NCTR_PCT", "COMM_BED_UNOCC_PCT"}
PERCENT |= {"CH_BED_UNOCC_PCT", "CH_UPDATED_7D"}
AVERAGE = {"BED_UNOCC_N", "DELAY_BY_REASON", "COMM_BED_UNOCC_N", "CH_BED_UNOCC_N", "POC_WAIT_N"}
SYSTEM = {"DELAY_BY_REASON", "COMM_BED_UNOCC_N", "COMM_BED_UNOCC_PCT", "CH_BED_UNOCC_N", "CH_BED_UNOCC_PCT"}
SYSTEM |= {"CH_UPDATED_7D", "POC_WAIT_N", "POC_WAIT_DAYS"}
SUM = {"HAND_LOST_H", "ED_12H_DTA"}
PERCENT |= {"HAND_15", "HAND_30", "HAND_60", "LOS_7P", "LOS_21P", "U111_ABAND", "U111_CLIN"}


def _nearest_rank(values: pd.Series, share: int = 90) -> float:
    """90th centile: the value at ceil(0.9 n) of the sorted values (F 3.1)."""
    ordered = np.sort(values.to_numpy())
    return float(ordered[-(-share * len(ordered) // 100) - 1])


def metrics(tables: Tables, only: str | None = None) -> pd.DataFrame:
    """Numerator, denominator and value of every metric, period, site, COVID-19 group and category with an event."""
    base = events(tables, only)
    if only:
        base = base[base.metric_id == only]
    whole = base[base.site_code != "ALL"].assign(site_code="ALL")
    base = pd.concat([base, whole])
    groups = [base.assign(covid_group="all")]
    split = base[base.covid.notna()]
    groups.append(split.assign(covid_group=np.where(split.covid.astype(bool), "covid", "non_covid")))
    base = pd.concat(groups)
    base = pd.concat([base.assign(category="ALL"), base[base.category.notna()]])
    parts = []
    for grain, floor in GRAINS.items():
        timed = base.assign(period_grain=grain, period_start=floor(base.day))
        parts.append(_added(timed[~timed.metric_id.isin(AVERAGE)]))
        parts.append(_averaged(timed[timed.metric_id.isin(AVERAGE)]))
    made = pd.concat(parts, ignore_index=True)
    made["value"] = made.numerator / made.denominator * np.where(made.metric_id.isin(PERCENT), 100, 1)
    made["value"] = made.value.where(~made.metric_id.isin(SUM), made.numerator)
    made["value"] = made.centile.fillna(made.value)
    made.loc[made.centile.notna(), "numerator"] = np.nan
    return made.drop(columns=["centile"])


def _added(timed: pd.DataFrame) -> pd.DataFrame:
    system = timed[timed.metric_id.isin(SYSTEM) & (timed.site_code == "ALL")].assign(organisation_code="QH8")
    timed = pd.concat([timed, system])
    by = timed.groupby(ROW)
    part = by.agg(numerator=("n", "sum"), denominator=("d", "sum"))
    for which, share in ((timed.metric_id.str.endswith("_P90"), 90), (timed.metric_id == "POC_WAIT_DAYS", 50)):
        centile = timed[which].groupby(ROW).n.agg(_nearest_rank, share=share)
        part.loc[centile.index, "centile"] = centile
    return part.reset_index()


def _averaged(timed: pd.DataFrame) -> pd.DataFrame:
    """What is summed over the days, by the days on which the place reported anything; the system adds up averages."""
    part = timed.groupby(ROW).agg(numerator=("n", "sum"), last=("n", "size")).reset_index().drop(columns="last")
    days = timed.groupby(PLACE).day.nunique().rename("denominator")
    part = part.merge(days.reset_index().astype({"denominator": float}), on=PLACE)
    system = part[part.metric_id.isin(SYSTEM) & (part.site_code == "ALL")]
    system = system.assign(organisation_code="QH8", numerator=system.numerator / system.denominator)
    added = system.groupby(ROW).agg(numerator=("numerator", "sum")).reset_index().assign(denominator=1.0)
    return pd.concat([part, added]).assign(centile=np.nan)


# --- the comparison --------------------------------------------------------------------------------------------------


RECOMPUTED_ELSEWHERE = {"UCR_2H", "MH_72H"}  # test_care_services.py


def published(home: Path) -> pd.DataFrame:
    table = pd.read_parquet(home / "published/secondary_use/uec/uec_metric.parquet")
    table["period_start"] = pd.to_datetime(table.period_start)
    table = table[~table.metric_id.isin(RECOMPUTED_ELSEWHERE)]
    return table[[*ROW, "numerator", "denominator", "value"]]


def differences(made: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """Rows in which the two disagree; counts and sums to the unit, values to the decimal that is published."""
    both = made.merge(given, on=ROW, how="outer", suffixes=("_truth", "_published"), indicator=True)
    wrong = both._merge != "both"
    for name, tolerance in (("numerator", 1e-6), ("denominator", 1e-6), ("value", 0.0501)):
        one, other = both[f"{name}_truth"], both[f"{name}_published"]
        wrong |= ~(((one - other).abs() <= tolerance) | (one.isna() & other.isna()))
    return both[wrong]


@pytest.fixture(scope="module")
def truth(built_hub: Settings) -> Tables:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        who = warehouse.execute(
            "select split_part(record_id, ':', -1) as record_id, person_id from person_index.person_identity "
            "where feed_table in ('calls', 'incidents') or feed_table similar to '.*_(ed_attendances|spells)'"
        ).df()
    return read_truth(built_hub.home) | {"who": who}


@pytest.fixture(scope="module")
def as_known(truth: Tables) -> Tables:
    return known(truth)


@pytest.fixture(scope="module")
def given(built_hub: Settings) -> pd.DataFrame:
    return published(built_hub.home)


def test_published_metrics_are_those_of_the_truth_with_the_listed_defects(truth: Tables, given: pd.DataFrame) -> None:
    wrong = differences(metrics(known(truth)), given)
    assert wrong.empty, f"{len(wrong)} of {len(given)} rows disagree:\n{wrong.head(40).to_string()}"


def test_every_published_metric_is_recomputed(given: pd.DataFrame, truth: Tables) -> None:
    assert set(given.metric_id) == set(metrics(known(truth)).metric_id)
    assert set(given.period_grain) == set(GRAINS)
    assert len(given) > 3_000


def test_where_nothing_was_wrong_the_figures_are_the_truth_itself(truth: Tables, given: pd.DataFrame) -> None:
    """Without defects applied most figures agree; and not all, or the defects would be for nothing."""
    clean = {name: table for name, table in truth.items() if name != "dirt"} | {"dirt": truth["dirt"].iloc[:0]}
    wrong = differences(metrics(known(clean)), given)
    assert 0 < len(wrong) < 0.25 * len(given)
    assert "HAND_15" in set(wrong.metric_id)


@pytest.mark.parametrize(("kind", "metric"), [("handover_missing", "HAND_MEAN"), ("carried_forward", "BED_OCC")])
def test_an_unlisted_defect_is_found(kind: str, metric: str, truth: Tables, given: pd.DataFrame) -> None:
    """The comparison can fail: strike a kind of defect off the list, and its metric no longer agrees."""
    dirt = truth["dirt"]
    struck = dirt.kind == kind
    assert struck.any()
    wrong = differences(metrics(known(truth | {"dirt": dirt[~struck]})), given)
    assert metric in set(wrong.metric_id)


def _minute(count: int) -> pd.Timedelta:
    return pd.Timedelta(minutes=count)


# metric: table, condition on the record, column, what it becomes
ALTERED: dict[str, tuple[str, str, str, Callable[[pd.Series], object]]] = {
    "AMB_C1_MEAN": (
        "ambulance_incident", "category_code == 'C1' and outcome == 'see_treat'",
        "first_on_scene_at", lambda row: row.first_on_scene_at + _minute(3),
    ),
    "AMB_C1_P90": (
        "ambulance_incident", "category_code in ('C1', 'C1T') and outcome in ('see_treat', 'convey_ed')",
        "first_on_scene_at", lambda row: row.first_on_scene_at + _minute(90),
    ),
    "AMB_C2_MEAN": (
        "ambulance_incident", "category_code == 'C2' and outcome == 'convey_ed'",
        "conveying_on_scene_at", lambda row: row.conveying_on_scene_at + _minute(3),
    ),
    "AMB_C2_P90": (
        "ambulance_incident", "category_code == 'C2' and outcome == 'see_treat'",
        "first_on_scene_at", lambda row: row.first_on_scene_at + _minute(300),
    ),
    "AMB_CONV_ED": ("ambulance_incident", "outcome == 'hear_treat'", "outcome", lambda row: "convey_ed"),
    "HAND_15": ("ambulance_incident", QUICK, "handover_at", lambda row: row.arrived_hospital_at + _minute(16)),
    "HAND_30": ("ambulance_incident", QUICK, "handover_at", lambda row: row.arrived_hospital_at + _minute(31)),
    "HAND_60": ("ambulance_incident", QUICK, "handover_at", lambda row: row.arrived_hospital_at + _minute(61)),
    "HAND_MEAN": ("ambulance_incident", QUICK, "handover_at", lambda row: row.handover_at + _minute(2)),
    "HAND_LOST_H": ("ambulance_incident", QUICK, "handover_at", lambda row: row.arrived_hospital_at + _minute(75)),
    "HAND_DQ": ("ambulance_incident", QUICK, "handover_at", lambda row: pd.NaT),
    "AMB_HT_PCT": ("ambulance_incident", "outcome == 'see_treat'", "outcome", lambda row: "hear_treat"),
    "AMB_ST_PCT": ("ambulance_incident", "outcome == 'see_treat'", "outcome", lambda row: "convey_non_ed"),
    **{
        f"AMB_{category}_P90": (
            "ambulance_incident", f"category_code == '{category}' and outcome == 'see_treat'",
            "first_on_scene_at", lambda row: row.first_on_scene_at + _minute(900),
        )
        for category in ("C3", "C4")
    },
    "ED_12H_DTA": (
        "ed_attendance", f"{ADMITTED_IN_A_DAY} and departed_at - decided_to_admit_at < '700min'",
        "departed_at", lambda row: row.decided_to_admit_at + _minute(720),
    ),
    "ED_SEEN_60": (
        "ed_attendance", f"{SHORT} and seen_for_treatment_at - arrived_at < '60min'",
        "seen_for_treatment_at", lambda row: row.arrived_at + _minute(61),
    ),
    "ED_LWBS": ("ed_attendance", SHORT, "discharge_status_code", lambda row: LEFT[0]),
    "ED_REATT_7D": ("ed_attendance", SHORT, "attendance_category_code", lambda row: "4"),
    "ED_CONV_ADM": ("ed_attendance", SHORT, "discharge_destination_code", lambda row: "306706006"),
    "NEL_LOS": ("spell", NIGHTS, "discharged_at", lambda row: row.discharged_at + pd.Timedelta(days=1)),
    "DISCH_BY_17": (
        "spell", f"{NIGHTS} and discharged_at.dt.hour < 15 and discharged_at.dt.hour > 8",
        "discharged_at", lambda row: row.discharged_at.normalize() + _minute(19 * 60),
    ),
    **{
        metric: (
            "spell", f"{NIGHTS} and discharge_ready_date == discharged_at.dt.date",
            "discharge_ready_date", lambda row: row.discharge_ready_date - pd.Timedelta(days=1),
        )
        for metric in ("DRD_DELAY_MEAN", "DRD_ON_DAY")
    },
    "NCTR_PCT": ("nctr_day", "site_code == 'RAJ12'", "site_code", lambda row: "RAJ01"),
    "DELAY_BY_REASON": (
        "nctr_day", "delay_reason_code.notna() and delay_reason_code != 'HO'", "delay_reason_code", lambda row: "HO",
    ),
    **{
        metric: (
            "ward_bed_day", "bed_type_code == 'stroke_rehab' and beds_occupied > 0",
            "beds_occupied", lambda row: row.beds_occupied - 1,
        )
        for metric in ("COMM_BED_UNOCC_N", "COMM_BED_UNOCC_PCT")
    },
    **{
        metric: (
            "care_home_week", "admission_status_code == 'open' and vacant_general_nursing > 0",
            "vacant_general_nursing", lambda row: row.vacant_general_nursing - 1,
        )
        for metric in ("CH_BED_UNOCC_N", "CH_BED_UNOCC_PCT")
    },
    "CH_UPDATED_7D": (
        "care_home_week", "last_updated_at_local == last_updated_at_local",
        "last_updated_at_local", lambda row: row.last_updated_at_local - pd.Timedelta(days=40),
    ),
    **{
        metric: (
            "care_package", "is_long and feed != 'southend_brokerage_journal'",
            "requested_on", lambda row: row.requested_on + pd.Timedelta(days=7),
        )
        for metric in ("POC_WAIT_N", "POC_WAIT_DAYS")
    },
    **{
        metric: (
            "urgent_call", "answered_at - offered_at < '50s' and answered_at > offered_at",
            "answered_at", lambda row: row.offered_at + pd.Timedelta(seconds=61),
        )
        for metric in ("U111_ASA", "U111_60S")
    },
    "U111_AMB": (
        "urgent_call", "channel == 'phone' and disposition_group == 'primary_care'",
        "disposition_group", lambda row: "ambulance",
    ),
    "U111_ED": (
        "urgent_call", "channel == 'phone' and disposition_group == 'primary_care'",
        "disposition_group", lambda row: "ed",
    ),
    "LOS_14P": ("bed_state", "los_14_plus > 1", "los_14_plus", lambda row: row.los_14_plus - 1),
    "ED_4H_PCT_OVER": ("ed_attendance", SHORT, "departed_at", lambda row: row.arrived_at + _minute(241)),
    "ED_4H_T1": ("ed_attendance", SHORT, "departed_at", lambda row: row.arrived_at + _minute(241)),
    "ED_12H_ARR": (
        "ed_attendance", f"{SHORT} and known_until - arrived_at > '1D'",
        "departed_at", lambda row: row.arrived_at + _minute(721),
    ),
    "ED_INIT_15": ("ed_attendance", SHORT, "initial_assessment_at", lambda row: row.arrived_at + _minute(16)),
    "ED_MEAN_NONADM": ("ed_attendance", SHORT, "departed_at", lambda row: row.departed_at + _minute(1)),
    "ED_MEAN_ADM": ("ed_attendance", SHORT, "discharge_destination_code", lambda row: "306706006"),
    "BED_OCC": ("bed_state", "ga_beds_occupied > 3", "ga_beds_occupied", lambda row: row.ga_beds_occupied + 1),
    "BED_UNOCC_N": ("bed_state", "ga_beds_occupied > 3", "ga_covid_void_beds", lambda row: row.ga_covid_void_beds + 1),
    "BED_UNOCC_PCT": ("bed_state", "ga_beds_occupied > 3", "ga_core_beds_open", lambda row: row.ga_core_beds_open + 1),
    "LOS_7P": ("bed_state", "los_7_plus > 1", "los_7_plus", lambda row: row.los_7_plus + 1),
    "LOS_21P": ("bed_state", "los_21_plus > 1", "los_21_plus", lambda row: row.los_21_plus + 1),
    "U111_ABAND": ("urgent_call", GAVE_UP, "abandoned_at", lambda row: row.offered_at + pd.Timedelta(seconds=29)),
    "U111_CLIN": (
        "urgent_call", "channel == 'phone' and triaged_by == 'health_adviser' and not had_clinical_contact",
        "had_clinical_contact", lambda row: True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("metric", sorted(ALTERED))
def test_one_other_record_is_one_other_figure(
    metric: str, truth: Tables, as_known: Tables, given: pd.DataFrame
) -> None:
    """Alter a single record in the truth, one without defects: the metric that rests on it no longer agrees."""
    name, condition, column, become = ALTERED[metric]
    table = truth[name].copy()
    touched = truth["dirt"].record_id
    if name == "care_package":  # its defects are of weeks and changes of a request
        touched = touched.str.split("|").explode()
    clean = table[~record_ids(name, table).isin(touched) & table.is_delivered]
    if name == "care_package":
        waited = pd.to_datetime(clean.closed_on) - pd.to_datetime(clean.requested_on)
        asked_since = pd.to_datetime(clean.requested_on) >= pd.to_datetime(truth["bed_state"].snapshot_date).min()
        clean = clean.assign(is_long=waited.dt.days.between(8, 200) & asked_since)
    clean = clean.query(condition)
    assert len(clean), "no such record in this demo"
    row = clean.iloc[len(clean) // 2]
    table[column] = table[column].astype(object) if column.endswith(("_on", "_date")) else table[column]
    table.loc[row.name, column] = become(row)
    altered = truth | {name: table}
    again = known_upstream(altered) if name in (*KEYS, "bed_state") else known_downstream(altered)
    made = metrics(as_known | again, only=metric)
    assert len(differences(made, given[given.metric_id == metric]))


def record_ids(name: str, table: pd.DataFrame) -> pd.Series:
    """The records as the defects name them."""
    parts = {
        "bed_state": ["snapshot_date", "site_code"],
        "nctr_day": ["census_date", "site_code", "spell_id"],
        "ward_bed_day": ["snapshot_date", "ward_code"],
        "care_home_week": ["census_date", "cqc_location_id"],
        "care_package": ["request_id"],
    }.get(name, [KEYS.get(name)])
    return table[parts[0]].astype(str).str.cat([table[part].astype(str) for part in parts[1:]], sep="|")


def test_every_metric_is_altered_once(given: pd.DataFrame) -> None:
    assert set(given.metric_id) == set(ALTERED)
