"""The dictionary gate: what is described is what is there (design 4.6), checked against the warehouse."""

from __future__ import annotations

from collections.abc import Mapping

from orchestration.gates.nodes import is_cohort_file, is_metric_file, layer, meta, metric_columns, models, place, seeds
from orchestration.gates.violation import Violation

COHORT_COLUMNS = ["person_id"]


def dictionary_untrue(manifest: dict, catalog: Mapping[tuple[str, str], list[str]]) -> list[Violation]:
    """Every real column of every table is described, and no described column is missing.

    `catalog`: (schema, table) -> columns that the built warehouse really has.
    """
    found: list[Violation] = []

    def add(file: str, problem: str, remedy: str) -> None:
        found.append(Violation(file, None, "dictionary", problem, remedy))

    for node in [*models(manifest), *seeds(manifest)]:
        if node["config"].get("materialized") == "ephemeral":
            continue
        real = catalog.get((node["schema"], node["alias"]))
        if real is None:
            add(
                node["original_file_path"],
                f"{node['name']} is not in the built warehouse",
                "Build it: `bihub run`.",
            )
            continue
        if is_metric_file(node):
            if sorted(real) != sorted(metric_columns(node)):
                add(
                    node["original_file_path"],
                    f"the metric gives the columns {', '.join(real)}",
                    f"This metric must give {', '.join(metric_columns(node))}.",
                )
            continue
        if is_cohort_file(node):
            if real != COHORT_COLUMNS:
                add(
                    node["original_file_path"],
                    f"the cohort gives the columns {', '.join(real)}",
                    "A cohort gives person_id and nothing else.",
                )
            continue
        if not (node.get("description") or "").strip():
            add(
                place(node),
                f"{node['name']} has no description",
                "Say in a sentence what it holds and what for.",
            )
        described = {name: (column.get("description") or "").strip() for name, column in node["columns"].items()}
        for column in real:
            if not described.get(column):
                add(
                    place(node),
                    f"column {node['name']}.{column} is not described",
                    "Add it to `columns` with a description.",
                )
        for column in described:
            if column not in real:
                add(
                    place(node),
                    f"described column {node['name']}.{column} does not exist",
                    "Remove it, or mend its name.",
                )
    for source in manifest["sources"].values():
        for column, described in source["columns"].items():
            if not (described.get("description") or "").strip():
                add(
                    source["original_file_path"],
                    f"column {source['source_name']}.{source['name']}.{column} is not described",
                    "Say what the partner records there.",
                )
    return found


def feeds_unowned(manifest: dict) -> list[Violation]:
    """Every feed has a steward, a sharing agreement and a producing system."""
    found = []
    for source in manifest["sources"].values():
        if layer(source) != "feeds":
            continue
        said = {**(source.get("source_meta") or {}), **meta(source)}
        for key in ("title", "organisation", "steward", "agreement", "system"):
            if not said.get(key):
                found.append(
                    Violation(
                        source["original_file_path"],
                        None,
                        "feeds",
                        f"feed {source['source_name']}.{source['name']} does not say its {key}",
                        f"Add {key} to the meta of the source.",
                    )
                )
    return sorted(set(found), key=str)
