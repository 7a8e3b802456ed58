"""Splink's settings, made from the macro and the seeds from which dbt's SQL is made (decision 0027)."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT

MACRO = PROJECT / "macros" / "nhs" / "linkage_comparisons.sql"
SEED = PROJECT / "seeds" / "linkage_weight.csv"
COLUMNS = ("version", "comparison", "level", "m", "u", "weight")
NEUTRAL = 0.5  # m and u of a level that says nothing of its own
PROFILE = (
    "family_name_key", "given_name_key", "given_name_root", "birth_text", "sex_code", "postcode", "gp_practice_code",
)  # fmt: skip


class _Returned(Exception):
    pass


def _from_macro(name: str) -> Any:
    """What a macro of the file returns, without dbt."""
    from jinja2 import Environment

    def give_back(value: Any) -> None:
        raise _Returned(value)

    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals |= {"return": give_back, "edit_distance": lambda one, other: f"levenshtein({one}, {other})"}
    module = environment.from_string(MACRO.read_text(encoding="utf-8")).module
    try:
        getattr(module, name)()
    except _Returned as returned:
        return returned.args[0]
    raise ValueError(f"{MACRO.name}: {name} returns nothing")


def comparisons() -> list[dict[str, Any]]:
    """Comparisons with their levels, best first."""
    return _from_macro("linkage_comparisons")


def blocks() -> list[list[str]]:
    """Sets of expressions of which a pair shares one."""
    return _from_macro("linkage_blocks")


def weights(path: Path = SEED) -> dict[tuple[str, str], dict[str, float]]:
    """(comparison, level): m, u and weight, as in the seed; ('prior', 'prior') has a weight only."""
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (row["comparison"], row["level"]): {
                key: float(row[key]) for key in ("m", "u", "weight") if row[key] not in ("", None)
            }
            for row in csv.DictReader(file)
        }


def _sql(condition: str) -> str:
    return re.sub(r"\[([lr])\.(\w+)\]", r"\2_\1", condition)


def _rule(columns: list[str]) -> dict[str, str]:
    sides = [
        [re.sub(rf"\b({'|'.join(PROFILE)})\b", rf"{side}.\1", column) for column in columns] for side in ("l", "r")
    ]
    return {"blocking_rule": " and ".join(f"{one} = {other}" for one, other in zip(*sides, strict=True))}


def settings(given: dict[tuple[str, str], dict[str, float]] | None = None) -> dict[str, Any]:
    """Settings for a linker. `given`: the seed's weights; without them Splink starts from its own guesses."""
    made = []
    for comparison in comparisons():
        missing = " or ".join(f"{column}_{side} is null" for column in comparison["columns"] for side in "lr")
        levels: list[dict[str, Any]] = [
            {"sql_condition": missing, "label_for_charts": "not known", "is_null_level": True}
        ]
        for level in comparison["levels"]:
            one = {
                "sql_condition": _sql(level["when"]) if level.get("when") else "ELSE",
                "label_for_charts": level["level"].replace("_", " "),
            }
            if level.get("neutral"):
                one |= {"m_probability": NEUTRAL, "u_probability": NEUTRAL}
                one |= {"fix_m_probability": True, "fix_u_probability": True}
            elif given is not None:
                told = given[comparison["name"], level["level"]]
                one |= {"m_probability": told["m"], "u_probability": told["u"]}
            levels.append(one)
        made.append(
            {
                "output_column_name": comparison["name"],
                "comparison_levels": levels,
                "comparison_description": comparison["name"],
            }
        )
    odds = 2 ** given["prior", "prior"]["weight"] if given else 1e-4
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": odds / (1 + odds),
        "comparisons": made,
        "blocking_rules_to_generate_predictions": [_rule(columns) for columns in blocks()],
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": True,
    }


def weight_of(m: float, u: float) -> float:
    return round(math.log2(m / u), 6)
