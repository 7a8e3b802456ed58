"""The scoring of journeys sees a split, a foreign event and a lost one, each for what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.demo.pathway_score import pathway_scores
from orchestration.settings import Settings

TRUTH = {
    "pathway": [
        ("exact", "c1", "i1", "a1", None, None, None, None),
        ("split", None, "i2", "a2", None, None, None, None),
        ("joined", None, None, "a3", "s3", None, None, None),
        ("lost", "c4", None, "a4", None, None, None, None),
        ("alone", "c5", None, None, None, None, None, None),
        ("not_urgent", None, None, None, None, None, "t6", "r6"),
    ],
    "urgent_call": ["c1", "c4", "c5", "c_more"],
    "ambulance_incident": ["i1", "i2"],
    "ed_attendance": ["a1", "a2", "a3", "a4"],
    "spell": ["s3"],
    "inpatient_stay": ["t6"],
    "care_package": ["r6"],
}
KEYS = {
    "urgent_call": "call_id",
    "ambulance_incident": "incident_id",
    "ed_attendance": "attendance_id",
    "spell": "spell_id",
    "inpatient_stay": "stay_id",
    "care_package": "request_id",
}
PLACES = {"ed_attendance": "site_code", "spell": "site_code", "inpatient_stay": "organisation_code"}
JOURNEYS = [
    ("j1", "c1", "i1", "S:a1", None),
    ("j2", None, "i2", None, None),
    ("j3", None, None, "S:a2", None),
    ("j4", "c_more", None, "S:a3", "S:s3"),
    ("j5", "c4", None, None, None),
    ("j6", "c5", None, None, None),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    import duckdb

    found = Settings(home=tmp_path)
    truth = tmp_path / "truth"
    truth.mkdir()
    found.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(found.warehouse)) as hub:
        hub.execute("create schema cdm")
        hub.execute(
            "create table cdm.urgent_care_pathway (urgent_care_pathway_id varchar, urgent_call_id varchar, "
            "ambulance_incident_id varchar, ed_attendance_id varchar, hospital_spell_id varchar)"
        )
        hub.executemany("insert into cdm.urgent_care_pathway values (?, ?, ?, ?, ?)", JOURNEYS)
        for column in ("transfer_spell_id", "second_transfer_spell_id", "inpatient_stay_id", "care_package_request_id"):
            hub.execute(f"alter table cdm.urgent_care_pathway add column {column} varchar")
        columns = "pathway_id, call_id, incident_id, attendance_id, spell_id, transfer_spell_id, stay_id, request_id"
        hub.execute(f"create temp table pathway ({columns.replace(',', ' varchar,')} varchar)")
        hub.executemany("insert into pathway values (?, ?, ?, ?, ?, ?, ?, ?)", TRUTH["pathway"])
        hub.execute(f"copy pathway to '{truth / 'pathway.parquet'}'")
        for table, key in KEYS.items():
            place = PLACES.get(table, "organisation_code")
            hub.execute(f"create temp table {table} ({key} varchar, {place} varchar, is_delivered boolean)")
            hub.executemany(f"insert into {table} values (?, 'S', true)", [(one,) for one in TRUTH[table]])
            hub.execute(f"copy {table} to '{truth / table}.parquet'")
        hub.execute('create temp table dirt (kind varchar, record_id varchar, "column" varchar, sent varchar)')
        hub.execute(f"copy dirt to '{truth / 'dirt.parquet'}'")
    return found


def test_each_way_to_be_wrong_is_counted(settings: Settings) -> None:
    score = pathway_scores(settings)
    assert (score.chains, score.exact, score.split, score.joined) == (4, 1, 2, 1)
    assert (score.journeys, score.recall, score.precision) == (2, 0.25, 0.5)


def test_without_a_truth_there_is_no_score(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="only a demo"):
        pathway_scores(Settings(home=tmp_path))
