"""The leak scan finds what identifies people wherever it was planted, and nothing where nothing is."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from pathlib import Path

import duckdb
import pytest

from orchestration.leaks import scan_home, scan_new
from orchestration.leaks.known import CODED_COLUMNS
from orchestration.leaks.look import is_nhs_number
from orchestration.pseudonyms import load_key, pseudonym
from orchestration.publish import PublishRefused, live_set, publish
from orchestration.settings import PROJECT, Settings

# Nobody: numbers for tests, invented names, postcodes that are not assigned.
PEOPLE = [
    ("p0", "9991230004", "QUILLFEATHER", "Ambrosine", "1931-02-17", "QQ1 9ZX"),
    ("p1", "9991230012", "OSTERVALE", "Benedetta", "1944-11-03", "QQ1 9ZY"),
    ("p2", "9991230020", "PENHALLURICK", "Caspian", "1958-07-29", "QQ2 8XW"),
    ("p3", "9991230039", "RAVENSCROFTE", "Delphine", "1967-03-14", "QQ2 8XV"),
    ("p4", "9991230047", "THISTLEWADE", "Everard", "1979-09-08", "QQ3 7VU"),
    ("p5", "9991230055", "WINTERBURNE", "Fenella", "1986-12-25", "QQ3 7VT"),
]
NUMBER, FAMILY, GIVEN, BORN, POSTCODE = PEOPLE[2][1:]


def digits_of(number: str) -> str:
    """The nearest valid number: the check digit of test data is worked out, so that a slip is no hole in the test."""
    return next(number[:8] + f"{end:02}" for end in range(100) if is_nhs_number(number[:8] + f"{end:02}"))


PEOPLE = [(person, digits_of(number), *rest) for person, number, *rest in PEOPLE]
NUMBER = PEOPLE[2][1]


@pytest.fixture
def hub(tmp_path: Path) -> Settings:
    """A home in which six people are known, with everything in its place and a published set without a person."""
    settings = Settings(home=tmp_path)
    settings.warehouse.parent.mkdir(parents=True)
    rows = ", ".join(str(person) for person in PEOPLE)
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create schema cdm; create schema person_index; create schema uec; create schema hub")
        columns = "person_id, nhs_number, family_name, given_name, birth_date, postcode"
        warehouse.execute(f"create table person_index.person_record as select * from (values {rows}) as t({columns})")
        warehouse.execute(
            "create table cdm.person as select person_id, nhs_number, cast(birth_date as date) as birth_date, postcode "
            "from person_index.person_record"
        )
        warehouse.execute("create table uec.uec_metric as select 'HAND_15' as metric_id, 12.5 as value")
        warehouse.execute(
            "create table hub.check_result (check_name varchar, table_name varchar, rows_failed bigint, status varchar)"
        )
        warehouse.execute("create table hub.table_state (table_name varchar, definition varchar, content varchar)")
        warehouse.execute("create table hub.source_state (source_name varchar, tag varchar)")
    node = {"resource_type": "model", "fqn": ["bihub", "marts", "uec", "uec_metric"], "schema": "uec"}
    node |= {"alias": "uec_metric", "config": {"access": "public", "meta": {}}}
    settings.dbt_target.mkdir(parents=True)
    (settings.dbt_target / "manifest.json").write_text(json.dumps({"nodes": {"model.bihub.uec_metric": node}}))
    for zone in ("landing/p", "lake/raw", "keys", "truth"):  # where people may be named
        (tmp_path / zone).mkdir(parents=True)
        (tmp_path / zone / "people.txt").write_text(str(PEOPLE))
    return settings


def plant_text(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "note.log").write_text(text)


def plant_parquet(folder: Path, select: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"copy ({select}) to '{folder / 'table.parquet'}' (format parquet)")


def plant_sqlite(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(file) as database:
        database.execute("create table event_logs (event text)")
        database.execute("insert into event_logs values (?)", [text])


def kinds(report) -> set[tuple[str, str]]:
    return {(finding.kind, finding.place) for finding in report.findings}


def test_a_home_without_leaks_is_clean(hub):
    plant_text(
        hub.dbt_logs, "12 rows in 0.4213456789 s; run 9991230001; E01021234; RAJ01; 2026-11-01; Broomfield Hospital"
    )
    report = scan_home(hub)
    assert report.findings == []
    assert report.people == len(PEOPLE)
    assert report.files >= 2
    assert str(report).startswith("nothing found: ")


TEXTS = {
    "number": (f"no person for {NUMBER}", "nhs_number"),
    "number as people write it": (f"{NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]} has no practice", "nhs_number"),
    "number of somebody whom the hub does not know": (f"rejected: {digits_of('60000000')}", "nhs_number"),
    "postcode": (f"cannot place {POSTCODE}", "postcode"),
    "postcode without its space": (f"cannot place {POSTCODE.replace(' ', '')}", "postcode"),
    "birth date": (f'{{"birth_date": "{BORN}"}}', "birth_date"),
    "birth date as people write it": (f"born {'/'.join(reversed(BORN.split('-')))}", "birth_date"),
    "name": (f"merged {GIVEN} {FAMILY} with another", "name"),
    "name the other way round": (f'"{FAMILY}","{GIVEN}"', "name"),
}


@pytest.mark.parametrize(("text", "kind"), TEXTS.values(), ids=TEXTS)
def test_what_stands_in_a_text_is_found_and_not_repeated(hub, text, kind):
    plant_text(hub.dbt_logs, f"one line\n{text}\nanother")
    report = scan_home(hub)
    assert kinds(report) == {(kind, "text")}
    said = f"{report} {report.findings[0]}"
    assert "dbt/logs/note.log" in said
    assert not any(value in said for value in (NUMBER, POSTCODE, BORN, FAMILY, GIVEN))


def test_every_place_outside_the_identifiable_zone_is_looked_at(hub):
    places = [
        "as_of/past/dbt/logs",
        "audit/gx",
        "dagster/logs",
        "dbt/target/run",
        "publish_versions/v1/site",
        "reports/p",
    ]
    for place in [*places, "publish_versions/v1/open", "publish_versions/v1/dictionary"]:
        plant_text(hub.home / place, NUMBER)
    found = {finding.file for finding in scan_home(hub).findings}
    assert found == {f"{place}/note.log" for place in places} | {
        "publish_versions/v1/open/note.log",
        "publish_versions/v1/dictionary/note.log",
    }


VALUES = {
    "number": (f"select '{NUMBER}' as code", ("nhs_number", "code")),
    "number as a whole number": (f"select cast({NUMBER} as bigint) as amount", ("nhs_number", "amount")),
    "number within a text": (f"select 'local: {NUMBER}' as note", ("nhs_number", "note")),
    "postcode": (f"select '{POSTCODE}' as area", ("postcode", "area")),
    "birth date as text": (f"select '{BORN}' as label", ("birth_date", "label")),
    "birth dates": ("select cast(unnest(?) as date) as since", ("birth_date", "since")),
    "family names": ("select unnest(?) as label", ("name", "label")),
    "names together": (f"select '{GIVEN} {FAMILY}' as label", ("name", "label")),
    "within a structure": (f"select {{'who': ['{NUMBER}']}} as details", ("nhs_number", "details")),
}


@pytest.mark.parametrize(("select", "found"), VALUES.values(), ids=VALUES)
def test_what_stands_in_a_published_table_is_found(hub, select, found):
    column = 4 if "date" in select else 2
    select = select.replace("?", "[" + ", ".join(f"'{person[column]}'" for person in PEOPLE) + "]")
    plant_parquet(hub.home / "publish_versions" / "v1" / "secondary_use" / "uec", select)
    assert kinds(scan_home(hub)) == {found}


RESTRICTED = {
    "SNOMED concept": ("select '86406008' as snomed_code", "snomed_code"),
    "SNOMED concept in any column": ("select '86406008' as detail", "detail"),
    "in a list": ("select 'I10X;B20;E119' as secondary_diagnosis_codes", "secondary_diagnosis_codes"),
    "by its first letters": ("select 'A5001' as primary_diagnosis_code", "primary_diagnosis_code"),
    "procedure": ("select 'Q131' as procedure_code", "procedure_code"),
    "clinic": ("select '360' as treatment_function_code", "treatment_function_code"),
    "reason of a referral": ("select '20' as mh_referral_reason_code", "mh_referral_reason_code"),
    "by local rule": ("select '95922009' as snomed_code", "snomed_code"),
}


@pytest.mark.parametrize(("select", "column"), RESTRICTED.values(), ids=RESTRICTED)
def test_a_restricted_code_is_found_beyond_direct_care(hub, select, column):
    plant_parquet(hub.home / "publish_versions" / "v1" / "secondary_use" / "uec", select)
    report = scan_home(hub)
    assert kinds(report) == {("restricted_code", column)}
    assert "1 restricted codes" in str(report.findings[0])


def test_what_only_looks_like_a_restricted_code_is_none(hub):
    plant_parquet(
        hub.home / "publish_versions" / "v1" / "secondary_use" / "uec",
        "select '1864060081' as snomed_code, 'XA50' as primary_diagnosis_code, '3601' as treatment_function_code, "
        "'A54' as ward_code, '360' as beds, '20' as reason_code, 'Z20;A05;I10' as secondary_diagnosis_codes",
    )
    assert scan_home(hub).findings == []


def test_what_was_clean_is_looked_at_again_when_another_code_is_restricted(hub, tmp_path, monkeypatch):
    new = hub.publish_versions / "v1"
    plant_parquet(new / "secondary_use", "select '999000111' as snomed_code")
    assert scan_new(hub, new).findings == []
    more = tmp_path / "sensitive_code.csv"
    more.write_text(
        (PROJECT / "seeds/sensitive_code.csv").read_text() + "snomed,999000111,a group,drop,a label,false\n"
    )
    for module in ("known.RESTRICTED_CODES", "RESTRICTED_CODES"):
        monkeypatch.setattr(f"orchestration.leaks.{module}", more)
    assert kinds(scan_new(hub, new)) == {("restricted_code", "snomed_code")}


def test_every_system_of_restricted_codes_is_looked_for():
    with (PROJECT / "seeds" / "sensitive_code.csv").open() as seed:
        assert {row["code_system"] for row in csv.DictReader(seed)} == set(CODED_COLUMNS)


@pytest.mark.parametrize("purpose", ["secondary_use", "population_health"])
def test_a_date_is_a_birth_date_where_it_is_that_of_the_person_beside_it(hub, purpose):
    key = load_key(hub.keys, purpose)
    rows = ", ".join(f"('{pseudonym(key, person[0])}', date '{person[4]}')" for person in PEOPLE)
    folder = hub.home / "publish_versions" / "v1" / "secondary_use" / "phm"
    plant_parquet(folder, f"select * from (values {rows}) as t(person_key, since_date)")
    assert kinds(scan_home(hub)) == {("birth_date", "since_date")}
    plant_parquet(
        folder, f"select person_key, since_date + 400 as since_date from (values {rows}) as t(person_key, since_date)"
    )
    assert scan_home(hub).findings == []


def test_what_dagster_keeps_is_looked_through(hub):
    plant_sqlite(hub.dagster / "storage" / "runs.db", json.dumps({"metadata": {"sample": NUMBER}}))
    assert kinds(scan_home(hub)) == {("nhs_number", "event_logs.event")}


def test_people_may_be_named_in_direct_care(hub):
    plant_parquet(
        hub.home / "publish_versions" / "v1" / "direct_care" / "care_record", f"select '{NUMBER}' as nhs_number"
    )
    assert scan_home(hub).findings == []


def test_a_past_moment_is_looked_through_like_the_present(hub):
    plant_text(hub.home / "as_of" / "2026-01-01" / "warehouse", NUMBER)
    assert scan_home(hub).findings == []
    plant_text(hub.home / "as_of" / "2026-01-01" / "dbt" / "logs", NUMBER)
    assert kinds(scan_home(hub)) == {("nhs_number", "text")}


def test_a_set_with_a_person_in_it_does_not_go_live(hub):
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    with duckdb.connect(str(hub.warehouse)) as warehouse:
        warehouse.execute(f"insert into uec.uec_metric values ('{NUMBER}', 1)")
    with pytest.raises(PublishRefused, match="leak scan") as refused:
        publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert refused.value.problems == ["secondary_use/uec/uec_metric.parquet, metric_id: 1 NHS numbers"]
    assert live_set(hub)["version"] == "v1"


@pytest.mark.parametrize("place", ["dictionary", "site"])
def test_pages_with_a_person_in_them_do_not_go_live(hub, place):
    with pytest.raises(PublishRefused, match="leak scan"):
        publish(
            hub,
            as_of="2026-11-01 06:00:00",
            version="v1",
            decorate=lambda folder: plant_text(folder / place, f"for example {NUMBER}"),
        )
    assert live_set(hub) is None


def test_a_run_looks_at_what_is_new_only_and_never_forgets_a_finding(hub):
    folder = hub.home / "publish_versions" / "v1"
    plant_text(folder / "site", "nothing")
    assert scan_new(hub, folder).files == 1
    again = scan_new(hub, folder)
    assert (again.files, again.known_clean) == (0, 1)
    plant_text(hub.dbt_logs, NUMBER)
    for _ in range(2):
        assert kinds(scan_new(hub, folder)) == {("nhs_number", "text")}
    plant_text(hub.dbt_logs, "0" * len(NUMBER))
    os.utime(hub.dbt_logs / "note.log", (1, 1))
    assert scan_new(hub, folder).findings == []
