"""The pages of the pilot: their numbers are the published ones, nobody can be recognised, every link leads on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.site import build_site, drawings, health, inequality, needs, privacy, svg, words
from orchestration.site.build import is_demo
from orchestration.site.data import TABLES, Published
from orchestration.site.measures import Measures, data_note
from orchestration.site.pages import Site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """Elements of a page, each with its attributes and the text inside."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.stack: list[tuple[str, list[str]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, text))
        if tag not in VOID:
            self.stack.append((tag, text))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, text in self.stack:
            text.append(data)

    @property
    def ids(self) -> list[str]:
        return [about["id"] for _, about, _ in self.elements if "id" in about]

    def named(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(about, "".join(text).strip()) for name, about, text in self.elements if name == tag]


@pytest.fixture(scope="module")
def site(built_hub: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the built hub, made afresh beside a copy of its set: what is tested is the code as it stands."""
    folder = tmp_path_factory.mktemp("set")
    for name in ("secondary_use", "dictionary"):
        (folder / name).symlink_to(built_hub.published.resolve() / name, target_is_directory=True)
    return build_site(built_hub, folder).parent


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    return {path.name: Page(path) for path in sorted(site.glob("*.html"))}


def table(settings: Settings, name: str) -> str:
    found = sorted((settings.published / "secondary_use").glob(f"*/{name}.parquet"))
    return f"read_parquet('{found[0]}')"


# Numbers


def test_every_number_of_a_measure_is_the_number_of_the_mart(built_hub: Settings, pages: dict[str, Page]) -> None:
    category = "coalesce(category, 'ALL')"
    mart = {
        tuple(map(str, row[:7])): row[7:]
        for row in duckdb.sql(
            f"select metric_id, period_grain, period_start, organisation_code, site_code, {category}, covid_group, "
            f"value, unit, target from {table(built_hub, 'uec_metric')}"
        ).fetchall()
    }
    names = ("metric", "grain", "period", "organisation", "site", "category", "covid")
    seen, hidden = 0, 0
    for page in pages.values():
        for tag, about, text in page.elements:
            if "data-metric" not in about:
                continue
            seen += 1
            key = tuple(about[f"data-{name}"] for name in names)
            value, unit, _ = mart[key]
            if about["data-value"] == privacy.SUPPRESSED:
                hidden += 1
                assert "".join(text).startswith(privacy.SUPPRESSED), key
                continue
            assert about["data-value"] == ("" if value is None else repr(value)), key
            said = "".join(text)
            if tag == "span":
                assert said == words.shown(value, unit), key
            else:
                assert words.shown(value, unit) in said, key
    assert seen > 500
    assert hidden > 0


def test_headline_figures_are_those_of_the_newest_whole_month(built_hub: Settings, pages: dict[str, Page]) -> None:
    as_of = duckdb.sql(f"select max(as_of) from {table(built_hub, 'dq_feed')}").fetchone()[0]
    newest = duckdb.execute(
        f"select max(period_start) from {table(built_hub, 'uec_metric')} "
        "where period_grain = 'month' and period_start + interval 1 month <= $as_of", {"as_of": as_of}
    ).fetchone()[0]  # fmt: skip
    figures = [about for _, about, _ in pages["index.html"].elements if "data-metric" in about]
    assert {about["data-metric"] for about in figures} >= {"AMB_C2_MEAN", "ED_4H_PCT_OVER", "BED_OCC", "HAND_MEAN"}
    months = Counter(about["data-period"] for about in figures if about["data-grain"] == "month")
    assert months.most_common(1)[0][0] == newest.isoformat()


def test_numbers_of_other_tables_are_theirs(built_hub: Settings, pages: dict[str, Page]) -> None:
    seen: Counter[str] = Counter()
    for page in pages.values():
        for _, about, _ in page.elements:
            source = about.get("data-source")
            if source is None or about["data-value"] == privacy.SUPPRESSED:
                continue
            expected = looked_up(built_hub, source, about["data-key"], about["data-column"])
            shown = None if about["data-value"] == "" else float(about["data-value"])
            assert shown == (None if expected is None else float(expected)), (page.path.name, about)
            seen[source] += 1
    assert {
        "dq_feed",
        "uec_link_quality",
        "phm_segment",
        "phm_register",
        "phm_care_gap_summary",
        "dq_governance",
        "dq_linkage",
    } <= set(seen)


KEYS = {
    "phm_population": "index_date || '|' || sub_icb_code",
    "phm_segment": "index_date || '|' || segment_code",
    "phm_segment_matrix": "index_date || '|' || age_band || '|' || ltc_band",
    "phm_register": "index_date || '|' || register_code",
    "phm_care_gap_summary": "gap_code || '|' || group_kind || '|' || group_value",
    "phm_cohort": "cohort_id",
    "phm_cohort_summary": "cohort_id || '|' || group_kind || '|' || group_value",
    "phm_risk_model": "measure || '|' || group_kind || '|' || group_name",
    "phm_risk_band": "group_kind || '|' || group_name || '|' || risk_band",
    "phm_impactability": "pcn_code",
    "phm_opportunity": "indicator_id || '|' || group_kind || '|' || group_value || '|' || benchmark",
    "phm_intervention_effect": "intervention_id || '|' || design",
    "dq_governance": "measure || '|' || subject",
    "dq_linkage": "feed_table",
}


HELD: set[str] = set()
"""Tables that are in memory: some are asked for hundreds of numbers."""


def health_number(settings: Settings, source: str, key: str, column: str) -> float | int | None:
    """A number of the pages about the population's health: rounded to 5, or made of two that are."""
    if source not in HELD:
        duckdb.sql(f"create or replace temp table held_{source} as select * from {table(settings, source)}")
        HELD.add(source)
    where = {
        "phm_segment_matrix": f"sub_icb_code = 'all' and {KEYS[source]} = $key",
        "phm_register": f"group_kind = 'all' and {KEYS[source]} = $key",
    }.get(source, f"{KEYS[source]} = $key")
    everybody = "true"
    day, _, group = key.partition("|")
    if source == "phm_population" and group == "all":
        where = everybody = "cast(index_date as varchar) = $key"
        key = day
    elif source == "phm_segment":
        everybody = "cast(index_date as varchar) = split_part($key, '|', 1)"
    elif group == "two_or_more":
        everybody = "sub_icb_code = 'all' and cast(index_date as varchar) = $key"
        where, key = f"{everybody} and ltc_band not in ('0', '1')", day

    def total(name: str) -> float:
        name, of = ("people", everybody) if name == "everybody" else (name, where)
        sql = f"select sum({name}) from held_{source} where {of}"
        return float(duckdb.execute(sql, {"key": key}).fetchone()[0] or 0)

    def five(number: float) -> int:
        return int((number + 2.5) // 5 * 5)

    if column == "cost_per_head":
        each = "cost_pounds / people" if source == "phm_segment_matrix" else "cost_per_person"
        return 10 * round(total(each) / 10)
    part, _, whole = column.partition("/")
    if not whole:
        return five(total(part))
    per = 1000 if part in ("ed_attendances", "emergency_admissions") or whole == "population" else 100
    return round(per * five(total(part)) / five(total(whole)), 1) if five(total(whole)) else None


def looked_up(settings: Settings, source: str, key: str, column: str) -> float | int | None:
    """The number that a page's cell stands for, computed again from the published table."""
    if source in KEYS:
        return health_number(settings, source, key, column)
    parts = key.split("|")
    relation = table(settings, source)
    ask = {"key": key, "first": parts[0].split("..")[0], "last": parts[0].split("..")[-1]}
    if source == "dq_feed":
        sql = f"select {column} from {relation} where partner || '.' || feed_table = $key"
    elif source == "uec_flow_now":
        sql = (
            f"select {column} from {relation} where measure_id || '|' || organisation_code || '|' || "
            "coalesce(site_code, 'ALL') || '|' || coalesce(category, 'ALL') = $key"
        )
    elif source == "uec_link_quality":
        sql = (
            f"select round(100.0 * sum(matched) / sum(candidates), 1) from {relation} where link_type = $a "
            "and link_method = 'all' and month_start between $first and $last"
        )
        ask["a"] = parts[1]
    elif source == "uec_pathway_blockage":
        hour = "and hour_of_day = $hour" if len(parts) > 3 else ""
        rounded = "round(sum({}), 1)" if ".." in parts[0] and column == "total_wait_hours" else "sum({})"
        sql = (
            f"select {rounded.format(column)} from {relation} where period_start between $first and $last "
            f"and site_code = $a and step = $b {hour}"
        )
        ask |= {"a": parts[1], "b": parts[2]} | ({"hour": int(parts[3])} if hour else {})
    elif source == "uec_pathway":
        reached = (
            "case when has_hospital_spell then 'Hospital bed' when has_ed_attendance then 'Emergency department' "
            "when has_ambulance_incident then 'Ambulance only' else 'Telephone only' end"
        )
        sql = (
            f"select count(*) from {relation} where date_trunc('month', started_date) between $first and $last "
            f"and first_contact = $a and {reached} = $b and outcome = $c"
        )
        ask |= {"a": parts[1], "b": parts[2], "c": parts[3]}
    elif source == "uec_metric_population":
        sql = (
            "select round(case when any_value(unit) = 'percent' then 100 else 1 end "
            f"* sum(numerator) / sum(denominator), 1) from {relation} where metric_id = $a and dimension = $b "
            "and coalesce(dimension_value, 'unknown') = $c and period_grain = 'month' "
            "and period_start between $first and $last"
        )
        ask |= {"a": parts[1], "b": parts[2], "c": parts[3]}
    elif source == "uec_daily_sitrep":
        counted = {
            "compared": "count(difference)",
            "inside": "count(*) filter (is_within_tolerance and difference is not null)",
        }.get(column, f"cast(any_value({column}) as double)")
        where = "flow_date between $first and $last and site_code = $a and item = $b"
        sql = f"select {counted} from {relation} where {where}"
        ask |= {"a": parts[1], "b": parts[2]}
    else:
        pytest.fail(f"no way to look up {source}")
    used = {name: value for name, value in ask.items() if f"${name}" in sql}
    return duckdb.execute(sql, used).fetchone()[0]


# Small numbers


@pytest.mark.parametrize(
    ("about", "hidden"),
    [
        ({"unit": "people", "aggregate": "sum", "value": 0.0, "denominator": 40.0}, False),
        ({"unit": "people", "aggregate": "sum", "value": 1.0, "denominator": 40.0}, True),
        ({"unit": "people", "aggregate": "sum", "value": 7.0, "denominator": 40.0}, True),
        ({"unit": "people", "aggregate": "sum", "value": 8.0, "denominator": 40.0}, False),
        ({"unit": "hours", "aggregate": "sum", "value": 2.0, "denominator": 40.0}, False),
        ({"unit": "hours", "aggregate": "sum", "value": 2.0, "denominator": 7.0}, True),
        ({"unit": "percent", "aggregate": "ratio", "value": 50.0, "numerator": 4.0, "denominator": 8.0}, False),
        ({"unit": "percent", "aggregate": "ratio", "value": 50.0, "numerator": 3.5, "denominator": 7.0}, True),
        ({"aggregate": "ratio", "value": 5.0, "numerator": 4.0, "denominator": 80.0, "is_breakdown": True}, True),
        ({"unit": "minutes", "aggregate": "mean", "value": 50.0, "denominator": 3.0}, True),
        ({"unit": "people", "aggregate": "daily_average", "value": 3.2}, True),
        ({"unit": "people", "aggregate": "daily_average", "value": 3.2, "people": 8}, False),
        ({"unit": "people", "aggregate": "daily_average", "value": 30.0, "people": 7}, True),
        ({"unit": "people", "aggregate": "daily_average", "value": 0.0}, False),
        ({"unit": "beds", "aggregate": "daily_average", "value": 3.0}, False),
        ({"aggregate": "ratio", "value": 3.0, "denominator": 5.0, "dataset": "care_home_capacity"}, False),
    ],
)  # fmt: skip
def test_small_numbers_at_their_edges(about: dict, hidden: bool) -> None:
    usual = {
        "unit": "percent",
        "numerator": None,
        "denominator": None,
        "dataset": "",
        "is_breakdown": False,
        "people": None,
    }
    assert privacy.hides(**(usual | about)) is hidden


def test_no_page_but_the_internal_one_shows_a_small_number_of_people(
    built_hub: Settings, pages: dict[str, Page]
) -> None:
    """Restated: a share, mean or centile rests on 8 events or more, a sum of people is 0 or at least 8."""
    category = "coalesce(category, 'ALL')"
    rows = duckdb.sql(
        f"select metric_id, period_grain, period_start, organisation_code, site_code, {category}, covid_group, "
        f"value, denominator, metric.unit, aggregate, dataset from {table(built_hub, 'uec_metric')} as metric "
        f"inner join {table(built_hub, 'dim_metric')} using (metric_id)"
    ).fetchall()
    mart = {tuple(map(str, row[:7])): row[7:] for row in rows}
    names = ("metric", "grain", "period", "organisation", "site", "category", "covid")
    for page in pages.values():
        for _, about, _ in page.elements:
            if "data-metric" not in about or about["data-value"] in (privacy.SUPPRESSED, ""):
                continue
            key = tuple(about[f"data-{name}"] for name in names)
            value, denominator, unit, aggregate, dataset = mart[key]
            if unit in ("beds", "homes") or dataset in ("community_beds", "care_home_capacity"):
                continue
            if aggregate == "sum" and unit in ("people", "attendances"):
                assert value == 0 or value >= 8, key
            elif aggregate != "daily_average":
                assert denominator == 0 or denominator >= 7.5, key


def test_a_count_of_people_is_a_star_or_a_multiple_of_five() -> None:
    assert [privacy.to_five(number) for number in (0, 8, 12, 13, 1002.4)] == [0, 10, 10, 15, 1000]
    assert [round(100 * end, 1) for end in privacy.wilson(2, 3)] == [20.8, 93.9]
    for part, whole, also_rest, hidden in [
        (7, 80, False, True), (8, 80, False, False), (0, 80, False, False), (0, 7, False, True),
        (75, 80, False, False), (75, 80, True, True), (80, 80, True, False), (None, None, False, False),
    ]:  # fmt: skip
        assert health.shared("t", "k", "a/b", part, whole, also_rest=also_rest).is_hidden is hidden, (part, whole)
    assert health.counted("t", "k", "a", 7).text == privacy.SUPPRESSED
    assert health.shared("t", "k", "a/b", 8, 42).value == 25.0  # 10 of 40


def test_pages_of_health_show_no_number_that_is_small_or_not_rounded(pages: dict[str, Page]) -> None:
    counts = 0
    for name, _ in health.PAGES:
        for _, about, _ in pages[name].elements:
            if "data-source" in about and "/" not in about["data-column"] and about["data-value"] not in ("", "*"):
                value = float(about["data-value"])
                assert value == 0 or (value >= 10 and value % 5 == 0), about
                counts += 1
    assert counts > 50


# Nobody


def test_no_page_names_or_numbers_a_person(built_hub: Settings, site: Path) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in site.rglob("*.*"))
    keys = re.findall(r"\b[0-9a-f]{32}\b", text)
    assert not keys, "a keyed pseudonym"
    assert not re.findall(r"\b[0-9a-f]{64}\b", text), "a hash"
    numbers = {number for number in re.findall(r"(?<![\d.])\d{10}(?![\d.])", text) if valid_nhs_number(number)}
    assert not numbers
    postcodes = re.findall(r"\b(?:CM|SS|RM|CO|IG)\d{1,2} ?\d[A-Z]{2}\b", text)
    assert not postcodes
    people = sorted((built_hub.landing.parent / "truth").glob("person*.parquet"))
    for file in people:
        for column in ("nhs_number", "postcode"):
            there = {row[0] for row in duckdb.sql(f"describe select * from '{file}'").fetchall()}
            if column in there:
                values = {row[0] for row in duckdb.sql(f"select distinct {column} from '{file}'").fetchall() if row[0]}
                assert not values & set(re.findall(r"[A-Z0-9]+(?: [0-9][A-Z]{2})?", text))


def valid_nhs_number(number: str) -> bool:
    total = sum(int(digit) * weight for digit, weight in zip(number[:9], range(10, 1, -1), strict=True))
    check = 11 - total % 11
    return check != 10 and int(number[9]) == (0 if check == 11 else check) and len(set(number)) > 1


# Links and files


def test_every_link_leads_somewhere(site: Path, pages: dict[str, Page]) -> None:
    others: dict[Path, set[str]] = {}
    for page in pages.values():
        for _, about, _ in page.elements:
            for name in ("href", "src"):
                link = about.get(name)
                if not link or link.startswith("data:"):
                    continue
                assert not re.match(r"(?i)[a-z]+:|//", link), f"{page.path.name}: {link} leads outside"
                file, _, anchor = link.partition("#")
                target = (site / unquote(file)).resolve() if file else page.path.resolve()
                assert target.exists(), f"{page.path.name}: {link}"
                if anchor and target.suffix == ".html":
                    if target not in others:
                        others[target] = set(Page(target).ids)
                    assert anchor in others[target], f"{page.path.name}: {link} has no such place"
    assert any("dictionary" in str(target) for target in others)


def test_nothing_is_fetched_from_anywhere(site: Path) -> None:
    for path in site.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".css":
            assert "@import" not in text and "@font-face" not in text
            assert not re.findall(r"url\((?!\s*['\"]?data:)[^)]*\)", text)
        if path.suffix in (".html", ".css", ".js"):
            outside = set(re.findall(r"https?://[^\s\"'<>)]+", text)) - {
                "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
            }  # fmt: skip
            assert not outside, path.name
    assert sum(path.stat().st_size for path in site.rglob("*.*")) < 10_000_000
    assert "MIT License" in (site / "assets" / "NHSUK-FRONTEND-LICENCE.txt").read_text(encoding="utf-8")


# For everybody


def test_pages_are_built_for_everybody(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert [about.get("lang") for about, _ in page.named("html")] == ["en-GB"], name
        assert len(page.named("h1")) == 1 and page.named("h1")[0][1], name
        assert len(page.named("main")) == 1 and page.named("title")[0][1], name
        doubled = [key for key, count in Counter(page.ids).items() if count > 1]
        assert not doubled, f"{name}: {doubled}"
        assert len(page.named("table")) == len(page.named("caption")), f"{name}: a table without a caption"
        for _, about, text in [element for element in page.elements if element[0] == "svg"]:
            assert about.get("aria-hidden") == "true" or (about.get("role") == "img" and about.get("aria-label")), name
            assert about.get("aria-hidden") == "true" or "".join(text).strip(), name
        levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
        assert all(after - before <= 1 for before, after in pairwise(levels)), (name, levels)


def test_pages_say_that_the_data_are_the_demo_s(built_hub: Settings, pages: dict[str, Page], tmp_path: Path) -> None:
    assert all("Demo data" in page.path.read_text(encoding="utf-8") for page in pages.values())
    assert is_demo(built_hub)
    assert not is_demo(Settings(home=tmp_path))
    assert "not official statistics" in pages["about.html"].path.read_text(encoding="utf-8")
    assert "For internal use" in pages["now.html"].path.read_text(encoding="utf-8")


def test_every_measure_of_the_set_is_on_a_page_with_its_sentence(built_hub: Settings, pages: dict[str, Page]) -> None:
    listed = pages["measures.html"].path.read_text(encoding="utf-8")
    for metric_id, label in duckdb.sql(f"select metric_id, label from {table(built_hub, 'dim_metric')}").fetchall():
        assert metric_id in pages["measures.html"].ids
        assert label.replace("'", "&#39;") in listed
    assert listed.count("What this means") >= len(
        duckdb.sql(f"select metric_id from {table(built_hub, 'dim_metric')}").fetchall()
    )


# What has not come


def without(folder: Path, source: Path, *, tables: set[str] = frozenset(), sql: dict[str, str] | None = None) -> Path:
    """A set without some tables, or with tables changed by a query over {}."""
    for file in sorted((source / "secondary_use").glob("*/*.parquet")):
        if file.stem in tables:
            continue
        target = folder / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        if sql and file.stem in sql:
            changed = sql[file.stem].format(f"read_parquet('{file}')")
            duckdb.sql(f"copy ({changed}) to '{target}' (format parquet)")
        else:
            target.symlink_to(file)
    return folder


def test_an_absent_table_is_a_sentence_not_an_error(built_hub: Settings, tmp_path: Path) -> None:
    gone = set(TABLES) - {"dq_feed", "dq_batch"}
    folder = without(tmp_path, built_hub.published.resolve(), tables=gone)
    index = build_site(built_hub, folder)
    for name, what in [
        ("index.html", "is not in this published set"),
        ("now.html", "No data: the position now"),
        ("pathway.html", "No data: where journeys wait"),
        ("sitrep.html", "No data: submitted and computed returns"),
        ("residents.html", "No data: measures of the people registered here"),
        ("population.html", "No data: the registered population"),
        ("risk.html", "No data: the risk of an emergency admission"),
        ("quality.html", "No data: who opted out"),
        ("gaps.html", "No data: gaps in care"),
        ("cohorts.html", "No data: cohorts"),
        ("inequalities.html", "No data: inequality"),
        ("interventions.html", "No data: interventions"),
        ("beds.html", "No data: beds by day"),
        ("emergency.html", "No data: arrivals by hour"),
    ]:
        assert what in (index.parent / name).read_text(encoding="utf-8"), name


@pytest.mark.parametrize("gone", sorted(name for name in TABLES if name != "dq_feed" and not name.startswith("phm")))
def test_any_one_table_may_be_absent(built_hub: Settings, tmp_path: Path, gone: str, monkeypatch) -> None:
    from orchestration.site import charts

    monkeypatch.setattr(charts, "drawn", lambda chart, **said: "")  # the drawing is tried elsewhere, and slow
    folder = without(tmp_path, built_hub.published.resolve(), tables={gone})
    assert build_site(built_hub, folder).exists()


def test_any_one_table_of_health_may_be_empty(built_hub: Settings) -> None:
    with Published(built_hub.published.resolve()) as published:
        site = Site(published, is_demo=True, dictionary=None)
        for gone in sorted(name for name in TABLES if name.startswith("phm")):
            published.database.execute(f"alter view {gone} rename to kept")
            published.database.execute(f"create view {gone} as select * from kept where false")
            for page in (
                health.population, needs.risk, needs.gaps, needs.cohorts,
                inequality.inequalities, inequality.interventions,
            ):  # fmt: skip
                page(site)
            published.database.execute(f"drop view {gone}")
            published.database.execute(f"alter view kept rename to {gone}")


def test_the_model_s_card_is_shown_and_without_a_model_the_reason(
    built_hub: Settings, pages: dict[str, Page], tmp_path: Path
) -> None:
    assert "there is no risk model. Not enough history" in pages["risk.html"].path.read_text(encoding="utf-8")
    rows = {
        "phm_risk_model": "values ('auc', 'all', 'all', 0.7512, 0.7, 0.8, 4000, 300, null), "
        "('auc', 'sex', 'male', 0.9, 0.8, 1.0, 20, 7, null), ('observed_to_expected', 'sex', 'male', 1.2, null, null, "
        "20, 7, null)) as card(measure, group_kind, group_name, value, lower_limit, upper_limit, people, "
        "admitted_people, reason_for_none",
        "phm_risk_band": "values ('all', 'all', 'very_high', 22, 4400, 11.0), ('all', 'all', 'low', 7, 4400, 1.0)) "
        "as band(group_kind, group_name, risk_band, people, group_people, expected_admitted_people",
        "phm_risk_calibration": "values (1, 400, 7, 0.01), (10, 400, 120, 0.28)) "
        "as tenth(decile, people, admitted_people, expected_share",
    }
    made = {name: f"select * from ({sql}) where '{{}}' is not null" for name, sql in rows.items()}
    made = {name: sql.replace("'{}'", "$${}$$") for name, sql in made.items()}
    folder = without(tmp_path, built_hub.published.resolve(), sql=made)
    with Published(folder) as published:
        shown = needs.risk(Site(published, is_demo=True, dictionary=None))
    assert [cell.text for _, _, cell, _ in shown["whole"]] == ["0.751"]
    assert [(people.text, expected.text) for _, _, people, expected in shown["bands"]] == [("20", "10"), ("*", "*")]
    ((_, lines),) = shown["by_group"]
    assert [cell.text for cell in (*lines[0][1:4], lines[0][5])] == ["20", "*", "*", "*"] and lines[0][4] == "–"
    assert shown["calibration"].count("<circle") == 1, "a tenth with 7 admitted"


def test_a_share_that_gives_a_small_number_away_is_not_shown() -> None:
    usual = {"unit": "percent", "better": "higher", "gap": 9.3, "gap_lower": -13.7, "gap_upper": 27.1,
             "sii": 5.6, "sii_lower": 1.0, "sii_upper": 33.0, "rii": None, "rii_lower": None, "rii_upper": None,
             "rest_people": 80, "rest_events": 40, "rest_value": 50.0}  # fmt: skip
    for people, events, value, shown, gap in [
        (22, 16, 1600 / 22, privacy.SUPPRESSED, "–"),  # 6 without
        (32, 16, 50.0, "50", "+9 (-14 to 27)"),
        (223, 22, 9.55, "9.6", "+9 (-14 to 27)"),  # standardised
        (30, 7, None, privacy.SUPPRESSED, "–"),
        (30, 9, None, "–", "–"),
    ]:
        line = inequality._line(usual | {"core20_people": people, "core20_events": events, "core20_value": value})
        assert (line["sides"][0], line["gap"], line["sign"]) == (shown, gap, "better where more deprived"), people


def test_a_funnel_marks_what_chance_does_not_explain() -> None:
    """n = 500 at 20 %: 16.49 to 23.51 % at 95 % (F 4.12)."""
    edges = [drawings.outside(500, share, 20.0, 1.959964) for share in (16.48, 16.5, 23.5, 23.52)]
    assert edges == [True, False, False, True]
    points = [("A", 500, 20.0, True), ("B", 500, 40.0, True), ("C", 10, 40.0, False)]
    drawn = drawings.funnel([(*point, drawings.outside(*point[1:3], 20.0)) for point in points], 20.0, "Met")
    assert drawn.count("outside the limits") == 1 and "B: 40.0% of 500, outside the limits" in drawn


def test_a_feed_that_has_not_come_is_said_beside_its_measures(built_hub: Settings, tmp_path: Path, monkeypatch) -> None:
    from orchestration.site import charts

    monkeypatch.setattr(charts, "drawn", lambda chart, **said: "")
    folder = without(
        tmp_path,
        built_hub.published.resolve(),
        sql={
            "uec_metric": "select * from {} where metric_id not like 'BED%'",
            "dq_feed": "select * replace (case when feed_table = 'bed_state' then 'missing' "
            "when feed_table = 'incidents' then 'very_late' else status end as status) from {}",
        },
    )
    index = build_site(built_hub, folder)
    beds = (index.parent / "beds.html").read_text(encoding="utf-8")
    assert re.search(
        r"No data: general and acute bed occupancy\. The feed[^<]*mseft\.bed_state[^<]*has not arrived", beds
    )
    ambulance = (index.parent / "ambulance.html").read_text(encoding="utf-8")
    assert "Very late" in ambulance and "may be incomplete" in ambulance


def test_a_set_without_quality_marts_is_refused_with_a_sentence(built_hub: Settings, tmp_path: Path) -> None:
    folder = without(tmp_path, built_hub.published.resolve(), tables={"dq_feed", "dq_batch"})
    with pytest.raises(ValueError, match="quality marts"):
        build_site(built_hub, folder)


def test_a_measure_that_nobody_placed_on_a_page_is_among_all_measures(built_hub: Settings, tmp_path: Path) -> None:
    folder = without(
        tmp_path,
        built_hub.published.resolve(),
        sql=dict.fromkeys(
            ("uec_metric", "dim_metric"),
            "select * replace (replace(metric_id, 'BED_OCC', 'NEW_ONE') as metric_id) from {}",
        ),
    )  # fmt: skip
    with Published(folder) as published:
        measures = Measures(published)
        assert measures.is_there("NEW_ONE") and measures.places("NEW_ONE")
        assert not measures.is_there("BED_OCC")
        assert "BED_OCC is not in this published set" in measures.why_absent("BED_OCC")
        assert data_note(measures.feeds_of("NEW_ONE"))["status"] in ("fresh", "late", "very_late", "missing")


# Words and drawings


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(31.4, "percent", "31.4%"), (522.0, "seconds", "8:42"), (3.8, "beds", "3.8 beds"), (1.0, "people", "1 person"),
     (1234.6, "minutes", "1,235 min"), (None, "percent", "–"), (-0.04, "percent", "0.0%"), (12.0, "days", "12 days")],
)  # fmt: skip
def test_values_in_words(value: float | None, unit: str, text: str) -> None:
    assert words.shown(value, unit) == text


