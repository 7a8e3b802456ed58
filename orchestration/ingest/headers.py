"""Which column of a file is which column of the contract, and what is wrong with a header that does not say so."""

from __future__ import annotations

import csv
import difflib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from orchestration.contracts import FeedContract
from orchestration.ingest.outcome import Rejected

MAX_COLUMNS = 1000


def match_header(
    header: list[str], contract: FeedContract, where: str
) -> tuple[list[int | None], list[int], list[str]]:
    """(position of each contract column or None, positions of columns nobody asked for, warnings).

    Raises Rejected where there is no header, a required column is missing, or a name occurs twice.
    """
    names = [" ".join("".join(sign for sign in name if unicodedata.category(sign) != "Cf").split()) for name in header]
    wanted = {column.local_name: column for column in contract.columns}
    if len(names) > MAX_COLUMNS:
        raise Rejected(
            "limits",
            f"The file has {len(names):,} columns; at most {MAX_COLUMNS:,} are taken.",
            "Send the agreed columns only.",
        )
    folded = {" ".join(name.split()).casefold() for name in wanted}
    times = Counter(name.casefold() for name in names)
    if folded.isdisjoint(times):
        raise _no_header(header, contract, where)
    twice = sorted({name for name in names if name and times[name.casefold()] > 1})
    if twice:
        raise Rejected(
            "header",
            f"The header names these columns more than once: {listed(twice)}. It is not clear which one counts.",
            "Send each column once, under its own name.",
        )
    exact = {name: position for position, name in enumerate(names)}
    loose = {name.casefold(): position for position, name in enumerate(names)}
    positions: list[int | None] = []
    warnings: list[str] = []
    for column in contract.columns:
        plain = " ".join(column.local_name.split())
        position = exact.get(plain, loose.get(plain.casefold()))
        if position is not None and plain not in exact:
            warnings.append(
                f"Column '{column.local_name}' is written '{short(names[position])}' in the header. It was "
                f"taken as the same."
            )
        positions.append(position)
    extra = [position for position in range(len(names)) if position not in positions]
    missing = [column for column, position in zip(contract.columns, positions, strict=True) if position is None]
    required = [column for column in missing if column.required]
    if required:
        hints = []
        for column in required:
            near = difflib.get_close_matches(column.local_name.casefold(), [names[p].casefold() for p in extra], 1, 0.6)
            close = next((names[p] for p in extra if near and names[p].casefold() == near[0]), None)
            hints.append(f"'{column.local_name}'" + (f" (is '{short(close)}' meant?)" if close else ""))
        raise Rejected(
            "required_column",
            f"Required column{'s' if len(required) > 1 else ''} missing: {', '.join(hints)}.",
            f"Send the file with the agreed header {where}. Names must be as in the contract.",
        )
    if missing:
        warnings.append(f"Columns missing, taken as empty: {listed([column.local_name for column in missing])}.")
    named_extra = [names[position] for position in extra if names[position]]
    if named_extra:
        warnings.append(f"Columns that were not agreed, left out: {listed(named_extra)}.")
    present = [position for position in positions if position is not None]
    if present != sorted(present):
        warnings.append("Columns come in another order than agreed. They were matched by name.")
    return positions, extra, warnings


def _no_header(names: list[str], contract: FeedContract, where: str) -> Rejected:
    remedy = (
        f"The header is expected {where}, with the column names of the contract: "
        f"{listed([c.local_name for c in contract.columns][:5])}, ..."
    )
    if len(names) == 1 and contract.format == "csv":
        counts = {other: names[0].count(other) for other in ",;|\t" if other != contract.delimiter}
        best = max(counts, key=counts.get)
        if counts[best] >= 2:
            words = {",": "commas", ";": "semicolons", "|": "vertical bars", "\t": "tabs"}
            return Rejected(
                "delimiter",
                f"Fields are separated by {words[best]}; {words.get(contract.delimiter, contract.delimiter)} "
                f"were agreed.",
                "Export the file with the agreed separator and send it again.",
            )
    return Rejected("header", f"There is no header {where}: none of the agreed column names is there.", remedy)


def header_elsewhere(rows: Iterable[list[str]], contract: FeedContract) -> int | None:
    """The number of the row that looks like the header, where it is not the agreed one."""
    wanted = {column.local_name.casefold() for column in contract.columns}
    scores = [
        (sum(value.strip().casefold() in wanted for value in row), -number) for number, row in enumerate(rows, start=1)
    ]
    best, number = max(scores, default=(0, 0))
    return -number if best >= 2 and -number != contract.header_row else None


def fields_of(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Fields of lines that need not be records."""
    for line in lines:
        try:
            yield next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            yield []


def listed(names: list[str]) -> str:
    shown = ", ".join(f"'{short(name)}'" for name in names[:10])
    return shown + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")


def short(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean if len(clean) <= 60 else clean[:57] + "..."
