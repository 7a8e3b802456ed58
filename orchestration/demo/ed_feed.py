"""Emergency department extracts of the three hospitals."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, emergency, formats, hospital, restricted_codes
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.hospital import Column
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, note_clock_change, pick, send, wall
from orchestration.demo.table import Table, concat, listed, minutes, rng_for, size, take, words
from orchestration.demo.world import World

TIMES = (
    "arrived_at",
    "initial_assessment_at",
    "seen_for_treatment_at",
    "decided_to_admit_at",
    "clinically_ready_to_proceed_at",
    "departed_at",
)
_SOURCES = (
    "attendance_id",
    "update_type",
    "site_code",
    "department_type_code",
    "nhs_number",
    "nhs_number_status_code",
    "local_patient_id",
    "family_name",
    "given_name",
    "birth_date",
    "sex_code",
    "ethnic_category_code",
    "postcode",
    "gp_practice_code",
    "arrived_at",
    "arrival_mode_code",
    "ambulance_incident_number",
    "attendance_category_code",
    "initial_assessment_at",
    "seen_for_treatment_at",
    "decided_to_admit_at",
    "clinically_ready_to_proceed_at",
    "departed_at",
    "acuity_code",
    "chief_complaint_code",
    "diagnosis_code",
    "discharge_status_code",
    "discharge_destination_code",
)
_HEADERS = {
    "broomfield": listed(
        "ATTENDANCE_ID CDS_UPDATE_TYPE SITE_CODE DEPT_TYPE NHS_NO NHS_NO_STATUS HOSPITAL_NO SURNAME FORENAME DOB "
        "SEX ETHNIC_CATEGORY POST_CODE GP_PRACTICE ARRIVAL_DTTM ARRIVAL_MODE_SNOMED AMB_INCIDENT_NO ATT_CATEGORY "
        "INITIAL_ASSESSMENT_DTTM SEEN_FOR_TREATMENT_DTTM DTA_DTTM CRTP_DTTM DEPARTURE_DTTM ACUITY_SNOMED "
        "CHIEF_COMPLAINT_SNOMED DIAGNOSIS_1_SNOMED DISCHARGE_STATUS_SNOMED DISCHARGE_DEST_SNOMED"
    ),
    "southend": listed(
        "Attendance No,Update Type,Site,Dept Type,NHS Number,NHS Number Status,MRN,Surname,Forename,"
        "Date of Birth,Gender,Ethnic Origin,Postcode,Registered Practice,Arrival Date Time,Arrival Mode,"
        "Ambulance Incident,Attendance Category,Triage Date Time,Seen Date Time,Decision to Admit Date Time,"
        "Ready to Proceed Date Time,Departure Date Time,Acuity,Chief Complaint,Diagnosis,Disposal Status,"
        "Disposal Destination",
        ",",
    ),
    "basildon": listed(
        "AttendanceID - Hospital DepartmentType NHSNumber NHSNumberStatus PatientID LastName FirstName "
        "DateOfBirth Sex Ethnicity PostCode PracticeCode ArrivalTime ArrivalMode AmbulanceIncidentID "
        "AttendanceCategory InitialAssessmentTime ClinicianSeenTime DTATime CRTPTime DepartureTime AcuityCode "
        "ComplaintCode DiagnosisCode DischargeStatusCode DischargeDestinationCode"
    ),
}
LAYOUT = {
    name: tuple(
        Column(header, source, "stamp" if source in TIMES else "date" if source == "birth_date" else "text")
        for header, source in zip(headers, _SOURCES, strict=True)
        if header != "-"
    )
    for name, headers in _HEADERS.items()
}
FILES = {
    "broomfield": ("BRM_ED_{day:%Y%m}.txt", "BRM_ED_{day:%Y%m%d}.txt"),
    "southend": ("SUH_EDATT_{day:%Y%m}.csv", "SUH_EDATT_{day:%Y%m%d}.csv"),
    "basildon": ("Basildon ED {day:%Y-%m}.xlsx", "Basildon ED {day:%Y-%m-%d}.xlsx"),
}
ARRIVAL_MODE = {
    "southend": {
        "1048031000000100": "AMB",
        "1048041000000109": "AMBE",
        "1048021000000102": "PTS",
        "1048051000000107": "HELI",
        "1048061000000105": "PUB",
        "1048071000000103": "OWN",
        "1047991000000102": "PRIS",
        "1048001000000106": "POL",
    },
    "basildon": {
        "1048031000000100": "Ambulance",
        "1048041000000109": "Ambulance with escort",
        "1048021000000102": "Patient transport",
        "1048051000000107": "Air ambulance",
        "1048061000000105": "Public transport",
        "1048071000000103": "Own transport",
        "1047991000000102": "Prison transport",
        "1048001000000106": "Police",
    },
    "broomfield": {},
}
LOCAL_ARRIVAL_MODE = {"southend": "TAXI", "basildon": "Taxi", "broomfield": "1047981000000104"}
STATUS_SOUTHEND = {
    "182992009": "TC",
    "1066301000000103": "LBA",
    "1066311000000101": "LAA",
    "1066321000000107": "LBT",
    "1077021000000100": "STGP",
    "1077031000000103": "STUC",
    "1077781000000101": "STED",
    "1077081000000104": "SDEC",
    "1077041000000107": "STMH",
    "63238001": "DOA",
    "75004002": "DID",
}
DESTINATION_SOUTHEND = {
    "306689006": "HOME",
    "306691003": "RES",
    "306694006": "NURS",
    "306705005": "POL",
    "1066331000000109": "CDU",
    "1066341000000100": "SDEC",
    "1066351000000102": "VW",
    "306706006": "WARD",
    "1874161000000104": "THTR",
    "1066361000000104": "HDU",
    "1066371000000106": "CCU",
    "1066391000000105": "ICU",
    "19712007": "TRAN",
    "305398007": "MORT",
}
KNOWN_AT_DEPARTURE = ("diagnosis_code", "discharge_status_code", "discharge_destination_code")


def _spoil_times(feed: str, table: Table, log: DirtLog, rng: np.random.Generator) -> None:
    ids, count = table["attendance_id"], size(table)
    everyone = np.ones(count, dtype=bool)
    year = np.timedelta64(365 * 86_400, "s")
    chosen = pick(rng, feed, ["departure_before_arrival", "stay_over_72_hours", "departure_in_future"], everyone)
    departed, arrived = table["departed_at"], table["arrived_at"]
    here = chosen["departure_before_arrival"]
    departed[here] -= year
    here = chosen["stay_over_72_hours"]
    departed[here] = arrived[here] + minutes(rng.uniform(73, 400, len(here)) * 60)
    here = chosen["departure_in_future"]
    departed[here] += year
    for kind, here in chosen.items():
        log.add(kind, ids[here], "departed_at", wall(departed[here]))
    assessed = table["initial_assessment_at"]
    chosen = pick(rng, feed, ["assessed_just_before_arrival", "assessed_long_before_arrival"], ~np.isnat(assessed))
    for (kind, here), (least, most) in zip(chosen.items(), ((1, 10), (20, 300)), strict=True):
        assessed[here] = arrived[here] - minutes(rng.uniform(least, most, len(here)))
        log.add(kind, ids[here], "initial_assessment_at", wall(assessed[here]))
    decided = table["decided_to_admit_at"]
    here = pick(rng, feed, ["decision_after_departure"], ~np.isnat(decided))["decision_after_departure"]
    decided[here] = departed[here] + minutes(rng.uniform(10, 120, len(here)))
    log.add("decision_after_departure", ids[here], "decided_to_admit_at", wall(decided[here]))
    left = np.isin(table["discharge_status_code"], emergency.LEFT) & np.isnat(table["seen_for_treatment_at"])
    share = rate("left_but_seen", feed) * len(left) / max(left.sum(), 1)
    here = np.flatnonzero(left & (rng.random(count) < share))
    table["seen_for_treatment_at"][here] = arrived[here] + minutes(rng.uniform(30, 90, len(here)))
    log.add("left_but_seen", ids[here], "seen_for_treatment_at", wall(table["seen_for_treatment_at"][here]))


def by_excel(code: str, rounded: bool) -> str:
    """A SNOMED identifier after Excel took it for a number: in powers of ten, or with 15 digits that mean something."""
    return f"{int(code):.5E}" if not rounded else code[:15] + "0" * (len(code) - 15)


def _spoil_codes(name: str, feed: str, table: Table, log: DirtLog, rng: np.random.Generator) -> None:
    ids, count = table["attendance_id"], size(table)
    everyone = np.ones(count, dtype=bool)
    here = pick(rng, feed, ["arrival_mode_local"], everyone)["arrival_mode_local"]
    table["arrival_mode_code"][here] = LOCAL_ARRIVAL_MODE[name]
    log.add("arrival_mode_local", ids[here], "arrival_mode_code", LOCAL_ARRIVAL_MODE[name])

    columns = {
        "southend": ["acuity_code"],
        "basildon": ["acuity_code", "discharge_status_code"],
        "broomfield": ["acuity_code", "discharge_status_code", "arrival_mode_code"],
    }[name]
    here = pick(rng, feed, ["snomed_by_excel"], everyone)["snomed_by_excel"]
    which = rng.integers(0, len(columns), len(here))
    rounded = rng.random(len(here)) < 0.5
    for place, column in enumerate(columns):
        rows, how = here[which == place], rounded[which == place]
        old = table[column][rows]
        new = words([by_excel(code, r) if code and len(code) > 15 else code for code, r in zip(old, how, strict=True)])
        changed = new != old
        table[column][rows] = new
        log.add("snomed_by_excel", ids[rows[changed]], column, new[changed])
    minor = table["department_type_code"] == "03"
    share = rate("diagnosis_missing", feed) * np.where(minor, 1.0, 0.25)
    here = np.flatnonzero((rng.random(count) < share) & ~np.equal(table["diagnosis_code"], None).astype(bool))
    table["diagnosis_code"][here] = None
    log.add("diagnosis_missing", ids[here], "diagnosis_code")
    here = pick(rng, feed, ["old_site_code"], everyone)["old_site_code"]
    table["site_code"][here] = hospital.OLD_SITE[name]
    log.add("old_site_code", ids[here], "site_code", hospital.OLD_SITE[name])

    number = table["ambulance_incident_number"]
    known = ~np.equal(number, None).astype(bool)
    chosen = pick(rng, feed, ["incident_number_missing", "incident_number_prefixed", "incident_number_padded"], known)
    prefix = hospital.INCIDENT_PREFIX[name]
    number[chosen["incident_number_missing"]] = None
    number[chosen["incident_number_prefixed"]] = words([prefix + n for n in number[chosen["incident_number_prefixed"]]])
    number[chosen["incident_number_padded"]] = words(["000" + n for n in number[chosen["incident_number_padded"]]])
    for kind, here in chosen.items():
        log.add(kind, ids[here], "ambulance_incident_number", formats.plain(number[here]))


def _restricted(
    world: World, feed: str, table: Table, diagnosed: np.ndarray, ids: np.ndarray, log: DirtLog, seed: int
) -> None:
    people, who = world.people, table["person"]
    eligible = diagnosed & restricted_codes.is_adult(people, who, table["arrived_at"]) & ~table["has_covid"]
    eligible &= ~np.equal(table["diagnosis_code"], None).astype(bool)
    here, rng = restricted_codes.pick(feed, seed, eligible, 3)
    sent = restricted_codes.codes_for("snomed", restricted_codes.is_woman(people, who[here]), rng)
    complaint = np.arange(len(here)) % 4 == 2
    restricted_codes.in_place(table, "chief_complaint_code", here[complaint], sent[complaint], ids, log)
    restricted_codes.in_place(table, "diagnosis_code", here[~complaint], sent[~complaint], ids, log)


def send_attendances(world: World, name: str, landing: Path, seed: int) -> Sent:
    """One hospital's extract. The records of `Sent` are those of the site, in the order of the truth."""
    feed = f"{name}_ed_attendances"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    mine = np.flatnonzero(world.attendances["site_code"] == hospital.SITE_OF[name])
    truth = take(world.attendances, mine)
    real = size(truth)
    # attendances entered by mistake look like others, an hour off
    false = np.flatnonzero(rng.random(real) < rate("deleted", feed))
    copy = take(truth, false)
    copy["attendance_id"] = words([f"{value}X" for value in copy["attendance_id"]])
    truth = concat([truth, copy])
    extra = np.arange(size(truth)) >= real
    table = {column: values.copy() for column, values in truth.items()}
    ids = table["attendance_id"]
    table |= identity(world.people, table["person"], table["arrived_at"], ids, feed, rng, log)
    table["local_patient_id"] = world.people[f"local_id_{hospital.SITE_OF[name]}"][table["person"]]
    incident = table["incident"]
    table["ambulance_incident_number"] = np.where(
        incident >= 0, world.incidents["incident_id"][incident] if size(world.incidents) else "", None
    )
    _spoil_times(feed, table, log, rng)
    _spoil_codes(name, feed, table, log, rng)
    note_clock_change(log, ids, {column: truth[column] for column in TIMES})

    plan = hospital.schedule(world, name, *FILES[name])
    sent = delivery.deliver(
        plan, truth["arrived_at"], truth["arrived_at"], [truth["departed_at"]], ids, feed, rng, log, extra
    )
    log.add(
        "deleted",
        ids[extra & sent.delivered],
        "copy_of",
        truth["attendance_id"][false][sent.delivered[real:]],
        stands=False,
    )
    log.add("untypable_date", ids[sent.untypable], "arrived_at", "31 February")
    told = sent.delivered & (truth["departed_at"] <= sent.known_until) & ~sent.untypable & ~extra
    _restricted(world, feed, table, told, ids, log, seed)
    table["site_code"] = hospital.site_names(name, table["site_code"], rng)
    typed = rng.random(size(table)) < rate("text_dates", feed)
    if name == "basildon":
        log.add("text_dates", ids[typed], "arrived_at", stands=False)

    record = sent.rows["record"]
    rows = take(table, record)
    for column in TIMES:
        rows[column] = np.where(delivery.hidden(truth[column], sent, plan), np.datetime64("NaT"), rows[column])
    here = delivery.hidden(truth["departed_at"], sent, plan)
    for column in KNOWN_AT_DEPARTURE:
        rows[column] = np.where(here, None, rows[column])
    rows["departed_at"] = np.where(
        sent.rows["is_wrong"], rows["departed_at"] + np.timedelta64(5400, "s"), rows["departed_at"]
    )
    rows["update_type"] = np.where(sent.rows["is_deleted"], "1", "9").astype(object)
    for column in TIMES:
        rows[column] = clock.to_local(rows[column])
    rows["sex_code"] = hospital.mapped(rows["sex_code"], hospital.SEX[name])
    rows["arrival_mode_code"] = hospital.mapped(rows["arrival_mode_code"], ARRIVAL_MODE[name])
    if name == "southend":
        rows["discharge_status_code"] = hospital.mapped(rows["discharge_status_code"], STATUS_SOUTHEND)
        rows["discharge_destination_code"] = hospital.mapped(rows["discharge_destination_code"], DESTINATION_SOUTHEND)
    return _write(world, name, feed, landing, plan, sent, ids, log, rows, typed[record], real)


