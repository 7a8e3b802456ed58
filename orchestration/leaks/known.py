"""What identifies the people of a hub: from its person tables, and from a demo's truth where that lies beside."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from orchestration.pseudonyms import load_key, pseudonym
from orchestration.settings import PROJECT, Settings

PUBLIC = ("models", "macros", "seeds", "tests/dbt", "orchestration", "docs")
"""A value that stands in the project's own files did not come from a person: examples, defaults, names of places."""
NO_FIXED_ABODE = re.compile("ZZ99")
PURPOSES = ("secondary_use", "population_health")
COLUMNS = {
    "nhs_number": ["nhs_number"],
    "postcode": ["postcode", "postcode_2"],
    "birth_date": ["birth_date"],
    "family_name": ["family_name"],
    "given_name": ["given_name"],
}


RESTRICTED_CODES = PROJECT / "seeds" / "sensitive_code.csv"
# By code system: columns that may hold its codes, and whether a code stands for all that begin with it.
CODED_COLUMNS = {
    "snomed": (r"(?<!_key)$", False),
    "icd10": (r"diagnos|icd10|cause_of_death", True),
    "opcs4": (r"procedure|opcs4", True),
    "treatment_function": (r"treatment_function", False),
    "mh_referral_reason": (r"referral_reason", False),
}


class RestrictedCode(NamedTuple):
    """The codes of one system: in which columns, and how they are found in a cell."""

    column: re.Pattern[str]
    pattern: str


