"""What really happened, written beside the files: DIR/truth/*.parquet.

Times are true UTC (columns `_at`), dates are local days. Values are those before any defect. Two columns tell what the
hub can know: `is_delivered` (false where no file carried the record before the demo ends) and `known_until` (UTC), when
the last file that carried it was made: what happened to the record later is in no file.

person              one row per person: person_no, nhs_number, names, birth_date, sex_code, ethnic_category_code, home
                    (postcode, lsoa_code, gp_practice_code; with `_2` from moved_on), registration, died_on,
                    is_resident, local_patient_id_<site>
                    former_family_name: before marriage, which some records still give
record_identity     one row per record that does not carry its person's own NHS number: feed, record_id, person_no
urgent_call         one row per 111 call: call_id, person_no, times, triage, incident_id that it became
ambulance_incident  one row per 999 incident: incident_id, person_no, category_code, outcome, times, receiving_site_code
ed_attendance       one row per attendance: attendance_id, feed, site_code, person_no, times, codes (SNOMED), has_covid
spell               one row per hospital spell: spell_id, feed, site_code, person_no, times, codes, has_covid, coded_at
                    Also: pathway_code (P0 to P3; empty where none was needed: not an emergency, no night, died, moved
                    on to another hospital of the trust), delay_reason_code (why the patient stayed after
                    discharge_ready_date; empty where he left on it)
ward_stay           one row per stay of an inpatient (patient classification 1) on a ward: ward_stay_id, spell_id,
                    site_code, ward_code, ward_type_code, started_at, ended_at; the stays of a spell have no gap
nctr_day            one row per patient and morning on the list of those without criteria to reside (who is on it:
                    discharge.make_list_days): census_date, site_code, spell_id, person_no, ward_code,
                    no_criteria_since, pathway_code, delay_reason_code (from 7 nights in hospital on),
                    local_authority_code. In dirt its record_id is census_date|site_code|spell_id
daily_sitrep        one row per site and flow_date, the numbers as they are by definition (discharge.make_sitrep)
ward_bed_day        one row per community or mental-health ward and day: beds at 08:00, counted from the stays
inpatient_stay      one row per stay in such a bed: spell_id is the acute spell that it follows (empty: none). A stay
                    that outlasts the demo keeps its future end, as spells do. ready_on is empty where the stay ended
                    before the patient was ready. Files tell of a day when they are made after its end
care_home           one row per care home and owner: home_no stays, cqc_location_id changes with the owner (valid_from)
care_home_week      one row per home and Sunday: what the tracker shows, which is as old as last_updated_at_local
care_package        one row per request for a package of care: asked for (requested_), started or cancelled (closed_ and
                    status); spell_id and stay_id: the hospital bed that it was asked for in. Waits at the end of a day
                    d where requested_on <= d < closed_on. known_until: for the weekly lists the end of the last Sunday
                    whose list has the request, for Southend's journal when its last file was made.
                    In dirt the records are those of the contracts: census_date|request_id, request_id|changed_at.
                    never_closed on a list: the request waits on that list, though closed, also in weeks in which the
                    true list does not have it; in the journal: the change that closes it never arrives.
                    not_listed_yet: the list does not have the request, though it should
care_referral       one row per referral to a community or mental-health service, in standard codes; closed_on may lie
                    beyond the demo. ward_dummy, duplicate_referral and deleted of dirt are records that are none
care_contact        one row per contact, held or missed (duration_minutes -1: not recorded); is_delivered is
                    false where no submission had it
care_package_place  one row per place where a person waits, from when on (local clock)
waiting_pathway     one row per wait for a consultant: started_on, stopped_on (the day of death where died), kind (ends
                    by admission or outpatient; other: outside RTT). On a Sunday d's list where started_on <= d <
                    stopped_on
outpatient_appointment  one row per appointment, booked_on, what became of it
social_care_event   one row per event of adult social care as it was (social_events.py)
client_level_row    one row per row of a submission of client level data, in the words of release 2, before defects of
                    identity: told_end and told_death are what it says (client_level_feed.py)
waiting_deteriorating   who waits and comes to urgent care more and more, and since when (planned_care.py)
bed_state           one row per site and day: the patients of the spells at 08:00 (`patients` = ga_beds_occupied), and
                    the beds that are open
registration        one row per stretch of registration of a person with a practice
gp_* and condition, need, intervention_exposure, opt_out_type_1: practice records, see gp_truth.py
national_opt_out    person_no of everybody whom the newest answer of the check for national opt-outs has
pathway             one row per chain of events of one person: call_id, incident_id, attendance_id, spell_id,
                    transfer_spell_id (the spell goes on in another of the trust's hospitals), stay_id, request_id, each
                    empty where the chain does not pass through it; chains of one event are left out
dirt                one row per injected defect and column: feed, record_id, kind, column, sent (what the partner wrote,
                    in national codes and wall time), stands (false where a later file puts it right, or it changes no
                    value), file. Kinds and rates: orchestration/demo/dirt.py. With `copy_of` as column the record is
                    not in the truth but a copy of the one named in `sent`. A record of kind untypable_* never arrives.
                    Of kind restricted_code, `sent` is the code (among secondary diagnoses, the list with it)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orchestration.demo import ic24
from orchestration.demo.care_sending import care_tables
from orchestration.demo.client_level_feed import social_tables
from orchestration.demo.downstream_truth import downstream_tables, onward
from orchestration.demo.gp_truth import write_gp_truth
from orchestration.demo.opt_out_feed import opt_out_truth
from orchestration.demo.planned_care_feed import planned_tables
from orchestration.demo.sending import Sent
from orchestration.demo.table import Table, concat, size, take, words
from orchestration.demo.world import World

DIRT_COLUMNS = ("feed", "record_id", "kind", "column", "sent", "stands", "file")


def _write(folder: Path, name: str, table: Table) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for column, values in table.items():
        if values.dtype == object:
            arrays[column] = pa.array(values.tolist(), type=pa.string())
        elif values.dtype.kind == "M":
            kind = pa.date32() if np.datetime_data(values.dtype)[0] == "D" else pa.timestamp("s")
            arrays[column] = pa.array(values).cast(kind)
        else:
            arrays[column] = pa.array(values)
    part = folder / f".{name}.part"
    pq.write_table(pa.table(arrays), part, compression="zstd")
    part.replace(folder / f"{name}.parquet")


def _linked(ids: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The id of a linked row, None where there is none."""
    out = np.full(len(row), None, dtype=object)
    here = row >= 0
    out[here] = ids[row[here]]
    return out


