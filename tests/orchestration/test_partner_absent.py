"""Any one partner's files missing, empty or a day late: the rest is built as before, and the end of the run and the
pages say what cannot be had. The largest in `make test`; every partner in every way with BIHUB_EVERY_PARTNER=1.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from conftest import bihub

from orchestration.settings import Settings

PARTNERS = ["eeast", "ic24", "mseft", "primary_care", "eput", "nelft", "provide", "essex", "southend", "thurrock"]
PARTNERS += ["nhs_england"]
WAYS = ["missing", "empty", "late"]
SHORT = [("mseft", "missing")]
EVERY = [(partner, way) for partner in PARTNERS for way in WAYS]
CASES = EVERY if os.environ.get("BIHUB_EVERY_PARTNER") else SHORT
# what rests on one partner alone; nobody else's absence may change it
OWN = {
    "eeast": ["AMB_C2_MEAN", "AMB_CONV_ED", "HAND_15"],
    "ic24": ["U111_CLIN", "U111_ASA"],
    "mseft": ["BED_OCC", "ED_LWBS", "ED_INIT_15", "NEL_LOS", "NCTR_PCT"],
    "primary_care": [],
    "nhs_england": [],
    "eput": [("COMM_BED_UNOCC_N", "R1L")],
    "nelft": [("COMM_BED_UNOCC_N", "RAT")],
    "provide": [("COMM_BED_UNOCC_N", "NPRV")],
    "essex": [("CH_UPDATED_7D", "E10000012"), ("POC_WAIT_N", "E10000012")],
    "southend": [("CH_UPDATED_7D", "E06000033")],
    "thurrock": [("CH_UPDATED_7D", "E06000034"), ("POC_WAIT_N", "E06000034")],
}


def without(whole: Path, home: Path, partner: str, way: str) -> None:
    """The landing folder of another hub, in which one partner sent nothing, nothing in it, or nothing for a day."""
    shutil.copytree(whole / "landing", home / "landing")
    folder = home / "landing" / partner
    if way == "missing":
        shutil.rmtree(folder)
        return
    files = sorted(folder.iterdir())
    newest = max(path.stat().st_mtime for path in files)
    for path in files:
        if way == "late":
            if path.stat().st_mtime > newest - timedelta(hours=26).total_seconds():
                path.unlink()
            continue
        stamp = path.stat().st_mtime
        has_header = path.suffix in (".csv", ".txt")
        path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n" if has_header else b"")
        os.utime(path, (stamp, stamp))


def monthly(home: Path) -> pd.DataFrame:
    table = pd.read_parquet(home / "published/secondary_use/uec/uec_metric.parquet")
    return table[(table.period_grain == "month") & (table.category == "ALL") & (table.covid_group == "all")]


def figures(table: pd.DataFrame, what: str | tuple[str, str]) -> list:
    metric, organisation = (what, None) if isinstance(what, str) else what
    mine = table[(table.metric_id == metric) & (table.site_code == "ALL")]
    mine = mine[mine.organisation_code == organisation] if organisation else mine
    return mine[["period_start", "numerator", "denominator", "value"]].values.tolist()


@pytest.mark.parametrize(("partner", "way"), CASES)
def test_the_rest_is_built_and_what_is_missing_is_said(
    partner: str, way: str, built_hub: Settings, tmp_path: Path
) -> None:
    whole = built_hub.home
    without(whole, tmp_path, partner, way)
    done = bihub(tmp_path, "run", "--no-judge")
    there, before = monthly(tmp_path), monthly(whole)
    for other, rest in OWN.items():
        for what in rest:
            if other == partner:
                gone = figures(there, what)
                assert gone != figures(before, what) if way != "late" else True, f"{what} does not rest on {partner}"
                if way == "missing":
                    assert gone == [], f"{what} is published without {partner}: a missing file is not a zero"
            else:
                assert figures(there, what) == figures(before, what), f"{what} changed without {partner}"
    feeds = pd.read_parquet(tmp_path / "published/secondary_use/quality/dq_feed.parquet")
    mine = feeds[feeds.partner == partner]
    assert len(mine)
    if way != "late":
        assert set(mine.status) <= {"missing", "very_late", "late"}
        assert mine.status.isin(["missing", "very_late"]).any()
        late = done.stdout.partition("Feeds missing or very late")[2].partition("Headline measures")[0]
        assert re.search(rf"^{partner}[. ]", late, re.M), "the end of the run does not name the partner"
        for feed in mine[mine.status.isin(["missing", "very_late"])].itertuples():
            told = rf"{partner}\.{feed.feed_table} \S (has not arrived|very late)"
            assert re.search(told, words(tmp_path / "published/site/quality.html")), (
                f"no page says that {feed.feed_table}"
            )
    up_to_date = (feeds.status == "fresh").sum()
    assert f"{up_to_date} of {len(feeds)} feeds" in words(tmp_path / "published/site/index.html")


def words(page: Path) -> str:
    """The text of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.read_text()).split())
