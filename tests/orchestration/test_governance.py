"""The built hub keeps its promises about people: opt-outs against the truth, purposes apart, no leak anywhere."""

from __future__ import annotations

import json

import duckdb
import pytest

from orchestration.leaks import scan_home
from orchestration.pseudonyms import load_key, pseudonym
from orchestration.settings import Settings

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


def test_nothing_outside_the_identifiable_zone_names_a_person(built_hub: Settings) -> None:
    report = scan_home(built_hub)
    assert report.findings == []
    assert report.people > 2_500 and report.files > 300
