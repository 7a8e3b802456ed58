"""Registers, scores and use of services, worked out a second time in pandas from the common data model.

The rules of F 4.1 and F 4.3 to 4.6 are written again here, day by day where the hub thinks in stretches of time,
without a look at its rules or SQL; the points of Charlson and of the Hospital Frailty Risk Score are read in
docs/definitions.md. Who is registered on a day is taken from the hub.
"""

from __future__ import annotations

import re

import duckdb
import pandas as pd
import pytest

from orchestration.settings import PROJECT, Settings

# Register: codes that put on it, that take off it, least age, first day that counts.
PLAIN: dict[str, tuple[str, str, int, str]] = {
    "AF": ("AFIB", "AFIBRES", 0, ""), "CAN": ("CAN", "", 0, "2003-04-01"), "CHD": ("CHD", "", 0, ""),
    "CKD": ("CKD", "CKD1AND2 CKDRES", 18, ""), "COPD": ("COPD", "COPDRES", 0, ""), "DEM": ("DEM", "", 0, ""),
    "DEP": ("DEP", "DEPRES", 18, "2006-04-01"), "DM": ("DM DMTYPE1 DMTYPE2", "DMRES", 17, ""),
    "HF": ("HF HFLVSD", "HFRES", 0, ""), "HTN": ("HYP", "HYPRES", 18, ""), "LD": ("LD", "LDREM", 0, ""),
    "PAD": ("PAD", "", 0, ""), "PC": ("PALLCARE", "", 0, ""), "RA": ("RA", "", 16, ""),
    "STIA": ("STIA", "STIARES", 0, ""),
    "ANX": ("ANX", "ANXRES", 0, ""), "AUT": ("AUTISM", "", 0, ""), "MS": ("MS", "", 0, ""), "PD": ("PD", "", 0, ""),
    "HYPOTHY": ("HYPOTHY", "", 0, ""), "CLD": ("CLD CIRRHOSIS", "", 0, ""), "OA": ("OA", "", 0, ""),
    "FH": ("FHYP", "", 20, ""),
    "GDM": ("GESTDIAB", "", 0, ""), "FRAIL": ("FRAILMILD FRAILMOD FRAILSEV", "", 0, ""),
    "ADHD": ("ADHD", "ADHDREM", 0, ""),
    "CP": ("CEREBRALP", "", 0, ""), "MASLD": ("MASLD", "", 0, ""), "MND": ("MND", "", 0, ""),
}  # fmt: skip
LONG_TERM = {
    "AF", "AST", "CAN", "CHD", "CKD", "COPD", "DEM", "DEP", "DM", "EP", "HF", "HTN", "LD", "OST", "PAD", "RA", "SMI",
    "STIA",
}  # fmt: skip
# What a deficit of the frailty index is told by: clusters, after a stroke what ends it.
DEFICITS = [
    "EFI_ACTIVITY_LIMITATION", "EFI_ANAEMIA", "EFI_ARTHRITIS RA OA", "AFIB-AFIBRES", "STIA-STIARES",
    "CKD-CKD1AND2,CKDRES",
    "DM,DMTYPE1,DMTYPE2-DMRES", "EFI_DIZZINESS", "EFI_DYSPNOEA", "EFI_FALLS", "EFI_FOOT", "FRACTURE", "EFI_HEARING",
    "HF,HFLVSD-HFRES", "EFI_VALVE", "HOUSEBOUND", "HYP-HYPRES", "EFI_HYPOTENSION", "CHD", "EFI_MEMORY DEM",
    "EFI_MOBILITY",
    "OSTEO", "PD", "EFI_PEPTIC_ULCER", "PAD", "EFI_CARE CAREHOME", "AST-ASTRES COPD-COPDRES BRONCHIECTASIS",
    "EFI_SKIN_ULCER", "EFI_SLEEP", "EFI_SOCIAL LIVESALONE", "HYPOTHY HYPERTHY", "EFI_URINARY_INCONTINENCE",
    "EFI_URINARY",
    "EFI_VISION", "EFI_WEIGHT_LOSS",
]  # fmt: skip
CAMBRIDGE = {
    "DEM": 246, "COPD-COPDRES": 141, "AFIB-AFIBRES": 130, "PD": 129, "HF,HFLVSD-HFRES": 112, "EPIL-EPILRES": 85,
    "STIA-STIARES": 77, "CLD,CIRRHOSIS": 72, "DM,DMTYPE1,DMTYPE2-DMRES": 71, "MS": 69, "BRONCHIECTASIS": 66,
    "ALCPROB": 55,
    "PAD": 53, "LD-LDREM": 47, "ANX-ANXRES DEP-DEPRES": 47, "CHD": 46, "IBD": 44, "RA CTD": 40, "SUBMIS": 38,
    "EATDIS": 34,
    "EFI_PEPTIC_ULCER": 20, "IBS": 18, "AST-ASTRES": 18, "EFI_VISION": 15, "HYP-HYPRES": 9, "HYPOTHY HYPERTHY": 8,
    "EFI_HEARING": 7,
}  # fmt: skip
BY_PRESCRIPTIONS = {"0106": 103, "040701 040702 040703": 87, "040704": 7, "070401": 1}
LOWER_BMI = set("DEFHJKLMNPR")
FAR = pd.Timestamp("1700-01-01")


