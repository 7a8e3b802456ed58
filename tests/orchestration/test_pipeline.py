"""The rules of a run that need no data: one at a time, and nothing done twice or missed."""

import json

import pytest

from orchestration import pipeline, warehouse
from orchestration.pipeline import HubBusy, input_fingerprint, newest_received, only_one
from orchestration.settings import Settings, load_settings


def accept(settings: Settings, batch: str, received_at: str, table: str = "eeast/incidents") -> None:
    folder = settings.raw / table / f"batch={batch}"
    folder.mkdir(parents=True)
    (folder / "batch.json").write_text(json.dumps({"batch_id": batch, "received_at": received_at}))


@pytest.fixture
def hub(tmp_path) -> Settings:
    settings = Settings(home=tmp_path)
    accept(settings, "a", "2026-10-01 06:30:00")
    accept(settings, "b", "2026-11-01T06:30:00")
    return settings


def test_two_runs_in_one_home_are_refused_and_the_lock_ends_with_the_run(hub):
    with only_one(hub), pytest.raises(HubBusy, match="another run"), only_one(hub):
        pass
    with only_one(hub):
        pass


def test_what_a_killed_run_left_half_written_goes_with_the_next(hub):
    half = [hub.audit / ".last_run.json.4711.tmp", hub.home / ".published_from.json.4711.tmp"]
    for path in half:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{")
    whole = hub.audit / "last_run.json"
    whole.write_text("{}")
    with only_one(hub):
        assert [path.exists() for path in [*half, whole]] == [False, False, True]


def test_the_moment_is_the_newest_received_whatever_the_form_of_the_timestamp(hub):
    assert newest_received(hub) == "2026-11-01 06:30:00"
    assert newest_received(Settings(home=hub.home / "empty")) is None


def test_a_later_batch_changes_the_present_but_not_the_past(hub):
    past, present = (input_fingerprint(hub, moment) for moment in ("2026-10-15 00:00:00", "2026-11-02 00:00:00"))
    accept(hub, "c", "2026-11-01 07:00:00")
    assert input_fingerprint(hub, "2026-10-15 00:00:00") == past
    assert input_fingerprint(hub, "2026-11-02 00:00:00") != present


def reject(settings: Settings, batch: str, received_at: str) -> None:
    folder = settings.rejected / "eeast/incidents" / f"batch={batch}"
    folder.mkdir(parents=True)
    (folder / "batch.json").write_text(json.dumps({"batch_id": batch, "received_at": received_at}))


def test_a_rejected_file_is_news_but_alone_it_is_nothing_to_describe(hub, tmp_path):
    before = input_fingerprint(hub, "2026-11-02 00:00:00")
    reject(hub, "bad", "2026-11-01 09:00:00")
    assert newest_received(hub) == "2026-11-01 09:00:00"
    assert input_fingerprint(hub, "2026-11-02 00:00:00") != before
    empty = Settings(home=tmp_path / "empty")
    reject(empty, "bad", "2026-11-01 09:00:00")
    assert newest_received(empty) is None


def test_a_moment_that_has_not_come_is_refused_before_anything_is_touched(tmp_path):
    with pytest.raises(pipeline.MomentInFuture, match="has not come yet"):
        pipeline.run(Settings(home=tmp_path / "hub"), as_of="2999-01-01 00:00:00")
    assert not (tmp_path / "hub").exists()


def test_a_changed_rule_changes_the_fingerprint(hub, monkeypatch, tmp_path):
    rule = tmp_path / "rule.sql"
    rule.write_text("select 240")
    monkeypatch.setattr(warehouse, "PROJECT", tmp_path)
    monkeypatch.setattr(warehouse, "code_files", lambda: [rule])
    before = pipeline.code_fingerprint()
    rule.write_text("select 241")
    assert pipeline.code_fingerprint() != before


def test_an_explicit_home_is_not_overruled_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("BIHUB_WAREHOUSE", str(tmp_path / "other.duckdb"))
    assert load_settings(home=tmp_path).warehouse == tmp_path / "warehouse" / "bihub.duckdb"


def test_a_past_moment_has_a_warehouse_and_a_published_set_of_its_own(hub):
    past = hub.at("2026-10-15T000000")
    assert past.raw == hub.raw and past.keys == hub.keys
    assert not any(
        own == live
        for own, live in [
            (past.warehouse, hub.warehouse),
            (past.published, hub.published),
            (past.dbt_target, hub.dbt_target),
        ]
    )
