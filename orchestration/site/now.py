"""The position now: what the newest files of all partners say."""

from __future__ import annotations

from collections import defaultdict
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
    observed: str
    age: str
    is_stale: bool


@dataclass
class NowSection:
    key: str
    title: str
    places: list[str]
    rows: list[NowRow] = field(default_factory=list)


def pressure(site: Site) -> list[dict[str, Any]]:
    """The pressure level of the system and of each site, where the position now has it."""
    rows = site.published.rows(
        """
        select organisation_code, coalesce(site_code, 'ALL'), pressure_level, value from uec_flow_now
        where measure_id = 'pressure' and pressure_level is not null order by all
        """
    )
    found = []
    for organisation, code, level, value in rows:
        place = site.measures.place(organisation, code)
        cell = Cell("uec_flow_now", f"pressure|{organisation}|{code}|", "pressure_level", level)
        found.append({"place": place, "level": level, "words": PRESSURE.get(level, ""), "cell": cell, "value": value})
    return sorted(found, key=lambda row: (not row["place"].is_system, row["place"].is_site, row["place"].name))


def position_now(site: Site) -> dict[str, Any]:
    rows = site.published.records(
        "select * from uec_flow_now where measure_id <> 'pressure' "
        "order by section, measure_id, category, organisation_code, site_code"
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
        lines[row["measure_id"], row["category"] or ALL][row["organisation_code"], row["site_code"] or ALL] = row
    for (measure_id, category), found in lines.items():
        sample = next(iter(found.values()))
        cells: list[NowCell | None] = []
        for spot in order:
            row = found.get(spot)
            if row is None:
                cells.append(None)
                continue
            name = f"{measure_id}|{spot[0]}|{spot[1]}|{category}"
            cells.append(
                NowCell(
                    Cell("uec_flow_now", name, "value", row["value"], row["unit"]),
                    row["pressure_level"],
                    bool(row["is_stale"]),
                )
            )
        newest = max((row["observed_at"] for row in found.values() if row["observed_at"]), default=None)
        youngest = min((row["age_minutes"] for row in found.values() if row["age_minutes"] is not None), default=None)
        label = "" if category == ALL else site.measures.labels.get(category, words.humane(category))
        section.rows.append(
            NowRow(sample["label"] or words.humane(measure_id), label, cells, words.clock(newest), words.age(youngest),
                   any(cell.is_stale for cell in cells if cell))
        )  # fmt: skip
    return section
