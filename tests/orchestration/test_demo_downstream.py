"""What follows hospital in the demo: community beds, care homes, packages of care; files against the truth."""

from __future__ import annotations

import csv
import datetime as dt
import fnmatch
import io
import json
import os
import sqlite3
import zoneinfo
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from python_calamine import CalamineWorkbook

from orchestration.demo import community, generate, social_care
from orchestration.demo.dirt import BAD_FILES
from orchestration.demo.presence import Busy, first_clash
from orchestration.demo.rates import Period
from orchestration.settings import PROJECT

LONDON = zoneinfo.ZoneInfo("Europe/London")
END = dt.date(2026, 10, 31)
PARTNERS = ("eput", "nelft", "provide", "essex", "southend", "thurrock")
LISTS = {"essex": "E10000012", "thurrock": "E06000034"}
DAY = pd.Timedelta(days=1)
NEVER = pd.Timestamp("2100-01-01")
Truth = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("downstream")
    generate(60_000, 5, 5, out, END)
    return out


@pytest.fixture(scope="module")
def truth(demo: Path) -> Truth:
    return read_truth(demo)


def read_truth(out: Path) -> Truth:
    tables = {path.stem: pd.read_parquet(path) for path in (out / "truth").glob("*.parquet")}
    for table in tables.values():
        for name in table.columns:
            if name.endswith(("_on", "_date")):
                table[name] = pd.to_datetime(table[name])
    return tables


def _contract(partner: str, table: str) -> dict:
    source = yaml.safe_load((PROJECT / f"models/feeds/{partner}.yml").read_text())["sources"][0]
    return next(one for one in source["tables"] if one["name"] == table)


def _lines(path: Path, feed: dict, names: list[str]) -> list[dict[str, str]]:
    """Rows of a file under the names that the partner uses; a moved column or a lost header is an error."""
    if feed["format"] == "jsonl":
        return [_flat(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    if feed["format"] == "xlsx":
        cells = CalamineWorkbook.from_path(path).get_sheet_by_name(feed["sheet"]).to_python(skip_empty_area=False)
        rows = [[_cell(value) for value in row] for row in cells][feed["header_row"] - 1 :]
    else:
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(feed["encoding"]))))
    assert rows[0] == names, path.name
    return [dict(zip(names, row, strict=True)) for row in rows[1:]]


def _cell(value: object) -> str:
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    return str(int(value)) if isinstance(value, float) else str(value)


