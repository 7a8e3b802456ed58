"""Reads the dictionary from where things are true: contracts, dbt's manifest, the warehouse, column lineage."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from orchestration.contracts import SEEDS, FeedContract
from orchestration.dictionary.example import example_file_name, example_text
from orchestration.dictionary.model import (
    LAYERS,
    METRIC_COLUMNS,
    ColumnPage,
    Dictionary,
    FeedColumn,
    FeedPage,
    Measure,
    TablePage,
    Target,
)
from orchestration.dictionary.words import CHECK_WORDS, contract_facts, words_of_test
from orchestration.gates.nodes import is_metric_file, layer, load_built_manifest, meta, product
from orchestration.lineage import Lineage, load_lineage
from orchestration.settings import PROJECT, Settings


def read_dictionary(
    settings: Settings, manifest: dict | None, contracts: Mapping[tuple[str, str], FeedContract]
) -> Dictionary:
    """Raises ValueError where nothing is built."""
    manifest = manifest or load_built_manifest(settings)
    if manifest is None or not settings.warehouse.exists():
        raise ValueError(f"nothing is built in {settings.build} yet: run `bihub run` first")
    warehouse = _look_into_warehouse(settings)
    lineage = load_lineage(settings, manifest)
    nodes = {**manifest["nodes"], **manifest["sources"]}
    children = _children(manifest)
    tests = _tests(manifest)
    metric_files = {key: node for key, node in manifest["nodes"].items() if is_metric_file(node)}
    lists = _code_lists()
    measures = sorted(
        (_measure(node, manifest, warehouse, lineage) for node in metric_files.values()), key=lambda m: m.id
    )
    tables, feeds = [], []
    for node_id, node in nodes.items():
        if node["resource_type"] not in ("model", "seed", "source"):
            continue
        contract = contracts.get((node.get("source_name", ""), node["name"]))
        if contract:
            feeds.append(_feed(node_id, contract, lists, measures, children))
        else:
            tables.append(_table(node_id, node, warehouse.types, tests, lineage, manifest, children))
    order = list(LAYERS)
    return Dictionary(
        feeds=sorted(feeds, key=lambda feed: feed.contract.feed),
        tables=sorted(tables, key=lambda table: (order.index(table.layer), table.schema, table.name)),
        measures=measures,
        lineage=lineage,
        manifest=manifest,
    )


def made_from(settings: Settings) -> str | None:
    """Hash of what the dictionary is read from and of the code that reads it; None where nothing is built."""
    from orchestration.warehouse import code_files

    if not settings.warehouse.exists():
        return None
    digest = hashlib.sha256()
    here = PROJECT / "orchestration"
    folders = (here / "dictionary", here / "templates", here / "contracts")
    ours = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix != ".pyc"]
    for path in [*code_files(), *ours, here / "lineage.py", here / "gates" / "nodes.py", PROJECT / "requirements.lock"]:
        if path.is_file():
            digest.update(f"{path.relative_to(PROJECT).as_posix()}\0".encode() + path.read_bytes())
    seen = _look_into_warehouse(settings)
    tables = sorted((name, list(columns.items())) for name, columns in seen.types.items() if name[0] != "changes")
    digest.update(repr((tables, sorted(seen.targets.items()), sorted(seen.feeds.items()))).encode())
    return digest.hexdigest()


@dataclass
class Warehouse:
    """What only the built warehouse knows."""

    types: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Type by column, by (schema, table)."""
    targets: dict[str, list[Target]] = field(default_factory=dict)
    feeds: dict[str, list[str]] = field(default_factory=dict)
    """Feeds without which a measure cannot be had."""


def _look_into_warehouse(settings: Settings) -> Warehouse:
    import duckdb

    seen = Warehouse()
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        for schema, table, column, data_type in warehouse.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns "
            "order by table_schema, table_name, ordinal_position"
        ).fetchall():
            seen.types.setdefault((schema, table), {})[column] = data_type.lower()
        for (schema, table), columns in seen.types.items():
            if table.endswith("metric_target"):
                for metric_id, valid_from, valid_to, target, source in warehouse.execute(
                    "select metric_id, cast(valid_from as varchar), coalesce(cast(valid_to as varchar), ''), target, "
                    f'source from "{schema}"."{table}" order by metric_id, valid_from'
                ).fetchall():
                    seen.targets.setdefault(metric_id, []).append(Target(valid_from, valid_to, f"{target:g}", source))
            if table == "dim_metric" and "feeds" in columns:
                for metric_id, feeds in warehouse.execute(
                    f'select metric_id, feeds from "{schema}".dim_metric'
                ).fetchall():
                    seen.feeds[metric_id] = feeds.split(", ") if feeds else []
    return seen


def _children(manifest: dict) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for node_id, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] == "model":
            for parent in node["depends_on"]["nodes"]:
                children.setdefault(parent, []).append(node_id)
    return children


def _tests(manifest: dict) -> dict[tuple[str, str], list[str]]:
    """Words for the tests of each (node, column); column '' for those of the row or table."""
    found: dict[tuple[str, str], list[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test" or not node.get("test_metadata"):
            continue
        about = node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), "")
        words = words_of_test(node)
        if words not in found.setdefault((about, node.get("column_name") or ""), []):
            found[(about, node.get("column_name") or "")].append(words)
    return found


