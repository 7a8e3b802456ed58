"""Gaps in care, worked out a second time in pandas from what the demo's practice records really hold.

The truth has every entry as it is meant, in whatever way a practice sent it. Here the rules of F 3.10 are written
again, without a look at the SQL or its seeds; the hub must come to the same people, the same answer and the same day.
Who is registered, how old, and which patient records are one person's is taken from the hub: others test that.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from orchestration.settings import Settings

EIGHT = {
    "DM_HBA1C": "HBA1C", "DM_BP": "BP", "DM_CHOL": "CHOL", "DM_CREAT": "CREAT", "DM_ACR": "ACR", "DM_FOOT": "FOOT",
    "DM_BMI": "BMI", "DM_SMOKING": "SMOKING",
}  # fmt: skip
SIX = {
    "SMI_BMI": "BMI", "SMI_BP": "BP", "SMI_LIPID": "CHOL", "SMI_GLUCOSE": "GLUCOSE", "SMI_ALCOHOL": "ALCOHOL",
    "SMI_SMOKING": "SMOKING",
}  # fmt: skip
MEASURED = {
    "HBA1C": ["HBA1C_COD"], "CHOL": ["CHOL_COD"], "CREAT": ["CREAT_COD"], "ACR": ["ACR_COD"], "BMI": ["BMIVAL_COD"],
    "GLUCOSE": ["HBA1C_COD", "GLUC_COD"], "ALCOHOL": ["ALCOHOL_COD"],
}  # fmt: skip
DONE = {
    "SMOKING": ["SMOKENEVER_COD", "SMOKEEX_COD", "SMOKECURR_COD"], "FOOT": ["FOOTEXAM_COD"], "RETINAL": ["RETINAL_COD"],
    "FOOT_DECLINED": ["FOOTDECLINED_COD"], "DM_DECLINED": ["DMDECLINED_COD"], "HYP_DECLINED": ["HYPDECLINED_COD"],
    "FLU": ["FLUVAC_COD"], "LD_CHECK": ["LDHEALTHCHECK_COD"], "REVIEW": ["MEDREVIEW_COD"],
}  # fmt: skip
REGISTERS = {
    "DM": (["DM_COD", "DMTYPE1_COD", "DMTYPE2_COD"], ["DMRES_COD"], 17),
    "HTN": (["HYP_COD"], ["HYPRES_COD"], 18),
    "LD": (["LD_COD"], ["LDREM_COD"], 0),
    "SMI": (["MH_COD"], [], 0),
    "DEM": (["DEM_COD"], [], 0),
}
FAR = pd.Timestamp("1700-01-01")


class People:
    """What is known of each registered person, by person_id."""

    def __init__(self, hub: Settings):
        with duckdb.connect(str(hub.warehouse), read_only=True) as warehouse:
            self.gap = warehouse.sql("from derived.care_gap").df()
            profile = warehouse.sql("from derived.person_profile where is_current").df()
            sending = set(warehouse.sql("select distinct gp_practice_code from cdm.clinical_event").df().iloc[:, 0])
            profile = profile[profile.gp_practice_code.isin(sending)]
            patients = warehouse.sql(
                "select replace(record_id, 'fhir:p', '') as record_id, person_id from person_index.person_identity "
                "where feed_table in ('gp_patients', 'fhir_patients')"
            ).df()
        self.age = profile.set_index("person_id").age_years
        self.today = pd.Timestamp(profile.index_date.iloc[0])
        of = dict(zip(patients.record_id, patients.person_id, strict=True))
        self.events = self.read(hub, "gp_event", "event_date", of)
        self.events["on"] = self.events.event_date.fillna(self.events.recorded_on)
        self.medicines = self.read(hub, "gp_medication", "issued_on", of)

    def read(self, hub: Settings, name: str, day: str, of: dict[str, str]) -> pd.DataFrame:
        table = pd.read_parquet(hub.home / "truth" / f"{name}.parquet")
        patients = pd.read_parquet(hub.home / "truth" / "gp_patient.parquet")
        if "patient_id" not in table:
            table = table.merge(patients[["person_no", "patient_id"]], on="person_no")
        table = table[table.counts].copy()
        for column in table.filter(regex="_on$|_date$"):
            table[column] = pd.to_datetime(table[column])
        table["person_id"] = table.patient_id.astype(str).map(of)
        return table[table.person_id.isin(self.age.index) & ~(table[day] > self.today)]

    def since(self, months: int) -> pd.Timestamp:
        return self.today - pd.DateOffset(months=months)

    def newest(self, table: pd.DataFrame, day: str = "event_date") -> pd.Series:
        return table.dropna(subset=[day]).groupby("person_id")[day].max().reindex(self.age.index)

    def of_clusters(self, clusters: list[str]) -> pd.DataFrame:
        return self.events[self.events.cluster_id.isin(clusters)]

    def done(self, item: str) -> pd.Series:
        """Newest day on which an item was recorded."""
        if item == "BP":
            return self.pressure().event_date.reindex(self.age.index)
        if item in MEASURED:
            return self.newest(self.of_clusters(MEASURED[item]).dropna(subset=["value"]))
        return self.newest(self.of_clusters(DONE[item]))

    def value(self, item: str) -> pd.Series:
        table = self.of_clusters(MEASURED[item]).dropna(subset=["value", "event_date"])
        newest = table[table.event_date == table.person_id.map(self.newest(table))]
        return newest.groupby("person_id").value.min().reindex(self.age.index)

    def pressure(self) -> pd.DataFrame:
        """Newest day with both values, and the lowest of each."""
        days = []
        for cluster in ("BPSYS_COD", "BPDIA_COD"):
            read = self.of_clusters([cluster]).dropna(subset=["value", "event_date"])
            days.append(read.groupby(["person_id", "event_date"]).value.min())
        both = pd.concat(days, axis=1, keys=["upper", "lower"]).dropna().reset_index()
        return both.sort_values("event_date").groupby("person_id").last()

    def prescribed(self, prefix: str) -> pd.Series:
        chosen = self.medicines[self.medicines.bnf_code.str.startswith(prefix, na=False)]
        return self.newest(chosen, "issued_on") > self.since(6)

    def on(self, register: str) -> pd.Series:
        codes, resolved, youngest = REGISTERS[register]
        newest = self.newest(self.of_clusters(codes), "on")
        ended = self.newest(self.of_clusters(resolved), "on").fillna(FAR)
        found = (newest > ended) & (self.age >= youngest)
        if register == "SMI":
            lithium = self.medicines[self.medicines.bnf_code.str.startswith("040203", na=False)]
            found |= self.newest(lithium, "issued_on") > self.since(6)
        return found


def recomputed(people: People) -> dict[str, tuple[pd.Series, pd.Series, pd.Series | None]]:
    """By standard: for whom it is meant, who meets it, and the day of the evidence where it is one thing."""
    year = people.since(12)
    out: dict[str, tuple[pd.Series, pd.Series, pd.Series | None]] = {}
    dm, smi = people.on("DM"), people.on("SMI")
    declined_since = people.done("FOOT_DECLINED") >= people.done("FOOT")
    for names, register in ((EIGHT, dm), (SIX, smi)):
        for gap, item in names.items():
            day = people.done(item)
            met = (day > year) & ~(declined_since if item == "FOOT" else False)
            out[gap] = (register, met, day)
    out["DM_8CP"] = (dm, pd.concat([out[gap][1] for gap in EIGHT], axis=1).all(axis=1), None)
    out["SMI_PHC"] = (smi, pd.concat([out[gap][1] for gap in SIX], axis=1).all(axis=1), None)
    out["DM_RETINAL"] = (dm, people.done("RETINAL") > year, people.done("RETINAL"))
    pressure = people.pressure().reindex(people.age.index)
    recent = pressure.event_date > year
    cholesterol = (people.value("CHOL") < 5) & (people.done("CHOL") > year) | people.prescribed("0212")
    sugar = (people.value("HBA1C") <= 58) & (people.done("HBA1C") > year)
    out["DM_3TT"] = (dm, sugar & recent & (pressure.upper <= 140) & (pressure.lower <= 90) & cholesterol, None)
    limit = (people.age >= 80).map({True: 150, False: 140})
    at_target = recent & (pressure.upper <= limit) & (pressure.lower <= 90)
    out["BP_TREAT"] = (people.on("HTN"), at_target, pressure.event_date)
    out["LD_AHC"] = (people.on("LD") & (people.age >= 14), people.done("LD_CHECK") > year, people.done("LD_CHECK"))
    out["DEM_REVIEW"] = (people.on("DEM"), people.done("REVIEW") > year, people.done("REVIEW"))
    autumn = pd.Timestamp(people.today.year - (people.today.month < 9), 9, 1)
    out["FLU_65"] = (people.age >= 65, people.done("FLU") >= autumn, people.done("FLU"))
    smoking = people.done("SMOKING")
    out["SMOKE_STATUS"] = (people.age >= 15, smoking > people.since(24), smoking)
    return out


@pytest.fixture(scope="module")
def people(built_hub: Settings) -> People:
    return People(built_hub)


def test_hub_and_pandas_agree_on_every_person(people: People) -> None:
    differ = []
    for gap, (meant, met, day) in recomputed(people).items():
        hub = people.gap[people.gap.gap_code == gap].set_index("person_id")
        here, there = set(meant[meant].index), set(hub[hub.is_eligible].index)
        if here != there:
            differ.append(f"{gap}: eligible only in pandas {len(here - there)}, only in the hub {len(there - here)}")
        both = sorted(here & there)
        assert both, f"{gap} has nobody: the test says nothing"
        wrong = (hub.loc[both].is_met != met.loc[both]).sum()
        if wrong:
            differ.append(f"{gap}: {wrong} of {len(both)} are met in one and not in the other")
        if day is not None:
            told, seen = day.loc[both], pd.to_datetime(hub.loc[both].evidence_date)
            if others := ((told != seen) & ~(told.isna() & seen.isna())).sum():
                differ.append(f"{gap}: {others} of {len(both)} days differ")
    assert not differ, "\n".join(differ)


def test_who_declined_is_an_exclusion(people: People) -> None:
    year = people.since(12)
    for gap, item, register in (("DM_HBA1C", "DM_DECLINED", "DM"), ("BP_TREAT", "HYP_DECLINED", "HTN")):
        meant = people.on(register) & (people.done(item) > year)
        hub = people.gap[(people.gap.gap_code == gap) & people.gap.is_eligible]
        told = set(hub[hub.exclusion_reasons.str.contains("declined", na=False)].person_id)
        assert told == set(meant[meant].index)


def test_some_meet_and_some_do_not(people: People) -> None:
    open_gaps = people.gap[people.gap.is_eligible & ~people.gap.is_excluded]
    share = open_gaps.groupby("gap_code").is_met.mean()
    assert share.loc[["DM_8CP", "BP_TREAT", "SMI_PHC", "FLU_65"]].between(0.05, 0.97).all(), share
