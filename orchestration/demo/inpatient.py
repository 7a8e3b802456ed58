"""Hospital spells and the beds they fill. Lengths of stay F 7.3, codes F 2.2, bed fields F 2.7."""

from __future__ import annotations

import datetime as dt

import numpy as np

from orchestration.demo import clock, emergency, population, rates
from orchestration.demo.rates import Period, Picker
from orchestration.demo.table import Table, choose, concat, listed, minutes, rng_for, size, take, words

NEVER = np.datetime64("NaT")
NOT_A_DAY = np.datetime64("NaT", "D")
FUNCTION_ADULT = {
    "300": 24,
    "326": 22,
    "340": 8,
    "320": 7,
    "301": 6,
    "100": 13,
    "110": 9,
    "361": 2,
    "328": 4,
    "502": 3,
    "101": 2,
}
FUNCTION_OLD = {"430": 38, "300": 22, "326": 12, "340": 7, "320": 6, "328": 5, "100": 5, "110": 5}
FUNCTION_ELECTIVE = {
    "100": 10,
    "101": 10,
    "104": 6,
    "110": 15,
    "120": 6,
    "130": 14,
    "140": 3,
    "301": 20,
    "303": 5,
    "320": 5,
    "370": 8,
    "410": 3,
    "502": 7,
    "160": 4,
}
DIAGNOSES = {
    "100": "K358 K810 K565 K859 K610",
    "101": "N201 N40X C61 N390",
    "104": "C189 K573 K635",
    "110": "S720 S525 M171 M161",
    "120": "J350 H669 J342",
    "130": "H259 H401 H330",
    "140": "K011 K047",
    "160": "C443 L720",
    "192": "A419 J960 R572",
    "300": "J189 N390 A419 R074 E871 R55 L031",
    "301": "K922 K703 K529 D509",
    "303": "C900 D649 C833",
    "320": "I214 I509 I48X I200",
    "326": "R074 J189 N390 R55 I802 L031 R51X",
    "328": "I639 I619 G459",
    "340": "J440 J441 J189 J459",
    "361": "N179 N185",
    "370": "Z511 C509 C349",
    "410": "M069 M329",
    "420": "J219 B349 J069 R568 A099",
    "430": "R296 J189 N390 F059 S720 I509 A419",
    "424": "Z380",
    "501": "O800 O821 O342 O368",
    "560": "O479 O992",
    "502": "N939 O021 D259",
}
COMORBIDITIES = listed("I10X E119 J449 I48X N183 F03X I251 E785 Z921 M199 E669 F329 I509 Z870 K219 D649")
METHOD_DIRECT = {"22": 62, "23": 14, "24": 22, "25": 1, "2B": 1}
METHOD_EARLIER = {"21": 88, "22": 8, "24": 2, "2D": 2}
SOURCE = {"19": 91, "29": 1.5, "51": 1.5, "54": 1, "85": 5}
DISCHARGE_HOUR = (0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 7, 10, 11, 11, 12, 13, 13, 12, 10, 7, 4, 2, 1, 0)
NOT_GENERAL_AND_ACUTE = ("501", "560", "424", "422", "192")
# of adults' stays of a night and more: share, times more at 70 and over, times less below
PATHWAY = {"P3": 0.03, "P2": 0.055, "P1": 0.13}
OLD, YOUNG = 2.0, 0.50
# share that waits after being ready, and mean nights of those who do (F 7.3: 2, 6 and 12 nights, many none)
DELAY = {"P0": (0.03, 3.0), "P1": (0.55, 4.2), "P2": (0.75, 9.5), "P3": (0.88, 16.0)}
SLOWNESS = {"RAJ01": 0.92, "RAJ12": 1.15, "RAJ32": 0.95}  # of what comes after a hospital
LONGEST_WAIT = 60
MONDAY_SHARE = 0.6  # of those who would leave at a weekend
REASON = {
    "P0": {"HP": 56, "PF": 12, "HO": 10, "TH": 9, "IF": 9, "WB": 4},
    "P1": {"CAP-P1": 40, "TH": 20, "IF": 14, "HP": 18, "PF": 6, "WB": 2},
    "P2": {"CAP-P2": 50, "TH": 17, "HP": 17, "IF": 8, "PF": 7, "WB": 1},
    "P3": {"CAP-P3": 40, "IF": 22, "PF": 14, "TH": 12, "HP": 9, "WB": 2, "HO": 1},
}
DESTINATION = {
    "P0": {"19": 94, "29": 1.5, "85": 2.5, "54": 0.5, "87": 0.5, "98": 1},
    "P1": {"19": 96, "29": 2, "98": 2},
    "P2": {"51": 100},
    "P3": {"54": 55, "85": 45},
}
PREFIX = {"RAJ01": "S", "RAJ12": "BAS-S", "RAJ32": "BS"}
TRANSFER_SHARE = 0.005
COVID = "U071"
EARLIER_DAYS = 182  # admissions of so long before the first day may still be in hospital
EARLIER_ADMISSIONS = 8_900  # emergency admissions a month, by ED and direct


