"""An invented record of a feed, drawn from its contract alone, so that a newcomer sees what a valid file looks like."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, time, timedelta
from typing import Any

from orchestration.contracts import Column, FeedContract

# 999 numbers are never issued; ZZ99 3VZ means no fixed abode; V81999 means no practice.
CHECKED = {
    "nhs_number": "9990000018",
    "postcode": "ZZ99 3VZ",
    "gp_practice_code": "V81999",
    "site_code": "RAJ01",
    "lsoa_code": "E01021234",
    "snomed": "29857009",
    "icd10": "R074",
}
NAMED = {"family_name": "EXAMPLE", "given_name": "Alex"}
FIRST_MOMENT = datetime(2026, 3, 15, 9, 0)  # a Sunday, as a census of the waiting list must be
STEP = timedelta(minutes=7)
Value = str | int | float | bool | datetime | time | None


def example_values(contract: FeedContract, code_lists: dict[str, list[str]]) -> dict[str, Value]:
    """A typed value for every column; columns that would break a rule of the contract are left empty."""
    import duckdb

    values = {column.name: _value(column, position, code_lists) for position, column in enumerate(contract.columns)}
    with duckdb.connect() as connection:
        while (broken := _broken_rule(contract, values, connection)) and _mend(contract, values, broken):
            pass
    return values


def example_record(contract: FeedContract, code_lists: dict[str, list[str]]) -> dict[str, str]:
    """The same record as the partner would write it: by the partner's own column name or path."""
    values = example_values(contract, code_lists)
    return {column.source_name: _written(column, values[column.name]) for column in contract.columns}


def example_text(contract: FeedContract, code_lists: dict[str, list[str]]) -> str:
    """A file with the one record, as text; a workbook is shown as its rows, separated by tabs."""
    record = example_record(contract, code_lists)
    if contract.format == "jsonl":
        return json.dumps(_nested(contract, example_values(contract, code_lists), record), ensure_ascii=False) + "\n"
    delimiter = "\t" if contract.format == "xlsx" else contract.delimiter
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(record.keys())
    writer.writerow(record.values())
    if contract.trailer:
        text.write(f"{contract.trailer}{delimiter}1\n")
    return text.getvalue()


def example_file_name(contract: FeedContract) -> str:
    """A name that fits the contract's pattern."""
    return contract.pattern.replace("*", FIRST_MOMENT.strftime("%Y%m%d")).replace("?", "1")


def _value(column: Column, position: int, code_lists: dict[str, list[str]]) -> Value:
    moment = FIRST_MOMENT + STEP * position
    if column.codes:
        return next((local for local, standard in column.codes if standard is not None), column.codes[0][0])
    if column.accepted:
        return "N" if set(column.accepted) == {"Y", "N"} else column.accepted[0]
    if column.code_list and code_lists.get(column.code_list):
        return min(code_lists[column.code_list])
    if column.check == "birth_date":
        return datetime(1980, 1, 31)
    if column.check:
        return CHECKED[column.check]
    if column.data_type in ("date", "timestamp"):
        return moment if column.data_type == "timestamp" else FIRST_MOMENT.replace(hour=0)
    if column.data_type == "time":
        return moment.time()
    if column.data_type == "boolean":
        return True
    if column.data_type in ("integer", "bigint"):
        return int(max(10 if column.max is None else min(10, column.max), column.min or 0))
    if column.data_type.startswith(("double", "decimal")):
        return float(max(1.5 if column.max is None else min(1.5, column.max), column.min or 0))
    # a code that no list of the contract explains is made up only where there must be one
    if column.name in NAMED or (column.name.endswith(("_code", "_codes")) and not column.required):
        return NAMED.get(column.name)
    stem = column.name.removesuffix("_id").removesuffix("_number").removesuffix("_code")
    return f"{stem.upper().replace('_', '-')}-0001"


def _written(column: Column, value: Value) -> str:
    """A value in the first format that the contract allows."""
    if value is None:
        return ""
    if isinstance(value, datetime | time):
        default = {"date": "%Y-%m-%d", "time": "%H:%M"}.get(column.data_type, "%Y-%m-%d %H:%M:%S")
        return value.strftime((column.formats[0] if column.formats else default).replace("%z", "+00:00"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _nested(contract: FeedContract, values: dict[str, Value], record: dict[str, str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for column in contract.columns:
        value = values[column.name]
        plain = value if isinstance(value, bool | int | float) else record[column.source_name]
        _put(nested, column.steps, None if value is None else plain)
    return nested


def _put(place: Any, steps: list[str | int], value: Any) -> None:
    """Write a value where the steps lead; what is not there yet is made, lists as long as they must be."""
    step, *rest = steps
    if isinstance(step, int):
        place.extend(None for _ in range(step + 1 - len(place)))
    if not rest:
        place[step] = value
        return
    if (place[step] if isinstance(step, int) else place.get(step)) is None:
        place[step] = [] if isinstance(rest[0], int) else {}
    _put(place[step], rest, value)


def _rules(contract: FeedContract) -> list[str]:
    """What an example must keep: the contract's rules, and not to be a deletion."""
    return [
        *(rule.sql for rule in contract.rules),
        *([f"not ({contract.deleted_when})"] if contract.deleted_when else []),
    ]


def _broken_rule(contract: FeedContract, values: dict[str, Value], connection) -> str | None:
    """The first rule, as SQL, that the record breaks; None where it keeps all. DuckDB judges, as at ingestion."""
    rules = _rules(contract)
    if not rules:
        return None
    columns = ", ".join(f"cast(? as {column.data_type}) as {column.name}" for column in contract.columns)
    lineage = "timestamp '2030-01-01' as _received_at, 'a' as _batch_id, 'a' as _file_name, 1 as _row_number"
    verdicts = connection.execute(
        f"select {', '.join(f'({rule}) is false' for rule in rules)} from (select {columns}, {lineage})",
        [values[column.name] for column in contract.columns],
    ).fetchone()
    return next((rule for rule, is_broken in zip(rules, verdicts, strict=True) if is_broken), None)


def _mend(contract: FeedContract, values: dict[str, Value], broken: str) -> bool:
    """Change one column that the rule names, so that it may be kept: another code, else empty. False where none can."""
    named = [column for column in contract.columns if column.name in broken and values[column.name] is not None]
    if broken.startswith("not ("):
        for column in named:
            later = column.accepted[column.accepted.index(values[column.name]) + 1 :] if column.accepted else ()
            if later:
                values[column.name] = later[0]
                return True
    spare = [column for column in named if not column.required and column.name not in contract.key]
    if spare:
        values[spare[-1].name] = None
    return bool(spare)
