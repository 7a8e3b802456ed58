"""A contract as SQL: how each column is typed, and when each rule fails. Pure text; nothing is executed here.

The SQL of a `snomed` check reads the temp table snomed_code: the codes of the batch whose check digit is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.contracts import Column, FeedContract
from orchestration.ingest.read import quote

EARLIEST, LATEST = "1850-01-01", "2150-01-01"
ISO_IN_EXCEL = {
    "date": ("%Y-%m-%d",),
    "timestamp": ("%Y-%m-%d %H:%M:%S",),
    "time": ("%H:%M:%S", "%H:%M"),
}
CLOCK_RULE = "clock_change"
TRUE, FALSE = ("true", "1", "y", "yes"), ("false", "0", "n", "no")
PATTERNS = {
    "postcode": r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}",
    "gp_practice_code": r"[A-HJ-NPVWY][0-9]{5}",
    "site_code": r"R[0-9A-Z]{4}",
    "lsoa_code": r"E01[0-9]{6}",
    "icd10": r"[A-Z][0-9]{2}\.?([0-9X][0-9]?)?[AD]?",
}


@dataclass(frozen=True)
class CheckRule:
    """A rule as it is run: `fails` is SQL over text (_t0, ...) and typed columns, true where the rule is broken."""

    number: int
    name: str
    column: str | None
    position: int | None
    severity: str
    fails: str
    message: str
    remedy: str


def _parsed(text: str, formats: list[str]) -> str:
    """SQL for the moment that a text names, local clock; where a format has an offset (%z), converted from it."""
    plain = [quote(wanted) for wanted in formats if "%z" not in wanted]
    zoned = [quote(wanted) for wanted in formats if "%z" in wanted]
    found = [f"try_strptime({text}, [{', '.join(plain)}])"] if plain else []
    if zoned:
        offset = f"regexp_replace({text}, 'Z$', '+00:00')"
        found.insert(0, f"timezone('Europe/London', try_strptime({offset}, [{', '.join(zoned)}]))")
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def typed(column: Column, text: str, contract: FeedContract) -> str:
    """SQL for the typed value of a column, null where the text cannot be one."""
    kind = column.data_type
    if kind == "varchar":
        return text
    if kind in ("date", "timestamp", "time"):
        formats = [*column.formats, *(ISO_IN_EXCEL[kind] if contract.format == "xlsx" else ())]
        # DuckDB takes these words for 1 January 1900, whatever the format.
        dated = f"case when lower({text}) not in ('infinity', '-infinity', 'epoch') then {text} end"
        parsed = _parsed(dated, list(dict.fromkeys(formats)))
        if kind == "time":
            return f"cast({parsed} as time)"
        # Year 0202 parses; it is no date in anybody's record, and must not pass as one.
        return (
            f"cast(case when {parsed} >= timestamp '{EARLIEST}' and {parsed} < timestamp '{LATEST}' then "
            f"{parsed} end as {kind})"
        )
    if kind in ("integer", "bigint"):
        return f"case when regexp_full_match({text}, '[-+]?[0-9]+') then try_cast({text} as {kind}) end"
    if kind == "boolean":
        words = {True: ", ".join(map(quote, TRUE)), False: ", ".join(map(quote, FALSE))}
        return (
            f"case when lower({text}) in ({words[True]}) then true when lower({text}) in ({words[False]}) then "
            f"false end"
        )
    number = f"try_cast({text} as {kind})"
    if kind == "double":  # 1e999 casts to infinity
        number = f"case when isfinite({number}) then {number} end"
    return (
        f"case when regexp_full_match({text}, '[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?') then {number} end"
    )


def rules_of(contract: FeedContract, lists: dict[str, frozenset[str]]) -> list[CheckRule]:
    """Every rule that a contract states or implies, in the order of the report."""
    made: list[CheckRule] = []

    def add(
        name: str, column: Column | None, position: int | None, severity: str, fails: str, message: str, remedy: str
    ) -> None:
        if name != "record_shape":  # a record that cannot be taken apart breaks that rule and no other
            fails = f"_broken is null and ({fails})"
        made.append(
            CheckRule(len(made), name, column.name if column else None, position, severity, fails, message, remedy)
        )

    add(
        "record_shape",
        None,
        None,
        "reject",
        "_broken is not null",
        "The record cannot be taken apart into fields.",
        "Put values that hold the separator, a quotation mark or a line end into quotation marks, and double "
        "quotation marks inside them.",
    )
    for position, column in enumerate(contract.columns):
        text, value, name = f"_t{position}", f'"{column.name}"', f"'{column.source_name}'"
        if column.data_type != "varchar":
            add(
                "type",
                column,
                position,
                "reject",
                f"{text} is not null and {value} is null",
                f"{name} is not {_in_words(column, contract)}.",
                f"Send {name} as {_in_words(column, contract)}{'' if column.required else ', or leave it empty'}.",
            )
        if column.required:
            add(
                "required",
                column,
                position,
                "reject",
                f"{text} is null",
                f"{name} is empty.",
                f"Fill in {name}: without it the record cannot be used.",
            )
        allowed = column.accepted or tuple(code for code, _ in column.codes)
        if allowed:
            add(
                "accepted",
                column,
                position,
                column.severity,
                f"{text} is not null and {text} not in ({', '.join(map(quote, allowed))})",
                f"{name} holds a code that was not agreed.",
                f"Use one of {_some(allowed)}, or tell the hub what the new code means.",
            )
        if column.code_list and lists.get(column.code_list):
            add(
                "code_list",
                column,
                position,
                column.severity,
                f"{text} is not null and {text} not in ({', '.join(map(quote, sorted(lists[column.code_list])))})",
                f"{name} holds a code that is not in the list {column.code_list.replace('_', ' ')}.",
                "Use a code of the NHS Data Dictionary list, or tell the hub what the local code means.",
            )
        if column.check:
            add(
                column.check,
                column,
                position,
                column.severity,
                _check(column.check, text, value),
                *_check_words(column.check, name),
            )
        if column.min is not None:
            add(
                "min",
                column,
                position,
                column.severity,
                f"{value} < {column.min}",
                f"{name} is below {column.min:g}.",
                f"Check {name} at source.",
            )
        if column.max is not None:
            add(
                "max",
                column,
                position,
                column.severity,
                f"{value} > {column.max}",
                f"{name} is above {column.max:g}.",
                f"Check {name} at source.",
            )
    for rule in contract.rules:
        add(
            rule.name,
            None,
            None,
            rule.severity,
            f"not coalesce(({rule.sql}), true)",
            rule.message,
            "Correct the record at source and send it again.",
        )
    moments = [column for column in contract.columns if column.data_type == "timestamp"]
    if moments:
        add(
            CLOCK_RULE,
            None,
            None,
            "warn",
            " or ".join(f"coalesce({in_left_out_hour(column)}, false)" for column in moments),
            "A time lies in the hour that clocks leave out in spring (01:00 to 02:00 on the last Sunday of March).",
            "Send local clock time: a system that keeps Greenwich time all year must convert it.",
        )
    return made


def in_left_out_hour(column: Column) -> str:
    """SQL that is true for a moment of the local clock that never was."""
    value = f'"{column.name}"'
    return f"case when hour({value}) = 1 then month({value}) = 3 and day({value}) >= 25 and dayofweek({value}) = 0 end"


def _check(check: str, text: str, value: str) -> str:
    """SQL that is true where a named check fails. Empty values pass: whether they may be empty is another rule."""
    if check == "nhs_number":
        number = nhs_number_as_integer(text)[0]
        digits = [f"({number} // {10 ** (10 - place)}) % 10" for place in range(1, 11)]
        total = " + ".join(f"{11 - place} * ({digits[place - 1]})" for place in range(1, 10))
        # Check digit 11 counts as 0; 10 is no digit, so no number of that kind is valid (F 5.1).
        wrong = f"(11 - ({total}) % 11) % 11 <> {digits[9]} or {number} % 1111111111 = 0"
        return f"{text} is not null and coalesce({wrong}, true)"
    if check == "birth_date":
        return f"{value} > cast(_received_at as date) or {value} <= cast(_received_at as date) - interval 121 year"
    if check == "snomed":
        return f"{text} is not null and {text} not in (select code from snomed_code)"
    subject = f"upper({text})" if check in ("postcode", "icd10") else text
    return f"{text} is not null and not regexp_full_match({subject}, {quote(PATTERNS[check])})"


def nhs_number_as_integer(text: str) -> tuple[str, str]:
    """(name, SQL) of an NHS number as an integer, null where it is not ten digits: made once, used digit by digit."""
    bare = f"replace(replace({text}, ' ', ''), '-', '')"
    return f"_n{text}", (
        f"case when regexp_full_match({text}, '[0-9]{{10}}') then cast({text} as bigint) "
        f"when regexp_full_match({bare}, '[0-9]{{10}}') then cast({bare} as bigint) end"
    )


def _check_words(check: str, name: str) -> tuple[str, str]:
    return {
        "nhs_number": (
            f"{name} is not a valid NHS number: ten digits whose last one is the check digit (Modulus 11).",
            "Trace the patient on the Personal Demographics Service. Where numbers look like 9.43E+09, a "
            "spreadsheet damaged them: export as text.",
        ),
        "postcode": (
            f"{name} does not have the form of a postcode.",
            "Correct the postcode; use ZZ99 3VZ for no fixed abode and ZZ99 3WZ for not known.",
        ),
        "birth_date": (
            f"{name} is in the future or more than 120 years ago.",
            "Correct the date of birth; leave it empty rather than sending a default such as 01/01/1900.",
        ),
        "gp_practice_code": (
            f"{name} does not have the form of a practice code.",
            "Send the ODS code of the practice, such as F81123; V81997 no practice, V81999 not known.",
        ),
        "site_code": (
            f"{name} does not have the form of a site code.",
            "Send the five-character ODS code of the site, such as RAJ12.",
        ),
        "lsoa_code": (
            f"{name} does not have the form of an area code.",
            "Send the nine-character code, such as E01021542.",
        ),
        "snomed": (
            f"{name} is not a valid SNOMED CT identifier: its check digit is wrong.",
            "A spreadsheet may have rounded it (the last digits are 000, or it reads 1.04E+15): export as text.",
        ),
        "icd10": (
            f"{name} does not have the form of an ICD-10 code.",
            "Send the code with three to five characters, such as J189; R69X where the spell is not coded yet.",
        ),
    }[check]


_WORDS = (
    ("%Y", "yyyy"),
    ("%m", "mm"),
    ("%d", "dd"),
    ("%H", "hh"),
    ("%M", "mm"),
    ("%S", "ss"),
    ("%z", "+00:00"),
    ("%j", "ddd"),
    ("%b", "Mmm"),
    ("%p", "AM/PM"),
    ("%I", "hh"),
)


def _in_words(column: Column, contract: FeedContract) -> str:
    if column.formats:
        formats = list(column.formats)
        for sign, word in _WORDS:
            formats = [text.replace(sign, word) for text in formats]
        kind = {"date": "a real date", "timestamp": "a real date and time", "time": "a time"}[column.data_type]
        return f"{kind} in the form {' or '.join(formats)}" + (" (or a date cell)" if contract.format == "xlsx" else "")
    return {
        "integer": "a whole number", "bigint": "a whole number", "boolean": "true or false", "date": "a date cell",
        "timestamp": "a date and time cell", "time": "a time cell",
    }.get(column.data_type, "a number with a decimal point")  # fmt: skip


def _some(codes: tuple[str, ...]) -> str:
    shown = ", ".join(f"'{code}'" for code in codes[:12])
    return shown + (f" or {len(codes) - 12} more in the contract" if len(codes) > 12 else "")


# --- SNOMED CT check digits (Verhoeff) -------------------------------------------------------------------------------

_MULTIPLY = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTE = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def is_snomed(code: str) -> bool:
    """A SNOMED CT concept or description identifier: 6 to 18 digits, a known partition and a right check digit."""
    if not re.fullmatch(r"[1-9][0-9]{5,17}", code) or code[-3:-1] not in ("00", "10", "01", "11"):
        return False
    check = 0
    for position, digit in enumerate(reversed(code)):
        check = int(_MULTIPLY[check][int(_PERMUTE[position % 8][int(digit)])])
    return check == 0
