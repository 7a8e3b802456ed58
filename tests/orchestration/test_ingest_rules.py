"""Every rule that a contract can state, at its edges. All cases travel in one file, one record each."""

from __future__ import annotations

import pytest
from ingest_kit import CONTRACT, Hub, failed, rows, text

# (header, value, rule that must fail or None); the file is received on 6 January 2025 at 07:00.
CASES = [
    ("Visit No", "V-1", None),
    ("Visit No", "", "required"),
    ("Visit No", "   ", "required"),
    ("Visit No", "\u00a0\t", "required"),
    ("Arrived", "", "required"),
    ("Arrived", "05/01/2025 10:00", None),
    ("Arrived", "2025-01-06 07:00:00", None),
    ("Arrived", "2025-01-06 07:00:01", "arrived_not_after_received"),
    ("Arrived", "2025-02-31 10:00:00", "type"),
    ("Arrived", "0202-01-05 10:00:00", "type"),
    ("Arrived", "infinity", "type"),
    ("Arrived", "2025-01-05T10:00:00", "type"),
    ("Arrived", "2025-01-05", "type"),
    ("Arrived", "45662.4", "type"),
    ("Left", "", None),
    ("Left", "2025-01-05 10:00:00", None),
    ("Left", "2025-01-05 09:59:59", "left_not_before_arrived"),
    ("Seen On", "05/01/2025", None),
    ("Seen On", "29/02/2024", None),
    ("Seen On", "29/02/2025", "type"),
    ("Seen On", "01/13/2025", "type"),
    ("Seen On", "05/01/25", "type"),
    ("Seen On", "1849-12-31", "type"),
    ("Seen On", "1850-01-01", None),
    ("Seen Time", "000000", None),
    ("Seen Time", "235959", None),
    ("Seen Time", "240000", "type"),
    ("Beds", "0", None),
    ("Beds", "-1", "min"),
    ("Beds", "10", None),
    ("Beds", "11", "max"),
    ("Beds", "2.5", "type"),
    ("Beds", "1e3", "type"),
    ("Beds", "1,234", "type"),
    ("Beds", "2147483648", "type"),
    ("Cost", "-0.5", None),
    ("Cost", "1.2E+3", None),
    ("Cost", "12,50", "type"),
    ("Cost", "nan", "type"),
    ("Urgent", "N", None),
    ("Urgent", "maybe", "type"),
    ("Status", "B", None),
    ("Status", "", None),
    ("Status", "a", "accepted"),
    ("Kind", "02", None),
    ("Kind", "2", "accepted"),
    ("Sex", "M", None),
    ("Sex", "1", "accepted"),
    ("Specialty", "100", None),
    ("Specialty", "101", "code_list"),
    ("NHS No", "999 000 0018", None),
    ("NHS No", "999-000-0018", None),
    ("NHS No", "9434765919", None),
    ("NHS No", "4000000004", None),
    ("NHS No", "9990000019", "nhs_number"),
    ("NHS No", "999000001", "nhs_number"),
    ("NHS No", "99900000180", "nhs_number"),
    ("NHS No", "9991234560", "nhs_number"),
    ("NHS No", "9991234561", "nhs_number"),
    ("NHS No", "1111111111", "nhs_number"),
    ("NHS No", "0000000000", "nhs_number"),
    ("NHS No", "9.99E+09", "nhs_number"),
    ("Born", "2025-01-06", None),
    ("Born", "2025-01-07", "birth_date"),
    ("Born", "1904-01-07", None),
    ("Born", "1904-01-06", "birth_date"),
    ("Born", "1900-01-01", "birth_date"),
    ("Postcode", "cm1 1aa", None),
    ("Postcode", "SS165NL", None),
    ("Postcode", "ZZ99 3VZ", None),
    ("Postcode", "W1A 0AX", None),
    ("Postcode", "SS16", "postcode"),
    ("Postcode", "SS16  5NL", "postcode"),
    ("Practice", "V81997", None),
    ("Practice", "Y02469", None),
    ("Practice", "I81123", "gp_practice_code"),
    ("Practice", "F8112", "gp_practice_code"),
    ("Site", "RQ8L0", None),
    ("Site", "RAJ", "site_code"),
    ("LSOA", "E02004443", "lsoa_code"),
    ("LSOA", "E0102154", "lsoa_code"),
    ("Complaint", "1048031000000100", None),
    ("Complaint", "840539007", "snomed"),
    ("Complaint", "1048031000000000", "snomed"),
    ("Complaint", "1.04803E+15", "snomed"),
    ("Complaint", "0840539006", "snomed"),
    ("Complaint", "22298", "snomed"),
    ("Diagnosis", "J18.9", None),
    ("Diagnosis", "U071", None),
    ("Diagnosis", "R69X", None),
    ("Diagnosis", "J18", None),
    ("Diagnosis", "J1", "icd10"),
    ("Diagnosis", "189J", "icd10"),
]
REJECTING = {"type", "required", "arrived_not_after_received"}


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("rules"), CONTRACT.replace("reject_batch_above: 0.5", "reject_batch_above: 1"))
    records = [
        {**record, **({"Left": ""} if header == "Arrived" else {}), header: value}
        for record, (header, value, _) in zip(rows(len(CASES)), CASES, strict=True)
    ]
    outcome = hub.take(text(records))
    broken: dict[int, set[str]] = {}
    for rule in outcome.rules:
        assert len(rule.examples) == rule.rows_failed, "too many cases for one rule: examples stop at 20"
        for example in rule.examples:
            broken.setdefault(example["record"], set()).add(rule.rule)
    return outcome, broken, hub


