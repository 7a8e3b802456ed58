"""Feed contracts: models/feeds/<partner>.yml read, checked and explained. Keys: docs/feed-contracts.md.

One YAML file drives dbt sources, ingestion, validation, lineage and the dictionary, so a mistake in it must not pass:
every error names file, line, key and remedy, and all errors of all files are reported at once.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from orchestration.settings import PROJECT

if TYPE_CHECKING:
    import duckdb

FEEDS = PROJECT / "models" / "feeds"
SEEDS = PROJECT / "seeds"
CHECKS = (
    "nhs_number",
    "postcode",
    "birth_date",
    "gp_practice_code",
    "site_code",
    "lsoa_code",
    "snomed",
    "icd10",
)
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "utf-16")
LINEAGE_COLUMNS = (
    ("_batch_id", "varchar"), ("_received_at", "timestamp"), ("_file_name", "varchar"), ("_row_number", "bigint"),
)  # fmt: skip
TEMPORAL = ("date", "timestamp", "time")
NUMERIC = re.compile(r"integer|bigint|double|decimal\(\d+,\s*\d+\)")
CLOCKS = re.compile(
    r"\b(now|today|current_date|current_timestamp|current_time|localtime|localtimestamp|random|uuid)\b", re.I
)
DIRECTIVES = set("YymdHMSfIpjbBaA%")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Severity = Literal["warn", "reject"]


class ContractsError(ValueError):
    """One or more contracts are wrong. `problems`: one line each, `file:line: where: what; what to do`."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        super().__init__(
            f"{len(problems)} mistake{'s' if len(problems) > 1 else ''} in the feed contracts\n" + "\n".join(problems)
        )


# --- What the YAML may say -------------------------------------------------------------------------------------------


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RuleYaml(_Strict):
    name: Name
    sql: Text
    severity: Severity = "warn"
    message: Text


class ColumnMeta(_Strict):
    local_name: Text | None = None
    path: Annotated[str, StringConstraints(pattern=r"^[^.\s]+(\.[^.\s]+)*$")] | None = None
    format: Text | list[Text] | None = None
    required: bool = False
    accepted: list[Text] | None = Field(default=None, min_length=1)
    codes: dict[str, Text | None] | None = Field(default=None, min_length=1)
    code_list: Name | None = None
    check: Literal[CHECKS] | None = None
    min: int | float | None = None
    max: int | float | None = None
    severity: Severity = "warn"
    identifies: Literal["person", "organisation", "event"] | None = None
    sensitivity: Literal["identifying", "pseudonymous", "sensitive"] | None = None


class ColumnConfig(_Strict):
    meta: ColumnMeta = ColumnMeta()
    tags: list[str] | str = []


class ColumnYaml(_Strict):
    name: Name
    data_type: Annotated[
        str,
        StringConstraints(
            pattern=r"^(varchar|date|timestamp|time|integer|bigint|boolean|double|decimal\(\d+,\s*\d+\))$"
        ),
    ]
    description: Text
    config: ColumnConfig = ColumnConfig()
    data_tests: list[Any] = []
    tags: list[str] | str = []


class DatabaseYaml(_Strict):
    connection: Name
    relation: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]
    watermark: Name
    overlap_minutes: Annotated[int, Field(ge=0, le=44640)] = 60


class FeedMeta(_Strict):
    version: Text
    dataset: Name
    format: Literal["csv", "xlsx", "jsonl"]
    pattern: Text
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    encoding: Literal[ENCODINGS] | None = None
    trailer: Text | None = None
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    key: list[Name] = Field(min_length=1)
    mode: Literal["upsert", "snapshot"]
    deleted_when: Text | None = None
    cadence: Text
    reject_batch_above: Annotated[float, Field(ge=0, le=1, strict=False)]
    database: DatabaseYaml | None = None
    rules: list[RuleYaml] = []


class TableMeta(_Strict):
    feed: FeedMeta


class _Period(_Strict):
    count: Annotated[int, Field(gt=0)]
    period: Literal["minute", "hour", "day"]


