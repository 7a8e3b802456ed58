"""Admitted patient care extracts of the three hospitals: a spell comes when it opens, closes and is coded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, hospital, restricted_codes
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.hospital import Column
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, note_clock_change, pick, send, wall
from orchestration.demo.table import Table, concat, listed, rng_for, size, take, words
from orchestration.demo.world import World

_COMMON = (
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
)
_STAY = (
    "admission_method_code",
    "admission_source_code",
    "patient_classification_code",
    "discharge_method_code",
    "discharge_destination_code",
    "discharge_ready_date",
    "treatment_function_code",
    "primary_diagnosis_code",
    "secondary_diagnosis_codes",
    "ed_attendance_id",
)
_SOURCES = {
    "broomfield": (
        "spell_id",
        "update_type",
        "site_code",
        *_COMMON,
        "admission_date",
        "admission_time",
        "discharge_date",
        "discharge_time",
        *_STAY,
    ),
    "southend": ("spell_id", "update_type", "site_code", *_COMMON, "admitted_at", "discharged_at", *_STAY),
    "basildon": ("spell_id", "site_code", *_COMMON, "admitted_at", "discharged_at", *_STAY),
}
_HEADERS = {
    "broomfield": listed(
        "SPELL_NO CDS_UPDATE_TYPE SITE_CODE NHS_NO NHS_NO_STATUS HOSPITAL_NO SURNAME FORENAME DOB SEX "
        "ETHNIC_CATEGORY POST_CODE GP_PRACTICE ADMISSION_DATE ADMISSION_TIME DISCHARGE_DATE DISCHARGE_TIME "
        "ADMISSION_METHOD ADMISSION_SOURCE PATIENT_CLASS DISCHARGE_METHOD DISCHARGE_DEST DISCHARGE_READY_DATE "
        "TFC DIAG_PRIMARY DIAG_SECONDARY ED_ATTENDANCE_ID"
    ),
    "southend": listed(
        "Spell No,Update Type,Site,NHS Number,NHS Number Status,MRN,Surname,Forename,Date of Birth,Gender,"
        "Ethnic Origin,Postcode,Registered Practice,Admission Date Time,Discharge Date Time,Admission Method,"
        "Admission Source,Patient Classification,Discharge Method,Discharge Destination,Ready for Discharge Date,"
        "Treatment Function,Primary Diagnosis,Other Diagnoses,ED Attendance No",
        ",",
    ),
    "basildon": listed(
        "SpellID Hospital NHSNumber NHSNumberStatus PatientID LastName FirstName DateOfBirth Sex Ethnicity "
        "PostCode PracticeCode AdmissionTime DischargeTime AdmissionMethod AdmissionSource PatientClass "
        "DischargeMethod DischargeDestination ReadyForDischargeDate TreatmentFunction PrimaryDiagnosis "
        "SecondaryDiagnoses EDAttendanceID"
    ),
}
_FORM = {
    "birth_date": "date",
    "discharge_ready_date": "date",
    "admission_date": "date",
    "discharge_date": "date",
    "admission_time": "time",
    "discharge_time": "time",
    "admitted_at": "stamp",
    "discharged_at": "stamp",
}
LAYOUT = {
    name: tuple(
        Column(header, source, _FORM.get(source, "text"))
        for header, source in zip(_HEADERS[name], _SOURCES[name], strict=True)
    )
    for name in _HEADERS
}
FILES = {
    "broomfield": ("BRM_APC_{day:%Y%m}.txt", "BRM_APC_{day:%Y%m%d}.txt"),
    "southend": ("SUH_SPELL_{day:%Y%m}.csv", "SUH_SPELL_{day:%Y%m%d}.csv"),
    "basildon": ("Basildon Spells {day:%Y-%m}.xlsx", "Basildon Spells {day:%Y-%m-%d}.xlsx"),
}
LOCAL_FUNCTION = {"broomfield": "GMED", "southend": "MED1", "basildon": "18F"}
KNOWN_AT_DISCHARGE = ("discharge_method_code", "discharge_destination_code")


def _spoil(name: str, feed: str, table: Table, log: DirtLog, rng: np.random.Generator) -> None:
    ids, count = table["spell_id"], size(table)
    everyone = np.ones(count, dtype=bool)
    out, into = table["discharged_at"], table["admitted_at"]
    chosen = pick(rng, feed, ["discharge_before_admission", "stay_over_1000_days"], everyone)
    here = chosen["discharge_before_admission"]
    out[here] = into[here] - (rng.integers(1, 40, len(here)) * 86_400).astype("timedelta64[s]")
    here = chosen["stay_over_1000_days"]
    out[here] = out[here] + np.timedelta64(1100 * 86_400, "s")
    for kind, here in chosen.items():
        log.add(kind, ids[here], "discharged_at", wall(out[here]))

    died = table["discharge_method_code"] == "4"
    share = rate("death_without_destination", feed)
    here = np.flatnonzero(died & (rng.random(count) < share))
    table["discharge_destination_code"][here] = "19"
    log.add("death_without_destination", ids[here], "discharge_destination_code", "19")
    here = pick(rng, feed, ["specialty_local"], everyone)["specialty_local"]
    table["treatment_function_code"][here] = LOCAL_FUNCTION[name]
    log.add("specialty_local", ids[here], "treatment_function_code", LOCAL_FUNCTION[name])
    here = pick(rng, feed, ["old_site_code"], everyone)["old_site_code"]
    table["site_code"][here] = hospital.OLD_SITE[name]
    log.add("old_site_code", ids[here], "site_code", hospital.OLD_SITE[name])
    here = pick(rng, feed, ["ready_date_missing"], ~np.isnat(table["discharge_ready_date"]))["ready_date_missing"]
    table["discharge_ready_date"][here] = np.datetime64("NaT")
    log.add("ready_date_missing", ids[here], "discharge_ready_date")
    here = pick(rng, feed, ["ed_attendance_not_kept"], table["attendance"] >= 0)["ed_attendance_not_kept"]
    table["ed_attendance_id"][here] = None
    log.add("ed_attendance_not_kept", ids[here], "ed_attendance_id")


def _restricted(
    world: World, feed: str, table: Table, coded: np.ndarray, ids: np.ndarray, log: DirtLog, seed: int
) -> None:
    """As one of the further diagnoses, as the first, and once in a while as the clinic."""
    people, who = world.people, table["person"]
    eligible = coded & restricted_codes.is_adult(people, who, table["admitted_at"]) & ~table["has_covid"]
    here, rng = restricted_codes.pick(feed, seed, eligible, 3)
    clinic = np.arange(len(here)) % 10 == 2
    restricted_codes.in_place(
        table, "treatment_function_code", here[clinic], words(["360"] * int(clinic.sum())), ids, log
    )
    here = here[~clinic]
    sent = restricted_codes.codes_for("icd10", restricted_codes.is_woman(people, who[here]), rng)
    first = (np.arange(len(here)) + list(FILES).index(feed.removesuffix("_spells"))) % 2 == 0
    restricted_codes.in_place(table, "primary_diagnosis_code", here[first], sent[first], ids, log)
    others = table["secondary_diagnosis_codes"][here[~first]]
    more = words([f"{old};{new}" if old else new for old, new in zip(others, sent[~first], strict=True)])
    restricted_codes.in_place(table, "secondary_diagnosis_codes", here[~first], more, ids, log)


def _copies(truth: Table, which: np.ndarray, mark: str) -> Table:
    copy = take(truth, which)
    copy["spell_id"] = words([value + mark for value in copy["spell_id"]])
    return copy


def send_spells(world: World, name: str, landing: Path, seed: int) -> Sent:
    """One hospital's extract. The records of `Sent` are those of the site, in the order of the truth."""
    feed = f"{name}_spells"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    mine = np.flatnonzero(world.spells["site_code"] == hospital.SITE_OF[name])
    truth = take(world.spells, mine)
    real = size(truth)
    overlap = np.flatnonzero((rng.random(real) < rate("overlapping_spell", feed)) & (truth["nights"] >= 1))
    false = np.flatnonzero(rng.random(real) < rate("deleted", feed))
    truth = concat([truth, _copies(truth, overlap, "B"), _copies(truth, false, "X")])
    extra = np.arange(size(truth)) >= real + len(overlap)
    truth["ed_attendance_id"] = np.where(
        truth["attendance"] >= 0,
        world.attendances["attendance_id"][truth["attendance"]] if size(world.attendances) else "",
        None,
    )
    table = {column: values.copy() for column, values in truth.items()}
    ids = table["spell_id"]
    table |= identity(world.people, table["person"], table["admitted_at"], ids, feed, rng, log)
    table["local_patient_id"] = world.people[f"local_id_{hospital.SITE_OF[name]}"][table["person"]]
    _spoil(name, feed, table, log, rng)
    note_clock_change(log, ids, {column: truth[column] for column in ("admitted_at", "discharged_at")})

    plan = hospital.schedule(world, name, *FILES[name])
    sent = delivery.deliver(
        plan,
        truth["admitted_at"],
        truth["admitted_at"],
        [truth["discharged_at"], truth["coded_at"]],
        ids,
        feed,
        rng,
        log,
        extra,
    )
    copied = sent.delivered[real:]
    log.add(
        "overlapping_spell",
        ids[real : real + len(overlap)][copied[: len(overlap)]],
        "copy_of",
        truth["spell_id"][overlap][copied[: len(overlap)]],
    )
    log.add(
        "deleted",
        ids[extra & sent.delivered],
        "copy_of",
        truth["spell_id"][false][copied[len(overlap) :]],
        stands=False,
    )
    log.add("untypable_date", ids[sent.untypable], "admitted_at", "31 February")
    coded = np.where(np.isnat(truth["coded_at"]), delivery.FAR, truth["coded_at"])
    uncoded = sent.delivered & (coded > sent.known_until)
    log.add("uncoded", ids[uncoded], "primary_diagnosis_code", "R69X")
    is_coded = sent.delivered & ~uncoded & ~sent.untypable & (np.arange(size(truth)) < real)
    _restricted(world, feed, table, is_coded, ids, log, seed)
    no_admission_time = rng.random(size(table)) < rate("time_missing", feed) / 2
    # of a stay of a night and more: a date alone would put a day case's discharge before its admission
    no_discharge_time = (truth["nights"] >= 1) & (rng.random(size(table)) < rate("time_missing", feed) / 2)
    log.add(
        "time_missing",
        ids[no_admission_time],
        "admitted_at",
        clock.text(clock.to_local(truth["admitted_at"][no_admission_time]), "%Y-%m-%d"),
    )
    log.add(
        "time_missing",
        ids[no_discharge_time],
        "discharged_at",
        clock.text(clock.to_local(table["discharged_at"][no_discharge_time]), "%Y-%m-%d"),
    )
    table["site_code"] = hospital.site_names(name, table["site_code"], rng)
    typed = rng.random(size(table)) < rate("text_dates", feed)
    if name == "basildon":
        log.add("text_dates", ids[typed], "admitted_at", stands=False)

    record = sent.rows["record"]
    rows = take(table, record)
    inside = delivery.hidden(truth["discharged_at"], sent, plan)
    rows["discharged_at"] = np.where(inside, np.datetime64("NaT"), rows["discharged_at"])
    for column in KNOWN_AT_DISCHARGE:
        rows[column] = np.where(inside, None, rows[column])
    rows["discharge_ready_date"] = np.where(inside, np.datetime64("NaT"), rows["discharge_ready_date"])
    waiting = delivery.hidden(coded, sent, plan)
    marker = np.where(inside | (record % 2 == 0), None, "R69X")
    rows["primary_diagnosis_code"] = np.where(waiting, marker, rows["primary_diagnosis_code"])
    rows["secondary_diagnosis_codes"] = np.where(waiting, None, rows["secondary_diagnosis_codes"])
    going = np.where(rows["discharge_destination_code"] == "19", "51", "19").astype(object)
    wrong = sent.rows["is_wrong"] & ~inside & (rows["discharge_method_code"] != "4")
    rows["discharge_destination_code"] = np.where(wrong, going, rows["discharge_destination_code"])
    rows["admission_source_code"] = np.where(sent.rows["is_wrong"], "29", rows["admission_source_code"])
    rows["update_type"] = np.where(sent.rows["is_deleted"], "1", "9").astype(object)
    for column in ("admitted_at", "discharged_at"):
        rows[column] = clock.to_local(rows[column])
    rows["sex_code"] = hospital.mapped(rows["sex_code"], hospital.SEX[name])
    return _write(
        name,
        feed,
        landing,
        plan,
        sent,
        ids,
        log,
        rows,
        typed[record],
        no_admission_time[record],
        no_discharge_time[record],
        real,
    )


