"""What the three councils send: care homes every week, and people who wait for a package of care at home.

Essex and Thurrock send a list of those who wait on a Sunday; Thurrock holds no NHS numbers. Southend sends a journal of
changes. History comes in months, the last five weeks one by one.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np

from orchestration.demo import clock, delivery, formats, hospital
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.identity import identity
from orchestration.demo.sending import Sent, missing, pick, send
from orchestration.demo.social_care import KINDS, census_days, places_of
from orchestration.demo.table import Table, concat, listed, rng_for, size, take, words
from orchestration.demo.world import World

COUNCILS = ("essex", "southend", "thurrock")
STEM = {"essex": "ecc", "southend": "scc", "thurrock": "tc"}
WEEKS_ONE_BY_ONE = 5
FREE_TEXT_PACKAGE = ("dom care 4x daily double up", "HC + sitting", "tbc by OT", "D2A")
DAY = np.timedelta64(1, "D")
LABEL = (
    "General Residential",
    "General Nursing",
    "Dementia Residential",
    "Dementia Nursing",
    "Learning Disability",
    "Mental Health",
    "Young Physically Disabled",
)
HOME_HEADER = [
    "Extract Date",
    "CQC Location ID",
    "Location Name",
    "Service Type",
    *[f"Beds {label}" for label in LABEL],
    *[f"Vacancies {label}" for label in LABEL],
    "Admission Status",
    "Closed Reason",
    "Last Updated",
]
LIST_HEADER = listed(
    "Census Date|Request Ref|NHS Number|LA Person ID|Last Name|First Name|Date of Birth|Gender|Postcode|"
    "Date Requested|Location Now|Package|Hours Per Week|Status|Date Closed",
    "|",
)
LISTED = {
    "location_code": {
        "acute_bed": "Acute hospital",
        "community_bed": "Community hospital",
        "own_home": "Own home",
        "care_home_interim": "Interim care home",
        "mental_health_bed": "Mental health ward",
    },
    "package_type_code": {
        "home_care": "Home care",
        "reablement": "Reablement",
        "live_in": "Live-in care",
        "night_care": "Night sitting",
    },
    "status_code": {"waiting": "Waiting", "started": "Started", "cancelled": "Cancelled"},
    "sex_code": {"1": "Male", "2": "Female", "9": "Other", "X": "Unknown"},
}
JOURNAL = {
    "location_code": {
        "acute_bed": "HOSP",
        "community_bed": "COMM",
        "own_home": "HOME",
        "care_home_interim": "INTERIM",
        "mental_health_bed": "MH",
    },
    "package_type_code": {"home_care": "HC", "reablement": "RE", "live_in": "LI", "night_care": "NS"},
    "status_code": {"waiting": "W", "started": "S", "cancelled": "C"},
    "sex_code": {"1": "M", "2": "F", "9": "O", "X": "U"},
}


def weekly(world: World, stem: str, hour: int) -> delivery.Schedule:
    """Files of the Sundays' figures: a month's together, the last weeks one by one, delivered on Mondays."""
    made = delivery.Schedule()
    latest = clock.at(world.period.end + dt.timedelta(days=1), 7, 5)
    sundays = [day for day in census_days(world.period).tolist() if _monday(day, hour) <= latest]
    single = sundays[-WEEKS_ONE_BY_ONE:]
    for place, day in enumerate(sundays):
        following = sundays[place + 1] if place + 1 < len(sundays) else None
        if day in single:
            name, kind = f"{stem}_{day:%Y%m%d}.csv", "week"
        elif following and following.month == day.month and following not in single:
            continue
        else:
            name, kind = f"{stem}_{day:%Y%m}.csv", "month"
        deliver = _monday(day, hour)
        covers = clock.midnight(day + dt.timedelta(days=1))[()]
        made.add(name, kind, covers, deliver - np.timedelta64(1800, "s"), deliver)
    return made


def last_day(plan: delivery.Schedule) -> np.datetime64:
    """The last Sunday that a file tells of."""
    return clock.local_date(plan.covers_until[-1:] - np.timedelta64(3600, "s"))[0] if len(plan) else DAY - DAY


def _monday(sunday: dt.date, hour: int) -> np.datetime64:
    return clock.at(sunday + dt.timedelta(days=1), hour)


# --- care homes ------------------------------------------------------------------------------------------------------


def home_ids(days: np.ndarray, location: np.ndarray) -> np.ndarray:
    return clock.text(days, "%Y-%m-%d") + words([f"|{code}" for code in location])


def send_homes(world: World, council: str, landing: Path, seed: int) -> Sent:
    feed = f"{council}_care_homes"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    weeks, homes = world.downstream.home_weeks, world.downstream.homes
    truth = take(weeks, np.flatnonzero(weeks["council"] == council))
    real = size(truth)
    true_ids = home_ids(truth["census_date"], truth["cqc_location_id"])
    copies, copied_from = _old_owners(truth, homes, rng, feed)
    table = concat([truth, copies])
    ids = home_ids(table["census_date"], table["cqc_location_id"])
    extra_ids = ids[real:]
    chosen = pick(rng, feed, ["vacancies_over_beds", "updated_after_census"], np.arange(size(table)) < real)
    here = chosen["vacancies_over_beds"]
    beds = np.stack([table[f"beds_{kind}"] for kind in KINDS], axis=1)
    kind = np.argmax(beds[here], axis=1) if len(here) else np.zeros(0, dtype="int64")
    for place, name in enumerate(KINDS):
        those = here[kind == place]
        table[f"vacant_{name}"][those] = table[f"beds_{name}"][those] + rng.integers(1, 5, len(those))
        sent_as = words([str(value) for value in table[f"vacant_{name}"][those]])
        log.add("vacancies_over_beds", ids[those], f"vacant_{name}", sent_as)
    here = chosen["updated_after_census"]
    ahead = (rng.integers(1, 30, len(here)) * 86_400).astype("timedelta64[s]")
    table["last_updated_at_local"][here] = table["census_date"][here].astype("datetime64[s]") + ahead
    shown = clock.text(table["last_updated_at_local"][here], "%Y-%m-%d %H:%M:%S")
    log.add("updated_after_census", ids[here], "last_updated_at", shown)
    some = sum(table[f"vacant_{name}"] for name in KINDS) > 0
    here = np.flatnonzero((table["admission_status_code"] == "closed") & some & (np.arange(size(table)) < real))
    log.add("closed_with_vacancies", ids[here], stands=False)

    plan = weekly(world, f"{STEM[council]}_care_homes", 6)
    begins = clock.midnight(table["census_date"]) + np.timedelta64(12 * 3600, "s")
    sent = delivery.deliver(plan, begins, begins, [], ids, feed, rng, log)
    log.add(
        "old_owner_listed",
        extra_ids[sent.delivered[real:]],
        "copy_of",
        true_ids[copied_from][sent.delivered[real:]],
    )
    rows = take(table, sent.rows["record"])
    wrong = sent.rows["is_wrong"]
    for name in KINDS:
        rows[f"vacant_{name}"] = np.where(wrong, rows[f"beds_{name}"], rows[f"vacant_{name}"])
    service = np.where(rows["service_type_code"] == "nursing", "Nursing home", "Residential home").astype(object)
    status = np.where(rows["admission_status_code"] == "closed", "Closed", "Open").astype(object)
    body = [clock.text(rows["census_date"], "%d/%m/%Y"), rows["cqc_location_id"], rows["home_name"], service]
    for part in ("beds", "vacant"):
        for name in KINDS:
            # a kind that the home does not have is left empty
            shown = [str(n) if b else "" for n, b in zip(rows[f"{part}_{name}"], rows[f"beds_{name}"], strict=True)]
            body.append(words(shown))
    body += [status, formats.plain(rows["closed_reason"]), clock.text(rows["last_updated_at_local"], "%d/%m/%Y %H:%M")]

    def write(part: slice, name: str, defect: str) -> bytes:
        return "".join(formats.delimited(HOME_HEADER, [column[part] for column in body], ",")).encode()

    result = send(feed, landing / council, plan, sent, ids, log, write)
    result.known_until, result.delivered = result.known_until[:real], result.delivered[:real]
    return result


def _old_owners(truth: Table, homes: Table, rng: np.random.Generator, feed: str) -> tuple[Table, np.ndarray]:
    """Weeks in which a home is listed under its former owner as well."""
    sold = np.flatnonzero(~np.isnat(homes["valid_to"]))
    sold = sold[rng.random(len(sold)) < rate("old_owner_listed", feed)]
    rows, old = [np.zeros(0, dtype="int64")], [words([])]
    for home in sold:
        begin = homes["valid_to"][home] + DAY
        span = np.timedelta64(7 * int(rng.integers(1, 5)), "D")
        here = np.flatnonzero(
            (truth["home_no"] == homes["home_no"][home])
            & (truth["census_date"] >= begin)
            & (truth["census_date"] < begin + span)
        )
        rows.append(here)
        old.append(words([homes["cqc_location_id"][home]] * len(here)))
    where = np.concatenate(rows)
    copies = take(truth, where)
    copies["cqc_location_id"] = np.concatenate(old)
    return copies, where


# --- packages of care ------------------------------------------------------------------------------------------------


def _spread(log: DirtLog, scratch: DirtLog, person_row: np.ndarray, ids: np.ndarray, people: int) -> None:
    """What is wrong with a person's record is wrong in every row about the person."""
    for record, kind, column, sent, _ in scratch.rows:
        hit = np.full(people, -1)
        hit[record.astype("int64")] = np.arange(len(record))
        rows = np.flatnonzero(hit[person_row] >= 0)
        if len(rows):
            log.add(kind[0], ids[rows], column[0], sent[hit[person_row[rows]]])


