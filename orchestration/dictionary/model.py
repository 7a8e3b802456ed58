"""What the dictionary knows: feeds, tables, columns and measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from orchestration.contracts import FeedContract
from orchestration.lineage import Lineage

LAYERS = {
    "marts": "Products",
    "derived": "Derived health facts",
    "cdm": "Common data model",
    "person_index": "Person index",
    "staging": "Staging",
    "seeds": "Reference data",
    "hub": "The hub's own records",
}
LAYER_WORDS = {
    "marts": "What reports read: stars and measures, owned, contracted and published.",
    "derived": "What the hub works out about a person: registers, scores, segments, risk, gaps. Identifiable.",
    "cdm": "One table for each thing in the real world, whoever sent it.",
    "person_index": "Which records are about the same person.",
    "staging": "Each feed as it stands now: renamed, typed, in standard codes.",
    "seeds": "Lists and decisions that are kept as data.",
    "hub": "Which files came, and what was checked.",
}
AGGREGATES = {
    "ratio": "Numerator divided by denominator, times 100 where the unit is percent.",
    "mean": "Sum of the numerators divided by the sum of the denominators: never a mean of means.",
    "sum": "Sum of the numerators; the denominator says how many events were looked at.",
    "median": "Median by nearest rank: the value at position ceil(0.5 n) of the sorted values.",
    "p90": "90th centile by nearest rank: the value at position ceil(0.9 n) of the sorted values.",
    "daily_average": (
        "Summed over sites and days, by the number of days with a report; the average day of the system is the sum of "
        "its organisations'."
    ),
}
METRIC_COLUMNS = {
    "event_date": "Local date to which the event counts.",
    "organisation_code": "Organisation whose measure it is.",
    "site_code": "Site; empty where the measure is for the whole organisation.",
    "is_covid": "Whether the event was with COVID-19; empty where the record cannot tell.",
    "numerator": "What is counted or measured.",
    "denominator": "What it is divided by.",
    "category": "Category, as the measure names it; empty where the event counts for all together only.",
    "age_band": "Age of the person at the event.",
    "ethnic_group": "Ethnic group of the person.",
    "imd_quintile": "Deprivation quintile of where the person lives; 1 is the most deprived fifth.",
    "sex_code": "Person stated gender.",
    "registered_sub_icb_code": "Sub-ICB location of the practice where the person is registered.",
}


BATCH_COLUMNS = {
    "_batch_id": "SHA-256 of the file that the record came in.",
    "_received_at": "When the hub received that file, local clock.",
    "_file_name": "Name of that file.",
    "_row_number": "Number of the record in that file.",
}


@dataclass
class ColumnPage:
    name: str
    type: str
    description: str
    sensitivity: str | None = None
    tests: list[str] = field(default_factory=list)
    origins: list[tuple[str, str]] = field(default_factory=list)
    """(feed, column) from which it comes, however many tables lie between."""


@dataclass
class TablePage:
    node_id: str
    name: str
    schema: str
    layer: str
    product: str | None
    kind: str
    description: str
    owner: str
    access: str | None
    sql: str
    path: str
    columns: list[ColumnPage]
    table_tests: list[str]
    upstream: list[str]
    downstream: list[str]
    is_metric: bool = False
    is_source: bool = False

    @property
    def page(self) -> str:
        return f"table-{self.schema}-{self.name}.html"


@dataclass
class FeedColumn:
    name: str
    local_name: str
    type: str
    formats: tuple[str, ...]
    description: str
    required: bool
    severity: str
    checks: list[str]
    codes: list[tuple[str, str, str]]
    """(as sent, standard code, meaning)."""
    sensitivity: str | None

    @property
    def is_mapped(self) -> bool:
        return any(sent != standard for sent, standard, _ in self.codes)

    @property
    def has_meanings(self) -> bool:
        return any(meaning for _, _, meaning in self.codes)


@dataclass
class FeedPage:
    node_id: str
    contract: FeedContract
    facts: list[tuple[str, str]]
    columns: list[FeedColumn]
    example: str
    example_name: str
    agreements: list[dict[str, str]]
    measures: list[str]
    downstream: list[str]

    @property
    def page(self) -> str:
        return f"feed-{self.contract.partner}-{self.contract.table}.html"


@dataclass
class Target:
    valid_from: str
    valid_to: str
    target: str
    source: str


@dataclass
class Measure:
    id: str
    words: Mapping[str, str]
    targets: list[Target]
    facts: list[str]
    feeds: list[str]
    """Feeds without which there is no figure."""
    also: list[str]
    """Feeds that it draws on besides, for example for the split by COVID-19."""
    sql: str
    product: str
    path: str

    @property
    def how(self) -> str:
        return AGGREGATES.get(self.words.get("aggregate", ""), self.words.get("aggregate", ""))


@dataclass
class Dictionary:
    feeds: list[FeedPage]
    tables: list[TablePage]
    measures: list[Measure]
    lineage: Lineage
    manifest: dict

    layers = LAYERS
    layer_words = LAYER_WORDS
    metric_columns = METRIC_COLUMNS
    batch_columns = BATCH_COLUMNS

    @cached_property
    def by_id(self) -> dict[str, TablePage | FeedPage]:
        return {page.node_id: page for page in [*self.tables, *self.feeds]}

    def link(self, node_id: str) -> tuple[str, str]:
        """(page, words) for a node."""
        page = self.by_id[node_id]
        return page.page, page.contract.feed if isinstance(page, FeedPage) else page.name

    def tables_of(self, room: str, of_product: str | None = None, metrics: bool = False) -> list[TablePage]:
        return [
            table
            for table in self.tables
            if table.layer == room and table.is_metric == metrics and of_product in (None, table.product)
        ]

    @property
    def products(self) -> list[str]:
        """Products, those with measures first."""
        measured = {measure.product for measure in self.measures}
        return sorted({t.product for t in self.tables if t.product}, key=lambda name: (name not in measured, name))

    def search_entries(self) -> list[list[str]]:
        """[kind, words, page, more] of everything that can be looked for."""
        found = [
            ["measure", f"{m.id} {m.words['label']}", f"measures.html#{m.id}", m.words["definition"]]
            for m in self.measures
        ]
        for feed in self.feeds:
            found.append(["feed", feed.contract.feed, feed.page, feed.contract.description])
            found += [
                ["feed column", f"{feed.contract.feed}.{column.name}", f"{feed.page}#{column.name}",
                 f"{column.local_name}: {column.description}"]
                for column in feed.columns
            ]  # fmt: skip
        for table in self.tables:
            if table.is_metric:
                continue
            found.append(["table", f"{table.schema}.{table.name}", table.page, table.description])
            found += [
                [
                    "column",
                    f"{table.schema}.{table.name}.{column.name}",
                    f"{table.page}#{column.name}",
                    column.description,
                ]
                for column in table.columns
            ]
        return found

    def lineage_data(self) -> dict[str, Any]:
        """What the lineage page needs: nodes, and for every column the columns right upstream of it."""
        nodes = {}
        for page in [*self.tables, *self.feeds]:
            href, words = self.link(page.node_id)
            if isinstance(page, FeedPage):
                nodes[page.node_id] = {
                    "label": words,
                    "page": href,
                    "room": "feed",
                    "columns": [*(c.name for c in page.columns), *BATCH_COLUMNS],
                }
            else:
                label = f"{page.schema}.{words}"
                nodes[page.node_id] = {
                    "label": label,
                    "page": href,
                    "room": page.layer,
                    "columns": [c.name for c in page.columns],
                }
        for measure in self.measures:
            for node_id, metric_id in self.lineage.metrics.items():
                if metric_id == measure.id and node_id in nodes:
                    nodes[node_id] |= {"label": measure.id, "page": f"measures.html#{measure.id}", "room": "measure"}
        edges = [
            [node_id, column, *origin, self.lineage.how((node_id, column), origin)]
            for node_id, columns in self.lineage.items()
            for column, origins in columns.items()
            for origin in origins
            if node_id in nodes and origin[0] in nodes
        ]
        return {"nodes": nodes, "edges": edges}
