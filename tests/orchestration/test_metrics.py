"""The metric framework: every family has its feeds, every metric its words.

That one new file is one new metric, and that a hub without a single file builds: test_incremental.py (long).
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import duckdb
import pytest
from macro_kit import macro

from orchestration.settings import PROJECT, Settings

SPELLS = {f"mseft.{site}_spells" for site in ("basildon", "broomfield", "southend")}
FEEDS = {
    "AMB": {"eeast.incidents"},
    "HAND": {"eeast.incidents"},
    "ED": {f"mseft.{site}_ed_attendances" for site in ("basildon", "broomfield", "southend")},
    "BED": {"mseft.bed_state"},
    "LOS": {"mseft.bed_state"},
    "NEL": SPELLS,
    "DISCH": SPELLS,
    "DRD": SPELLS,
    "U111": {"ic24.calls"},
    "NCTR": {"mseft.no_criteria_to_reside", "mseft.bed_state"},
    "DELAY": {"mseft.no_criteria_to_reside"} | {f"{sender}.inpatient_stays" for sender in ("eput", "nelft", "provide")},
    "COMM": {f"{sender}.ward_beds" for sender in ("eput", "nelft", "provide")},
    "MH": {f"{sender}.inpatient_stays" for sender in ("eput", "nelft")},
    "UCR": {f"{sender}.community_referrals" for sender in ("eput", "nelft", "provide")},
    "CH": {f"{council}.care_homes" for council in ("essex", "southend", "thurrock")},
    "POC": {"essex.packages_awaited", "southend.brokerage_journal", "thurrock.packages_awaited"},
}


WHOLE = {
    "id": "ED_TEST", "label": "A test", "unit": "minutes", "better": "lower", "aggregate": "mean", "dataset": "ed",
    "definition": "A metric that only a test knows.", "source": "F 3.2 none",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"unit": None}, "the metric has no 'unit'"),
        ({"units": "minutes"}, "'units' is not a word of a metric"),
        ({"aggregate": "mode"}, "aggregate 'mode' is not one of ratio, mean"),
        ({"id": "ED_OTHER"}, r"metric ED_OTHER belongs in ed_other\.sql"),
    ],
)
def test_a_metric_file_that_is_not_complete_stops_the_build_and_says_why(words: dict, said: str) -> None:
    def refuse(problem: str) -> None:
        raise ValueError(problem)

    known = SimpleNamespace(raise_compiler_error=refuse)
    complaint = macro("metrics/metric_files.sql", "metric_complaint", exceptions=known)

    def node(metric: dict) -> SimpleNamespace:
        config = SimpleNamespace(meta=SimpleNamespace(metric=metric))
        return SimpleNamespace(name="ed_test", original_file_path="models/ed_test.sql", config=config)

    complaint(node(WHOLE))
    with pytest.raises(ValueError, match=rf"models/ed_test\.sql: {said}"):
        complaint(node(WHOLE | words))


def test_the_metrics_own_words_do_not_reach_the_model_that_reads_them(built_hub: Settings) -> None:
    """A metric file calls config(); rendered inside uec_metric it must say nothing there."""
    manifest = json.loads((built_hub.dbt_target / "manifest.json").read_text())
    for name in ("uec_metric", "dim_metric"):
        config = manifest["nodes"][f"model.bihub.{name}"]["config"]
        assert (config["materialized"], config["access"], config["contract"]["enforced"]) == ("table", "public", True)
        assert "metric" not in config["meta"]


@pytest.mark.parametrize("family", sorted(FEEDS))
def test_lineage_names_the_feeds_without_which_a_metric_is_missing(built_hub: Settings, family: str) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        found = warehouse.execute(
            "select distinct feeds from uec.dim_metric where metric_id like ? || '\\_%' escape '\\'", [family]
        ).fetchall()
    assert [set(row[0].split(", ")) for row in found] == [FEEDS[family]]


def test_every_family_of_metrics_is_looked_at() -> None:
    files = (PROJECT / "models/marts/uec/metrics").glob("*.sql")
    assert {file.stem.split("_")[0].upper() for file in files} == set(FEEDS)


def test_every_metric_has_figures_in_the_demo(built_hub: Settings) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        without = warehouse.execute(
            "select metric_id from uec.dim_metric where metric_id not in (select metric_id from uec.uec_metric)"
        ).fetchall()
    assert without == []
