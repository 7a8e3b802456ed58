"""The larger pictures of the topic pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestration.site import charts, privacy, words
from orchestration.site.cells import Picture
from orchestration.site.measures import MONTHS_SHOWN

if TYPE_CHECKING:
    from orchestration.site.pages import Site

YEAR = 365
BED_DAYS = 120


def bed_pictures(site: Site) -> list[Picture]:
    picture = Picture(
        "beds-by-day",
        "Beds open and occupied, day by day",
        f"General and acute beds at 08:00, last {BED_DAYS} days. Where the lines touch, no bed is free.",
    )
    rows = site.published.rows(
        """
        select site_code, snapshot_date, ga_beds_open, ga_beds_occupied from fct_bed_state
        where snapshot_date > cast($as_of as date) - $days and ga_beds_open is not null and ga_beds_occupied is not null
        order by site_code, snapshot_date
        """,
        {"as_of": site.as_of, "days": BED_DAYS},
    )
    if not rows:
        picture.why_absent = site.measures.why_table_absent("fct_bed_state", "beds by day", ["mseft.bed_state"])
        return [picture]
    data = [
        {"site": site.measures.place("", code).name, "day": day.isoformat(), "beds": beds, "kind": kind}
        for code, day, opened, occupied in rows
        for kind, beds in (("Open", opened), ("Occupied", occupied))
    ]
    picture.drawing = charts.beds_by_day(
        data,
        title=picture.title,
        description="One panel a site: beds open as a dashed line, beds occupied as a full line.",
    )
    return [picture]


def emergency_pictures(site: Site) -> list[Picture]:
    arrivals = Picture(
        "when-people-arrive",
        "When people arrive",
        "Arrivals at the emergency departments by weekday and hour, in the last 12 months.",
        note=f"Cells with 1 to {privacy.SMALL} arrivals are left white.",
    )
    rows = site.published.rows(
        """
        select site_code, cast(isodow(arrival_date) as integer) as weekday, arrival_hour, count(*) as arrivals
        from fct_ed_attendance
        where is_counted and arrival_hour is not null and arrival_date > cast($as_of as date) - $days
        group by all order by all
        """,
        {"as_of": site.as_of, "days": YEAR},
    )
    days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    data = [
        {"site": site.measures.place("", code).name, "weekday": days[weekday - 1], "hour": hour, "value": arrivals}
        for code, weekday, hour, arrivals in rows
        if not privacy.is_small(arrivals)
    ]
    feeds = [f"mseft.{name}_ed_attendances" for name in ("southend", "basildon", "broomfield")]
    if data:
        arrivals.drawing = charts.week_heat(
            data, unit="arrivals", title=arrivals.title, description="One panel a site; darker cells had more arrivals."
        )
    else:
        arrivals.why_absent = site.measures.why_table_absent("fct_ed_attendance", "arrivals by hour", feeds)
    return [arrivals, _handover_by_hour(site)]


def _handover_by_hour(site: Site) -> Picture:
    picture = Picture(
        "handover-by-hour",
        "Handover by hour of the day",
        "Mean minutes from an ambulance's arrival to handover, by the hour of arrival, in the last 12 months.",
        note=f"Hours with 1 to {privacy.SMALL} arrivals have no bar.",
    )
    rows = site.published.rows(
        """
        select receiving_site_code, hospital_arrival_hour, count(*) as arrivals, avg(handover_minutes) as minutes
        from fct_ambulance_incident
        where handover_status = 'valid' and receiving_site_code is not null and hospital_arrival_hour is not null
            and hospital_arrival_date > cast($as_of as date) - $days
        group by all order by all
        """,
        {"as_of": site.as_of, "days": YEAR},
    )
    data = [
        {"site": site.measures.place("", code).name, "hour": hour, "value": round(minutes, 1)}
        for code, hour, arrivals, minutes in rows
        if not privacy.is_small(arrivals)
    ]
    if data:
        picture.drawing = charts.by_hour(
            data, unit="minutes", title=picture.title, description="One panel a site; a bar for each hour of arrival."
        )
    else:
        picture.why_absent = site.measures.why_table_absent(
            "fct_ambulance_incident", "handover by hour", ["eeast.incidents"]
        )
    return picture


def _category_picture(site: Site, metric_id: str, picture: Picture, *, places: str = "head") -> Picture:
    """Stacked months of a measure by its category, at its first place or at each organisation."""
    block = site.block(metric_id)
    if not block.is_there:
        picture.why_absent = block.why_absent
        return picture
    rows = block.rows[:1] if places == "head" else [row for row in block.rows if not row.place.is_site]
    codes = site.measures.categories(metric_id)
    data, hidden = [], False
    for row in rows:
        months = {figure.period for figure in row.months[-MONTHS_SHOWN:]}
        for code in codes:
            for figure in site.measures.figures(metric_id, row.place, category=code):
                if figure.period not in months:
                    continue
                hidden = hidden or figure.is_hidden
                if figure.visible is not None:
                    kind = site.measures.labels.get(code, words.humane(code))
                    data.append(
                        {
                            "place": row.place.name,
                            "month": figure.period.isoformat(),
                            "kind": kind,
                            "value": figure.visible,
                        }
                    )
    if not data:
        picture.why_absent = (
            f"Every number of this picture is small (1 to {privacy.SMALL} people) and is not shown."
            if hidden
            else block.why_absent
        )
        return picture
    order = [label for label in dict.fromkeys(site.measures.labels.get(code, words.humane(code)) for code in codes)
             if any(row["kind"] == label for row in data)]  # fmt: skip
    picture.drawing = charts.stacked_months(
        data,
        order=order,
        unit=block.words["unit"],
        columns=1 if len(rows) == 1 else 2,
        wide=560 if len(rows) == 1 else 380,
        title=picture.title,
        description=f"{block.words['definition']} The numbers are in the table of the measure.",
    )
    if hidden:
        picture.note = (
            f"Parts that stand for 1 to {privacy.SMALL} people are left out, so a bar may be lower than the total."
        )
    return picture


def leaving_pictures(site: Site) -> list[Picture]:
    return [
        _category_picture(site, "DELAY_BY_REASON", Picture(
            "delays-by-month", "What people wait for, month by month",
            "People in a bed for seven days or more who are ready to leave, on an average day, by the reason given."),
        ),
    ]  # fmt: skip


def home_care_pictures(site: Site) -> list[Picture]:
    return [
        _category_picture(site, "POC_WAIT_N", Picture(
            "waiting-by-place", "Where people wait, month by month",
            "People who wait for a package of care at home, by where they are now, for the system and each council."),
            places="organisations",
        ),
    ]  # fmt: skip


PICTURES: dict[str, Callable[[Site], list[Picture]]] = {
    "beds.html": bed_pictures,
    "emergency.html": emergency_pictures,
    "leaving.html": leaving_pictures,
    "home-care.html": home_care_pictures,
}
