"""What a person reads on an asset's page: groups, owners, kinds, columns, and where each column comes from and goes."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.lineage import (
    CONDITION,
    ORDER,
    PART,
    PSEUDONYM,
    VALUE,
    Column,
    Lineage,
    column_meta,
    metric_of,
    reads_metric_files,
    why_declassified,
)
from orchestration.settings import PROJECT

# The graph and the list of groups read from the partner's file to the published product.
LAYERS = {
    "staging": "2_staging",
    "person_index": "3_person_index",
    "cdm": "4_common_model",
}
REFERENCE, HUB, PUBLISHED, REPORTS = "1_reference", "2_hub_ledger", "7_published", "8_reports"
STEWARDS = "team:bi_hub_data_stewards"
ORIGINS_SHOWN = 4

Manifest = Mapping[str, Any]


def node_of(manifest: Manifest, node_id: str) -> Mapping[str, Any]:
    return manifest["nodes"].get(node_id) or manifest["sources"][node_id]


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """Schema and table: eeast/incidents, cdm/person, uec/uec_metric."""
    if node["resource_type"] == "source":
        return dg.AssetKey([node["source_name"], node["name"]])
    return dg.AssetKey([node["schema"], node["alias"]])


def group(node: Mapping[str, Any]) -> str:
    if node["resource_type"] == "source":
        return HUB if node["source_name"] == "hub" else f"1_feeds_{node['source_name']}"
    if node["resource_type"] == "seed":
        return REFERENCE
    layer = node["fqn"][1]
    if layer == "marts":
        product = node["fqn"][2]
        # Metric files read the facts, the metric table reads them, others read the table: a step further to the right.
        of_table = any(parent.endswith((f".{product}_metric", ".dim_metric")) for parent in node["depends_on"]["nodes"])
        measures = metric_of(node) or reads_metric_files(node) or of_table
        return f"6_{product}_metrics" if measures else f"5_{product}"
    return LAYERS.get(layer, f"4_{layer}")


def owners(manifest: Manifest, node: Mapping[str, Any]) -> list[str]:
    if node["resource_type"] == "source":
        steward = (node.get("source_meta") or {}).get("steward") or (node.get("meta") or {}).get("steward")
        return [f"team:{steward}"] if steward else [STEWARDS]
    group_name = node.get("group") or (node.get("config") or {}).get("group")
    for its in manifest.get("groups", {}).values():
        if its["name"] == group_name and its["owner"].get("email"):
            return [its["owner"]["email"]]
    return [STEWARDS]


def feed_meta(source: Mapping[str, Any]) -> dict[str, Any]:
    return ((source.get("config") or {}).get("meta") or {}).get("feed") or (source.get("meta") or {}).get("feed") or {}


def kinds(node: Mapping[str, Any]) -> set[str]:
    if node["resource_type"] == "source":
        made = {"csv": "csv", "xlsx": "excel", "jsonl": "json"}.get(feed_meta(node).get("format", ""))
        made = "database" if feed_meta(node).get("database") else made
        return {made, "parquet"} if made else {"duckdb"}
    if node["resource_type"] == "seed":
        return {"dbt", "csv"}
    if node.get("language") == "python":
        return {"dbt", "python", "table"}
    return {"dbt", "duckdb", "view" if node["config"].get("materialized") == "view" else "table"}


def description(node: Mapping[str, Any]) -> str:
    metric = ((node.get("config") or {}).get("meta") or {}).get("metric")
    if metric:
        said = [f"**{metric.get('label', node['name'])}** ({metric.get('unit', '')}). {metric.get('definition', '')}"]
        said += [f"Choice made: {metric['choice']}"] if metric.get("choice") else []
        said += [f"Source: {metric['source']}"] if metric.get("source") else []
        return "\n\n".join(said)
    return (node.get("description") or "").strip() or f"{node['resource_type'].title()} {node['name']}."


# --- freshness --------------------------------------------------------------------------------------------------------

UNITS = {"minute": "minutes", "hour": "hours", "day": "days"}
DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26))


def window(period: Mapping[str, Any] | None) -> timedelta | None:
    return timedelta(**{UNITS[period["period"]]: period["count"]}) if period and period.get("count") else None


def feed_freshness(source: Mapping[str, Any]) -> dg.FreshnessPolicy | None:
    """The contract's freshness: late is a warning, very late a failure."""
    declared = (source.get("config") or {}).get("freshness") or source.get("freshness") or {}
    warn, fail = window(declared.get("warn_after")), window(declared.get("error_after"))
    if fail is None:
        return None
    return dg.FreshnessPolicy.time_window(fail_window=fail, warn_window=warn if warn and warn < fail else None)


def freshness_waiver(node: Mapping[str, Any]) -> str | None:
    """Why an asset has no freshness of its own; None where it must have one."""
    if node["resource_type"] == "seed":
        return "Reference data: it changes when its file in the repository changes, not with time."
    if node["resource_type"] == "model" and node["config"].get("materialized") == "view":
        return "A view: always as fresh as the feeds it reads."
    return None


# --- columns ----------------------------------------------------------------------------------------------------------


