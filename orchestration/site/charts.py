"""The larger pictures, in Altair, drawn as SVG when the page is made: no script and no network when it is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    import altair as alt

FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
INK, QUIET, GRID = "#212b32", "#4c6272", "#d8dde0"
COLOURS = ("#005eb8", "#ed8b00", "#330072", "#00a499", "#ae2573", "#768692", "#78be20", "#7c2855", "#41b6e6", "#425563")
"""From the NHS palette, in an order in which neighbours differ in lightness too."""
CONFIG: dict[str, Any] = {
    "aria": False,
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "titleColor": QUIET, "titleFontWeight": "normal",
        "gridColor": GRID, "domainColor": "#aeb7bd", "tickColor": "#aeb7bd", "labelLimit": 260,
    },
    "header": {
        "labelFontSize": 14, "labelFontWeight": "bold", "labelColor": INK, "labelAnchor": "start", "title": None,
    },
    "legend": {
        "labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "titleColor": QUIET, "labelLimit": 420,
        "titleFontWeight": "normal", "symbolStrokeWidth": 3,
    },
    "range": {"category": list(COLOURS)},
}  # fmt: skip
HOURS = list(range(24))
MONTH_LABEL = (
    "timeFormat(toDate(datum.value), '%b') + (month(toDate(datum.value)) == 0 ? "
    "timeFormat(toDate(datum.value), ' %y') : '')"
)


def drawn(chart: alt.TopLevelMixin, *, title: str, description: str) -> Markup:
    """The chart as an SVG that grows with its place and tells its story to a screen reader."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(chart.to_dict(validate=False) | {"config": CONFIG})
    head = re.match(r"<svg[^>]*>", svg).group(0)
    box = re.search(r'viewBox="([^"]*)"', head).group(1)
    wide = float(box.split()[2])
    # The picture is described as a whole: parts need no roles. Names in it must not clash with those of other pictures.
    body = re.sub(r' (?:role|aria-[a-z]+)="[^"]*"', "", svg[len(head) :])
    mark = re.sub(r"\W+", "-", title.lower())
    body = re.sub(r'(id="|url\(#)([^")]+)', rf"\g<1>{mark}-\g<2>", body)
    label = escape(f"{title}. {description}")
    return Markup(
        f'<svg class="chart altair" viewBox="{box}" style="max-width:{wide:.0f}px" role="img" focusable="false" '
        f'aria-label="{label}"><title>{escape(title)}</title><desc>{escape(description)}</desc>{body}'
    )


def _hours() -> alt.X:
    import altair as alt

    axis = alt.Axis(values=HOURS[::4], labelAngle=0, ticks=False)
    return alt.X("hour:O", title="hour of the day", axis=axis, scale=alt.Scale(domain=HOURS))


def _data(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    import altair as alt

    return alt.InlineData(values=list(rows))


def beds_by_day(rows: Sequence[dict[str, Any]], **said: str) -> Markup:
    """Rows: site, day, beds, kind (Open, Occupied)."""
    import altair as alt

    kinds = ["Open", "Occupied"]
    chart = (
        alt.Chart(_data(rows), width=250, height=170)
        .mark_line(strokeWidth=2, interpolate="step-after")
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%b", grid=False, tickCount=4)),
            y=alt.Y("beds:Q", title="beds", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4)),
            color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=kinds, range=["#768692", "#005eb8"]),
                            legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("kind:N", scale=alt.Scale(domain=kinds, range=[[5, 3], [1, 0]]), legend=None),
            facet=alt.Facet("site:N", columns=3, title=None),
        )
        .resolve_scale(y="independent")
    )  # fmt: skip
    return drawn(chart, **said)


def by_hour(rows: Sequence[dict[str, Any]], *, unit: str, **said: str) -> Markup:
    """Rows: site, hour, value. One panel a site, bars by hour of the day."""
    import altair as alt

    chart = (
        alt.Chart(_data(rows), width=250, height=150)
        .mark_bar(color="#005eb8")
        .encode(
            x=_hours(),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(tickCount=4)),
            facet=alt.Facet("site:N", columns=3, title=None),
        )
    )  # fmt: skip
    return drawn(chart, **said)


def week_heat(rows: Sequence[dict[str, Any]], *, unit: str, **said: str) -> Markup:
    """Rows: site, weekday (Mon), hour, value."""
    import altair as alt

    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    chart = (
        alt.Chart(_data(rows), width=260, height=150)
        .mark_rect(stroke="#fff", strokeWidth=1)
        .encode(
            x=_hours(),
            y=alt.Y("weekday:O", title=None, sort=days, axis=alt.Axis(ticks=False)),
            color=alt.Color("value:Q", title=unit, scale=alt.Scale(range=["#e8f1fb", "#003087"]),
                            legend=alt.Legend(orient="top", gradientLength=160)),
            facet=alt.Facet("site:N", columns=3, title=None),
        )
    )  # fmt: skip
    return drawn(chart, **said)


def stacked_months(
    rows: Sequence[dict[str, Any]], *, order: Sequence[str], unit: str, columns: int = 1, wide: int = 640, **said: str
) -> Markup:
    """Rows: place, month, kind, value. Stacked bars by month, one panel a place."""
    import altair as alt

    ranks = {kind: rank for rank, kind in enumerate(order)}
    ranked = [row | {"rank": ranks[row["kind"]]} for row in rows]
    alone = columns == 1
    chart = (
        alt.Chart(_data(ranked), width=wide, height=240 if alone else 180)
        .mark_bar(stroke="#fff", strokeWidth=0.6)
        .encode(
            x=alt.X("month:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, labelExpr=MONTH_LABEL,
                                                         labelOverlap=True)),
            y=alt.Y("value:Q", title=unit, axis=alt.Axis(tickCount=4)),
            color=alt.Color("kind:N", title=None, sort=list(order), scale=alt.Scale(domain=list(order)),
                            legend=alt.Legend(orient="right" if alone else "bottom", columns=1 if alone else 3)),
            order=alt.Order("rank:Q"),
        )
    )  # fmt: skip
    if len({row["place"] for row in rows}) > 1:
        chart = chart.encode(facet=alt.Facet("place:N", columns=columns, title=None))
    return drawn(chart, **said)


def arrivals_of_files(rows: Sequence[dict[str, Any]], *, first: date, last: date, **said: str) -> Markup:
    """Rows: feed, day, status (accepted, rejected). One dot a day on which a file came."""
    import altair as alt

    chart = (
        alt.Chart(_data(rows), width=620, height=alt.Step(19))
        .mark_point(filled=True, size=52, opacity=1)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%d %b", grid=True, tickCount=8),
                    scale=alt.Scale(domain=[first.isoformat(), last.isoformat()], padding=8)),
            y=alt.Y("feed:N", title=None, axis=alt.Axis(labelLimit=330, ticks=False)),
            color=alt.Color("status:N", title=None, legend=alt.Legend(orient="top"),
                            scale=alt.Scale(domain=["accepted", "rejected"], range=["#005eb8", "#c45a00"])),
            shape=alt.Shape("status:N", scale=alt.Scale(domain=["accepted", "rejected"], range=["circle", "diamond"])),
        )
    )  # fmt: skip
    return drawn(chart, **said)
