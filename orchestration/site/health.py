"""The population's health: who people are, how ill, what they use. Every count is rounded as HES asks (F 5.7)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from orchestration.site import drawings, privacy, words
from orchestration.site.cells import Cell
from orchestration.site.measures import data_note

if TYPE_CHECKING:
    from orchestration.site.pages import Site

PAGES = (
    ("population.html", "Population"),
    ("risk.html", "Risk of admission"),
    ("gaps.html", "Gaps in care"),
    ("cohorts.html", "Cohorts"),
    ("inequalities.html", "Inequality and opportunity"),
    ("interventions.html", "Interventions"),
)
GP_FEEDS = ("primary_care.registrations", "primary_care.gp_patients", "primary_care.gp_events")
KINDS = {
    "place": "By sub-ICB location of the practice",
    "pcn": "By primary care network",
    "imd_decile": "By deprivation of the area, 1 the most deprived tenth",
    "age_band": "By age",
    "ethnic_group": "By ethnic group",
}
AGES = ("00-04", "05-17", "18-39", "40-64", "65-79", "80+")
CONDITIONS = ("0", "1", "2", "3", "4+")
RATES = (
    ("people", None, "People", ""),
    ("ed_attendances", 1000, "Emergency department attendances per 1,000 people in 12 months", ""),
    ("emergency_admissions", 1000, "Emergency admissions per 1,000 people in 12 months", ""),
    ("cost_pounds", 1, "Cost per head in 12 months, £", ""),
)


def counted(source: str, key: str, column: str, number: float | None, unit: str | None = None) -> Cell:
    """A count of people or of what happened to them: 1 to 7 not shown, else rounded to 5."""
    value = None if number is None else privacy.to_five(number)
    return Cell(source, key, column, value, unit, privacy.is_small(number))


def shared(
    source: str, key: str, columns: str, part: float | None, whole: float | None, *, per: int = 100,
    unit: str | None = "percent", also_rest: bool = False,
) -> Cell:  # fmt: skip
    """A share or rate, made of rounded counts (F 5.7). `columns`: part/whole. `also_rest`: those without count too."""
    hidden = privacy.is_small(part) or privacy.is_small(whole)
    hidden = hidden or (also_rest and whole is not None and privacy.is_small(whole - (part or 0)))
    of = privacy.to_five(whole or 0)
    value = round(per * privacy.to_five(part) / of, 1) if of and part is not None else None
    return Cell(source, key, columns, value, unit, hidden)


def names(site: Site) -> dict[str, str]:
    """Codes of places, networks and practices in words."""
    found: dict[str, str] = {"unknown": "Not known", "Unknown": "Not known", "all": "All"}
    for kind in ("sub_icb", "pcn", "gp_practice"):
        found |= dict(
            site.published.rows(
                f"select {kind}_code, any_value({kind}_name) from dim_gp_practice "
                f"where {kind}_code is not null group by 1"
            )
        )
    return found


def in_order(values: list[str]) -> list[str]:
    """1, 2 .. 10, then others by name, those without a group last."""
    return sorted(values, key=lambda text: (text.lower() == "unknown", len(text) if text.isdigit() else 0, text))


def note(site: Site, *feeds: str) -> dict[str, Any]:
    """How fresh the feeds are that the numbers rest on."""
    return data_note([site.measures.feeds[key] for key in feeds if key in site.measures.feeds])


def population(site: Site) -> dict[str, Any]:
    """Who is counted, segments, the matrix of age and conditions, registers beside England."""
    rows = site.published.rows(
        "select sub_icb_code, sum(registered_people), sum(opted_out_people), sum(people), max(index_date) "
        "from phm_population where index_date = (select max(index_date) from phm_population) "
        "group by 1 order by 1"
    )
    found: dict[str, Any] = {"why_absent": "", "places": [], "note": note(site, *GP_FEEDS)}
    if not rows:
        found["why_absent"] = site.measures.why_table_absent(
            "phm_population", "the registered population", list(GP_FEEDS)
        )
    else:
        named = names(site)
        found["on"] = rows[0][4]
        whole = [("all", *(sum(row[at] for row in rows) for at in (1, 2, 3)))]
        for place, registered, opted_out, people in [*whole, *(row[:4] for row in rows)]:
            key = f"{rows[0][4].isoformat()}|{place}"
            found["places"].append((
                "All" if place == "all" else named.get(place or "", place or "Not known"),
                counted("phm_population", key, "registered_people", registered),
                shared("phm_population", key, "opted_out_people/registered_people", opted_out, registered),
                counted("phm_population", key, "people", people),
            ))  # fmt: skip
    return found | {"segments": _segments(site), "matrix": _matrix(site), "registers": _registers(site)}


def _segments(site: Site) -> dict[str, Any]:
    rows = site.published.records(
        "select *, sum(people) over (partition by index_date) as everybody from phm_segment order by segment_code"
    )
    if not rows:
        return {"why_absent": site.measures.why_table_absent("phm_segment", "segments of the population")}
    newest = max(row["index_date"] for row in rows)
    before = max((row["index_date"] for row in rows if row["index_date"] <= newest - timedelta(days=365)), default=None)
    earlier = {row["segment_code"]: row for row in rows if row["index_date"] == before}
    listed = []
    for row in rows:
        if row["index_date"] != newest:
            continue
        old = earlier.get(row["segment_code"])
        listed.append({
            "row": row,
            "people": _segment_cell(row, "people"),
            "share": _segment_cell(row, "people/everybody"),
            "before": _segment_cell(old, "people/everybody") if old else None,
        })  # fmt: skip
    most = max((one["share"].value or 0 for one in listed if not one["share"].is_hidden), default=0) or 1
    return {"why_absent": "", "rows": listed, "on": newest, "before": before, "most": most}


def _segment_cell(row: dict[str, Any], column: str) -> Cell:
    key = f"{row['index_date'].isoformat()}|{row['segment_code']}"
    if column == "people":
        return counted("phm_segment", key, column, row["people"])
    return shared("phm_segment", key, column, row["people"], row["everybody"])


def _matrix(site: Site) -> dict[str, Any]:
    """Age by number of long-term conditions: people, use and cost (F 4.2)."""
    rows = site.published.records(
        "select * from phm_segment_matrix where sub_icb_code = 'all' "
        "and index_date = (select max(index_date) from phm_segment_matrix)"
    )
    if not rows:
        return {"why_absent": site.measures.why_table_absent("phm_segment_matrix", "people by age and conditions")}
    on = rows[0]["index_date"]
    by_cell = {(row["age_band"], row["ltc_band"]): row for row in rows}
    tables = []
    for column, per, title, _ in RATES:
        cells = {place: _matrix_cell(on, row, column, per) for place, row in by_cell.items()}
        most = max((cell.value or 0 for cell in cells.values() if not cell.is_hidden), default=0) or 1
        tables.append({
            "title": title,
            "rows": [
                (age, [(cells.get((age, count)), drawings.step(cells.get((age, count)), most)) for count in CONDITIONS])
                for age in AGES
            ],
        })  # fmt: skip
    many = sum(row["people"] for row in rows if row["ltc_band"] not in ("0", "1"))
    several = shared(
        "phm_segment_matrix", f"{on.isoformat()}|two_or_more", "people/everybody", many,
        sum(row["people"] for row in rows),
    )  # fmt: skip
    return {"why_absent": "", "tables": tables, "on": on, "several": several, "columns": CONDITIONS}


def _matrix_cell(on: date, row: dict[str, Any], column: str, per: int | None) -> Cell:
    key = f"{on.isoformat()}|{row['age_band']}|{row['ltc_band']}"
    if per is None:
        return counted("phm_segment_matrix", key, column, row[column])
    if column == "cost_pounds":  # no count of people: only whose cost it is must be many
        each = None if row[column] is None else 10 * round(row[column] / row["people"] / 10)
        return Cell("phm_segment_matrix", key, "cost_per_head", each, None, privacy.is_small(row["people"]))
    return shared("phm_segment_matrix", key, f"{column}/people", row[column], row["people"], per=per, unit=None)


def _registers(site: Site) -> dict[str, Any]:
    rows = site.published.records(
        "select * from phm_register where group_kind = 'all' "
        "and index_date = (select max(index_date) from phm_register) order by register_name"
    )
    if not rows:
        return {"why_absent": site.measures.why_table_absent("phm_register", "disease registers", list(GP_FEEDS))}
    listed: dict[bool, list] = defaultdict(list)
    for row in rows:
        key = f"{row['index_date'].isoformat()}|{row['register_code']}"
        share = shared("phm_register", key, "numerator/denominator", row["numerator"], row["denominator"])
        england = row["england_prevalence_percent"]
        strip = ""
        if england and not share.is_hidden and share.value is not None:
            whole = privacy.to_five(row["denominator"])
            low, high = (100 * end for end in privacy.wilson(privacy.to_five(row["numerator"]), whole))
            strip = drawings.ratio_strip(share.value / england, low / england, high / england, row["register_name"])
        listed[bool(row["is_qof"])].append({
            "row": row, "people": counted("phm_register", key, "numerator", row["numerator"]), "share": share,
            "england": words.shown(england, "percent") if england else "–", "strip": strip,
        })  # fmt: skip
    return {"why_absent": "", "on": rows[0]["index_date"], "qof": listed[True], "others": listed[False]}