def _persons(
    world: World,
    packages: Table,
    package: np.ndarray,
    ids: np.ndarray,
    feed: str,
    rng: np.random.Generator,
    log: DirtLog,
) -> Table:
    """Identity of each row: one record a person at the council, made when the council first heard of the person."""
    who, first, back = np.unique(packages["person"], return_index=True, return_inverse=True)
    scratch = DirtLog(feed)
    number = words([str(place) for place in range(len(who))])
    table = identity(world.people, who, packages["requested_at"][first], number, feed, rng, scratch)
    wrong = np.flatnonzero(rng.random(len(who)) < rate("name_misspelt", feed))
    wrong = wrong[np.array([len(table["family_name"][row]) > 3 for row in wrong], dtype=bool)]
    table["family_name"] = table["family_name"].copy()
    table["family_name"][wrong] = words([_misspelt(name) for name in table["family_name"][wrong]])
    scratch.add("name_misspelt", number[wrong], "family_name", table["family_name"][wrong])
    _spread(log, scratch, back[package], ids, len(who))
    return take(table, back[package])


def _misspelt(name: str) -> str:
    """Two letters in the middle change places, or one is doubled."""
    place = len(name) // 2
    if name[place - 1] == name[place]:
        return name[:place] + name[place + 1 :]
    return name[: place - 1] + name[place] + name[place - 1] + name[place + 1 :]


