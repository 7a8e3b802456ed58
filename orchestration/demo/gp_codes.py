"""The codes and medicines that the demo's practices write: those of the hub's own reference data, and no others."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.demo import restricted_codes
from orchestration.demo.table import words

BLOOD_PRESSURE, PERCENT, CIGARETTES = "YBP01", "YHBPC", "YCIGS"
UNKNOWN_LOCAL = "YZZZ9"  # a code that a practice made for itself and nobody mapped


@dataclass
class Codes:
    """Codes by their place. `local`: what a practice of habit 2 writes; `cluster`: places of a cluster's codes."""

    snomed: np.ndarray
    local: np.ndarray
    label: np.ndarray
    cluster_of: np.ndarray
    cluster: dict[str, np.ndarray]
    place: dict[str, int]

    def of(self, cluster: str, rng: np.random.Generator, count: int) -> np.ndarray:
        """Codes of a cluster, its first more often than the others."""
        here = self.cluster.get(cluster, np.empty(0, dtype="int64"))
        if not len(here):
            raise KeyError(f"No code of {cluster} stands both in code_cluster.csv and in gp_local_code.csv")
        chosen = np.where(rng.random(count) < 0.6, 0, rng.integers(0, len(here), count))
        return here[chosen]

    def first(self, cluster: str) -> int:
        return int(self.cluster[cluster][0])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def load_codes(seeds: Path) -> Codes:
    clusters: dict[str, list[str]] = {}
    for row in _rows(seeds / "code_cluster.csv"):
        clusters.setdefault(row["cluster_id"], []).append(row["snomed_code"])
    listed = [
        row
        for row in _rows(seeds / "gp_local_code.csv")
        if row["local_code"] not in (BLOOD_PRESSURE, PERCENT, CIGARETTES)
    ]
    # no practice's own system has a code of these
    listed += [
        {"snomed_code": row["code"], "local_code": "", "label": row["label"]}
        for row in restricted_codes.listed("snomed")
    ]
    place = {row["snomed_code"]: number for number, row in enumerate(listed)}
    of = {code: name for name, codes in clusters.items() for code in codes}
    return Codes(
        snomed=words([row["snomed_code"] for row in listed]),
        local=words([row["local_code"] for row in listed]),
        label=words([row["label"] for row in listed]),
        cluster_of=words([of.get(row["snomed_code"], "") for row in listed]),
        cluster={
            name: np.array([place[code] for code in codes if code in place], dtype="int64")
            for name, codes in clusters.items()
        },
        place=place,
    )


@dataclass
class Medicines:
    name: np.ndarray
    dmd: np.ndarray
    bnf: np.ndarray
    unit: np.ndarray
    cost: np.ndarray
    place: dict[str, int]


def load_medicines(seeds: Path) -> Medicines:
    """`place` knows a medicine by the first word of its name."""
    rows = _rows(seeds / "gp_medicine.csv")
    return Medicines(
        name=words([row["medicine_name"] for row in rows]),
        dmd=words([row["dmd_code"] for row in rows]),
        bnf=words([row["bnf_code"] for row in rows]),
        unit=words([row["quantity_unit"] for row in rows]),
        cost=np.array([float(row["pack_cost_pounds"]) for row in rows]),
        place={row["medicine_name"].split()[0].lower(): number for number, row in enumerate(rows)},
    )
