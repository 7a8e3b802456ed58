"""Feed contracts: models/feeds/<partner>.yml read, checked and explained. Keys: docs/feed-contracts.md.

One YAML file drives dbt sources, ingestion, validation, lineage and the dictionary, so a mistake in it must not pass:
every error names file, line, key and remedy, and all errors of all files are reported at once.
"""

from orchestration.contracts.contract import NUMERIC, Column, Database, FeedContract, Rule
from orchestration.contracts.load import FEEDS, SEEDS, ContractsError, code_lists, export_odcs, load_contracts

__all__ = [
    "FEEDS",
    "NUMERIC",
    "SEEDS",
    "Column",
    "ContractsError",
    "Database",
    "FeedContract",
    "Rule",
    "code_lists",
    "export_odcs",
    "load_contracts",
]