def mine(world: World, council: str) -> np.ndarray:
    return np.flatnonzero(world.downstream.packages["council"] == council)


def list_rows(world: World, council: str, seed: int) -> Table:
    """The rows of the Sunday lists as they should be, and those of requests that somebody forgot to close."""
    packages = take(world.downstream.packages, mine(world, council))
    rng = rng_for(seed, f"lists {council}")
    feed = f"{council}_packages_awaited"
    sundays = census_days(world.period)
    first = np.searchsorted(sundays, packages["requested_on"], side="left")
    last = np.searchsorted(sundays, packages["closed_on"], side="left")
    gone = np.zeros(len(first), dtype=bool)
    if len(sundays):
        gone = packages["closed_on"] <= sundays[0] - 7 * DAY
    forgotten = rng.random(len(first)) < rate("never_closed", feed)
    weeks = rng.integers(3, 16, len(first))
    end = np.minimum(np.where(forgotten, last + weeks, last), len(sundays) - 1)
    number = np.where(gone, 0, np.maximum(end - first + 1, 0))
    package = np.repeat(np.arange(len(first)), number)
    step = np.arange(len(package)) - np.repeat(np.cumsum(number) - number, number)
    census = sundays[first[package] + step] if len(package) else np.zeros(0, dtype="datetime64[D]")
    closed = packages["closed_on"][package] <= census
    at_home = packages["home_at"][package] < clock.midnight(census + DAY)
    kept = forgotten[package] & closed
    table = {
        "census_date": census,
        "package": package,
        "request_id": packages["request_id"][package],
        "location_code": np.where(at_home, "own_home", packages["location"][package]).astype(object),
        "status_code": np.where(closed, packages["status"][package], "waiting").astype(object),
        "closed_on": np.where(closed, packages["closed_on"][package], np.datetime64("NaT")),
        "is_forgotten": kept,
        # a row that exists in the truth: the list of a later week does not repeat what is closed
        "is_true": ~kept | (census < packages["closed_on"][package] + 7 * DAY),
    }
    order = np.lexsort((package, census))
    return take(table, order)