def _table(
    node_id: str,
    node: dict,
    types: Mapping[tuple[str, str], Mapping[str, str]],
    tests: Mapping[tuple[str, str], list[str]],
    lineage: Lineage,
    manifest: dict,
    children: Mapping[str, list[str]],
) -> TablePage:
    is_source, is_metric = node["resource_type"] == "source", is_metric_file(node)
    words = meta(node).get("metric") or meta(node).get("cohort") or {}
    described = node["columns"] or {}
    real = types.get((node["schema"], node.get("alias") or node.get("identifier") or node["name"])) or {}
    columns = []
    for name, data_type in (
        real or {name: column.get("data_type") or "" for name, column in described.items()}
    ).items():
        about = described.get(name, {})
        columns.append(
            ColumnPage(
                name=name,
                type=data_type,
                description=about.get("description") or (METRIC_COLUMNS.get(name, "") if is_metric else ""),
                sensitivity=(meta(about) or {}).get("sensitivity"),
                tests=tests.get((node_id, name), []),
                origins=[
                    (at, column) for at, column in lineage.trace_to_feed(node_id, name) if at in manifest["sources"]
                ],
            )
        )
    group = next((g for g in manifest["groups"].values() if g["name"] == node["config"].get("group")), None)
    parents = node.get("depends_on", {}).get("nodes", [])
    return TablePage(
        node_id=node_id,
        name=node["name"],
        schema=node["schema"],
        layer=layer(node),
        product=product(node),
        kind=node["config"].get("materialized") or node["resource_type"],
        description=node.get("description") or words.get("definition", ""),
        owner=group["owner"]["name"] if group else "",
        access=node["config"].get("access") or node.get("access"),
        sql="" if is_source or node["resource_type"] == "seed" else node["raw_code"].strip(),
        path=node["original_file_path"],
        columns=columns,
        table_tests=tests.get((node_id, ""), []),
        upstream=sorted({parent for parent in parents if parent.startswith(("model.", "seed.", "source."))}),
        downstream=children.get(node_id, []),
        is_metric=is_metric,
        is_source=is_source,
    )


def _measure(node: dict, manifest: dict, warehouse: Warehouse, lineage: Lineage) -> Measure:
    words = meta(node)["metric"]
    drawn = {
        feed
        for column in lineage.get(node["unique_id"], {})
        for feed, _ in lineage.trace_to_feed(node["unique_id"], column)
    }
    by_name = {f"{source['source_name']}.{source['name']}": key for key, source in manifest["sources"].items()}
    needed = sorted(by_name[name] for name in warehouse.feeds.get(words["id"], []) if name in by_name)
    return Measure(
        id=words["id"],
        words=words,
        targets=warehouse.targets.get(words["id"], []),
        facts=sorted(at for at in node["depends_on"]["nodes"] if at in manifest["nodes"]),
        feeds=needed or sorted(drawn),
        also=sorted(drawn - set(needed)) if needed else [],
        sql=re.sub(r"\A\s*\{\{\s*config\(.*?\)\s*\}\}\s*", "", node["raw_code"], flags=re.DOTALL).strip(),
        product=product(node) or "",
        path=node["original_file_path"],
    )


def _code_lists() -> dict[str, dict[str, str]]:
    """Meaning of every code, by list."""
    lists: dict[str, dict[str, str]] = {}
    for row in _seed("code_value"):
        lists.setdefault(row["code_list"], {})[row["code"]] = row["label"]
    return lists


def _seed(name: str) -> Iterator[dict[str, str]]:
    path = SEEDS / f"{name}.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def _feed(
    node_id: str,
    contract: FeedContract,
    lists: Mapping[str, Mapping[str, str]],
    measures: list[Measure],
    children: Mapping[str, list[str]],
) -> FeedPage:
    return FeedPage(
        node_id=node_id,
        contract=contract,
        facts=contract_facts(contract),
        columns=[_feed_column(column, lists) for column in contract.columns],
        example=example_text(contract, {name: list(codes) for name, codes in lists.items()}),
        example_name=example_file_name(contract),
        agreements=[
            row
            for row in _seed("data_sharing_agreement")
            if row["agreement_id"] == contract.agreement and row["dataset"] == contract.dataset
        ],
        measures=[measure.id for measure in measures if node_id in (*measure.feeds, *measure.also)],
        downstream=children.get(node_id, []),
    )


def _feed_column(column, lists: Mapping[str, Mapping[str, str]]) -> FeedColumn:
    checks = [CHECK_WORDS[column.check]] if column.check else []
    checks += [f"at least {column.min:g}"] if column.min is not None else []
    checks += [f"at most {column.max:g}"] if column.max is not None else []
    meanings = _meanings(column, lists)
    if column.codes:
        codes = [(sent, standard or "none", meanings.get(standard or "", "")) for sent, standard in column.codes]
    else:
        wanted = column.accepted or (tuple(lists.get(column.code_list, {})) if column.code_list else ())
        codes = [(code, code, meanings.get(code, "")) for code in wanted]
    return FeedColumn(
        name=column.name,
        local_name=column.source_name,
        type=column.data_type,
        formats=column.formats,
        description=column.description,
        required=column.required,
        severity=column.severity,
        checks=checks,
        codes=codes,
        sensitivity=column.sensitivity,
    )


def _meanings(column, lists: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """The list that explains a column's codes: the named one, else one that knows them all and is called alike."""
    if column.code_list:
        return lists.get(column.code_list, {})
    standard = {code for _, code in column.codes if code} or set(column.accepted)
    fitting = {name: codes for name, codes in lists.items() if standard and standard <= set(codes)}
    words = set(column.name.removesuffix("_code").split("_"))
    best = max(fitting, key=lambda name: len(words & set(name.split("_"))), default=None)
    return fitting[best] if best and words & set(best.split("_")) else {}
