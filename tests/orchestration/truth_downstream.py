"""What the hub can know of the way out of hospital, from the demo's truth: the discharge list, beds of community and
mental health, care homes, packages of care. Part of the recomputation in test_truth_recomputation.py.
"""

from __future__ import annotations

import pandas as pd

Tables = dict[str, pd.DataFrame]
PROVIDERS = ["eput", "nelft", "provide"]
COUNCILS = ["essex", "southend", "thurrock"]
COMMUNITY = ["intermediate_care", "stroke_rehab", "step_up", "hospice"]
CARE = [
    "general_residential", "general_nursing", "dementia_residential", "dementia_nursing", "learning_disability",
    "mental_health", "young_physical",
]  # fmt: skip
DAY = pd.Timedelta(days=1)


def known_downstream(truth: Tables) -> Tables:
    """Records that were delivered, with the listed defects, keyed as the contracts key them."""
    return {
        "nctr_day": _discharge_list(truth),
        "ward_bed_day": _ward_beds(truth),
        "provider": _last_told(truth),
        "inpatient_stay": _stays(truth),
        "care_home_week": _care_homes(truth),
        "package_census": _days(
            pd.concat([*_lists(truth), _journal(truth)], ignore_index=True), "census_date", "requested_on"
        ),
    }


def _dirt(truth: Tables, feeds: list[str]) -> pd.DataFrame:
    return truth["dirt"][truth["dirt"].feed.isin(feeds)]


def as_sent(
    table: pd.DataFrame, ids: pd.Series, dirt: pd.DataFrame, also: dict[str, str] | None = None
) -> pd.DataFrame:
    """Delivered records with copies added, lost ones dropped and wrong values put in. Index: the record's id.

    `also` names columns of the defects that the truth calls otherwise.
    """
    table = table.assign(record_id=ids)[table.is_delivered.to_numpy()]
    copies = dirt[(dirt.column == "copy_of") & dirt.stands][["record_id", "sent"]]
    extra = copies.merge(table.rename(columns={"record_id": "sent"}), on="sent")
    table = pd.concat([table, extra[table.columns]], ignore_index=True)
    lost = dirt[dirt.kind.str.startswith("untypable")].record_id
    table = table[~table.record_id.isin(lost)].set_index("record_id")
    for column, rows in dirt[dirt.stands].groupby("column"):
        name = (also or {}).get(column, column)
        if name not in table or column == "copy_of":
            continue
        sent = rows.drop_duplicates("record_id", keep="last").set_index("record_id").sent.replace("", None)
        here = table.index.isin(sent.index)
        values = table.index[here].map(sent)
        if pd.api.types.is_numeric_dtype(table[name]):
            table[name] = table[name].astype(float)
            table.loc[here, name] = pd.to_numeric(pd.Series(values, dtype=object)).to_numpy()
        else:
            table[name] = table[name].astype(object)
            table.loc[here, name] = values
    return table


