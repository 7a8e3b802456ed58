"""The people: residents, babies born on the way, and visitors from outside. Magnitudes F 7.3."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import numpy as np

from orchestration.demo import clock, names
from orchestration.demo.table import Table, choose, concat, rng_for, size, take, words

# lower age, upper age, share
AGE_BANDS = ((0, 5, 5.7), (5, 18, 15.8), (18, 40, 26.5), (40, 65, 33.0), (65, 75, 10.0), (75, 85, 6.5), (85, 103, 2.5))
ETHNIC_SHARE = {"White": 88.0, "Asian": 4.5, "Black": 4.0, "Mixed": 2.3, "Other": 1.2}
ETHNIC_BY_DISTRICT = {
    "Thurrock": {"White": 77.0, "Asian": 6.5, "Black": 12.0, "Mixed": 3.0, "Other": 1.5},
    "Basildon": {"White": 85.0, "Asian": 5.0, "Black": 6.0, "Mixed": 2.8, "Other": 1.2},
    "Castle Point": {"White": 96.0, "Asian": 1.5, "Black": 1.0, "Mixed": 1.2, "Other": 0.3},
}
ETHNIC_CODES = {
    "White": {"A": 91, "B": 2, "C": 7},
    "Asian": {"H": 40, "J": 20, "K": 18, "L": 22},
    "Black": {"M": 20, "N": 68, "P": 12},
    "Mixed": {"D": 35, "E": 20, "F": 25, "G": 20},
    "Other": {"R": 45, "S": 55},
}
BIRTHS_PER_PERSON_YEAR = 13_500 / 1_200_000
VISITOR_SHARE = 0.03
MOVE_PER_YEAR = 0.06
JOIN_PER_YEAR = 0.015
LEAVE_PER_YEAR = 0.012
UNREGISTERED_SHARE = 0.01
TWIN_SHARE = 0.03  # of children; of grown-ups a third of it, who live apart
SAME_INITIAL_SHARE = 0.35  # of twins
RENAMED_SHARE = 0.06  # of women of 20 to 60: another family name than some partners still have
# Letters that the Post Office never uses in the last two places, so no such postcode exists.
NEVER_ISSUED = "CIKMOV"


def load_geography(seeds: Path) -> tuple[Table, Table]:
    """Small areas and practices, as tables of texts (and numbers where they are counts)."""
    tables = []
    for name in ("lsoa", "gp_practice"):
        with (seeds / f"{name}_list.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        tables.append({column: words([row[column] for row in rows]) for column in rows[0]})
    lsoa, practice = tables
    for column in ("imd_decile", "population"):
        lsoa[column] = lsoa[column].astype("int64")
    return lsoa, practice


def nhs_numbers(count: int, rng: np.random.Generator) -> np.ndarray:
    """Valid numbers (Modulus 11, F 5.1) that are never issued: 999 first, then 998, 997 ... where 999 is used up."""
    found: list[np.ndarray] = []
    prefix, needed = 999, count
    while needed > 0:
        base = prefix * 1_000_000 + np.arange(1_000_000)
        total = sum((base // 10 ** (9 - place) % 10) * (11 - place) for place in range(1, 10))
        check = (11 - total % 11) % 11
        number = (base * 10 + check)[check != 10]
        number = rng.permutation(number[number != 9_999_999_999])[:needed]
        found.append(number)
        needed -= len(number)
        prefix -= 1
    return words([str(number) for number in np.concatenate(found)]) if found else words([])


def _postcodes(rng: np.random.Generator, sectors: np.ndarray) -> np.ndarray:
    first = rng.integers(0, 26, len(sectors))
    last = rng.integers(0, len(NEVER_ISSUED), len(sectors))
    return words([f"{s}{chr(65 + a)}{NEVER_ISSUED[b]}" for s, a, b in zip(sectors, first, last, strict=True)])


def _practices(rng: np.random.Generator, lsoa: Table, practice: Table, home: np.ndarray) -> np.ndarray:
    """A practice near the home: areas and practices of a sub-ICB are listed in the same order, neighbours together."""
    chosen = np.zeros(len(home), dtype="int64")
    for code in dict.fromkeys(lsoa["sub_icb_code"]):
        areas = np.flatnonzero(lsoa["sub_icb_code"] == code)
        surgeries = np.flatnonzero(practice["sub_icb_code"] == code)
        here = np.flatnonzero(np.isin(home, areas))
        place = np.searchsorted(areas, home[here]) / len(areas) * len(surgeries)
        place = np.clip(np.floor(place + rng.normal(0, 1.2, len(here))), 0, len(surgeries) - 1)
        chosen[here] = surgeries[place.astype("int64")]
    return practice["gp_practice_code"][chosen]


def _names(rng: np.random.Generator, group: np.ndarray, sex: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    family, given = np.empty(len(group), dtype=object), np.empty(len(group), dtype=object)
    for ethnic_group, pool in names.FAMILY.items():
        here = np.flatnonzero(group == ethnic_group)
        family[here] = pool[rng.integers(0, len(pool), len(here))]
        for sex_code in ("1", "2"):
            options = names.GIVEN[sex_code]
            pool = options[ethnic_group] if ethnic_group in options else np.concatenate(list(options.values()))
            which = here[sex[here] == sex_code]
            given[which] = pool[rng.integers(0, len(pool), len(which))]
    return family, given


def _born(rng: np.random.Generator, count: int, on: dt.date) -> np.ndarray:
    band = np.searchsorted(np.cumsum([b[2] for b in AGE_BANDS]), rng.random(count) * 100, side="right")
    band = np.minimum(band, len(AGE_BANDS) - 1)
    low, high = (np.array([b[i] for b in AGE_BANDS], dtype=float)[band] for i in (0, 1))
    # the very old thin out with age
    fraction = np.where(band == len(AGE_BANDS) - 1, np.minimum(rng.exponential(0.22, count), 0.999), rng.random(count))
    days = ((low + fraction * (high - low)) * 365.2425).astype("int64") + 1
    return np.datetime64(on, "D") - days.astype("timedelta64[D]")


def _people(rng: np.random.Generator, count: int, start: dt.date, lsoa: Table, practice: Table) -> Table:
    share = np.cumsum(lsoa["population"])
    home = np.searchsorted(share, rng.random(count) * share[-1], side="right")
    district = lsoa["district_name"][home]
    group = choose(rng, ETHNIC_SHARE, count)
    for name, mix in ETHNIC_BY_DISTRICT.items():
        here = np.flatnonzero(district == name)
        group[here] = choose(rng, mix, len(here))
    ethnic = np.empty(count, dtype=object)
    for name, codes in ETHNIC_CODES.items():
        here = np.flatnonzero(group == name)
        ethnic[here] = choose(rng, codes, len(here))
    unknown = rng.random(count)
    ethnic[unknown < 0.05] = "Z"
    ethnic[unknown < 0.02] = "99"
    sex = choose(rng, {"1": 49, "2": 51}, count)
    family, given = _names(rng, group, sex)
    return {
        "family_name": family,
        "given_name": given,
        "birth_date": _born(rng, count, start),
        "sex_code": sex,
        "ethnic_group": group,
        "ethnic_category_code": ethnic,
        "home": home,
        "postcode": _postcodes(rng, lsoa["postcode_sector"][home]),
        "gp_practice_code": _practices(rng, lsoa, practice, home),
        "is_resident": np.ones(count, dtype=bool),
        "is_newborn": np.zeros(count, dtype=bool),
        "mother": np.full(count, -1),
    }


class People(dict[str, np.ndarray]):
    """A table that also keeps of whom the records are that do not say so (identity.identity)."""

    def __init__(self, columns: Table):
        super().__init__(columns)
        self.told: list[Table] = []
        self.marks: dict[str, np.ndarray] = {}


def _twins(rng: np.random.Generator, people: Table, start: dt.date) -> None:
    """Some people become the twin of the one before: birth date, family name; children also home and practice."""
    age = (np.datetime64(start, "D") - people["birth_date"]).astype("int64") // 365
    place = np.arange(len(age))
    first = (
        (place % 2 == 0)
        & (place + 1 < len(age))
        & (rng.random(len(age)) < np.where(age < 18, TWIN_SHARE, TWIN_SHARE / 3))
    )
    one = np.flatnonzero(first)
    other = one + 1
    for name in ("birth_date", "family_name", "ethnic_group", "ethnic_category_code"):
        people[name][other] = people[name][one]
    child = age[one] < 18
    for name in ("home", "postcode", "gp_practice_code"):
        people[name][other[child]] = people[name][one[child]]
    _, given = _names(rng, people["ethnic_group"][other], people["sex_code"][other])
    alike = np.flatnonzero(rng.random(len(one)) < SAME_INITIAL_SHARE)
    for row in alike:
        options = names.GIVEN[people["sex_code"][other[row]]]
        pool = options.get(people["ethnic_group"][one[row]], options["White"])
        initial = people["given_name"][one[row]][0]
        same = [name for name in pool if name[0] == initial and name != people["given_name"][one[row]]]
        if same:
            given[row] = same[int(rng.integers(0, len(same)))]
    twice = given == people["given_name"][one]
    people["given_name"][other] = np.where(twice, people["given_name"][other], given)
    # nobody has a twin of the same name
    same = people["given_name"][other] == people["given_name"][one]
    people["birth_date"][other[same]] -= np.timedelta64(400, "D")


def _former_names(rng: np.random.Generator, people: Table, start: dt.date) -> np.ndarray:
    """The family name before marriage, None for most."""
    age = (np.datetime64(start, "D") - people["birth_date"]).astype("int64") // 365
    count = size(people)
    changed = (people["sex_code"] == "2") & (age >= 20) & (age < 60) & (rng.random(count) < RENAMED_SHARE)
    family, _ = _names(rng, people["ethnic_group"], people["sex_code"])
    return np.where(changed & (family != people["family_name"]), family, None)


def _babies(rng: np.random.Generator, people: Table, days: int, start: dt.date) -> Table:
    """Babies of mothers in the population, with the mother's home and family name."""
    born_on = np.datetime64(start, "D")
    age = (born_on - people["birth_date"]).astype("int64") // 365
    mothers = np.flatnonzero((people["sex_code"] == "2") & (age >= 18) & (age < 42))
    count = min(int(rng.poisson(size(people) * BIRTHS_PER_PERSON_YEAR * days / 365.25)), len(mothers))
    mother = rng.choice(mothers, count, replace=False)
    baby = take(people, mother)
    baby["mother"] = mother
    baby["is_newborn"] = np.ones(count, dtype=bool)
    baby["birth_date"] = born_on + rng.integers(0, days, count).astype("timedelta64[D]")
    baby["sex_code"] = choose(rng, {"1": 51, "2": 49}, count)
    _, baby["given_name"] = _names(rng, baby["ethnic_group"], baby["sex_code"])
    return baby


