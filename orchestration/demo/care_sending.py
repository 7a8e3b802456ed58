"""How referrals and contacts leave their provider: monthly submissions that replace each other, and a database.

A file partner sends, for each month, the referrals that were open in it and the contacts of it. EPUT sends every month
twice: at once (provisional, or the first submission) and a month later, complete, in the file of the month after.
Provide sends it once, and a few months again as a whole. What the newest submission of a month does not have is not so.
NELFT's reporting database holds each record once and changes it in place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, nelft, restricted_codes
from orchestration.demo.care_services import COMMUNITY, MH, SHORT, Services, made_services, make_services, numbers
from orchestration.demo.community import ORGANISATION
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, pick, send
from orchestration.demo.table import Table, concat, listed, rng_for, size, take, words
from orchestration.demo.world import World

DAY = np.timedelta64(1, "D")
MINUTE = np.timedelta64(60, "s")
EVER = np.datetime64("2200-01-01", "M")
UNIQ_MONTH_OF_1970 = 1445 - 607  # UniqMonthID 1445 is August 2020 (F 2.10)
NO_SERVICE = "ZZZ"  # the dummy team under which wards hang their inpatient spells (F 2.10)
WRONG_ATTENDANCE = {"5": "3", "6": "5", "3": "5", "7": "3", "2": "4", "4": "2"}
IDENTITY = (
    "nhs_number", "nhs_number_status_code", "family_name", "given_name", "birth_date", "sex_code",
    "ethnic_category_code", "postcode", "gp_practice_code",
)  # fmt: skip


@dataclass(frozen=True)
class Habit:
    """What one provider sends of one setting: table, names of files and columns, local codes, format of its times."""

    partner: str
    setting: str
    table: str
    file: str
    columns: tuple[tuple[str, str], ...]
    codes: dict[str, dict[str, str]]
    encoding: str = "utf-8"
    sheet: str = ""
    time: str = "%H:%M:%S"

    @property
    def feed(self) -> str:
        return f"{self.partner}_{self.table}"


def columns(text: str) -> tuple[tuple[str, str], ...]:
    """`contract column = name that the partner uses`, a line each."""
    pairs = [line.split("=", 1) for line in text.strip().splitlines()]
    return tuple((name.strip(), local.strip()) for name, local in pairs)


# --- files and submissions -------------------------------------------------------------------------------------------


@dataclass
class Plan:
    """Files, and the submissions that they carry. `month`, `file`, `number`: of each submission, in order;
    `is_first`, `is_last`: whether another submission of the month came before it, or comes after."""

    files: delivery.Schedule
    months: np.ndarray
    month: np.ndarray
    file: np.ndarray
    number: np.ndarray

    @property
    def last_of_month(self) -> np.ndarray:
        """For each month the highest number of its submissions."""
        top = np.zeros(len(self.months), dtype="int64")
        np.maximum.at(top, self.month, self.number)
        return top


def make_plan(world: World, habit: Habit) -> Plan:
    files = delivery.Schedule()
    delivery.months(files, world.period, world.period.end, habit.file, 6, 30)
    count = len(files)
    place = np.arange(count)
    months = np.datetime64(world.period.start, "M") + place
    again = {"eput": place[:-1], "provide": place[:-1][(count - 2 - place[:-1]) % 3 == 0]}
    more = again.get(habit.partner, place[:0])
    if habit.partner == "provide":
        for month in more:
            first = months[month].astype(dt.date)
            deliver = files.deliver[month + 1] + 90 * MINUTE
            name = habit.file.replace(".xlsx", " resubmission.xlsx").format(day=first)
            files.add(name, "month", files.covers_until[month], deliver - 30 * MINUTE, deliver)
    number = np.concatenate([np.ones(count, dtype="int64"), np.full(len(more), 2)])
    file = np.concatenate([place, more + 1 if habit.partner == "eput" else count + np.arange(len(more))])
    month = np.concatenate([place, more])
    order = np.argsort(files.extract, kind="stable")  # files in the order in which they come
    rank = np.empty(len(order), dtype="int64")
    rank[order] = np.arange(len(order))
    ordered = delivery.Schedule()
    for row in order:
        ordered.add(files.names[row], files.kinds[row], files.covers_until[row], files.extract[row], files.deliver[row])
    return Plan(ordered, months, month, rank[file], number)


def _submitted(plan: Plan, first: np.ndarray, until: np.ndarray, late: np.ndarray, mistaken: np.ndarray) -> Table:
    """Rows of every submission: records from their first to their last month. Late ones are not in the first
    submission of their first month, mistaken ones are in nothing else."""
    parts = []
    top = plan.last_of_month
    for month, file, number in zip(plan.month, plan.file, plan.number, strict=True):
        here = (first <= plan.months[month]) & (until >= plan.months[month])
        starts = first == plan.months[month]
        if month == 0:
            starts |= here  # what began before the demo comes with its first month
        here &= ~(late & starts & (number == 1)) & (~mistaken | (starts & (number == 1) & (top[month] > 1)))
        record = np.flatnonzero(here)
        parts.append(
            {
                "record": record,
                "file": np.full(len(record), file),
                "month": np.full(len(record), month),
                "number": np.full(len(record), number),
                "is_first": np.full(len(record), number == 1) & starts[record],
                "has_more": np.full(len(record), number < top[month]),
            }
        )
    return concat(parts)


def _changed_in_place(plan: Plan, first: np.ndarray, closed: np.ndarray, late: np.ndarray, fixed: np.ndarray) -> Table:
    """Rows as a database is read: when the record is there, when it ends, when it is put right or marked deleted."""
    begin = plan.months[0]
    count = len(plan.months)
    at = np.maximum((first - begin).astype("int64"), 0) + late
    ends = (closed - begin).astype("int64").clip(-1, count)
    again = np.where(fixed, at + 1, count)
    pairs = np.unique(
        np.concatenate([np.stack([np.arange(len(at)), file]) for file in (at, np.maximum(at, ends), again)], axis=1),
        axis=1,
    )
    pairs = pairs[:, pairs[1] < count]
    is_first = at[pairs[0]] == pairs[1]
    return {
        "record": pairs[0],
        "file": pairs[1],
        "month": pairs[1],
        "number": np.ones(pairs.shape[1], dtype="int64"),
        "is_first": is_first,
        "has_more": is_first & (at[pairs[0]] + 1 < count),
    }


def _delivery(plan: Plan, rows: Table, moment: np.ndarray, count: int) -> delivery.Delivery:
    order = np.lexsort((moment[rows["record"]], rows["record"], rows["month"], rows["file"]))
    rows = take(rows, order)
    last = np.full(count, -1)
    np.maximum.at(last, rows["record"], rows["file"])
    known = np.where(last >= 0, plan.files.extract[np.maximum(last, 0)], np.datetime64("NaT"))
    return delivery.Delivery(rows, known, last >= 0, np.zeros(count, dtype=bool), last)


def _share(rng: np.random.Generator, kind: str, feed: str, count: int) -> np.ndarray:
    return rng.random(count) < rate(kind, feed)


# --- referrals -------------------------------------------------------------------------------------------------------


def _copies(rng: np.random.Generator, table: Table, rows: np.ndarray, begin: int, habit: Habit) -> Table:
    """Records under further numbers, like those in `rows`."""
    more = take(table, rows)
    organisation, short = ORGANISATION[habit.partner], SHORT[habit.setting]
    letter = "R" if habit.table.endswith("referrals") else "C"
    name = "referral_id" if letter == "R" else "contact_id"
    more[name] = numbers(letter, short, begin, len(rows))
    more[f"care_{name}"] = words([f"{organisation}:{short}:{local}" for local in more[name]])
    return more


def _with_dummies(rng: np.random.Generator, world: World, habit: Habit, table: Table, log: DirtLog) -> Table:
    """Referrals that are none: second copies, mistakes that are withdrawn, and the dummies of inpatient spells."""
    count = size(table)
    twice = np.flatnonzero(_share(rng, "duplicate_referral", habit.feed, count))
    copies = _copies(rng, table, twice, count + 1, habit)
    last = clock.midnight(clock.local_date(copies["received_at"]) + DAY) - MINUTE
    later = copies["received_at"] + rng.integers(5, 90, len(twice)).astype("timedelta64[m]")
    copies["received_at"] = np.minimum(later, last)
    log.add("duplicate_referral", copies["care_referral_id"], "copy_of", table["care_referral_id"][twice])
    wrong = np.flatnonzero(_share(rng, "deleted", habit.feed, count))
    mistakes = _copies(rng, table, wrong, count + len(twice) + 1, habit)
    stays = world.downstream.stays
    mine = np.flatnonzero((stays["partner"] == habit.partner) & np.isin(stays["bed_type_code"], MIND_BEDS))
    mine = mine if habit.setting == MH and count else mine[:0]
    wards = _copies(rng, table, np.zeros(len(mine), dtype="int64"), count + len(twice) + len(wrong) + 1, habit)
    wards["person"], wards["local_patient_id"] = stays["person"][mine], stays["local_patient_id"][mine]
    wards["received_at"] = clock.midnight(stays["admitted_on"][mine]) + 900 * MINUTE
    wards["closed_on"] = stays["discharged_on"][mine]
    for name, value in (
        ("service_type_code", NO_SERVICE), ("source_of_referral_code", "P1"), ("priority_code", None),
        ("reason_code", None), ("close_reason_code", "02"),
    ):  # fmt: skip
        wards[name] = np.full(len(mine), value, dtype=object)
    wards["rejected_on"] = np.full(len(mine), np.datetime64("NaT"), dtype="datetime64[D]")
    log.add("ward_dummy", wards["care_referral_id"], "service_type_code", NO_SERVICE)
    out = concat([table, copies, mistakes, wards])
    out["is_mistaken"] = np.zeros(size(out), dtype=bool)
    out["is_mistaken"][count + len(twice) : count + len(twice) + len(wrong)] = True
    return out


MIND_BEDS = ("mh_adult_acute", "mh_intensive_care", "mh_older_adult", "mh_rehab")


def of_habit(services: Services, habit: Habit) -> np.ndarray:
    """Rows of the referrals that a provider has in a setting."""
    rows = services.referrals
    return np.flatnonzero((rows["partner"] == habit.partner) & (rows["setting"] == habit.setting))


def send_referrals(world: World, landing: Path, seed: int, habit: Habit) -> Sent:
    services, feed = make_services(world, seed), habit.feed
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    truth = take(services.referrals, of_habit(services, habit))
    count = size(truth)
    table = _with_dummies(rng, world, habit, truth, log)
    ids, total = table["care_referral_id"], size(table)
    table |= identity(world.people, table["person"], table["received_at"], ids, feed, rng, log)
    received = clock.local_date(table["received_at"])
    no_time = pick(rng, feed, ["time_missing"], np.ones(total, dtype=bool))["time_missing"]
    table["has_time"] = np.ones(total, dtype=bool)
    table["has_time"][no_time] = False
    log.add("time_missing", ids[no_time], "received_at", "")
    here = pick(rng, feed, ["priority_missing"], ~np.equal(table["priority_code"], None).astype(bool))
    table["priority_code"][here["priority_missing"]] = None
    log.add("priority_missing", ids[here["priority_missing"]], "priority_code", "")
    plan = make_plan(world, habit)
    first, until = received.astype("datetime64[M]"), table["closed_on"].astype("datetime64[M]")
    mistaken = table["is_mistaken"]
    late = _share(rng, "late", feed, total) & ~mistaken & (first >= plan.months[0])
    is_database = habit.partner == "nelft"
    if is_database:
        mistaken &= (first >= plan.months[0]) & (first < plan.months[-1])
        rows = _changed_in_place(plan, first, until, late, mistaken)
        rows = take(rows, ~table["is_mistaken"][rows["record"]] | mistaken[rows["record"]])
    else:
        rows = _submitted(plan, first, until, late, mistaken)
    sent = _delivery(plan, rows, table["received_at"], total)
    _note_lateness(log, ids, late & sent.delivered, mistaken & sent.delivered)
    if habit.setting == MH:
        told = sent.delivered & (np.arange(total) < count)
        told &= restricted_codes.is_adult(world.people, table["person"], received)
        restricted, _ = restricted_codes.pick(feed, seed, told, 1)
        reason = words([restricted_codes.listed("mh_referral_reason")[0]["code"]] * len(restricted))
        restricted_codes.in_place(table, "reason_code", restricted, reason, ids, log)
    rows = sent.rows
    out = take(table, rows["record"])
    end = plan.months[rows["month"]] + 1
    known = clock.local_date(plan.files.extract[rows["file"]])
    shown = np.minimum(end.astype("datetime64[D]"), known)
    for name in ("closed_on", "rejected_on"):
        out[name] = np.where(table[name][rows["record"]] < shown, out[name], np.datetime64("NaT"))
    out["close_reason_code"] = np.where(np.isnat(out["closed_on"]), None, out["close_reason_code"]).astype(object)
    out["is_deleted"] = mistaken[rows["record"]] & ~rows["is_first"]
    moments = [table["received_at"], clock.midnight(table["closed_on"] + DAY)]
    result = _write(world, landing, habit, plan, sent, ids, log, out, "received", moments, rng)
    return Sent(feed, result.files, result.rows, result.dirt, sent.known_until[:count], sent.delivered[:count])


def _note_lateness(log: DirtLog, ids: np.ndarray, late: np.ndarray, mistaken: np.ndarray) -> None:
    log.add("late", ids[late], stands=False)
    log.add("deleted", ids[mistaken], stands=False)


# --- contacts --------------------------------------------------------------------------------------------------------


def send_contacts(world: World, landing: Path, seed: int, habit: Habit) -> Sent:
    services, feed = make_services(world, seed), habit.feed
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    mine = np.isin(services.contacts["referral"], of_habit(services, habit))
    truth = take(services.contacts, np.flatnonzero(mine))
    count, referral = size(truth), truth["referral"]
    truth |= {name: services.referrals[name][referral] for name in ("referral_id", "local_patient_id", "received_at")}
    truth["contact_on"] = clock.local_date(truth["contact_at"])
    truth["has_time"] = np.ones(count, dtype=bool)
    _spoil_contacts(rng, habit, truth, log)
    twice = np.flatnonzero(_share(rng, "doubled_contact", feed, count) & truth["has_time"])
    copies = _copies(rng, truth, twice, count + 1, habit)
    log.add("doubled_contact", copies["care_contact_id"], "copy_of", truth["care_contact_id"][twice])
    wrong = np.flatnonzero(_share(rng, "deleted", feed, count))
    mistakes = _copies(rng, truth, wrong, count + len(twice) + 1, habit)
    table = concat([truth, copies, mistakes])
    ids, total = table["care_contact_id"], size(table)
    mistaken = np.arange(total) >= count + len(twice)
    plan = make_plan(world, habit)
    month = clock.local_date(table["contact_at"]).astype("datetime64[M]")  # of the month in which it really was
    late = _share(rng, "late", feed, total) & ~mistaken
    late[count : count + len(twice)] = late[twice]
    corrected = _share(rng, "corrected", feed, total) & ~mistaken & ~late
    corrected &= ~np.equal(table["attendance_code"], None).astype(bool)
    corrected[count : count + len(twice)] = corrected[twice]
    if habit.partner == "nelft":
        mistaken &= month < plan.months[-1]
        rows = _changed_in_place(plan, month, month, late, mistaken | corrected)
        rows = take(rows, (rows["record"] < count + len(twice)) | mistaken[rows["record"]])
    else:
        rows = _submitted(plan, month, month, late, mistaken)
    sent = _delivery(plan, rows, table["contact_at"], total)
    _note_lateness(log, ids, late & sent.delivered, mistaken & sent.delivered)
    rows = sent.rows
    out = take(table, rows["record"])
    wrong_now = corrected[rows["record"]] & rows["is_first"]
    codes = out["attendance_code"].copy()
    codes[wrong_now] = words([WRONG_ATTENDANCE.get(code, "5") for code in codes[wrong_now]])
    out["attendance_code"] = codes
    stays_wrong = np.zeros(total, dtype=bool)
    stays_wrong[rows["record"][wrong_now & ~rows["has_more"]]] = True
    for stands in (True, False):
        here = np.flatnonzero(corrected & (stays_wrong == stands) & sent.delivered)
        said = words([WRONG_ATTENDANCE.get(code, "5") for code in table["attendance_code"][here]])
        log.add("corrected", ids[here], "attendance_code", said, stands=stands)
    out["is_deleted"] = mistaken[rows["record"]] & ~rows["is_first"]
    if habit.partner != "nelft":
        untypable = _share(rng, "untypable_date", feed, total) & ~mistaken
        untypable &= np.bincount(rows["file"], minlength=len(plan.files))[np.maximum(sent.last_file, 0)] >= 80
        untypable[twice], untypable[count:] = False, False
        sent.untypable |= untypable
        log.add("untypable_date", ids[untypable & sent.delivered], "contact_on", "31 February")
    result = _write(world, landing, habit, plan, sent, ids, log, out, "contact", [table["contact_at"]], rng)
    return Sent(feed, result.files, result.rows, result.dirt, sent.known_until[:count], sent.delivered[:count])


def _spoil_contacts(rng: np.random.Generator, habit: Habit, table: Table, log: DirtLog) -> None:
    feed, ids, count = habit.feed, table["care_contact_id"], size(table)
    here = pick(rng, feed, ["time_missing", "contact_before_referral"], np.ones(count, dtype=bool))
    no_time, early = here["time_missing"], here["contact_before_referral"]
    table["has_time"][no_time] = False
    log.add("time_missing", ids[no_time], "contact_at", "")
    back = rng.integers(1, 20, len(early)).astype("timedelta64[D]")
    table["contact_on"][early] = clock.local_date(table["received_at"][early]) - back
    log.add("contact_before_referral", ids[early], "contact_on", clock.text(table["contact_on"][early], "%Y-%m-%d"))
    odd = pick(rng, feed, ["attendance_unknown"], np.ones(count, dtype=bool))["attendance_unknown"]
    table["attendance_code"][odd] = None
    log.add("attendance_unknown", ids[odd], "attendance_code", "")


# --- files -----------------------------------------------------------------------------------------------------------


def _write(
    world: World,
    landing: Path,
    habit: Habit,
    plan: Plan,
    sent: delivery.Delivery,
    ids: np.ndarray,
    log: DirtLog,
    out: Table,
    about: str,
    moments: list[np.ndarray],
    rng: np.random.Generator,
) -> Sent:
    rows, extract = sent.rows, plan.files.extract
    local = clock.to_local(out[f"{about}_at"])
    day = out["contact_on"] if about == "contact" else local.astype("datetime64[D]")
    second = (local - local.astype("datetime64[D]")).astype("timedelta64[s]")
    is_mind, is_database = habit.setting == MH, habit.partner == "nelft"
    pattern = "%Y-%m-%d" if is_database else "%d/%m/%Y"
    text: Table = {name: _coded(out[name], habit.codes.get(name)) for name in out if out[name].dtype == object}
    for name in [column for column in out if out[column].dtype.kind == "M" and not column.endswith("_at")]:
        text[name] = clock.text(out[name], pattern)
    text[f"{about}_on"] = clock.text(day, pattern)
    impossible = sent.untypable[rows["record"]]
    text[f"{about}_on"] = np.where(impossible, "31/02/2026", text[f"{about}_on"]).astype(object)
    epoch = (np.datetime64(0, "s") + second).astype(clock.SECOND)
    moment = {
        "eput": clock.text(epoch, "%d/%m/%Y %H:%M") + ":00" if is_mind else clock.text(epoch, "%Y-%m-%d %H:%M:%S"),
        "provide": clock.text(epoch, "%Y-%m-%d %H:%M"),
        "nelft": clock.text(day.astype(clock.SECOND) + second, "%Y-%m-%d %H:%M:%S"),
    }[habit.partner]
    blank = "01/01/1970 00:00:00" if habit.partner == "eput" and is_mind else ""
    if habit.partner != "nelft" and blank == "":
        moment = words([value[11:] for value in moment])
    text[f"{about}_time"] = np.where(out["has_time"], moment, blank).astype(object)
    text["is_deleted"] = np.where(out["is_deleted"], "1", "0").astype(object)
    if "duration_minutes" in out:
        text["duration_minutes"] = words([str(value) if value >= 0 else "" for value in out["duration_minutes"]])
    month = plan.months[rows["month"]]
    if is_mind:
        text["reporting_month"] = words([str(value + UNIQ_MONTH_OF_1970) for value in month.astype("int64")])
        text["submission"] = np.where(rows["number"] == 2, "Final", "Provisional").astype(object)
    else:
        text["reporting_month"] = clock.text(month.astype("datetime64[D]"), pattern)
        text["submission"] = clock.text(clock.to_local(extract[rows["file"]]), f"{pattern} %H:%M")
    names = [name for name, _ in habit.columns]
    header = [local_name for _, local_name in habit.columns]
    body = [formats.plain(text[name]) for name in names]
    if is_database:
        changed = _changed_at(plan, rows, moments, rng)
        table = {name: np.where(column == "", None, column) for name, column in zip(names, body, strict=True)}
        return nelft.send_tables(habit.feed, header, words(names), landing, plan.files, sent, ids, log, table, changed)
    dates = {name: out[name] for name in out if name in names and out[name].dtype == "datetime64[D]"}
    dates[f"{about}_on"] = np.where(impossible, np.datetime64("NaT"), day)
    dates["reporting_month"] = month.astype("datetime64[D]")
    write = _workbook(habit, header, names, body, dates) if habit.sheet else _lines(habit, header, body)
    return send(habit.feed, landing / habit.partner, plan.files, sent, ids, log, write)


def _lines(habit: Habit, header: list[str], body: list[np.ndarray]) -> Callable[[slice, str, str], bytes]:
    def write(part: slice, name: str, defect: str) -> bytes:
        lines = formats.delimited(header, [column[part] for column in body], ",", "\r\n")
        return "".join(lines).encode(habit.encoding)

    return write


def _workbook(
    habit: Habit, header: list[str], names: list[str], body: list[np.ndarray], dates: Table
) -> Callable[[slice, str, str], bytes]:
    """Real dates of Excel, and text where there is none."""
    cells = []
    for name, column in zip(names, body, strict=True):
        texts = formats.text_cells(column)
        if name in dates:
            real = formats.date_cells(dates[name], False)
            texts = [date or text for date, text in zip(real, texts, strict=True)]
        cells.append(texts)

    def write(part: slice, name: str, defect: str) -> bytes:
        return formats.workbook(habit.sheet, [], header, [column[part] for column in cells])

    return write


def _coded(values: np.ndarray, codes: dict[str, str] | None) -> np.ndarray:
    """The partner's codes; what has none is written as it is."""
    return values if codes is None else words([codes.get(value, value) for value in values])


