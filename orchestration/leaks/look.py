"""Looking into files: Parquet by column, SQLite by column, anything else as text.

What has the shape of an identifier is gathered first and asked for together: a question a file would cost most.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from orchestration.leaks.known import Known

# Numbers that are in use begin with 4, 6 or 7, test numbers with 9; a dot before the first digit means a fraction.
NHS_NUMBER = r"[4679][0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{4}"
POSTCODE = r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}"
NAME = r"[A-Z][A-Za-z'’-]+"
DAY = r"(?:18|19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]|[0-3][0-9]/[01][0-9]/(?:19|20)[0-9]{2}"
# In a text each stands alone. What stood before is asked behind the first character: to look for a character is several
# times faster than to look back at every place.
IN_TEXT = {
    "nhs_number": re.compile(r"[4679](?<![0-9A-Za-z.].)[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{4}(?![0-9A-Za-z])"),
    "postcode": re.compile(r"[A-Z](?<![0-9A-Za-z].)[A-Z]?[0-9][A-Z0-9]? ?[0-9][A-Z]{2}(?![0-9A-Za-z])"),
    "birth_date": re.compile(
        r"[0-3](?<![0-9].)(?:(?:(?<=1)[89]|(?<=2)0)[0-9]{2}-[01][0-9]-[0-3][0-9]|[0-9]/[01][0-9]/(?:19|20)[0-9]{2})"
        r"(?![0-9])"
    ),
}
PAIR = re.compile(rf"([A-Z](?<![A-Za-z].)[A-Za-z'’-]+)(?=[^A-Za-z0-9]{{1,3}}({NAME})(?![A-Za-z]))")
DEFAULT_DATE = "1900-01-01"
YEARS_OF_EVENTS = 15
"""Dates of events are newer than this; older ones in a text are asked whether somebody was born then."""
SHARE_OF_NAMES, SHARE_OF_BIRTHS = 0.6, 0.2
AT_LEAST, MANY = 5, 25
WORDS = {
    "nhs_number": "NHS numbers",
    "postcode": "postcodes of people",
    "birth_date": "birth dates",
    "name": "names of people",
    "restricted_code": "restricted codes",
}


class Finding(NamedTuple):
    """Where something lies that may not lie there. Never the value itself."""

    file: str
    place: str
    kind: str
    count: int

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.count} {WORDS[self.kind]}"


class Suspects:
    """What has the shape of something that identifies, by kind and value: the places where it stood."""

    def __init__(self, known: Known):
        self.known = known
        self.places: dict[str, dict[Any, set[tuple[str, str]]]] = {kind: {} for kind in WORDS}
        self.sure: list[Finding] = []

    def look_into(self, file: Path, shown: str) -> None:
        """Gather what one file holds; a file that cannot be read in its format is looked at as text."""
        with file.open("rb") as opened:
            head = opened.read(16)
        if head.startswith(b"PAR1"):
            _parquet(self, file, shown)
        elif head.startswith(b"SQLite format 3"):
            _sqlite(self, file, shown)
        else:
            self.text(shown, "text", file.read_bytes().decode("utf-8", errors="replace"))

    def add(self, kind: str, values: Iterable[Any], file: str, place: str) -> None:
        for value in values:
            self.places[kind].setdefault(value, set()).add((file, place))

    def text(self, file: str, place: str, text: str) -> None:
        numbers = {re.sub("[ -]", "", found) for found in IN_TEXT["nhs_number"].findall(text)}
        self.add("nhs_number", filter(is_nhs_number, numbers), file, place)
        self.add("postcode", {found.replace(" ", "") for found in IN_TEXT["postcode"].findall(text)}, file, place)
        newest = date.today().year - YEARS_OF_EVENTS
        days = {_iso(found) for found in IN_TEXT["birth_date"].findall(text)} - {DEFAULT_DATE}
        self.add("birth_date", {day for day in days if int(day[:4]) < newest}, file, place)
        self.add("name", {(one.upper(), other.upper()) for one, other in PAIR.findall(text)}, file, place)

    def _listed(self, days: set[str]) -> set[str]:
        """The days that stand together with many others."""
        by_place: dict[tuple[str, str], set[str]] = {}
        for day in days:
            for place in self.places["birth_date"][day]:
                by_place.setdefault(place, set()).add(day)
        return {day for together in by_place.values() if len(together) >= MANY for day in together}

    def findings(self) -> list[Finding]:
        """What of it is a person's, by file and place."""
        numbers = set(self.places["nhs_number"])
        invented = {number for number in numbers if number.startswith("9")}  # for tests, somebody's only where known
        found = {
            "nhs_number": {number for number in numbers - invented if not self.known.is_public(number)}
            | self.known.those("nhs_number", invented),
            "postcode": self.known.those("postcode", self.places["postcode"]),
            "birth_date": self.known.those("birth_date", self.places["birth_date"]),
            "name": self.known.named(self.places["name"]),
        }
        if self.known.someone_was_born_any_day:  # then one old date is no birth date, a list of them is
            found["birth_date"] = self._listed(found["birth_date"])
        counts: dict[tuple[str, str, str], int] = {}
        for kind, values in found.items():
            for value in values:
                for file, place in self.places[kind][value]:
                    counts[file, place, kind] = counts.get((file, place, kind), 0) + 1
        return sorted([*self.sure, *(Finding(*where, count) for where, count in counts.items())])