def _known(sent: Sent) -> Table:
    return {"is_delivered": sent.delivered, "known_until": sent.known_until}


def _without(table: Table, *columns: str) -> Table:
    return {name: values for name, values in table.items() if name not in columns}


def _by_site(table: Table, sent: list[Sent], sites: tuple[str, ...]) -> Table:
    """Join what three feeds know of their records to the table of all."""
    feed = np.empty(size(table), dtype=object)
    delivered, known = (
        np.zeros(size(table), dtype=bool),
        np.full(size(table), np.datetime64("NaT"), dtype="datetime64[s]"),
    )
    for one, site in zip(sent, sites, strict=True):
        here = table["site_code"] == site
        feed[here], delivered[here], known[here] = one.feed, one.delivered, one.known_until
    return {"feed": feed, "is_delivered": delivered, "known_until": known}


def _pathways(world: World, call_id: np.ndarray) -> Table:
    incidents, attendances, spells, down = world.incidents, world.attendances, world.spells, world.downstream
    began = spells["attendance"] >= 0
    spell_of = np.full(size(attendances), -1)
    spell_of[spells["attendance"][began]] = np.flatnonzero(began)
    came = np.flatnonzero((attendances["call"] >= 0) | (attendances["incident"] >= 0) | (spell_of >= 0))
    ended_in_ed = np.isin(np.arange(size(incidents)), attendances["incident"])
    passed = np.flatnonzero((incidents["call"] >= 0) & ~ended_in_ed)
    # who came to a ward on another way, and went on from there
    other = np.flatnonzero(~began & ~np.isin(np.arange(size(spells)), down.next_spell))
    after = onward(world, other)
    other = other[(after["transfer"] >= 0) | (after["stay"] >= 0) | (after["request"] >= 0)]
    stayed = np.flatnonzero(np.isin(np.arange(size(down.stays)), down.packages["stay"]) & (down.stays["spell"] < 0))
    request_of = np.full(size(down.stays), -1)
    asked = down.packages["stay"] >= 0
    request_of[down.packages["stay"][asked]] = np.flatnonzero(asked)

    def none(rows: np.ndarray) -> np.ndarray:
        return np.full(len(rows), -1)

    row = {
        "call": np.concatenate([attendances["call"][came], incidents["call"][passed], none(other), none(stayed)]),
        "incident": np.concatenate([attendances["incident"][came], passed, none(other), none(stayed)]),
        "attendance": np.concatenate([came, none(passed), none(other), none(stayed)]),
        "spell": np.concatenate([spell_of[came], none(passed), other, none(stayed)]),
    }
    following = onward(world, row["spell"])
    first = len(row["spell"]) - len(stayed)
    following["stay"][first:], following["request"][first:] = stayed, request_of[stayed]
    tables = (
        (attendances, came),
        (incidents, passed),
        (spells, other),
        (down.stays, stayed),
    )
    person = np.concatenate([table["person"][rows] for table, rows in tables])
    return {
        "pathway_id": words([f"P{number:08d}" for number in range(1, len(person) + 1)]),
        "person_no": person,
        "call_id": _linked(call_id, row["call"]),
        "incident_id": _linked(incidents["incident_id"], row["incident"]),
        "attendance_id": _linked(attendances["attendance_id"], row["attendance"]),
        "spell_id": _linked(spells["spell_id"], row["spell"]),
        "transfer_spell_id": _linked(spells["spell_id"], following["transfer"]),
        "stay_id": _linked(down.stays["stay_id"], following["stay"]),
        "request_id": _linked(down.packages["request_id"], following["request"]),
    }