class Freshness(_Strict):
    warn_after: _Period | None = None
    error_after: _Period | None = None
    filter: str | None = None


class TableConfig(_Strict):
    meta: TableMeta
    freshness: Freshness | None = None
    loaded_at_field: Literal["_received_at"] | None = None
    tags: list[str] | str = []
    enabled: bool = True


class TableYaml(_Strict):
    name: Name
    description: Text
    config: TableConfig
    columns: list[ColumnYaml] = Field(min_length=1)
    loaded_at_field: Literal["_received_at"] | None = None
    freshness: Freshness | None = None
    data_tests: list[Any] = []
    tags: list[str] | str = []


class SourceMeta(_Strict):
    title: Text
    organisation: Text
    steward: Name
    agreement: Text
    system: Text


class SourceConfig(_Strict):
    meta: SourceMeta
    tags: list[str] | str = []
    enabled: bool = True


class SourceYaml(_Strict):
    name: Name
    description: Text
    config: SourceConfig
    tables: list[TableYaml] = Field(min_length=1)
    tags: list[str] | str = []


class FileYaml(_Strict):
    version: Literal[2]
    sources: list[SourceYaml] = Field(min_length=1)


# --- What the rest of the hub reads ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """A rule over one record. It fails where `sql` is false; unknown passes, as in a SQL check constraint."""

    name: str
    sql: str
    severity: str
    message: str


@dataclass(frozen=True)
class Column:
    name: str
    data_type: str
    description: str
    local_name: str | None = None
    path: str | None = None
    formats: tuple[str, ...] = ()
    required: bool = False
    accepted: tuple[str, ...] = ()
    codes: tuple[tuple[str, str | None], ...] = ()
    code_list: str | None = None
    check: str | None = None
    min: float | None = None
    max: float | None = None
    severity: str = "warn"
    identifies: str | None = None
    sensitivity: str | None = None

    @property
    def source_name(self) -> str:
        """What the partner calls it: a header, or a path in JSON."""
        return self.local_name or self.path or self.name

    @property
    def is_identifying(self) -> bool:
        return self.sensitivity in ("identifying", "pseudonymous") or self.identifies is not None


@dataclass(frozen=True)
class Database:
    """A feed that is read from a table. `watermark`: the column that says when a row was last changed."""

    connection: str
    relation: str
    watermark: str
    overlap_minutes: int = 60