def is_nhs_number(digits: str) -> bool:
    """Modulus 11 (F 5.1)."""
    if not re.fullmatch("[0-9]{10}", digits) or len(set(digits)) == 1:
        return False
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return (0 if check == 11 else check) == int(digits[9])


def _iso(day: str) -> str:
    return day if "-" in day else "-".join(reversed(day.split("/")))


def _sqlite(suspects: Suspects, file: Path, shown: str) -> None:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            columns = [row[1] for row in database.execute(f'pragma table_info("{table}")').fetchall()]
            for column in columns:
                kinds = "('text', 'blob', 'integer')"
                rows = database.execute(f'select "{column}" from "{table}" where typeof("{column}") in {kinds}')
                while values := rows.fetchmany(20_000):
                    text = "\n".join(
                        v.decode("utf-8", errors="replace") if isinstance(v, bytes) else str(v) for (v,) in values
                    )
                    suspects.text(shown, f"{table}.{column}", text)


def _parquet(suspects: Suspects, file: Path, shown: str) -> None:
    """By column: a value that is or holds an identifier, a column of names, a date that is the person's birth date."""
    duck, relation = suspects.known.duck, "'" + str(file).replace("'", "''") + "'"
    columns = [(row[0], row[1]) for row in duck.execute(f"describe select * from {relation}").fetchall()]
    texts = [name for name, kind in columns if _is_text(kind)]
    numbers = [name for name, kind in columns if kind in ("BIGINT", "HUGEINT", "UBIGINT", "DOUBLE")]
    _parquet_texts(suspects, shown, relation, texts)
    _restricted_codes(suspects, shown, relation, texts)
    for name in numbers:
        whole = f'cast(cast("{name}" as bigint) as varchar)'
        sql = f'select distinct {whole} from {relation} where "{name}" between 4000000000 and 9999999999'
        suspects.add("nhs_number", filter(is_nhs_number, (row[0] for row in duck.execute(sql).fetchall())), shown, name)
    dates = [name for name, kind in columns if kind == "DATE" or kind.startswith("TIMESTAMP")]
    for name in dates:
        _birth_dates(suspects, shown, relation, name, "person_key" in {name for name, _ in columns})


def _is_text(kind: str) -> bool:
    return "VARCHAR" in kind or "STRUCT" in kind or kind.endswith("[]") or kind in ("JSON", "BLOB")


