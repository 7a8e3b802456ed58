"""The built hub keeps its promises about people: opt-outs and restricted codes against the truth, purposes apart, no
leak anywhere."""

from __future__ import annotations

import csv
import json
import re

import duckdb
import pandas as pd
import pytest

from orchestration.demo.dirt import CODED_ENTRIES, ED, MH_REFERRALS, PLANNED, SPELLS
from orchestration.leaks import scan_home
from orchestration.pseudonyms import load_key, pseudonym
from orchestration.settings import PROJECT, Settings

PURPOSES = ("secondary_use", "population_health")


@pytest.fixture(scope="module")
def opted_out(built_hub: Settings) -> set[str]:
    """person_id of everybody who opted out: by the warehouse, and nationally by the truth."""
    truth = built_hub.home / "truth"
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        known = warehouse.execute("select distinct person_id from cdm.opt_out").fetchall()
        listed = warehouse.execute(
            f"select person.person_id from '{truth}/national_opt_out.parquet' as listed "
            f"inner join '{truth}/person.parquet' as truth on listed.person_no = truth.person_no "
            "inner join cdm.person as person on truth.nhs_number = person.nhs_number"
        ).fetchall()
    assert len(listed) > 50
    found, expected = {person for (person,) in known}, {person for (person,) in listed}
    assert expected <= found, f"{len(expected - found)} people of the newest list are not known to have opted out"
    return found


def tables_of_people(built_hub: Settings) -> list:
    files = sorted((built_hub.published / "secondary_use").rglob("*.parquet"))
    keyed = [file for file in files if "person_key" in duckdb.sql(f"select * from '{file}' limit 0").columns]
    assert len(keyed) > 5
    return keyed


def test_nobody_who_opted_out_has_a_key_in_secondary_use(built_hub: Settings, opted_out: set[str]) -> None:
    keys = [load_key(built_hub.keys, purpose) for purpose in PURPOSES]
    forbidden = {pseudonym(key, person) for key in keys for person in opted_out}
    for file in tables_of_people(built_hub):
        there = {key for (key,) in duckdb.sql(f"select distinct person_key from '{file}'").fetchall()}
        assert not there & forbidden, file.name


def test_events_of_those_who_opted_out_still_count(built_hub: Settings) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        for fact, entity in (("fct_ed_attendance", "ed_attendance"), ("fct_hospital_spell", "hospital_spell")):
            said_of_a_person = (
                "age_years is not null or sex_code is not null or imd_decile is not null "
                "or registered_sub_icb_code is not null or ethnic_group <> 'unknown' or age_band <> 'unknown'"
            )
            rows, said = warehouse.execute(
                f"select count(*), count(*) filter (where person_key is null and ({said_of_a_person})) from uec.{fact}"
            ).fetchone()
            assert rows == warehouse.execute(f"select count(*) from cdm.{entity}").fetchone()[0]
            assert said == 0
            without = warehouse.execute(f"select count(*) from uec.{fact} where person_key is null").fetchone()[0]
            assert 0 < without < 0.2 * rows


def test_products_of_two_purposes_share_no_key(built_hub: Settings) -> None:
    keys: dict[str, set[str]] = {}
    for file in tables_of_people(built_hub):
        product = file.parent.name
        keys.setdefault(product, set()).update(
            key for (key,) in duckdb.sql(f"select distinct person_key from '{file}'").fetchall() if key
        )
    products = sorted(keys)
    for place, one in enumerate(products):
        for other in products[place + 1 :]:
            assert not keys[one] & keys[other], (one, other)


def test_every_store_is_in_the_register_and_says_what_is_applied(built_hub: Settings) -> None:
    stores = json.loads((built_hub.published / "manifest.json").read_text())["stores"]
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        register = warehouse.execute(
            "select store, pseudonym_purpose, ndoo_applies, ndoo_exemption_reason, type1_applies "
            "from reference.purpose_register"
        ).fetchall()
    assert set(stores) <= {row[0] for row in register}
    for store, purpose, ndoo, why_not, type_1 in register:
        assert ndoo or why_not, store
        if purpose:  # people stand behind it
            assert purpose in PURPOSES and ndoo and type_1, purpose
    assert all(said["identifiable"] == (store == "direct_care") for store, said in stores.items())


# --- restricted codes (F 5.6) ----------------------------------------------------------------------------------------

CODES_OF = {
    SPELLS: ("icd10", "treatment_function"),
    PLANNED: ("treatment_function",),
    MH_REFERRALS: ("mh_referral_reason",),
    (*ED, *CODED_ENTRIES): ("snomed",),
}
# numbers that elsewhere mean something else: the column of a table that says them, the code system of an event
SHORT_CODES = {
    "360": ("treatment_function_code", "treatment_function"),
    "20": ("reason_code", "mental_health_referral_reason"),
}
# what is built for others than those who treat
BEYOND_CARE = ("uec", "phm", "quality")
# its pages show the rules themselves, and with them the codes that are looked for
RULES = "dictionary"


