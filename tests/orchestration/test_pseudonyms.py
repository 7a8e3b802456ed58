"""Pseudonyms: keyed, stable, different for each purpose, and the key never leaves its file."""

import hashlib
import hmac
import itertools
import os
import re

import duckdb
import pytest

from orchestration.pseudonyms import PURPOSES, load_key, pseudonym


def test_the_same_value_keeps_its_pseudonym_and_another_purpose_gives_another(tmp_path):
    planning, research = load_key(tmp_path, "planning"), load_key(tmp_path, "research")
    assert pseudonym(planning, "9990000018") == pseudonym(load_key(tmp_path, "planning"), "9990000018")
    assert pseudonym(planning, "9990000018") != pseudonym(research, "9990000018")
    assert pseudonym(planning, "9990000018") != pseudonym(planning, "9990000026")


def test_it_is_hmac_sha256_cut_to_128_bits():
    made = pseudonym(b"k" * 32, "9990000018")
    assert made == hmac.new(b"k" * 32, b"9990000018", hashlib.sha256).hexdigest()[:32]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no owner-only mode bits")
def test_only_the_owner_can_read_a_key(tmp_path):
    load_key(tmp_path / "keys", "planning")
    assert (tmp_path / "keys" / "planning.key").stat().st_mode & 0o077 == 0


def test_a_damaged_key_is_an_error_and_is_not_replaced(tmp_path):
    (tmp_path / "planning.key").write_text("not hexadecimal")
    with pytest.raises(ValueError, match="restore it from your backup"):
        load_key(tmp_path, "planning")
    assert (tmp_path / "planning.key").read_text() == "not hexadecimal"


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "planning.key").write_text("ab" * 8)
    with pytest.raises(ValueError, match="32-byte"):
        load_key(tmp_path, "planning")


@pytest.mark.parametrize("purpose", ["../other", "", "two words"])
def test_a_purpose_is_a_plain_name(tmp_path, purpose):
    with pytest.raises(ValueError, match="purpose name"):
        load_key(tmp_path, purpose)


@pytest.fixture
def in_sql(tmp_path, monkeypatch):
    """A cursor of a warehouse as dbt opens it, with the hub's plugin, in the home `tmp_path`."""
    from orchestration.dbt_plugin import Plugin

    monkeypatch.setenv("BIHUB_HOME", str(tmp_path))
    plugin = Plugin.__new__(Plugin)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        plugin.configure_connection(connection)
        cursor = connection.cursor()
        plugin.configure_cursor(cursor)
        yield cursor


VALUES = ["", "9990000018", "a" * 55, "b" * 56, "c" * 64, "d" * 5000, "José O'Neill|1", "nul\0inside", "\U0001f600"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_sql_makes_the_same_pseudonyms(in_sql, tmp_path, purpose):
    in_sql.execute("create table example as select unnest(?) as value", [[*VALUES, None]])
    made = dict(in_sql.execute(f"select value, hub_pseudonym('{purpose}', value) from example").fetchall())
    key = load_key(tmp_path / "keys", purpose)
    assert made == {None: None} | {value: pseudonym(key, value) for value in VALUES}


def test_sets_of_two_purposes_cannot_be_joined(in_sql):
    """The same people have another key in each purpose, and no key of one purpose occurs in another."""
    keys = ", ".join(f"hub_pseudonym('{purpose}', 'p' || range::varchar) as {purpose}" for purpose in PURPOSES)
    in_sql.execute(f"create table person as select {keys} from range(300)")
    for one, other in itertools.permutations(PURPOSES, 2):
        joined = in_sql.execute(f"select count(*) from person as a inner join person as b on a.{one} = b.{other}")
        assert joined.fetchone()[0] == 0, (one, other)
    for purpose in PURPOSES:
        assert in_sql.execute(f"select count(distinct {purpose}) from person").fetchone()[0] == 300


def test_sql_reads_a_key_file_as_python_does(tmp_path, monkeypatch):
    """A key that came back from a backup with spaces and line ends in it is the same key."""
    from orchestration.dbt_plugin import Plugin

    monkeypatch.setenv("BIHUB_HOME", str(tmp_path))
    digits = load_key(tmp_path / "keys", "person").hex()
    (tmp_path / "keys" / "person.key").write_text(f"{digits[:20]} {digits[20:].upper()}\r\n")
    with duckdb.connect() as connection:
        Plugin.__new__(Plugin).configure_connection(connection)
        made = connection.execute("select hub_pseudonym('person', 'x')").fetchone()[0]
    assert made == pseudonym(bytes.fromhex(digits), "x")


def test_a_purpose_without_a_key_is_an_error_and_not_an_empty_pseudonym(in_sql):
    with pytest.raises(duckdb.Error, match="no key is kept for the purpose marketing"):
        in_sql.execute("select hub_pseudonym('marketing', 'x')")


def test_a_damaged_key_stops_the_connection(tmp_path, monkeypatch):
    from orchestration.dbt_plugin import Plugin

    monkeypatch.setenv("BIHUB_HOME", str(tmp_path))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "person.key").write_text("not hexadecimal")
    with duckdb.connect() as connection, pytest.raises(ValueError, match="restore it from your backup"):
        Plugin.__new__(Plugin).configure_connection(connection)


