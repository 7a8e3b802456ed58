"""Column lineage: from which columns, in whose file, every column of the warehouse comes, and where it goes.

Computed from compiled SQL, once per version of the code, never while data is moving. dbt's own lineage stops at tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

    from orchestration.settings import Settings

Column = tuple[str, str]
"""(node id of a source, seed or model; column name)."""

BATCH_COLUMNS = ("_batch_id", "_received_at", "_file_name", "_row_number")
"""What ingestion adds to every feed table."""

PSEUDONYM_FUNCTIONS = frozenset({"hub_pseudonym", "pseudonym"})

VALUE, PART, CONDITION, ORDER, PSEUDONYM = "value", "part", "condition", "order", "pseudonym"
STRONGEST_FIRST = (VALUE, PART, CONDITION, ORDER, PSEUDONYM)
"""How a column reaches another. `value`: its content flows on. `part`: its year or month does, or whole years or
months from it, such as an age. `condition`: it is compared or counted, and only the answer flows on. `order`: it sorts
or groups a window. `pseudonym`: it passes through the keyed function."""

COARSE_UNITS = frozenset({"YEAR", "YEARS", "QUARTER", "MONTH", "MONTHS"})


class Lineage(dict[str, dict[str, list[Column]]]):
    """node id -> column -> the columns right upstream of it. `via` says how, where it is not by value."""

    def __init__(self, *args: Any, **keywords: Any):
        super().__init__(*args, **keywords)
        self.via: dict[tuple[Column, Column], str] = {}
        self.unresolved: list[tuple[str, str, str]] = []
        """(node id, column, why): what could not be followed. A test holds this empty, or waived with a reason."""
        self.metrics: dict[str, str] = {}
        """Metric id by the node of its metric file."""
        self._downstream: dict[Column, list[Column]] | None = None
        self._begins_in: dict[Column, frozenset[Column]] = {}

    def upstream(self, node: str, column: str) -> list[Column]:
        return self.get(node, {}).get(column, [])

    def how(self, column: Column, upstream: Column) -> str:
        return self.via.get((column, upstream), VALUE)

    def downstream(self, node: str, column: str) -> list[Column]:
        if self._downstream is None:
            self._downstream = {}
            for to_node, columns in self.items():
                for to_column, origins in columns.items():
                    for origin in origins:
                        self._downstream.setdefault(origin, []).append((to_node, to_column))
        return self._downstream.get((node, column), [])

    def trace_to_feed(self, node: str, column: str) -> list[Column]:
        """The partner feed columns from which a column comes, however many tables lie between."""
        return sorted(at for at in self._beginnings((node, column)) if is_of_feed(at[0]))

    def begins_in(self, node: str, column: str) -> list[Column]:
        """Where a column begins: partner feed columns, and columns of reference data."""
        return sorted(self._beginnings((node, column)) - {(node, column)})

    def _beginnings(self, at: Column) -> frozenset[Column]:
        """Columns of sources and seeds upstream of a column, itself too where it is one; asked of every column."""
        if at not in self._begins_in:
            own = frozenset([at] if at[0].startswith(("source.", "seed.")) else [])
            self._begins_in[at] = own.union(*(self._beginnings(up) for up in self.upstream(*at)))
        return self._begins_in[at]

    def impact(self, node: str, column: str) -> Impact:
        """Everything that changes when a column changes."""
        reached = _reach((node, column), lambda at: self.downstream(*at))
        reached.discard((node, column))
        return Impact(
            columns=sorted(reached),
            metrics=sorted({self.metrics[at] for at, _ in reached if at in self.metrics}),
        )


def is_of_feed(node_id: str) -> bool:
    """Whether a node is a partner's feed, and not one of the hub's own records."""
    return node_id.startswith("source.") and node_id.split(".")[2] != "hub"


@dataclass(frozen=True)
class Impact:
    """Columns downstream of a column, and the metrics among them."""

    columns: list[Column] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)

    def in_schema(self, manifest: Mapping[str, Any], *schemas: str) -> list[Column]:
        return [at for at in self.columns if manifest["nodes"].get(at[0], {}).get("schema") in schemas]


def _reach(start: Column, step: Any) -> set[Column]:
    seen, waiting = {start}, [start]
    while waiting:
        for at in step(waiting.pop()):
            if at not in seen:
                seen.add(at)
                waiting.append(at)
    return seen


# --- the whole project ------------------------------------------------------------------------------------------------


def source_schemas(manifest: Mapping[str, Any], project: Path | None = None) -> dict[str, list[str]]:
    """node id -> column names, of all that no model makes: feeds from their contracts, seeds from their header."""
    from orchestration.settings import PROJECT

    schemas = {}
    for node_id, source in manifest["sources"].items():
        added = () if source["source_name"] == "hub" else BATCH_COLUMNS
        schemas[node_id] = [*source["columns"], *added]
    for node_id, node in manifest["nodes"].items():
        if node["resource_type"] == "seed":
            file = (project or PROJECT) / node["original_file_path"]
            header = file.read_text(encoding="utf-8-sig").partition("\n")[0].strip() if file.exists() else ""
            schemas[node_id] = [name.strip().strip('"') for name in header.split(",")] if header else [*node["columns"]]
    return schemas


def column_lineage(manifest: Mapping[str, Any], schemas: Mapping[str, Iterable[str]] | None = None) -> Lineage:
    """Lineage of every column of every model.

    `manifest`: dbt's, with compiled SQL. `schemas`: columns of sources and seeds by node id (default: source_schemas).
    Raises ValueError where the manifest was only parsed, so that no model has compiled SQL.
    """
    known = {node: [name.lower() for name in names] for node, names in (schemas or source_schemas(manifest)).items()}
    models = {
        node_id: node for node_id, node in manifest["nodes"].items() if node["resource_type"] in ("model", "snapshot")
    }
    if models and not any(compiled_sql(node) for node in models.values()):
        raise ValueError("the dbt manifest has no compiled SQL: run `dbt compile` or `bihub build` first")
    relations = {
        (node["schema"].lower(), (node.get("alias") or node.get("identifier")).lower()): node_id
        for node_id, node in [*manifest["nodes"].items(), *manifest["sources"].items()]
        if node_id in models or node_id in known
    }
    lineage = Lineage()
    lineage.metrics = {node_id: metric_id for node_id, node in models.items() if (metric_id := metric_of(node))}
    for node_id in _in_order(models, relations):
        node = models[node_id]
        if node.get("language", "sql") != "sql":
            outputs, problems = declared_outputs(node, manifest, known)
            lineage.unresolved.extend((node_id, column, why) for column, why in problems)
            known[node_id] = list(outputs)
            _record(lineage, node_id, outputs)
            continue
        sql = compiled_sql(node)
        if not sql:
            lineage.unresolved.append((node_id, "*", "no compiled SQL"))
            continue
        outputs, problems = _Query(sql, relations, known, manifest["metadata"].get("adapter_type")).outputs()
        lineage.unresolved.extend((node_id, column, why) for column, why in problems)
        known[node_id] = list(outputs)
        _record(lineage, node_id, outputs)
        for name in node["columns"]:
            if name.lower() not in outputs and not problems:
                lineage.unresolved.append((node_id, name, "described, but the SQL does not give it"))
    _add_metric_files(lineage, models)
    return lineage


def declared_outputs(
    node: Mapping[str, Any], manifest: Mapping[str, Any], known: Mapping[str, list[str]]
) -> tuple[dict[str, Origins], list[tuple[str, str]]]:
    """Columns of a model in Python, which nothing can follow: `config: {meta: {comes_from: [model.column, ...]}}` of a
    described column says them, an empty list where nothing that was read flows into it."""
    parents = {
        (manifest["nodes"].get(parent) or manifest["sources"][parent])["name"]: parent
        for parent in node["depends_on"]["nodes"]
    }
    outputs: dict[str, Origins] = {}
    problems = []
    for column in node["columns"]:
        name, said = column.lower(), column_meta(node, column).get("comes_from")
        outputs[name] = {}
        if said is None:
            problems.append((name, "a model in Python says it itself, in meta.comes_from of the column"))
        for origin in said or ():
            parent, _, of = origin.partition(".")
            if of not in known.get(parents.get(parent, ""), ()):
                problems.append((name, f"meta.comes_from names {origin}, which the model does not read"))
            else:
                outputs[name][(parents[parent], of)] = VALUE
    return outputs, problems


def compiled_sql(node: Mapping[str, Any]) -> str | None:
    if node.get("compiled_code"):
        return node["compiled_code"]
    path = node.get("compiled_path")
    return Path(path).read_text(encoding="utf-8") if path and Path(path).exists() else None


def metric_of(node: Mapping[str, Any]) -> str | None:
    """The metric id that a metric file declares; None for every other node."""
    return ((node.get("config") or {}).get("meta") or {}).get("metric", {}).get("id")


def reads_metric_files(node: Mapping[str, Any]) -> bool:
    """Whether a model takes the metric files of its product into itself, through the macros of macros/metrics."""
    macros = (node.get("depends_on") or {}).get("macros") or []
    return (
        node["resource_type"] == "model"
        and node["fqn"][1] == "marts"
        and metric_of(node) is None
        and any(macro.rpartition(".")[2].startswith("metric_") for macro in macros)
    )


def files_of(node: Mapping[str, Any], models: Mapping[str, Any], files: Iterable[str]) -> list[str]:
    """The metric files of the node's product."""
    return [file for file in files if models[file]["fqn"][:3] == node["fqn"][:3]]