def list_ids(census: np.ndarray, request: np.ndarray) -> np.ndarray:
    return clock.text(census, "%Y-%m-%d") + words([f"|{code}" for code in request])


def send_list(world: World, council: str, landing: Path, seed: int) -> Sent:
    """Layout A. The records of `Sent` are requests, in the order of the truth."""
    feed = f"{council}_packages_awaited"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    packages = take(world.downstream.packages, mine(world, council))
    table = list_rows(world, council, seed)
    package, count = table["package"], size(table)
    ids = list_ids(table["census_date"], table["request_id"])
    for name in ("requested_on", "package_type_code", "hours_per_week", "local_patient_id"):
        table[name] = packages[name][package].copy()
    table |= _persons(world, packages, package, ids, feed, rng, log)
    here = np.flatnonzero(table["is_forgotten"])
    table["status_code"][here] = "waiting"
    table["closed_on"][here] = np.datetime64("NaT")
    log.add("never_closed", ids[here], "status_code", "waiting")
    log.add("never_closed", ids[here], "closed_on")
    fresh = table["census_date"] - packages["requested_on"][package] < 7 * DAY
    skipped = fresh & (table["status_code"] == "waiting") & (rng.random(count) < rate("not_listed_yet", feed))
    closed = table["status_code"] != "waiting"
    here = pick(rng, feed, ["closed_before_requested"], closed)["closed_before_requested"]
    table["closed_on"][here] = table["requested_on"][here] - rng.integers(1, 20, len(here)).astype("timedelta64[D]")
    log.add("closed_before_requested", ids[here], "closed_on", clock.text(table["closed_on"][here], "%Y-%m-%d"))
    _reset(table, ids, feed, rng, log)
    here = pick(rng, feed, ["hours_missing"], np.ones(count, dtype=bool))["hours_missing"]
    table["hours_per_week"][here] = np.nan
    log.add("hours_missing", ids[here], "hours_per_week")
    typed = rng.random(size(packages)) < rate("package_free_text", feed)
    text = words(list(FREE_TEXT_PACKAGE))[rng.integers(0, len(FREE_TEXT_PACKAGE), size(packages))]
    here = np.flatnonzero(typed[package])
    table["package_type_code"][here] = text[package[here]]
    log.add("package_free_text", ids[here], "package_type_code")

    plan = weekly(world, f"{STEM[council]}_packages_awaited", 7)
    begins = clock.midnight(table["census_date"]) + np.timedelta64(12 * 3600, "s")
    begins = np.where(skipped, delivery.FAR, begins)
    sent = delivery.deliver(plan, begins, begins, [], ids, feed, rng, log, keep_alive=True)
    log.add("untypable_date", ids[sent.untypable], "requested_on", "31 February")
    record = sent.rows["record"]
    rows = take(table, record)
    moved = np.where(rows["location_code"] == "own_home", "acute_bed", "own_home")
    rows["location_code"] = np.where(sent.rows["is_wrong"], moved, rows["location_code"]).astype(object)
    rows = {name: hospital.mapped(v, LISTED[name]) if name in LISTED else v for name, v in rows.items()}
    requested = clock.text(rows["requested_on"], "%d/%m/%Y")
    odd = hospital.impossible(rows["requested_on"], "%d/%m/%Y")
    body = [
        clock.text(rows["census_date"], "%d/%m/%Y"),
        rows["request_id"],
        formats.plain(rows["nhs_number"]),
        rows["local_patient_id"],
        rows["family_name"],
        rows["given_name"],
        clock.text(rows["birth_date"], "%d/%m/%Y"),
        rows["sex_code"],
        rows["postcode"],
        np.where(sent.untypable[record], odd, requested),
        rows["location_code"],
        rows["package_type_code"],
        _hours(rows["hours_per_week"]),
        rows["status_code"],
        clock.text(rows["closed_on"], "%d/%m/%Y"),
    ]
    header = LIST_HEADER.tolist()
    if council == "thurrock":
        del header[2], body[2]

    def write(part: slice, name: str, defect: str) -> bytes:
        if defect:  # the wrong report was saved under the name
            cases = [body[0][part], rows["local_patient_id"][part], rows["postcode"][part]]
            return "".join(formats.delimited(["Day", "Case", "Area"], cases, ",")).encode()
        return "".join(formats.delimited(header, [column[part] for column in body], ",")).encode()

    result = send(feed, landing / council, plan, sent, ids, log, write)
    missing(result, "not_listed_yet", ids[skipped & (table["census_date"] <= last_day(plan))])
    latest = np.full(size(packages), np.datetime64("NaT"), dtype="datetime64[s]")
    shown = np.flatnonzero(sent.delivered & ~sent.untypable)
    shown = shown[np.argsort(table["census_date"][shown], kind="stable")]
    # a list tells what was so at the end of its Sunday
    latest[package[shown]] = clock.midnight(table["census_date"][shown] + DAY)
    result.known_until, result.delivered = latest, ~np.isnat(latest)
    return result


