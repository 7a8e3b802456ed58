"""Who has which condition since when, how frail everybody is, and who is visited at home: the truth behind GP records.

Conditions go with age, deprivation and the same frailty that makes people come to hospital more often, never with what
happened to come: a model that is asked to foretell admissions finds no trace of them in the past. F 4.1, 7.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orchestration.demo.clock import local_date
from orchestration.demo.population import age_on
from orchestration.demo.presence import Busy
from orchestration.demo.rates import Period
from orchestration.demo.table import Table, concat, rng_for, size, words

# Register (F 4.1): share of everybody who is on it in England, the age from which it occurs, how many years of age
# make it e times as frequent (negative: rarer with age), and the share that was resolved again.
REGISTERS = {
    "AF": (0.022, 40, 9.0, 0.03),
    "AST": (0.065, 3, 200.0, 0.10),
    "CAN": (0.036, 25, 14.0, 0.0),
    "CHD": (0.030, 35, 11.0, 0.0),
    "CKD": (0.034, 35, 10.0, 0.05),
    "COPD": (0.019, 40, 13.0, 0.03),
    "DEM": (0.008, 60, 6.0, 0.0),
    "DEP": (0.105, 14, 90.0, 0.25),
    "DM": (0.060, 20, 20.0, 0.03),
    "EP": (0.007, 2, 150.0, 0.08),
    "HF": (0.010, 45, 8.5, 0.02),
    "HTN": (0.148, 28, 16.0, 0.02),
    "LD": (0.006, 2, -60.0, 0.0),
    "NDH": (0.064, 25, 22.0, 0.0),
    "OST": (0.011, 50, 11.0, 0.0),
    "PAD": (0.006, 45, 11.0, 0.0),
    "PC": (0.005, 40, 9.0, 0.0),
    "RA": (0.007, 20, 22.0, 0.0),
    "SMI": (0.010, 16, 120.0, 0.0),
    "STIA": (0.019, 40, 10.0, 0.02),
}
# Beyond the registers of F 4.1: what scores and segments ask for. Shares chosen (K). Sex: who can have it.
OTHERS = {
    "ANX": (0.060, 14, 120.0, 0.25),
    "AUTISM": (0.012, 3, -25.0, 0.0),
    "ADHD": (0.015, 6, -20.0, 0.15),
    "HYPOTHY": (0.036, 20, 25.0, 0.0),
    "HYPERTHY": (0.006, 20, 40.0, 0.0),
    "MS": (0.002, 20, 80.0, 0.0),
    "MND": (0.0001, 50, 20.0, 0.0),
    "PD": (0.0025, 55, 9.0, 0.0),
    "CEREBRALP": (0.002, 0, -90.0, 0.0),
    "SPINALINJ": (0.0008, 16, 150.0, 0.0),
    "CIRRHOSIS": (0.003, 35, 40.0, 0.0),
    "CLD": (0.004, 30, 60.0, 0.0),
    "MASLD": (0.020, 30, 50.0, 0.0),
    "OA": (0.070, 40, 14.0, 0.0),
    "FHYP": (0.001, 20, 100.0, 0.0),
    "GESTDIAB": (0.006, 18, -300.0, 0.0),
    "BRONCHIECTASIS": (0.005, 40, 18.0, 0.0),
    "ALCPROB": (0.012, 20, 150.0, 0.0),
    "SUBMIS": (0.006, 18, -60.0, 0.0),
    "IBD": (0.007, 16, 150.0, 0.0),
    "IBS": (0.035, 16, 150.0, 0.0),
    "CTD": (0.004, 20, 60.0, 0.0),
    "EATDIS": (0.003, 12, -30.0, 0.0),
    "PSORECZ": (0.080, 1, 300.0, 0.0),
    "MIGRAINE": (0.050, 10, 300.0, 0.0),
    "PROSTATE": (0.020, 50, 12.0, 0.0),
}
# Further conditions of those who have another: share, and of whom.
FURTHER = {
    "METASTASIS": (0.06, "CAN"),
    "HOMEOXYGEN": (0.04, "COPD"),
    "DIALYSIS": (0.02, "CKD"),
    "HEMIPLEGIA": (0.08, "STIA"),
    "HFLVSD": (0.35, "HF"),
    "ENDOFLIFE": (0.40, "PC"),
}
ONLY_OF = {"PROSTATE": "1", "GESTDIAB": "2"}
# Of other conditions people are as likely to have a further one as of the same age and place; these go together.
TOGETHER = {"DM": ("HTN", 1.7), "CHD": ("HF", 3.0), "COPD": ("HF", 1.6), "HTN": ("CKD", 1.8), "ANX": ("DEP", 3.0)}
MEMORY_YEARS = 8.0
INTERVENTION = "INT01"
EXPOSED_SHARE = 400 / 20_000
EFFECT = 0.7  # of the emergency admissions that would have come, this share still comes
NEED_OF_EXPOSED = 0.5


@dataclass
class Health:
    """The health of everybody.

    condition   one row per person and condition: person, condition, onset_date, resolved_date (NaT while it lasts)
    need        0 to 1 for each person: how much care the person needs, more with age, conditions and frailty
    exposure    one row per person visited: person, intervention_id, exposed_on
    """

    condition: Table
    need: np.ndarray
    exposure: Table

    def has(self, condition: str) -> np.ndarray:
        """For each person, whether it has the condition at the end of the demo."""
        flag = np.zeros(len(self.need), dtype=bool)
        here = (self.condition["condition"] == condition) & np.isnat(self.condition["resolved_date"])
        flag[self.condition["person"][here]] = True
        return flag


def make_health(period: Period, people: Table, lsoa: Table, frailty: np.ndarray, seed: int) -> Health:
    """Conditions by age, deprivation and frailty (the factor by which somebody comes to hospital more often)."""
    rng = rng_for(seed, "health")
    count = len(people["birth_date"])
    end = np.datetime64(period.end, "D")
    age = np.maximum(age_on(people["birth_date"], np.full(count, end)), 0)
    decile = lsoa["imd_decile"][people["home"]]
    liability = (0.35 + frailty) ** 0.55 * (1.35 - 0.07 * (decile - 1))
    liability = liability * rng.gamma(4.0, 0.25, count)
    found, have = [], {}
    for condition, (share, from_age, years, resolved) in (REGISTERS | OTHERS).items():
        weight = np.where(age >= from_age, np.exp((np.minimum(age, 92) - from_age) / years), 0.0) * liability
        for before, (other, times) in TOGETHER.items():
            if (
                condition in (before, other)
                and (known := have.get(other if condition == before else before)) is not None
            ):
                weight = weight * np.where(known, times, 1.0)
        if condition in ONLY_OF:
            weight = weight * (people["sex_code"] == ONLY_OF[condition])
        if condition == "NDH":
            weight = weight * ~have["DM"]
        who = np.flatnonzero(rng.random(count) < _chance(weight, share * count / (1 - resolved)))
        years_ago = rng.exponential(MEMORY_YEARS, len(who)).clip(0.05, np.maximum(age[who] - from_age, 0.3))
        onset = end - (years_ago * 365.25).astype("int64").astype("timedelta64[D]")
        onset = np.maximum(onset, people["birth_date"][who].astype("datetime64[D]"))
        over = rng.random(len(who)) < resolved
        after = (rng.random(len(who)) * (end - onset).astype("int64")).astype("int64").astype("timedelta64[D]")
        have[condition] = np.zeros(count, dtype=bool)
        have[condition][who] = True
        found.append(_rows(condition, who, onset, np.where(over, onset + after, np.datetime64("NaT"))))
    known = {names["condition"][0]: names for names in found if len(names["condition"])}
    for condition, (share, of) in FURTHER.items():
        if of not in known:
            continue
        first = known[of]
        which = np.flatnonzero((rng.random(size(first)) < share) & np.isnat(first["resolved_date"]))
        since = (end - first["onset_date"][which]).astype("int64")
        later = (rng.random(len(which)) * since).astype("int64").astype("timedelta64[D]")
        nothing = np.full(len(which), np.datetime64("NaT", "D"))
        found.append(_rows(condition, first["person"][which], first["onset_date"][which] + later, nothing))
    table = concat(found)
    main = np.isin(table["condition"], list(REGISTERS)) & np.isnat(table["resolved_date"])
    conditions = np.bincount(table["person"][main], minlength=count)
    need = _need(age, conditions, 0.5 * np.minimum(frailty, 3.0))
    return Health(condition=table, need=need, exposure=_nobody())


def _chance(weight: np.ndarray, wanted: float) -> np.ndarray:
    """Chances that go with the weights, none above 0.85, and that together make the number that is wanted."""
    factor = wanted / max(weight.sum(), 1e-9)
    for _ in range(4):
        chance = np.minimum(weight * factor, 0.85)
        factor *= wanted / max(chance.sum(), 1e-9)
    return np.minimum(weight * factor, 0.85)


def _rows(condition: str, who: np.ndarray, onset: np.ndarray, resolved: np.ndarray) -> Table:
    return {
        "person": who,
        "condition": np.full(len(who), condition, dtype=object),
        "onset_date": onset,
        "resolved_date": resolved.astype("datetime64[D]"),
    }


def _need(age: np.ndarray, conditions: np.ndarray, emergency: np.ndarray) -> np.ndarray:
    score = 0.03 * np.maximum(age - 60, 0) + 0.35 * conditions + 0.3 * emergency
    return 1 - np.exp(-score / 2.5)


def _nobody() -> Table:
    return {
        "person": np.empty(0, dtype="int64"),
        "intervention_id": words([]),
        "exposed_on": np.empty(0, dtype="datetime64[D]"),
    }


def choose_exposed(
    period: Period, people: Table, health: Health, attendances: Table, spells: Table, seed: int
) -> Table:
    """Who is visited: some of those aged 65 and over who were in need when the visits began, by what was known then.

    Who is chosen and who is not among them is chance, so that those who were not are a fair comparison.
    """
    rng = rng_for(seed, "intervention")
    count, days = len(people["birth_date"]), len(period.days)
    begins = np.datetime64(period.start, "D") + np.timedelta64(days // 5, "D")
    age = age_on(people["birth_date"], np.full(count, begins))
    table = health.condition
    then = (
        (table["onset_date"] < begins)
        & ~(table["resolved_date"] < begins)
        & np.isin(table["condition"], list(REGISTERS))
    )
    conditions = np.bincount(table["person"][then], minlength=count)
    came = np.isin(spells["kind"], ("ed", "direct")) & (local_date(spells["admitted_at"]) < begins)
    emergency = np.bincount(spells["person"][came], minlength=count)
    need = _need(age, conditions, np.minimum(emergency, 4))
    here = people["is_resident"] & (people["registered_on"] < begins) & np.isnat(people["left_on"])
    eligible = np.flatnonzero(here & (age >= 65) & (need > NEED_OF_EXPOSED))
    wanted = round(EXPOSED_SHARE * people["is_resident"].sum())
    chosen = np.sort(rng.permutation(eligible)[: min(wanted, len(eligible) * 3 // 5)])
    later = rng.integers(0, max(days // 2 - days // 5, 1), len(chosen)).astype("timedelta64[D]")
    return {
        "person": chosen,
        "intervention_id": np.full(len(chosen), INTERVENTION, dtype=object),
        "exposed_on": begins + later,
    }


def _spared(rng: np.random.Generator, exposure: Table, person: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Events of exposed people, after they were, that the visits prevent."""
    since = np.full(int(max(person.max(initial=0), exposure["person"].max(initial=0))) + 1, np.datetime64("2200-01-01"))
    since[exposure["person"]] = exposure["exposed_on"]
    return (local_date(moment) > since[person]) & (rng.random(len(person)) >= EFFECT)