def _visitors(rng: np.random.Generator, people: Table, count: int) -> Table:
    """People from elsewhere: no area of ours, no practice of ours."""
    visitor = take(people, rng.integers(0, size(people), count))
    visitor["family_name"], visitor["given_name"] = _names(rng, visitor["ethnic_group"], visitor["sex_code"])
    visitor["birth_date"] = visitor["birth_date"] - rng.integers(0, 300, count).astype("timedelta64[D]")
    sectors = words([f"{area} {digit}" for area in ("CB9", "IP3", "RM3", "DA11", "E17") for digit in "159"])
    visitor["postcode"] = _postcodes(rng, sectors[rng.integers(0, len(sectors), count)])
    elsewhere = {f"F829{number:02d}": 4 for number in range(1, 16)} | {"V81997": 12, "V81998": 8, "V81999": 20}
    visitor["gp_practice_code"] = choose(rng, elsewhere, count)
    visitor["is_resident"] = np.zeros(count, dtype=bool)
    return visitor


def _hospital_numbers(rng: np.random.Generator, count: int, shape: str) -> np.ndarray:
    """Seven digits that do not follow the order of people: a step that shares no factor with their count visits all."""
    start = int(rng.integers(0, 9_000_000))
    return words([shape.format((start + row * 5_640_127) % 9_000_000 + 1_000_000) for row in range(count)])