def _write(
    world: World,
    name: str,
    feed: str,
    landing: Path,
    plan: delivery.Schedule,
    sent: delivery.Delivery,
    ids: np.ndarray,
    log: DirtLog,
    rows: Table,
    typed: np.ndarray,
    real: int,
) -> Sent:
    layout = LAYOUT[name]
    header = [column.header for column in layout]
    impossible = sent.untypable[sent.rows["record"]]
    pattern = hospital.STAMP.get(name, "%d/%m/%Y %H:%M")
    overrides = {"arrived_at": np.where(impossible, hospital.impossible(rows["arrived_at"], pattern), None)}
    if name == "basildon":
        numeric = np.array([value[-1] in "37" for value in rows["attendance_id"]], dtype=bool)
        cells = hospital.render_cells(layout, rows, typed, overrides, numeric)

        def write(part: slice, file: str, defect: str) -> bytes:
            sheet = "Sheet1" if defect else "Attendances"
            titles = [
                "Mid and South Essex NHS Foundation Trust",
                "Basildon University Hospital: ED attendances",
                f"Extract {file.removesuffix('.xlsx')}",
                "",
            ]
            return formats.workbook(sheet, titles, header, [column[part] for column in cells])
    else:
        body = hospital.render_text(name, layout, rows, overrides)

        def write(part: slice, file: str, defect: str) -> bytes:
            return hospital.text_file(name, header, body, part, truncated=bool(defect))

    result = send(feed, landing / "mseft", plan, sent, ids, log, write)
    result.known_until, result.delivered = result.known_until[:real], result.delivered[:real]
    return result