def _reset(table: Table, ids: np.ndarray, feed: str, rng: np.random.Generator, log: DirtLog) -> None:
    """Requests that wait over the end of the financial year get its first day as their date (F 2.13)."""
    year = table["census_date"].astype("datetime64[Y]") + np.timedelta64(3, "M")
    april = year.astype("datetime64[D]")
    spans = (table["requested_on"] < april) & (table["census_date"] >= april)
    package = table["package"]
    chosen = np.zeros(int(package.max()) + 1 if len(package) else 0, dtype=bool)
    chosen[:] = rng.random(len(chosen)) < rate("request_date_reset", feed)
    here = np.flatnonzero(spans & chosen[package]) if len(package) else np.zeros(0, dtype="int64")
    table["requested_on"][here] = april[here]
    log.add("request_date_reset", ids[here], "requested_on", clock.text(april[here], "%Y-%m-%d"))


def _hours(values: np.ndarray) -> np.ndarray:
    return words(["" if np.isnan(value) else f"{value:g}" for value in values])


def changes(packages: Table) -> Table:
    """The journal of requests: made, moved, closed."""
    place = places_of(packages)
    opened = {
        "package": place["package"],
        "changed_at": place["from_at"],
        "location_code": place["location_code"],
        "is_close": np.zeros(size(place), dtype=bool),
    }
    last = np.where(np.isnat(packages["home_at"]), packages["location"], "own_home")
    closed = {
        "package": np.arange(size(packages)),
        "changed_at": clock.to_local(packages["closed_at"]),
        "location_code": last.astype(object),
        "is_close": np.ones(size(packages), dtype=bool),
    }
    table = concat([opened, closed])
    return take(table, np.lexsort((table["is_close"], table["package"], table["changed_at"])))


def journal_ids(request: np.ndarray, changed: np.ndarray) -> np.ndarray:
    return request + words([f"|{moment}" for moment in clock.text(changed, "%Y-%m-%d %H:%M:%S")])


def journal_schedule(world: World) -> delivery.Schedule:
    end, start = world.period.end, world.period.start
    daily = max(start, end - dt.timedelta(days=6))
    plan = delivery.Schedule()
    delivery.months(plan, world.period, daily - dt.timedelta(days=1), "brokerage_{day:%Y%m}.jsonl", 5, 0)
    delivery.days(plan, daily, end, "brokerage_{day:%Y%m%d}.jsonl", 5, 0)
    return plan