@pytest.fixture(scope="module")
def planted(built_hub: Settings) -> pd.DataFrame:
    """One row per restricted code that a partner sent: feed, record_id, column, code, and what the seed says of it."""
    with (PROJECT / "seeds" / "sensitive_code.csv").open(newline="") as file:
        rules = list(csv.DictReader(file))
    dirt = pd.read_parquet(built_hub.home / "truth" / "dirt.parquet")
    found = []
    for row in dirt[dirt.kind == "restricted_code"].itertuples():
        systems = next(systems for feeds, systems in CODES_OF.items() if row.feed in feeds)
        for code in row.sent.split(";"):
            for rule in rules:
                prefix = rule["code_prefix"]
                is_it = code.startswith(prefix) if rule["code_system"] == "icd10" else code == prefix
                if is_it and rule["code_system"] in systems:
                    found.append((row.feed, row.record_id, row.column, code, rule["code_group"], rule["action"]))
    return pd.DataFrame(found, columns=["feed", "record_id", "column", "code", "code_group", "action"])


def says(code: str, columns: list[str]) -> list[str]:
    """Where a table says a code that is a short number."""
    column, code_system = SHORT_CODES[code]
    found = [f"{column} = '{code}'"] if column in columns else []
    if {"code_system", "code"} <= set(columns):
        found.append(f"code_system = '{code_system}' and code = '{code}'")
    return found


def holders(connection: duckdb.DuckDBPyConnection, relations: list[str], codes: list[str]) -> dict[str, int]:
    """Tables or files, each with the number of its rows that hold one of the codes in any text."""
    words = "|".join(code for code in codes if code not in SHORT_CODES)
    out = {}
    for relation in relations:
        columns = [
            name for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall() if kind == "VARCHAR"
        ]
        if columns:
            text = ", ".join(f'"{column}"' for column in columns)
            tried = [f"regexp_matches(concat_ws(' ', {text}), '\\b({words})\\b')"]
            tried += [one for code in codes if code in SHORT_CODES for one in says(code, columns)]
            where = " or ".join(tried)
            rows = connection.execute(f"select count(*) from {relation} where {where}").fetchone()[0]
            out |= {relation: rows} if rows else {}
    return out


def tables(connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]) -> list[str]:
    found = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables where list_contains(?, table_schema) "
        "order by 1",
        [list(schemas)],
    ).fetchall()
    assert {name.split(".")[0] for (name,) in found} == set(schemas)
    return [name for (name,) in found]


def published(built_hub: Settings, *stores: str) -> list[str]:
    return [f"'{file}'" for store in stores for file in sorted((built_hub.published / store).rglob("*.parquet"))]


def test_every_feed_that_can_carry_restricted_codes_has_some(planted: pd.DataFrame) -> None:
    """Without them none of the tests below says anything."""
    assert set(planted.feed) == {*SPELLS, *ED, *PLANNED, *MH_REFERRALS, *CODED_ENTRIES}
    for feeds, columns in (
        (SPELLS, {"primary_diagnosis_code", "secondary_diagnosis_codes", "treatment_function_code"}),
        (ED, {"diagnosis_code", "chief_complaint_code"}),
    ):
        of_feeds = planted[planted.feed.isin(feeds)]
        assert set(of_feeds.column) == columns
        assert set(of_feeds.action) == {"drop", "restrict"}
    assert set(planted[planted.feed.isin(CODED_ENTRIES)].action) == {"drop", "restrict"}


def test_what_law_restricts_is_in_no_table_and_no_file(built_hub: Settings, planted: pd.DataFrame) -> None:
    codes = sorted(set(planted[planted.action == "drop"].code))
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        # where they lie and may lie, or looking would prove nothing
        feeds = ("primary_care__gp_events", "mseft__waiting_list", "nelft__mh_referrals")
        sent = [f"staging.stg_{feed}" for feed in feeds]
        assert set(holders(warehouse, sent, codes)) == set(sent)
        built = tables(warehouse, ("cdm", "derived", "care_record", *BEYOND_CARE))
        assert holders(warehouse, built, codes) == {}
        files = published(built_hub, "direct_care", "secondary_use", "open")
        assert len(files) > 60
        assert holders(warehouse, files, codes) == {}
    pattern = re.compile(rb"\b(" + "|".join(set(codes) - set(SHORT_CODES)).encode() + rb")\b")
    pages = [file for file in built_hub.published.rglob("*") if file.is_file() and file.suffix != ".parquet"]
    pages = [file for file in pages if RULES not in file.parts]
    assert len(pages) > 20
    assert [file.name for file in pages if pattern.search(file.read_bytes())] == []


def test_what_local_rule_restricts_is_for_direct_care_only(built_hub: Settings, planted: pd.DataFrame) -> None:
    local = planted[planted.action == "restrict"]
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        for code in sorted(set(local.code)):
            assert holders(warehouse, ["care_record.care_record_timeline"], [code]), code
        beyond = tables(warehouse, BEYOND_CARE) + published(built_hub, "secondary_use", "open")
        assert holders(warehouse, beyond, sorted(set(local.code))) == {}


def test_as_many_restricted_codes_are_removed_as_were_sent(built_hub: Settings, planted: pd.DataFrame) -> None:
    removed = planted[planted.action == "drop"].replace({"feed": dict.fromkeys(MH_REFERRALS, "mh_referrals")})
    removed = removed.groupby(["feed", "code_group"]).record_id.nunique()
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        counted = warehouse.execute("select feed_table, code_group, records from cdm.sensitive_code_removed").fetchall()
    assert {(feed, group): records for feed, group, records in counted} == removed.to_dict()


def test_nothing_outside_the_identifiable_zone_names_a_person(built_hub: Settings) -> None:
    report = scan_home(built_hub)
    assert report.findings == []
    assert report.people > 2_500 and report.files > 300
