"""What practices enter in a record: diagnoses, measurements, checks, the everyday rest. About 50 entries a year each.

Days are whole numbers since 1970, values hundredths (NOTHING where there is none): millions of entries fit in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orchestration.demo.gp_codes import Codes
from orchestration.demo.health import Health
from orchestration.demo.table import Table, listed

NOTHING = -1
PROBLEM, CONFIDENTIAL, IMPORTED, FAMILY, MISTAKE = 1, 2, 4, 8, 16
CLUSTER = {
    "SMI": "MH_COD",
    "AF": "AFIB_COD",
    "EP": "EPIL_COD",
    "HTN": "HYP_COD",
    "OST": "OSTEO_COD",
    "PC": "PALLCARE_COD",
}
RESOLVED = {"AF": "AFIBRES_COD", "EP": "EPILRES_COD", "HTN": "HYPRES_COD", "DM": "DMRES_COD", "ADHD": "ADHDREM_COD"}
DEFICITS = listed(
    "ACTIVITY_LIMITATION ANAEMIA ARTHRITIS DIZZINESS DYSPNOEA FALLS FOOT HEARING VALVE HYPOTENSION MEMORY MOBILITY "
    "PEPTIC_ULCER CARE SKIN_ULCER SLEEP SOCIAL URINARY_INCONTINENCE URINARY VISION WEIGHT_LOSS"
)
CONFIDENTIAL_CONDITIONS = ("SUBMIS", "ALCPROB", "EATDIS")
# a panel of blood tests: code, mean, spread, lowest, decimals as hundredths
PANEL = (
    ("1022431000000105", 138, 13, 60, 100),
    ("1022541000000102", 6.8, 1.8, 2, 10),
    ("1022651000000100", 255, 60, 40, 100),
    ("1022491000000106", 90, 5, 65, 10),
    ("1000661000000107", 139.5, 2.4, 120, 100),
    ("1000651000000109", 4.4, 0.4, 2.8, 10),
    ("1000991000000106", 5.6, 1.6, 1, 10),
    ("1013211000000103", 26, 12, 5, 100),
    ("1000621000000104", 78, 24, 20, 100),
    ("999691000000104", 10, 4, 2, 100),
    ("1000821000000103", 42, 4, 20, 100),
    ("1022791000000101", 2.1, 1.0, 0.05, 10),
)
SYMPTOMS = listed(
    "49727002 162397003 279039007 25064002 271807003 54150009 68566005 21522001 84229001 30989003 65363002 62315008 "
    "422587007 14760008 235595009"
)
ENCOUNTERS = {"185317003": 30, "11429006": 44, "185349003": 14, "281036007": 12}
LETTERS = {"24671000000101": 55, "371525003": 20, "308540004": 5, "4525004": 6, "408289007": 8, "3457005": 6}


@dataclass
class Entries:
    """Entries as they gather, block by block."""

    blocks: list[Table] = field(default_factory=list)

    def add(
        self,
        person: np.ndarray,
        code: np.ndarray | int,
        day: np.ndarray,
        value: np.ndarray | None = None,
        flags: np.ndarray | int = 0,
        ended: np.ndarray | None = None,
    ) -> None:
        count = len(person)
        self.blocks.append(
            {
                "person": person.astype("int32"),
                "code": np.broadcast_to(np.asarray(code, dtype="int16"), count),
                "day": day.astype("int32"),
                "value": np.full(count, NOTHING, "int32") if value is None else value.astype("int32"),
                "flags": np.broadcast_to(np.asarray(flags, dtype="int8"), count),
                "ended": np.full(count, NOTHING, "int32") if ended is None else ended.astype("int32"),
            }
        )

    def table(self) -> Table:
        return {name: np.concatenate([block[name] for block in self.blocks]) for name in self.blocks[0]}


@dataclass
class Clinic:
    """What every part needs: the codes, who is who, and from when on entries are made."""

    codes: Codes
    health: Health
    people: Table
    rng: np.random.Generator
    first: int  # day
    last: int
    age: np.ndarray
    birth: np.ndarray
    out: Entries

    @property
    def years(self) -> float:
        return (self.last - self.first + 1) / 365.25

    def some(self, chance: np.ndarray | float) -> np.ndarray:
        """People drawn by chance."""
        return np.flatnonzero(self.rng.random(len(self.age)) < chance)

    def often(self, who: np.ndarray, a_year: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
        """Persons and days of what happens to them so many times a year, at any time."""
        person = np.repeat(who, self.rng.poisson(a_year * self.years, len(who)))
        return person, self.rng.integers(self.first, self.last + 1, len(person))

    def every_year(self, who: np.ndarray, kept: float = 0.94) -> tuple[np.ndarray, np.ndarray]:
        """A review each year around the month of birth; one in some is missed."""
        of_year = self.birth[who] % 365 + self.rng.integers(-20, 45, len(who))
        years = np.arange(self.first // 365 - 1, self.last // 365 + 2) * 365
        day = (of_year[:, None] + years[None, :] + self.rng.integers(-12, 13, (len(who), len(years)))).ravel()
        person = np.repeat(who, len(years))
        keep = (day >= self.first) & (day <= self.last) & (self.rng.random(len(day)) < kept)
        return person[keep], day[keep]

    def ago(self, count: int, mean_years: float) -> np.ndarray:
        """Days before the end, more often recent."""
        return self.last - (self.rng.exponential(mean_years, count) * 365.25).astype("int64")


def conditions(clinic: Clinic) -> None:
    """Diagnoses as problems, what was resolved again, and the evidence that registers ask for."""
    rng, codes, out = clinic.rng, clinic.codes, clinic.out
    table = clinic.health.condition
    for condition in dict.fromkeys(table["condition"]):
        here = np.flatnonzero(table["condition"] == condition)
        person, onset = table["person"][here], table["onset_date"][here].astype("int64")
        resolved = table["resolved_date"][here]
        over = ~np.isnat(resolved)
        ended = np.where(over, resolved.astype("int64"), NOTHING)
        code = codes.of(CLUSTER.get(condition, f"{condition}_COD"), rng, len(here)) if condition != "DM" else None
        if condition == "DM":
            young = clinic.birth[person] > onset - 30 * 365
            kind = np.where(young | (rng.random(len(here)) < 0.02), "DMTYPE1_COD", "DMTYPE2_COD")
            kind = np.where(rng.random(len(here)) < 0.01, "DM_COD", kind)
            code = np.array([codes.first(name) for name in kind], dtype="int64")
        hidden = CONFIDENTIAL if condition in CONFIDENTIAL_CONDITIONS else 0
        out.add(person, code, onset, None, PROBLEM | hidden, ended)
        if over.any():
            name = RESOLVED.get(condition, f"{condition}RES_COD")
            out.add(person[over], codes.of(name, rng, int(over.sum())), ended[over])
        again = np.flatnonzero((rng.random(len(here)) < 0.3) & ~over)
        since = np.maximum(onset[again] + 1, clinic.first)
        room = clinic.last - since
        again, since, room = again[room > 0], since[room > 0], room[room > 0]
        out.add(person[again], code[again], since + (rng.random(len(again)) * room).astype("int64"), None, hidden)
        if condition == "COPD":
            tested = np.flatnonzero(rng.random(len(here)) < 0.85)
            out.add(person[tested], codes.first("SPIRO_COD"), onset[tested] + rng.integers(-30, 61, len(tested)),
                    rng.integers(42, 70, len(tested)))  # fmt: skip
        if condition == "OST":
            broken = np.flatnonzero(rng.random(len(here)) < 0.75)
            day = onset[broken] - rng.integers(0, 120, len(broken))
            out.add(person[broken], codes.first("FRACTURE_COD"), day, None, PROBLEM)
            scanned = broken[rng.random(len(broken)) < 0.85]
            out.add(person[scanned], codes.first("DXA_COD"), onset[scanned] - rng.integers(0, 60, len(scanned)))
    mild = clinic.some(np.where(clinic.age >= 40, 0.01, 0.0))
    out.add(mild, codes.of("CKD1AND2_COD", rng, len(mild)), clinic.ago(len(mild), 4.0), None, PROBLEM)


def frailty(clinic: Clinic) -> None:
    """Severity of frailty, the deficits of the frailty index, and how people live."""
    rng, codes, out, age, need = clinic.rng, clinic.codes, clinic.out, clinic.age, clinic.health.need
    old = age >= 65
    level = np.select([need > 0.68, need > 0.55, need > 0.40], [3, 2, 1], 0) * old
    for number, name in ((1, "FRAILMILD_COD"), (2, "FRAILMOD_COD"), (3, "FRAILSEV_COD")):
        who = clinic.some(np.where(level == number, 0.65, 0.0))
        out.add(who, codes.first(name), clinic.ago(len(who), 1.2))
    for name in DEFICITS:
        chance = np.where(old, 0.30 * need**1.2 + 0.02, 0.006 + 0.06 * need) * np.where(age < 18, 0.2, 1.0)
        who = clinic.some(chance)
        out.add(who, codes.of(f"EFI_{name}", rng, len(who)), clinic.ago(len(who), 3.0))
    for name, chance, years in (
        ("HOUSEBOUND_COD", np.where((age >= 75) & (need > 0.6), 0.30, 0.0), 1.5),
        ("CAREHOME_COD", np.where((age >= 85) & (need > 0.6), 0.25, np.where(age >= 75, 0.02, 0.0)), 1.5),
        ("LIVESALONE_COD", np.where(age >= 65, 0.25, np.where(age >= 18, 0.03, 0.0)), 4.0),
        ("CARER_COD", np.where(age >= 18, 0.04, 0.0), 4.0),
        ("ALLERGY_COD", np.full(len(age), 0.08), 8.0),
    ):
        who = clinic.some(chance)
        out.add(who, codes.of(name, rng, len(who)), clinic.ago(len(who), years))


def checks(clinic: Clinic) -> None:
    """Measurements and processes of those with a condition, with shares that miss them (F 3.10), and of others."""
    rng, codes, out, age = clinic.rng, clinic.codes, clinic.out, clinic.age
    has = clinic.health.has
    adult = age >= 18
    diabetes, hypertension, psychosis = has("DM"), has("HTN"), has("SMI")
    heart = has("CHD") | has("STIA") | has("PAD")
    kidney, high_sugar = has("CKD"), has("NDH")
    review = diabetes | hypertension | heart | kidney
    count = len(age)
    reached = rng.random(count) < 0.86  # who answers invitations at all answers most of them
    of_severe = rng.random(count) < 0.80

    def share(*pairs: tuple[np.ndarray, float], otherwise: float = 0.0) -> np.ndarray:
        return np.select([flag for flag, _ in pairs], [value for _, value in pairs], otherwise)

    def measure(clusters: tuple[str, ...], chance: np.ndarray, extra: np.ndarray, values: object) -> None:
        """A yearly review for some of those in question, and what comes between."""
        answers = np.where(psychosis, of_severe, reached)
        yearly = clinic.every_year(np.flatnonzero(answers & (rng.random(count) < chance)))
        between = clinic.often(np.flatnonzero(extra > 0), extra[extra > 0])
        person, day = (np.concatenate(both) for both in zip(yearly, between, strict=True))
        for cluster, value in zip(clusters, values(person), strict=True):
            out.add(person, codes.of(cluster, rng, len(person)), day, value)

    uncontrolled = rng.random(count) < np.where(hypertension, 0.30, 0.08)
    usual = np.where(uncontrolled, rng.normal(152, 7, count), rng.normal(127, 8, count))

    def pressure(person: np.ndarray) -> tuple[np.ndarray, ...]:
        systolic = np.clip(np.round(usual[person] + rng.normal(0, 6, len(person))), 86, 235)
        diastolic = np.clip(np.round(systolic * 0.58 + rng.normal(2, 6, len(person))), 40, systolic - 15)
        return systolic * 100, diastolic * 100

    measure(
        ("BPSYS_COD", "BPDIA_COD"),
        share((diabetes, 0.96), (hypertension, 0.95), (psychosis, 0.90), (review, 0.93), (age >= 45, 0.20)),
        share((review, 0.7), (psychosis, 0.2), (adult, 0.22)),
        pressure,
    )
    sugar = np.where(diabetes, rng.normal(7.3, 1.1, count), np.where(high_sugar, rng.normal(6.2, 0.13, count), 5.4))

    def hba1c(person: np.ndarray) -> tuple[np.ndarray]:
        # what a laboratory tells in per cent with one decimal, as mmol/mol: both habits can say it
        percent = np.round(np.clip(sugar[person] + rng.normal(0, 0.3, len(person)), 4.2, 15.0), 1)
        return (np.round((percent - 2.15) * 10.929) * 100,)

    measure(
        ("HBA1C_COD",),
        share((diabetes, 0.94), (high_sugar, 0.85), (psychosis, 0.75)),
        share((diabetes, 0.6), (high_sugar, 0.1), (age >= 40, 0.14)),
        hba1c,
    )
    fat = np.clip(rng.normal(5.1, 0.9, count) - 0.9 * heart, 2.4, 9.5)
    measure(
        ("CHOL_COD",),
        share((diabetes, 0.93), (heart, 0.88), (hypertension, 0.6), (psychosis, 0.72)),
        share((age >= 40, 0.08)),
        lambda person: (np.round(np.clip(fat[person] + rng.normal(0, 0.3, len(person)), 2, 12) * 10) * 10,),
    )
    filtration = np.clip(
        np.where(kidney, rng.normal(46, 9, count), rng.normal(92 - 0.45 * np.maximum(age - 40, 0), 9)), 8, 120
    )

    def blood(person: np.ndarray) -> tuple[np.ndarray, ...]:
        rate = np.round(np.clip(filtration[person] + rng.normal(0, 3, len(person)), 5, 125))
        return np.round(5600 / np.maximum(rate, 12) ** 0.97 + 12) * 100, rate * 100

    measure(
        ("CREAT_COD", "EGFR_COD"),
        share((diabetes, 0.95), (kidney, 0.92), (hypertension, 0.75), (heart, 0.85), (psychosis, 0.4)),
        share((kidney, 0.8), (adult & (age >= 40), 0.18), (adult, 0.08)),
        blood,
    )
    measure(
        ("ACR_COD",),
        share((diabetes, 0.68), (kidney, 0.55)),
        np.zeros(count),
        lambda person: (np.round(rng.lognormal(0.6, 1.0, len(person)).clip(0.3, 300) * 10) * 10,),
    )
    mass = np.clip(np.where(diabetes, rng.normal(31, 5.5, count), rng.normal(27.2, 5.0, count)), 16, 58)
    measure(
        ("BMIVAL_COD",),
        share((diabetes, 0.9), (psychosis, 0.8), (hypertension, 0.55), (adult, 0.05)),
        share((adult, 0.16)),
        lambda person: (np.round((mass[person] + rng.normal(0, 0.4, len(person))) * 10) * 10,),
    )
    measure(
        ("ALCOHOL_COD",),
        share((psychosis, 0.78), (diabetes, 0.3)),
        share((adult, 0.10)),
        lambda person: (np.round(rng.gamma(0.9, 9, len(person)).clip(0, 120)) * 100,),
    )
    measure(
        ("GLUC_COD",),
        share((psychosis, 0.35), (high_sugar, 0.3)),
        share((adult, 0.06)),
        lambda person: (
            np.round((sugar[person] * 1.59 - 2.59 + rng.normal(0, 0.5, len(person))).clip(3, 25) * 10) * 10,
        ),
    )
    habit = np.searchsorted([0.55, 0.86], rng.random(count), side="right")  # never, ex, smokes
    asked, day = clinic.every_year(
        np.flatnonzero(
            adult
            & reached
            & (rng.random(count) < share((diabetes, 0.93), (psychosis, 0.85), (review, 0.8), otherwise=0.12))
        )
    )
    more, when = clinic.often(np.flatnonzero(adult), 0.15)
    asked, day = np.concatenate([asked, more]), np.concatenate([day, when])
    place = np.array([codes.first(name) for name in ("SMOKENEVER_COD", "SMOKEEX_COD", "SMOKECURR_COD")])
    out.add(asked, place[habit[asked]], day)

    for name, chance in (
        ("FOOTEXAM_COD", diabetes * 0.84),
        ("RETINAL_COD", diabetes * 0.80),
        ("LDHEALTHCHECK_COD", (has("LD") & (age >= 14)) * 0.85),
        ("MEDREVIEW_COD", share((age >= 75, 0.75), (review, 0.6))),
    ):
        person, day = clinic.every_year(np.flatnonzero(reached & (rng.random(count) < chance)))
        out.add(person, codes.first(name), day)
    person, day = clinic.often(np.flatnonzero((age >= 40) & (age < 75) & ~review & ~psychosis), 0.09)
    out.add(person, codes.first("NHSHEALTHCHECK_COD"), day)
    for name, chance in (
        ("FOOTDECLINED_COD", diabetes * 0.03),
        ("DMDECLINED_COD", diabetes * 0.02),
        ("HYPDECLINED_COD", hypertension * 0.015),
    ):
        who = clinic.some(chance)
        out.add(who, codes.first(name), clinic.ago(len(who), 0.5))
    _jabs(clinic, review | psychosis | has("AST") | has("COPD"))


def _jabs(clinic: Clinic, at_risk: np.ndarray) -> None:
    rng, age = clinic.rng, clinic.age
    wants = rng.random(len(age)) < np.select([age >= 65, at_risk, (age >= 2) & (age < 11)], [0.79, 0.43, 0.48], 0.06)
    for year in range(1970 + clinic.first // 365 - 1, 1971 + clinic.last // 365):
        autumn = int(np.datetime64(f"{year}-09-10").astype("int64"))
        who = np.flatnonzero(wants & (rng.random(len(age)) < 0.93))
        day = autumn + np.minimum(rng.exponential(28, len(who)), 110).astype("int64")
        here = (day >= clinic.first) & (day <= clinic.last)
        clinic.out.add(who[here], clinic.codes.first("FLUVAC_COD"), day[here])


def births(clinic: Clinic) -> None:
    """Mothers of babies that are born here: pregnant, and delivered."""
    people, codes, rng = clinic.people, clinic.codes, clinic.rng
    babies = np.flatnonzero(people["is_newborn"] & (people["mother"] >= 0))
    born, mother = clinic.birth[babies], people["mother"][babies]
    clinic.out.add(mother, codes.first("PREGNANT_COD"), born - rng.integers(180, 225, len(babies)), None, PROBLEM, born)
    clinic.out.add(mother, codes.first("DELIVERY_COD"), born + rng.integers(0, 10, len(babies)))


def opt_outs(clinic: Clinic) -> None:
    """Type 1 opt-outs, written in the record: 4 in 100 dissent, some of them withdraw it later (F 5.3)."""
    rng, codes = clinic.rng, clinic.codes
    who = clinic.some(0.04)
    day = clinic.last - rng.integers(20, 8 * 365, len(who))
    day = np.maximum(day, clinic.birth[who] + 30)
    back = rng.random(len(who)) < 0.08
    withdrawn = np.where(back, day + ((clinic.last - day) * rng.random(len(who))).astype("int64"), NOTHING)
    clinic.out.add(who, codes.first("OPT_OUT_TYPE_1_DISSENT"), day)
    clinic.out.add(who[back], codes.first("OPT_OUT_TYPE_1_WITHDRAWAL"), withdrawn[back])


def everyday(clinic: Clinic, seen: np.ndarray, seen_on: np.ndarray) -> None:
    """What fills a record: contacts with what was said, blood tests, letters, weights, and the family's illnesses."""
    rng, codes, out = clinic.rng, clinic.codes, clinic.out

    def drawn(shares: dict[str, float], count: int) -> np.ndarray:
        edge = np.cumsum(list(shares.values()))
        place = np.array([codes.place[code] for code in shares])
        return place[np.searchsorted(edge, rng.random(count) * edge[-1], side="right")]

    out.add(seen, drawn(ENCOUNTERS, len(seen)), seen_on)
    talk = np.repeat(np.arange(len(seen)), rng.poisson(1.9, len(seen)))
    out.add(seen[talk], drawn(dict.fromkeys(SYMPTOMS, 1.0), len(talk)), seen_on[talk])
    busy = 0.45 + 1.6 * clinic.health.need
    who = np.arange(len(clinic.age))
    person, day = clinic.often(who, np.where(clinic.age >= 18, 1.45 * busy, 0.25))
    for code, mean, spread, lowest, step in PANEL:
        value = np.round(np.maximum(rng.normal(mean, spread, len(person)), lowest) * 100 / step) * step
        out.add(person, codes.place[code], day, value)
    person, day = clinic.often(who, 18.5 * busy)
    out.add(person, drawn(LETTERS, len(person)), day)
    person, day = clinic.often(who, np.where(clinic.age >= 18, 1.3 * busy, 0.6))
    out.add(person, drawn({"78564009": 1, "386725007": 1, "431314004": 1}, len(person)), day)
    person, day = clinic.often(np.flatnonzero(clinic.age >= 18), 0.7)
    out.add(person, codes.place["27113001"], day, np.round(rng.normal(79, 16, len(person)).clip(38, 190) * 10) * 10)
    kin = clinic.some(np.where(clinic.age >= 18, 0.10, 0.01))
    out.add(
        kin,
        drawn(dict.fromkeys(("160303001", "266894000", "160357008", "160377001"), 1.0), len(kin)),
        clinic.ago(len(kin), 5.0),
    )
    # the illness itself coded, with the words that say whose it is: it must not count (F 2.12)
    kin = clinic.some(np.where(clinic.age >= 18, 0.006, 0.0))
    name = np.array(["CHD_COD", "DMTYPE2_COD", "STIA_COD", "CAN_COD"])[rng.integers(0, 4, len(kin))]
    out.add(kin, np.array([codes.first(one) for one in name], dtype="int64"), clinic.ago(len(kin), 3.0), None, FAMILY)
    # entered in the record of another patient, and withdrawn a month later
    who = clinic.some(0.003)
    day = rng.integers(clinic.first, clinic.last + 1, len(who))
    name = np.array(["CHD_COD", "DMTYPE2_COD", "DEM_COD", "COPD_COD"])[rng.integers(0, 4, len(who))]
    out.add(who, np.array([codes.first(one) for one in name], dtype="int64"), day, None, MISTAKE)