def send_journal(world: World, landing: Path, seed: int) -> Sent:
    """Layout B. The records of `Sent` are requests, in the order of the truth."""
    feed = "southend_brokerage_journal"
    rng, log = rng_for(seed, f"send {feed}"), DirtLog(feed)
    packages = take(world.downstream.packages, mine(world, "southend"))
    table = changes(packages)
    package, count = table["package"], size(table)
    table["request_id"] = packages["request_id"][package]
    ids = journal_ids(table["request_id"], table["changed_at"])
    for name in ("requested_on", "package_type_code", "hours_per_week", "local_patient_id"):
        table[name] = packages[name][package].copy()
    done = table["is_close"]
    table["status_code"] = np.where(done, packages["status"][package], "waiting").astype(object)
    table["closed_on"] = np.where(done, packages["closed_on"][package], np.datetime64("NaT"))
    table |= _persons(world, packages, package, ids, feed, rng, log)
    forgotten = done & (rng.random(count) < rate("never_closed", feed))
    here = pick(rng, feed, ["closed_before_requested"], done & ~forgotten)["closed_before_requested"]
    table["closed_on"][here] = table["requested_on"][here] - rng.integers(1, 20, len(here)).astype("timedelta64[D]")
    log.add("closed_before_requested", ids[here], "closed_on", clock.text(table["closed_on"][here], "%Y-%m-%d"))
    here = pick(rng, feed, ["hours_missing"], np.ones(count, dtype=bool))["hours_missing"]
    table["hours_per_week"][here] = np.nan
    log.add("hours_missing", ids[here], "hours_per_week")

    plan = journal_schedule(world)
    begins = np.where(forgotten, delivery.FAR, clock.to_utc(table["changed_at"]))
    sent = delivery.deliver(plan, begins, begins, [], ids, feed, rng, log, keep_alive=True)
    log.add("untypable_date", ids[sent.untypable], "requested_on", "31 February")
    record = sent.rows["record"]
    rows = take(table, record)
    rows["hours_per_week"] = np.where(sent.rows["is_wrong"], rows["hours_per_week"] / 2, rows["hours_per_week"])
    rows = {name: hospital.mapped(v, JOURNAL[name]) if name in JOURNAL else v for name, v in rows.items()}
    requested = clock.text(rows["requested_on"], "%Y-%m-%d")
    requested = np.where(sent.untypable[record], hospital.impossible(rows["requested_on"], "%Y-%m-%d"), requested)
    shown = {
        "changed": clock.text(rows["changed_at"], "%Y-%m-%dT%H:%M:%S"),
        "born": clock.text(rows["birth_date"], "%Y-%m-%d"),
        "closed": clock.text(rows["closed_on"], "%Y-%m-%d"),
    }

    def line(row: int) -> str:
        hours = float(rows["hours_per_week"][row])
        record = {
            "changedAt": shown["changed"][row],
            "person": {
                "liquidlogicId": rows["local_patient_id"][row],
                "nhsNumber": rows["nhs_number"][row],
                "surname": rows["family_name"][row],
                "forename": rows["given_name"][row],
                "dateOfBirth": shown["born"][row],
                "gender": rows["sex_code"][row],
                "postcode": rows["postcode"][row],
            },
            "request": {
                "id": rows["request_id"][row],
                "requestedOn": requested[row],
                "location": rows["location_code"][row],
                "package": rows["package_type_code"][row],
                "hours": None if np.isnan(hours) else hours,
                "status": rows["status_code"][row],
                "closedOn": shown["closed"][row] or None,
            },
        }
        return json.dumps(record, ensure_ascii=False) + "\n"

    def write(part: slice, name: str, defect: str) -> bytes:
        return "".join([line(row) for row in range(part.start, part.stop)]).encode()

    result = send(feed, landing / "southend", plan, sent, ids, log, write)
    until = plan.covers_until[-1] if len(plan) else np.datetime64("NaT")
    missing(result, "never_closed", ids[forgotten & (clock.to_utc(table["changed_at"]) < until)])
    latest = np.full(size(packages), np.datetime64("NaT"), dtype="datetime64[s]")
    told = np.flatnonzero(sent.delivered & ~sent.untypable)
    np.fmax.at(latest, package[told], sent.known_until[told])  # NaT is not yet told
    got = np.zeros(size(packages), dtype=bool)
    got[package[told]] = True
    result.known_until, result.delivered = latest, got
    return result