def make_people(residents: int, start: dt.date, end: dt.date, seed: int, seeds: Path) -> tuple[Table, Table]:
    """Everybody, and the small areas. `home` is the row of the area; visitors keep one that is not theirs to use."""
    rng = rng_for(seed, "people")
    lsoa, practice = load_geography(seeds)
    days = (end - start).days + 1
    years = days / 365.25
    base = _people(rng, residents, start, lsoa, practice)
    _twins(rng_for(seed, "twins"), base, start)
    people = concat([base, _babies(rng, base, days, start), _visitors(rng, base, round(residents * VISITOR_SHARE))])
    count = size(people)
    people["former_family_name"] = _former_names(rng_for(seed, "former names"), people, start)
    people["nhs_number"] = nhs_numbers(count, rng)
    people["local_id_RAJ32"] = _hospital_numbers(rng, count, "B{}")
    people["local_id_RAJ01"] = _hospital_numbers(rng, count, "{}")
    people["local_id_RAJ12"] = _hospital_numbers(rng, count, "BAS{}")
    people["died_on"] = np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")

    first = np.datetime64(start, "D")
    settled = people["is_resident"] & ~people["is_newborn"]
    mover = settled & (rng.random(count) < MOVE_PER_YEAR * years)
    people["moved_on"] = np.where(
        mover, first + rng.integers(0, days, count).astype("timedelta64[D]"), np.datetime64("NaT")
    )
    new_home = np.clip(people["home"] + rng.integers(-25, 26, count), 0, size(lsoa) - 1)
    people["home_2"] = np.where(mover, new_home, people["home"])
    people["postcode_2"] = np.where(mover, _postcodes(rng, lsoa["postcode_sector"][new_home]), people["postcode"])
    people["gp_practice_code_2"] = np.where(
        mover, _practices(rng, lsoa, practice, new_home), people["gp_practice_code"]
    )

    long_ago = first - np.minimum(
        rng.exponential(9 * 365, count), 0.95 * (first - people["birth_date"]).astype("int64").clip(1)
    ).astype("int64").astype("timedelta64[D]")
    joined = settled & (rng.random(count) < JOIN_PER_YEAR * years)
    arrived = first + rng.integers(0, days, count).astype("timedelta64[D]")
    registered = np.where(joined & ~mover, arrived, long_ago)
    registered = np.where(
        people["is_newborn"], people["birth_date"] + rng.integers(10, 45, count).astype("timedelta64[D]"), registered
    )
    nobody = ~people["is_resident"] | (rng.random(count) < UNREGISTERED_SHARE)
    people["registered_on"] = np.where(nobody, np.datetime64("NaT"), registered)
    leaver = settled & ~mover & ~joined & (rng.random(count) < LEAVE_PER_YEAR * years)
    people["left_on"] = np.where(
        leaver, first + rng.integers(0, days, count).astype("timedelta64[D]"), np.datetime64("NaT")
    )
    return People(people), lsoa


