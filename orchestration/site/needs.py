"""Gaps in care, cohorts and the risk of an emergency admission: pages without anybody's identity."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from orchestration.site import drawings, privacy, words
from orchestration.site.cells import Cell
from orchestration.site.health import GP_FEEDS, KINDS, counted, in_order, names, note, shared

if TYPE_CHECKING:
    from orchestration.site.pages import Site

FEWEST_POINTS = 5
BANDS = {"very_high": "Very high", "high": "High", "moderate": "Moderate (rising risk)", "low": "Low"}
BAND_MEANS = {
    "very_high": "the 0.5% at highest risk",
    "high": "from there to 5%",
    "moderate": "from there to 20%",
    "low": "everybody else",
}
CARD = {
    "auc": ("Ranking (AUC)", "Chance that of two people, one admitted and one not, the admitted one ranks higher.", 3),
    "observed_to_expected": ("Observed to expected", "1 is right; over 1 the model underrates.", 2),
    "calibration_slope": ("Slope of calibration", "1 is right; under 1 high risks are told too high.", 2),
    "calibration_intercept": ("Intercept of calibration", "0 is right.", 2),
    "brier": ("Brier score", "Mean squared error of the probabilities; less is better.", 4),
    "admitted_share": ("Admitted in the year after", "Of all on whom it was judged.", 3),
    "ppv_top_0_5": ("Admitted of the top 0.5%", "Share of those at highest risk who were admitted.", 3),
    "ppv_top_5": ("Admitted of the top 5%", "Share of those at highest risk who were admitted.", 3),
    "sensitivity_top_0_5": ("Found by the top 0.5%", "Share of all admitted people who were on the list.", 3),
    "sensitivity_top_5": ("Found by the top 5%", "Share of all admitted people who were on the list.", 3),
}
GROUPS = {"sex": "Sex", "ethnic_group": "Ethnic group", "imd_quintile": "Deprivation, fifths", "age_band": "Age"}


# Gaps in care


def gaps(site: Site) -> dict[str, Any]:
    rows = site.published.records("select * from phm_care_gap_summary order by condition_group, label")
    if not rows:
        why = site.measures.why_table_absent("phm_care_gap_summary", "gaps in care", list(GP_FEEDS))
        return {"why_absent": why}
    named = names(site)
    by_gap: dict[str, dict[str, dict[str, dict]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        by_gap[row["gap_code"]][row["group_kind"]][row["group_value"]] = row
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for kinds in by_gap.values():
        if "all" in kinds:
            head = kinds["all"]["all"]
            groups[head["condition_group"] or "Other"].append(_standard(head, kinds, named))
    return {
        "why_absent": "",
        "groups": sorted(groups.items()),
        "on": rows[0]["index_date"],
        "note": note(site, *GP_FEEDS, "primary_care.gp_medication"),
        "fewest": FEWEST_POINTS,
    }


def _met(row: dict[str, Any]) -> Cell:
    key = f"{row['gap_code']}|{row['group_kind']}|{row['group_value']}"
    source, columns = "phm_care_gap_summary", "met_people/denominator"
    return shared(source, key, columns, row["met_people"], row["denominator"], also_rest=True)


def _standard(head: dict[str, Any], kinds: dict[str, dict], named: dict[str, str]) -> dict[str, Any]:
    key, met = f"{head['gap_code']}|all|all", _met(head)

    def number(column: str) -> Cell:
        return counted("phm_care_gap_summary", key, column, head[column])

    points = []
    average = 100 * head["met_people"] / head["denominator"] if head["denominator"] else 0.0
    for kind in ("practice", "pcn"):
        for code, row in kinds.get(kind, {}).items():
            cell = _met(row)
            if code != "unknown" and cell.value is not None and not cell.is_hidden:
                people, share = row["denominator"], 100 * row["met_people"] / row["denominator"]
                beyond = drawings.outside(people, share, average)
                points.append((named.get(code, code), privacy.to_five(people), cell.value, kind == "pcn", beyond))
    is_drawn = len(points) >= FEWEST_POINTS and met.value is not None and 0 < met.value < 100 and not met.is_hidden
    drawing = None
    if is_drawn:
        drawing = drawings.funnel(points, met.value, f"{head['label']}, by practice", head["standard_percent"])
    beyond = sorted(name for name, _, _, _, is_beyond in points if is_beyond)
    return {
        "row": head, "met": met, "standard": head["standard_percent"],
        "is_reached": None if head["standard_percent"] is None or met.is_hidden or met.value is None
        else met.value >= head["standard_percent"],
        "denominator": number("denominator"), "open": number("open_people"), "excluded": number("excluded_people"),
        "never": number("never_recorded_people"), "left_out": number("left_out_people"),
        "funnel": drawing, "beyond": beyond,
        "dimensions": _dimensions(kinds, named, _met, ("place", "imd_decile", "age_band", "ethnic_group")),
    }  # fmt: skip


def _dimensions(kinds: dict[str, dict], named: dict[str, str], cell_of, shown: tuple[str, ...]) -> list[tuple]:
    """(title, [(group, cell)], largest), one for each kind of group."""
    found = []
    for kind in shown:
        cells = [
            (named.get(value, value), cell_of(kinds[kind][value])) for value in in_order(list(kinds.get(kind, {})))
        ]
        if cells:
            most = max((cell.value or 0 for _, cell in cells if not cell.is_hidden), default=0) or 1
            found.append((KINDS[kind], cells, most))
    return found


# Cohorts


def cohorts(site: Site) -> dict[str, Any]:
    listed = site.published.records("select * from phm_cohort order by label")
    if not listed:
        return {"why_absent": site.measures.why_table_absent("phm_cohort", "cohorts", list(GP_FEEDS))}
    named = names(site)
    kinds: dict[str, dict[str, dict[str, dict]]] = defaultdict(lambda: defaultdict(dict))
    for row in site.published.records("select * from phm_cohort_summary"):
        kinds[row["cohort_id"]][row["group_kind"]][row["group_value"]] = row
    return {
        "why_absent": "",
        "on": listed[0]["index_date"],
        "note": note(site, *GP_FEEDS),
        "cohorts": [_cohort(row, kinds[row["cohort_id"]], named) for row in listed],
    }


def _cohort(row: dict[str, Any], kinds: dict[str, dict], named: dict[str, str]) -> dict[str, Any]:
    whole = kinds.get("all", {}).get("all")

    def per_1000(group: dict[str, Any]) -> Cell:
        key = f"{group['cohort_id']}|{group['group_kind']}|{group['group_value']}"
        columns = ("people", "population")
        return shared(
            "phm_cohort_summary", key, "/".join(columns), *(group[name] for name in columns), per=1000, unit=None
        )

    use = []
    if whole and row["people"] and not privacy.is_small(row["people"]):
        key = f"{row['cohort_id']}|all|all"
        for label, column, everybody in (
            ("Emergency department attendances per 1,000", "ed_attendances", "population_ed_per_1000"),
            ("Emergency admissions per 1,000", "emergency_admissions", "population_emergency_per_1000"),
        ):
            rate = shared(
                "phm_cohort_summary", key, f"{column}/people", whole[column], whole["people"], per=1000, unit=None
            )
            use.append((label, rate, words.shown(whole[everybody], None)))
        each = None if whole["cost_per_person"] is None else 10 * round(whole["cost_per_person"] / 10)
        usual = whole["population_cost_per_person"]
        use.append((
            "Cost per head, £", Cell("phm_cohort_summary", key, "cost_per_head", each),
            "–" if usual is None else words.number(10 * round(usual / 10)),
        ))  # fmt: skip
    return {
        "row": row,
        "people": counted("phm_cohort", row["cohort_id"], "people", row["people"]),
        "left_out": counted("phm_cohort", row["cohort_id"], "left_out_people", row["left_out_people"]),
        "use": use,
        "dimensions": _dimensions(kinds, named, per_1000, ("place", "imd_decile", "age_band", "ethnic_group"))
        if use else [],
    }  # fmt: skip


# Risk


def risk(site: Site) -> dict[str, Any]:
    card = site.published.records("select * from phm_risk_model")
    if not card:
        return {"why_absent": site.measures.why_table_absent("phm_risk_model", "the risk of an emergency admission")}
    if card[0]["reason_for_none"]:
        why = f"No data: there is no risk model. {card[0]['reason_for_none']}"
        return {"why_absent": why, "card_row": card[0]}
    bands = site.published.records("select * from phm_risk_band")
    named = names(site)
    by_group: dict[tuple[str, str], dict[str, dict]] = defaultdict(dict)
    for row in bands:
        by_group[row["group_kind"], row["group_name"]][row["risk_band"]] = row
    return {
        "why_absent": "", "model": card[0], "note": note(site, *GP_FEEDS),
        "bands": [
            (label, BAND_MEANS[band], _band(row, "people"), _band(row, "expected_admitted_people"))
            for band, label in BANDS.items() if (row := by_group["all", "all"].get(band))
        ],
        "groups": _band_groups(by_group, named),
        "calibration": _calibration(site),
        "whole": [
            (*CARD[measure][:2], _card_cell(row, CARD[measure][2]), _limits(row, CARD[measure][2]))
            for measure in CARD for row in card if row["measure"] == measure and row["group_kind"] == "all"
        ],
        "by_group": _card_groups(card),
        "networks": _networks(site, named),
    }  # fmt: skip


def _band(row: dict[str, Any], column: str) -> Cell:
    key = f"{row['group_kind']}|{row['group_name']}|{row['risk_band']}"
    cell = counted("phm_risk_band", key, column, row[column])
    cell.is_hidden = cell.is_hidden or privacy.is_small(row["people"])
    return cell


def _band_groups(by_group: dict[tuple[str, str], dict[str, dict]], named: dict[str, str]) -> list[tuple]:
    """(title, [(group, share of its people in the top 5 %)], largest)."""
    found = []
    for kind in ("place", "imd_decile", "age_band", "ethnic_group"):
        cells = []
        for value in in_order([name for of, name in by_group if of == kind]):
            bands = by_group[kind, value]
            top = sum(bands[band]["people"] for band in ("very_high", "high") if band in bands)
            whole = next(iter(bands.values()))["group_people"]
            key = f"{kind}|{value}|top_5"
            cells.append((named.get(value, value), shared("phm_risk_band", key, "people/group_people", top, whole)))
        if cells:
            most = max((cell.value or 0 for _, cell in cells if not cell.is_hidden), default=0) or 1
            found.append((KINDS[kind], cells, most))
    return found


def _calibration(site: Site):
    points = []
    for row in site.published.records("select * from phm_risk_calibration order by decile"):
        if privacy.is_small(row["people"]) or privacy.is_small(row["admitted_people"]) or not row["people"]:
            continue
        people, admitted = privacy.to_five(row["people"]), privacy.to_five(row["admitted_people"])
        low, high = (100 * end for end in privacy.wilson(admitted, people))
        points.append((row["decile"], 100 * row["expected_share"], 100 * admitted / people, low, high))
    return drawings.calibration(points, "Expected and observed admissions by tenth of risk") if points else None


def _card_cell(row: dict[str, Any], places: int) -> Cell:
    key = f"{row['measure']}|{row['group_kind']}|{row['group_name']}"
    value = None if row["value"] is None else round(row["value"], places)
    rests_on = row["top_5_people"] if row["measure"].startswith("ppv_top_5") else row["admitted_people"]
    return Cell("phm_risk_model", key, "value", value, None, privacy.is_small(rests_on), places)


def _limits(row: dict[str, Any], places: int) -> str:
    if row["lower_limit"] is None or privacy.is_small(row["admitted_people"]):
        return "–"
    return f"{row['lower_limit']:.{places}f} to {row['upper_limit']:.{places}f}"


def _card_groups(card: list[dict[str, Any]]) -> list[tuple]:
    """(kind, [(group, people, admitted, AUC, its limits, observed to expected)])."""
    by_key = {(row["measure"], row["group_kind"], row["group_name"]): row for row in card}
    found = []
    for kind, title in GROUPS.items():
        lines = []
        for value in in_order(sorted({name for _, of, name in by_key if of == kind})):
            auc, ratio = (by_key.get((measure, kind, value)) for measure in ("auc", "observed_to_expected"))
            if not auc or not ratio:
                continue
            key = f"auc|{kind}|{value}"
            lines.append((
                "Not known" if value.lower() == "unknown" else words.humane(value),
                counted("phm_risk_model", key, "people", auc["people"]),
                counted("phm_risk_model", key, "admitted_people", auc["admitted_people"]),
                _card_cell(auc, 3), _limits(auc, 3), _card_cell(ratio, 2),
            ))  # fmt: skip
        found.append((title, lines))
    return [(title, lines) for title, lines in found if lines]


def _networks(site: Site, named: dict[str, str]) -> list[tuple]:
    columns = ("rising_risk_people", "changeable_people", "open_gap_people", "listed_people")
    return [
        (named.get(row["pcn_code"], row["pcn_code"]),
         [counted("phm_impactability", row["pcn_code"], column, row[column]) for column in columns])
        for row in site.published.records("select * from phm_impactability order by pcn_code")
    ]  # fmt: skip
