"""The measures as the pages show them: values by place and period, their signals, and how good the data behind are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from orchestration.site import privacy, words
from orchestration.site.data import Published, code_labels, newest_month

ALL = "ALL"
MONTHS_SHOWN = 13
WEEKS_SHOWN = 53
WEEKS_NEEDED = 0.8
"""A place gets a weekly chart where at least this share of its weeks can be shown, else a monthly one."""
CATEGORIES = ("delay_reason", "bed_type", "care_home_bed", "waiting_place", "ward_type", "discharge_pathway")
PEOPLE_BEHIND = {
    "DELAY_BY_REASON": """
        select census_date as event_date, organisation_code as org, site_code as site, delay_reason_code as grp,
            coalesce(person_key, event_key) as person
        from fct_delayed_patient_day where length_of_stay_days >= 7
    """,
    "POC_WAIT_N": """
        select census_date as event_date, organisation_code as org, cast(null as varchar) as site,
            location_code as grp, coalesce(person_key, care_package_request_key) as person
        from fct_care_package_census
    """,
}
"""Where averages per day of people come from: one row per person and day."""
ORDER = {"missing": 3, "very_late": 2, "late": 1, "fresh": 0}


@dataclass(frozen=True)
class Place:
    """A whole organisation or one of its sites."""

    organisation_code: str
    site_code: str
    name: str
    is_system: bool = False

    @property
    def is_site(self) -> bool:
        return self.site_code != ALL


@dataclass(frozen=True)
class Figure:
    """One number on a page, with what identifies its row in uec_metric."""

    metric_id: str
    grain: str
    period: date
    place: Place
    category: str
    covid: str
    value: float | None
    unit: str
    target: float | None
    is_provisional: bool
    is_hidden: bool
    better: str

    @property
    def text(self) -> str:
        return privacy.SUPPRESSED if self.is_hidden else words.shown(self.value, self.unit)

    @property
    def when(self) -> str:
        return words.period(self.grain, self.period)

    @property
    def visible(self) -> float | None:
        return None if self.is_hidden else self.value

    @property
    def is_met(self) -> bool | None:
        """Whether the target of its day is met; None without a target."""
        if self.target is None or self.visible is None or self.better not in ("higher", "lower"):
            return None
        return self.visible >= self.target if self.better == "higher" else self.visible <= self.target

    @property
    def attributes(self) -> dict[str, str]:
        """What a test needs to find the number in the mart; a number that is not shown is not here either."""
        return {
            "data-metric": self.metric_id,
            "data-grain": self.grain,
            "data-period": self.period.isoformat(),
            "data-organisation": self.place.organisation_code,
            "data-site": self.place.site_code,
            "data-category": self.category,
            "data-covid": self.covid,
            "data-value": privacy.SUPPRESSED if self.is_hidden else "" if self.value is None else repr(self.value),
        }


@dataclass(frozen=True)
class Signal:
    """What statistical process control says of the newest ended period (F 4.13)."""

    variation: str
    direction: str | None
    special_cause: str
    assurance: str | None
    period: date
    grain: str

    @property
    def label(self) -> str:
        label = words.VARIATION.get(self.variation, words.humane(self.variation))
        return f"{label}, {'higher' if self.direction == 'high' else 'lower'}" if self.direction else label

    @property
    def sentence(self) -> str:
        cause = words.SIGNALS.get(self.special_cause)
        found = f"{self.label}: {cause}" if cause else "No real change: the values vary as chance explains"
        assured = words.ASSURANCE.get(self.assurance or "")
        return f"{found}; {assured}." if assured else f"{found}."


@dataclass
class Series:
    """The values of one place, oldest first, with the control limits where there are any."""

    place: Place
    grain: str
    figures: list[Figure]
    limits: dict[date, dict[str, Any]] = field(default_factory=dict)
    signal: Signal | None = None


@dataclass
class Feed:
    key: str
    name: str
    status: str
    last_received_at: datetime | None
    age_minutes: int | None
    rows_in: int
    rows_quarantined: int
    row: dict[str, Any]

    @property
    def status_words(self) -> str:
        return words.STATUS.get(self.status, self.status)


class Measures:
    """Every measure of the set. Rows of day grain are not read: pages show weeks and months."""

    def __init__(self, published: Published) -> None:
        self.published = published
        self.as_of = published.as_of()
        self.words = {row["metric_id"]: row for row in published.records("select * from dim_metric order by metric_id")}
        self.sites = {
            row[0]: row[1:] for row in published.rows("select site_code, short_name, organisation_code from dim_site")
        }
        self.organisations = {
            row[0]: row[1:]
            for row in published.rows(
                "select organisation_code, organisation_name, organisation_type from dim_organisation"
            )
        }
        self.labels = code_labels(*CATEGORIES) | {"unknown": "Not given", ALL: "All"}
        self.feeds = {feed.key: feed for feed in self._feeds()}
        self._places: dict[tuple[str, str], Place] = {}
        self._people = self._people_behind()
        self._figures = self._read_figures()
        self._limits = self._read_limits()

    # What is there

    def _feeds(self) -> Iterable[Feed]:
        for row in self.published.records("select * from dq_feed order by partner, feed_table"):
            table = words.humane(row["feed_table"]).replace(" ed ", " ED ")
            name = f"{words.organisation(row['partner_title'])}: {table[:1].lower()}{table[1:]}"
            if row["feed_table"].split("_")[0] in ("southend", "basildon", "broomfield"):
                name = table
            yield Feed(
                key=f"{row['partner']}.{row['feed_table']}",
                name=name,
                status=row["status"],
                last_received_at=row["last_received_at"],
                age_minutes=row["age_minutes"],
                rows_in=row["rows_in"] or 0,
                rows_quarantined=row["rows_quarantined"] or 0,
                row=row,
            )

    def _people_behind(self) -> dict[tuple, int]:
        """(metric, grain, period, organisation, site, category) -> different people behind an average per day."""
        counts: dict[tuple, int] = {}
        for metric_id, entries in PEOPLE_BEHIND.items():
            for grain in ("month", "week"):
                # One pass over the facts for every place and category at once.
                for period, organisation, site_code, group, people in self.published.rows(
                    f"""
                    with entry as (
                        select cast(date_trunc('{grain}', event_date) as date) as period, org, site, person,
                            coalesce(grp, 'unknown') as grp
                        from ({entries}) as entries
                    )
                    select period, org, site, grp, count(distinct person) from entry
                    group by grouping sets (
                        (period), (period, grp), (period, org), (period, org, grp), (period, org, site),
                        (period, org, site, grp)
                    )
                    """
                ):
                    key = (metric_id, grain, period, organisation or self.system, site_code or ALL, group or ALL)
                    counts[key] = max(people, counts.get(key, 0))
        return counts

    def _read_figures(self) -> dict[tuple, list[Figure]]:
        """(metric, grain, place key, category, covid group) -> figures, oldest first."""
        rows = self.published.rows(
            """
            select metric_id, period_grain, period_start, organisation_code, site_code, coalesce(category, 'ALL'),
                covid_group, numerator, denominator, value, unit, target, is_provisional
            from uec_metric
            where period_grain in ('week', 'month') and (covid_group = 'all' or period_grain = 'month')
                and period_start >= cast($as_of as date) - interval 800 days
            order by all
            """,
            {"as_of": self.as_of},
        )
        hidden = self._hidden(rows)
        found: dict[tuple, list[Figure]] = defaultdict(list)
        for *identity, _, _, value, unit, target, early in rows:
            key = privacy.Key(*identity)
            spot = (key.organisation_code, key.site_code)
            better = self.words.get(key.metric_id, {}).get("better") or ""
            found[key.metric_id, key.grain, spot, key.category, key.covid].append(
                Figure(key.metric_id, key.grain, key.period, self.place(*spot), key.category, key.covid, value, unit,
                       target, early, key in hidden, better)
            )  # fmt: skip
        return found

    def _hidden(self, rows: list[tuple]) -> set[privacy.Key]:
        """The rows whose values are not shown."""
        hidden: set[privacy.Key] = set()
        adding_up: dict[privacy.Key, float] = {}
        for *identity, numerator, denominator, value, unit, _, _ in rows:
            key = privacy.Key(*identity)
            about = self.words.get(key.metric_id, {})
            aggregate, dataset = about.get("aggregate") or "ratio", about.get("dataset") or ""
            people = self._people.get(key[:6]) if key.covid == "all" else None
            if privacy.hides(
                value=value, numerator=numerator, denominator=denominator, unit=unit, aggregate=aggregate,
                dataset=dataset, is_breakdown=key.category != ALL, people=people,
            ):  # fmt: skip
                hidden.add(key)
            if aggregate in ("sum", "daily_average") and unit in privacy.PEOPLE_UNITS and value is not None:
                adding_up[key] = value
        privacy.hide_what_follows(adding_up, hidden, self.system)
        return hidden

    def _read_limits(self) -> dict[tuple, dict[date, dict[str, Any]]]:
        """(metric, place key, category) -> period -> control limits and signals, weekly."""
        limits: dict[tuple, dict[date, dict[str, Any]]] = defaultdict(dict)
        for row in self.published.records(
            "select * from uec_metric_spc where period_grain = 'week' "
            "and period_start >= cast($as_of as date) - interval 800 days",
            {"as_of": self.as_of},
        ):
            key = (row["metric_id"], (row["organisation_code"], row["site_code"]), row["category"] or ALL)
            limits[key][row["period_start"]] = row
        return limits

    # Places

    @cached_property
    def system(self) -> str | None:
        """The integrated care board: figures of several organisations together are its."""
        return next((code for code, (_, kind) in self.organisations.items() if kind == "integrated_care_board"), None)

    def place(self, organisation_code: str, site_code: str) -> Place:
        spot = (organisation_code, site_code)
        if spot not in self._places:
            self._places[spot] = self._named(*spot)
        return self._places[spot]

    def _named(self, organisation_code: str, site_code: str) -> Place:
        if site_code != ALL:
            return Place(organisation_code, site_code, self.sites.get(site_code, (site_code,))[0])
        if organisation_code == self.system:
            return Place(organisation_code, ALL, "Whole system", is_system=True)
        name = self.organisations.get(organisation_code, (organisation_code,))[0]
        return Place(organisation_code, ALL, words.organisation(name))

    def places(self, metric_id: str) -> list[Place]:
        """Where the measure has a value: the system, whole organisations, then sites."""
        keys = {key[2] for key in self._figures if key[0] == metric_id and key[4] == "all"}
        places = [self.place(*key) for key in keys]
        with_sites = {place.organisation_code for place in places if place.is_site}
        named = [
            Place(place.organisation_code, ALL, "All sites")
            if place.site_code == ALL and place.organisation_code in with_sites and len(with_sites) == 1
            else place
            for place in places
        ]
        return sorted(
            named, key=lambda place: (not place.is_system, place.is_site, place.organisation_code, place.site_code)
        )

    # Values

    def figures(
        self, metric_id: str, place: Place, grain: str = "month", category: str = ALL, covid: str = "all"
    ) -> list[Figure]:
        """Of periods that had begun at as_of, oldest first; the month that runs is left out."""
        found = self._figures.get((metric_id, grain, (place.organisation_code, place.site_code), category, covid), [])
        return [figure for figure in found if self._has_ended(figure)]

    def _has_ended(self, figure: Figure) -> bool:
        if figure.grain == "week":
            return figure.period + timedelta(days=7) <= self.as_of.date()
        return figure.period < self.as_of.date().replace(day=1)

    def categories(self, metric_id: str) -> list[str]:
        """Codes into which the measure is split, in the order of their code list."""
        order = {code: position for position, code in enumerate(self.labels)}
        found = {key[3] for key in self._figures if key[0] == metric_id and key[3] != ALL}
        return sorted(found, key=lambda code: (order.get(code, len(order)), code))

    def newest(self, metric_id: str, place: Place, category: str = ALL, covid: str = "all") -> Figure | None:
        figures = self.figures(metric_id, place, category=category, covid=covid)
        return figures[-1] if figures else None

    @cached_property
    def month(self) -> date | None:
        """The newest whole month that any measure has."""
        return newest_month(
            (figure.period for key, list_ in self._figures.items() if key[1] == "month" for figure in list_), self.as_of
        )

    def series(self, metric_id: str, place: Place) -> Series:
        """By week where enough weeks can be shown, else by month."""
        weekly = self.figures(metric_id, place, "week")[-WEEKS_SHOWN:]
        limits = self._limits.get((metric_id, (place.organisation_code, place.site_code), ALL), {})
        monthly = self.figures(metric_id, place)
        visible = sum(figure.visible is not None for figure in weekly)
        first = self.as_of.date() - timedelta(days=7 * WEEKS_SHOWN)
        if weekly and visible >= WEEKS_NEEDED * len(weekly):
            weekly = [figure for figure in weekly if figure.period >= first]
            return Series(place, "week", weekly, limits, self._signal(limits, weekly))
        return Series(place, "month", monthly[-2 * MONTHS_SHOWN :])

    def _signal(self, limits: dict[date, dict[str, Any]], figures: list[Figure]) -> Signal | None:
        """The signal of the newest week, where its value may be shown and there are enough points."""
        newest = figures[-1].period if figures else None
        row = limits.get(newest) if newest else None
        if not row or not row["has_enough_points"] or not row["variation"] or figures[-1].is_hidden:
            return None
        return Signal(
            row["variation"], row["variation_direction"], row["special_cause"], row["assurance"], newest, "week"
        )

    # The data behind

    def feeds_of(self, metric_id: str) -> list[Feed]:
        names = (self.words.get(metric_id, {}).get("feeds") or "").split(", ")
        return [self.feeds[name] for name in names if name in self.feeds]

    def is_there(self, metric_id: str) -> bool:
        return any(key[0] == metric_id for key in self._figures)

    def why_absent(self, metric_id: str) -> str:
        """Why a measure has no value, for a reader."""
        if metric_id not in self.words:
            return f"No data: the measure {metric_id} is not in this published set."
        return f"No data: {self.words[metric_id]['label'].lower()}. {self._missing_words(self.feeds_of(metric_id))}"

    def why_table_absent(self, table: str, what: str, feeds: Iterable[str] = ()) -> str:
        if not self.published.has(table):
            return f"No data: {what}. The table {table} is not in this published set."
        return f"No data: {what}. {self._missing_words([self.feeds[key] for key in feeds if key in self.feeds])}"

    def _missing_words(self, feeds: list[Feed]) -> str:
        missing = [feed for feed in feeds if feed.status == "missing"]
        if not missing:
            return "No whole period has ended yet, or no record counts for it."
        named = words.together([f"“{feed.name}” ({feed.key})" for feed in missing], 6)
        return f"The feed{'s' if len(missing) > 1 else ''} {named} {'have' if len(missing) > 1 else 'has'} not arrived."

    def data_note(self, metric_id: str) -> dict[str, Any]:
        """What must be said beside a number about the data it was made from."""
        return data_note(self.feeds_of(metric_id))


def data_note(feeds: list[Feed]) -> dict[str, Any]:
    """status (the worst of the feeds), text, and how many records were held back."""
    if not feeds:
        return {"status": "unknown", "text": "Which feeds it needs is not known", "held_back": "", "feeds": []}
    worst = max(feeds, key=lambda feed: ORDER.get(feed.status, 0)).status
    troubled = [feed for feed in feeds if feed.status != "fresh"]
    if troubled:
        parts = []
        for status in ("missing", "very_late", "late"):
            named = [
                feed.name if status == "missing" else f"{feed.name} (newest {words.clock(feed.last_received_at)})"
                for feed in troubled
                if feed.status == status
            ]
            if named:
                said = {"missing": "Has not arrived", "very_late": "Very late", "late": "Late"}[status]
                parts.append(f"{said}: {words.together(named)}")
        text = f"{'. '.join(parts)}. The figure may be incomplete"
    else:
        oldest = min(feed.last_received_at for feed in feeds)
        text = f"Data up to date: newest file {words.clock(oldest)}" + (" or later" if len(feeds) > 1 else "")
    rows_in, held = sum(feed.rows_in for feed in feeds), sum(feed.rows_quarantined for feed in feeds)
    held_back = f"{100 * held / rows_in:.2f}% of records held back" if held else "no record held back"
    return {"status": worst, "text": text, "held_back": held_back, "feeds": feeds}