def column_schema(
    node: Mapping[str, Any], manifest: Manifest | None = None, lineage: Lineage | None = None
) -> dg.TableSchema:
    """Described columns with type, description, sensitivity and the partner's columns that they began as, then columns
    that only the SQL names. Dagster's open-source UI does not draw column lineage: here it can be read."""
    node_id = node["unique_id"]
    known = lineage.get(node_id, {}) if lineage is not None else {}
    described = {name.lower(): column for name, column in node["columns"].items()}
    columns = []
    for name in [*described, *(name for name in known if name not in described)]:
        column, meta = described.get(name, {}), column_meta(node, name)
        tags = {key: str(meta[key]) for key in ("sensitivity", "identifies") if meta.get(key)}
        constraints = dg.TableColumnConstraints(nullable=not meta.get("required"), other=_rules(meta))
        columns.append(
            dg.TableColumn(
                name=name,
                type=column.get("data_type") or "?",
                description=" ".join(filter(None, (_said(column, meta), _began(manifest, lineage, node_id, name))))
                or None,
                tags=tags,
                constraints=constraints,
            )
        )
    return dg.TableSchema(columns=columns)


def _said(column: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    said = [(column.get("description") or "").strip()]
    if why := why_declassified(meta):
        said.append(f"Declassified: {why}")
    local = meta.get("local_name") or meta.get("path")
    if local:
        said.append(f"In the file: {local}")
    return " ".join(filter(None, said))


def _began(manifest: Manifest | None, lineage: Lineage | None, node_id: str, name: str) -> str:
    if manifest is None or lineage is None:
        return ""
    began = _few_columns(manifest, lineage.trace_to_feed(node_id, name), 2)
    return f"From {began}." if began else ""


def _rules(meta: Mapping[str, Any]) -> list[str]:
    rules = [f"check: {meta['check']}"] if meta.get("check") else []
    if meta.get("accepted") or meta.get("codes"):
        rules.append(f"{len(meta.get('accepted') or meta['codes'])} accepted codes")
    if meta.get("code_list"):
        rules.append(f"code list: {meta['code_list']}")
    return rules


def column_dependencies(manifest: Manifest, lineage: Lineage, node_id: str) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        deps_by_column={
            name: [
                dg.TableColumnDep(asset_key=asset_key(node_of(manifest, at)), column_name=column)
                for at, column in origins
            ]
            for name, origins in lineage.get(node_id, {}).items()
        }
    )


def where_from(manifest: Manifest, lineage: Lineage, node_id: str) -> str:
    """A table for people: each column, what it is made of, and in whose file it began."""
    rows = ["| Column | Made of | Began as |", "|---|---|---|"]
    for name, origins in lineage.get(node_id, {}).items():
        made_of = [_shown(manifest, at, _how(lineage, (node_id, name), at)) for at in origins]
        began = _few_columns(manifest, lineage.begins_in(node_id, name), ORIGINS_SHOWN)
        rows.append(f"| **{name}** | {_few(made_of) or 'no column: a count or a constant'} | {began or '-'} |")
    return "\n".join(rows)


def where_to(manifest: Manifest, lineage: Lineage, node_id: str, columns: Iterable[str]) -> str:
    """The same forwards: each column of a feed, the products and the metrics that change when it changes."""
    rows = ["| Column | Reaches published tables | Metrics that change with it |", "|---|---|---|"]
    for name in columns:
        impact = lineage.impact(node_id, name)
        read = [manifest["nodes"][at] for at in {at for at, _ in impact.columns} if at in manifest["nodes"]]
        marts = sorted("/".join(asset_key(node).path) for node in read if node["config"].get("access") == "public")
        rows.append(f"| **{name}** | {_few(marts) or '-'} | {_few(impact.metrics, 30) or '-'} |")
    return "\n".join(rows)


HOW = {PSEUDONYM: "as a pseudonym", PART: "year or month only", CONDITION: "compared or counted", ORDER: "for sorting"}


def _how(lineage: Lineage, column: Column, origin: Column) -> str:
    how = lineage.how(column, origin)
    return "" if how == VALUE else f" ({HOW[how]})"


def _shown(manifest: Manifest, at: Column, how: str = "") -> str:
    return f"{'.'.join(asset_key(node_of(manifest, at[0])).path)}.{at[1]}{how}"


def _few_columns(manifest: Manifest, columns: list[Column], most: int) -> str:
    """Only what is shown is spelt: there are hundreds of thousands."""
    more = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(_shown(manifest, at) for at in columns[:most]) + more


def _few(names: list[str], most: int = ORIGINS_SHOWN) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


# --- code -------------------------------------------------------------------------------------------------------------


def code_references(node: Mapping[str, Any]) -> dict[str, Any]:
    """Where the asset is written, as a link to the line that begins it."""
    path = PROJECT / node["original_file_path"]
    line = _line_of(path, node["name"]) if node["resource_type"] == "source" else 1
    with warnings.catch_warnings():
        # Beta in 1.13, and of no consequence where it changes: a link. A warning for each asset would hide the others.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=node["original_file_path"])
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def _line_of(path: Path, name: str) -> int:
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else (), start=1):
        if text.strip().removeprefix("- ") == f"name: {name}":
            return number
    return 1