def write_truth(world: World, folder: Path, sent: dict[str, Sent], sites: dict[str, tuple[str, ...]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    people, lsoa = world.people, world.lsoa
    person = {"person_no": np.arange(size(people))} | _without(
        people, "home", "home_2", "mother", "is_newborn", "local_id_RAJ01", "local_id_RAJ12", "local_id_RAJ32"
    )
    for part in ("", "_2"):
        person["lsoa_code" + part] = np.where(people["is_resident"], lsoa["lsoa_code"][people["home" + part]], None)
    for site in ("RAJ01", "RAJ12", "RAJ32"):
        person[f"local_patient_id_{site}"] = people[f"local_id_{site}"]
    _write(folder, "person", person)
    if told := getattr(people, "told", None):
        _write(folder, "record_identity", concat(told))

    call_id = ic24.call_ids(size(world.calls))
    calls = {"call_id": call_id, "person_no": world.calls["person"]} | _without(
        world.calls, "person", "incident", "ends_at"
    )
    calls["incident_id"] = _linked(world.incidents["incident_id"], world.calls["incident"])
    _write(folder, "urgent_call", calls | _known(sent["calls"]))
    incidents = {"incident_id": world.incidents["incident_id"], "person_no": world.incidents["person"]}
    incidents |= _without(world.incidents, "incident_id", "person", "call", "ends_at", "known_at")
    incidents["call_id"] = _linked(call_id, world.incidents["call"])
    _write(folder, "ambulance_incident", incidents | _known(sent["incidents"]))
    attendances = {"attendance_id": world.attendances["attendance_id"], "person_no": world.attendances["person"]}
    attendances |= _without(world.attendances, "attendance_id", "person", "call", "incident")
    attendances["incident_id"] = _linked(world.incidents["incident_id"], world.attendances["incident"])
    hospitals = tuple(sites)
    ed = [sent[f"{name}_ed_attendances"] for name in hospitals]
    codes = tuple(sites.values())
    _write(folder, "ed_attendance", attendances | _by_site(world.attendances, ed, codes))
    spells = {"spell_id": world.spells["spell_id"], "person_no": world.spells["person"]}
    spells |= _without(world.spells, "spell_id", "person", "attendance", "first_part", "nights", "wait", "age")
    spells["attendance_id"] = _linked(world.attendances["attendance_id"], world.spells["attendance"])
    apc = [sent[f"{name}_spells"] for name in hospitals]
    _write(folder, "spell", spells | _by_site(world.spells, apc, codes))
    spell_id = world.spells["spell_id"]
    stays = {"ward_stay_id": world.ward_stays["ward_stay_id"], "spell_id": spell_id[world.ward_stays["spell"]]}
    stays |= _without(world.ward_stays, "ward_stay_id", "spell")
    _write(folder, "ward_stay", stays | _known(sent["ward_stays"]))
    listed = {"spell_id": spell_id[world.listed["spell"]], "person_no": world.listed["person"]}
    listed |= _without(world.listed, "spell", "person")
    _write(folder, "nctr_day", listed | _known(sent["no_criteria_to_reside"]))
    _write(folder, "daily_sitrep", world.sitrep | _known(sent["daily_sitrep"]))
    _write(folder, "bed_state", world.beds | _known(sent["bed_state"]))
    history = world.registrations
    _write(folder, "registration", {"person_no": history["person"]} | _without(history, "person"))
    for name, table in downstream_tables(world, sent).items():
        _write(folder, name, table)
    for name, table in (planned_tables(world, sent) | social_tables(world, sent)).items():
        _write(folder, name, table)
    for name, table in care_tables(world, sent).items():
        _write(folder, name, table)
    write_gp_truth(world, folder)
    _write(folder, "national_opt_out", opt_out_truth(sent["national_opt_outs"]))
    _write(folder, "pathway", _pathways(world, call_id))
    dirt = concat([{name: one.dirt[name] for name in DIRT_COLUMNS} for one in sent.values()])
    _write(folder, "dirt", take(dirt, np.argsort(dirt["feed"].astype(str), kind="stable")))
