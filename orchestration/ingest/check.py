"""Every row against every rule, set-based in DuckDB.

One scan of the text yields typed columns and the rules that each row broke.

Small files of one feed are checked together, so that planning is paid once; `_batch` keeps them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest.read import incoming_columns, quote, trimmed
from orchestration.ingest.rules import CLOCK_RULE, CheckRule, in_left_out_hour, is_snomed, nhs_number_as_integer, typed

EXAMPLES = 20
QUARANTINE_OF_REJECTED = 10_000


@dataclass
class Measured:
    """What one batch came to."""

    rows_in: int = 0
    rows_quarantined: int = 0
    surplus: int = 0
    failures: dict[int, int] = field(default_factory=dict)
    examples: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    duplicates: list[dict[str, Any]] = field(default_factory=list)

    @property
    def rows_accepted(self) -> int:
        return self.rows_in - self.rows_quarantined


def open_connection(directory: Path, share: int = 1) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB, one of `share` that work at once; it spills into `directory` and loads nothing."""
    connection = duckdb.connect(
        config={
            "temp_directory": str(directory),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "true",
            "python_enable_replacements": "false",
        }
    )
    if share > 1:
        [(limit,)] = connection.execute("select current_setting('memory_limit')").fetchall()
        amount, unit = limit.split()
        connection.execute(f"set memory_limit = '{float(amount) / share:.2f} {unit}'")
    connection.execute("create temp table snomed_code (code varchar)")
    return connection


def create_incoming(connection: duckdb.DuckDBPyConnection, contract: FeedContract) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in incoming_columns(contract))
    connection.execute(f"create or replace temp table incoming ({columns})")


def numbered(sql: str, batch: int, received_at: str) -> str:
    """A reader's SQL with the batch and its moment filled in."""
    return f"select {batch} as _batch, timestamp {quote(received_at)} as _received_at, * from ({sql})"


def _learn_snomed(connection: duckdb.DuckDBPyConnection, contract: FeedContract, source: str) -> None:
    """Work out the check digit of each code that occurs, once; a function called from SQL would import pandas (2 s)."""
    texts = [f"_t{position}" for position, column in enumerate(contract.columns) if column.check == "snomed"]
    if not texts:
        return
    new = connection.execute(
        f"select distinct code from (select unnest([{', '.join(texts)}]) as code from ({source})) "
        "where regexp_full_match(code, '[0-9]{6,18}') and code not in (select code from snomed_code)"
    ).fetchall()
    valid = [code for (code,) in new if is_snomed(code)]
    if valid:
        connection.execute(f"insert into snomed_code values {', '.join(f'({quote(code)})' for code in valid)}")


def check(
    connection: duckdb.DuckDBPyConnection, contract: FeedContract, rules: list[CheckRule], source: str, *, wide: bool
) -> None:
    """Make the temp table `checked` from what a reader yields: typed columns, `_failed` rules, `_rejected`."""
    source = trimmed(contract, source, wide=wide)
    _learn_snomed(connection, contract, source)
    texts = [f"_t{position}" for position in range(len(contract.columns))]
    values = ", ".join(
        f'{typed(column, text, contract)} as "{column.name}"'
        for column, text in zip(contract.columns, texts, strict=True)
    )
    for column, text in zip(contract.columns, texts, strict=True):
        if column.check == "nhs_number":
            name, number = nhs_number_as_integer(text)
            values += f", {number} as {name}"
    names = ", ".join(f'"{column.name}"' for column in contract.columns)
    flags = ", ".join(f"{rule.fails} as _f{rule.number}" for rule in rules)
    failing = " or ".join(f"_f{rule.number}" for rule in rules)
    rejecting = " or ".join(f"_f{rule.number}" for rule in rules if rule.severity == "reject")
    listed = ", ".join(f"case when _f{rule.number} then cast({rule.number} as smallint) end" for rule in rules)
    connection.execute(
        f"""
        create or replace temp table checked as
        with typed as (select *, {values} from ({source})),
        judged as (select *, {flags} from typed),
        flagged as (
            select *, coalesce({failing}, false) as _is_failing, coalesce({rejecting}, false) as _rejected from judged
        )
        select
            _batch, _record, _line, {names}, _rejected,
            case when _is_failing then list_filter([{listed}], lambda number: number is not null) end as _failed,
            case when _rejected then [{", ".join(texts)}] end as _texts,
            case when _rejected then _broken end as _broken,
            case when _rejected then _raw end as _raw,
            case when _rejected then _extra end as _extra
        from flagged
        """
    )
    listed = ", ".join(
        f"({rule.number}, {quote(rule.name)}, {quote(rule.column or '')}, {quote(rule.severity)}, "
        f"{quote(rule.message)})"
        for rule in rules
    )
    # Literals, not parameters: the first parameter of a process makes DuckDB import pandas (2 s).
    connection.execute(
        "create or replace temp table rule as select cast(number as smallint) as number, name, "
        "nullif(column_name, '') as column_name, "
        f"severity, message from (values {listed}) as listed (number, name, column_name, severity, message)"
    )


