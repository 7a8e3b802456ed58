"""What every reader of a format yields: a relation of text, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.contracts import FeedContract
from orchestration.ingest.stage import Staged

MAX_CELL = 1_000_000
MAX_LINE = 4_000_000
MAX_RAW = 100_000
HEADER_AGAIN = "the header stands here once more: files were joined, or one was written twice"
CLEAN_HEADER = ("_record", "_line", "_broken", "_raw", "_extra")
BLANKS = "' " + "".join(map(chr, (9, 10, 13, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000))) + "'"
STRUCTURAL = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.NotImplementedException)


# In a template; no header and no file name can hold them.
FILES, BUFFERS, RECORD, FILE, PASSED, NAMED = (
    f"\x02{name}\x02" for name in ("files", "buffers", "record", "file", "passed", "named")
)


@dataclass
class Incoming:
    """A SELECT that yields the text of a file, and what was noticed on the way.

    `template`: where FILES stands for what is read (with BUFFERS of its size), RECORD for what numbers the records, and
    FILE, PASSED and NAMED for the place of a file among several that are read together. Files with the same template
    can be.
    `longest`: the most characters that a line may have.
    """

    template: str
    warnings: list[str]
    header_lines: int
    staged: Staged
    path: Path
    longest: int

    @property
    def is_numbered(self) -> bool:
        """Whether records must be numbered as they are read: other files bring their numbers along."""
        return RECORD in self.template

    def sql(self, record: str) -> str:
        """The SELECT over this file alone. `record`: SQL that numbers the records."""
        return _filled(self.template, quote(str(self.path)), _buffers([self.path], self.longest), record)


def sql_of_all(members: list[Incoming]) -> str:
    """One SELECT over files with the same template, in their order; `_file` is the place of each row's file.

    Records are numbered on from file to file, unless they bring their numbers along.
    """
    paths = [str(member.path) for member in members]
    listed = ", ".join(map(quote, paths))
    place = f"enum_code(cast(_file as enum({listed})))"
    return _filled(
        members[0].template, f"[{listed}]", _buffers([member.path for member in members], members[0].longest),
        "row_number() over ()", f"{place} as _file, ", ", filename = '_file'",
    )  # fmt: skip


def _filled(template: str, files: str, buffers: str, record: str, file: str = "", named: str = "") -> str:
    passed = "_file, " if file else ""
    for token, text in (
        (FILES, files), (BUFFERS, buffers), (RECORD, record), (FILE, file), (PASSED, passed), (NAMED, named),
    ):  # fmt: skip
        template = template.replace(token, text)
    return template


def incoming_columns(contract: FeedContract) -> list[tuple[str, str]]:
    """Names and types of the relation that every reader yields."""
    return [
        ("_batch", "integer"), ("_received_at", "timestamp"), ("_record", "bigint"), ("_line", "bigint"),
        ("_broken", "varchar"), ("_raw", "varchar"), ("_extra", "varchar"),
        *((f"_t{position}", "varchar") for position in range(len(contract.columns))),
    ]  # fmt: skip


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def _buffers(paths: list[Path], longest: int) -> str:
    """Buffers no larger than the file: DuckDB clears all of what it is granted, which costs more than a small file."""
    longest = min(longest, max(path.stat().st_size for path in paths) + 64)
    return f"max_line_size = {longest}, buffer_size = {max(longest * 4, 1 << 16)}"


def texts_of(fields: list[str | None]) -> str:
    return ", ".join(
        f"{'cast(null as varchar)' if name is None else name} as _t{position}" for position, name in enumerate(fields)
    )


def trimmed(contract: FeedContract, source: str, *, wide: bool) -> str:
    """SELECT over what a reader yields, with values trimmed and empty ones null.

    Tabs, odd spaces and line ends are trimmed where `wide`: only files that hold such characters pay for it.
    """
    made = [
        f"{_trimmed(name, wide)} as {name}" if name.startswith("_t") else name for name, _ in incoming_columns(contract)
    ]
    return f"select {', '.join(made)} from ({source})"


def _trimmed(name: str, wide: bool) -> str:
    """Looking at both ends first takes a third of the time of trimming every value."""
    if wide:
        at_an_end = f"contains({BLANKS}, left({name}, 1)) or contains({BLANKS}, right({name}, 1))"
        return f"case when {at_an_end} then nullif(trim({name}, {BLANKS}), '') else {name} end"
    at_an_end = f"{name} like ' %' or {name} like '% ' or {name} = ''"
    return f"case when {at_an_end} then nullif(trim({name}), '') else {name} end"


def read_clean(clean: Path, staged: Staged, width: int, warnings: list[str]) -> Incoming:
    names = [*CLEAN_HEADER, *(f"f{p}" for p in range(width))]
    columns = "{" + ", ".join(f"'{name}': 'varchar'" for name in names) + "}"
    staged.has_odd_space = True
    template = (
        f"select {FILE}cast(_record as bigint) as _record, cast(_line as bigint) as _line, _broken, _raw, _extra, "
        f"{texts_of([f'f{p}' for p in range(width)])} from read_csv({FILES}, auto_detect = false, header = true, "
        f"delim = ',', quote = '\"', escape = '\"', columns = {columns}, strict_mode = true, parallel = false, "
        f"{BUFFERS}{NAMED})"
    )
    return Incoming(template, warnings, 0, staged, clean, MAX_LINE * 4)


def cut(raw: str) -> str:
    raw = raw.rstrip("\r\n").replace("\0", "\N{SYMBOL FOR NULL}")
    return raw if len(raw) <= MAX_RAW else raw[:MAX_RAW]
