"""What gates need to know of dbt's manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.files import read_json

if TYPE_CHECKING:
    from orchestration.settings import Settings

METRIC_COLUMNS = ["event_date", "organisation_code", "site_code", "is_covid", "numerator", "denominator"]
"""What every metric file gives, whatever the metric."""
PERSON_COLUMNS = ["age_band", "ethnic_group", "imd_quintile", "sex_code", "registered_sub_icb_code"]
"""What a metric file gives besides where its fact has a person: the macro person_of_event."""


def load_built_manifest(settings: Settings) -> dict | None:
    """dbt's manifest with the SQL that the last build ran; None before the first build.

    A later `dbt` command over a part of the project writes a manifest in which the rest has no compiled SQL; the
    compiled files of the build still lie beside it.
    """
    manifest = read_json(settings.dbt_target / "manifest.json")
    if manifest is None:
        return None
    for node in models(manifest):
        if not node.get("compiled_code"):
            file = settings.dbt_target / "compiled" / node["package_name"] / node["original_file_path"]
            node["compiled_code"] = file.read_text(encoding="utf-8") if file.exists() else None
    return manifest


def models(manifest: dict) -> Iterator[dict]:
    """Every model, in name order."""
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    yield from sorted(found, key=lambda node: node["name"])


def seeds(manifest: dict) -> Iterator[dict]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    yield from sorted(found, key=lambda node: node["name"])


def tests(manifest: dict) -> Iterator[dict]:
    yield from (node for node in manifest["nodes"].values() if node["resource_type"] == "test")


def layer(node: dict) -> str:
    """The room of a node: feeds, hub, seeds, staging, person_index, cdm or marts."""
    if node["resource_type"] == "source":
        return "hub" if node["source_name"] == "hub" else "feeds"
    if node["resource_type"] == "seed":
        return "seeds"
    return node["fqn"][1]


def product(node: dict) -> str | None:
    """The data product of a mart; None for any other node."""
    return node["fqn"][2] if layer(node) == "marts" else None


def store(node: dict) -> str | None:
    """Where a mart is published: direct_care, secondary_use or open; None for any other node."""
    return meta(node).get("store", "secondary_use") if layer(node) == "marts" else None


def is_metric_file(node: dict) -> bool:
    """Whether a model is one metric: its columns are those of metric_columns, its words are config.meta.metric."""
    return node["resource_type"] == "model" and "metrics" in node["fqn"][1:-1]


def is_cohort_file(node: dict) -> bool:
    """Whether a model is one cohort: its column is person_id, its words are config.meta.cohort (docs/cohorts.md)."""
    return node["resource_type"] == "model" and "cohorts" in node["fqn"][1:-1] and layer(node) == "derived"


def metric_columns(node: dict) -> list[str]:
    """The columns that a metric file must give, by what it says of itself."""
    category = ["category"] if (meta(node).get("metric") or {}).get("category") else []
    with_person = "person_of_event()" in (node.get("raw_code") or "")
    return [*METRIC_COLUMNS, *category, *(PERSON_COLUMNS if with_person else [])]


def meta(node: dict) -> dict:
    return node.get("config", {}).get("meta") or node.get("meta") or {}


def waiver(node: dict, rule: str) -> str | None:
    """Why a node need not keep a rule: `config: {meta: {waive: {<rule>: <reason>}}}`."""
    return (meta(node).get("waive") or {}).get(rule)


def place(node: dict) -> str:
    """The YAML file that describes a node, else its own file."""
    patch = node.get("patch_path") or ""
    return patch.split("://", 1)[-1] or node["original_file_path"]
