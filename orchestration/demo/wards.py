"""The wards that inpatients pass through: assessment unit first, then the ward of the specialty, at last a lounge."""

from __future__ import annotations

import numpy as np

from orchestration.demo import clock, emergency
from orchestration.demo.table import Table, concat, minutes, rng_for, size, take, words

# ward type: (code, name) of each ward of the site
WARDS = {
    "RAJ01": {
        "assessment": (("SAMU", "Acute Medical Unit"), ("SSAU", "Surgical Assessment Unit")),
        "same_day": (("SSDEC", "Same Day Emergency Care"),),
        "general": (
            ("SEDW", "Edwards Ward"),
            ("SKIN", "Kingsley Ward"),
            ("SHAL", "Halstow Ward"),
            ("SWIN", "Winter Ward"),
        ),
        "surgical": (("SCHA", "Chalkwell Ward"), ("SSHO", "Shoebury Ward"), ("SHOC", "Hockley Ward")),
        "older_people": (("SPRI", "Prittle Ward"), ("SROC", "Roche Ward")),
        "critical_care": (("SCCU", "Critical Care Unit"),),
        "paediatric": (("SCHI", "Children's Ward"),),
        "maternity": (("SMAT", "Maternity Ward"),),
        "discharge_lounge": (("SDL", "Discharge Lounge"),),
    },
    "RAJ12": {
        "assessment": (("BAMU", "Acute Medical Unit"), ("BSAU", "Surgical Assessment Unit")),
        "same_day": (("BSDEC", "Same Day Emergency Care"),),
        "general": (("BLAI", "Laindon Ward"), ("BPIT", "Pitsea Ward"), ("BVAN", "Vange Ward"), ("BNET", "Nether Ward")),
        "surgical": (("BHOR", "Horndon Ward"), ("BORS", "Orsett Ward"), ("BLIN", "Linford Ward")),
        "older_people": (("BKIN", "Kingswood Ward"), ("BELI", "Eliot Ward"), ("BMAR", "Marjorie Ward")),
        "critical_care": (("BICU", "Intensive Care Unit"),),
        "paediatric": (("BPUF", "Puffin Ward"),),
        "maternity": (("BCED", "Cedar Maternity Ward"),),
        "discharge_lounge": (("BDL", "Discharge Lounge"),),
    },
    "RAJ32": {
        "assessment": (("BRAMU", "Acute Medical Unit"), ("BRSAU", "Surgical Assessment Unit")),
        "same_day": (("BRSDEC", "Same Day Emergency Care"),),
        "general": (("BRFEL", "Felsted Ward"), ("BRTER", "Terling Ward"), ("BRDAN", "Danbury Ward")),
        "surgical": (("BRHEY", "Heybridge Ward"), ("BRRAY", "Rayne Ward"), ("BRNOT", "Notley Ward")),
        "older_people": (("BRBRA", "Braxted Ward"), ("BRBAD", "Baddow Ward")),
        "critical_care": (("BRGHD", "General High Dependency"),),
        "paediatric": (("BRPHO", "Phoenix Children's Ward"),),
        "maternity": (("BRGOS", "Gosfield Maternity Ward"),),
        "discharge_lounge": (("BRDL", "Discharge Lounge"),),
    },
}
NAME = {code: name for site in WARDS.values() for wards in site.values() for code, name in wards}
TYPE_OF_FUNCTION = {
    **dict.fromkeys(("100", "101", "104", "110", "120", "130", "140", "160", "502"), "surgical"),
    **dict.fromkeys(("501", "560", "424"), "maternity"),
    "430": "older_people",
    "192": "critical_care",
    "420": "paediatric",
}
BY_ASSESSMENT = {"general": 0.93, "older_people": 0.90, "surgical": 0.70}
LOUNGE_SHARE = 0.35
LOUNGE_HOURS = (10, 19)  # discharges from and before