def _changed_at(plan: Plan, rows: Table, moments: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """When each row was last changed before its poll (UTC): the last thing that happened, but after the poll before."""
    until = plan.files.extract[rows["file"]]
    before = np.where(rows["file"] > 0, plan.files.extract[np.maximum(rows["file"] - 1, 0)], until - 40 * DAY)
    last = before.copy()
    for moment in moments:
        known = moment[rows["record"]]
        last = np.where((known > last) & (known <= until), known, last)
    jitter = rng.integers(60, 1500, len(last)).astype("timedelta64[s]")
    return np.minimum(last + jitter, until - np.timedelta64(1, "s"))


# --- the truth -------------------------------------------------------------------------------------------------------

REFERRAL = listed(
    "care_referral_id organisation_code setting service_type_code source_of_referral_code priority_code reason_code "
    "received_at closed_on close_reason_code rejected_on local_patient_id"
)
CONTACT = listed("care_contact_id contact_at attendance_code mechanism_code location_type_code duration_minutes")


def care_tables(world: World, sent: dict[str, Sent]) -> dict[str, Table]:
    """Truth tables of referrals and contacts; what is in them: orchestration/demo/truth.py."""
    services = made_services(world)
    rows, contacts = services.referrals, services.contacts
    referral = {name: rows[name] for name in REFERRAL} | {"person_no": rows["person"]}
    of_contact = contacts["referral"]
    contact = {name: contacts[name] for name in CONTACT} | {
        "care_referral_id": rows["care_referral_id"][of_contact],
        "person_no": rows["person"][of_contact],
        "organisation_code": rows["organisation_code"][of_contact],
        "setting": rows["setting"][of_contact],
    }
    for table, kind in ((referral, "referrals"), (contact, "contacts")):
        partner = rows["partner"] if kind == "referrals" else rows["partner"][of_contact]
        setting = rows["setting"] if kind == "referrals" else rows["setting"][of_contact]
        count = len(partner)
        table["feed"] = np.full(count, None, dtype=object)
        table["is_delivered"] = np.zeros(count, dtype=bool)
        table["known_until"] = np.full(count, np.datetime64("NaT"), dtype=clock.SECOND)
        for name in ORGANISATION:
            for what, label in ((MH, "mh"), (COMMUNITY, "community")):
                feed = f"{name}_{label}_{kind}"
                here = np.flatnonzero((partner == name) & (setting == what))
                if feed in sent:
                    table["feed"][here] = feed
                    table["is_delivered"][here] = sent[feed].delivered
                    table["known_until"][here] = sent[feed].known_until
    return {"care_referral": referral, "care_contact": contact}


__all__ = ["COMMUNITY", "MH", "Habit", "care_tables", "columns", "send_contacts", "send_referrals"]