@dataclass(frozen=True)
class FeedContract:
    """What one table of one partner must look like, and where that is written."""

    partner: str
    table: str
    title: str
    organisation: str
    steward: str
    agreement: str
    system: str
    description: str
    version: str
    dataset: str
    format: str
    pattern: str
    key: tuple[str, ...]
    mode: str
    cadence: str
    reject_batch_above: float
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    trailer: str | None = None
    sheet: str | None = None
    header_row: int = 1
    deleted_when: str | None = None
    database: Database | None = None
    warn_after_seconds: int | None = None
    error_after_seconds: int | None = None
    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def feed(self) -> str:
        return f"{self.partner}.{self.table}"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that the contract says, so that a batch knows which text judged it."""
        said = {key: value for key, value in asdict(self).items() if key not in ("path", "line")}
        if self.database is None:  # a file feed says what it said before there were databases
            del said["database"]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def load_contracts(feeds: Path | str = FEEDS, seeds: Path | str = SEEDS) -> dict[tuple[str, str], FeedContract]:
    """Every contract under `feeds`, by (partner, table). Files named _*.yml are the hub's own and are left out.

    Raises ContractsError naming every mistake, with file, line and remedy.
    """
    feeds, seeds = Path(feeds), Path(seeds)
    if not feeds.is_dir():
        raise ContractsError([f"{feeds}: there is no such folder; contracts lie in models/feeds/<partner>.yml"])
    problems: list[str] = []
    contracts: dict[tuple[str, str], FeedContract] = {}
    lists = code_lists(seeds)
    for path in sorted([*feeds.glob("*.yml"), *feeds.glob("*.yaml")]):
        if path.name.startswith("_"):
            continue
        marks = _Marks(path)
        try:
            loaded = _read(marks)
        except _Unreadable as problem:
            problems += problem.args[0]
            continue
        for contract, where in _flatten(loaded, marks):
            key = (contract.partner, contract.table)
            if key in contracts:
                problems.append(
                    marks.say(
                        (*where, "name"),
                        f"{contract.feed} is already described in {contracts[key].path}; give it once",
                    )
                )
                continue
            contracts[key] = contract
            problems += _cross_checks(contract, where, marks, lists)
    problems += _pattern_clashes(contracts.values())
    if problems:
        raise ContractsError(problems)
    if not contracts:
        raise ContractsError([f"{feeds}: no contract found; contracts lie in models/feeds/<partner>.yml"])
    return contracts


def code_lists(seeds: Path | str = SEEDS) -> dict[str, frozenset[str]]:
    """Codes by list from seeds/code_value.csv (columns code_list, code); empty where the seed is absent."""
    import csv

    path = Path(seeds) / "code_value.csv"
    found: dict[str, set[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["code_list"], set()).add(row["code"])
    return {name: frozenset(codes) for name, codes in found.items()}


# --- Reading with line numbers ---------------------------------------------------------------------------------------


class _Unreadable(Exception):
    pass


class _Marks:
    """The text of one file and the line of every key in it."""

    def __init__(self, path: Path):
        self.path = path
        self.node: yaml.Node | None = None

    @property
    def name(self) -> str:
        try:
            return self.path.relative_to(PROJECT).as_posix()
        except ValueError:
            return self.path.as_posix()

    def line(self, place: tuple[Any, ...]) -> int:
        """Line of the key or item at a place such as ('sources', 0, 'tables', 1, 'name'), or of its nearest parent."""
        node, line = self.node, 1
        for step in place:
            if isinstance(node, yaml.MappingNode):
                found = next((pair for pair in node.value if pair[0].value == str(step)), None)
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def say(self, place: tuple[Any, ...], message: str) -> str:
        """`file:line: table.column.key: message`, naming tables and columns rather than positions."""
        words: list[str] = []
        node = self.node
        for step in place:
            if isinstance(node, yaml.MappingNode):
                node = next((value for key, value in node.value if key.value == str(step)), None)
                if step not in ("sources", "tables", "columns", "config", "meta"):
                    words.append(str(step))
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                named = node.value if isinstance(node, yaml.MappingNode) else []
                words.append(next((value.value for key, value in named if key.value == "name"), f"item {step + 1}"))
            else:
                words.append(str(step))
                node = None
        return f"{self.name}:{self.line(place)}: {'.'.join(words) or 'file'}: {message}"


def _read(marks: _Marks) -> FileYaml:
    try:
        text = marks.path.read_text(encoding="utf-8")
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    except UnicodeDecodeError:
        raise _Unreadable([f"{marks.name}:1: the file is not UTF-8; save it as UTF-8"]) from None
    try:
        marks.node = loader.get_single_node()
        if marks.node is None:
            raise _Unreadable([f"{marks.name}:1: the file is empty; write a contract or remove it"])
        repeated = [
            f"{marks.name}:{line}: '{key}' is given twice in the same place; keep one"
            for key, line in _repeated(marks.node)
        ]
        if repeated:
            raise _Unreadable(repeated)
        data = loader.construct_document(marks.node)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = min(mark.line + 1, len(text.splitlines())) if mark else 1
        raise _Unreadable(
            [f"{marks.name}:{line}: this is not YAML: {problem.problem}; check indentation and quotes"]
        ) from None
    try:
        return FileYaml.model_validate(data)
    except ValidationError as problem:
        raise _Unreadable(list(dict.fromkeys(_explain(error, marks) for error in problem.errors()))) from None


def _repeated(node: yaml.Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)


_MODELS = {
    "feed": FeedMeta,
    "rules": RuleYaml,
    "columns": ColumnYaml,
    "tables": TableYaml,
    "sources": SourceYaml,
}


def _explain(error: dict[str, Any], marks: _Marks) -> str:
    place = tuple(
        step
        for step in error["loc"]
        if not (isinstance(step, str) and ("[" in step or step in ("str", "int", "float", "constrained-str")))
    )
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        near = difflib.get_close_matches(str(place[-1]), known, 1, 0.6)
        what = f"unknown key '{place[-1]}'; " + (
            f"did you mean '{near[0]}'?" if near else f"known keys here: {', '.join(known)}"
        )
    elif kind == "missing":
        what = f"'{place[-1]}' is missing; add it (docs/feed-contracts.md says what it means)"
    elif kind in ("string_type", "literal_error") and isinstance(given, bool | int | float):
        what = f'{given!r} is not text; write it in quotes: "{given}"'
        if isinstance(given, int) and not isinstance(given, bool):
            what += " (unquoted, a leading zero or a code such as 0123 is read as a number)"
    elif kind == "literal_error":
        near = difflib.get_close_matches(str(given), re.findall(r"'([^']*)'", error["ctx"]["expected"]), 1, 0.5)
        what = f"'{given}' is not allowed; write {error['ctx']['expected']}" + (
            f" (did you mean '{near[0]}'?)" if near else ""
        )
    elif kind in ("model_type", "model_attributes_type", "dict_type"):
        what = f"keys with values belong here, such as `name: ...`, not {str(given)[:60]!r}"
    elif kind == "string_pattern_mismatch":
        what = f"'{given}' is not allowed here; it must match {error['ctx']['pattern']}"
    else:
        what = f"{error['msg'][0].lower()}{error['msg'][1:]}; it says {str(given)[:60]!r}"
    return marks.say(place, what)


def _known_keys(parent: tuple[Any, ...]) -> list[str]:
    """The keys that the contract knows at a place, found by walking the models."""
    model: Any = FileYaml
    for step in parent:
        if isinstance(step, int):
            continue
        annotation = model.model_fields[step].annotation if step in getattr(model, "model_fields", {}) else None
        model = next(
            (inner for inner in _inside(annotation) if isinstance(inner, type) and issubclass(inner, BaseModel)),
            None,
        )
        if model is None:
            return []
    return list(model.model_fields)


def _inside(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _inside(inner)


_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


def _flatten(file: FileYaml, marks: _Marks) -> Iterator[tuple[FeedContract, tuple[Any, ...]]]:
    for s, source in enumerate(file.sources):
        for t, table in enumerate(source.tables):
            where = ("sources", s, "tables", t)
            feed, freshness = table.config.meta.feed, table.config.freshness or table.freshness or Freshness()
            seconds = [
                period and period.count * _SECONDS[period.period]
                for period in (freshness.warn_after, freshness.error_after)
            ]
            yield FeedContract(
                partner=source.name, table=table.name, **source.config.meta.model_dump(),
                description=table.description, version=feed.version, dataset=feed.dataset, format=feed.format,
                pattern=feed.pattern, key=tuple(feed.key), mode=feed.mode, cadence=feed.cadence,
                reject_batch_above=feed.reject_batch_above,
                columns=tuple(_column(column) for column in table.columns),
                rules=tuple(Rule(**rule.model_dump()) for rule in feed.rules),
                delimiter=feed.delimiter or ",", encoding=feed.encoding or "utf-8", trailer=feed.trailer,
                sheet=feed.sheet, header_row=feed.header_row or 1, deleted_when=feed.deleted_when,
                database=Database(**feed.database.model_dump()) if feed.database else None,
                warn_after_seconds=seconds[0], error_after_seconds=seconds[1],
                path=marks.name, line=marks.line(where),
            ), where  # fmt: skip


def _column(column: ColumnYaml) -> Column:
    meta = column.config.meta
    formats = (meta.format,) if isinstance(meta.format, str) else tuple(meta.format or ())
    return Column(
        name=column.name, data_type=column.data_type, description=column.description,
        local_name=meta.local_name, path=meta.path, formats=formats, required=meta.required,
        accepted=tuple(meta.accepted or ()), codes=tuple((meta.codes or {}).items()), code_list=meta.code_list,
        check=meta.check, min=meta.min, max=meta.max, severity=meta.severity, identifies=meta.identifies,
        sensitivity=meta.sensitivity,
    )  # fmt: skip


# --- What no single key can show -------------------------------------------------------------------------------------


def _cross_checks(
    contract: FeedContract, where: tuple[Any, ...], marks: _Marks, lists: dict[str, frozenset[str]]
) -> list[str]:
    feed = (*where, "config", "meta", "feed")
    found = [marks.say((*feed, *key), message) for key, message in _feed_problems(contract)]
    for position, column in enumerate(contract.columns):
        place = (*where, "columns", position)
        for key, message in _column_problems(column, contract, lists):
            found.append(marks.say((*place, *((key,) if key == "name" else ("config", "meta", key))), message))
    for kind, of in (
        ("name", lambda c: c.name),
        ("local_name", lambda c: c.local_name),
        ("path", lambda c: c.path),
    ):
        seen: set[str] = set()
        for position, column in enumerate(contract.columns):
            value = of(column)
            if value is not None and value in seen:
                place = (
                    *where,
                    "columns",
                    position,
                    *((kind,) if kind == "name" else ("config", "meta", kind)),
                )
                found.append(marks.say(place, f"'{value}' is used by two columns; each column has its own"))
            seen.add(value)
    if not found:
        found = [marks.say((*feed, *key), message) for key, message in _sql_problems(contract)]
    return found


def _feed_problems(contract: FeedContract) -> Iterator[tuple[tuple[Any, ...], str]]:
    names = {column.name for column in contract.columns}
    for position, key in enumerate(contract.key):
        if key not in names:
            near = difflib.get_close_matches(key, names, 1, 0.6)
            yield (
                ("key", position),
                f"'{key}' is not a column of this table"
                + (f"; did you mean '{near[0]}'?" if near else "; list columns that identify a record"),
            )
        elif not contract.column(key).required:
            yield ("key", position), f"'{key}' identifies records, so it must have `required: true`"
    if len(set(contract.key)) < len(contract.key):
        yield ("key",), "a column is listed twice; list each once"
    if "/" in contract.pattern or "\\" in contract.pattern or ".." in contract.pattern:
        yield (
            ("pattern",),
            "a pattern is a file name with * and ?, without folders; files lie directly under landing/<partner>/",
        )
    if contract.format != "csv" and contract.trailer:
        yield ("trailer",), f"a trailer is known for csv only, not {contract.format}; remove it"
    if contract.format == "xlsx" and contract.sheet is None:
        yield ("format",), "an xlsx feed needs `sheet`; name the worksheet"
    if contract.format != "xlsx" and contract.sheet is not None:
        yield ("sheet",), f"`sheet` belongs to xlsx, not {contract.format}; remove it"
    if contract.format == "jsonl" and contract.header_row != 1:
        yield ("header_row",), "JSON lines have no header; remove header_row"
    if contract.delimiter in ('"', "\n", "\r"):
        yield ("delimiter",), "a quote or line end cannot delimit; use , | ; or \\t"
    if contract.format == "jsonl" and contract.encoding not in ("utf-8", "utf-16"):
        yield ("encoding",), "JSON is utf-8 (or utf-16)"
    if contract.database:
        yield from _database_problems(contract, contract.database)
    if not _is_cron(contract.cadence):
        yield (
            ("cadence",),
            f"'{contract.cadence}' is not a cron expression of five fields, such as \"0 6 * * *\" for daily at 06:00",
        )
    seen: set[str] = set()
    for position, rule in enumerate(contract.rules):
        if rule.name in seen or rule.name in BUILT_IN_RULES:
            yield ("rules", position, "name"), f"'{rule.name}' is already the name of a rule; choose another"
        seen.add(rule.name)


def _database_problems(contract: FeedContract, database: Database) -> Iterator[tuple[tuple[Any, ...], str]]:
    if contract.format != "jsonl" or contract.encoding != "utf-8":
        yield (
            ("database",),
            "what is read from a database is written as JSON lines: set format: jsonl, encoding: utf-8, and give every "
            "column its `path`, the name in the database",
        )
    if contract.mode != "upsert":
        yield ("mode",), "a database is read row by row as rows change, so the mode is upsert"
    if not fnmatchcase(f"{contract.table}_20260101T000000_20260101T000000.jsonl", contract.pattern):
        yield (
            ("pattern",),
            f'extracts are named {contract.table}_<first>_<last>.jsonl; write "{contract.table}_*.jsonl"',
        )
    for column in contract.columns:
        if column.path and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ ]*", column.path):
            yield ("database",), f"'{column.path}' of {column.name} is not the name of a column in a database"
    watermark = next((column for column in contract.columns if column.name == database.watermark), None)
    if watermark is None:
        near = difflib.get_close_matches(database.watermark, [column.name for column in contract.columns], 1, 0.6)
        yield (
            ("database", "watermark"),
            f"'{database.watermark}' is not a column of this table"
            + (f"; did you mean '{near[0]}'?" if near else "; name the column that says when a row was last changed"),
        )
    elif watermark.data_type != "timestamp" or not watermark.required:
        yield ("database", "watermark"), f"'{watermark.name}' must be a timestamp with `required: true`"
    elif watermark.formats and not re.fullmatch(r"%Y-?%m-?%d[ T]?%H:?%M:?%S(\.?%f)?", watermark.formats[0]):
        yield (
            ("database", "watermark"),
            f"the format of '{watermark.name}' must sort as text does; write ['%Y-%m-%d %H:%M:%S']",
        )


BUILT_IN_RULES = (
    "record_shape",
    "type",
    "required",
    "accepted",
    "code_list",
    "min",
    "max",
    "duplicate_key",
    *CHECKS,
)


def _column_problems(
    column: Column, contract: FeedContract, lists: dict[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    if contract.format == "jsonl":
        if column.path is None:
            yield "path", "a JSON lines feed needs `path`, such as patient.birth_date"
        if column.local_name is not None:
            yield "local_name", "a JSON lines feed has `path`, not `local_name`"
    else:
        if column.local_name is None:
            yield (
                "local_name",
                f"a {contract.format} feed needs `local_name`: the header as the partner writes it",
            )
        if column.path is not None:
            yield "path", "`path` belongs to JSON lines; use `local_name`"
    if column.name.startswith("_"):
        yield "name", "names that start with _ are the hub's own; choose another"
    if column.data_type in TEMPORAL and not column.formats and contract.format != "xlsx":
        yield "format", f'a {column.data_type} needs `format`, such as ["%Y-%m-%d"]; dates are never guessed'
    if column.formats and column.data_type not in TEMPORAL:
        yield "format", f"`format` is for date, timestamp and time, not {column.data_type}; remove it"
    for wanted in column.formats:
        unknown = [letter for letter in re.findall(r"%-?(.)", wanted) if letter not in DIRECTIVES]
        if unknown or "%" not in wanted:
            yield "format", f"'{wanted}' is not a date format; use %Y %m %d %H %M %S"
        elif "%y" in wanted:
            yield "format", "two-digit years (%y) are ambiguous; ask for %Y"
    lists_given = [
        key
        for key, given in (
            ("accepted", column.accepted),
            ("codes", column.codes),
            ("code_list", column.code_list),
        )
        if given
    ]
    if len(lists_given) > 1:
        yield lists_given[1], f"give one of {' and '.join(lists_given)}, not both"
    if lists_given and column.data_type != "varchar":
        yield (
            lists_given[0],
            f"codes are text (varchar), not {column.data_type}; a code never loses its leading zeros",
        )
    if column.code_list and lists and column.code_list not in lists:
        near = difflib.get_close_matches(column.code_list, lists, 1, 0.6)
        yield (
            "code_list",
            f"'{column.code_list}' is not a list in seeds/code_value.csv"
            + (f"; did you mean '{near[0]}'?" if near else "; add it there"),
        )
    if len(set(column.accepted)) < len(column.accepted):
        yield "accepted", "a code is listed twice; list each once"
    wanted_type = "date" if column.check == "birth_date" else "varchar"
    if column.check and column.data_type != wanted_type:
        yield "check", f"{column.check} checks a {wanted_type}, not a {column.data_type}"
    for key, limit in (("min", column.min), ("max", column.max)):
        if limit is not None and not NUMERIC.fullmatch(column.data_type):
            yield key, f"`{key}` is for numbers, not {column.data_type}"
    if column.min is not None and column.max is not None and column.min > column.max:
        yield "max", f"max {column.max} is below min {column.min}"
    if column.identifies == "person" and column.sensitivity != "identifying":
        yield "identifies", "a column that identifies a person must have `sensitivity: identifying`"


def _sql_problems(contract: FeedContract) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every condition must be one that DuckDB can evaluate on a record of this table."""
    import duckdb

    conditions = [(("rules", position, "sql"), rule.sql) for position, rule in enumerate(contract.rules)]
    if contract.deleted_when:
        conditions.append((("deleted_when",), contract.deleted_when))
    if not conditions:
        return
    connection = _sql_checker()
    columns = ", ".join(
        f"{name} {kind}" for name, kind in [*((c.name, c.data_type) for c in contract.columns), *LINEAGE_COLUMNS]
    )
    connection.execute(f"create or replace table record ({columns})")
    for key, sql in conditions:
        clock = CLOCKS.search(sql)
        if clock:
            yield key, f"'{clock.group(1)}' gives another answer tomorrow; compare with _received_at instead"
            continue
        if re.search(r"\bselect\b", sql, re.I) or ";" in sql:
            yield key, "write one condition over the columns of this table, without select or ;"
            continue
        try:
            kind = connection.execute(f"describe select ({sql}) as answer from record where ({sql})").fetchone()[1]
            if kind != "BOOLEAN":
                yield (
                    key,
                    f"the condition gives a {kind.lower()}, not true or false; compare it with something",
                )
        except duckdb.Error as problem:
            lines = [line for line in str(problem).splitlines() if line and not line.startswith(("LINE", " "))]
            yield key, f"DuckDB cannot read the condition: {' '.join(lines)}"