def measure(
    connection: duckdb.DuckDBPyConnection, contract: FeedContract, rules: list[CheckRule], record: str = "_record"
) -> dict[int, Measured]:
    """Counts, examples and repeated keys of every batch in `checked`. `record`: SQL for the number of a record."""
    found: dict[int, Measured] = {}
    for batch, rows, rejected in connection.execute(
        "select _batch, count(*), count(*) filter (where _rejected) from checked group by _batch"
    ).fetchall():
        found[batch] = Measured(rows, rejected)
    for batch, number, failures in connection.execute(
        "select _batch, number, count(*) from (select _batch, unnest(_failed) as number from checked where "
        "_failed is not null) group by _batch, number"
    ).fetchall():
        found[batch].failures[number] = failures
    if any(batch.failures for batch in found.values()):
        for batch, number, at, line, value in connection.execute(
            f"""
            select _batch, number, _at, _line, left(value, 200)
            from (
                select *, row_number() over (partition by _batch, number order by _at) as _place
                from (
                    select _batch, number, _at, _line, {_value(contract, rules)} as value
                    from (select *, {record} as _at, unnest(_failed) as number from checked where _failed is not null)
                )
            )
            where _place <= {EXAMPLES}
            order by _batch, number, _at
            """
        ).fetchall():
            found[batch].examples.setdefault(number, []).append({"record": at, "line": line, "value": value})
    _count_duplicates(connection, contract, found, record)
    return found


def _count_duplicates(connection, contract: FeedContract, found: dict[int, Measured], record: str) -> None:
    keys = ", ".join(f'"{name}"' for name in contract.key)
    key = keys if len(contract.key) == 1 else f"({keys})"
    for batch, surplus in connection.execute(
        f"select _batch, count(*) - count(distinct {key}) from checked where not _rejected group by _batch"
    ).fetchall():
        found[batch].surplus = surplus
    if any(batch.surplus for batch in found.values()):
        for batch, first, last, times in connection.execute(
            f"""
            with repeated as (
                select _batch, min({record}) as first, max({record}) as last, count(*) as times
                from checked where not _rejected group by _batch, {keys} having count(*) > 1
            ),
            placed as (select *, row_number() over (partition by _batch order by first) as place from repeated)
            select _batch, first, last, times from placed where place <= {EXAMPLES} order by _batch, first
            """
        ).fetchall():
            found[batch].duplicates.append(
                {"record": first, "line": None, "value": f"{times} times, last in record {last:,}"}
            )


def columns_in(sql: str, contract: FeedContract) -> list[int]:
    """Positions of the columns that a condition mentions."""
    bare = re.sub(r"'[^']*'", "''", sql)
    return [position for position, column in enumerate(contract.columns) if re.search(rf"\b{column.name}\b", bare)]


def _value(contract: FeedContract, rules: list[CheckRule]) -> str:
    """SQL for the value that broke rule `number`: as sent, or `header=value, ...` for a rule over several columns."""
    cases = []
    sql = {rule.name: rule.sql for rule in contract.rules}
    for rule in rules:
        if rule.position is not None:
            cases.append(
                f'when {rule.number} then coalesce(_texts[{rule.position + 1}], cast("{rule.column}" as varchar))'
            )
        elif rule.name in sql:
            used = [contract.columns[position] for position in columns_in(sql[rule.name], contract)]
            parts = [
                f"{quote(column.source_name + '=')} || coalesce(cast(\"{column.name}\" as varchar), 'empty')"
                for column in used
                if not column.is_identifying
            ]
            cases.append(
                f"when {rule.number} then concat_ws(', ', {', '.join(parts)})"
                if parts
                else f"when {rule.number} then null"
            )
        elif rule.name == CLOCK_RULE:
            moments = [column for column in contract.columns if column.data_type == "timestamp"]
            parts = [
                f"case when {in_left_out_hour(column)} then "
                f'{quote(column.source_name + "=")} || cast("{column.name}" as varchar) end'
                for column in moments
            ]
            cases.append(f"when {rule.number} then concat_ws(', ', {', '.join(parts)})")
        else:
            cases.append(f"when {rule.number} then _broken")
    return f"case number {' '.join(cases)} end"


def hold_quarantine(
    connection: duckdb.DuckDBPyConnection, contract: FeedContract, rules: list[CheckRule], record: str = "_record"
) -> None:
    """Make the temp table `quarantine` of a chunk: one row per record held back and rule that holds it back."""
    if contract.format == "jsonl":
        raw = "coalesce(_raw, _extra)"
    else:
        fields = ", ".join(
            f"{quote(column.source_name)}, _texts[{position + 1}]" for position, column in enumerate(contract.columns)
        )
        raw = (
            f"coalesce(_raw, cast(json_merge_patch(json_object({fields}), coalesce(cast(_extra as json), "
            f"'{{}}')) as varchar))"
        )
    connection.execute(
        f"""
        create or replace temp table quarantine as
        select
            _batch, cast(_at as bigint) as _row_number, _line as line_number, rule.name as rule, rule.column_name,
            {_value(contract, rules)} as value, coalesce(_broken, rule.message) as message, {raw} as raw_record
        from (select *, {record} as _at, unnest(_failed) as number from checked where _rejected) as held
        inner join rule using (number)
        where rule.severity = 'reject'
        order by _batch, _row_number, number
        """
    )
