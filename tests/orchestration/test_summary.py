"""What a run prints: values as people read them, rows that add up, and moments that cannot be misread."""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys

import duckdb
import pytest
from rich.console import Console

from orchestration.cli import moment
from orchestration.ingest.outcome import BatchOutcome, IngestResult, Poll, RuleOutcome, UnknownFile
from orchestration.pipeline import RunResult
from orchestration.settings import PROJECT, Settings
from orchestration.summary import HEADLINE_GROUPS, _print_health, in_families, print_ingest, print_summary, shown


def printed(write) -> str:
    console = Console(file=io.StringIO(), width=160)
    write(console)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (31.25, "percent", "31.2 %"),
        (419.6, "seconds", "7:00"),
        (5, "seconds", "0:05"),
        (1234.4, "minutes", "1,234 min"),
        (-14.0, "beds", "-14 beds"),
        (2.345, "days", "2.3 days"),
        (None, "percent", "-"),
    ],
)
def test_values_are_shown_as_people_read_them(value, unit, text):
    assert shown(value, unit) == text


def test_rows_add_up_and_every_file_that_was_not_used_is_named():
    bad = RuleOutcome("nhs_number", "nhs_number", "reject", 3)
    result = IngestResult(
        batches=[
            BatchOutcome(
                "eeast", "incidents", "a.csv", "accepted", rows_in=10, rows_accepted=7, rows_quarantined=3, rules=[bad]
            ),
            BatchOutcome("eeast", "incidents", "b.csv", "rejected", rows_in=4, rows_quarantined=4, reason="No header."),
            BatchOutcome("eeast", "incidents", "c.csv", "failed", reason="Disk full."),
        ],
        unknown_files=[UnknownFile("eeast/notes.txt", "no pattern")],
        waiting=[UnknownFile("eeast/d.csv", "changed a second ago")],
    )  # fmt: skip
    text = printed(lambda console: print_ingest(result, Settings(home="."), console))
    assert "14 in: 7 accepted, 3 quarantined, 4 in rejected files" in text
    for named in ("No header.", "Disk full.", "eeast/notes.txt", "eeast/d.csv"):
        assert named in text


def test_databases_that_were_not_read_are_named_and_are_no_files():
    asked = ("nelft", "ward_beds", "nelft", "ward_beds")
    result = IngestResult(
        batches=[BatchOutcome("nelft", "ward_beds", "ward_beds (database nelft)", "rejected", is_poll=True)],
        polls=[
            Poll(*asked, "not_read", reason="It cannot be reached.", remedy="Check that it runs."),
            Poll("nelft", "stays", "nelft", "stays", "new", rows=1200, warnings=["3 rows have no date."]),
            Poll("a", "b", "other", "b", "not_set_up"),
        ],
    )
    text = printed(lambda console: print_ingest(result, Settings(home="."), console))
    assert "2 tables asked: 1,200 new rows in 1, 1 not read" in text
    assert "nelft.ward_beds  It cannot be reached. Check that it runs." in text
    assert "no connection is set up: other" in text and "3 rows have no date." in text
    assert "Files     nothing new" in text and "Rejected files" not in text


def test_the_summary_of_a_built_hub_names_measures_targets_and_places(built_hub):
    result = RunResult(as_of="2026-11-01 07:05:00", ingest=IngestResult(already_known=9), settings=built_hub)
    text = printed(lambda console: print_summary(result, console))
    assert "Headline measures, October 2026" in text
    assert "HAND_MEAN" in text and "ED_4H_PCT_OVER" in text
    assert "HAND_15" not in text and " more, and all by day" in text
    lines = text.splitlines()
    groups = [line.strip() for line in lines if line.strip() in HEADLINE_GROUPS]
    assert groups == list(HEADLINE_GROUPS), "in the order of a patient's way"
    shown = [line.split()[0] for line in lines if line.startswith("  ") and line.split()[0].isupper()]
    assert len(shown) == len(set(shown)) <= 20, "one row a measure: of the system, or of the one that sends it"
    assert "nothing was rebuilt" in text
    assert "Two or more long-term conditions" in text and "Risk model" in text and "Not enough history" in text
    assert re.search(r"blood pressure at target +\d+\.\d % of \d+, to reach 80 %", text)
    assert str(built_hub.published) in text.replace("\n", "")


def test_population_health_has_no_line_for_a_table_that_is_not_there_and_no_small_number(tmp_path):
    folder = tmp_path / "published" / "secondary_use" / "phm"
    folder.mkdir(parents=True)
    cohorts = "values ('Small', 7), ('Large', 8), ('Empty', 0)) as cohort(label, people)"
    duckdb.sql(f"copy (select * from ({cohorts}) to '{folder / 'phm_cohort.parquet'}' (format parquet)")
    text = printed(lambda console: _print_health(Settings(home=tmp_path), console))
    assert "Large: 8; Small: 1 to 7" in text and "Empty" not in text
    assert "Risk" not in text and "registered" not in text


def test_many_metrics_are_named_by_their_family():
    assert in_families([]) == ""
    assert in_families(["BED_OCC", "ED_4H", "ED_INIT", "ED_LWBS", "ED_SEEN", "HAND_15"]) == "BED_OCC, 4 of ED, HAND_15"


def test_a_measure_of_a_month_that_has_not_ended_is_not_a_headline(built_hub):
    result = RunResult(as_of="2026-10-15 07:05:00", ingest=IngestResult(), settings=built_hub)
    assert "Headline measures, September 2026" in printed(lambda console: print_summary(result, console))


@pytest.mark.parametrize(
    ("text", "meant"),
    [("2026-10-31", "2026-10-31 23:59:59"), ("2026-10-31T08:00", "2026-10-31 08:00:00")],
)
def test_a_bare_date_means_its_whole_day(text, meant):
    assert moment(text) == meant


@pytest.mark.parametrize("text", ["31/10/2026", "2026-02-30", "2026-10-31T08:00+01:00", ""])
def test_a_moment_that_could_be_misread_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        moment(text)


def test_an_empty_home_is_told_what_to_do(tmp_path):
    command = [sys.executable, "-m", "orchestration.cli", "run", "--home", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert "landing/<partner>/" in done.stderr
    assert "Traceback" not in done.stderr
