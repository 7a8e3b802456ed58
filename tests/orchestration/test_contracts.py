"""Contracts: the real ones are valid, and every mistake is named with file, line, key and remedy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from ingest_kit import CONTRACT

from orchestration.contracts import ContractsError, code_lists, export_odcs, load_contracts
from orchestration.settings import PROJECT


def problems(tmp_path, text: str, name: str = "clinic.yml") -> list[str]:
    (tmp_path / name).write_text(text)
    (tmp_path / "code_value.csv").write_text("code_list,code\nspecialty,100\n")
    with pytest.raises(ContractsError) as caught:
        load_contracts(tmp_path, tmp_path)
    return caught.value.problems


def test_the_hubs_own_contracts_are_valid_and_complete():
    contracts = load_contracts()
    assert len(contracts) >= 10
    assert {key[0] for key in contracts} >= {"eeast", "ic24", "mseft", "primary_care"}
    incidents = contracts["eeast", "incidents"]
    assert (incidents.format, incidents.key, incidents.agreement, incidents.error_after_seconds) == (
        "csv",
        ("incident_id",),
        "ISA-004",
        10800,
    )
    assert incidents.column("outcome_code").codes[0] == ("HT", "hear_treat")
    assert incidents.column("call_connect_at").formats == ("%Y-%m-%d %H:%M:%S",)
    assert contracts["mseft", "southend_spells"].trailer == "TRAILER"
    assert contracts["mseft", "broomfield_spells"].column("admission_time").formats == ("%H%M%S",)


def test_every_agreement_and_code_list_of_a_contract_is_on_record():
    from orchestration.ingest.agreements import load_agreements

    held = {
        (row.agreement_id, row.organisation_code, row.dataset, row.purpose)
        for row in load_agreements()
        if row.status == "signed"
    }
    for contract in load_contracts().values():
        assert (contract.agreement, contract.organisation, contract.dataset, "secondary_use") in held, contract.feed
        for column in contract.columns:
            assert column.code_list is None or code_lists()[column.code_list]


def line_of(words: str, text: str = CONTRACT) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


# (what is written, instead of what, where it must be found, what must be said)
MISTAKES = [
    ("patern:", "pattern:", "patern:", ["clinic.visits.feed.patern", "did you mean 'pattern'?"]),
    ("check: nhs_numbr", "check: nhs_number", "nhs_numbr", ["nhs_number.check", "did you mean 'nhs_number'?"]),
    ("requird: true", "required: true", "requird", ["visit_id.requird", "did you mean 'required'?"]),
    ("format: cvs", "format: csv", "format: cvs", ["feed.format", "'cvs' is not allowed", "'csv'"]),
    ("mode: replace", "mode: upsert", "mode: replace", ["'upsert' or 'snapshot'"]),
    ("accepted: [01, 02]", 'accepted: ["01", "02"]', "accepted: [01", ["kind.accepted", "write it in quotes"]),
    ("version: 1.0", 'version: "1.0"', "          version: 1.0", ['write it in quotes: "1.0"']),
    ("required: sometimes", "required: true", "required: sometimes", ["visit_id.required", "boolean"]),
    ("reject_batch_above: 5", "reject_batch_above: 0.5", "reject_batch_above", ["less than or equal to 1"]),
    (
        "key: [visit_no]",
        "key: [visit_id]",
        "key: [visit_no]",
        ["'visit_no' is not a column", "did you mean 'visit_id'?"],
    ),
    ("key: [status]", "key: [visit_id]", "key: [status]", ["must have `required: true`"]),
    ("key: []", "key: [visit_id]", "key: []", ["at least 1 item"]),
    ("local_name: Arrived", "local_name: Left", "name: left_at", ["'Arrived' is used by two columns"]),
    ("path: a.b", "local_name: Kind", "name: kind", ["needs `local_name`"]),
    ("name: beds", "name: cost", "local_name: Cost", ["'beds' is used by two columns"]),
    ("data_type: int", "data_type: integer", "data_type: int,", ["beds.data_type", "'int' is not allowed"]),
    ("sensitivity: secret", "sensitivity: pseudonymous", "sensitivity: secret", ["'identifying'"]),
    ('format: ["%Y-%m-%d", "%d/%m/%y"]', 'format: ["%Y-%m-%d", "%d/%m/%Y"]', "name: seen_on", ["two-digit years"]),
    (
        'format: ["yyyy-mm-dd"]',
        'format: ["%Y-%m-%d", "%d/%m/%Y"]',
        "name: seen_on",
        ["'yyyy-mm-dd' is not a date format"],
    ),
    (
        "local_name: Seen On",
        'local_name: Seen On, format: ["%Y-%m-%d", "%d/%m/%Y"]',
        "name: seen_on",
        ["a date needs `format`"],
    ),
    ("min: 20, max: 10", "min: 0, max: 10", "name: beds", ["max 10 is below min 20"]),
    ("local_name: Status, min: 1", "local_name: Status", "name: status", ["`min` is for numbers"]),
    ("local_name: Beds, accepted: [A]", "local_name: Beds", "name: beds", ["codes are text"]),
    ("accepted: [A, A]", "accepted: [A, B]", "accepted: [A, A]", ["listed twice"]),
    ("accepted: [A], codes: {A: B}", "accepted: [A, B]", "name: status", ["not both"]),
    ("code_list: speciality", "code_list: specialty", "name: specialty", ["did you mean 'specialty'?"]),
    ("local_name: Beds, check: snomed", "local_name: Beds", "name: beds", ["snomed checks a varchar"]),
    (
        "check: nhs_number, identifies: person, sensitivity: sensitive",
        "check: nhs_number, identifies: person, sensitivity: identifying",
        "name: nhs_number",
        ["must have `sensitivity: identifying`"],
    ),
    ('cadence: "every day"', 'cadence: "0 6 * * *"', "cadence", ["not a cron expression", "daily at 06:00"]),
    ('cadence: "0 25 * * *"', 'cadence: "0 6 * * *"', "cadence", ["not a cron expression"]),
    ('pattern: "in/visits_*.csv"', 'pattern: "visits_*.csv"', "pattern:", ["without folders"]),
    ("format: xlsx", "format: csv", "format: xlsx", ["needs `sheet`"]),
    ("format: csv\n          sheet: One", "format: csv", "sheet: One", ["belongs to xlsx"]),
    ("format: csv\n          encoding: ansi", "format: csv", "encoding: ansi", ["windows-1252"]),
    (
        "sql: left_at is null or left_at >= arived_at",
        "sql: left_at is null or left_at >= arrived_at",
        "left_not_before",
        ["DuckDB cannot read the condition", "arived_at"],
    ),
    (
        "sql: left_at >= >= arrived_at",
        "sql: left_at is null or left_at >= arrived_at",
        "left_not_before",
        ["DuckDB cannot read the condition"],
    ),
    (
        "sql: left_at - arrived_at",
        "sql: left_at is null or left_at >= arrived_at",
        "left_not_before",
        ["not true or false|No function|cannot read"],
    ),
    (
        "sql: arrived_at <= now()",
        "sql: arrived_at <= _received_at",
        "arrived_not_after",
        ["'now' gives another answer tomorrow", "_received_at"],
    ),
    (
        "sql: arrived_at <= (select max(arrived_at) from record)",
        "sql: arrived_at <= _received_at",
        "arrived_not_after",
        ["without select"],
    ),
    ("sql: count(*) > 1", "sql: arrived_at <= _received_at", "arrived_not_after", ["DuckDB cannot read the condition"]),
    ("name: required", "name: left_not_before_arrived", "{name: required", ["already the name of a rule"]),
    ("severity: fatal", "severity: warn", "severity: fatal", ["'warn' or 'reject'"]),
    ("key: [visit_id]\n          key: [status]", "key: [visit_id]", "key: [status]", ["'key' is given twice"]),
    ("name: Visits", "name: visits", "name: Visits", ["must match ^[a-z]"]),
    ("", "          mode: upsert\n", "feed:", ["'mode' is missing"]),
    ("organization: RXX", "organisation: RXX", "organization: RXX", ["did you mean 'organisation'?"]),
    ("period: week", "period: day", "period: week", ["'minute', 'hour' or 'day'"]),
    (
        "name: visit_id, data_type: varchar, description: d, test: x",
        "name: visit_id, data_type: varchar, description: d",
        "test: x",
        ["unknown key 'test'"],
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[wrong.strip()[:40] or "missing mode" for wrong, *_ in MISTAKES])
def test_a_mistake_names_file_line_key_and_remedy(tmp_path, mistake):
    import re

    wrong, right, where, words = mistake
    assert right in CONTRACT
    spoilt = CONTRACT.replace(right, wrong, 1)
    found = problems(tmp_path, spoilt)
    at = [found_one for found_one in found if f"clinic.yml:{line_of(where, spoilt)}:" in found_one]
    assert at, found
    for word in words:
        assert any(re.search(word if "|" in word else re.escape(word), one) for one in at), (word, at)


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path):
    (tmp_path / "other.yml").write_text(CONTRACT.replace("name: clinic", "name: other").replace("steward:", "stewart:"))
    found = problems(
        tmp_path, CONTRACT.replace("patern:", "x").replace("pattern:", "patern:").replace("cadence:", "cadense:")
    )
    assert len(found) >= 5
    assert {one.split(":")[0].rsplit("/", 1)[-1] for one in found} == {"clinic.yml", "other.yml"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("sources: [", 1, "not YAML"),
        ("version: 2\n\tsources: x", 2, "not YAML"),
        ("", 1, "empty"),
        ("- a", 1, "keys with values"),
        ("version: 2\nsources: []", 2, "at least 1 item"),
    ],
)
def test_a_file_that_is_no_contract(tmp_path, text, line, words):
    [found] = problems(tmp_path, text)
    assert f"clinic.yml:{line}:" in found and words in found


def test_two_feeds_must_not_claim_the_same_file(tmp_path):
    second = CONTRACT.split("  - name: visits", 1)[1].replace("visits_*.csv", "visits_1*.csv")
    [found] = problems(tmp_path, CONTRACT + "  - name: more" + second)
    assert "claim the same files" in found


def test_a_feed_described_twice(tmp_path):
    (tmp_path / "a.yml").write_text(CONTRACT)
    assert any("already described" in one for one in problems(tmp_path, CONTRACT, "b.yml"))


def test_the_hubs_own_sources_are_left_out(tmp_path):
    (tmp_path / "clinic.yml").write_text(CONTRACT)
    (tmp_path / "code_value.csv").write_text("code_list,code\nspecialty,100\n")
    (tmp_path / "_hub.yml").write_text("anything: [")
    assert set(load_contracts(tmp_path, tmp_path)) == {("clinic", "visits")}


def test_the_fingerprint_follows_what_is_said_and_not_where(tmp_path):
    (tmp_path / "code_value.csv").write_text("code_list,code\nspecialty,100\n")

    def fingerprint(text):
        (tmp_path / "clinic.yml").write_text(text)
        return load_contracts(tmp_path, tmp_path)["clinic", "visits"].fingerprint

    first = fingerprint(CONTRACT)
    assert fingerprint("# a comment\n" + CONTRACT) == first
    assert fingerprint(CONTRACT.replace("max: 10", "max: 11")) != first


def test_every_contract_exports_as_open_data_contract_standard():
    for contract in load_contracts().values():
        document = json.loads(json.dumps(export_odcs(contract)))
        assert {"apiVersion", "kind", "id", "version", "status"} <= set(document)
        assert document["kind"] == "DataContract" and document["apiVersion"].startswith("v3.")
        [table] = document["schema"]
        assert [column["name"] for column in table["properties"]] == [column.name for column in contract.columns]
        keys = {column["name"]: column["primaryKeyPosition"] for column in table["properties"] if column["primaryKey"]}
        assert list(keys) == sorted(contract.key, key=[c.name for c in contract.columns].index) and set(
            keys.values()
        ) == set(range(1, len(keys) + 1))
        assert [rule["name"] for rule in table["quality"]] == [rule.name for rule in contract.rules]
        assert {column["logicalType"] for column in table["properties"]} <= {
            "string",
            "date",
            "timestamp",
            "time",
            "number",
            "integer",
            "boolean",
        }


def test_loading_imports_nothing_heavy():
    script = (
        "import sys; from orchestration.contracts import load_contracts; load_contracts(); "
        "print(sorted({'pandas', 'pyarrow', 'great_expectations', 'dbt', 'dagster'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_taking_files_in_without_judging_imports_nothing_heavy(tmp_path):
    from ingest_kit import Hub, rows, text

    hub = Hub(tmp_path)
    hub.send("visits_1.csv", text(rows(3)))
    script = (
        "import sys; from pathlib import Path; from orchestration.contracts import load_contracts; from "
        "orchestration.ingest import ingest; "
        f"from orchestration.settings import Settings; home = Path({str(tmp_path)!r}); "
        "result = ingest(Settings(home=home / 'home'), load_contracts(home / 'feeds', home / 'seeds'), "
        "judge=False, seeds=home / 'seeds', settle=0); "
        "print(len(result.accepted), sorted({'pandas', 'pyarrow', 'great_expectations'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 []"
