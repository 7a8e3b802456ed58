"""The pathway picture: which way journeys go, and where they wait."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from orchestration.site import privacy, svg, words
from orchestration.site.cells import Cell, last_months
from orchestration.site.measures import ALL

if TYPE_CHECKING:
    from orchestration.site.pages import Site

STEPS = {
    "wait_for_answer": "999 or 111 answers",
    "wait_for_ambulance": "An ambulance arrives",
    "wait_for_handover": "The hospital takes over",
    "wait_to_be_seen": "Seen by a clinician",
    "wait_for_bed": "A bed after the decision to admit",
    "wait_after_ready": "Leaving hospital once ready",
    "wait_after_ready_community": "Leaving a community bed once ready",
    "wait_for_package": "Care at home starts",
}


def _step_name(step: str) -> str:
    return STEPS.get(step, words.humane(step.removeprefix("wait_")))


def blockage_rows(site: Site) -> list[dict[str, Any]]:
    """Per step, site and hour over the last whole months."""
    first, last = last_months(site.as_of)
    return site.published.records(
        """
        select step, site_code, hour_of_day, sum(journeys) as journeys, sum(journeys_waiting) as journeys_waiting,
            sum(total_wait_hours) as hours, sum(journeys_where_costliest) as costliest
        from uec_pathway_blockage where period_start between $first and $last and step is not null
        group by all order by all
        """,
        {"first": first, "last": last},
    )


def worst_blockage(site: Site) -> dict[str, Any] | None:
    """The step and site where most hours were waited over the last months, where the number of people allows it."""
    first, last = last_months(site.as_of)
    sums = _sums(blockage_rows(site))
    span = f"{first.isoformat()}..{last.isoformat()}"
    for (step, code), total in sorted(sums.items(), key=lambda item: (-item[1]["hours"], item[0])):
        if code in site.measures.sites and total["hours"] and not privacy.is_small(total["journeys_waiting"]):
            key = f"{span}|{code}|{step}"
            return {
                "step": _step_name(step),
                "place": site.measures.place("", code).name,
                "first": first,
                "last": last,
                "hours": Cell("uec_pathway_blockage", key, "total_wait_hours", round(total["hours"], 1), "hours"),
                "waiting": Cell("uec_pathway_blockage", key, "journeys_waiting", total["journeys_waiting"]),
            }
    return None


def _sums(rows: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, float]]:
    """(step, site) -> journeys_waiting and hours, over the hours of the day."""
    sums: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: {"journeys_waiting": 0.0, "hours": 0.0})
    for row in rows:
        if row["site_code"]:
            sums[row["step"], row["site_code"]]["journeys_waiting"] += row["journeys_waiting"] or 0
            sums[row["step"], row["site_code"]]["hours"] += row["hours"] or 0
    return dict(sums)


def pathway(site: Site) -> dict[str, Any]:
    first, last = last_months(site.as_of)
    found: dict[str, Any] = {"first": first, "last": last, "why_absent": "", "maps": [], "table": [], "places": []}
    found["flow"], found["flow_why"], found["flow_table"] = _journeys(site, first, last)
    rows = blockage_rows(site)
    if not rows:
        found["why_absent"] = site.measures.why_table_absent("uec_pathway_blockage", "where journeys wait")
        return found
    sums = _sums(rows)
    # Columns: all, and the hospitals of the area in which people wait by the hour.
    timed = {row["site_code"] for row in rows if row["hour_of_day"] is not None and row["journeys_waiting"]}
    codes = [ALL, *sorted(code for code in timed if code in site.measures.sites)]
    steps = [step for step in STEPS if any(row["step"] == step for row in rows)]
    steps += sorted({row["step"] for row in rows} - set(steps))
    found["places"] = ["All" if code == ALL else site.measures.place("", code).name for code in codes]
    span = f"{first.isoformat()}..{last.isoformat()}"
    for step in steps:
        waiting = {code: sums.get((step, code), {}).get("journeys_waiting", 0.0) for code in codes}
        hidden = {code for code in codes if privacy.is_small(waiting[code])}
        parts = [code for code in codes if code != ALL and code not in hidden and waiting[code]]
        if len(hidden - {ALL}) == 1 and ALL not in hidden and parts:
            hidden.add(min(parts, key=lambda code: waiting[code]))
        cells = []
        for code in codes:
            hours = round(sums.get((step, code), {}).get("hours", 0.0), 1)
            key = f"{span}|{code}|{step}"
            cells.append({
                "waiting": Cell("uec_pathway_blockage", key, "journeys_waiting", waiting[code], None, code in hidden),
                "hours": Cell("uec_pathway_blockage", key, "total_wait_hours", hours, "hours", code in hidden),
                "none": not waiting[code],
            })  # fmt: skip
        found["table"].append((_step_name(step), cells))
    found["maps"] = _maps(site, rows, steps, codes, span)
    return found


def _maps(
    site: Site, rows: list[dict[str, Any]], steps: list[str], codes: list[str], span: str
) -> list[tuple[str, Markup]]:
    """One heat map a site: hours waited by step and hour of the day."""
    maps = []
    timed = [step for step in steps if any(row["step"] == step and row["hour_of_day"] is not None for row in rows)]
    for code in codes:
        cells = {}
        for row in rows:
            if row["site_code"] != code or row["hour_of_day"] is None or row["hours"] is None:
                continue
            hidden = privacy.is_small(row["journeys_waiting"])
            hours = round(row["hours"], 1)
            said = f"{_step_name(row['step'])}, {row['hour_of_day']:02d}:00: " + (
                "small number, not shown" if hidden else f"{words.shown(hours, 'hours')} waited"
            )
            cell = Cell(
                "uec_pathway_blockage",
                f"{span}|{code}|{row['step']}|{row['hour_of_day']}",
                "total_wait_hours",
                hours,
                "hours",
                hidden,
            )
            cells[timed.index(row["step"]), row["hour_of_day"]] = (None if hidden else hours, said, cell.attributes)
        if cells:
            name = "All" if code == ALL else site.measures.place("", code).name
            drawing = svg.heat_map(
                [_step_name(step) for step in timed],
                [f"{hour:02d}" for hour in range(24)],
                cells,
                title=f"{name}: hours waited by step and hour of the day",
                description="Darker cells: more time was waited. The sums are in the table below.",
                every=3,
            )
            maps.append((name, drawing))
    return maps


CONTACTS = {
    "nhs_111": "NHS 111",
    "ambulance_999": "999",
    "walk_in": "Walked in",
    "direct_admission": "Admitted directly",
}
OUTCOMES = {
    "advice": "Advice",
    "treated_at_scene": "Treated at scene",
    "left_ed": "Left the ED early",
    "home_from_ed": "Home from the ED",
    "home": "Home from hospital",
    "home_with_package": "Home with care",
    "community_bed": "Community bed",
    "care_home": "Care home",
    "died": "Died",
    "transferred": "Another hospital",
    "still_in_ed": "Still in the ED",
    "still_in_hospital": "Still in hospital",
    "still_in_community_bed": "Still in a community bed",
    "other": "Other or not known",
}


def _journeys(site: Site, first: date, last: date) -> tuple[Markup | None, str, list[tuple[str, str, str, Cell]]]:
    """Journeys from first contact through the furthest place reached to the outcome, as a drawing and a table."""
    rows = site.published.rows(
        """
        select coalesce(first_contact, 'other') as start,
            case
                when has_hospital_spell then 'Hospital bed'
                when has_ed_attendance then 'Emergency department'
                when has_ambulance_incident then 'Ambulance only'
                else 'Telephone only'
            end as reached,
            coalesce(outcome, 'other') as outcome, count(*) as journeys
        from uec_pathway
        where started_date >= $first and started_date < cast($last as date) + interval 1 month
        group by all order by all
        """,
        {"first": first, "last": last},
    )
    if not rows:
        return None, site.measures.why_table_absent("uec_pathway", "journeys from first contact to outcome"), []
    span = f"{first.isoformat()}..{last.isoformat()}"
    # Parts that stand for a handful of people are left out of drawing and table.
    shown = [row for row in rows if not privacy.is_small(row[3])]
    starts, reached, ends = (defaultdict(float) for _ in range(3))
    one, two = defaultdict(float), defaultdict(float)
    for start, place, outcome, journeys in shown:
        starts[start] += journeys
        reached[place] += journeys
        ends[outcome] += journeys
        one[start, place] += journeys
        two[place, outcome] += journeys
    places = [
        name for name in ("Telephone only", "Ambulance only", "Emergency department", "Hospital bed") if name in reached
    ]
    stages = [
        [(CONTACTS.get(code, words.humane(code)), starts[code]) for code in [*CONTACTS, "other"] if code in starts],
        [(name, reached[name]) for name in places],
        [(OUTCOMES.get(code, words.humane(code)), ends[code]) for code in OUTCOMES if code in ends],
    ]
    links = []
    for code in [*CONTACTS, "other"]:
        for place in places:
            if one.get((code, place)):
                name = CONTACTS.get(code, words.humane(code))
                links.append(
                    (
                        0,
                        name,
                        place,
                        one[code, place],
                        f"{name} to {place}: {words.number(one[code, place])} journeys",
                        {},
                    )
                )
    for place in places:
        for code, name in OUTCOMES.items():
            if two.get((place, code)):
                links.append(
                    (
                        1,
                        place,
                        name,
                        two[place, code],
                        f"{place} to {name}: {words.number(two[place, code])} journeys",
                        {},
                    )
                )
    drawing = svg.flow(
        stages,
        links,
        title="Journeys from first contact to outcome",
        description="Bands join first contact, furthest place reached and outcome; their width is the number of "
        "journeys. The numbers are in the table below.",
        captions=("First contact", "Furthest place", "Outcome"),
    )
    table = [
        (CONTACTS.get(start, words.humane(start)), place, OUTCOMES.get(outcome, words.humane(outcome)),
         Cell("uec_pathway", f"{span}|{start}|{place}|{outcome}", "journeys", journeys, None,
              privacy.is_small(journeys)))
        for start, place, outcome, journeys in rows
    ]  # fmt: skip
    return drawing, "", table