def months(days: pd.Series, number: int) -> pd.Series:
    """The same day so many months later, or the last of the month."""
    later = days.dt.year * 12 + days.dt.month - 1 + number
    first = pd.to_datetime(pd.DataFrame({"year": later // 12, "month": later % 12 + 1, "day": 1}))
    return first + pd.to_timedelta(days.dt.day.clip(upper=first.dt.days_in_month) - 1, unit="D")


class Health:
    """What is known of registered people on a day, and of nothing after it."""

    def __init__(self, hub: Settings, day: pd.Timestamp):
        with duckdb.connect(str(hub.warehouse), read_only=True) as warehouse:
            self.read = lambda sql: warehouse.execute(sql).df()
            people = self.read(
                "select r.person_id, p.birth_date, r.ethnic_category_code from derived.registered_person as r "
                f"join cdm.person as p using (person_id) where r.index_date = '{day:%Y-%m-%d}'"
            )
            events = self.read(
                "select person_id, snomed_code, coalesce(event_date, recorded_on) as on_date, value_number "
                "from cdm.clinical_event where coalesce(event_date, recorded_on) is not null"
            )
            self.issues = self.read(
                "select person_id, issued_on, bnf_code, dmd_code, is_repeat from cdm.medication_order"
            )
            self.spells = self.read(
                "select person_id, discharge_date, "
                "concat_ws(';', primary_diagnosis_code, secondary_diagnosis_codes) as codes "
                "from cdm.hospital_spell where discharge_date is not null"
            )
        self.day, self.everybody = day, set(people.person_id)
        born = pd.to_datetime(people.birth_date)
        had = (born.dt.month * 100 + born.dt.day) <= day.month * 100 + day.day
        self.age = pd.Series((day.year - born.dt.year - (~had)).to_numpy(), index=people.person_id)
        self.age = self.age.where(self.age.between(0, 120))
        self.born = pd.Series(born.to_numpy(), index=people.person_id)
        self.lower_bmi = set(people.person_id[people.ethnic_category_code.isin(LOWER_BMI)])
        self.in_gp_record = set(events.person_id.dropna())
        clusters = pd.read_csv(PROJECT / "seeds" / "code_cluster.csv", dtype=str)
        events = events.merge(clusters[["cluster_id", "snomed_code"]], on="snomed_code")
        events["cluster"] = events.cluster_id.str.removesuffix("_COD")
        events["on_date"] = pd.to_datetime(events.on_date)
        self.events = events[(events.on_date <= day) & events.person_id.isin(self.everybody)]
        self.issues["issued_on"] = pd.to_datetime(self.issues.issued_on)
        self.issues = self.issues[(self.issues.issued_on <= day) & self.issues.person_id.isin(self.everybody)]
        self.spells["discharge_date"] = pd.to_datetime(self.spells.discharge_date)
        self.spells = self.spells[(self.spells.discharge_date <= day) & self.spells.person_id.isin(self.everybody)]

    def last(self, clusters: list[str], since: str = "") -> pd.Series:
        chosen = self.events[self.events.cluster.isin(clusters)]
        return chosen[chosen.on_date >= pd.Timestamp(since or FAR)].groupby("person_id").on_date.max()

    def has(self, on: list[str], off: list[str], since: str = "") -> set[str]:
        """Latest code that puts on later than the latest that takes off."""
        put, taken = self.last(on, since), self.last(off)
        return set(put[put > taken.reindex(put.index).fillna(FAR)].index)

    def told(self, said: str) -> set[str]:
        """Any of several, parted by spaces; `A,B-C` is A or B without a later C."""
        found: set[str] = set()
        for one in said.split():
            on, _, off = one.partition("-")
            found |= self.has(on.split(","), off.split(","))
        return found

    def prescribed(self, prefixes: str, number: int, within: int) -> set[str]:
        recent = self.issues[months(self.issues.issued_on, within) > self.day]
        counted = recent[recent.bnf_code.fillna("").str.startswith(tuple(prefixes.split()))].groupby("person_id").size()
        return set(counted[counted >= number].index)

    def aged(self, who: set[str], least: int, most: int = 999) -> set[str]:
        return {one for one in who if least == 0 or least <= self.age[one] <= most}

    def last_value(self, cluster: str, pick: str) -> pd.Series:
        measured = self.events[(self.events.cluster == cluster) & self.events.value_number.notna()]
        by_day = measured.groupby(["person_id", "on_date"]).value_number.agg(pick).reset_index()
        return by_day.sort_values("on_date").groupby("person_id").value_number.last()

    def registers(self) -> dict[str, set[str]]:
        found = {
            code: self.aged(self.has([*on.split()], [*off.split()], since), least)
            for code, (on, off, least, since) in PLAIN.items()
        }
        asthma = self.has(["AST"], ["ASTRES"]) & self.prescribed("0301 0302 0303", 1, 12)
        found["AST"], found["AST_CYP"] = self.aged(asthma, 6), {one for one in asthma if not self.age[one] > 17}
        found["EP"] = self.aged(self.has(["EPIL"], ["EPILRES"]) & self.prescribed("0408", 1, 6), 18)
        found["SMI"] = self.told("MH") | self.prescribed("040203", 1, 6)
        bmi = self.last_value("BMIVAL", "max")
        found["OB"] = self.aged(set(bmi[bmi >= 30].index) | (set(bmi[bmi >= 27.5].index) & self.lower_bmi), 18)
        first = self.events[self.events.cluster == "NDH"].groupby("person_id").on_date.min()
        eighteenth = months(self.born.reindex(first.index), 18 * 12)
        grown = set(first.index[(first >= eighteenth).to_numpy()])
        found["NDH"] = self.aged(grown - self.told("DM,DMTYPE1,DMTYPE2-DMRES"), 18)
        broken = {since: set(self.last(["FRACTURE"], since).index) for since in ("2012-04-01", "2014-04-01")}
        bone, scanned = self.told("OSTEO"), self.told("DXA")
        found["OST"] = self.aged(bone & scanned & broken["2012-04-01"], 50, 74)
        found["OST"] |= self.aged(bone & broken["2014-04-01"], 75)
        return found

    def coded(self, within: int) -> dict[str, set[str]]:
        recent = self.spells[months(self.spells.discharge_date, within) > self.day]
        return {
            person: {code for codes in rows for code in codes.split(";") if code}
            for person, rows in recent.groupby("person_id").codes
        }

    def repeats(self) -> pd.Series:
        recent = self.issues[self.issues.is_repeat & (months(self.issues.issued_on, 12) > self.day)]
        substance = recent.bnf_code.where(recent.bnf_code.str.len() >= 9).str[:9].fillna(recent.dmd_code)
        return recent.assign(substance=substance).groupby("person_id").substance.nunique()

    def scores(self) -> pd.DataFrame:
        index = pd.Index(sorted(self.everybody), name="person_id")
        table = pd.DataFrame({"age": self.age.reindex(index)}, index=index)
        table["repeat"] = self.repeats().reindex(index).fillna(0)
        flags = [pd.Series(index.isin(self.told(said)), index) for said in DEFICITS]
        table["efi"] = (sum(flags) + (table["repeat"] >= 5)).where(table.age >= 65)
        cambridge = {said: (weight, self.told(said)) for said, weight in CAMBRIDGE.items()}
        egfr = self.last_value("EGFR", "min")
        cambridge["kidney"] = (51, self.told("CKD-CKD1AND2,CKDRES") | set(egfr[egfr < 60].index))
        cambridge["psychosis"] = (58, self.told("MH") | self.prescribed("040203", 1, 6))
        cambridge["skin"] = (25, self.told("PSORECZ") & self.prescribed("1304 1305", 1, 12))
        new = self.last(["CAN"])
        cambridge["cancer"] = (150, set(new[(months(new, 60) > self.day).to_numpy()].index))
        # Depression of any day here; on the register only from April 2006.
        cambridge["ANX-ANXRES DEP-DEPRES"] = (47, self.told("ANX-ANXRES") | self.has(["DEP"], ["DEPRES"], "2006-04-01"))
        for prefixes, weight in BY_PRESCRIPTIONS.items():
            cambridge[prefixes] = (weight, self.prescribed(prefixes, 4, 12))
        assert len(cambridge) == 35
        table["cambridge"] = sum(weight * pd.Series(index.isin(who), index) for weight, who in cambridge.values()) / 100
        codes, points = self.coded(24), hfrs_points()
        tenths = {one: sum(points.get(code, 0) for code in {full[:3] for full in had}) for one, had in codes.items()}
        table["hfrs"] = pd.Series(tenths, dtype=float).reindex(index).fillna(0).where(table.age >= 75)
        for name, weight in (("charlson", 0), ("charlson_2011", 1)):
            summed = {one: charlson(had)[weight] for one, had in codes.items()}
            table[name] = pd.Series(summed, dtype=float).reindex(index).fillna(0)
        return table.drop(columns="age")


def section(number: str) -> str:
    text = (PROJECT / "docs" / "definitions.md").read_text()
    return re.split(r"^### ", text.split(f"### {number} ", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def hfrs_points() -> dict[str, int]:
    rows = re.findall(r"^\| (\d\.\d) \| ([A-Z0-9 ]+) \|$", section("4.5"), re.MULTILINE)
    return {code: round(10 * float(points)) for points, codes in rows for code in codes.split()}


def charlson(codes: set[str]) -> tuple[int, int]:
    rows = re.findall(r"^\| ([a-z]+) \| [^|]+ \| (\d) \| (\d) \| ([A-Z0-9 -]+) \|$", section("4.4"), re.MULTILINE)
    assert len(rows) == 17
    have = {key: (int(old), int(new)) for key, old, new, listed in rows if any(in_list(code, listed) for code in codes)}
    for grave, mild in (("msld", "mld"), ("diabwc", "diab"), ("metacanc", "canc")):
        if grave in have:
            have.pop(mild, None)
    return sum(old for old, _ in have.values()), sum(new for _, new in have.values())


def in_list(code: str, listed: str) -> bool:
    for entry in listed.split():
        low, _, high = entry.partition("-")
        if low <= code[: len(low)] <= (high or low):
            return True
    return False


@pytest.fixture(scope="module", params=["current", "month_end"])
def health(request: pytest.FixtureRequest, built_hub: Settings) -> Health:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        days = warehouse.execute("select index_date from derived.index_date order by 1").df().index_date
    made = Health(built_hub, pd.Timestamp(days.iloc[-1 if request.param == "current" else -3]))
    made.hub = built_hub
    return made


def of_the_hub(health: Health, table: str) -> pd.DataFrame:
    with duckdb.connect(str(health.hub.warehouse), read_only=True) as warehouse:
        return warehouse.execute(f"select * from derived.{table} where index_date = '{health.day:%Y-%m-%d}'").df()


def test_registers(health: Health) -> None:
    rows = of_the_hub(health, "person_register")
    by_practice = rows[rows.evidence != "hospital"]
    expected = health.registers()
    assert set(by_practice.register_code) <= set(expected)
    for code, who in expected.items():
        hub = set(by_practice.person_id[by_practice.register_code == code])
        assert hub == who, f"{code}: {len(hub - who)} too many, {len(who - hub)} missing"
    assert sum(map(len, expected.values())) > 1000
    assert not set(rows.person_id[rows.evidence == "hospital"]) & health.in_gp_record


def test_kinds_of_diabetes(health: Health) -> None:
    one, two = health.last(["DMTYPE1"]), health.last(["DMTYPE2"])
    rows = of_the_hub(health, "person_register").query("register_code == 'DM'").set_index("person_id").subtype
    dates = pd.DataFrame({"one": one, "two": two}).reindex(rows.index).fillna(FAR)
    assert (rows.dropna() == "type_1").equals((dates.one >= dates.two)[rows.notna()])
    assert rows.value_counts().min() > 0


def test_scores(health: Health) -> None:
    hub = of_the_hub(health, "person_score").set_index("person_id").sort_index()
    expected = health.scores()
    columns = {
        "repeat": "repeat_medicine_count", "efi": "efi_deficit_count", "cambridge": "cambridge_score",
        "hfrs": "hfrs_tenths",
        "charlson": "charlson_score", "charlson_2011": "charlson_score_2011",
    }  # fmt: skip
    for ours, theirs in columns.items():
        one, other = expected[ours].astype(float), hub[theirs].astype(float)
        differ = ~((one - other).abs() < 1e-6) & ~(one.isna() & other.isna())
        assert not differ.any(), f"{theirs}: {differ.sum()} of {len(hub)} differ"
        assert one.max() > 0, theirs
    on = pd.DataFrame([(one, code) for code, who in health.registers().items() for one in who if code in LONG_TERM])
    assert (hub.ltc_count - on.groupby(0).size().reindex(hub.index).fillna(0)).abs().sum() <= (
        of_the_hub(health, "person_register").evidence == "hospital"
    ).sum()
    band = pd.cut(hub.efi_deficit_count.dropna(), [-1, 4, 8, 12, 36], labels=["fit", "mild", "moderate", "severe"])
    assert (hub.efi_band.dropna() == band.astype(str)).all()


def test_use(health: Health) -> None:
    day = f"date '{health.day:%Y-%m-%d}'"
    counted = {
        "ed_attendance_count": "select person_id, arrived_at_local as happened from cdm.ed_attendance where is_counted",
        "emergency_admission_count": "select person_id, admission_date as happened from cdm.hospital_spell "
        "where admission_group = 'emergency'",
        "gp_appointment_count": "select person_id, starts_at_local as happened from cdm.gp_appointment "
        "where status_group = 'attended'",
    }
    hub = of_the_hub(health, "person_use").set_index("person_id")
    with duckdb.connect(str(health.hub.warehouse), read_only=True) as warehouse:
        for column, sql in counted.items():
            rows = warehouse.execute(
                f"select person_id, count(*) as n from ({sql}) where cast(happened as date) <= {day} "
                f"and cast(happened as date) + interval 12 month > {day} group by 1"
            ).df()
            expected = rows.set_index("person_id").n.reindex(hub.index).fillna(0)
            assert (hub[column] == expected).all(), column
            assert expected.sum() > 0


def test_everybody_is_in_one_segment_and_few_change(built_hub: Settings) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        unequal = warehouse.execute(
            "select count(*) from derived.registered_person as r full join derived.person_segment as s "
            "using (person_id, index_date) where r.person_id is null or s.segment_code is null"
        ).fetchone()[0]
        churn = warehouse.execute("select max(churn_of_all_percent) from phm.phm_segment").fetchone()[0]
    assert unequal == 0
    assert churn < 5
