"""What no single key of a contract can show: keys against columns, columns against each other, SQL against DuckDB."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from orchestration.contracts.contract import LINEAGE_COLUMNS, NUMERIC, TEMPORAL, Column, Database, FeedContract
from orchestration.contracts.keys import CHECKS
from orchestration.contracts.yaml_file import Marks

if TYPE_CHECKING:
    import duckdb

CLOCKS = re.compile(
    r"\b(now|today|current_date|current_timestamp|current_time|localtime|localtimestamp|random|uuid)\b", re.I
)
DIRECTIVES = set("YymdHMSfIpjbBaAz%")


def cross_checks(
    contract: FeedContract, where: tuple[Any, ...], marks: Marks, lists: dict[str, frozenset[str]]
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
    "clock_change",
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


def pattern_clashes(contracts: Any) -> Iterator[str]:
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