def _flat(record: dict, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[before + name] = "" if value is None else str(value)
    return found


def read_feed(demo: Path, partner: str, table: str, bad: set[str]) -> pd.DataFrame:
    """All rows of a feed in order of arrival, in standard names and codes, dates typed where they can be."""
    contract = _contract(partner, table)
    feed = contract["config"]["meta"]["feed"]
    metas = {column["name"]: column["config"]["meta"] for column in contract["columns"]}
    local = {name: meta.get("local_name", meta.get("path")) for name, meta in metas.items()}
    files = [path for path in (demo / "landing" / partner).iterdir() if fnmatch.fnmatch(path.name, feed["pattern"])]
    parts = []
    for path in sorted(files, key=os.path.getmtime):
        if path.name not in bad:
            lines = _lines(path, feed, list(local.values()))
            parts.append(pd.DataFrame(lines).assign(file=path.name, received=path.stat().st_mtime))
    rows = pd.concat(parts, ignore_index=True)
    assert set(rows.columns) == {*local.values(), "file", "received"}
    rows = rows.rename(columns={sent: name for name, sent in local.items()})
    for column in contract["columns"]:
        name, meta = column["name"], metas[column["name"]]
        if "codes" in meta:
            rows[name] = rows[name].map(lambda code, codes=meta["codes"]: codes.get(code, code))
        if column["data_type"] in ("date", "timestamp"):
            rows[name] = pd.to_datetime(rows[name], format=meta["format"][0], errors="coerce")
        if column["data_type"] == "integer":
            rows[name] = pd.to_numeric(rows[name])
    return rows


def latest(rows: pd.DataFrame, *key: str) -> pd.DataFrame:
    """The newest row of each key, as `mode: upsert` says."""
    return rows[rows[list(key)].notna().all(axis=1)].drop_duplicates(list(key), keep="last")


@pytest.fixture(scope="module")
def bad(truth: Truth) -> set[str]:
    return set(truth["dirt"].loc[truth["dirt"].kind.isin(BAD_FILES.values()), "record_id"])


def _dirt(truth: Truth, feed: str, *kinds: str) -> set[str]:
    dirt = truth["dirt"]
    return set(dirt.loc[(dirt.feed == feed) & dirt.kind.isin(kinds), "record_id"])


def _clean(truth: Truth, feed: str) -> set[str]:
    """Records that something stands wrong with."""
    dirt = truth["dirt"]
    return set(dirt.loc[(dirt.feed == feed) & (dirt.stands | dirt.kind.str.startswith("untypable")), "record_id"])


# --- one world -------------------------------------------------------------------------------------------------------


def test_a_pathway_goes_on_in_the_order_of_time(truth: Truth) -> None:
    spell = truth["spell"].set_index("spell_id")
    stay = truth["inpatient_stay"].set_index("stay_id")
    request = truth["care_package"].set_index("request_id")
    chain = truth["pathway"]
    for key in ("spell_id", "transfer_spell_id", "stay_id", "request_id"):
        assert chain[key].dropna().is_unique, key
        table = {"stay_id": stay, "request_id": request}.get(key, spell)
        linked = chain.dropna(subset=[key])
        assert len(linked)
        assert (table.loc[linked[key], "person_no"].to_numpy() == linked.person_no.to_numpy()).all()
    assert set(chain.stay_id.dropna()) >= set(stay.index[stay.spell_id.notna()])
    assert set(chain.request_id.dropna()) == set(request.index[request.spell_id.notna() | request.stay_id.notna()])
    moved = chain.dropna(subset=["spell_id", "transfer_spell_id"])
    assert (moved.stay_id.notna() | moved.request_id.notna()).any()
    gap = spell.loc[moved.transfer_spell_id, "admitted_at"].array - spell.loc[moved.spell_id, "discharged_at"].array
    assert ((gap >= pd.Timedelta(0)) & (gap <= pd.Timedelta(hours=6))).all()
    last = chain.transfer_spell_id.fillna(chain.spell_id)
    with_stay = chain.assign(last=last).dropna(subset=["last", "stay_id"])
    before, after = spell.loc[with_stay["last"]], stay.loc[with_stay.stay_id]
    assert len(with_stay) > 15
    left = before.discharged_at.dt.tz_localize("UTC").dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
    assert (after.admitted_on.array == left.array).all()
    assert set(after.admission_source_code) == {"51"}
    assert (after.referring_site_code.array == before.site_code.array).all()
    assert set(before.discharge_destination_code) == {"51"}
    assert (after.spell_id.array == with_stay["last"].array).all()
    asked = chain.assign(last=last).dropna(subset=["last", "request_id"])
    direct = asked[asked.stay_id.isna()]
    waits, bed = request.loc[direct.request_id], spell.loc[direct["last"]]
    assert len(direct) > 30
    assert set(bed.pathway_code) == {"P1"}
    assert (waits.requested_at.array >= bed.admitted_at.array).all()
    assert (waits.requested_at.array <= bed.discharged_at.array).all()
    late = waits.closed_at.array - bed.discharged_at.array
    assert ((late >= pd.Timedelta(0)) & (late <= pd.Timedelta(days=2))).all()
    through = chain.dropna(subset=["stay_id", "request_id"])
    waits, bed = request.loc[through.request_id], stay.loc[through.stay_id]
    assert len(through) > 20
    assert (waits.requested_on.array >= bed.admitted_on.array).all()
    assert (waits.requested_on.array <= bed.discharged_on.array).all()
    assert (
        (waits.closed_on.array >= bed.discharged_on.array) & (waits.closed_on.array <= bed.discharged_on + DAY)
    ).all()
    assert (request.closed_at > request.requested_at).all()


def test_everybody_on_the_way_to_a_bed_or_a_package_gets_there(truth: Truth) -> None:
    spell, ends = truth["spell"], pd.Timestamp(END) + DAY
    person = truth["person"].set_index("person_no")
    home = person.is_resident.loc[spell.person_no].to_numpy()
    ended = spell[home & (spell.discharged_at < ends) & (spell.discharge_method_code != "4")]
    to_bed = ended[(ended.pathway_code == "P2") & (ended.discharge_destination_code == "51")]
    assert set(to_bed.spell_id) <= set(truth["inpatient_stay"].spell_id)
    home_with_help = ended[(ended.pathway_code == "P1") & ended.discharge_ready_date.notna()]
    assert set(home_with_help.spell_id) <= set(truth["care_package"].spell_id)


def test_nobody_is_in_two_places(truth: Truth) -> None:
    stays, spells = truth["inpatient_stay"], truth["spell"]
    assert (stays.discharged_on >= stays.admitted_on).all()
    assert (
        stays.ready_on.isna() | ((stays.ready_on >= stays.admitted_on) & (stays.ready_on <= stays.discharged_on))
    ).all()
    midday = pd.Timedelta(hours=12)
    lying = pd.concat(
        [
            stays[["person_no"]].assign(start=stays.admitted_on + 2 * midday, end=stays.discharged_on),
            spells[["person_no"]].assign(start=spells.admitted_at, end=spells.discharged_at),
        ]
    )
    # known: of 5,000 stays one may begin while another goes on, where the planted intervention gave it to somebody else
    assert _overlaps(lying[lying.end > lying.start]) <= 1
    waiting = truth["care_package"]
    spans = waiting[["person_no"]].assign(start=waiting.requested_on, end=waiting.closed_on)
    assert _overlaps(spans[spans.end > spans.start]) == 0
    died = truth["person"].set_index("person_no").died_on
    assert not (died.loc[stays.person_no].to_numpy() < stays.discharged_on.to_numpy()).any()
    assert not (died.loc[waiting.person_no].to_numpy() < waiting.closed_on.to_numpy()).any()
    dead = stays[stays.discharge_destination_code == "79"]
    assert len(dead) > 3
    assert (died.loc[dead.person_no].to_numpy() == dead.discharged_on.to_numpy()).all()
    at_home = waiting[waiting.spell_id.isna() & waiting.stay_id.isna()]
    inside = at_home.merge(spells, on="person_no")
    assert not ((inside.admitted_at < inside.closed_at) & (inside.discharged_at > inside.requested_at)).any()


def _overlaps(spans: pd.DataFrame) -> int:
    spans = spans.sort_values(["person_no", "start"])
    latest_end = spans.groupby("person_no").end.cummax().groupby(spans.person_no).shift()
    return int((latest_end > spans.start).sum())


def test_busy_people_and_clashes() -> None:
    person = np.array([1, 1, 2])
    start, end = (
        np.array(days, dtype="datetime64[s]")
        for days in (["2026-01-01", "2026-01-10", "2026-01-01"], ["2026-01-05", "2026-01-12", "2026-01-02"])
    )
    busy = Busy(person, start, end, np.array([True, False, True]))
    who = np.array([1, 1, 1, 2, 3])
    begin = np.array(["2026-01-02", "2026-01-06", "2026-01-06", "2026-01-03", "2026-01-02"], dtype="datetime64[s]")
    until = np.array(["2026-01-03", "2026-01-09", "2026-01-11", "2026-01-30", "2026-01-30"], dtype="datetime64[s]")
    assert busy.meets(who, begin, until).tolist() == [True, False, True, False, False]
    moment, inside = busy.next(np.array([1, 2, 3]), np.array(["2026-01-02"] * 3, dtype="datetime64[s]"))
    assert moment[0] == np.datetime64("2026-01-10") and np.isnat(moment[1:]).all()
    assert inside.tolist() == [False, False, False]
    assert first_clash(person, start, end).tolist() == []
    assert first_clash(np.array([4, 4, 5]), start, end + np.timedelta64(30, "D")).tolist() == [1]


# --- how much --------------------------------------------------------------------------------------------------------


def test_magnitudes_at_full_size_without_playing_it() -> None:
    wards = community.make_wards(1_200_000)
    outside = ~np.char.startswith(wards["bed_type_code"].astype(str), "mh_")
    assert 200 <= wards["beds"][outside].sum() <= 260
    assert wards["beds"].max() <= community.LARGEST_WARD
    period = Period(dt.date(2026, 5, 1), END)
    homes = social_care.make_homes(1_200_000, period, 1)
    weeks = social_care.make_home_weeks(period, homes, 1)
    sundays = len(set(weeks["census_date"].tolist()))
    beds, vacant = (sum(weeks[f"{part}_{kind}"].sum() for kind in social_care.KINDS) for part in ("beds", "vacant"))
    assert 390 <= len(weeks["home_no"]) / sundays <= 410
    assert 9_000 <= beds / sundays <= 10_500
    assert 0.08 <= vacant / beds <= 0.12
    age = weeks["census_date"] - weeks["last_updated_at_local"].astype("datetime64[D]")
    assert 0.65 < (age <= np.timedelta64(7, "D")).mean() < 0.95
    assert 0.01 < (weeks["admission_status_code"] == "closed").mean() < 0.10


def test_magnitudes_at_20_000_residents(tmp_path: Path) -> None:
    """Beds are more than to scale: every site has a ward, and a ward two beds. People who wait are to scale."""
    generate(20_000, 5, 5, tmp_path, END)
    truth, scale = read_truth(tmp_path), 20_000 / 1_200_000
    wards = truth["ward_bed_day"]
    outside = wards[~wards.bed_type_code.str.startswith("mh_")]
    days = wards.snapshot_date.nunique()
    assert 11 * 2 <= outside.beds_open.sum() / days <= 40
    assert 0.80 < outside.beds_occupied.sum() / outside.beds_open.sum() < 0.97
    every = pd.date_range(wards.snapshot_date.min(), wards.snapshot_date.max())
    request = truth["care_package"]
    place = truth["care_package_place"].groupby("request_id").location_code.first()
    in_acute = request[request.request_id.map(place) == "acute_bed"]
    waiting = sum(((in_acute.requested_on <= day) & (in_acute.closed_on > day)).sum() for day in every) / len(every)
    assert 60 * scale * 0.6 < waiting < 150 * scale * 1.3
    homes = truth["care_home_week"].groupby("organisation_code").home_no.nunique()
    assert len(homes) == 3 and homes.min() >= 3


def test_every_site_of_the_providers_has_a_ward(truth: Truth) -> None:
    sites = pd.read_csv(PROJECT / "seeds/site_list.csv")
    wanted = sites[sites.organisation_code.isin(["R1L", "RAT", "NPRV"])]
    wards = truth["ward_bed_day"]
    assert set(wards.site_code) == set(wanted.site_code)
    assert set(zip(wards.site_code, wards.organisation_code, strict=True)) == set(
        zip(wanted.site_code, wanted.organisation_code, strict=True)
    )


@pytest.mark.parametrize("residents", [1, 500])
def test_tiny_populations_work(residents: int, tmp_path: Path) -> None:
    made = generate(residents, 2, 1, tmp_path, END)
    wards = read_truth(tmp_path)["ward_bed_day"]
    assert wards.beds_open.min() >= 1
    assert (wards.beds_occupied <= wards.beds_open).all()
    assert wards.groupby("ward_code").beds_open.max().min() >= 2
    for partner in ("eput", "nelft", "provide"):
        assert made.files[f"{partner}_ward_beds"] > 8
    for council in ("essex", "southend", "thurrock"):
        assert made.files[f"{council}_care_homes"] >= 6
        assert made.rows[f"{council}_care_homes"] >= 3 * 8


# --- files against the truth -----------------------------------------------------------------------------------------


def test_wards_count_their_patients(demo: Path, truth: Truth, bad: set[str]) -> None:
    stays, wards = truth["inpatient_stay"], truth["ward_bed_day"]
    some = wards.sample(400, random_state=1)
    for row in some.itertuples():
        inside = (stays.ward_code == row.ward_code) & (stays.admitted_on < row.snapshot_date)
        assert (inside & (stays.discharged_on >= row.snapshot_date)).sum() == row.beds_occupied
    assert (wards.beds_occupied <= wards.beds_open).all()
    for partner in ("eput", "nelft", "provide"):
        sent = latest(read_feed(demo, partner, "ward_beds", bad), "snapshot_date", "ward_code")
        mine = wards[(wards.feed == f"{partner}_ward_beds") & wards.is_delivered]
        both = mine.merge(sent, on=["snapshot_date", "ward_code"], suffixes=("", "_sent"))
        assert len(both) == len(mine) == len(sent)
        struck = (both.snapshot_date.dt.strftime("%Y-%m-%d") + "|" + both.ward_code).isin(
            _clean(truth, f"{partner}_ward_beds")
        )
        assert 0 < struck.mean() < 0.05
        for name in ("beds_open", "beds_occupied", "beds_closed", "site_code", "bed_type_code"):
            assert (both.loc[~struck, name] == both.loc[~struck, f"{name}_sent"]).all(), (partner, name)


def test_stays_in_the_files_are_those_of_the_truth(demo: Path, truth: Truth, bad: set[str]) -> None:
    for partner in ("eput", "nelft", "provide"):
        feed = f"{partner}_inpatient_stays"
        sent = latest(read_feed(demo, partner, "inpatient_stays", bad), "stay_id").set_index("stay_id")
        stays = truth["inpatient_stay"]
        mine = stays[(stays.feed == feed) & stays.is_delivered].set_index("stay_id")
        assert set(mine.index) == set(sent.index)
        mine = mine[~mine.index.isin(_clean(truth, feed))]
        sent = sent.loc[mine.index]
        day = mine.known_until.dt.tz_localize("UTC").dt.tz_convert(LONDON).dt.tz_localize(None).dt.normalize()
        for name in ("ready_on", "discharged_on"):
            hidden = mine[name] >= day
            assert sent.loc[hidden, name].isna().all()
            assert (sent.loc[~hidden, name].fillna(NEVER) == mine.loc[~hidden, name].fillna(NEVER)).all(), (
                partner,
                name,
            )
        gone = mine.discharged_on < day
        assert (~gone).sum() >= 1 or partner != "eput"
        wanted = mine.discharge_destination_code.where(gone, "")
        assert (sent.discharge_destination_code == wanted).all()
        for name in ("ward_code", "bed_type_code", "admitted_on", "admission_source_code", "local_authority_code"):
            assert (sent[name] == mine[name]).all(), (partner, name)
        ready = mine.ready_on < day
        for name in ("pathway_code", "delay_reason_code"):
            assert (sent[name] == mine[name].where(ready).fillna("")).all(), (partner, name)


@pytest.mark.parametrize("council", LISTS)
def test_a_census_list_is_who_waits_on_that_sunday(council: str, demo: Path, truth: Truth, bad: set[str]) -> None:
    feed = f"{council}_packages_awaited"
    sent = latest(read_feed(demo, council, "packages_awaited", bad), "census_date", "request_id")
    sent = sent[sent.requested_on.notna()]  # what cannot be typed is held back
    request = truth["care_package"]
    request = request[request.organisation_code == LISTS[council]]
    place = truth["care_package_place"]
    absent = _dirt(truth, feed, "not_listed_yet", "untypable_date")
    forgotten = _dirt(truth, feed, "never_closed")
    assert council == "thurrock" or (absent and forgotten)
    listed = 0
    for sunday, rows in sent.groupby("census_date"):
        assert sunday.weekday() == 6
        mark = f"{sunday:%Y-%m-%d}|"
        waits = request[(request.requested_on <= sunday) & (request.closed_on > sunday)]
        wanted = {name for name in waits.request_id if mark + name not in absent}
        wanted |= {one.removeprefix(mark) for one in forgotten - absent if one.startswith(mark)}
        waiting = rows[rows.status_code == "waiting"]
        assert set(waiting.request_id) == wanted, sunday
        now = place[place.from_at < sunday + DAY].groupby("request_id").location_code.last()
        true_place = waiting.request_id.map(now)
        assert (true_place == waiting.location_code).all(), sunday
        closed = request[(request.closed_on <= sunday) & (request.closed_on > sunday - 7 * DAY)]
        struck = {one.removeprefix(mark) for one in absent | forgotten if one.startswith(mark)}
        assert set(rows[rows.status_code != "waiting"].request_id) == set(closed.request_id) - struck
        listed += len(waiting)
    marks = sent.census_date.dt.strftime("%Y-%m-%d") + "|" + sent.request_id
    _same_requests(sent[~marks.isin(_clean(truth, feed))], request)
    assert sent.census_date.nunique() >= 20
    assert listed > 15


def _same_requests(sent: pd.DataFrame, request: pd.DataFrame) -> None:
    both = sent.merge(request, on="request_id", suffixes=("", "_true"))
    assert len(both) == len(sent) > 20
    for name in ("requested_on", "package_type_code", "local_patient_id"):
        assert (both[name] == both[f"{name}_true"]).all(), name
    assert (both.hours_per_week.astype(float) == both.hours_per_week_true).all()
    over = both[both.status_code != "waiting"]
    assert (over.status_code == over.status).all()
    assert (over.closed_on == over.closed_on_true).all()


def test_thurrock_never_sends_a_number_and_essex_misses_some(demo: Path, bad: set[str]) -> None:
    assert "nhs_number" not in read_feed(demo, "thurrock", "packages_awaited", bad)
    people = read_feed(demo, "essex", "packages_awaited", bad).drop_duplicates("local_patient_id")
    assert 0.01 < (people.nhs_number == "").mean() < 0.12


def test_the_journal_replays_to_who_waits(demo: Path, truth: Truth, bad: set[str]) -> None:
    feed = "southend_brokerage_journal"
    rows = latest(read_feed(demo, "southend", "brokerage_journal", bad), "request_id", "changed_at")
    lost = {one.split("|")[0] for one in _dirt(truth, feed, "never_closed")}
    odd = {one.split("|")[0] for one in _dirt(truth, feed, "untypable_date")}
    request = truth["care_package"]
    request = request[(request.feed == feed) & ~request.request_id.isin(odd)]
    assert lost
    place = truth["care_package_place"]
    days = pd.date_range(truth["ward_bed_day"].snapshot_date.min(), END)
    seen = 0
    for day in days:
        then = rows[(rows.changed_at < day + DAY) & ~rows.request_id.isin(odd)]
        now = then.sort_values("changed_at", kind="stable").drop_duplicates("request_id", keep="last")
        waiting = now[now.status_code == "waiting"]
        over = request.closed_on.where(~request.request_id.isin(lost), NEVER)
        wanted = request[(request.requested_on <= day) & (over > day)]
        assert set(waiting.request_id) == set(wanted.request_id), day
        at = place[place.from_at < day + DAY].groupby("request_id").location_code.last()
        assert (waiting.request_id.map(at) == waiting.location_code).all()
        seen += len(waiting)
    marks = rows.request_id + "|" + rows.changed_at.dt.strftime("%Y-%m-%d %H:%M:%S")
    _same_requests(rows[~marks.isin(_clean(truth, feed))], request)
    assert seen > 60


@pytest.mark.parametrize("council", ["essex", "southend", "thurrock"])
def test_care_homes_are_those_of_the_truth(council: str, demo: Path, truth: Truth, bad: set[str]) -> None:
    feed, weeks = f"{council}_care_homes", truth["care_home_week"]
    rows = read_feed(demo, council, "care_homes", bad)
    for one in rows.drop_duplicates("file").itertuples():
        came = dt.datetime.fromtimestamp(one.received, LONDON)
        assert (came.weekday(), came.hour, came.minute) == (0, 6, 0)
    sent = latest(rows, "census_date", "cqc_location_id")
    dirt = truth["dirt"]
    copies = dirt[(dirt.feed == feed) & (dirt.column == "copy_of")]
    mine = weeks[(weeks.feed == feed) & weeks.is_delivered]
    assert len(sent) == len(mine) + len(copies)
    both = mine.merge(sent, on=["census_date", "cqc_location_id"], suffixes=("", "_sent"))
    assert len(both) == len(mine)
    struck = (both.census_date.dt.strftime("%Y-%m-%d") + "|" + both.cqc_location_id).isin(_clean(truth, feed))
    both = both[~struck]
    assert (both.admission_status_code == both.admission_status_code_sent).all()
    assert (both.last_updated_at_local == both.last_updated_at).all()
    for kind in social_care.KINDS:
        for part in ("beds", "vacant"):
            assert (both[f"{part}_{kind}_sent"].fillna(0) == both[f"{part}_{kind}"]).all()
            assert both[f"{part}_{kind}_sent"].isna().equals(both[f"beds_{kind}"] == 0)


def test_nhs_numbers_are_of_people_and_were_never_issued(demo: Path, truth: Truth, bad: set[str]) -> None:
    known = truth["person"].nhs_number
    found = 0
    tables = [
        ("eput", "inpatient_stays"),
        ("nelft", "inpatient_stays"),
        ("provide", "inpatient_stays"),
        ("essex", "packages_awaited"),
        ("southend", "brokerage_journal"),
    ]
    for partner, table in tables:
        rows = read_feed(demo, partner, table, bad)
        numbers = rows.nhs_number[rows.nhs_number != ""].str.replace(" ", "")
        assert numbers.str.fullmatch("99[0-9]{8}").all(), partner
        strangers = ~numbers.isin(known)
        dirt = truth["dirt"]
        mistyped = dirt[(dirt.feed == f"{partner}_{table}") & (dirt.kind == "nhs_number_wrong")].sent
        assert set(numbers[strangers]) <= set(mistyped), partner
        found += len(numbers)
    assert found > 500


def test_every_file_comes_at_its_hour_and_none_after_the_demo(demo: Path) -> None:
    hours = {
        "eput": {6, 7, 10},
        "nelft": {6, 7, 9},
        "provide": {6, 7, 8, 10},
        "essex": {6, 7, 13, 17},
        "southend": {5, 6, 17},
        "thurrock": {6, 7, 17},
    }
    for partner, wanted in hours.items():
        came = [
            dt.datetime.fromtimestamp(path.stat().st_mtime, LONDON) for path in (demo / "landing" / partner).iterdir()
        ]
        assert {moment.hour for moment in came} == wanted, partner
        assert max(came) <= dt.datetime(2026, 11, 1, 8, 0, tzinfo=LONDON)


def test_the_database_holds_the_newest_state_and_was_read_by_polls(demo: Path, truth: Truth, bad: set[str]) -> None:
    rows = read_feed(demo, "nelft", "inpatient_stays", bad)
    newest = latest(rows, "stay_id").set_index("stay_id").sort_index()
    with sqlite3.connect(f"file:{demo}/systems/nelft.sqlite?mode=ro", uri=True) as database:
        held = pd.read_sql("select stay_id, updated_at from inpatient_stays order by 1", database).set_index("stay_id")
    assert (pd.to_datetime(held.updated_at) == newest.updated_at).all()
    edges = rows.groupby("file", sort=False).updated_at.agg(["min", "max"])
    assert (edges["min"].to_numpy()[1:] > edges["max"].to_numpy()[:-1]).all()
    assert rows.stay_id.duplicated().any()
    text = (demo / "connections.toml").read_text()
    assert "sqlite:///systems/nelft.sqlite" in text
    assert (demo / "connections.toml").stat().st_mode & 0o077 == 0
