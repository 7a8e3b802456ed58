"""What stands on each page: (file, template, what the template needs)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from orchestration.site import health, inequality, needs, now, pathway, pictures, quality, residents, sitrep, svg, words
from orchestration.site.data import Published
from orchestration.site.measures import MONTHS_SHOWN, Figure, Measures, Place, Series, Signal
from orchestration.site.topics import HEADLINE_ORDER, TOPICS, Group, Topic, page_of

MENU = (
    ("index.html", "Overview"),
    *((topic.file, topic.name) for topic in TOPICS),
    ("pathway.html", "Pathways"),
    ("residents.html", "Residents"),
    ("population.html", "Population health"),
    ("now.html", "Position now"),
    ("measures.html", "All measures"),
    ("sitrep.html", "Daily return"),
    ("quality.html", "Data quality"),
    ("about.html", "About"),
)


MOST_CHARTS = 8


class Site:
    """What every page knows."""

    def __init__(self, published: Published, *, is_demo: bool, dictionary: str | None) -> None:
        self.published = published
        self.measures = Measures(published)
        self.is_demo = is_demo
        self.dictionary = dictionary
        self.menu = MENU
        self.health_menu = health.PAGES
        self.health_files = {file for file, _ in health.PAGES}

    @property
    def as_of(self) -> datetime:
        return self.measures.as_of

    @property
    def has_signals(self) -> bool:
        return self.published.has("uec_metric_spc")

    @property
    def no_signal(self) -> str:
        """What stands where a signal would."""
        if self.has_signals:
            return "No signal: too few weekly values that can be shown."
        return "No signal: the table uec_metric_spc is not in this published set."

    def table_link(self, table: str) -> str | None:
        """To a table's page in the dictionary, where it has one."""
        name = f"table-phm-{table}.html"
        return f"{self.dictionary}/{name}" if self.dictionary and self.published.has_page(name) else None

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """Every measure of the set, by id."""
        return {metric_id: Block(self.measures, metric_id) for metric_id in self.measures.words}

    def block(self, metric_id: str) -> Block:
        return self.blocks.get(metric_id) or Block(self.measures, metric_id)

    def link(self, metric_id: str) -> str:
        """To the measure at length: its topic's page, else the list of all."""
        return f"{page_of(metric_id) or 'measures.html'}#{metric_id}"

    def definition_link(self, metric_id: str) -> str | None:
        return f"{self.dictionary}/measures.html#{metric_id}" if self.dictionary else None


@dataclass
class PlaceRow:
    """One place of a measure: its newest month, the months before, its chart."""

    place: Place
    newest: Figure | None
    months: list[Figure]
    series: Series

    @property
    def signal(self) -> Signal | None:
        return self.series.signal


class Block:
    """A measure with everything that a page says of it."""

    def __init__(self, measures: Measures, metric_id: str) -> None:
        self.id = metric_id
        self.measures = measures
        self.words: dict[str, Any] = measures.words.get(metric_id, {})
        self.is_there = bool(self.words) and measures.is_there(metric_id) and bool(self.rows)

    @property
    def label(self) -> str:
        return self.words.get("label", self.id)

    @property
    def why_absent(self) -> str:
        return self.measures.why_absent(self.id)

    @cached_property
    def rows(self) -> list[PlaceRow]:
        found = []
        for place in self.measures.places(self.id):
            months = self.measures.figures(self.id, place)
            if months:
                found.append(PlaceRow(place, months[-1], months, self.measures.series(self.id, place)))
        return found

    @property
    def head(self) -> PlaceRow:
        return self.rows[0]

    @cached_property
    def main(self) -> list[PlaceRow]:
        """The places that get a chart: all, or where they are many the system and whole organisations."""
        return self.rows if len(self.rows) <= MOST_CHARTS else [row for row in self.rows if not row.place.is_site]

    @property
    def more(self) -> list[PlaceRow]:
        return [row for row in self.rows if row not in self.main]

    @property
    def others(self) -> list[PlaceRow]:
        """Places beside the first, for a card."""
        return self.main[1:]

    @cached_property
    def range(self) -> tuple[float, float]:
        return svg.value_range(row.series for row in self.main)

    @cached_property
    def data(self) -> dict[str, Any]:
        return self.measures.data_note(self.id)

    @property
    def is_behind(self) -> bool:
        """The newest month of this measure is older than that of the others."""
        return self.measures.month is not None and self.head.newest.period < self.measures.month

    @cached_property
    def target_words(self) -> str:
        """Target 18% or less (in force in October 2026)."""
        target = self.head.newest.target
        if target is None:
            return "No target"
        better = {"higher": " or more", "lower": " or less"}.get(self.words["better"], "")
        if (target == 0 and self.words["better"] == "lower") or (target == 100 and self.words["unit"] == "percent"):
            better = ""
        return f"Target {words.shown(target, self.words['unit'])}{better}"

    @cached_property
    def month_table(self) -> list[tuple[Any, list[Figure | None]]]:
        """The newest months first, one figure for each place, then with and without COVID-19 at the first place."""
        months = sorted({figure.period for row in self.main for figure in row.months}, reverse=True)[:MONTHS_SHOWN]
        lists = [row.months for row in self.main] + [figures for _, figures in self.covid]
        by_period = [{figure.period: figure for figure in figures} for figures in lists]
        return [(month, [figures.get(month) for figures in by_period]) for month in months]

    @cached_property
    def covid(self) -> list[tuple[str, list[Figure]]]:
        """(words, figures) of the COVID-19 groups, where the measure is split by them."""
        place = self.head.place
        groups = sorted({key[4] for key in self.measures._figures if key[0] == self.id} - {"all"})
        named = {"covid": "With COVID-19", "non_covid": "Without COVID-19"}
        found = [
            (named.get(group, words.humane(group)), self.measures.figures(self.id, place, covid=group))
            for group in groups
        ]
        return [(name, figures) for name, figures in found if figures]

    @cached_property
    def category_table(self) -> list[tuple[str, list[Figure | None]]]:
        """(category, newest figure for each place), where the measure is split by a category."""
        month = self.head.newest.period
        rows = []
        for code in self.measures.categories(self.id):
            figures = []
            for row in self.main:
                found = [
                    figure
                    for figure in self.measures.figures(self.id, row.place, category=code)
                    if figure.period == month
                ]
                figures.append(found[0] if found else None)
            if any(figures):
                rows.append((self.measures.labels.get(code, words.humane(code)), figures))
        return rows