def spare_admissions(
    period: Period,
    people: Table,
    exposure: Table,
    calls: Table,
    incidents: Table,
    attendances: Table,
    spells: Table,
    seed: int,
) -> None:
    """Give the emergency pathways that the visits prevent to others of a like age, with ambulance and call.

    Changes the tables of events. Spells that began in ED are made again from the attendances afterwards; those that
    came another way are changed by `spare_direct` then.
    """
    rng = rng_for(seed, "intervention: by ED")
    rows = np.flatnonzero(spells["kind"] == "ed")
    spared = spells["attendance"][rows[_spared(rng, exposure, spells["person"][rows], spells["admitted_at"][rows])]]
    other = _others(rng, period, people, exposure, attendances["person"][spared])
    attendances["person"][spared] = other
    for link, table in (("incident", incidents), ("call", calls)):
        row = attendances[link][spared]
        table["person"][row[row >= 0]] = other[row >= 0]


def spare_direct(period: Period, people: Table, exposure: Table, spells: Table, attendances: Table, seed: int) -> None:
    """The same for emergency admissions that did not come through ED, with what follows in another hospital."""
    rng = rng_for(seed, "intervention: direct")
    follows = np.flatnonzero(spells["first_part"] >= 0)
    rows = np.flatnonzero((spells["kind"] == "direct") & (spells["admitted_at"] >= period.begins))
    spared = rows[_spared(rng, exposure, spells["person"][rows], spells["admitted_at"][rows])]
    busy = Busy(
        np.concatenate([spells["person"], attendances["person"]]),
        np.concatenate([spells["admitted_at"], attendances["arrived_at"]]),
        np.concatenate([spells["discharged_at"], attendances["departed_at"]]),
    )
    until = spells["discharged_at"][spared].copy()
    part_of = dict(zip(spells["first_part"][follows].tolist(), follows.tolist(), strict=True))
    parts = np.array([part_of.get(row, -1) for row in spared.tolist()], dtype="int64")
    until[parts >= 0] = spells["discharged_at"][parts[parts >= 0]]
    for _ in range(6):
        if not len(spared):
            return
        other = _others(rng, period, people, exposure, spells["person"][spared])
        free = ~busy.meets(other, spells["admitted_at"][spared] - np.timedelta64(86_400, "s"), until)
        for which in (spared[free], parts[free & (parts >= 0)]):
            spells["person"][which] = other[free] if len(which) == free.sum() else other[free & (parts >= 0)]
        busy = busy.plus(other[free], spells["admitted_at"][spared[free]], until[free])
        spared, parts, until = spared[~free], parts[~free], until[~free]


def _others(rng: np.random.Generator, period: Period, people: Table, exposure: Table, who: np.ndarray) -> np.ndarray:
    """Somebody of about the same age for each, here all the time and not visited."""
    first, last = np.datetime64(period.start, "D"), np.datetime64(period.end, "D")
    here = people["is_resident"] & ~people["is_newborn"] & (people["birth_date"] < first) & np.isnat(people["left_on"])
    here &= ~(people["registered_on"] > first) & ~(people["died_on"] <= last)
    here[exposure["person"]] = False
    pool = np.flatnonzero(here)
    pool = pool[np.argsort(people["birth_date"][pool], kind="stable")]
    if not len(pool):
        return who
    place = np.searchsorted(people["birth_date"][pool], people["birth_date"][who])
    spread = max(len(pool) // 50, 5)
    return pool[np.clip(place + rng.integers(-spread, spread + 1, len(who)), 0, len(pool) - 1)]