def test_no_plan_no_table_and_no_file_holds_a_key(in_sql, tmp_path):
    in_sql.execute("create table value as select range::varchar as value from range(3000)")
    statement = "select hub_pseudonym('secondary_use', value) as key from value"
    in_sql.execute(f"create table made as {statement}")
    plans = "".join(
        str(in_sql.execute(f"{how} {statement}").fetchall())
        for how in ("explain", "explain analyze", "explain (format json)")
    )
    listed = str(in_sql.execute("select sql from duckdb_tables()").fetchall())
    listed += str(in_sql.execute("select macro_definition from duckdb_functions()").fetchall())
    in_sql.execute("checkpoint")
    seen = (plans + listed).encode().replace(b"\\\\", b"\\")
    seen += re.sub(rb"\\x([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), seen)
    seen += (tmp_path / "warehouse.duckdb").read_bytes()
    seen = seen.lower()
    parts = []
    for key in (load_key(tmp_path / "keys", purpose) for purpose in PURPOSES):
        for pad in (bytes(byte ^ mask for byte in key) for mask in (0, 0x36, 0x5C)):
            parts += [pad[start : start + 8] for start in range(0, len(pad), 8)]
    leaked = [part for part in parts if part.lower() in seen or part.hex().encode() in seen]
    assert not leaked


def test_under_a_new_key_nothing_that_was_built_is_trusted(tmp_path, monkeypatch):
    """What is built a day at a time would hold pseudonyms of two keys side by side."""
    from orchestration.dbt_plugin import Plugin

    def tables_known() -> int:
        with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
            Plugin.__new__(Plugin).configure_connection(connection)
            return connection.execute("select count(*) from hub.table_state").fetchone()[0]

    monkeypatch.setenv("BIHUB_HOME", str(tmp_path))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema hub; create table hub.table_state as select 'uec.dim_person' as table_name")
    assert tables_known() == 1
    assert tables_known() == 1
    (tmp_path / "keys" / "secondary_use.key").unlink()
    assert tables_known() == 0


def test_the_memory_of_a_build_is_bounded_where_somebody_says_so(tmp_path, monkeypatch):
    from orchestration.dbt_plugin import Plugin

    monkeypatch.setenv("BIHUB_HOME", str(tmp_path))
    limits = []
    for said in (None, "512MiB"):
        if said:
            monkeypatch.setenv("BIHUB_MEMORY", said)
        with duckdb.connect() as connection:
            before = connection.execute("select current_setting('memory_limit')").fetchone()
            Plugin.__new__(Plugin).configure_connection(connection)
            limits.append((before, connection.execute("select current_setting('memory_limit')").fetchone()))
    assert limits[0][0] == limits[0][1]
    assert limits[1][1] == ("512.0 MiB",)