def pages(site: Site) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "index.html", "overview.html", overview(site)
    for topic in TOPICS:
        yield topic.file, "topic.html", topic_page(site, topic)
    yield "pathway.html", "pathway.html", {"pathway": pathway.pathway(site)}
    yield "residents.html", "residents.html", {"residents": residents.residents(site)}
    yield "population.html", "population.html", {"health": health.population(site)}
    yield "risk.html", "risk.html", {"risk": needs.risk(site)}
    yield "gaps.html", "gaps.html", {"gaps": needs.gaps(site)}
    yield "cohorts.html", "cohorts.html", {"cohorts": needs.cohorts(site)}
    yield "inequalities.html", "inequalities.html", {"inequality": inequality.inequalities(site)}
    yield "interventions.html", "interventions.html", {"interventions": inequality.interventions(site)}
    yield "now.html", "now.html", {"now": now.position_now(site)}
    yield "measures.html", "measures.html", {"listed": list(site.blocks.values())}
    yield "sitrep.html", "sitrep.html", {"sitrep": sitrep.sitrep(site)}
    yield "quality.html", "quality.html", {"quality": quality.quality(site)}
    yield "about.html", "about.html", {}


def overview(site: Site) -> dict[str, Any]:
    groups = [(group, [site.block(metric_id) for metric_id in group.measures]) for group in headlines(site)]
    feeds = list(site.measures.feeds.values())
    return {
        "groups": groups,
        "signals": signals(site),
        "troubled": [feed for feed in feeds if feed.status != "fresh"],
        "feeds": feeds,
        "pressure": [row for row in now.pressure(site) if row["place"].is_system or row["place"].is_site],
        "blockage": pathway.worst_blockage(site),
    }


def headlines(site: Site) -> list[Group]:
    """Groups of headline measures, as the measures say themselves."""
    found: dict[str, list[str]] = {}
    for metric_id, about in site.measures.words.items():
        if about["headline_group"]:
            found.setdefault(about["headline_group"], []).append(metric_id)
    rank = {title: position for position, title in enumerate(HEADLINE_ORDER)}
    placed = [metric_id for topic in TOPICS for group in topic.groups for metric_id in group.measures]
    order = {metric_id: position for position, metric_id in enumerate(placed)}
    for listed in found.values():
        listed.sort(key=lambda metric_id: (order.get(metric_id, len(order)), metric_id))
    return [
        Group(title, tuple(found[title])) for title in sorted(found, key=lambda title: (rank.get(title, 99), title))
    ]


def signals(site: Site) -> dict[str, list[tuple[Block, PlaceRow]]]:
    """Special causes of the newest week, by what they mean."""
    found: dict[str, list[tuple[Block, PlaceRow]]] = {"concern": [], "improvement": []}
    for block in site.blocks.values():
        if not block.is_there:
            continue
        for row in block.rows:
            if row.signal and row.signal.variation in found:
                found[row.signal.variation].append((block, row))
    return found


def topic_page(site: Site, topic: Topic) -> dict[str, Any]:
    groups: list[tuple[Group, list[Block]]] = [
        (group, [site.block(metric_id) for metric_id in group.measures]) for group in topic.groups
    ]
    draw = pictures.PICTURES.get(topic.file)
    return {"topic": topic, "groups": groups, "pictures": draw(site) if draw else []}
