"""The position now: what the newest files of all partners say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestration.site import words
from orchestration.site.cells import Cell
from orchestration.site.measures import ALL

if TYPE_CHECKING:
    from orchestration.site.pages import Site

SECTIONS = {
    "calls": "Calls",
    "ambulances": "Ambulances",
    "emergency_department": "Emergency departments",
    "beds": "Hospital beds",
    "discharge": "Ready to leave hospital",
    "community_beds": "Community beds",
    "mental_health_beds": "Mental-health beds",
    "care_homes": "Care homes",
    "home_care": "Care at home",
}
PRESSURE = {1: "Normal", 2: "Moderate", 3: "Severe", 4: "Extreme"}


@dataclass
class NowCell:
    cell: Cell
    level: int | None
    is_stale: bool


@dataclass
class NowRow:
    label: str
    category: str
    cells: list[NowCell | None]
    told_until: str
    age: str
    is_stale: bool
    notes: list[str]


@dataclass
class NowSection:
    key: str
    title: str
    places: list[str]
    rows: list[NowRow] = field(default_factory=list)
    meanings: dict[str, str] = field(default_factory=dict)
    """Measure -> what is counted."""


def pressure(site: Site) -> list[dict[str, Any]]:
    """The pressure level of the system and of each site, where the position now has it."""
    rows = site.published.rows(
        """
        select organisation_code, coalesce(site_code, 'ALL'), pressure_level, value from uec_flow_now
        where measure_id = 'pressure' and pressure_level is not null order by all
        """
    )
    found = []
    acute = {code for code, (_, kind) in site.measures.organisations.items() if kind == "acute_trust"}
    for organisation, code, level, value in rows:
        place = site.measures.place(organisation, code)
        if place.is_site and organisation not in acute:
            continue  # wards of community providers: their level stands in the tables
        cell = Cell("uec_flow_now", f"pressure|{organisation}|{code}|ALL", "pressure_level", level)
        found.append({"place": place, "level": level, "words": PRESSURE.get(level, ""), "cell": cell, "value": value})
    return sorted(found, key=lambda row: (not row["place"].is_system, row["place"].is_site, row["place"].name))


def position_now(site: Site) -> dict[str, Any]:
    rows = site.published.records(
        "select * from uec_flow_now where measure_id <> 'pressure' "
        "order by measure_order, measure_id, category, organisation_code, site_code"
    )
    found: dict[str, Any] = {"pressure": pressure(site), "levels": PRESSURE, "sections": [], "why_absent": ""}
    if not rows:
        found["why_absent"] = site.measures.why_table_absent("uec_flow_now", "the position now")
        return found
    keys = [key for key in SECTIONS if any(row["section"] == key for row in rows)]
    keys += sorted({row["section"] for row in rows} - set(keys))
    for key in keys:
        found["sections"].append(_now_section(site, key, [row for row in rows if row["section"] == key]))
    missing = [key for key in SECTIONS if key not in keys]
    found["missing"] = [SECTIONS[key].lower() for key in missing]
    return found


def _now_section(site: Site, key: str, rows: list[dict[str, Any]]) -> NowSection:
    spots = {
        (row["organisation_code"], row["site_code"] or ALL): site.measures.place(
            row["organisation_code"], row["site_code"] or ALL
        )
        for row in rows
    }
    order = sorted(spots, key=lambda spot: (not spots[spot].is_system, spots[spot].is_site, spots[spot].name))
    section = NowSection(key, SECTIONS.get(key, words.humane(key)), [spots[spot].name for spot in order])
    lines: dict[tuple[str, str], dict[tuple, dict]] = defaultdict(dict)
    for row in rows:
        spot = (row["organisation_code"], row["site_code"] or ALL)
        lines[row["measure_id"], row["category"] or ALL][spot] = row
    for measure_id, category in _in_order(site, lines):
        found = lines[measure_id, category]
        sample = next(iter(found.values()))
        label = sample["label"] or words.humane(measure_id)
        cells = [_now_cell(found[spot], measure_id, spot, category) if spot in found else None for spot in order]
        told = [row for row in found.values() if row["value"] is not None]
        oldest = min(told, key=lambda row: row["described_at"] or row["observed_at"] or site.as_of, default=None)
        moment = (oldest["described_at"] or oldest["observed_at"]) if oldest else None
        minutes = None if moment is None else max(0, int((site.as_of - moment).total_seconds() // 60))
        section.rows.append(
            NowRow(
                label=label,
                category="" if category == ALL else site.measures.labels.get(category, words.humane(category)),
                cells=cells,
                told_until=words.clock(moment),
                age="" if minutes is None else f"{words.age(minutes)} before",
                is_stale=any(cell.is_stale for cell in cells if cell),
                notes=sorted({row["note"] for row in found.values() if row["note"]}) if category == ALL else [],
            )
        )
        if sample["definition"]:
            section.meanings[label] = sample["definition"]
    return section


def _now_cell(row: dict[str, Any], measure_id: str, spot: tuple[str, str], category: str) -> NowCell:
    key = f"{measure_id}|{spot[0]}|{spot[1]}|{category}"
    stale = bool(row["is_stale"]) and row["value"] is not None
    return NowCell(Cell("uec_flow_now", key, "value", row["value"], row["unit"]), row["pressure_level"], stale)


def _in_order(site: Site, lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Measures as they come, each with its total first and then its categories in the order of their code list."""
    codes = {code: position for position, code in enumerate(site.measures.labels)}
    measures = {measure_id: position for position, measure_id in enumerate(dict.fromkeys(key[0] for key in lines))}
    return sorted(
        lines, key=lambda key: (measures[key[0]], key[1] != ALL, codes.get(key[1], len(codes)), _band(key[1]), key[1])
    )


def _band(category: str) -> int:
    """The first number in a band such as 4-12 h, so that bands stand in order."""
    found = re.search(r"\d+", category)
    return int(found.group()) if found else 0
