"""Publishing swaps a whole set or nothing."""

import json
import os
from pathlib import Path

import duckdb
import pytest

from orchestration.publish import PublishRefused, live_set, publish
from orchestration.settings import Settings


@pytest.fixture
def hub(tmp_path) -> Settings:
    """A built warehouse with one public mart of three rows, one protected metric view and no failed check."""
    settings = Settings(home=tmp_path)
    settings.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create schema uec; create schema hub")
        warehouse.execute(
            "create table uec.uec_metric as select * from (values ('B', 2), ('A', 1), ('A', 0)) as t(metric_id, value)"
        )
        warehouse.execute(
            "create table hub.check_result (check_name varchar, table_name varchar, rows_failed bigint, status varchar)"
        )
        warehouse.execute("create table hub.table_state (table_name varchar, definition varchar, content varchar)")
        warehouse.execute("create table hub.source_state (source_name varchar, tag varchar)")

    def model(name: str, access: str) -> dict:
        return {
            "resource_type": "model",
            "fqn": ["bihub", "marts", "uec", name],
            "schema": "uec",
            "alias": name,
            "config": {"access": access, "meta": {}},
        }

    settings.dbt_target.mkdir(parents=True)
    nodes = {
        "model.bihub.uec_metric": model("uec_metric", "public"),
        "model.bihub.hand_15": model("hand_15", "protected"),
    }
    (settings.dbt_target / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    return settings


def change(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute(sql)


def published_rows(settings: Settings) -> list:
    return duckdb.sql(f"from '{settings.published}/secondary_use/uec/uec_metric.parquet'").fetchall()


def test_only_public_marts_are_published_in_a_fixed_order(hub):
    result = publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    assert result.files == {"secondary_use/uec/uec_metric.parquet": 3}
    assert published_rows(hub) == [("A", 0), ("A", 1), ("B", 2)]
    assert live_set(hub)["as_of"] == "2026-11-01 06:00:00"


def test_equal_rows_in_another_order_give_equal_bytes(hub):
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    change(hub, "create or replace table uec.uec_metric as select * from uec.uec_metric order by value desc")
    publish(hub, as_of="2026-11-01 06:00:00", version="v2")
    first, second = (
        json.loads((hub.publish_versions / v / "manifest.json").read_text())["files"] for v in ("v1", "v2")
    )
    assert first == second


@pytest.mark.parametrize("status", ["fail", "error"])
def test_a_failed_check_leaves_the_last_good_set(hub, status):
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    change(hub, "insert into uec.uec_metric values ('C', -1)")
    change(hub, f"insert into hub.check_result values ('range', 'uec.uec_metric', 1, '{status}')")
    with pytest.raises(PublishRefused, match="range"):
        publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert live_set(hub)["version"] == "v1"
    assert len(published_rows(hub)) == 3


def test_a_warning_does_not_hold_publishing_back(hub):
    change(hub, "insert into hub.check_result values ('range', 'uec.uec_metric', 1, 'warn')")
    assert publish(hub, as_of="2026-11-01 06:00:00", version="v1").version == "v1"


@pytest.mark.parametrize("step", ["rename", "replace", "symlink_to"])
def test_a_crash_while_going_live_leaves_the_old_set_and_the_next_run_finishes(hub, monkeypatch, step):
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    change(hub, "insert into uec.uec_metric values ('C', 3)")
    with monkeypatch.context() as broken:
        broken.setattr(Path, step, lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert live_set(hub)["version"] == "v1"
    assert len(published_rows(hub)) == 3
    publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert live_set(hub)["version"] == "v2"
    assert len(published_rows(hub)) == 4


def test_a_reader_that_opened_the_old_set_can_finish_and_old_sets_are_forgotten_in_time(hub):
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    opened = hub.published.resolve()
    publish(hub, as_of="2026-11-01 06:00:00", version="v2")
    assert (opened / "secondary_use/uec/uec_metric.parquet").exists()
    for version in ("v3", "v4", "v5"):
        publish(hub, as_of="2026-11-01 06:00:00", version=version)
    assert len(list(hub.publish_versions.iterdir())) == 3
    assert live_set(hub)["version"] == "v5"


def test_what_decorates_the_set_goes_live_with_it(hub):
    publish(
        hub, as_of="2026-11-01 06:00:00", version="v1", decorate=lambda folder: (folder / "note.txt").write_text("x")
    )
    assert (hub.published / "note.txt").read_text() == "x"


def test_nothing_built_is_said_in_words(tmp_path):
    settings = Settings(home=tmp_path)
    settings.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create schema hub")
        warehouse.execute(
            "create table hub.check_result (check_name varchar, table_name varchar, rows_failed bigint, status varchar)"
        )
    with pytest.raises(PublishRefused, match="bihub run"):
        publish(settings, as_of="2026-11-01 06:00:00", version="v1")


def in_store(settings: Settings, store: str) -> None:
    file = settings.dbt_target / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["nodes"]["model.bihub.uec_metric"]["config"]["meta"]["store"] = store
    file.write_text(json.dumps(manifest))


def test_an_open_table_is_published_apart_and_as_csv_too(hub):
    in_store(hub, "open")
    result = publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    assert result.files == {"open/uec/uec_metric.parquet": 3, "open/uec/uec_metric.csv": 3}
    assert (hub.published / "open/uec/uec_metric.csv").read_text() == "metric_id,value\nA,0\nA,1\nB,2\n"
    assert not (hub.published / "secondary_use").exists()
    assert set(live_set(hub)["files"]) == set(result.files)


def test_a_store_that_nobody_knows_is_refused(hub):
    in_store(hub, "public")
    with pytest.raises(PublishRefused, match="store 'public' is not one of direct_care, secondary_use, open"):
        publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    assert live_set(hub) is None


def test_the_open_store_shows_no_small_count(built_hub):
    """0, or a multiple of 5 from 10 on; months and whole organisations only; the CSV says the same as the Parquet."""
    file = f"{built_hub.published}/open/uec/uec_metric_open"
    counts = duckdb.sql(
        f"select numerator as n from '{file}.parquet' where numerator is not null "
        f"union select denominator from '{file}.parquet' where denominator is not null"
    ).fetchall()
    assert ("*",) in counts, "a small hub has small counts"
    shown = [int(n) for (n,) in counts if n != "*"]
    assert len(shown) > 5
    assert not [n for n in shown if abs(n) in range(1, 8) or n % 5]
    counts = duckdb.sql(
        f"select value from '{file}.parquet' "
        "where unit in ('attendances', 'beds', 'homes', 'people') and value is not null"
    ).fetchall()
    assert counts
    assert not [value for (value,) in counts if 0 < abs(value) < 8 or value % 5]
    rows = duckdb.sql(f"from '{file}.parquet'").fetchall()
    assert {row[2].day for row in rows} == {1}
    assert len(rows) == duckdb.sql(f"select count(*) from read_csv('{file}.csv')").fetchone()[0]
    assert not list((built_hub.published / "open").glob("*/*[!n].parquet"))


def test_a_share_in_the_open_store_is_made_of_what_is_shown(built_hub):
    wrong = duckdb.sql(
        f"""
        select * from '{built_hub.published}/open/uec/uec_metric_open.parquet'
        where numerator is not null and unit = 'percent' and case value_status
            when 'suppressed' then value is not null or (numerator <> '*' and denominator <> '*')
            when 'not_applicable' then value is not null
            else abs(value - 100 * cast(numerator as double) / cast(denominator as double)) > 0.0501
        end
        """
    ).fetchall()
    assert wrong == []


def with_content_tag(settings: Settings, tag: str) -> None:
    """As the build leaves it: hub.table_state says what the table holds."""
    change(
        settings,
        "delete from hub.table_state where table_name = 'uec.uec_metric'; "
        f"insert into hub.table_state values ('uec.uec_metric', 'its SQL', '{tag}')",
    )


def metric_file(settings: Settings) -> Path:
    return settings.published.resolve() / "secondary_use" / "uec" / "uec_metric.parquet"


def test_a_table_that_holds_what_it_held_is_not_written_again(hub):
    with_content_tag(hub, "three rows")
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    first = metric_file(hub)
    publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert metric_file(hub) != first and metric_file(hub).samefile(first)
    assert published_rows(hub) == [("A", 0), ("A", 1), ("B", 2)]
    assert live_set(hub)["version"] == "v2"


def test_a_table_that_changed_is_written_again(hub):
    with_content_tag(hub, "three rows")
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    first = metric_file(hub)
    change(hub, "delete from uec.uec_metric where metric_id = 'B'")
    with_content_tag(hub, "two rows")
    publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert not metric_file(hub).samefile(first)
    assert published_rows(hub) == [("A", 0), ("A", 1)]
    assert duckdb.sql(f"select count(*) from '{first}'").fetchone() == (3,)


def test_a_view_is_written_again_where_its_sql_or_what_lies_behind_it_has_changed(hub):
    manifest = json.loads((hub.dbt_target / "manifest.json").read_text())
    metric = manifest["nodes"]["model.bihub.uec_metric"]
    manifest["nodes"]["model.bihub.shown"] = {
        **metric,
        "alias": "shown",
        "config": {"access": "public", "meta": {}, "materialized": "view"},
        "depends_on": {"nodes": ["model.bihub.through", "seed.bihub.code"]},
    }
    manifest["nodes"]["model.bihub.through"] = {
        **metric,
        "alias": "through",
        "config": {"access": "protected", "meta": {}, "materialized": "view"},
        "depends_on": {"nodes": ["model.bihub.uec_metric", "source.bihub.hub.run_day"]},
    }
    manifest["nodes"]["seed.bihub.code"] = {"resource_type": "seed", "config": {}, "checksum": {"checksum": "1"}}

    def written_again(*statements: str) -> bool:
        """Whether the view's file is another after a change."""
        before = (hub.published / "secondary_use/uec/shown.parquet").resolve()
        change(hub, "; ".join(statements))
        (hub.dbt_target / "manifest.json").write_text(json.dumps(manifest))
        number = len(list(hub.publish_versions.iterdir()))
        publish(hub, as_of="2026-11-02 06:00:00", version=f"next{number}.{before.parts[-4]}")
        return not before.samefile(hub.published / "secondary_use/uec/shown.parquet")

    change(
        hub,
        "create view uec.shown as from uec.uec_metric; "
        "insert into hub.table_state values ('uec.shown', 'a', null), ('uec.through', 'a', null); "
        "insert into hub.source_state values ('hub.run_day', '2026-11-01')",
    )
    with_content_tag(hub, "three rows")
    (hub.dbt_target / "manifest.json").write_text(json.dumps(manifest))
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    assert not written_again("select 1")
    assert written_again("update hub.table_state set content = 'others' where table_name = 'uec.uec_metric'")
    assert written_again("update hub.table_state set definition = 'b' where table_name = 'uec.shown'")
    assert written_again("update hub.table_state set definition = 'b' where table_name = 'uec.through'")
    assert written_again("update hub.source_state set tag = '2026-11-02'")
    manifest["nodes"]["seed.bihub.code"]["checksum"]["checksum"] = "2"
    assert written_again("select 1")
    assert not written_again("select 1")
    assert written_again("delete from hub.source_state")
    assert written_again("select 1"), "what nobody tells of may be another"


def test_a_table_whose_content_nobody_tells_is_written_again(hub):
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    first = metric_file(hub)
    publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert not metric_file(hub).samefile(first)


@pytest.mark.parametrize("harm", ["same length", "removed"])
def test_a_damaged_file_is_not_handed_on(hub, harm):
    with_content_tag(hub, "three rows")
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    first = metric_file(hub)
    good = first.read_bytes()
    if harm == "removed":
        first.unlink()
    else:
        first.write_bytes(bytes(len(good)))
    publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert metric_file(hub).read_bytes() == good


@pytest.mark.parametrize("notes", ["", "[]", '{"folder": "gone", "contents": {}}', '{"folder": 3, "contents": 4}'])
def test_notes_about_contents_may_be_lost_or_damaged(hub, notes):
    with_content_tag(hub, "three rows")
    publish(hub, as_of="2026-11-01 06:00:00", version="v1")
    (hub.build / "published_from.json").write_text(notes)
    publish(hub, as_of="2026-11-02 06:00:00", version="v2")
    assert published_rows(hub) == [("A", 0), ("A", 1), ("B", 2)]


@pytest.fixture
def hub_with_direct_care(hub) -> Settings:
    """The same hub with a list for direct care beside its mart."""
    manifest = json.loads((hub.dbt_target / "manifest.json").read_text())
    like = manifest["nodes"]["model.bihub.uec_metric"]
    meta = {"access": "public", "meta": {"store": "direct_care"}}
    manifest["nodes"]["model.bihub.care_list"] = like | {
        "fqn": ["bihub", "marts", "care_record", "care_list"],
        "alias": "care_list",
        "config": meta,
    }
    (hub.dbt_target / "manifest.json").write_text(json.dumps(manifest))
    change(hub, "create table uec.care_list as select '9990000018' as nhs_number")
    return hub


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no owner-only mode bits")
def test_direct_care_is_published_apart_and_only_its_owner_can_read_it(hub_with_direct_care):
    hub = hub_with_direct_care
    for version in ("v1", "v2"):  # the second links the files of the first
        publish(hub, as_of="2026-11-01 06:00:00", version=version)
        modes = {
            path.relative_to(hub.published).as_posix(): path.stat().st_mode & 0o777
            for path in sorted((hub.published / "direct_care").rglob("*"))
        }
        assert modes == {"direct_care/care_record": 0o700, "direct_care/care_record/care_list.parquet": 0o600}
        assert (hub.published / "direct_care").stat().st_mode & 0o777 == 0o700
        assert (hub.published / "secondary_use/uec/uec_metric.parquet").stat().st_mode & 0o044


def test_the_manifest_says_which_store_is_identifiable(hub_with_direct_care):
    publish(hub_with_direct_care, as_of="2026-11-01 06:00:00", version="v1")
    stores = live_set(hub_with_direct_care)["stores"]
    assert {store: said["identifiable"] for store, said in stores.items()} == {
        "direct_care": True,
        "secondary_use": False,
    }
