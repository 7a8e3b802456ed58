"""The shared record: events of the demo's truth once and in order; nobody reads one without an entry in the log."""

from __future__ import annotations

import io
import json
import os
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration import care_record
from orchestration.care_record import AccessRefused, access_of, in_words, open_record, read_number
from orchestration.settings import Settings, load_settings

NUMBER, OTHER = "9990000018", "9990000026"  # of the range that is never issued
PERSON = dict.fromkeys(
    [
        *("person_id", "nhs_number", "family_name", "given_name", "birth_date", "died_on", "sex", "postcode"),
        *("gp_practice_name", "type_1_opt_out_since", "national_opt_out_since"),
    ]
)
TABLES = {
    "allergy": (
        "select 'p' as person_id, 'c' as snomed_code, 'Penicillin' as label, date '2019-01-01' as first_recorded_on"
    ),
    "problem": "select 'p' as person_id, 'c' as snomed_code, 'Asthma' as label, date '2019-01-01' as since_date",
    "medication": (
        "select 'p' as person_id, 'm' as medicine, 'Ramipril' as medication_name, date '2026-01-01' as last_issued_on, "
        "false as is_in_supply"
    ),
    "care_package": (
        "select 'q' as person_id, 'in_force' as state, 'Home care' as service, 'E1' as organisation_code, "
        "'Essex' as organisation_name, date '2026-01-01' as since_date, 's' as source_id"
    ),
    "timeline": """
        select person_id, event_date, event_at, event_at as event_at_local, event_order, event_id,
            event_at is not null as has_time, false as is_ahead, event_id as title, null as value_text,
            'Trust' as organisation_name
        from (values
            ('p', date '2026-10-02', null, 30, 'without a time'),
            ('p', date '2026-10-02', timestamp '2026-10-02 09:00', 12, 'second'),
            ('p', date '2026-10-02', timestamp '2026-10-02 09:00', 11, 'first'),
            ('p', date '2020-01-01', null, 31, 'long ago'),
            ('q', date '2026-10-02', null, 30, 'of somebody else')
        ) as event (person_id, event_date, event_at, event_order, event_id)
    """,
}


@pytest.fixture
def hub(tmp_path: Path) -> Settings:
    """A home in which nothing but a record of two people is published."""
    settings = load_settings(home=tmp_path)
    folder = settings.published / "direct_care" / "care_record"
    folder.mkdir(parents=True)
    people = [
        PERSON | {"person_id": "p", "nhs_number": NUMBER, "family_name": "Doe", "given_name": "Jo",
                  "birth_date": "1950-03-04", "postcode": "SS1 1AA", "type_1_opt_out_since": "2020-01-01"},
        PERSON | {"person_id": "q", "nhs_number": OTHER, "family_name": "Roe"},
    ]  # fmt: skip
    lines = folder / "people.json"
    lines.write_text("\n".join(map(json.dumps, people)))
    queries = TABLES | {"person": f"select * from read_json('{lines}', columns = {{{_columns()}}})"}
    for name, query in queries.items():
        duckdb.sql(f"copy ({query}) to '{folder}/care_record_{name}.parquet' (format parquet)")
    lines.unlink()
    (settings.published / "manifest.json").write_text('{"version": "v1", "as_of": "2026-11-01", "files": {}}')
    return settings


def _columns() -> str:
    return ", ".join(
        f"{name}: '{'date' if name.endswith(('_on', '_since', 'date')) else 'varchar'}'" for name in PERSON
    )


def logged(settings: Settings) -> list[dict]:
    path = settings.audit / care_record.LOG
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def look(settings: Settings, number: str = NUMBER, **more) -> care_record.Record:
    return open_record(settings, number, access_of("treating_clinician", "review before clinic"), **more)


def test_a_record_is_read_in_order_and_the_log_says_who_looked(hub: Settings) -> None:
    record = look(hub)
    assert [row["event_id"] for row in record.timeline] == ["long ago", "first", "second", "without a time"]
    (entry,) = logged(hub)
    assert (entry["role"], entry["reason"], entry["found"], entry["events"], entry["version"]) == (
        "treating_clinician", "review before clinic", 1, 4, "v1",
    )  # fmt: skip
    assert datetime.fromisoformat(entry["at"]).utcoffset() is not None
    written = (hub.audit / care_record.LOG).read_text()
    assert not any(said in written for said in (NUMBER, "Doe", "SS1", "1950"))
    assert os.name == "nt" or (hub.audit / care_record.LOG).stat().st_mode & 0o077 == 0


def test_the_same_person_has_the_same_pseudonym_in_the_log_and_no_other(hub: Settings) -> None:
    look(hub)
    look(hub)
    look(hub, OTHER)
    one, again, other = (entry["person"] for entry in logged(hub))
    assert one == again != other


def test_what_is_printed_says_what_is_missing(hub: Settings) -> None:
    said = "\n".join(in_words(look(hub, since=date(2026, 1, 1))))
    assert "Doe, Jo, born 1950-03-04" in said
    assert "Type 1 opt-out since 2020-01-01" in said
    assert "Ramipril, last issued 2026-01-01 (should have run out)" in said
    assert "Care: none in force" in said
    assert "2026-10-02 09:00  first; Trust" in said
    assert "2026-10-02        without a time" in said
    assert "long ago" not in said and "somebody else" not in said
    assert "Allergies: none recorded; that is not the same as none" in "\n".join(in_words(look(hub, OTHER)))


def test_who_is_not_found_is_logged_too(hub: Settings) -> None:
    with pytest.raises(AccessRefused, match="nobody"):
        look(hub, "9990000034")
    assert [(entry["found"], entry["events"]) for entry in logged(hub)] == [(0, 0)]