class Known:
    """Asked whether values are those of a person. Holds no value in Python: the tables stay in DuckDB."""

    def __init__(self, settings: Settings):
        import duckdb

        self.settings = settings
        self.duck = duckdb.connect()
        self.tables = self._tables()
        self.people = self._count()

    def __enter__(self) -> Known:
        return self

    def __exit__(self, *exception: object) -> None:
        self.duck.close()

    def _tables(self) -> dict[str, list[str]]:
        """Relation -> its columns, of everything that says who people are."""
        found = {}
        if self.settings.warehouse.exists():
            self.duck.execute(f"attach '{_quoted(self.settings.warehouse)}' as house (read_only)")
            for schema, table in (("cdm", "person"), ("person_index", "person_record")):
                columns = self.duck.execute(
                    "select column_name from duckdb_columns() where database_name = 'house' "
                    "and schema_name = ? and table_name = ?",
                    [schema, table],
                ).fetchall()
                if columns:
                    found[f"house.{schema}.{table}"] = [name for (name,) in columns]
        truth = self.settings.home / "truth" / "person.parquet"
        if truth.exists():
            relation = f"'{_quoted(truth)}'"
            found[relation] = [row[0] for row in self.duck.execute(f"describe select * from {relation}").fetchall()]
        return found

    def _count(self) -> int:
        return max(
            (self.duck.execute(f"select count(*) from {table}").fetchone()[0] for table in self.tables), default=0
        )

    def table(self, kind: str) -> str:
        """A table of one column, `value`: every different one of a kind, as compared (upper case, no spaces)."""
        name = f"known_{kind}"
        if name not in self._made:
            parts = [
                f'select {self._compared(kind, column)} as value from {table} where "{column}" is not null'
                for table, columns in self.tables.items()
                for column in COLUMNS[kind]
                if column in columns
            ]
            parts.append("select cast(null as varchar) as value where false")
            self.duck.execute(f"create temp table {name} as select distinct value from ({' union all '.join(parts)})")
            self._made.add(name)
        return name

    @cached_property
    def _made(self) -> set[str]:
        return set()

    @staticmethod
    def _compared(kind: str, column: str) -> str:
        if kind == "birth_date":
            return f"strftime(cast(\"{column}\" as date), '%Y-%m-%d')"
        if kind == "postcode":
            return f"case when \"{column}\" not like 'ZZ99%' then replace(upper(\"{column}\"), ' ', '') end"
        return f'upper("{column}")'

    def those(self, kind: str, values: Iterable[str]) -> set[str]:
        """The values that are known of a kind and do not stand in the project's own files."""
        asked = {value for value in values if value}
        if not asked:
            return set()
        sql = f"select asked from (select unnest(?) as asked) where asked in (select value from {self.table(kind)})"
        found = {row[0] for row in self.duck.execute(sql, [list(asked)]).fetchall()}
        return {value for value in found if not self.is_public(value)}

    def named(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """The pairs of words that are a known person's given and family name, in either order."""
        asked = {(one.upper(), other.upper()) for one, other in pairs}
        if not asked:
            return set()
        if "known_name" not in self._made:
            parts = [
                f"select upper(given_name) as given_name, upper(family_name) as family_name from {table}"
                for table, columns in self.tables.items()
                if {"given_name", "family_name"} <= set(columns)
            ]
            parts.append("select cast(null as varchar) as given_name, cast(null as varchar) as family_name where false")
            self.duck.execute(f"create temp table known_name as select distinct * from ({' union all '.join(parts)})")
            self._made.add("known_name")
        first, second = zip(*asked, strict=True)
        found = self.duck.execute(
            "with asked as (select unnest(?) as one, unnest(?) as other) select one, other from asked "
            "where (one, other) in (select (given_name, family_name) from known_name) "
            "or (other, one) in (select (given_name, family_name) from known_name)",
            [list(first), list(second)],
        ).fetchall()
        return {pair for pair in found if not self.is_public(" ".join(pair))}

    @cached_property
    def birth_date_by_key(self) -> str | None:
        """Table (person_key, birth_date) under the keys of what is published; None where there is nobody."""
        house = "house.cdm.person"
        if house not in self.tables:
            return None
        rows = self.duck.execute(f"select person_id, birth_date from {house} where birth_date is not null").fetchall()
        keys = [load_key(self.settings.keys, purpose) for purpose in PURPOSES]
        made = {pseudonym(key, person): born for key in keys for person, born in rows}
        self.duck.execute("create temp table born (person_key varchar, birth_date date)")
        if made:
            self.duck.execute(
                "insert into born select unnest(?), unnest(?)",
                [list(made), [born.isoformat() for born in made.values()]],
            )
        return "born"

    @cached_property
    def someone_was_born_any_day(self) -> bool:
        """Whether the people are so many that nearly every day is somebody's birth date: a date alone tells nothing."""
        days, first, last = self.duck.execute(
            f"select count(*), min(cast(value as date)), max(cast(value as date)) from {self.table('birth_date')}"
        ).fetchone()
        return days > 0.5 * ((last - first).days + 1) if days > 5_000 else False

    @cached_property
    def restricted_codes(self) -> list[RestrictedCode]:
        """What may lie in direct care only, or nowhere (seed sensitive_code, F 5.6)."""
        seed = f"'{_quoted(RESTRICTED_CODES)}'"
        rows = self.duck.execute(
            f"select code_system, string_agg(code_prefix, '|') from read_csv({seed}, all_varchar = true) "
            "group by code_system order by code_system"
        ).fetchall()
        found = []
        for system, codes in rows:
            column, is_prefix = CODED_COLUMNS[system]
            end = "[0-9A-Z.]*" if is_prefix else ""
            found.append(RestrictedCode(re.compile(column), f"(^|[; ,])({codes}){end}($|[; ,])"))
        return found

    def is_public(self, value: str) -> bool:
        return re.sub("[^A-Z0-9]", "", value.upper()) in self._public

    @cached_property
    def _public(self) -> _Text:
        return _Text(
            path.read_text(encoding="utf-8", errors="replace")
            for folder in PUBLIC
            for path in sorted((PROJECT / folder).rglob("*"))
            if path.is_file() and path.suffix in (".sql", ".yml", ".csv", ".py", ".md")
        )


class _Text:
    """All letters and digits of the project's files, to look values up in."""

    def __init__(self, texts: Iterable[str]):
        self.squeezed = "\n".join(re.sub("[^A-Z0-9\n]", "", text.upper()) for text in texts)

    def __contains__(self, value: str) -> bool:
        return value in self.squeezed


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