def _discharge_of_day(rng: np.random.Generator, count: int) -> np.ndarray:
    hours = np.cumsum(DISCHARGE_HOUR)
    return np.searchsorted(hours, rng.random(count) * hours[-1], side="right") * 60 + rng.integers(0, 60, count)


def _leave(rng: np.random.Generator, admitted: np.ndarray, nights: np.ndarray) -> np.ndarray:
    """Discharge times: after the nights, at the hours when wards discharge; on the same day, after some hours."""
    day = clock.local_date(admitted)
    later = clock.midnight(day + nights.astype("timedelta64[D]")) + minutes(_discharge_of_day(rng, len(admitted)))
    last = clock.midnight(day + np.timedelta64(1, "D")) - np.timedelta64(60, "s")
    same = np.minimum(admitted + minutes(rng.uniform(90, 560, len(admitted))), last)
    left = np.maximum(np.where(nights > 0, later, same), admitted)
    return left.astype("datetime64[m]").astype("datetime64[s]")


def _diagnoses(rng: np.random.Generator, function: np.ndarray) -> np.ndarray:
    code = np.empty(len(function), dtype=object)
    for name, codes in DIAGNOSES.items():
        here = np.flatnonzero(function == name)
        pool = words(codes.split())
        code[here] = pool[rng.integers(0, len(pool), len(here))]
    return code