def ages(people: Table, who: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Whole years at the moments."""
    return age_on(people["birth_date"][who], clock.local_date(moments))


def age_on(birth: np.ndarray, day: np.ndarray) -> np.ndarray:
    birth, day = birth.astype("datetime64[D]"), day.astype("datetime64[D]")
    months = day.astype("datetime64[M]").astype("int64") - birth.astype("datetime64[M]").astype("int64")
    before = (day - day.astype("datetime64[M]")) < (birth - birth.astype("datetime64[M]"))
    return (months - before) // 12


def registrations(people: Table, lsoa: Table) -> Table:
    """One row per stretch of registration of a person with a practice: the history behind the monthly lists."""
    who = np.flatnonzero(~np.isnat(people["registered_on"]))
    moved = who[~np.isnat(people["moved_on"][who])]
    gone = people["left_on"].copy()
    dead = ~np.isnat(people["died_on"])
    # a death reaches the practice list two to five weeks later
    gone[dead] = people["died_on"][dead] + (14 + np.flatnonzero(dead) % 21).astype("timedelta64[D]")

    def stretch(rows: np.ndarray, part: str, begins: np.ndarray, ends: np.ndarray) -> Table:
        return {
            "person": rows,
            "gp_practice_code": people["gp_practice_code" + part][rows],
            "lsoa_code": lsoa["lsoa_code"][people["home" + part][rows]],
            "postcode": people["postcode" + part][rows],
            "registered_on": begins,
            "ended_on": ends,
        }

    first_ends = np.where(np.isnat(people["moved_on"][who]), gone[who], people["moved_on"][who])
    table = concat(
        [
            stretch(who, "", people["registered_on"][who], first_ends),
            stretch(moved, "_2", people["moved_on"][moved], gone[moved]),
        ]
    )
    table["registration_type_code"] = words(["T" if row % 211 == 0 else "R" for row in table["person"]])
    keep = np.isnat(table["ended_on"]) | (table["ended_on"] > table["registered_on"])
    table = take(table, keep)
    return take(table, np.lexsort((table["registered_on"], table["person"])))
