"""Gates over the manifest: who may name whom, grain, contracts, identifiers, seeds, metrics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from orchestration.gates.nodes import (
    is_cohort_file,
    is_metric_file,
    layer,
    meta,
    models,
    place,
    product,
    seeds,
    store,
    tests,
    waiver,
)
from orchestration.gates.violation import Violation
from orchestration.publish import DIRECT_CARE

GRAIN_TESTS = {"unique", "unique_combination"}
METRIC_KEYS = {
    "id": "its id, as in F (for example HAND_15)",
    "label": "a short name for a heading",
    "unit": "what is counted",
    "better": "'higher', 'lower' or 'neither'",
    "aggregate": "how numerator and denominator make the value",
    "definition": "a sentence that a manager understands",
    "source": "the clause that defines it (for example 'F 3.3 HAND_15')",
    "dataset": "the data set it is drawn from",
}
IDENTIFIERS = {
    "nhs_number",
    "local_patient_id",
    "birth_date",
    "postcode",
    "incident_postcode",
    "family_name",
    "given_name",
    "address",
    "telephone",
    "person_id",
}


def layers_broken(manifest: dict) -> list[Violation]:
    """Each room names only the rooms that design section 1 allows it."""
    everything = {**manifest["nodes"], **manifest["sources"]}
    found = []
    for node in models(manifest):
        for parent_id in node["depends_on"]["nodes"]:
            parent = everything.get(parent_id)
            if parent and (why := _forbidden(node, parent)):
                found.append(
                    Violation(
                        node["original_file_path"],
                        None,
                        "layers",
                        f"{node['name']} names {_name(parent)}: {why}",
                        "Move the rule to its room, or read a table of the room before (CONTRIBUTING.md).",
                    )
                )
    return found


def _name(node: dict) -> str:
    return f"{node['source_name']}.{node['name']}" if node["resource_type"] == "source" else node["name"]


def _forbidden(node: dict, parent: dict) -> str | None:
    """Why `node` may not name `parent`, or None where it may."""
    room, named = layer(node), layer(parent)
    if named == "hub":
        if parent["name"] in ("run_context", "run_day") or product(node) == "quality":
            return None
        if room == "person_index" and parent["name"].startswith("person_"):
            return None  # who was whom in the set that is live: what changed since is recorded
        return "only the quality product reads the hub's own records"
    if room == "staging":
        if named == "feeds":
            return None if parent["source_name"] == node["fqn"][2] else "a staging model reads its own partner's feed"
        return None if named == "seeds" else "staging reads its own feed and seeds"
    if room == "person_index":
        return None if named in ("staging", "person_index", "seeds") else "the person index reads staging"
    if room == "cdm":
        return (
            None
            if named in ("staging", "seeds", "cdm", "person_index")
            else "the common data model reads staging, seeds and itself"
        )
    if room == "derived":
        return None if named in ("cdm", "seeds", "derived") else "derived facts are made of the common data model"
    if room == "marts":
        if named in ("cdm", "seeds", "derived"):
            return None
        if named == "marts":
            if store(parent) == DIRECT_CARE and store(node) != DIRECT_CARE:
                return "what is made for direct care stays there"
            other = product(parent)
            if other == product(node) or parent["config"].get("access") == "public":
                return None
            return f"it is not public in the product {other}"
        return "a mart reads the common data model, seeds and public marts"
    return f"'{room}' is not a room of the house"


def without_grain(manifest: dict) -> list[Violation]:
    """Every model has a test of what one row is."""
    tested = {
        node.get("attached_node")
        for node in tests(manifest)
        if (node.get("test_metadata") or {}).get("name") in GRAIN_TESTS
    }
    return [
        Violation(
            place(node),
            None,
            "grain",
            f"nothing tests what one row of {node['name']} is",
            "Add `unique` to the key, or `unique_combination` to the model; "
            "where no key exists, say why: config: {meta: {waive: {grain: <reason>}}}.",
        )
        for node in models(manifest)
        if node["unique_id"] not in tested
        and not is_metric_file(node)
        and not is_cohort_file(node)  # cohort_member makes people distinct
        and not waiver(node, "grain")
    ]


def without_contract(manifest: dict) -> list[Violation]:
    """Every mart promises its columns and types to those who read it."""
    return [
        Violation(
            place(node),
            None,
            "contract",
            f"{node['name']} has no enforced contract",
            "Set config: {contract: {enforced: true}} and a data_type on every column.",
        )
        for node in models(manifest)
        if layer(node) == "marts"
        and not is_metric_file(node)
        and not (node["config"].get("contract") or {}).get("enforced")
    ]


def identifiers_published(manifest: dict, catalog: Mapping[tuple[str, str], list[str]]) -> list[Violation]:
    """No mart outside direct care holds a column that says who somebody is (design 4.8)."""
    found = []
    for node in models(manifest):
        if layer(node) != "marts" or store(node) == DIRECT_CARE:
            continue
        declared = {
            name for name, column in node["columns"].items() if meta(column).get("sensitivity") == "identifying"
        }
        real = set(catalog.get((node["schema"], node["alias"]), []))
        for column in sorted(declared | (real & IDENTIFIERS)):
            found.append(
                Violation(
                    place(node),
                    None,
                    "identifiers",
                    f"{node['name']}.{column} identifies a person",
                    "Publish a key made with pseudonym('secondary_use', ...), an age or an area instead.",
                )
            )
    return found


def seeds_unsourced(manifest: dict) -> list[Violation]:
    """Reference data says where it comes from, what it covers and how to refresh it."""
    found = []
    for node in seeds(manifest):
        said = f"{node.get('description') or ''} {' '.join(meta(node))}".lower()
        missing = [word for word in ("source", "coverage", "refresh") if word not in said]
        if missing:
            found.append(
                Violation(
                    place(node),
                    None,
                    "seeds",
                    f"seed {node['name']} does not say its {', '.join(missing)}",
                    "Write 'Source: ... Coverage: ... Refresh: ...' in its description.",
                )
            )
    return found


def metrics_incomplete(manifest: dict, targets: set[str]) -> list[Violation]:
    """Each metric is one file that explains itself. `targets`: ids that have a row in the targets seed."""
    found = []

    def add(node: dict, problem: str, remedy: str) -> None:
        found.append(Violation(node["original_file_path"], None, "metrics", problem, remedy))

    for node in models(manifest):
        if not is_metric_file(node):
            continue
        metric = meta(node).get("metric") or {}
        for key, what in METRIC_KEYS.items():
            if not str(metric.get(key) or "").strip():
                add(node, f"the metric has no '{key}'", f"Add {what} to config(meta={{'metric': {{...}}}}).")
        identity = str(metric.get("id") or "")
        if identity and identity.lower() != PurePosixPath(node["original_file_path"]).stem:
            add(
                node,
                f"metric {identity} lies in a file of another name",
                f"Name the file {identity.lower()}.sql.",
            )
        if metric.get("better") not in (None, "higher", "lower", "neither"):
            add(node, f"'better' is '{metric['better']}'", "Say 'higher', 'lower' or 'neither'.")
        if metric.get("source") and not str(metric["source"]).startswith("F "):
            add(node, f"'{metric['source']}' is not a clause", "Cite the clause as 'F 3.3 HAND_15'.")
        if identity and identity not in targets and not str(metric.get("no_target") or "").strip():
            add(
                node,
                f"metric {identity} has neither a target nor a word on why there is none",
                "Add a row to seeds/metric_target.csv, or 'no_target': '<why>' to the metric.",
            )
    return found