def test_ticks_are_round_and_cover_the_range() -> None:
    assert svg.nice_ticks(0, 100) == [0, 25, 50, 75, 100]
    assert svg.nice_ticks(420, 2400, "seconds") == [0, 600, 1200, 1800, 2400]
    for low, high in [(0.0, 0.3), (91.2, 98.7), (0, 7), (13, 14)]:
        ticks = svg.nice_ticks(low, high)
        assert ticks[0] <= low and ticks[-1] >= high and 3 <= len(ticks) <= 7


# In a real browser


def chromium(*arguments: str, tmp: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-sync", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
        "--proxy-server=127.0.0.1:9", f"--user-data-dir={tmp / 'profile'}", "--enable-logging=stderr", "--v=0",
        *arguments,
    ]  # fmt: skip
    return subprocess.run(command, text=True, capture_output=True, timeout=120, check=False, env=dict(os.environ))


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium")


@needs_chromium
def test_pages_render_in_chromium_without_a_message(site: Path, pages: dict[str, Page], tmp_path: Path) -> None:
    for name in pages:
        done = chromium("--dump-dom", (site / name).as_uri(), tmp=tmp_path)
        assert done.returncode == 0, done.stderr[-500:]
        said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        assert not said, (name, said)
        assert pages[name].named("h1")[0][1] in done.stdout.replace("\n", " ") or "</h1>" in done.stdout
        assert 'class="menu-button"' in done.stdout, f"{name}: the script did not run"


@needs_chromium
def test_the_overview_can_be_seen_and_printed(site: Path, tmp_path: Path) -> None:
    picture, paper = tmp_path / "overview.png", tmp_path / "overview.pdf"
    chromium(f"--screenshot={picture}", "--window-size=1360,900", (site / "index.html").as_uri(), tmp=tmp_path)
    assert picture.stat().st_size > 40_000, "an empty picture"
    chromium(f"--print-to-pdf={paper}", "--no-pdf-header-footer", (site / "index.html").as_uri(), tmp=tmp_path)
    sheets = len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))
    assert 1 <= sheets <= 6, sheets