def _in_order(models: Mapping[str, Any], relations: Mapping[tuple[str, str], str]) -> Iterator[str]:
    graph = {
        node_id: {parent for parent in node["depends_on"]["nodes"] if parent in models}
        for node_id, node in models.items()
    }
    # A model that renders metric files reads what they read, which dbt may not have seen as dependencies.
    files = [node_id for node_id, node in models.items() if metric_of(node)]
    for node_id, node in models.items():
        if reads_metric_files(node):
            for file in files_of(node, models, files):
                graph[node_id].update([file, *graph[file]])
    return iter(TopologicalSorter(graph).static_order())


def _record(lineage: Lineage, node_id: str, outputs: Mapping[str, Mapping[Column, str]]) -> None:
    lineage[node_id] = {}
    for column, origins in outputs.items():
        lineage[node_id][column] = sorted(origins)
        for origin, via in origins.items():
            if via != VALUE:
                lineage.via[((node_id, column), origin)] = via


def _add_metric_files(lineage: Lineage, models: Mapping[str, Any]) -> None:
    """A metric table renders its metric files into itself, so its SQL names facts and not the files: add the files.

    A column of the table comes from a file's column of the same name, else from those whose origins it has.
    """
    for node_id, node in models.items():
        if node_id not in lineage or not reads_metric_files(node):
            continue
        for file in files_of(node, models, lineage.metrics):
            for column, origins in lineage[node_id].items():
                if not origins:
                    continue
                columns = lineage.get(file, {})
                same = (
                    [column]
                    if column in columns
                    else [name for name, its in columns.items() if its and set(its) <= set(origins)]
                )
                origins.extend((file, name) for name in same if (file, name) not in origins)


