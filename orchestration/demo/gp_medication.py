"""Prescriptions: repeat medicines of those who have a condition, issued every four or eight weeks, and single ones."""

from __future__ import annotations

import numpy as np

from orchestration.demo.gp_codes import Medicines
from orchestration.demo.gp_entries import Clinic
from orchestration.demo.table import Table, concat, listed

# condition: medicine, share of those who have it that take it
REPEAT = {
    "HTN": (("ramipril", 0.38), ("losartan", 0.16), ("amlodipine", 0.42), ("bendroflumethiazide", 0.14)),
    "DM": (("metformin", 0.66), ("gliclazide", 0.18), ("insulin", 0.16), ("atorvastatin", 0.45)),
    "CHD": (("atorvastatin", 0.60), ("aspirin", 0.60), ("bisoprolol", 0.55)),
    "STIA": (("clopidogrel", 0.66), ("atorvastatin", 0.45)),
    "PAD": (("clopidogrel", 0.5), ("simvastatin", 0.4)),
    "AF": (("apixaban", 0.70), ("warfarin", 0.12), ("bisoprolol", 0.5)),
    "HF": (("furosemide", 0.62), ("bisoprolol", 0.4)),
    "AST": (("salbutamol", 0.88), ("beclometasone", 0.72), ("montelukast", 0.12)),
    "COPD": (("tiotropium", 0.62), ("salbutamol", 0.75)),
    "EP": (("levetiracetam", 0.50), ("lamotrigine", 0.42)),
    "DEP": (("sertraline", 0.38), ("citalopram", 0.20), ("amitriptyline", 0.08)),
    "ANX": (("sertraline", 0.25),),
    "SMI": (("olanzapine", 0.36), ("quetiapine", 0.26), ("lithium", 0.10)),
    "DEM": (("donepezil", 0.36),),
    "HYPOTHY": (("levothyroxine", 0.93),),
    "HYPERTHY": (("carbimazole", 0.6),),
    "OST": (("alendronic", 0.62), ("colecalciferol", 0.5)),
    "RA": (("methotrexate", 0.55),),
    "PD": (("co-careldopa", 0.8),),
    "ADHD": (("methylphenidate", 0.4),),
    "IBD": (("mesalazine", 0.6),),
    "MS": (("baclofen", 0.35),),
    "OA": (("paracetamol", 0.28), ("co-codamol", 0.14)),
    "PC": (("morphine", 0.5),),
    "ALCPROB": (("thiamine", 0.3),),
    "IBS": (("macrogol", 0.25), ("senna", 0.12)),
    "MIGRAINE": (("sumatriptan", 0.35),),
    "PROSTATE": (("tamsulosin", 0.7),),
    "PSORECZ": (("betamethasone", 0.25), ("emollient", 0.3)),
}
# everybody else by age: medicine, share of adults, share at 65 and over
COMMON = (
    ("omeprazole", 0.14, 0.42),
    ("atorvastatin", 0.05, 0.36),
    ("paracetamol", 0.04, 0.20),
    ("colecalciferol", 0.04, 0.18),
    ("aspirin", 0.01, 0.10),
    ("co-codamol", 0.03, 0.09),
    ("sertraline", 0.04, 0.05),
    ("amitriptyline", 0.03, 0.06),
    ("macrogol", 0.01, 0.10),
    ("emollient", 0.03, 0.10),
)
ACUTE = listed(
    "amoxicillin nitrofurantoin flucloxacillin doxycycline prednisolone co-codamol senna ferrous hydrocortisone "
    "salbutamol"
)
ACUTE_A_YEAR = 2.4


def prescriptions(clinic: Clinic, medicines: Medicines, rng: np.random.Generator) -> Table:
    """person, medicine, day, duration (days), quantity, is_repeat."""
    onset = {}
    table = clinic.health.condition
    blocks: list[Table] = []
    taken = np.zeros((len(clinic.age), len(medicines.name)), dtype=bool)
    for condition in dict.fromkeys(table["condition"]):
        here = (table["condition"] == condition) & np.isnat(table["resolved_date"])
        onset[condition] = table["person"][here], table["onset_date"][here].astype("int64")
    for condition, options in REPEAT.items():
        if condition not in onset:
            continue
        person, since = onset[condition]
        for name, share in options:
            place = medicines.place[name]
            takes = (rng.random(len(person)) < share) & ~taken[person, place]
            taken[person[takes], place] = True
            blocks.append(_issues(clinic, rng, person[takes], place, since[takes]))
    for name, adults, old in COMMON:
        place = medicines.place[name]
        chance = np.where(clinic.age >= 65, old, np.where(clinic.age >= 18, adults, 0.0))
        who = np.flatnonzero((rng.random(len(clinic.age)) < chance) & ~taken[:, place])
        taken[who, place] = True
        blocks.append(_issues(clinic, rng, who, place, clinic.last - rng.integers(30, 3_000, len(who))))
    everybody = np.arange(len(clinic.age))
    person = np.repeat(everybody, rng.poisson(ACUTE_A_YEAR * clinic.years * (0.6 + 0.9 * clinic.health.need)))
    count = len(person)
    pool = np.array([medicines.place[name] for name in ACUTE])
    blocks.append(
        {
            "person": person,
            "medicine": pool[rng.integers(0, len(pool), count)],
            "day": rng.integers(clinic.first, clinic.last + 1, count),
            "duration": rng.choice([5, 7, 10, 14], count),
            "quantity": rng.choice([15, 21, 28, 30], count),
            "is_repeat": np.zeros(count, dtype=bool),
        }
    )
    return concat(blocks)


def _issues(clinic: Clinic, rng: np.random.Generator, person: np.ndarray, place: int, since: np.ndarray) -> Table:
    """Issues of a repeat medicine from its start to the end, some of them not asked for."""
    every = np.where(rng.random(len(person)) < 0.62, 28, 56)
    begin = np.maximum(since + rng.integers(0, 28, len(person)), clinic.first - 56 + rng.integers(0, 56, len(person)))
    times = np.maximum((clinic.last - begin) // every + 1, 0)
    row = np.repeat(np.arange(len(person)), times)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    keeps = np.repeat(rng.beta(9, 1.2, len(person)), times)
    day = begin[row] + turn * every[row] + rng.integers(-3, 4, len(row))
    here = (rng.random(len(row)) < keeps) & (day >= np.maximum(clinic.first, since[row])) & (day <= clinic.last)
    row, day = row[here], day[here]
    return {
        "person": person[row],
        "medicine": np.full(len(row), place),
        "day": day,
        "duration": every[row],
        "quantity": every[row] * np.where(rng.random(len(person)) < 0.25, 2, 1)[row],
        "is_repeat": np.ones(len(row), dtype=bool),
    }