def _secondary(rng: np.random.Generator, age: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """Further codes, separated by semicolons; more of them in older people."""
    number = rng.poisson(np.clip((age - 25) / 22, 0.05, 3.0))
    picks = rng.integers(0, len(COMORBIDITIES), (len(age), 4))
    return words(
        [
            ";".join(dict.fromkeys([*([more] if more else []), *COMORBIDITIES[row[:n]]])) or None
            for row, n, more in zip(picks, np.minimum(number, 4), extra, strict=True)
        ]
    )


def _block(count: int, **columns: object) -> Table:
    """Spells of one kind; single values are repeated."""
    out: Table = {}
    for name, value in columns.items():
        out[name] = value if isinstance(value, np.ndarray) else np.full(count, value, dtype=object)
    return out


def _emergency_nights(
    rng: np.random.Generator, short: np.ndarray, age: np.ndarray, site: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nights in hospital, how many of them after the patient was ready to leave, and the way out (F 7.3)."""
    count = len(short)
    zero = rng.random(count) < np.where(short, 0.90, 0.20)
    median = np.where(age < 18, 1.5, np.where(age < 65, 3.2, 6.0))
    nights = np.maximum(np.round(np.exp(rng.normal(np.log(median), 1.02, count))), 1)
    place = rng.random(count)
    often = np.select([age < 18, age < 70], [0.0, YOUNG], OLD)
    pathway = np.full(count, "P0", dtype=object)
    edge = np.zeros(count)
    for name, share in PATHWAY.items():
        pathway[(place >= edge) & (place < edge + share * often)] = name
        edge += share * often
    late, mean = (np.array([DELAY[name][part] for name in pathway]) for part in (0, 1))
    mean = 1 + (mean - 1) * np.array([SLOWNESS[name] for name in site])
    wait = 1 + np.floor(rng.exponential(1 / np.log1p(1 / (mean - 1)), count))
    wait = np.where(zero | (rng.random(count) >= late), 0, np.minimum(wait, LONGEST_WAIT))
    pathway[zero] = None
    nights = np.where(zero, 0, np.minimum(nights, 120) + wait)
    return nights, wait, pathway


def _from_ed(rng: np.random.Generator, people: Table, attendances: Table) -> Table:
    to = attendances["discharge_destination_code"]
    admitted = np.flatnonzero(np.isin(to, list(emergency.DESTINATION_ADMITTED)) & (to != emergency.TRANSFER))
    came = take(attendances, admitted)
    to, count = came["discharge_destination_code"], len(admitted)
    age = population.ages(people, came["person"], came["arrived_at"])
    function = np.where(age >= 76, choose(rng, FUNCTION_OLD, count), choose(rng, FUNCTION_ADULT, count))
    function = np.where(to == emergency.SDEC, "326", function)
    function = np.where(to == "1066371000000106", "320", np.where(to == "1066391000000105", "192", function))
    function = np.where(age < 18, "420", function)
    nights, wait, pathway = _emergency_nights(rng, np.isin(to, (emergency.SDEC, emergency.CDU)), age, came["site_code"])
    # the ward enters the patient some minutes before or after the department lets go
    when = came["departed_at"] + minutes(np.clip(rng.normal(6, 10, count), -20, 45))
    when = np.maximum(when, came["arrived_at"])
    return _block(
        count,
        attendance=admitted,
        person=came["person"],
        site_code=came["site_code"],
        admitted_at=when,
        nights=nights,
        wait=wait,
        pathway_code=pathway,
        age=age,
        treatment_function_code=function,
        has_covid=came["has_covid"],
        admission_method_code=choose(rng, {"21": 97, "2D": 2, "28": 1}, count),
        admission_source_code=choose(rng, SOURCE, count),
        patient_classification_code="1",
        kind="ed",
    )


def _direct(
    rng: np.random.Generator,
    period: Period,
    residents: int,
    people: Table,
    picker: Picker,
    a_month: float = rates.GP_ADMISSIONS,
    method: dict[str, float] = METHOD_DIRECT,
    rhythm: str = "gp",
) -> Table:
    when = rates.moments(rng, period, residents, a_month, "ed", rhythm, rhythm)
    who = picker.draw(rng, "gp", when)
    age = population.ages(people, who, when)
    count = len(when)
    site = words(rates.SITES)[picker.nearest(rng, who)]
    nights, wait, pathway = _emergency_nights(rng, rng.random(count) < 0.25, age, site)
    function = np.where(age >= 76, choose(rng, FUNCTION_OLD, count), choose(rng, FUNCTION_ADULT, count))
    return _block(
        count,
        attendance=np.full(count, -1),
        person=who,
        site_code=site,
        admitted_at=when,
        nights=nights,
        wait=wait,
        pathway_code=pathway,
        age=age,
        treatment_function_code=np.where(age < 18, "420", function),
        has_covid=rng.random(count) < 1.3 * rates.covid_share(clock.local_date(when)),
        admission_method_code=choose(rng, method, count),
        admission_source_code=choose(rng, SOURCE, count),
        patient_classification_code="1",
        kind="direct",
    )


def _elective(rng: np.random.Generator, period: Period, residents: int, people: Table, picker: Picker) -> Table:
    when = rates.moments(rng, period, residents, rates.ELECTIVES, "elective", "elective", "elective")
    who = picker.draw(rng, "elective", when)
    age = population.ages(people, who, when)
    count = len(when)
    form = choose(rng, {"2": 87, "1": 11.5, "3": 1.5}, count)
    nights = np.where(form == "1", np.maximum(np.round(np.exp(rng.normal(np.log(1.9), 0.8, count))), 1), 0)
    return _block(
        count,
        attendance=np.full(count, -1),
        person=who,
        site_code=words(rates.SITES)[picker.nearest(rng, who)],
        admitted_at=when,
        nights=nights,
        wait=np.zeros(count),
        pathway_code=None,
        age=age,
        treatment_function_code=np.where(age < 18, "420", choose(rng, FUNCTION_ELECTIVE, count)),
        has_covid=rng.random(count) < 0.1 * rates.covid_share(clock.local_date(when)),
        admission_method_code=choose(rng, {"11": 58, "12": 27, "13": 15}, count),
        admission_source_code="19",
        patient_classification_code=form,
        kind="elective",
    )


def _earlier(rng: np.random.Generator, period: Period, residents: int, people: Table, picker: Picker) -> list[Table]:
    """Who came before the first day and may still be in hospital then: wards are not empty when the demo begins."""
    before = Period(period.start - dt.timedelta(days=EARLIER_DAYS), period.start - dt.timedelta(days=1))
    blocks = [
        _direct(rng, before, residents, people, picker, EARLIER_ADMISSIONS, METHOD_EARLIER, "ed"),
        _elective(rng, before, residents, people, picker),
    ]
    for place, block in enumerate(blocks):
        stays = block["admitted_at"] + ((block["nights"].astype(float) + 1.5) * 86_400).astype("timedelta64[s]")
        blocks[place] = take(block, (stays > period.begins) & (block["age"] >= 0))
    return blocks


def _maternity(rng: np.random.Generator, period: Period, people: Table, picker: Picker) -> list[Table]:
    """A mother's delivery spell and her baby's birth spell, one hour of birth planted in both."""
    baby = np.flatnonzero(people["is_newborn"] & (rng.random(size(people)) < 0.97))
    mother = people["mother"][baby]
    born = clock.midnight(people["birth_date"][baby]) + minutes(rng.integers(0, 23 * 60, len(baby)))
    site = words(rates.SITES)[picker.nearest(rng, mother)]
    nights = rng.poisson(1.3, len(baby)).astype(float)
    count = len(baby)
    common = {
        "attendance": np.full(count, -1),
        "site_code": site,
        "wait": np.zeros(count),
        "pathway_code": np.full(count, None, dtype=object),
        "has_covid": np.zeros(count, bool),
    }
    before = minutes(rng.uniform(60, 900, count))
    came = np.maximum(born - before, period.begins)
    # nights count from the day of admission, which may be the day before the birth
    extra = (clock.local_date(born) - clock.local_date(came)).astype("int64")
    women = _block(
        count,
        person=mother,
        admitted_at=came,
        nights=nights + extra,
        age=population.ages(people, mother, came),
        treatment_function_code=choose(rng, {"501": 75, "560": 25}, count),
        admission_method_code="31",
        admission_source_code="19",
        patient_classification_code=choose(rng, {"1": 70, "5": 30}, count),
        kind="maternity",
        **common,
    )
    babies = _block(
        count,
        person=baby,
        admitted_at=born,
        nights=nights,
        age=np.zeros(count, dtype="int64"),
        treatment_function_code="424",
        admission_method_code="82",
        admission_source_code="79",
        patient_classification_code="1",
        kind="birth",
        **common,
    )
    return [women, babies]


def _untangled(spells: Table) -> np.ndarray:
    """Rows to keep: a planned stay that would overlap another stay of the same person is left out."""
    order = np.lexsort((spells["discharged_at"], spells["admitted_at"], spells["person"]))
    person = spells["person"][order]
    start, end = (spells[name][order].astype("int64") for name in ("admitted_at", "discharged_at"))
    span = np.int64(2) ** 33
    latest = np.maximum.accumulate(person * span + end)
    inside = np.zeros(len(order), dtype=bool)
    inside[1:] = (person[1:] == person[:-1]) & (latest[:-1] > person[1:] * span + start[1:])
    covers = np.zeros(len(order), dtype=bool)
    covers[:-1] = (person[1:] == person[:-1]) & (end[:-1] > start[1:])
    free = np.isin(spells["kind"][order], ("elective", "direct"))
    keep = np.ones(len(order), dtype=bool)
    keep[order] = ~(free & (inside | covers))
    return np.flatnonzero(keep)


def make_spells(period: Period, residents: int, people: Table, attendances: Table, picker: Picker, seed: int) -> Table:
    """Hospital provider spells in order of admission, with the attendance that led to each (row, or -1).

    A transfer knows the spell that it goes on from as `first_part` (row, or -1).
    """
    rng = rng_for(seed, "spells")
    blocks = [
        _from_ed(rng, people, attendances),
        _direct(rng, period, residents, people, picker),
        _elective(rng, period, residents, people, picker),
        *_earlier(rng_for(seed, "earlier spells"), period, residents, people, picker),
        *_maternity(rng, period, people, picker),
    ]
    spells = concat(blocks)
    # clerks write whole minutes
    spells["admitted_at"] = spells["admitted_at"].astype("datetime64[m]").astype("datetime64[s]")
    _not_at_the_weekend(rng, spells)
    spells["discharged_at"] = _leave(rng, spells["admitted_at"], spells["nights"].astype("int64"))
    spells = take(spells, _untangled(spells))
    spells = take(spells, spells["admitted_at"] < period.ends)
    count = size(spells)

    caught = (spells["nights"] >= 4) & (
        rng.random(count) < 0.4 * rates.covid_share(clock.local_date(spells["admitted_at"]))
    )
    spells["has_covid"] = spells["has_covid"].astype(bool) | (caught & (spells["kind"] != "birth"))
    primary = spells["has_covid"] & ~caught & (rng.random(count) < 0.5)
    spells["primary_diagnosis_code"] = np.where(primary, COVID, _diagnoses(rng, spells["treatment_function_code"]))
    spells["secondary_diagnosis_codes"] = _secondary(
        rng, spells["age"], np.where(spells["has_covid"] & ~primary, COVID, None)
    )

    spells["discharge_method_code"] = choose(rng, {"1": 97.5, "2": 2.5}, count)
    going = choose(rng, {"19": 96, "29": 1.5, "51": 1.5, "87": 0.5, "98": 0.5}, count)
    for name, places in DESTINATION.items():
        here = np.flatnonzero(spells["pathway_code"] == name)
        going[here] = choose(rng, places, len(here))
    spells["discharge_destination_code"] = going
    ready = clock.local_date(spells["discharged_at"]) - spells["wait"].astype("int64").astype("timedelta64[D]")
    spells["discharge_ready_date"] = np.where(spells["nights"] >= 1, ready, NOT_A_DAY)
    spells = _split_transfers(rng, spells)
    order = np.argsort(spells["admitted_at"], kind="stable")
    here = (spells["admitted_at"] < period.ends) & (spells["discharged_at"] > period.begins)
    order = order[here[order]]
    row_now = np.full(size(spells) + 1, -1)
    row_now[order] = np.arange(len(order))
    spells = take(spells, order)
    spells["first_part"] = row_now[spells["first_part"]]
    spells["delay_reason_code"] = _reasons(rng, spells)
    spells["coded_at"] = _coded_at(rng, spells["discharged_at"])
    spells["spell_id"] = np.empty(size(spells), dtype=object)
    for site, prefix in PREFIX.items():
        here = np.flatnonzero(spells["site_code"] == site)
        spells["spell_id"][here] = words(
            [f"{prefix}{number:08d}" for number in range(20_000_001, 20_000_001 + len(here))]
        )
    return spells


def _reasons(rng: np.random.Generator, spells: Table) -> np.ndarray:
    """Why somebody stayed who was ready to leave."""
    reason = np.full(size(spells), None, dtype=object)
    for name, reasons in REASON.items():
        here = np.flatnonzero((spells["pathway_code"] == name) & (spells["wait"] > 0))
        reason[here] = choose(rng, reasons, len(here))
    return reason


def _coded_at(rng: np.random.Generator, discharged: np.ndarray) -> np.ndarray:
    """When clinical coding is done: days to weeks after discharge, and never for one spell in a hundred (F 2.2.6)."""
    lag = minutes(1440 * np.exp(rng.normal(np.log(6), 0.9, len(discharged))))
    return np.where(rng.random(len(discharged)) < 0.01, NEVER, discharged + lag)


def _not_at_the_weekend(rng: np.random.Generator, spells: Table) -> None:
    """Who has waited for a bed, a home or a carer often goes on waiting until Monday."""
    stay = spells["nights"].astype("int64")
    leaving = rates.weekday_of(clock.local_date(spells["admitted_at"]) + stay.astype("timedelta64[D]"))
    waits = np.isin(spells["pathway_code"], ("P1", "P2", "P3")) & (spells["wait"] > 0) & (leaving >= 5)
    more = np.where(waits & (rng.random(size(spells)) < MONDAY_SHARE), 7 - leaving, 0)
    spells["nights"], spells["wait"] = spells["nights"] + more, spells["wait"] + more


def _split_transfers(rng: np.random.Generator, spells: Table) -> Table:
    """Some stays go on in another of the trust's hospitals, whose system opens a spell of its own (F 2.2.6)."""
    long = (spells["nights"] >= 3) & np.isin(spells["kind"], ("ed", "direct"))
    moved = np.flatnonzero(long & (rng.random(size(spells)) < TRANSFER_SHARE / 0.25))
    part = take(spells, moved)
    days = np.floor(rng.uniform(0.3, 0.8, len(moved)) * part["nights"].astype(float)).clip(1)
    left = clock.midnight(
        clock.local_date(part["admitted_at"]) + days.astype("int64").astype("timedelta64[D]")
    ) + minutes(_discharge_of_day(rng, len(moved)))
    part["admitted_at"] = left + minutes(rng.uniform(45, 150, len(moved)))
    part["discharged_at"] = np.maximum(part["discharged_at"], part["admitted_at"] + np.timedelta64(3600, "s"))
    others = {site: [name for name in rates.SITES if name != site] for site in rates.SITES}
    part["site_code"] = words(
        [others[site][way] for site, way in zip(part["site_code"], rng.integers(0, 2, len(moved)), strict=True)]
    )
    part["admission_method_code"] = words(["81"] * len(moved))
    part["admission_source_code"] = words(["51"] * len(moved))
    part["attendance"] = np.full(len(moved), -1)
    part["kind"] = words(["transfer"] * len(moved))
    spells["discharged_at"][moved] = left
    spells["discharge_method_code"][moved] = "1"
    spells["discharge_destination_code"][moved] = "51"
    # pathway, reason and wait belong to the last part; who goes on elsewhere was not ready to leave
    spells["pathway_code"][moved], spells["wait"][moved] = None, 0
    spells["discharge_ready_date"][moved] = NOT_A_DAY
    spells["first_part"], part["first_part"] = np.full(size(spells), -1), moved
    begun, ended = clock.local_date(part["admitted_at"]), clock.local_date(part["discharged_at"])
    part["discharge_ready_date"] = np.maximum(part["discharge_ready_date"], begun)
    part["wait"] = (ended - part["discharge_ready_date"]).astype("int64")
    spells = concat([spells, part])
    stay = clock.local_date(spells["discharged_at"]) - clock.local_date(spells["admitted_at"])
    spells["nights"] = stay.astype("int64")
    spells["discharge_ready_date"][spells["nights"] == 0] = NOT_A_DAY
    spells["pathway_code"][spells["nights"] == 0], spells["wait"][spells["nights"] == 0] = None, 0
    return spells


def general_and_acute(spells: Table) -> np.ndarray:
    """True for patients of general and acute beds: ordinary admissions; not maternity, newborn or critical care."""
    ordinary = spells["patient_classification_code"] == "1"
    return ordinary & ~np.isin(spells["treatment_function_code"], NOT_GENERAL_AND_ACUTE)
