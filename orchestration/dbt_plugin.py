"""dbt-duckdb plugin: gives SQL the function hub_pseudonym(purpose, value), so that no key is ever seen in SQL."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.pseudonyms import load_key, pseudonym
from orchestration.settings import load_settings


class Plugin(BasePlugin):
    def update_connection_config(self, creds, config):
        # Plain dbt may be the first to open a home.
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn):
        keys: dict[str, bytes] = {}
        directory = load_settings().keys

        def hub_pseudonym(purposes: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.Array:
            made = []
            for purpose, value in zip(purposes.to_pylist(), values.to_pylist(), strict=True):
                if value is None or purpose is None:
                    made.append(None)
                    continue
                if purpose not in keys:
                    keys[purpose] = load_key(directory, purpose)
                made.append(pseudonym(keys[purpose], value))
            return pa.array(made, pa.string())

        conn.create_function(
            "hub_pseudonym",
            hub_pseudonym,
            ["VARCHAR", "VARCHAR"],
            "VARCHAR",
            type="arrow",
            null_handling="special",
        )