# --- one query --------------------------------------------------------------------------------------------------------

Origins = dict[Column, str]
"""Upstream columns of one output, and how each reaches it."""


def _merge(into: Origins, more: Mapping[Column, str], through: str = VALUE) -> Origins:
    for column, via in more.items():
        via = via if through == VALUE else through
        if column not in into or STRONGEST_FIRST.index(via) < STRONGEST_FIRST.index(into[column]):
            into[column] = via
    return into


class _Query:
    """Follows the columns of one compiled query back to relations. State: what could not be followed."""

    def __init__(
        self, sql: str, relations: Mapping[tuple[str, str], str], known: Mapping[str, list[str]], dialect: str | None
    ):
        self.sql = sql
        self.relations = relations
        self.known = known
        self.dialect = dialect or "duckdb"
        self.problems: list[tuple[str, str]] = []
        self.column = "*"

    def outputs(self) -> tuple[dict[str, Origins], list[tuple[str, str]]]:
        import sqlglot
        from sqlglot.errors import SqlglotError
        from sqlglot.optimizer.qualify import qualify

        try:
            tree = sqlglot.parse_one(self.sql, dialect=self.dialect)
            tree = qualify(
                tree,
                schema=self._schema(tree),
                dialect=self.dialect,
                identify=False,
                validate_qualify_columns=False,
                expand_alias_refs=True,
            )
        except SqlglotError as problem:
            return {}, [("*", f"the SQL cannot be followed: {str(problem).splitlines()[0]}")]
        return self._of(tree, {}, {}), self.problems

    def _schema(self, tree: exp.Expr) -> dict:
        """Only the relations that this query reads: qualifying against the whole warehouse is slow."""
        from sqlglot import exp

        schema: dict = {}
        for table in tree.find_all(exp.Table):
            node_id = self.relations.get((table.db.lower(), table.name.lower()))
            if node_id in self.known:
                catalog = schema.setdefault(table.catalog, {}).setdefault(table.db, {})
                catalog[table.name] = dict.fromkeys(self.known[node_id], "varchar")
        return schema

    def _of(self, query: exp.Expr, ctes: Mapping[str, dict[str, Origins]], outer: Mapping) -> dict[str, Origins]:
        """Output columns of a query, in order, each with its origins."""
        from sqlglot import exp

        with_ = query.args.get("with_") or query.args.get("with")
        if with_:
            ctes = dict(ctes)
            for cte in with_.expressions:
                body = cte.this
                if with_.args.get("recursive") and isinstance(body, exp.SetOperation):
                    ctes[cte.alias.lower()] = self._renamed(self._of(body.this, ctes, outer), cte)
                ctes[cte.alias.lower()] = self._renamed(self._of(body, ctes, outer), cte)
        if isinstance(query, exp.Subquery):
            return self._of(query.this, ctes, outer)
        if isinstance(query, exp.SetOperation):
            left, right = self._of(query.this, ctes, outer), self._of(query.expression, ctes, outer)
            for origins, more in zip(left.values(), right.values(), strict=False):
                _merge(origins, more)
            return left
        if not isinstance(query, exp.Select):
            return {}
        sources = {**outer, **self._sources(query, ctes, outer)}
        found: dict[str, Origins] = {}
        for projection in query.expressions:
            if projection.is_star:
                self.problems.append(("*", "a star over a relation whose columns are not known"))
                continue
            name, around = projection.alias_or_name.lower(), self.column
            self.column = name
            found[name] = _merge(found.get(name, {}), self._origins(projection, sources, ctes, VALUE))
            self.column = around
        return found

    @staticmethod
    def _renamed(outputs: dict[str, Origins], aliased: exp.Expr) -> dict[str, Origins]:
        names = [name.lower() for name in aliased.alias_column_names]
        if not names:
            return outputs
        return dict(zip([*names, *list(outputs)[len(names) :]], outputs.values(), strict=False))

    def _sources(self, select: exp.Select, ctes: Mapping, outer: Mapping) -> dict[str, Any]:
        from sqlglot import exp

        from_ = select.args.get("from_") or select.args.get("from")
        joins = select.args.get("joins") or []
        items = [*([from_.this] if from_ else []), *(join.this for join in joins), *(select.args.get("laterals") or [])]
        sources: dict[str, Any] = {}
        for item in items:
            # A table in parentheses carries joins of its own.
            items.extend(join.this for join in item.args.get("joins") or [])
            name = item.alias_or_name.lower()
            if isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier):
                if not item.db and name_of(item) in ctes:
                    sources[name] = self._renamed(ctes[name_of(item)], item)
                else:
                    sources[name] = (item.db.lower(), name_of(item))
            elif isinstance(item, (exp.Subquery, exp.Lateral)) and isinstance(item.this, exp.Query):
                sources[name] = self._renamed(self._of(item.this, ctes, {**outer, **sources}), item)
            else:  # values, unnest, a table function: each of its columns may come from any of its arguments
                origins = self._origins(item, {**outer, **sources}, ctes, VALUE)
                sources[name] = _Any(origins)
        return sources

    def _origins(self, expression: exp.Expr, sources: Mapping, ctes: Mapping, via: str) -> Origins:
        from sqlglot import exp

        found: Origins = {}
        waiting: list[tuple[exp.Expr, str]] = [(expression, via)]
        while waiting:
            node, how = waiting.pop()
            if isinstance(node, exp.Column):
                _merge(found, self._column(node, sources), how)
            elif isinstance(node, exp.Query):
                for origins in self._of(node, ctes, sources).values():
                    _merge(found, origins, how)
            else:
                waiting.extend((child, _weaker(how, node, key)) for key, child in _children(node))
        return found

    def _column(self, column: exp.Column, sources: Mapping) -> Origins:
        name, table = column.name.lower(), column.table.lower()
        if table:
            candidates = [sources[table]] if table in sources else []
        else:
            candidates = [source for source in sources.values() if self._gives(source, name)]
        for source in candidates:
            if isinstance(source, _Any):
                return dict(source)
            if isinstance(source, dict) and name in source:
                return dict(source[name])
            if isinstance(source, tuple):
                node_id = self.relations.get(source)
                if node_id is None:
                    self.problems.append((self.column, f"{'.'.join(source)} is no relation of this project"))
                    return {}
                if name in self.known.get(node_id, ()):
                    return {(node_id, name): VALUE}
        self.problems.append((self.column, f"'{column.sql()}' is in no table that the query reads"))
        return {}

    def _gives(self, source: Any, name: str) -> bool:
        if isinstance(source, tuple):
            return name in self.known.get(self.relations.get(source, ""), ())
        return isinstance(source, dict) and (isinstance(source, _Any) or name in source)


