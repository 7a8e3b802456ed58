"""The daily return: what hospitals submitted beside what the hub computes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from orchestration.site import privacy, words
from orchestration.site.cells import Cell
from orchestration.site.data import item_order

if TYPE_CHECKING:
    from orchestration.site.pages import Site

SITREP_DAYS = 28


def sitrep(site: Site) -> dict[str, Any]:
    """What the partners submitted beside what the hub computes, over the last four weeks."""
    # The newest day for which all parts of the return have come, or as many as ever.
    days = site.published.rows(
        "select flow_date, count(submitted) from uec_daily_sitrep where submitted is not null "
        "group by flow_date order by flow_date desc limit $days",
        {"days": SITREP_DAYS},
    )
    last = max(days, key=lambda day: (day[1], day[0]))[0] if days else None
    found: dict[str, Any] = {"why_absent": "", "summary": [], "places": [], "days": [], "last": last}
    if last is None:
        found["why_absent"] = site.measures.why_table_absent(
            "uec_daily_sitrep", "submitted and computed returns", ["mseft.daily_sitrep"]
        )
        return found
    first = last - timedelta(days=SITREP_DAYS - 1)
    rows = site.published.records(
        "select * from uec_daily_sitrep where flow_date between $first and $last order by item, site_code, flow_date",
        {"first": first, "last": last},
    )
    found["first"] = first
    codes = sorted({row["site_code"] for row in rows if row["site_code"]})
    found["places"] = [site.measures.place("", code).name for code in codes]
    order = item_order()
    named = dict.fromkeys((row["item"], row["item_label"]) for row in rows)
    items = sorted(named, key=lambda item: (order.get(item[0], len(order)), item))
    for item, label in items:
        cells = []
        for code in codes:
            mine = [row for row in rows if row["item"] == item and row["site_code"] == code]
            compared = [row for row in mine if row["difference"] is not None]
            inside = sum(bool(row["is_within_tolerance"]) for row in compared)
            key = f"{first.isoformat()}..{last.isoformat()}|{code}|{item}"
            cells.append({
                "compared": Cell("uec_daily_sitrep", key, "compared", len(compared)),
                "inside": Cell("uec_daily_sitrep", key, "inside", inside),
            })  # fmt: skip
        found["summary"].append((label or words.humane(item), cells))
    newest = [row for row in rows if row["flow_date"] == last]
    for item, label in items:
        cells = []
        for code in codes:
            row = next((row for row in newest if row["item"] == item and row["site_code"] == code), None)
            cells.append(_sitrep_cells(row, last) if row else None)
        if any(cells):
            found["days"].append((label or words.humane(item), cells))
    return found


def _sitrep_cells(row: dict[str, Any], day: date) -> dict[str, Any]:
    key = f"{day.isoformat()}|{row['site_code']}|{row['item']}"
    counts_beds = "beds" in row["item"]
    hidden = {column: not counts_beds and privacy.is_small(row[column]) for column in ("computed", "submitted")}
    return {
        "computed": Cell("uec_daily_sitrep", key, "computed", row["computed"], None, hidden["computed"]),
        "submitted": Cell("uec_daily_sitrep", key, "submitted", row["submitted"], None, hidden["submitted"]),
        "difference": Cell("uec_daily_sitrep", key, "difference", row["difference"], None,
                           not counts_beds and (any(hidden.values()) or privacy.is_small(abs(row["difference"] or 0)))),
        "inside": row["is_within_tolerance"],
        "computable": row["is_computable"],
    }  # fmt: skip
