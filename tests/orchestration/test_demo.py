"""The demo partners: same seed same bytes, files as the contracts say, and a truth that holds together."""

from __future__ import annotations

import csv
import datetime as dt
import fnmatch
import io
import json
import os
import zoneinfo
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from python_calamine import CalamineWorkbook

from orchestration.demo import DemoSummary, clock, generate, population
from orchestration.demo.dirt import ANY, BAD_FILES, DIRT, ED, SPELLS, rate
from orchestration.settings import PROJECT

LONDON = zoneinfo.ZoneInfo("Europe/London")
END = dt.date(2026, 10, 31)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    generate(12_000, 4, 7, out, END)
    return out


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough people for what is rare."""
    out = tmp_path_factory.mktemp("busy")
    generate(80_000, 3, 11, out, END)
    return out


@pytest.fixture(scope="module")
def truth(demo: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in (demo / "truth").glob("*.parquet")}


def _feeds() -> list[tuple[str, dict]]:
    feeds = []
    for partner in ("eeast", "ic24", "mseft", "primary_care"):
        contract = yaml.safe_load((PROJECT / f"models/feeds/{partner}.yml").read_text())
        feeds += [(partner, table) for table in contract["sources"][0]["tables"]]
    return feeds


def _rows(path: Path, feed: dict) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a file, read as the contract says."""
    if feed["format"] == "xlsx":
        book = CalamineWorkbook.from_path(path)
        cells = book.get_sheet_by_name(feed["sheet"]).to_python(skip_empty_area=False)
        texts = [[_cell(value) for value in row] for row in cells]
        return texts[feed["header_row"] - 1], texts[feed["header_row"] :]
    content = path.read_bytes().decode(feed["encoding"])
    lines = list(csv.reader(io.StringIO(content), delimiter=feed["delimiter"]))
    if "trailer" in feed:
        assert lines[-1] == [feed["trailer"], str(len(lines) - 2)], path.name
        lines = lines[:-1]
    return lines[0], lines[1:]


def _cell(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dt.date):
        return f"{value:%Y-%m-%d}"
    return str(int(value)) if isinstance(value, float) else str(value)


def _files(demo: Path, partner: str, feed: dict) -> list[Path]:
    return sorted(p for p in (demo / "landing" / partner).iterdir() if fnmatch.fnmatch(p.name, feed["pattern"]))


def _bad_names(truth: dict[str, pd.DataFrame]) -> set[str]:
    dirt = truth["dirt"]
    return set(dirt.loc[dirt.kind.isin(BAD_FILES.values()), "record_id"])