class _Any(dict):
    """Origins of a relation whose columns cannot be told apart: values, unnest, a table function."""


def name_of(table: exp.Table) -> str:
    return table.name.lower()


def _children(node: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    from sqlglot import exp

    for key, value in node.args.items():
        if key == "alias":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                yield key, child


def _is_coarse(parent: exp.Expr, key: str) -> bool:
    """Whether only years or months of a date come out: extract, truncate, whole years between."""
    from sqlglot import exp

    if isinstance(parent, (exp.Year, exp.Quarter, exp.Month)):
        return True
    if isinstance(parent, exp.Extract):
        return key == "expression" and parent.name.upper() in COARSE_UNITS
    if isinstance(parent, (exp.DateTrunc, exp.TimestampTrunc, exp.DateDiff)):
        return key != "unit" and str(parent.args.get("unit") or "").strip("'").upper() in COARSE_UNITS
    return False


def _weaker(via: str, parent: exp.Expr, key: str) -> str:
    """How a child's columns reach what `parent` gives: only plain content stays `value`."""
    from sqlglot import exp

    if via == PSEUDONYM:
        return via
    if isinstance(parent, exp.Anonymous) and parent.name.lower() in PSEUDONYM_FUNCTIONS:
        return PSEUDONYM
    if via != VALUE:
        return via
    if _is_coarse(parent, key):
        return PART
    if isinstance(parent, (exp.Predicate, exp.Connector, exp.Not, exp.Count, exp.CountIf, exp.ApproxDistinct)):
        return CONDITION
    if (isinstance(parent, exp.If) and key == "this") or (isinstance(parent, exp.Case) and key == "this"):
        return CONDITION
    if isinstance(parent, exp.Filter) and key == "expression":
        return CONDITION
    if isinstance(parent, (exp.ArgMax, exp.ArgMin)) and key == "expression":
        return ORDER
    if (isinstance(parent, exp.Window) and key in ("partition_by", "order")) or isinstance(parent, exp.Order):
        return ORDER
    return via


# --- cache ------------------------------------------------------------------------------------------------------------


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """SHA-256 over everything that lineage depends on: compiled SQL, contracts, this module and its parser."""
    from importlib.metadata import version

    digest = hashlib.sha256(f"{version('sqlglot')}\0".encode() + Path(__file__).read_bytes())
    for node_id, node in sorted([*manifest["nodes"].items(), *manifest["sources"].items()]):
        if node["resource_type"] in ("model", "snapshot", "seed", "source"):
            checksum = (node.get("checksum") or {}).get("checksum")
            said = [column_meta(node, column).get("comes_from") for column in node["columns"]]
            digest.update(f"{node_id}\0{compiled_sql(node)}\0{checksum}\0{','.join(node['columns'])}\0".encode())
            digest.update(json.dumps(said).encode() if any(one is not None for one in said) else b"")
    return digest.hexdigest()


def load_lineage(settings: Settings, manifest: Mapping[str, Any]) -> Lineage:
    """Lineage of a compiled manifest, from home/dbt/target/column_lineage.json where that describes the same SQL."""
    from orchestration.files import read_cache, write_text_atomically

    cache, key = settings.dbt_target / "column_lineage.json", fingerprint(manifest)
    kept = read_cache(cache)
    if kept and kept.get("fingerprint") == key:
        return _from_json(kept)
    lineage = column_lineage(manifest)
    write_text_atomically(cache, json.dumps({"fingerprint": key, **_to_json(lineage)}) + "\n")
    return lineage


def _to_json(lineage: Lineage) -> dict:
    return {
        "columns": lineage,
        "via": [[*column, *upstream, how] for (column, upstream), how in lineage.via.items()],
        "unresolved": lineage.unresolved,
        "metrics": lineage.metrics,
    }


def _from_json(kept: Mapping[str, Any]) -> Lineage:
    lineage = Lineage(
        {
            node: {name: [tuple(at) for at in origins] for name, origins in columns.items()}
            for node, columns in kept["columns"].items()
        }
    )
    lineage.via = {((a, b), (c, d)): how for a, b, c, d, how in kept["via"]}
    lineage.unresolved = [tuple(item) for item in kept["unresolved"]]
    lineage.metrics = kept["metrics"]
    return lineage


# --- what lineage is for: no identifier reaches a mart ----------------------------------------------------------------


@dataclass(frozen=True)
class Violation:
    """A mart column that carries an identifying column's content."""

    column: Column
    identifying: Column
    path: tuple[Column, ...]

    def __str__(self) -> str:
        steps = " <- ".join(f"{node.split('.', 2)[-1]}.{name}" for node, name in self.path)
        return (
            f"{steps}: '{self.column[1]}' carries identifying content into a mart. Pass it through pseudonym(), leave "
            "it out, or, where it no longer identifies, declare meta.sensitivity and meta.declassified (why) on it."
        )


def column_meta(node: Mapping[str, Any], column: str) -> dict[str, Any]:
    described = {name.lower(): value for name, value in node.get("columns", {}).items()}.get(column, {})
    return {**(described.get("meta") or {}), **((described.get("config") or {}).get("meta") or {})}


def why_declassified(meta: Mapping[str, Any]) -> str | None:
    """Why a column says less than what it was made from, in words."""
    return meta.get("declassified") or meta.get("derivation")


def sensitivity_violations(manifest: Mapping[str, Any], lineage: Lineage) -> list[Violation]:
    """Columns of models/marts that carry a column declared `sensitivity: identifying` other than through pseudonym().

    A mart column that declares meta.declassified (why it no longer identifies, in words) beside a meta.sensitivity
    other than identifying is allowed, and ends the search. Comparing, counting or sorting by an identifier
    carries nothing, neither does an age, a year or a month.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    found = []
    for node_id, columns in lineage.items():
        if not _in_marts(nodes[node_id]):
            continue
        for name in columns:
            violation = _violation((node_id, name), nodes, lineage)
            if violation:
                found.append(violation)
    return sorted(found, key=lambda violation: violation.column)


def _in_marts(node: Mapping[str, Any]) -> bool:
    """A mart that must not identify: every store but direct care."""
    store = ((node.get("config") or {}).get("meta") or {}).get("store")
    return node["resource_type"] == "model" and "marts" in node["fqn"][1:2] and store != "direct_care"


def _violation(start: Column, nodes: Mapping[str, Any], lineage: Lineage) -> Violation | None:
    paths: dict[Column, tuple[Column, ...]] = {start: (start,)}
    waiting = [start]
    while waiting:
        at = waiting.pop(0)
        meta = column_meta(nodes[at[0]], at[1])
        if _in_marts(nodes[at[0]]) and why_declassified(meta) and meta.get("sensitivity") not in (None, "identifying"):
            continue
        if meta.get("sensitivity") == "identifying":
            return Violation(start, at, paths[at])
        for origin in lineage.upstream(*at):
            if origin not in paths and lineage.how(at, origin) == VALUE:
                paths[origin] = (*paths[at], origin)
                waiting.append(origin)
    return None
