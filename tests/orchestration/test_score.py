"""The score of links: against a truth of a few records, where right, wrong, missed and copied are known."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.demo.score import EVENTS, LINKS, LinkScore, link_scores
from orchestration.settings import Settings, load_settings

TRUTH = {
    "urgent_call": "select unnest(['C1', 'C2', 'C3']) as call_id, true as is_delivered",
    "ambulance_incident": "select unnest(['I1', 'I2']) as incident_id, true as is_delivered",
    "ed_attendance": "select unnest(['A1', 'A2']) as attendance_id, 'RAJ12' as site_code, true as is_delivered",
    "spell": "select 'S' || range as spell_id, 'RAJ12' as site_code, range <> 3 as is_delivered from range(1, 6)",
    "inpatient_stay": "select 'T1' as stay_id, 'R1L' as organisation_code, true as is_delivered",
    "care_package": "select unnest(['P1', 'P2']) as request_id, 'E10000012' as organisation_code, true as is_delivered",
    "pathway": """
        from (values
            ('C1', 'I1', 'A1', 'S1', 'S2', 'T1', 'P1'),
            ('C2', null, 'A2', 'S3', null, null, null),
            (null, null, null, 'S5', null, null, 'P2')
        ) as chain (call_id, incident_id, attendance_id, spell_id, transfer_spell_id, stay_id, request_id)
    """,
    "dirt": """
        from (values
            ('calls', 'C1-T', 'transferred_twice', 'copy_of', 'C1'),
            ('incidents', 'I2', 'untypable_date', 'call_connect_at', 'x')
        ) as defect (feed, record_id, kind, "column", sent)
    """,
}
FOUND = [
    ("call_to_ambulance", "C1", "I1"),
    ("call_to_ambulance", "C1-T", "I1"),
    ("call_to_ed", "C1-T", "RAJ12:A1"),
    ("call_to_ed", "C3", "RAJ12:A1"),
    ("ed_to_spell", "RAJ12:A1", "RAJ12:S1"),
    ("spell_to_stay", "RAJ12:S1", "R1L:T1"),
    ("spell_to_package", "RAJ12:S5", "E10000012:P2"),
    ("spell_to_package", "RAJ12:S2", "E10000012:P1"),
    ("stay_to_package", "R1L:T1", "E10000012:P1"),
]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = load_settings(tmp_path)
    (settings.home / "truth").mkdir(parents=True)
    settings.warehouse.parent.mkdir(parents=True)
    for name, query in TRUTH.items():
        duckdb.sql(query).write_parquet(str(settings.home / "truth" / f"{name}.parquet"))
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create schema cdm")
        warehouse.execute(
            "create table cdm.urgent_care_link (link_type varchar, from_event_id varchar, to_event_id varchar)"
        )
        warehouse.executemany("insert into cdm.urgent_care_link values (?, ?, ?)", FOUND)
    return settings


def test_each_kind_of_link_has_its_score(home: Settings) -> None:
    assert link_scores(home) == [
        LinkScore("call_to_ambulance", 1, 1, 1, 1.0, 1.0),  # the copy of a call is the call
        LinkScore("call_to_ed", 2, 2, 1, 0.5, 0.5),
        LinkScore("ambulance_to_ed", 1, 0, 0, None, 0.0),
        LinkScore("ed_to_spell", 1, 1, 1, 1.0, 1.0),  # A2's spell was in no file
        LinkScore("spell_to_spell", 1, 0, 0, None, 0.0),
        LinkScore("spell_to_stay", 1, 1, 0, 0.0, 0.0),  # it went on from the second hospital
        LinkScore("spell_to_package", 1, 2, 1, 0.5, 1.0),  # P1 was asked for in the stay
        LinkScore("stay_to_package", 1, 1, 1, 1.0, 1.0),
    ]


def test_every_kind_of_link_starts_and_ends_at_a_known_event() -> None:
    assert {kind for one, _, other, _ in LINKS.values() for kind in (one, other)} == set(EVENTS)


def test_only_a_demo_can_be_scored(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="only a demo can be scored"):
        link_scores(load_settings(tmp_path))
