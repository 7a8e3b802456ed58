"""From a staged file to a relation of text: a column per column of the contract, as sent, trimmed, empty as null.

Every format ends in the same columns (incoming_columns), so that checks know nothing of formats. A record that cannot
be taken apart is kept whole in `_raw`, with what is wrong in `_broken`. The fast reader is DuckDB in strict mode; where
a file has any flaw in its structure, a slow reader that names the flaw of each record takes over.
"""

from __future__ import annotations

from orchestration.contracts import FeedContract
from orchestration.ingest.incoming import STRUCTURAL, Incoming, incoming_columns, quote, trimmed
from orchestration.ingest.stage import Staged

__all__ = ["STRUCTURAL", "Incoming", "incoming_columns", "quote", "read", "trimmed"]


def read(staged: Staged, contract: FeedContract, *, careful: bool = False) -> Incoming:
    """How to read a staged file. `careful`: with the slow reader. Raises Rejected where it is unreadable as a whole."""
    if contract.format == "xlsx":
        from orchestration.ingest.read_excel import read_excel

        return read_excel(staged, contract)
    if contract.format == "jsonl":
        from orchestration.ingest.read_json import read_json_lines

        return read_json_lines(staged, contract, careful)
    from orchestration.ingest.read_text import read_text

    return read_text(staged, contract, careful)
