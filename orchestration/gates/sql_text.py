"""Gates over the text of SQL files: no clock, nothing that only DuckDB knows, a header, not too long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orchestration.gates.violation import Violation

# Rooms where a dialect may be spoken: dispatched macros, and what opens the lake to the engine that runs.
DIALECT_ROOMS = ("macros/portable/", "macros/runtime/")
MAX_LINES = 150
MIN_HEADER = 20

_PIECES = re.compile(
    r"(?P<comment>\{\#.*?\#\}|--[^\n]*|/\*.*?\*/)|(?P<jinja>\{\{.*?\}\}|\{%.*?%\})|(?P<string>'(?:[^']|'')*')",
    re.DOTALL,
)
_JINJA_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)

# Anything whose answer changes when nothing that was received has changed.
CLOCKS = re.compile(
    r"\b(?:current_date|current_timestamp|current_time|current_localtime|current_localtimestamp|localtimestamp|localtime"
    r"|get_current_time|get_current_timestamp|sysdate|systimestamp|sysdatetime|run_started_at)\b"
    r"|\b(?:now|today|getdate|getutcdate|transaction_timestamp|statement_timestamp|clock_timestamp|utc_timestamp"
    r"|random|rand|uuid|gen_random_uuid|newid)\s*\("
    r"|\bdatetime\.(?:now|utcnow|today)\b|\bdate\.today\b",
    re.IGNORECASE,
)

_MACRO = "use a macro in macros/portable"
# Pattern, what it is, what to write instead (design 4.7; measured on the second engines).
NOT_PORTABLE: list[tuple[re.Pattern[str], str, str]] = [
    (re.compile(pattern, re.IGNORECASE), what, instead)
    for pattern, what, instead in [
        (r"\bqualify\b", "qualify", "number the rows in one CTE and filter in the next"),
        (r"\bexclude\s*\(|\*\s*exclude\b", "exclude", "name the columns"),
        (r"\*\s*replace\s*\(", "* replace", "name the columns"),
        (r"\bcolumns\s*\(", "columns(...)", "name the columns"),
        (r"\b(?:group|order)\s+by\s+all\b", "group by all", "name the columns"),
        (r"::", "a :: cast", "write cast(x as type)"),
        (r"\blist_\w+\s*\(|\blist\s*\(", "a list function", f"use a join, or {_MACRO.removeprefix('use ')}"),
        (r"\bstruct_pack\s*\(|\brow\s*\(\s*\w+\s*:=|\{\s*\w*\s*:", "a struct literal", "name the columns"),
        (r"\basof\s+(?:left\s+)?join\b", "asof join", "join on a range and number the rows"),
        (r"\b(?:un)?pivot\b", "pivot", "use sum(case when ...)"),
        (r"\b(?:not\s+)?ilike\b", "ilike", "compare lower(x)"),
        (r"//", "integer division by //", f"use floor(x / y), or {_MACRO.removeprefix('use ')}"),
        (r"\bunion\s+(?:all\s+)?by\s+name\b", "union by name", "name the columns in one order"),
        (r"\b(?:semi|anti)\s+join\b", "a semi or anti join", "use exists, or a left join with is null"),
        (r"\b(?:arg_max|arg_min|max_by|min_by)\s*\(", "arg_max", _MACRO),
        (r"\b(?:strftime|strptime|try_strptime)\s*\(", "strftime or strptime", _MACRO),
        (r"\b(?:median|mad|mode|quantile\w*)\s*\(", "a DuckDB quantile function", _MACRO),
        (r"\b(?:generate_series|range|unnest)\s*\(", "a table-valued generator", _MACRO),
        (r"\bread_(?:parquet|csv|csv_auto|json|json_auto|blob|text)\s*\(", "a file reader", "use a source"),
        (r"\b(?:date_?diff|date_?sub|date_?add)\s*\(", "a date function that differs elsewhere", _MACRO),
        (r"\bregexp_(?:full_match|matches|extract_all)\s*\(", "a DuckDB regular expression", _MACRO),
    ]
]


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def without_comments(text: str) -> str:
    """The text with comments blanked; every line keeps its number."""
    return _PIECES.sub(lambda found: _blank(found[0]) if found["comment"] else found[0], text)


def only_sql(text: str) -> str:
    """The SQL of a file: comments and SQL strings blanked; of Jinja only the strings, which may hold SQL."""

    def keep(found: re.Match[str]) -> str:
        if not found["jinja"]:
            return _blank(found[0])
        kept, last = [], 0
        for string in _JINJA_STRING.finditer(found[0]):
            kept += [_blank(found[0][last : string.start()]), f" {string[0][1:-1]} "]
            last = string.end()
        return "".join([*kept, _blank(found[0][last:])])

    return _PIECES.sub(keep, text)


def _matches(files: Mapping[str, str], view, pattern: re.Pattern[str]) -> Iterator[tuple[str, int, str]]:
    for file, text in sorted(files.items()):
        seen = view(text)
        for found in pattern.finditer(seen):
            yield file, line_of(seen, found.start()), found[0].strip()


def clock_in_sql(files: Mapping[str, str]) -> list[Violation]:
    """Design 4.1: nothing in SQL asks for the time or for chance."""
    return [
        Violation(
            file,
            line,
            "no-clock",
            f"'{word}' gives another answer on another day",
            "Use {{ as_of() }}: rebuilding last month must give last month's numbers.",
        )
        for file, line, word in _matches(files, without_comments, CLOCKS)
    ]


def not_portable(files: Mapping[str, str]) -> list[Violation]:
    """Design 4.7: what only DuckDB understands lives in macros/portable, behind adapter.dispatch."""
    models = {file: text for file, text in files.items() if not file.startswith(DIALECT_ROOMS)}
    return [
        Violation(
            file,
            line,
            "portable-sql",
            f"{what} ('{word}') does not run on Spark or SQL Server",
            f"Instead: {instead}.",
        )
        for pattern, what, instead in NOT_PORTABLE
        for file, line, word in _matches(models, only_sql, pattern)
    ]


def without_header(files: Mapping[str, str]) -> list[Violation]:
    """Every model says first what one row is and why (design 6). A metric says it in its `definition`."""
    found = []
    for file, text in sorted(files.items()):
        if not file.startswith("models/") or "/metrics/" in file:
            continue
        start = re.sub(r"\A\s*\{\{-?\s*config\(.*?\)\s*-?\}\}", "", text, flags=re.DOTALL).lstrip()
        comments = re.match(r"(?:\s*(?:--[^\n]*|\{#.*?#\}|/\*.*?\*/))+", start, re.DOTALL)
        words = re.sub(r"[-{}#/*\s]+", " ", comments[0]).strip() if comments else ""
        if len(words) < MIN_HEADER:
            found.append(
                Violation(
                    file,
                    1,
                    "header",
                    "the file does not begin with what one row is and why the model exists",
                    "Begin with a comment: '-- One row per ...: why.'",
                )
            )
    return found


def too_long(files: Mapping[str, str]) -> list[Violation]:
    """A model that does not fit two screens holds more than one idea (design 6)."""
    lengths = {file: len(text.splitlines()) for file, text in files.items() if file.startswith("models/")}
    return [
        Violation(
            file,
            None,
            "length",
            f"{lines} lines, {MAX_LINES} are allowed",
            "Split it into models that hold one idea each.",
        )
        for file, lines in sorted(lengths.items())
        if lines > MAX_LINES
    ]


CITED = re.compile(r"\bF (\d(?:\.\d+)+)")


def clauses_unknown(files: Mapping[str, str], definitions: str) -> list[Violation]:
    """Every clause that is cited ('F 3.4') is a section of docs/definitions.md, so that a rule can be looked up."""
    known = set(re.findall(r"(?m)^#{2,4} (\d(?:\.\d+)*)\b", definitions))
    return [
        Violation(
            file,
            line_of(text, found.start()),
            "clauses",
            f"'{found[0]}' is not in docs/definitions.md",
            "Cite a section that stands there, or write it down there.",
        )
        for file, text in sorted(files.items())
        for found in CITED.finditer(text)
        if found[1] not in known
    ]