@pytest.mark.parametrize(("number", "case"), list(enumerate(CASES, start=1)), ids=[f"{h}={v}" for h, v, _ in CASES])
def test_rule_at_its_edge(outcome, number, case):
    _, broken, _ = outcome
    assert broken.get(number, set()) == ({case[2]} if case[2] else set())


def test_only_reject_rules_hold_records_back(outcome):
    done, _, hub = outcome
    held = {
        number
        for number, (header, _, rule) in enumerate(CASES, 1)
        if rule in REJECTING or (header, rule) == ("Kind", "accepted")
    }
    assert {row for (row,) in hub.quarantine("_row_number")} == held
    assert done.rows_in == len(CASES)
    assert done.rows_quarantined == len(held)
    assert done.rows_accepted == len(CASES) - len(held) == len(hub.data())


def test_values_that_break_a_warn_rule_are_kept_as_sent(outcome):
    hub = outcome[2]
    number = next(n for n, case in enumerate(CASES, 1) if case[:2] == ("Status", "a"))
    assert (number, "a") in hub.data("_row_number, status")


def test_typed_values(outcome):
    kinds = {
        str(kind)
        for kind in __import__("duckdb")
        .sql(
            f"select * from read_parquet('{next(outcome[2].settings.raw.glob('*/*/*/data.parquet'))}', "
            f"hive_partitioning = false)"
        )
        .types
    }
    assert kinds == {"VARCHAR", "TIMESTAMP", "DATE", "TIME", "INTEGER", "DOUBLE", "BOOLEAN", "BIGINT"}


def test_every_rule_is_counted_even_when_it_finds_nothing(tmp_path):
    outcome = Hub(tmp_path).take(text(rows(3)))
    assert failed(outcome) == {}
    names = {(rule.rule, rule.column) for rule in outcome.rules}
    assert {
        ("record_shape", None),
        ("required", "visit_id"),
        ("type", "beds"),
        ("snomed", "complaint_code"),
        ("duplicate_key", None),
    } <= names


def test_a_repeated_key_is_counted_and_kept(tmp_path):
    hub = Hub(tmp_path)
    outcome = hub.take(text([*rows(2), *rows(2)[:1]]))
    assert failed(outcome) == {("duplicate_key", None): 1}
    assert len(hub.data()) == 3


def test_quarantine_keeps_the_whole_record_and_says_where_it_was(tmp_path):
    import json

    hub = Hub(tmp_path)
    bad = {
        **rows(1)[0],
        "Beds": "many",
        "Arrived": "",
        "Status": "breaks a warn rule only",
        "Surname": 'O\'Brien "Bee", Ann',
    }
    hub.take(text([*rows(2), bad]))
    found = hub.quarantine("rule, column_name, value, _row_number, line_number, raw_record")
    assert [row[:5] for row in found] == [("required", "arrived_at", None, 3, 4), ("type", "beds", "many", 3, 4)]
    kept = json.loads(found[0][5])
    assert kept["Beds"] == "many" and kept["Surname"] == bad["Surname"] and kept["Postcode"] == "SS16 5NL"
