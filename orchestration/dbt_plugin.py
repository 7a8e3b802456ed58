"""dbt-duckdb plugin: gives SQL the function hub_pseudonym(purpose, value), so that no key is ever seen in SQL."""

from __future__ import annotations

import os
from pathlib import Path

from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.pseudonyms import PURPOSES, load_key
from orchestration.settings import load_settings

# HMAC-SHA256 (RFC 2104) in SQL. A key is half a block of the hash, zeros fill the other half. DuckDB reads the key
# files itself, into a database in memory: neither a statement nor the warehouse file ever holds a key.
PADS = """
    create table hub_keys.pad as
    select
        parse_filename(filename, true) as purpose,
        cast(xor(key_block, cast(unhex(repeat('36', 64)) as bit)) as blob) as inner_pad,
        cast(xor(key_block, cast(unhex(repeat('5c', 64)) as bit)) as blob) as outer_pad
    from (
        select
            filename,
            cast(unhex(rpad(regexp_replace(content, '[^0-9a-fA-F]', '', 'g'), 128, '0')) as bit) as key_block
        from read_text([{files}])
    )
"""
HUB_PSEUDONYM = """
    create or replace temp macro hub_pseudonym(of_purpose, of_value) as left(sha256(
        (
            select coalesce(max(pad.outer_pad), error('hub_pseudonym: no key is kept for the purpose ' || of_purpose))
            from hub_keys.pad as pad where pad.purpose = of_purpose
        )
        || unhex(sha256(
            (select max(pad.inner_pad) from hub_keys.pad as pad where pad.purpose = of_purpose) || encode(of_value)
        ))
    ), 32)
"""


class Plugin(BasePlugin):
    def update_connection_config(self, creds, config):
        # Plain dbt may be the first to open a home.
        Path(creds.path).parent.mkdir(parents=True, exist_ok=True)

    def configure_connection(self, conn):
        if limit := os.environ.get("BIHUB_MEMORY"):  # "8GB"; else DuckDB takes up to 80 % of the machine
            conn.execute("set memory_limit = '{}'".format(limit.replace("'", "''")))
        keys = load_settings().keys
        for purpose in PURPOSES:
            load_key(keys, purpose)
        files = ", ".join("'" + str(keys / f"{purpose}.key").replace("'", "''") + "'" for purpose in PURPOSES)
        conn.execute("attach ':memory:' as hub_keys")
        conn.execute(PADS.format(files=files))
        conn.execute(HUB_PSEUDONYM)
        _forget_what_other_keys_made(conn)

    def configure_cursor(self, cursor):
        # Attached databases are shared by the cursors of a connection, what is temporary is not.
        cursor.execute(HUB_PSEUDONYM)


def _forget_what_other_keys_made(conn) -> None:
    """Under a new key every table is made again: pseudonyms of two keys must never stand in one."""
    marks = " || ".join(f"hub_pseudonym('{purpose}', 'mark of the key')" for purpose in PURPOSES)
    conn.execute("create schema if not exists hub")
    conn.execute("create table if not exists hub.key_mark (mark varchar)")
    mark = conn.execute(f"select {marks}").fetchone()
    made_with = conn.execute("select mark from hub.key_mark").fetchone()
    if made_with == mark:
        return
    is_incremental = "from duckdb_tables() where schema_name = 'hub' and table_name = 'table_state'"
    if made_with and conn.execute(is_incremental).fetchone():
        conn.execute("delete from hub.table_state")
    conn.execute(f"create or replace table hub.key_mark as select {marks} as mark")
