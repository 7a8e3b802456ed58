"""The people registered here, wherever they were treated: measures by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestration.site import privacy, words
from orchestration.site.cells import Cell, last_months

if TYPE_CHECKING:
    from orchestration.site.pages import Site

DIMENSIONS = {
    "sub_icb": "By sub-ICB location of the practice",
    "imd_quintile": "By deprivation of the area",
    "age_band": "By age",
    "ethnic_group": "By ethnic group",
    "sex": "By sex",
}
SEXES = {"1": "Male", "2": "Female", "9": "Indeterminate", "X": "Not known"}


def residents(site: Site) -> dict[str, Any]:
    """People registered here, wherever they were treated: each measure by group, over the last 12 whole months."""
    first, last = last_months(site.as_of)
    rows = site.published.rows(
        """
        select population.metric_id, dimension, coalesce(dimension_value, 'unknown') as dimension_value,
            sum(numerator) as numerator, sum(denominator) as denominator, any_value(population.unit) as unit,
            any_value(words.aggregate) as aggregate,
            round(case when any_value(population.unit) = 'percent' then 100 else 1 end
                * sum(numerator) / sum(denominator), 1) as value
        from uec_metric_population as population
        inner join dim_metric as words on population.metric_id = words.metric_id
        where period_grain = 'month' and period_start between $first and $last and words.aggregate in ('ratio', 'mean')
        group by population.metric_id, dimension, dimension_value
        order by population.metric_id, dimension, dimension_value
        """,
        {"first": first, "last": last},
    )
    found: dict[str, Any] = {"first": first, "last": last, "metrics": [], "why_absent": ""}
    if not rows:
        found["why_absent"] = site.measures.why_table_absent(
            "uec_metric_population", "measures of the people registered here"
        )
        return found
    span = f"{first.isoformat()}..{last.isoformat()}"
    grouped: dict[str, dict[str, list[tuple[str, Cell]]]] = defaultdict(lambda: defaultdict(list))
    names = _group_names(site)
    for metric_id, dimension, value, numerator, denominator, unit, aggregate, shown in rows:
        if not denominator:
            continue
        hidden = privacy.is_small(denominator) or (aggregate == "ratio" and privacy.is_small(numerator))
        cell = Cell("uec_metric_population", f"{span}|{metric_id}|{dimension}|{value}", "value", shown, unit, hidden)
        grouped[metric_id][dimension].append((names(dimension, value), cell))
    for metric_id, dimensions in grouped.items():
        visible = [cell.value for cells in dimensions.values() for _, cell in cells if not cell.is_hidden]
        found["metrics"].append({
            "block": site.block(metric_id),
            "all": next((cell for _, cell in dimensions.get("all", [])), None),
            "most": max(visible, default=0) or 1,
            "dimensions": [(DIMENSIONS[name], dimensions[name]) for name in DIMENSIONS if name in dimensions],
        })  # fmt: skip
    return found


def _group_names(site: Site) -> Callable[[str, str], str]:
    places = dict(site.published.rows("select sub_icb_code, any_value(sub_icb_name) from dim_gp_practice group by 1"))

    def name(dimension: str, value: str) -> str:
        if value in ("unknown", "not known"):
            return "Not known"
        if dimension == "imd_quintile":
            ends = {"1": "1, most deprived fifth", "5": "5, least deprived fifth"}
            return ends.get(value, value)
        if dimension == "sex":
            return SEXES.get(value, value)
        return words.humane(places.get(value, value)) if dimension == "ethnic_group" else places.get(value, value)

    return name
