"""Great Expectations judges profiles: what is usual passes, what is not is named."""

from __future__ import annotations

import json
from datetime import timedelta

import duckdb
import pytest
from ingest_kit import ARRIVED, CONTRACT, Hub, rows, text


def usual(day: int, count: int = 40, **changes) -> str:
    records = rows(count, **changes)
    arrived = ARRIVED + timedelta(days=day)
    for number, record in enumerate(records):
        moment = arrived - timedelta(hours=1 + number % 20)
        record.update(
            {
                "Visit No": f"D{day}-{number}",
                "Arrived": f"{moment:%Y-%m-%d %H:%M:%S}",
                "Left": f"{moment:%Y-%m-%d %H:%M:%S}",
            }
        )
        if not changes:
            record["Status"] = "AB"[number % 2]
    return text(records)


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Twelve usual days, then one of each kind of oddity."""
    hub = Hub(
        tmp_path_factory.mktemp("quality"), CONTRACT.replace("reject_batch_above: 0.5", "reject_batch_above: 0.9")
    )
    for day in range(12):
        hub.send(f"visits_{day:02d}.csv", usual(day), ARRIVED + timedelta(days=day))
    first = hub.ingest(judge=True)
    odd = {
        "half empty": usual(12, Surname=""),
        "tiny": usual(13, 3),
        "huge": usual(14, 400),
        "one code": usual(15, Status="A"),
        "bad numbers": usual(16, **{"NHS No": "1234567890"}),
        "stale": usual(17 - 9),
        "usual": usual(18),
    }
    for number, (name, content) in enumerate(odd.items()):
        hub.send(f"visits_{name}.csv", content + f"Z{number}\n", ARRIVED + timedelta(days=12 + number))
    second = hub.ingest(judge=True)
    names = {batch.batch_id: batch.file_name.removeprefix("visits_").removesuffix(".csv") for batch in second.batches}
    found: dict[str, set[tuple]] = {name: set() for name in odd}
    for failure in second.gx["failures"]:
        found[names[failure["batch_id"]]].add((failure["expectation"], failure["column"]))
    return hub, first, second, found


def test_usual_batches_pass(judged):
    _, first, _, found = judged
    assert first.gx["failed"] == 0 and first.gx["success"] and first.gx["expectations"] > 100
    assert found["usual"] == set()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("half empty", ("null_share", "surname")), ("tiny", ("volume", None)), ("huge", ("volume", None)),
        ("one code", ("code_share", "status")),
        ("bad numbers", ("rule_failure_share", "nhs_number")),
        ("stale", ("timeliness", "arrived_at")),
    ],
)  # fmt: skip
def test_what_is_unusual_is_named(judged, name, expected):
    assert expected in judged[3][name]


def test_a_batch_stays_accepted_whatever_the_verdict(judged):
    assert len(judged[2].accepted) == 7


def test_results_are_kept_as_json_and_as_rows(judged):
    hub, _, second, _ = judged
    folder = hub.settings.audit / "gx"
    assert len(list(folder.glob("*.json"))) == len(list(folder.glob("*.parquet"))) == 2
    kept = json.loads((folder / f"{second.gx['run']}.json").read_text())
    assert kept["failed"] == second.gx["failed"] > 0
    assert {one["type"] for one in kept["validations"]} == {"expect_column_pair_values_a_to_be_greater_than_b"}
    described = duckdb.sql(f"select * from '{folder / (second.gx['run'] + '.parquet')}'").columns
    assert {"feed", "batch_id", "expectation", "column", "observed", "threshold", "success", "severity"} <= set(
        described
    )
    [(rows_kept, failed)] = duckdb.sql(
        f"select count(*), count(*) filter (where not success) from '{folder / (second.gx['run'] + '.parquet')}'"
    ).fetchall()
    assert (rows_kept, failed) == (second.gx["expectations"], second.gx["failed"])


def test_no_value_of_a_record_is_in_a_result(judged):
    hub = judged[0]
    for path in (hub.settings.audit / "gx").iterdir():
        content = path.read_text() if path.suffix == ".json" else str(duckdb.sql(f"select * from '{path}'").fetchall())
        for secret in ("Testperson", "9990000018", "1234567890", "SS16 5NL"):
            assert secret not in content


def test_judging_can_be_left_out(tmp_path):
    hub = Hub(tmp_path)
    hub.send("visits_1.csv", text(rows(2)))
    assert hub.ingest(judge=False).gx is None
    assert not (hub.settings.audit / "gx").exists()


def test_a_batch_is_judged_once_and_what_a_run_left_unjudged_by_the_next(tmp_path):
    hub = Hub(tmp_path)
    hub.take(text(rows(2)))
    hub.send("visits_2.csv", text(rows(3)))
    left = hub.ingest(judge=True).gx
    assert left["batches"] == 2
    assert hub.ingest(judge=True).gx is None
    note = hub.settings.audit / "judged.txt"
    note.unlink()
    assert hub.ingest(judge=True).gx is None and len(note.read_text().split()) == 2