def make_ward_stays(spells: Table, attendances: Table, seed: int) -> Table:
    """Stays on wards in order of their start; those of a spell follow each other without a gap. `spell` is its row."""
    rng = rng_for(seed, "wards")
    row = np.flatnonzero(spells["patient_classification_code"] == "1")
    mine = take(spells, row)
    count = len(row)
    begins, ends = mine["admitted_at"], mine["discharged_at"]
    length = (ends - begins).astype("int64") // 60
    main = words([TYPE_OF_FUNCTION.get(code, "general") for code in mine["treatment_function_code"]])
    emergency_like = np.isin(mine["kind"], ("ed", "direct")) & np.isin(main, list(BY_ASSESSMENT))
    overnight = mine["nights"] >= 1

    sent_to = np.full(count, None, dtype=object)
    from_ed = mine["attendance"] >= 0
    sent_to[from_ed] = attendances["discharge_destination_code"][mine["attendance"][from_ed]]
    same_day = emergency_like & ((sent_to == emergency.SDEC) | (~from_ed & ~overnight & (rng.random(count) < 0.5)))
    share = np.array([BY_ASSESSMENT.get(kind, 0.0) for kind in main])
    assessed = emergency_like & ~same_day & ((rng.random(count) < share) | ~overnight)
    first = np.where(same_day, "same_day", np.where(assessed, "assessment", main)).astype(object)

    hours = np.where(same_day, rng.uniform(3, 9, count), np.exp(rng.normal(np.log(21), 0.5, count)))
    onward = overnight & (same_day | assessed)
    first_ends = np.where(onward, np.clip(np.round(hours * 60), 60, np.maximum(0.6 * length, 60)), length)
    first_ends = np.minimum(first_ends, length).astype("int64")
    hour = clock.to_local(ends).astype("datetime64[h]").astype("int64") % 24
    lounge = overnight & (mine["age"] >= 18) & (mine["discharge_method_code"] != "4")
    lounge &= np.isin(main, list(BY_ASSESSMENT)) & (hour >= LOUNGE_HOURS[0]) & (hour < LOUNGE_HOURS[1])
    lounge &= rng.random(count) < LOUNGE_SHARE
    last_begins = length - np.round(rng.uniform(50, 230, count)).astype("int64")
    lounge &= last_begins > first_ends * onward + 60
    last_begins = np.where(lounge, last_begins, length)
    first_ends = np.where(onward, first_ends, last_begins)

    def part(which: np.ndarray, kind: np.ndarray, start: np.ndarray, end: np.ndarray) -> Table:
        here = np.flatnonzero(which)
        return {
            "spell": row[here],
            "site_code": mine["site_code"][here],
            "ward_type_code": kind[here],
            "started_at": begins[here] + minutes(start[here]),
            "ended_at": begins[here] + minutes(end[here]),
        }

    everyone = np.ones(count, dtype=bool)
    stays = concat(
        [
            part(everyone, first, np.zeros(count), first_ends),
            part(onward, main, first_ends, last_begins),
            part(lounge, words(["discharge_lounge"] * count), last_begins, length),
        ]
    )
    stays = take(stays, np.lexsort((stays["spell"], stays["started_at"])))
    stays["ward_code"] = _wards(rng, stays)
    stays["ward_stay_id"] = words([f"WS{number:09d}" for number in range(100_000_001, 100_000_001 + size(stays))])
    return stays


def _wards(rng: np.random.Generator, stays: Table) -> np.ndarray:
    """One of the site's wards of the kind; the first of them is the largest."""
    code = np.empty(size(stays), dtype=object)
    place = rng.random(size(stays)) ** 1.3
    for site, kinds in WARDS.items():
        for kind, wards in kinds.items():
            here = np.flatnonzero((stays["site_code"] == site) & (stays["ward_type_code"] == kind))
            code[here] = words([ward for ward, _ in wards])[(place[here] * len(wards)).astype("int64")]
    return code


def ward_at(stays: Table, spell: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """The ward of a spell (row) at a moment (UTC) within it."""
    span = np.int64(2) ** 33
    key = stays["spell"] * span + stays["started_at"].astype("int64")
    order = np.argsort(key, kind="stable")
    found = np.searchsorted(key[order], spell * span + moment.astype("int64"), side="right") - 1
    return stays["ward_code"][order][found]