def _days(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(**{name: pd.to_datetime(table[name]) for name in columns})


def _text(day: pd.Series) -> pd.Series:
    return pd.to_datetime(day).dt.strftime("%Y-%m-%d")


def _discharge_list(truth: Tables) -> pd.DataFrame:
    table = truth["nctr_day"]
    ids = _text(table.census_date) + "|" + table.site_code + "|" + table.spell_id
    return _days(as_sent(table, ids, _dirt(truth, ["no_criteria_to_reside"])), "census_date")


def _ward_beds(truth: Tables) -> pd.DataFrame:
    table = truth["ward_bed_day"]
    parts = []
    for feed, mine in table.groupby("feed"):
        ids = _text(mine.snapshot_date) + "|" + mine.ward_code
        parts.append(as_sent(mine, ids, _dirt(truth, [feed])))
    return _days(pd.concat(parts, ignore_index=True), "snapshot_date")


def _stays(truth: Tables) -> pd.DataFrame:
    table = truth["inpatient_stay"].astype({"ready_on": "datetime64[s]", "discharged_on": "datetime64[s]"})
    for name in ("ready_on", "discharged_on"):
        ended = (table[name] + DAY).dt.tz_localize("Europe/London").dt.tz_convert("UTC").dt.tz_localize(None)
        table.loc[ended > table.known_until, name] = pd.NaT
    parts = []
    for feed, mine in table.groupby("feed"):
        parts.append(as_sent(mine, mine.stay_id, _dirt(truth, [feed])))
    stays = _days(pd.concat(parts), "admitted_on", "ready_on", "discharged_on")
    outside = (stays.ready_on < stays.admitted_on) | (stays.ready_on > stays.discharged_on)
    stays.loc[outside, "ready_on"] = pd.NaT
    return stays


def _last_told(truth: Tables) -> pd.DataFrame:
    """The day on which each provider last told of its wards or stays: it is known up to the day before."""
    both = pd.concat([truth[name][["organisation_code", "known_until"]] for name in ("ward_bed_day", "inpatient_stay")])
    return _local(both.groupby("organisation_code").known_until.max()).dt.normalize().to_frame("told_on")


def _care_homes(truth: Tables) -> pd.DataFrame:
    table = truth["care_home_week"].copy()
    table["last_updated_at"] = table.last_updated_at_local.dt.strftime("%Y-%m-%d %H:%M:%S")
    parts = []
    for feed, mine in table.groupby("feed"):
        ids = _text(mine.census_date) + "|" + mine.cqc_location_id
        sent = as_sent(mine, ids, _dirt(truth, [feed]))
        # a copy is the former owner's: another home of the same week
        parts.append(sent.assign(home=sent.index.str.split("|").str[1]))
    return _days(pd.concat(parts), "census_date", "last_updated_at")


def _lists(truth: Tables) -> list[pd.DataFrame]:
    """Who waits on each Sunday's list of the two councils that send lists."""
    parts = []
    for feed in ("essex_packages_awaited", "thurrock_packages_awaited"):
        dirt = _dirt(truth, [feed])
        mine = truth["care_package"][truth["care_package"].feed == feed]
        rows = _on_sundays(mine, truth)
        waiting = rows[(rows.requested_on <= rows.census_date) & ~(rows.closed_on <= rows.census_date)]
        ids = _text(waiting.census_date) + "|" + waiting.request_id
        forgotten = dirt[(dirt.kind == "never_closed") & (dirt.column == "status_code")].record_id
        again = rows[(_text(rows.census_date) + "|" + rows.request_id).isin(forgotten)]
        waiting = pd.concat([waiting, again]).drop_duplicates(["request_id", "census_date"])
        waiting = waiting[waiting.census_date + DAY <= _local(waiting.known_until)]
        ids = _text(waiting.census_date) + "|" + waiting.request_id
        gone = dirt[(dirt.kind == "not_listed_yet") | dirt.kind.str.startswith("untypable")].record_id
        waiting, ids = waiting[~ids.isin(gone).to_numpy()], ids[~ids.isin(gone)]
        reset = dirt[dirt.kind == "request_date_reset"].drop_duplicates("record_id").set_index("record_id").sent
        asked = pd.to_datetime(ids.map(reset)).fillna(pd.Series(waiting.requested_on.to_numpy(), index=ids.index))
        parts.append(waiting.assign(requested_on=asked.to_numpy()))
    return parts


def _on_sundays(packages: pd.DataFrame, truth: Tables) -> pd.DataFrame:
    """Every package with every Sunday of the demo, and the place where the person was at the end of that day."""
    days = pd.to_datetime(truth["bed_state"].snapshot_date)
    sundays = pd.date_range(days.min(), days.max(), freq="W-SUN")
    rows = packages[packages.is_delivered].merge(pd.DataFrame({"census_date": sundays}), how="cross")
    rows = _days(rows, "requested_on", "closed_on", "census_date")
    place = truth["care_package_place"].sort_values("from_at")
    at = rows[["request_id", "census_date"]].merge(place, on="request_id")
    at = at[at.from_at < at.census_date + DAY].drop_duplicates(["request_id", "census_date"], keep="last")
    return rows.merge(at, on=["request_id", "census_date"], how="left")


def _local(utc: pd.Series) -> pd.Series:
    return utc.dt.tz_localize("UTC").dt.tz_convert("Europe/London").dt.tz_localize(None)


def _journal(truth: Tables) -> pd.DataFrame:
    """Southend: the state of each request at the end of a Sunday, from the changes that arrived."""
    feed = "southend_brokerage_journal"
    dirt = _dirt(truth, [feed])
    mine = truth["care_package"][(truth["care_package"].feed == feed) & truth["care_package"].is_delivered]
    opened = truth["care_package_place"].merge(mine, on="request_id").assign(is_closed=False)
    opened["changed_at"] = opened.from_at
    closed = mine.assign(changed_at=_local(mine.closed_at), is_closed=True, location_code=None)
    changes = pd.concat([opened, closed])
    changes = changes[changes.changed_at <= _local(changes.known_until)]
    ids = changes.request_id + "|" + changes.changed_at.dt.strftime("%Y-%m-%d %H:%M:%S")
    lost = dirt[dirt.kind.isin(["never_closed"]) | dirt.kind.str.startswith("untypable")].record_id
    changes = changes[~ids.isin(lost).to_numpy()].sort_values(["changed_at", "is_closed"])
    kept_from = changes[changes.is_closed].changed_at.min()
    days = pd.to_datetime(truth["bed_state"].snapshot_date)
    sundays = [day for day in pd.date_range(days.min(), days.max(), freq="W-SUN") if kept_from < day + DAY]
    parts = []
    for sunday in sundays:
        state = changes[changes.changed_at < sunday + DAY].drop_duplicates("request_id", keep="last")
        parts.append(state[~state.is_closed].assign(census_date=sunday))
    return _days(pd.concat(parts), "requested_on") if parts else changes.assign(census_date=pd.NaT)[:0]


# --- metrics ---------------------------------------------------------------------------------------------------------


def downstream_events(tables: Tables, rows) -> list[pd.DataFrame]:
    """One row per event of each metric; `rows` makes them, as _rows in test_truth_recomputation.py."""
    return [
        *_no_criteria(tables, rows),
        _delays(tables, rows),
        *_community_beds(tables, rows),
        *_homes(tables, rows),
        *_waits(tables, rows),
    ]


def _no_criteria(tables: Tables, rows) -> list[pd.DataFrame]:
    """Patients on the list over occupied adult beds; 0 for a site with nobody on a day that lists others."""
    listed = tables["nctr_day"].groupby(["census_date", "site_code"]).size()
    beds = _days(tables["bed_state"], "snapshot_date")
    beds = beds[beds.snapshot_date.isin(tables["nctr_day"].census_date)]
    beds = beds[beds.adult_ga_beds_occupied.notna()]
    key = pd.MultiIndex.from_arrays([beds.snapshot_date, beds.site_code])
    n = pd.Series(listed.reindex(key).fillna(0).to_numpy(), index=beds.index)
    return [rows("NCTR_PCT", beds.snapshot_date, "RAJ", beds.site_code, None, n, beds.adult_ga_beds_occupied)]


def _delays(tables: Tables, rows) -> pd.DataFrame:
    listed = (
        tables["nctr_day"]
        .reset_index()
        .merge(
            tables["spell"].drop_duplicates("spell_id")[
                ["spell_id", "admission_date", "primary_diagnosis_code", "secondary_diagnosis_codes"]
            ],
            on="spell_id",
        )
    )
    codes = listed.primary_diagnosis_code.fillna("") + ";" + listed.secondary_diagnosis_codes.fillna("")
    listed = listed.assign(
        covid=codes.str.split(";").map(lambda parts: "U071" in parts),
        day=listed.census_date,
        nights=(listed.census_date - listed.admission_date).dt.days,
        organisation="RAJ",
    )
    stays = tables["inpatient_stay"]
    stays = stays[~(stays.discharged_on < stays.admitted_on)]
    told = stays.organisation_code.map(tables["provider"].told_on)
    end = stays.discharged_on.fillna(told).where(~(stays.discharged_on > told), told)
    nights = [
        (row, day)
        for row, (first, last) in enumerate(zip(stays.admitted_on, end, strict=True))
        for day in pd.date_range(first, last - DAY)
    ]
    there = stays.iloc[[row for row, _ in nights]].assign(day=[day for _, day in nights])
    ready = there[there.ready_on <= there.day]
    ready = ready.assign(
        covid=None, nights=(ready.day - ready.admitted_on).dt.days, organisation=ready.organisation_code
    )
    late = pd.concat([listed, ready], ignore_index=True)
    late = late[late.nights >= 7]
    late["category"] = late.delay_reason_code.where(late.delay_reason_code.notna(), "unknown")
    # days on which somebody could have been counted
    sites = tables["nctr_day"].site_code.unique()
    days = pd.MultiIndex.from_product([tables["nctr_day"].census_date.unique(), sites]).to_frame(index=False)
    days.columns = ["day", "site_code"]
    days["organisation"] = "RAJ"
    beds = there[["day", "site_code", "organisation_code"]].drop_duplicates()
    nobody = pd.concat([days, beds.rename(columns={"organisation_code": "organisation"})])
    nobody = nobody.assign(n=0.0, covid=None, category=None)
    both = pd.concat([late.assign(n=1.0), nobody], ignore_index=True)
    return rows(
        "DELAY_BY_REASON", both.day, both.organisation, both.site_code, both.covid, both.n, float("nan"),
        category=both.category,
    )  # fmt: skip


def _community_beds(tables: Tables, rows) -> list[pd.DataFrame]:
    beds = tables["ward_bed_day"]
    beds = beds[beds.bed_type_code.isin(COMMUNITY)]
    empty = (beds.beds_open - beds.beds_occupied).clip(lower=0)
    where = (beds.snapshot_date, beds.organisation_code, beds.site_code, None)
    return [
        rows("COMM_BED_UNOCC_N", *where, empty, float("nan"), category=beds.bed_type_code),
        rows("COMM_BED_UNOCC_PCT", *where, empty, beds.beds_open, category=beds.bed_type_code),
    ]


def _homes(tables: Tables, rows) -> list[pd.DataFrame]:
    homes = tables["care_home_week"]
    made = []
    for kind in CARE:
        beds, vacant = homes[f"beds_{kind}"], homes[f"vacant_{kind}"].clip(upper=homes[f"beds_{kind}"])
        usable = vacant.where(homes.admission_status_code == "open", 0)
        there = beds.notna() & vacant.notna() & (beds > 0)
        part = homes[there]
        where = (part.census_date, part.organisation_code, "ALL", None, usable[there])
        made.append(rows("CH_BED_UNOCC_N", *where, float("nan"), category=kind))
        made.append(rows("CH_BED_UNOCC_PCT", *where, beds[there], category=kind))
    age = (homes.census_date - homes.last_updated_at.dt.normalize()).dt.days
    made.append(rows("CH_UPDATED_7D", homes.census_date, homes.organisation_code, "ALL", None, age.between(0, 7), 1.0))
    return made


def _waits(tables: Tables, rows) -> list[pd.DataFrame]:
    census = tables["package_census"]
    waited = (census.census_date - census.requested_on).dt.days
    where = (census.census_date, census.organisation_code, "ALL", None)
    known = census[waited >= 0]
    return [
        rows("POC_WAIT_N", *where, pd.Series(1.0, index=census.index), float("nan"), category=census.location_code),
        rows(
            "POC_WAIT_DAYS", known.census_date, known.organisation_code, "ALL", None, waited[waited >= 0], 1.0,
            category=known.location_code,
        ),
    ]  # fmt: skip