def _write(
    name: str,
    feed: str,
    landing: Path,
    plan: delivery.Schedule,
    sent: delivery.Delivery,
    ids: np.ndarray,
    log: DirtLog,
    rows: Table,
    typed: np.ndarray,
    no_admission_time: np.ndarray,
    no_discharge_time: np.ndarray,
    real: int,
) -> Sent:
    layout = LAYOUT[name]
    header = [column.header for column in layout]
    impossible = sent.untypable[sent.rows["record"]]
    never = np.datetime64("NaT")
    if name == "broomfield":
        rows["admission_date"], rows["discharge_date"] = rows["admitted_at"], rows["discharged_at"]
        rows["admission_time"] = np.where(no_admission_time, never, rows["admitted_at"])
        rows["discharge_time"] = np.where(no_discharge_time, never, rows["discharged_at"])
        overrides = {"admission_date": np.where(impossible, hospital.impossible(rows["admitted_at"], "%Y%m%d"), None)}
    else:
        day = "%d/%m/%Y" if name == "southend" else "%Y-%m-%d"
        pattern = "%d/%m/%Y %H:%M"
        overrides = {
            "admitted_at": np.where(no_admission_time, clock.text(rows["admitted_at"], day), None),
            "discharged_at": np.where(
                no_discharge_time & ~np.isnat(rows["discharged_at"]), clock.text(rows["discharged_at"], day), None
            ),
        }
        overrides["admitted_at"] = np.where(
            impossible, hospital.impossible(rows["admitted_at"], pattern), overrides["admitted_at"]
        )
    if name == "basildon":
        numeric = np.array([value[-1] in "37" for value in rows["spell_id"]], dtype=bool)
        cells = hospital.render_cells(layout, rows, typed, overrides, numeric)

        def write(part: slice, file: str, defect: str) -> bytes:
            titles = [
                "Mid and South Essex NHS Foundation Trust",
                "Basildon University Hospital: admitted patients",
                f"Extract {file.removesuffix('.xlsx')}",
                "",
            ]
            return formats.workbook("Spells", titles, header, [column[part] for column in cells])
    else:
        body = hospital.render_text(name, layout, rows, overrides)
        swapped = [place for place, column in enumerate(layout) if column.form == "date"]

        def write(part: slice, file: str, defect: str) -> bytes:
            columns = body
            if defect:  # the system was set to British dates by an upgrade, and back again
                columns = [
                    clock.text(rows[layout[place].source], "%d/%m/%Y") if place in swapped else column
                    for place, column in enumerate(body)
                ]
            return hospital.text_file(name, header, columns, part)

    result = send(feed, landing / "mseft", plan, sent, ids, log, write)
    result.known_until, result.delivered = result.known_until[:real], result.delivered[:real]
    return result
