"""Inequality, what places could spare, and whether interventions worked: pages without anybody's identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestration.site import privacy, words
from orchestration.site.health import GP_FEEDS, counted, names, note

if TYPE_CHECKING:
    from orchestration.site.pages import Site

MOST_LINES = 15
UNITS = {"percent": "%", "per 1,000": "per 1,000", "per 100,000": "per 100,000"}
STATUS = {"told": "Told", "too few": "Too few people to tell", "not available": "No feed tells it"}
ANSWERS = {
    "fewer": "Fewer emergency admissions than to be expected.",
    "more": "More emergency admissions than to be expected.",
    "not_told": "Not told: the interval holds no difference.",
    "not_comparable": "Not told: emergency admissions of the two sides went different ways already before it began, as "
    "they do where people are chosen in a bad time and get better by themselves.",
    "not_confirmed": "Not told: there is a difference beside people alike, and not the same beside people with as many "
    "emergency admissions before. People who are chosen in a bad time get better by themselves, which looks like an "
    "effect; find out how they were chosen.",
    "too_few": "Not told: too few people, or too few admissions.",
}
DESIGNS = {
    "prior_use": "Beside people with as many emergency admissions before",
    "characteristics": "Beside people alike, without looking at use before",
}


def inequalities(site: Site) -> dict[str, Any]:
    """The most deprived fifth beside the rest, Core20PLUS5, and opportunity by place and network."""
    rows = site.published.records(
        "select * from phm_inequality where index_date = (select max(index_date) from phm_inequality) order by label"
    )
    items = site.published.records("select * from phm_core20plus5 order by age_group, item_id")
    found = {
        "why_absent": "" if rows else site.measures.why_table_absent("phm_inequality", "inequality", list(GP_FEEDS)),
        "rows": [_line(row) for row in rows],
        "on": rows[0]["index_date"] if rows else None,
        "note": note(site, *GP_FEEDS, "primary_care.gp_medication"),
        "items": [(row, STATUS.get(row["status"], row["status"])) for row in items],
        "opportunity": _opportunity(site),
    }
    found["items_on"] = found["on"] or (items[0]["index_date"] if items else None)
    return found


def _line(row: dict[str, Any]) -> dict[str, Any]:
    sides = [_side(row, side) for side in ("core20", "rest")]
    is_open = all(text not in (privacy.SUPPRESSED, "–") for text in sides)
    gap = "–"
    if is_open and row["gap"] is not None:
        places = 0 if any(_is_crude(row, side) for side in ("core20", "rest")) else 1
        gap = _span(row["gap"], row["gap_lower"], row["gap_upper"], places, sign=True)
    return {
        "row": row, "sides": sides, "gap": gap,
        "unit": UNITS.get(row["unit"], row["unit"]),
        "sii": "–" if row["sii"] is None else _span(row["sii"], row["sii_lower"], row["sii_upper"], 1, sign=True),
        "rii": "–" if row["rii"] is None else _span(row["rii"], row["rii_lower"], row["rii_upper"], 2),
        "sign": _sign(row),
    }  # fmt: skip


def _is_crude(row: dict[str, Any], side: str) -> bool:
    """A share of people that is not standardised: its value gives their number away."""
    value, people, events = (row[f"{side}_{name}"] for name in ("value", "people", "events"))
    return row["unit"] == "percent" and value is not None and bool(people) and abs(value - 100 * events / people) < 1e-4


def _side(row: dict[str, Any], side: str) -> str:
    """A rate: not shown on 1 to 7 events or people; standardised rates as they are, others as whole per cents."""
    value, people, events = (row[f"{side}_{name}"] for name in ("value", "people", "events"))
    is_crude = _is_crude(row, side)
    if privacy.is_small(events) or privacy.is_small(people) or (is_crude and privacy.is_small(people - events)):
        return privacy.SUPPRESSED
    if value is None:
        return "–"
    return words.number(value, 0 if is_crude or abs(value) >= 100 else 1)


def _span(value: float, low: float | None, high: float | None, places: int, *, sign: bool = False) -> str:
    """A number with its interval: +2.4 (-1.8 to 8.1)."""
    places = 0 if abs(value) >= 100 else places
    said = f"{value:+,.{places}f}" if sign else f"{value:,.{places}f}"
    return said if low is None or high is None else f"{said} ({low:,.{places}f} to {high:,.{places}f})"


def _sign(row: dict[str, Any]) -> str:
    """Who is worse off by the slope, where chance does not explain it."""
    low, high = row["sii_lower"], row["sii_upper"]
    if low is None or high is None or low <= 0 <= high:
        return "no slope beyond chance" if low is not None else "too few"
    is_higher = low > 0
    if row["better"] == "neither":
        return "higher where more deprived" if is_higher else "lower where more deprived"
    return "worse where more deprived" if is_higher == (row["better"] == "lower") else "better where more deprived"


def _opportunity(site: Site) -> dict[str, Any]:
    rows = site.published.records(
        "select * from phm_opportunity where group_kind in ('place', 'pcn') and benchmark = 'best_quarter' "
        "and events_less > 0 order by pounds_less desc nulls last, label, group_value"
    )
    if not rows:
        return {"why_absent": site.measures.why_table_absent("phm_opportunity", "what places could spare")}
    named = names(site)
    return {
        "why_absent": "",
        "is_full_year": all(row["is_full_year"] for row in rows),
        "rows": [
            {"row": row, "name": named.get(row["group_value"], row["group_value"]),
             "kind": "place" if row["group_kind"] == "place" else "network",
             "events": _opportunity_count(row, "events"), "less": _opportunity_count(row, "events_less"),
             "pounds": "–" if row["pounds_less"] is None or privacy.is_small(row["events_less"])
             else words.number(100 * round(row["pounds_less"] / 100))}
            for row in rows[:MOST_LINES]
        ],
        "more": max(0, len(rows) - MOST_LINES),
    }  # fmt: skip


def _opportunity_count(row: dict[str, Any], column: str):
    key = f"{row['indicator_id']}|{row['group_kind']}|{row['group_value']}|{row['benchmark']}"
    return counted("phm_opportunity", key, column, row[column])


def interventions(site: Site) -> dict[str, Any]:
    """Each intervention: who took part, and what became of them beside people like them."""
    rows = site.published.records("select * from phm_intervention_effect order by label, is_main desc")
    if not rows:
        feeds = ["primary_care.interventions"]
        return {"why_absent": site.measures.why_table_absent("phm_intervention_effect", "interventions", feeds)}
    balance = site.published.records("select * from phm_intervention_balance order by variable")
    listed = []
    for row in rows:
        worst = max(
            (abs(one["standardised_difference"]) for one in balance
             if (one["intervention_id"], one["design"]) == (row["intervention_id"], row["design"])
             and one["standardised_difference"] is not None),
            default=None,
        )  # fmt: skip
        key = f"{row['intervention_id']}|{row['design']}"
        counts = ("exposed_people", "left_out_people", "matched_people", "comparison_people")
        is_told = row["effect_ratio"] is not None and row["answer"] != "too_few"
        ratio, trend = (
            [row[f"{result}_ratio{part}"] for part in ("", "_lower", "_upper")] for result in ("effect", "trend")
        )
        listed.append({
            "row": row, "design": DESIGNS.get(row["design"], words.humane(row["design"])),
            "answer": ANSWERS.get(row["answer"], words.humane(row["answer"] or "")),
            "ratio": _span(*ratio, 2) if is_told else "–",
            "trend": _span(*trend, 2) if is_told and row["trend_ratio"] is not None else "–",
            "per_1000": _span(row["difference_per_1000_years"], row["difference_lower"], row["difference_upper"], 0,
                              sign=True) if is_told and row["difference_per_1000_years"] is not None else "–",
            "worst": None if worst is None else words.number(worst, 2),
            **{column: counted("phm_intervention_effect", key, column, row[column]) for column in counts},
        })  # fmt: skip
    return {"why_absent": "", "rows": listed, "on": rows[0]["index_date"],
            "note": note(site, "primary_care.interventions", *GP_FEEDS)}  # fmt: skip