def _content(out: Path) -> dict[str, tuple[str, int]]:
    """By file the SHA-256 of its bytes, and in landing the time at which it arrived."""
    return {
        str(path.relative_to(out)): (
            sha256(path.read_bytes()).hexdigest(),
            int(path.stat().st_mtime) if "landing" in path.parts else 0,
        )
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        generate(1_500, 2, seed, tmp_path / name, END)
    first, second, other = (_content(tmp_path / name) for name in "abc")
    assert len(first) > 60
    assert first == second
    same = [name for name in first if name in other and first[name] == other[name]]
    assert not [name for name in same if name.startswith("landing")]


def test_a_landing_folder_belongs_to_one_demo(tmp_path: Path) -> None:
    generate(500, 1, 1, tmp_path, END)
    before = _content(tmp_path)
    generate(500, 1, 1, tmp_path, END)
    assert _content(tmp_path) == before
    with pytest.raises(FileExistsError, match="holds other files"):
        generate(500, 1, 2, tmp_path, END)


def test_summary_counts_files_and_rows(tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    made = generate(800, 1, 1, tmp_path, END, progress=lambda *step: steps.append(step))
    assert isinstance(made, DemoSummary)
    assert sum(made.files.values()) == sum(1 for p in (tmp_path / "landing").rglob("*") if p.is_file())
    assert made.defects == len(pd.read_parquet(tmp_path / "truth/dirt.parquet"))
    assert [done for _, done, _ in steps] == list(range(len(steps)))
    assert steps[-1][2] == len(steps)
    assert "800 residents" in str(made)


def test_every_file_has_the_header_of_its_contract(demo: Path, truth: dict[str, pd.DataFrame]) -> None:
    bad = _bad_names(truth)
    for partner, table in _feeds():
        feed = table["config"]["meta"]["feed"]
        metas = [column["config"]["meta"] for column in table["columns"]]
        files = _files(demo, partner, feed)
        assert len(files) > 3, table["name"]
        for path in files:
            if path.name in bad:
                continue
            if feed["format"] == "jsonl":
                wanted = sorted(meta["path"] for meta in metas)
                for line in path.read_text(encoding="utf-8").splitlines():
                    assert sorted(_paths(json.loads(line))) == wanted
            else:
                header, rows = _rows(path, feed)
                assert header == [meta["local_name"] for meta in metas], path.name
                assert rows, path.name


def _paths(record: dict, before: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in record.items():
        found |= _paths(value, f"{before}{name}.") if isinstance(value, dict) else {before + name: value}
    return found


def _typed(value: str, formats: list[str]) -> bool:
    for pattern in formats:
        try:
            dt.datetime.strptime(value, pattern)
        except ValueError:
            continue
        return True
    return False


def test_values_are_typable_and_codes_known_but_for_a_little_dirt(demo: Path, truth: dict[str, pd.DataFrame]) -> None:
    bad = _bad_names(truth)
    untypable = 0
    for partner, table in _feeds():
        feed = table["config"]["meta"]["feed"]
        rows: list[list[str]] = []
        for path in _files(demo, partner, feed):
            if path.name in bad:
                continue
            if feed["format"] == "jsonl":
                lines = [_paths(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
                order = [column["config"]["meta"]["path"] for column in table["columns"]]
                rows += [["" if line[name] is None else str(line[name]) for name in order] for line in lines]
            else:
                rows += _rows(path, feed)[1]
        for place, column in enumerate(table["columns"]):
            meta = column["config"]["meta"]
            values = pd.Series([row[place] for row in rows])
            filled = values[values != ""]
            where = f"{table['name']}.{column['name']}"
            if meta.get("required"):
                assert len(filled) == len(values), where
            if column["data_type"] in ("date", "timestamp", "time"):
                formats = meta["format"] if isinstance(meta["format"], list) else [meta["format"]]
                # a workbook's real dates come as days or as moments
                formats = [*formats, "%Y-%m-%d %H:%M:%S"] if feed["format"] == "xlsx" else formats
                distinct = {value: _typed(value, formats) for value in filled.unique()}
                share = filled.map(distinct).mean()
                assert share > 0.985, where
                untypable += len(filled) - int(filled.map(distinct).sum())
            known = set(meta.get("accepted", [])) | set(meta.get("codes", {}))
            if known:
                assert filled.isin(known).mean() > 0.97, (where, sorted(set(filled) - known)[:5])
    assert untypable > 3  # 31 February


def _modulus_11(number: str) -> bool:
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9]))
    return (11 - total % 11) % 11 == int(number[9])


def test_nhs_numbers_are_valid_and_were_never_issued(truth: dict[str, pd.DataFrame]) -> None:
    numbers = truth["person"].nhs_number
    assert numbers.is_unique
    assert numbers.str.fullmatch("999[0-9]{7}").all()
    assert numbers.map(_modulus_11).all()
    assert not _modulus_11("9990000019")  # the check itself can fail


def test_nhs_numbers_go_on_below_999_where_999_is_used_up() -> None:
    numbers = pd.Series(population.nhs_numbers(950_000, np.random.default_rng(1)))
    assert numbers.is_unique
    assert set(numbers.str[:3]) == {"999", "998"}
    assert numbers.sample(500, random_state=1).map(_modulus_11).all()


def test_wall_time_agrees_with_the_time_zone_database() -> None:
    rng = np.random.default_rng(1)
    changes = [
        dt.datetime(2025, 3, 30, 1),
        dt.datetime(2025, 10, 26, 1),
        dt.datetime(2026, 3, 29, 1),
        dt.datetime(2026, 10, 25, 1),
    ]
    moments = np.array(changes, dtype="datetime64[s]")[:, None] + rng.integers(-9_000, 9_000, (4, 500)).astype(
        "timedelta64[s]"
    )
    utc = moments.ravel()
    wanted = [
        moment.astype(dt.datetime).replace(tzinfo=dt.UTC).astimezone(LONDON).replace(tzinfo=None) for moment in utc
    ]
    local = clock.to_local(utc)
    assert (local == np.array(wanted, dtype="datetime64[s]")).all()
    back = clock.to_utc(local)
    twice = clock.is_ambiguous(local)
    assert (back[~twice] == utc[~twice]).all()
    assert set((utc - back)[twice].astype("int64")) == {0, 3600}
    assert clock.text(local[:1], "%d/%m/%Y %H:%M")[0] == f"{local[0].astype(dt.datetime):%d/%m/%Y %H:%M}"


def test_a_pathway_is_one_person_in_the_order_of_time(truth: dict[str, pd.DataFrame]) -> None:
    chain = truth["pathway"]
    parts = {
        "call_id": truth["urgent_call"].rename(columns={"incident_id": "became"}),
        "incident_id": truth["ambulance_incident"].drop(columns="call_id"),
        "attendance_id": truth["ed_attendance"].drop(columns="incident_id"),
        "spell_id": truth["spell"].drop(columns="attendance_id"),
    }
    whole = chain
    for key, table in parts.items():
        name = key.removesuffix("_id")
        wide = table.add_prefix(f"{name}.").rename(columns={f"{name}.{key}": key})
        whole = whole.merge(wide, on=key, how="left", validate="m:1")
        linked = whole[key].notna()
        assert linked.any()
        assert (whole.loc[linked, f"{name}.person_no"] == whole.loc[linked, "person_no"]).all(), key
    assert chain[["call_id", "incident_id", "attendance_id", "spell_id"]].notna().all(axis=1).any()
    for earlier, later, least, most in (
        ("call.offered_at", "incident.call_connect_at", 0, 4 * 60),
        ("incident.arrived_hospital_at", "attendance.arrived_at", -1, 16),
        ("attendance.departed_at", "spell.admitted_at", -45, 60),
    ):
        minutes = (whole[later] - whole[earlier]).dropna().dt.total_seconds() / 60
        assert len(minutes) > 20
        assert minutes.between(least, most).all(), (earlier, later, minutes.min(), minutes.max())
    both = whole.dropna(subset=["incident_id", "attendance_id"])
    assert (both["incident.receiving_site_code"] == both["attendance.site_code"]).all()
    assert chain.attendance_id.dropna().is_unique
    assert chain.spell_id.dropna().is_unique


def test_every_door_is_used_alone_as_well(truth: dict[str, pd.DataFrame]) -> None:
    chain = truth["pathway"]
    walk_ins = truth["ed_attendance"][~truth["ed_attendance"].attendance_id.isin(chain.attendance_id)]
    direct = truth["spell"][~truth["spell"].spell_id.isin(chain.spell_id)]
    assert len(walk_ins) > 100
    assert {"11", "22", "31", "82"} <= set(direct.admission_method_code)
    assert {"hear_treat", "see_treat", "convey_ed", "convey_non_ed", "cancelled", "duplicate"} <= set(
        truth["ambulance_incident"].outcome
    )


def test_magnitudes_are_those_of_the_fact_pack(truth: dict[str, pd.DataFrame]) -> None:
    scale = 1_200_000 / 12_000 / 4
    ed, incidents, spells = truth["ed_attendance"], truth["ambulance_incident"], truth["spell"]
    minutes = (ed.departed_at - ed.arrived_at).dt.total_seconds() / 60
    major = ed.department_type_code == "01"
    assert 30_000 < len(ed) * scale < 38_000
    assert (
        9_500 < incidents.outcome.isin(["hear_treat", "see_treat", "convey_ed", "convey_non_ed"]).sum() * scale < 12_500
    )
    assert 25_000 < len(truth["urgent_call"]) * scale < 33_000
    assert 7_500 < spells.admission_method_code.isin(["21", "22", "23", "24", "2D", "28"]).sum() * scale < 11_000
    assert 0.64 < (minutes <= 240).mean() < 0.76
    assert 0.06 < (minutes[major] > 720).mean() < 0.13
    handover = (incidents.handover_at - incidents.arrived_hospital_at).dropna().dt.total_seconds() // 60
    assert 0.33 < (handover <= 15).mean() < 0.44
    assert 0.73 < (handover <= 30).mean() < 0.85
    beds = truth["bed_state"]
    occupied = beds.ga_beds_occupied.sum() / (beds.ga_core_beds_open + beds.ga_escalation_beds_open).sum()
    assert 0.93 < occupied < 0.98
    assert 0.35 < beds.los_7_plus.sum() / beds.adult_ga_beds_occupied.sum() < 0.55


def test_bed_state_counts_nest(truth: dict[str, pd.DataFrame]) -> None:
    beds = truth["bed_state"]
    assert len(beds) == 3 * (dt.date(2026, 11, 1) - dt.date(2026, 7, 1)).days
    order = ["los_21_plus", "los_14_plus", "los_7_plus", "adult_ga_beds_occupied", "ga_beds_occupied"]
    for small, large in pairwise(order):
        assert (beds[small] <= beds[large]).all(), (small, large)
    opened = beds.ga_core_beds_open + beds.ga_escalation_beds_open
    assert (beds.ga_beds_occupied <= opened + 2).all()
    assert (beds.adult_ga_beds_open >= beds.adult_ga_beds_occupied).all()


def test_no_file_tells_what_happened_after_it_came(demo: Path) -> None:
    path = demo / "landing/eeast/incidents_202608.csv"
    came = dt.datetime.fromtimestamp(path.stat().st_mtime, LONDON).replace(tzinfo=None)
    assert came == dt.datetime(2026, 9, 1, 6, 30)
    for path in sorted((demo / "landing/eeast").glob("incidents_*.csv")):
        came = dt.datetime.fromtimestamp(path.stat().st_mtime, LONDON).replace(tzinfo=None)
        table = pd.read_csv(path, dtype=str)
        for name in table.filter(like="Time"):
            moments = pd.to_datetime(table[name], errors="coerce")
            assert not (moments > came).any(), (path.name, name)
    last = max(path.stat().st_mtime for path in (demo / "landing").rglob("*") if path.is_file())
    assert dt.datetime.fromtimestamp(last, LONDON).date() == dt.date(2026, 11, 1)


def test_a_spell_comes_open_and_again_when_the_patient_has_left(demo: Path) -> None:
    tables = []
    for path in sorted((demo / "landing/mseft").glob("SUH_SPELL_*.csv"), key=lambda p: p.stat().st_mtime):
        lines = path.read_bytes().decode("cp1252").splitlines()[:-1]
        tables.append(pd.read_csv(io.StringIO("\n".join(lines)), dtype=str).assign(file=path.name))
    rows = pd.concat(tables)
    first, last = (
        rows.drop_duplicates("Spell No", keep=keep).set_index("Spell No").sort_index() for keep in ("first", "last")
    )
    opened = first["Discharge Date Time"].isna()
    assert opened.sum() > 10
    closed_later = opened & last["Discharge Date Time"].notna()
    assert closed_later.sum() > 10
    assert (first.loc[closed_later, "file"] != last.loc[closed_later, "file"]).all()


def test_a_bad_file_comes_again_whole(demo: Path, truth: dict[str, pd.DataFrame]) -> None:
    dirt = truth["dirt"]
    bad = dirt[dirt.kind.isin(BAD_FILES.values())]
    assert set(bad.kind) == set(BAD_FILES.values())
    for name in bad.record_id:
        again = list((demo / "landing").rglob(f"{name.rsplit('.', 1)[0]}?resend.*"))
        assert len(again) == 1, name
        first = next((demo / "landing").rglob(name))
        assert first.read_bytes() != again[0].read_bytes()
        assert again[0].stat().st_mtime > first.stat().st_mtime


TABLE_OF = dict.fromkeys(ED, ("ed_attendance", "attendance_id")) | dict.fromkeys(SPELLS, ("spell", "spell_id"))
TABLE_OF |= {"incidents": ("ambulance_incident", "incident_id"), "calls": ("urgent_call", "call_id")}


def _eligible(kind: str, table: pd.DataFrame) -> pd.Series:
    """Records that a rate counts, as the table of defects says."""
    everyone = pd.Series(True, index=table.index)
    if kind in ("handover_missing", "handover_before_arrival", "hospital_arrival_missing"):
        return (table.outcome == "convey_ed") & ~table.is_test_call
    if kind in ("assessed_just_before_arrival", "assessed_long_before_arrival"):
        return table.initial_assessment_at.notna()
    if kind.startswith("incident_number"):
        return table.incident_id.notna()
    if kind == "decision_after_departure":
        return table.decided_to_admit_at.notna()
    if kind == "diagnosis_missing":
        return (table.department_type_code == "03") & table.diagnosis_code.notna()
    if kind == "ed_attendance_not_kept":
        return table.attendance_id.notna()
    if kind == "ready_date_missing":
        return table.discharge_ready_date.notna()
    if kind == "answered_before_offered":
        return table.answered_at.notna()
    return everyone


RATED = [
    "nhs_number_missing",
    "nhs_number_wrong",
    "nhs_number_spaced",
    "nhs_number_untrusted",
    "practice_dummy",
    "handover_missing",
    "handover_before_arrival",
    "duplicate_per_vehicle",
    "answered_before_offered",
    "departure_before_arrival",
    "stay_over_72_hours",
    "assessed_just_before_arrival",
    "assessed_long_before_arrival",
    "arrival_mode_local",
    "old_site_code",
    "text_dates",
    "incident_number_prefixed",
    "incident_number_padded",
    "incident_number_missing",
    "diagnosis_missing",
    "decision_after_departure",
    "ed_attendance_not_kept",
    "ready_date_missing",
    "specialty_local",
    "duplicate_row",
    "corrected",
]


@pytest.mark.parametrize("kind", RATED)
def test_defects_come_at_their_rate(kind: str, truth: dict[str, pd.DataFrame]) -> None:
    dirt = truth["dirt"]
    checked = 0
    for defect in (one for one in DIRT if one.name == kind):
        for feed in defect.feeds:
            if feed not in TABLE_OF or (kind, feed) == ("old_site_code", "incidents"):
                continue
            name, key = TABLE_OF[feed]
            table = truth[name]
            table = table[table.feed == feed] if "feed" in table else table
            eligible = table[_eligible(kind, table)]
            found = dirt[(dirt.feed == feed) & (dirt.kind == kind)].record_id
            hit = eligible[key].isin(found).sum()
            wanted = rate(kind, feed) * len(eligible)
            assert abs(hit - wanted) <= 4.5 * max(wanted, 1) ** 0.5 + 2, (feed, hit, wanted)
            checked += 1
    assert checked


def test_every_kind_of_defect_occurs_and_is_listed(busy: Path) -> None:
    dirt = pd.read_parquet(busy / "truth/dirt.parquet")
    found = set(zip(dirt.feed, dirt.kind, strict=True))
    listed = {(feed, defect.name) for defect in DIRT for feed in defect.feeds}
    whole_files = set(BAD_FILES.items())
    everywhere = {defect.name for defect in DIRT if ANY in defect.feeds}
    assert {(feed, kind) for feed, kind in found - listed - whole_files if kind not in everywhere} == set()
    assert whole_files <= found
    kinds = {kind for _, kind in found}
    rare = {"stay_over_1000_days", "old_owner_listed"}  # three in ten thousand; of homes that were sold
    assert {defect.name for defect in DIRT} - kinds <= rare | {"request_date_reset"}  # no April in the period


def test_dirt_names_the_file_in_which_it_lies(demo: Path, truth: dict[str, pd.DataFrame]) -> None:
    dirt = truth["dirt"]
    prefixed = dirt[(dirt.feed == "broomfield_ed_attendances") & (dirt.kind == "incident_number_prefixed")]
    assert len(prefixed) > 5
    for row in prefixed.itertuples():
        table = pd.read_csv(demo / "landing/mseft" / row.file, sep="|", dtype=str)
        sent = table.loc[row.record_id == table.ATTENDANCE_ID, "AMB_INCIDENT_NO"]
        assert (sent == row.sent).all() and len(sent)


def test_what_the_hub_can_know_is_marked(busy: Path) -> None:
    """A patient still in ED when the last file was made is known without a departure, and the truth says from when."""
    ed = pd.read_parquet(busy / "truth/ed_attendance.parquet")
    assert ed.is_delivered.all()
    seen = 0
    for feed, names, separator, key, left in (
        ("broomfield_ed_attendances", "BRM_ED_*.txt", "|", "ATTENDANCE_ID", "DEPARTURE_DTTM"),
        ("southend_ed_attendances", "SUH_EDATT_*.csv", ",", "Attendance No", "Departure Date Time"),
    ):
        inside = ed[(ed.feed == feed) & (ed.departed_at > ed.known_until)]
        last = max((busy / "landing/mseft").glob(names), key=os.path.getmtime)
        table = pd.read_csv(last, sep=separator, dtype=str, encoding="cp1252").set_index(key)
        known = inside[inside.attendance_id.isin(table.index)]
        assert table.loc[known.attendance_id, left].isna().all()
        seen += len(known)
    assert seen


def test_southend_needs_its_own_encoding(demo: Path) -> None:
    names = b"".join(path.read_bytes() for path in (demo / "landing/mseft").glob("SUH_*.csv"))
    assert "ü".encode("cp1252") in names
    with pytest.raises(UnicodeDecodeError):
        names.decode("utf-8")


def test_registrations_change_from_month_to_month(demo: Path) -> None:
    files = sorted((demo / "landing/primary_care").glob("gp_registrations_*.csv"))
    assert [path.name for path in files][-1] == "gp_registrations_20261101.csv"
    lists = [pd.read_csv(path, dtype=str).set_index("NHS_NUMBER") for path in files]
    before, after = lists[-2], lists[-1]
    assert 0 < len(after.index.difference(before.index)) < 0.02 * len(after)
    assert 0 < len(before.index.difference(after.index)) < 0.02 * len(after)
    both = before.index.intersection(after.index).drop_duplicates()
    one, two = (
        table.loc[~table.index.duplicated(keep="last"), "PRACTICE_CODE"].reindex(both) for table in (before, after)
    )
    assert 0 < (one != two).mean() < 0.02


@pytest.mark.parametrize(
    ("months", "end"), [(1, dt.date(2026, 10, 31)), (2, dt.date(2026, 3, 3)), (1, dt.date(2026, 10, 25))]
)
def test_odd_periods_work(months: int, end: dt.date, tmp_path: Path) -> None:
    made = generate(3_000, months, 1, tmp_path, end)
    assert made.end == end
    # of few people, in a month, nobody may wait for a package
    assert all(made.files[feed] >= 1 for feed in made.files if not feed.endswith(("_awaited", "_journal")))
    names = [path.name for path in (tmp_path / "landing").rglob("*") if path.is_file()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("partner", "hour"), [("eeast", (7, 5)), ("ic24", (7, 3))])
def test_a_feed_that_comes_all_day_is_fresh_when_the_demo_ends(partner: str, hour: tuple[int, int], demo: Path) -> None:
    last = max((demo / "landing" / partner).iterdir(), key=os.path.getmtime)
    came = dt.datetime.fromtimestamp(last.stat().st_mtime, LONDON)
    assert (came.date(), came.hour, came.minute) == (dt.date(2026, 11, 1), *hour)
    assert last.stat().st_size > 100
