"""The dictionary is complete, leads nowhere that does not exist, needs no network and shows nobody's data."""

from __future__ import annotations

import html
import os
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from orchestration.contracts import code_lists, load_contracts
from orchestration.dictionary import build_dictionary
from orchestration.dictionary.example import example_file_name, example_text, example_values
from orchestration.dictionary.words import cadence, duration
from orchestration.settings import Settings

CONTRACTS = load_contracts()
LISTS = {name: sorted(codes) for name, codes in code_lists().items()}


@pytest.fixture(scope="module")
def site(built_hub: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every file of the dictionary of a built hub, by name."""
    folder = tmp_path_factory.mktemp("dictionary")
    first = build_dictionary(built_hub, folder)
    assert first == folder / "index.html"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def our_pages(site: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in site.items() if name.endswith(".html") and name != "dbt_docs.html"}


def test_every_link_leads_somewhere(site):
    anchors = {name: set(re.findall(r'\bid="([^"]+)"', text)) for name, text in our_pages(site).items()}
    broken = []
    for name, text in our_pages(site).items():
        for href in map(html.unescape, re.findall(r'(?:href|src)="([^"]*)"', text)):
            page, _, anchor = unquote(href).partition("#")
            page = page or name
            wanted = anchor and page in anchors and page != "lineage.html"
            if page not in site or (wanted and anchor not in anchors[page]):
                broken.append(f"{name}: {href}")
    assert broken == []


def test_search_leads_somewhere(site):
    pages = re.findall(r'"([\w.-]+\.html)(?:#[^"]*)?"', site["search_index.js"])
    assert len(pages) > 500
    assert set(pages) <= set(site)


def test_pages_need_no_network(site):
    for name, text in site.items():
        if name != "dbt_docs.html":
            assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//|@import|url\(", text), name


def test_every_column_of_the_warehouse_has_its_place(site, built_hub):
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        columns = warehouse.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_schema in ('staging', 'person_index', 'cdm', 'uec', 'quality', 'reference')"
        ).fetchall()
    assert len(columns) > 400
    missing = [
        column for schema, table, column in columns if f'<tr id="{column}">' not in site[f"table-{schema}-{table}.html"]
    ]
    assert missing == []


def test_every_measure_says_what_it_means(site, built_hub):
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        measures = warehouse.execute(
            "select metric_id, definition, source, target, no_target from uec.dim_metric"
        ).fetchall()
    page = site["measures.html"]
    assert len(measures) >= 22
    for metric_id, definition, source, target, no_target in measures:
        section = page.split(f'id="{metric_id}"')[1].split("</section>")[0]
        assert definition in html.unescape(section)
        assert source in html.unescape(section)
        assert target is None or f">{target:g} " in section
        assert no_target is None or no_target in html.unescape(section)


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.feed)
def test_a_feed_page_says_how_to_write_a_file(site, contract):
    page = html.unescape(site[f"feed-{contract.partner}-{contract.table}.html"])
    for column in contract.columns:
        assert f"<code>{column.source_name}</code>" in page
        assert f'id="{column.name}"' in page
        for sent, _ in column.codes:
            assert f"<code>{sent}</code>" in page
    for wanted in (contract.pattern, contract.agreement, contract.steward, *(rule.message for rule in contract.rules)):
        assert wanted in page
    assert example_text(contract, LISTS).splitlines()[-1] in page


def test_no_page_shows_a_record(site, built_hub):
    """NHS numbers, names and postcodes of the demo residents are on no page, not even in dbt's."""
    with duckdb.connect() as connection:
        people = connection.execute(
            "select distinct nhs_number, postcode from read_parquet(?) where nhs_number is not null limit 2000",
            [str(built_hub.raw / "primary_care" / "registrations" / "batch=*" / "data.parquet")],
        ).fetchall()
    assert len(people) > 500
    everything = "\n".join(site.values())
    numbers = set(re.findall(r"\d{10}", everything))
    assert {number for number, _ in people} & numbers == set()
    assert {postcode for _, postcode in people if postcode} & set(
        re.findall(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}", everything)
    ) <= {"ZZ99 3VZ"}


def write_example(contract, landing: Path) -> Path:
    """The example of the dictionary as the file that a partner would send."""
    path = landing / contract.partner / example_file_name(contract)
    path.parent.mkdir(parents=True, exist_ok=True)
    if contract.format != "xlsx":
        path.write_bytes(example_text(contract, LISTS).encode(contract.encoding))
        return path
    import xlsxwriter

    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet(contract.sheet)
        for number, line in enumerate(example_text(contract, LISTS).splitlines()):
            sheet.write_row(contract.header_row - 1 + number, 0, line.split("\t"))
    return path


def test_the_example_of_every_feed_is_a_valid_file(tmp_path):
    """What the dictionary shows to a newcomer is taken by ingestion without a word of complaint."""
    from orchestration.ingest import ingest

    moment = datetime(2026, 11, 1).timestamp()
    for contract in CONTRACTS.values():
        path = write_example(contract, tmp_path / "landing")
        os.utime(path, (moment, moment))
    settings = Settings(home=tmp_path)
    ingest(settings, judge=False)
    verdicts = {}
    for sidecar in (*settings.raw.glob("*/*/*/batch.json"), *settings.rejected.glob("*/*/*/batch.json")):
        import json

        batch = json.loads(sidecar.read_text())
        broken = [rule["rule"] for rule in batch["rules"] if rule["rows_failed"]]
        verdicts[f"{batch['partner']}.{batch['feed_table']}"] = (batch["status"], batch["rows_accepted"], broken)
    assert verdicts == {contract.feed: ("accepted", 1, []) for contract in CONTRACTS.values()}


def test_an_example_is_no_deletion():
    for contract in CONTRACTS.values():
        if contract.deleted_when:
            values = example_values(contract, LISTS)
            names = [column.name for column in contract.columns if column.name in contract.deleted_when]
            said = ", ".join(f"{'null' if values[n] is None else repr(str(values[n]))} as {n}" for n in names)
            is_deletion = f"select coalesce(cast({contract.deleted_when} as boolean), false) from (select {said})"
            assert duckdb.sql(is_deletion).fetchone() == (False,), contract.feed


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("*/15 * * * *", "every 15 minutes"),
        ("30 6 * * *", "every day at 06:30"),
        ("0 9 * * 1", "every Monday at 09:00"),
        ("0 9 * * 1-5", "every working day at 09:00"),
        ("0 7 3 * *", "every month on day 3 at 07:00"),
        ("5 * * * *", "every hour, at 5 minutes past"),
        ("0 6,18 * * *", "by the schedule 0 6,18 * * *"),
    ],
)
def test_a_cadence_is_said_in_words(cron, words):
    assert cadence(cron) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "not promised"), (1800, "30 minutes"), (3600, "1 hour"), (108_000, "30 hours"), (172_800, "2 days")],
)
def test_a_duration_is_said_in_words(seconds, words):
    assert duration(seconds) == words


def test_a_hub_without_a_build_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match="bihub run"):
        build_dictionary(Settings(home=tmp_path), tmp_path / "dictionary")


def test_a_dictionary_that_would_come_out_the_same_is_linked(built_hub: Settings, site, tmp_path, monkeypatch):
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    for name, text in site.items():
        (earlier / name).write_text(text, encoding="utf-8", newline="")
    first = build_dictionary(built_hub, tmp_path / "same", earlier=earlier)
    assert first.samefile(earlier / "index.html")
    assert {path.name for path in (tmp_path / "same").iterdir()} == set(site)
    monkeypatch.setattr("orchestration.warehouse.code_files", lambda: iter(()))
    monkeypatch.setattr("orchestration.dictionary.site.read_dictionary", lambda *_: pytest.fail("made again"))
    with pytest.raises(pytest.fail.Exception, match="made again"):
        build_dictionary(built_hub, tmp_path / "other_rules", earlier=earlier)