def _parquet_texts(suspects: Suspects, shown: str, relation: str, texts: list[str]) -> None:
    if not texts:
        return
    duck = suspects.known.duck
    value = {name: f'cast("{name}" as varchar)' for name in texts}
    shape = f"{NHS_NUMBER}|{POSTCODE}|{DAY}"
    # One pass tells which columns are worth a second look. A key of 32 hexadecimal digits has no room for a number.
    flags = duck.execute(
        "select "
        + ", ".join(
            f"bool_or(regexp_matches({text}, '{shape}')), bool_or(regexp_matches({text}, '^[A-Z][A-Za-z''’-]+'))"
            for text in value.values()
        )
        + f" from {relation}"
    ).fetchone()
    for place, name in enumerate(texts):
        has_shape, has_word = flags[2 * place], flags[2 * place + 1]
        if not has_shape and not has_word:
            continue
        sql = f'select distinct {value[name]} from {relation} where "{name}" is not null'
        if not has_word:
            sql += f" and regexp_matches({value[name]}, '(^|[^0-9A-Za-z])({shape})($|[^0-9A-Za-z])')"
        values = [row[0] for row in duck.execute(sql).fetchall()]
        if values:
            suspects.text(shown, name, "\n".join(values))
        if has_word:
            _names(suspects, shown, name, {v.upper() for v in values if re.fullmatch(NAME, v)})


def _restricted_codes(suspects: Suspects, shown: str, relation: str, texts: list[str]) -> None:
    """Codes that law or local rule keeps in direct care (F 5.6), alone or in a list: a SNOMED concept in any column, a
    code of another system in a column that is named for what it codes."""
    asked = [
        (name, code.pattern) for name in texts for code in suspects.known.restricted_codes if code.column.search(name)
    ]
    if not asked:
        return
    counts = ", ".join(
        f"count(*) filter (regexp_matches(cast(\"{name}\" as varchar), '{pattern}'))" for name, pattern in asked
    )
    found = suspects.known.duck.execute(f"select {counts} from {relation}").fetchone()
    by_column = Counter({name: 0 for name, _ in asked})
    for (name, _), count in zip(asked, found, strict=True):
        by_column[name] += count
    suspects.sure += [Finding(shown, name, "restricted_code", count) for name, count in by_column.items() if count]


def _names(suspects: Suspects, shown: str, column: str, words: set[str]) -> None:
    """A column whose words are mostly family names, or mostly given names."""
    if len(words) < AT_LEAST:
        return
    for kind in ("family_name", "given_name"):
        found = suspects.known.those(kind, words)
        if len(found) >= AT_LEAST and len(found) >= SHARE_OF_NAMES * len(words):
            suspects.sure.append(Finding(shown, column, "name", len(found)))
            return


def _birth_dates(suspects: Suspects, shown: str, relation: str, column: str, has_key: bool) -> None:
    """A date that is the birth date of the person whose key stands beside it; without a key, a column of old dates that
    are nearly all birth dates of people. A newborn is admitted on the day of birth: that alone is no leak."""
    known, duck = suspects.known, suspects.known.duck
    oldest = duck.execute(f'select min("{column}") from {relation}').fetchone()[0]
    if oldest is None or oldest.year > date.today().year - YEARS_OF_EVENTS:
        return
    if has_key and (born := known.birth_date_by_key):
        rows, hits = duck.execute(
            f'select count(*), count(*) filter (cast(told."{column}" as date) = born.birth_date) '
            f"from {relation} as told inner join {born} as born on told.person_key = born.person_key "
            f'where told."{column}" is not null'
        ).fetchone()
        if hits and hits >= SHARE_OF_BIRTHS * rows:
            suspects.sure.append(Finding(shown, column, "birth_date", hits))
        return
    old = f"current_date - interval {YEARS_OF_EVENTS} year"
    sql = f'select distinct strftime("{column}", \'%Y-%m-%d\') from {relation} where "{column}" < {old}'
    days = {day for (day,) in duck.execute(sql).fetchall() if day != DEFAULT_DATE}
    if known.someone_was_born_any_day:
        return
    found = known.those("birth_date", days)
    if len(found) >= AT_LEAST and len(found) >= 0.8 * len(days):
        suspects.sure.append(Finding(shown, column, "birth_date", len(found)))