@cache
def _sql_checker() -> duckdb.DuckDBPyConnection:
    """One empty database in which conditions are tried; opening one costs more than all the trials."""
    import duckdb

    return duckdb.connect(config={"enable_external_access": "false"})


def _pattern_clashes(contracts: Any) -> Iterator[str]:
    """Two feeds of a partner must not claim the same file."""
    seen: list[FeedContract] = []
    for contract in contracts:
        for other in seen:
            if other.partner == contract.partner and (
                fnmatchcase(re.sub(r"[*?]", "0", contract.pattern), other.pattern)
                or fnmatchcase(re.sub(r"[*?]", "0", other.pattern), contract.pattern)
            ):
                yield (
                    f"{contract.path}:{contract.line}: {contract.table}.pattern: '{contract.pattern}' and "
                    f"'{other.pattern}' of {other.table} claim the same files; make them differ"
                )
        seen.append(contract)


def _is_cron(text: str) -> bool:
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    fields = text.split()
    if len(fields) != 5:
        return False
    for value, (low, high) in zip(fields, limits, strict=True):
        for part in value.split(","):
            match = re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
            if not match or any(number and not low <= int(number) <= high for number in match.groups()[:2]):
                return False
            if match[3] is not None and int(match[3]) == 0:
                return False
    return True


def export_odcs(contract: FeedContract) -> dict[str, Any]:
    """The contract as a document of the Open Data Contract Standard, version 3.0.2."""
    from orchestration.ingest.odcs import document

    return document(contract)
