"""Planned and social care, worked out a second time in pandas from what really happened: the hub's appointments, weekly
lists and events of social care must be those of the truth, line for line, but for the listed defects.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.settings import Settings

FEEDS = ("outpatient_appointments", "waiting_list")
COUNCILS = {"essex": "E10000012", "southend": "E06000033", "thurrock": "E06000034"}
DAY = pd.Timedelta(days=1)
FAR = pd.Timestamp("2200-01-01")
RTT_LISTS = ("ORTT", "IRTT")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def hub(built_hub: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def truth(built_hub: Settings) -> Tables:
    names = (
        "person dirt waiting_pathway outpatient_appointment waiting_deteriorating client_level_row social_care_event "
        "urgent_call ed_attendance ambulance_incident"
    )
    tables = {name: pd.read_parquet(built_hub.home / f"truth/{name}.parquet") for name in names.split()}
    for table in tables.values():
        for name in table.columns:
            if name.endswith(("_on", "_date", "_end", "_start", "_death")) and table[name].dtype != bool:
                table[name] = pd.to_datetime(table[name])
    return tables


def defects(truth: Tables, feed: str, kind: str) -> set[str]:
    dirt = truth["dirt"]
    return set(dirt.loc[(dirt.feed == feed) & (dirt.kind == kind), "record_id"])


def people(hub: duckdb.DuckDBPyConnection, truth: Tables, table: str) -> pd.Series:
    """For each person of a table, the person of the truth; none where the hub knows no number of that person."""
    found = hub.sql(f"select distinct person_id, nhs_number from cdm.{table} join cdm.person using (person_id)").df()
    numbers = truth["person"].set_index("nhs_number").person_no
    return found.set_index("person_id").nhs_number.map(numbers)


# --- appointments ----------------------------------------------------------------------------------------------------


def test_every_appointment_is_there_with_what_became_of_it(hub, truth: Tables) -> None:
    lost = defects(truth, FEEDS[0], "untypable_date")
    true = truth["outpatient_appointment"]
    true = true[true.is_delivered & ~true.appointment_id.isin(lost)].set_index("appointment_id").sort_index()
    built = hub.sql("from cdm.outpatient_appointment").df().set_index("outpatient_appointment_id").sort_index()
    assert len(built) > 1000
    assert list(built.index) == list(true.index)
    # what lies ahead of the last file that told of an appointment is not known yet
    over = true.appointment_date + pd.Timedelta(hours=18) <= true.known_until + pd.Timedelta(hours=1)
    code = true.attendance_code.where(over, "0")
    assert (built.attendance_code == code).all()
    assert (built.is_attended == code.isin(["5", "6"])).all()
    assert (built.is_dna == code.isin(["3", "7"])).all()
    assert (built.is_first == true.first_attendance_code.isin(["1", "3"])).all()
    assert (built.appointment_date == true.appointment_date).all()
    unknown = true.index.isin(
        defects(truth, FEEDS[0], "specialty_local")
        | defects(truth, FEEDS[0], "specialty_missing")
        | defects(truth, FEEDS[0], "restricted_code")
    )
    assert built.treatment_function_code.isna().equals(pd.Series(unknown, index=built.index))
    assert (built.treatment_function_code == true.treatment_function_code)[~unknown].all()
    missed = built.is_dna.sum() / (built.is_dna | built.is_attended).sum()
    assert 0.045 < missed < 0.105  # F 7.2


def test_appointments_are_of_the_right_people(hub, truth: Tables) -> None:
    person = people(hub, truth, "outpatient_appointment")
    built = hub.sql(
        "select outpatient_appointment_id as appointment_id, person_id from cdm.outpatient_appointment"
    ).df()
    both = built.merge(truth["outpatient_appointment"], on="appointment_id")
    found = both.person_id.map(person)
    assert (found == both.person_no).mean() > 0.99
    assert ((found != both.person_no) & found.notna()).mean() < 0.002


# --- waiting list ----------------------------------------------------------------------------------------------------


def true_list(truth: Tables) -> pd.DataFrame:
    """Who is on the list of each Sunday, with the listed defects."""
    path = truth["waiting_pathway"].copy()
    first = path.site_code.str.slice(3).map({"01": "S", "12": "B", "32": "B"})
    path["referral_no"] = "R" + first + path.pathway_no.str[::-1]
    path["pathway_id"] = "RAJ:" + path.pathway_no + "/" + path.referral_no
    return path


def test_the_list_of_every_sunday_is_that_of_the_truth(hub, truth: Tables) -> None:
    feed, path = FEEDS[1], true_list(truth)
    built = hub.sql("from cdm.waiting_list_entry").df()
    weeks = sorted(built.week_ending_date.unique())
    assert len(weeks) > 10
    assert set(built.loc[built.is_newest_census, "week_ending_date"]) == {weeks[-1]}
    # numbers that two hospitals gave are told apart by their referral
    referral = path.set_index("referral_no")
    built["referral_no"] = built.pathway_id.str.split("/").str[1]
    stale = built[~built.referral_no.isin(referral.index)]
    never = defects(truth, feed, "waits_over_104_weeks")
    assert set(stale.pathway_id) == never
    assert stale.is_over_104_weeks.all()
    built = built[built.referral_no.isin(referral.index)]
    wrong_number = built.pathway_id.isin(defects(truth, feed, "pathway_number_twice"))
    same = built.pathway_id.str.split("[:/]").str[1] == built.referral_no.map(referral.pathway_no)
    assert (same | wrong_number).all()
    assert not (same & wrong_number).any()
    wanted = pd.concat([
        path[(path.started_on <= week) & (path.stopped_on > week)].assign(week=week) for week in weeks
    ])  # fmt: skip
    key = built.assign(key=built.referral_no + built.week_ending_date.astype(str)).set_index("key")
    wanted = wanted.assign(key=wanted.referral_no + wanted.week.astype(str)).set_index("key").sort_index()
    assert key.index.is_unique
    assert set(wanted.index) <= set(key.index)
    extra = key[~key.index.isin(wanted.index)]
    assert set(extra.pathway_id) == defects(truth, feed, "dead_on_the_list")
    died = extra.referral_no.map(referral.stopped_on)
    assert extra.is_dead_on_list.any()
    assert (extra.is_dead_on_list <= (died < extra.week_ending_date)).all()
    alive = key.loc[wanted.index].is_dead_on_list
    assert not alive.any()
    key = key.loc[wanted.index]
    decided = wanted.decided_on <= wanted.week
    assert (key.waiting_list_type_code == np.where(decided, wanted.list_after, wanted.list_before)).all()
    late = key.pathway_id.isin(defects(truth, feed, "clock_starts_after_census"))
    days = (wanted.week - wanted.started_on).dt.days
    assert key.wait_days.isna().equals(pd.Series(late, index=key.index))
    assert (key.wait_days == days)[~late].all()
    rtt = key.waiting_list_type_code.isin(RTT_LISTS)
    assert (key.is_rtt_incomplete == rtt).all()
    for column, limit, over in (("is_over_52_weeks", 364, True), ("is_within_18_weeks", 126, False)):
        expected = rtt & ((days > limit) if over else (days <= limit))
        assert (key[column] == expected)[~late].all(), column
    unknown = defects(truth, feed, "specialty_missing") | defects(truth, feed, "restricted_code")
    assert (key.treatment_function_code.isna() == key.pathway_id.isin(unknown)).all()
    more = defects(truth, feed, "on_two_lists") | defects(truth, feed, "listed_twice_after_merger")
    assert set(key.loc[key.is_listed_more_than_once, "pathway_id"]) <= more
    size = rtt.groupby(key.week_ending_date).sum() / 3000 * 1_200_000
    assert size.between(130_000, 210_000).all()  # F 7.2
    share = key[rtt].is_within_18_weeks.mean()
    assert 0.50 < share < 0.65


def test_who_waits_and_deteriorates_is_on_the_list(hub, truth: Tables) -> None:
    planted = truth["waiting_deteriorating"]
    assert len(planted) >= 6
    newest = hub.sql("select distinct person_id from cdm.waiting_list_entry where is_newest_census").df().person_id
    person = people(hub, truth, "waiting_list_entry")
    on_list = set(newest.map(person).dropna().astype(int))
    assert len(set(planted.person_no) - on_list) <= 1  # one may have no number that the hub could use
    seen = pd.concat([
        truth["urgent_call"][["person_no", "offered_at"]].set_axis(["person_no", "at"], axis=1),
        truth["ambulance_incident"][["person_no", "call_connect_at"]].set_axis(["person_no", "at"], axis=1),
        truth["ed_attendance"][["person_no", "arrived_at"]].set_axis(["person_no", "at"], axis=1),
    ]).merge(planted, on="person_no")  # fmt: skip
    recent = seen["at"] >= seen.from_date - DAY
    assert recent.groupby(seen.person_no).sum().reindex(planted.person_no, fill_value=0).ge(2).all()
    quiet = seen["at"].between(pd.Timestamp("2026-05-02"), pd.Timestamp("2026-08-01"))
    assert not quiet.any()


# --- social care -----------------------------------------------------------------------------------------------------


def told(rows: pd.DataFrame) -> pd.DataFrame:
    """From when to when each submission tells (rule 1)."""
    found = []
    for (council, came), mine in rows.groupby(["organisation_code", "came"]):
        mine = mine[mine.has_person]
        ended = mine[mine.told_end < came.to_period("M").start_time]
        month = ended.told_end.dt.to_period("M")
        count, kinds = month.value_counts(), ended.groupby(month).event_type.nunique()
        good = count.index[(count * 100 >= 2 * len(ended)) & (kinds.reindex(count.index) >= kinds.max() - 1)]
        first, last = mine.period_start.iloc[0].to_period("M"), mine.period_end.iloc[0].to_period("M")
        if len(ended) >= 100 and len(good):
            first, last = min(good), max(good)
        found.append((council, came, first, last))
    return pd.DataFrame(found, columns=["organisation_code", "came", "first", "last"])


def expected_events(rows: pd.DataFrame) -> pd.DataFrame:
    """The events that count by F 2.13.3, month by month and row by row, as one would with a pencil."""
    rows = rows.assign(came=rows.delivered_at.dt.tz_localize("UTC").dt.tz_convert("Europe/London").dt.tz_localize(None))
    files = told(rows)
    teller = {}
    for one in files.sort_values("came").itertuples():
        for month in pd.period_range(one.first, one.last, freq="M"):
            teller[(one.organisation_code, month)] = one.came
    last = {council: max(month for c, month in teller if c == council) for council in {c for c, _ in teller}}
    best: dict[tuple, tuple] = {}
    for row in rows[rows.has_person].itertuples():
        end, died = row.told_end, row.told_death
        if died < row.started_on:
            continue
        if not pd.isna(died) and (pd.isna(end) or died < end):
            end = died
        is_service = row.event_type == "service"
        in_months = [
            month for (council, month), came in teller.items()
            if council == row.organisation_code and came == row.came
            and row.started_on <= month.end_time and not died < month.start_time
            and ((is_service and not end < month.start_time) or month.start_time <= end <= month.end_time)
        ]  # fmt: skip
        if not in_months:
            continue
        component = row.service_component or row.component_text
        tail = (row.service_type, component) if is_service else (end, row.route_of_access, row.assessment_type)
        key = (row.organisation_code, row.person_no, row.client_type, row.event_type, row.started_on, *tail)
        worth = (max(in_months), FAR if pd.isna(end) else end, -row.outcome_rank, row.came, row.record_no)
        if key not in best or worth > best[key][0]:
            best[key] = (worth, end, row)
    out = []
    for (month, *_), end, row in best.values():
        crop = row.event_type == "service" and month < last[row.organisation_code] and not end <= month.end_time
        out.append((
            row.organisation_code, row.person_no, row.client_type, row.event_type, row.started_on,
            month.end_time.normalize() if crop else end, row.service_type, row.service_component, crop,
        ))  # fmt: skip
    names = "organisation_code person_no client_type event_type started_on ended_on service_type service_component"
    return pd.DataFrame(out, columns=[*names.split(), "is_cropped"])


def test_events_of_social_care_are_those_that_count(hub, truth: Tables) -> None:
    wanted = expected_events(truth["client_level_row"])
    person = people(hub, truth, "social_care_event")
    built = hub.sql("from cdm.social_care_event").df()
    assert len(built) > 150
    assert {"request", "assessment", "service", "review"} == set(built.event_type)
    columns = [name for name in wanted if name != "person_no"]

    def counted(table: pd.DataFrame, names: list[str]) -> pd.Series:
        return table[names].astype(object).where(table[names].notna(), "-").astype(str).value_counts()

    difference = counted(built, columns).sub(counted(wanted, columns), fill_value=0)
    assert not difference[difference != 0].to_dict()
    built["person_no"] = built.person_id.map(person)
    names = ["person_no", *columns]
    whole = built[built.person_no.notna()].astype({"person_no": int})
    right = counted(whole, names).sub(counted(wanted, names), fill_value=0)
    assert len(whole) > 0.97 * len(built)
    assert right[right > 0].sum() <= 0.01 * len(built)  # linked to somebody else


def test_support_that_lasts_is_as_large_as_it_was(hub, truth: Tables) -> None:
    """Against what happened, not what was sent: of those with long-term support on a day, nearly all are known."""
    day = pd.Timestamp("2026-09-30")
    true = truth["social_care_event"]
    true = true[true.service_type.str.startswith("Long term", na=False)]
    true = true[(true.started_on <= day) & ~(true.ended_on < day)]
    known = hub.sql(
        "select count(distinct person_id) from cdm.social_care_event where is_long_term_support "
        f"and started_on <= date '{day:%Y-%m-%d}' and coalesce(ended_on >= date '{day:%Y-%m-%d}', true)"
    ).fetchone()[0]
    assert true.person_no.nunique() > 20
    assert abs(known - true.person_no.nunique()) <= max(3, 0.12 * true.person_no.nunique())