def test_without_the_log_nothing_is_shown(hub: Settings) -> None:
    (hub.audit / care_record.LOG).mkdir(parents=True)
    with pytest.raises(AccessRefused, match="log cannot be written"):
        look(hub)


def test_without_a_published_record_nothing_is_shown(tmp_path: Path) -> None:
    with pytest.raises(AccessRefused, match="run `bihub run` first"):
        look(load_settings(home=tmp_path))


@pytest.mark.parametrize(
    ("role", "reason", "said"),
    [
        ("phm_analyst", "review before clinic", "may not read"),
        ("ingestion_service", "review before clinic", "may not read"),
        ("treating_clinician", "because", "in words"),
        ("treating_clinician", f"review of {NUMBER[:3]} {NUMBER[3:6]} {NUMBER[6:]}", "leave it out"),
    ],
)
def test_who_may_not_look_or_does_not_say_why_is_refused(role: str, reason: str, said: str) -> None:
    with pytest.raises(AccessRefused, match=said) as refused:
        access_of(role, reason)
    assert NUMBER not in str(refused.value)


def test_the_number_is_read_from_a_pipe_and_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("999 000-0018\n"))
    assert read_number() == NUMBER
    for wrong in ("9990000019", "999000001", "", "1111111111"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{wrong}\n"))
        with pytest.raises(AccessRefused) as refused:
            read_number()
        assert not wrong or wrong not in str(refused.value)


# --- the built hub against the demo's truth --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told(built_hub: Settings) -> duckdb.DuckDBPyConnection:
    """Events of the truth (event_id, person_id by NHS number, happened_at in UTC) beside the timeline."""
    truth = built_hub.home / "truth"
    connection = duckdb.connect()
    connection.execute(f"attach '{built_hub.warehouse}' as bihub (read_only)")
    connection.execute(f"""
        create view truth as
        select event_id, person.person_id, happened_at
        from (
            select 'ed_attendance:' || site_code || ':' || attendance_id as event_id, person_no,
                arrived_at as happened_at
            from '{truth}/ed_attendance.parquet' where is_delivered
            union all
            select 'hospital_admission:' || site_code || ':' || spell_id, person_no, admitted_at
            from '{truth}/spell.parquet' where is_delivered
            union all
            select 'urgent_call:' || call_id, person_no, offered_at from '{truth}/urgent_call.parquet'
            where is_delivered
            union all
            select 'care_contact:' || care_contact_id, person_no, contact_at from '{truth}/care_contact.parquet'
            where is_delivered
            union all
            select 'gp_appointment:' || appointment_id, person_no, null from '{truth}/gp_appointment.parquet'
        ) as event
        inner join '{truth}/person.parquet' as who on event.person_no = who.person_no
        inner join bihub.cdm.person as person on who.nhs_number = person.nhs_number
    """)
    connection.execute("create view timeline as from bihub.care_record.care_record_timeline")
    return connection


def test_events_of_the_truth_are_told_once_and_of_the_right_person(told: duckdb.DuckDBPyConnection) -> None:
    rows = told.execute("""
        select split_part(truth.event_id, ':', 1) as kind, count(distinct truth.event_id) as events,
            count(timeline.event_id) as told,
            count(*) filter (where timeline.person_id = truth.person_id) as right_person
        from truth left join timeline on truth.event_id = timeline.event_id group by kind order by kind
    """).fetchall()
    assert [kind for kind, *_ in rows] == [
        "care_contact", "ed_attendance", "gp_appointment", "hospital_admission", "urgent_call",
    ]  # fmt: skip
    for kind, events, found, right in rows:
        assert found <= events, f"{kind}: an event is told more than once"
        assert found > 0.95 * events, f"{kind}: {events - found} of {events} are missing"
        assert right > 0.98 * found, f"{kind}: {found - right} of {found} are told of somebody else"


def test_events_of_a_person_are_in_the_order_in_which_they_happened(told: duckdb.DuckDBPyConnection) -> None:
    ordered, wrong = told.execute("""
        with placed as (
            select timeline.person_id, truth.happened_at, row_number() over (
                partition by timeline.person_id order by timeline.event_date, timeline.event_at nulls last,
                    timeline.event_order, timeline.event_id
            ) as place
            from timeline inner join truth on timeline.event_id = truth.event_id
            where timeline.has_time and abs(epoch(timeline.event_at) - epoch(truth.happened_at)) <= 60
        )
        select count(*), count(*) filter (where happened_at < earlier) from (
            select happened_at,
                lag(happened_at) over (partition by person_id order by place) - interval 1 minute as earlier
            from placed
        )
    """).fetchone()
    assert ordered > 1_000
    assert wrong == 0


def test_the_timeline_has_what_the_common_data_model_has(told: duckdb.DuckDBPyConnection) -> None:
    counts = dict(told.execute("select event_type, count(*) from timeline group by event_type").fetchall())
    for kind, table in {
        "ed_attendance": "ed_attendance", "urgent_call": "urgent_call", "hospital_admission": "hospital_spell",
        "bed_admission": "inpatient_stay", "care_contact": "care_contact", "care_referral": "care_referral",
        "gp_appointment": "gp_appointment", "outpatient_appointment": "outpatient_appointment",
    }.items():  # fmt: skip
        (there,) = told.execute(f"select count(*) from bihub.cdm.{table} where person_id is not null").fetchone()
        assert counts[kind] == there > 0, kind
    of_no_feed = "select count(*) from timeline where feed_table is null and event_type <> 'death'"
    assert told.execute(of_no_feed).fetchone() == (0,)
