"""Data quality and freshness: feeds, files, checks, match rates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestration.dictionary.words import cadence
from orchestration.site import charts, health, privacy, words
from orchestration.site.cells import Cell, Picture, last_months

if TYPE_CHECKING:
    from orchestration.site.pages import Site

FILE_DAYS = 60

LINKS = {
    "ambulance_to_ed": "An ambulance's arrival to an attendance",
    "call_to_ambulance": "A 111 call to an ambulance",
    "call_to_ed": "A 111 call to an attendance",
    "ed_to_spell": "An admitted attendance to a stay in hospital",
    "spell_to_spell": "A stay to the stay after a transfer",
    "spell_to_stay": "A stay in hospital to a community bed",
    "spell_to_package": "A stay in hospital to care at home",
    "stay_to_package": "A community bed to care at home",
}


def quality(site: Site) -> dict[str, Any]:
    since = site.as_of.date() - timedelta(days=FILE_DAYS)
    files = site.published.rows(
        "select partner || '.' || feed_table, cast(received_at as date), min(status = 'accepted') from dq_batch "
        "where received_at >= $since and feed_table is not null group by all order by all",
        {"since": since},
    )
    picture = Picture(
        "files", "Files that came", f"A dot for each day of the last {FILE_DAYS} on which a feed sent a file."
    )
    if files:
        data = [
            {"feed": site.measures.feeds[key].name if key in site.measures.feeds else key, "day": day.isoformat(),
             "status": "accepted" if accepted else "rejected"}
            for key, day, accepted in files
        ]  # fmt: skip
        picture.drawing = charts.arrivals_of_files(
            data,
            first=since,
            last=site.as_of.date(),
            title=picture.title,
            description="One line a feed, one dot a day; a diamond is a day with a rejected file.",
        )
    else:
        picture.why_absent = "No data: no file came."
    rejected = site.published.records(
        "select * from dq_batch where status = 'rejected' and received_at >= $since order by received_at desc",
        {"since": since},
    )
    checks = site.published.records(
        "select * from dq_check_result where status <> 'pass' order by rows_failed desc, table_name, check_name"
    )
    counts = dict(site.published.rows("select status, count(*) from dq_check_result group by status"))
    links = site.published.rows(
        "select link_type, sum(candidates), round(100.0 * sum(matched) / sum(candidates), 1) from uec_link_quality "
        "where link_method = 'all' and month_start between $first and $last "
        "group by link_type having sum(candidates) > 0 order by link_type",
        dict(zip(("first", "last"), last_months(site.as_of), strict=True)),
    )
    first, last = last_months(site.as_of)
    span = f"{first.isoformat()}..{last.isoformat()}"
    return {
        "files": picture,
        "feeds": [_feed_line(site, feed) for feed in site.measures.feeds.values()],
        "rejected": [(row, site.measures.feeds.get(f"{row['partner']}.{row['feed_table']}")) for row in rejected],
        "since": since,
        "checks": checks,
        "counts": counts,
        "links": [
            (LINKS.get(link, words.humane(link)),
             Cell("uec_link_quality", f"{span}|{link}", "match_rate", rate, "percent",
                  privacy.is_small(candidates)))
            for link, candidates, rate in links
        ],
        "first": first,
        "last": last,
        "persons": _persons(site),
        "left_out": _left_out(site),
        "removed": [
            (words.humane(subject), Cell("dq_governance", f"restricted_code_removed|{subject}", "found", found,
                                         None, privacy.is_small(found)))
            for subject, found in site.published.rows(
                "select subject, found from dq_governance where measure = 'restricted_code_removed' order by subject"
            )
        ],
    }  # fmt: skip


SPELT = {"ed": "ED", "gp": "GP", "mh": "mental health", "fhir": "FHIR"}
FOUND_BY = ("nhs_number_records", "local_patient_id_records", "probabilistic_records", "unmatched_records")


def _persons(site: Site) -> list[tuple[str, Cell, list[Cell], Cell]]:
    """How the records of each feed table found their person: all, shares by the way they were found, for review."""
    lines = []
    for row in site.published.records("select * from dq_linkage order by feed_table <> 'ALL', feed_table"):
        feed = row["feed_table"]
        spelt = " ".join(SPELT.get(word, word) for word in feed.split("_"))
        lines.append((
            "All" if feed == "ALL" else words.humane(spelt),
            health.counted("dq_linkage", feed, "records", row["records"]),
            [health.shared("dq_linkage", feed, f"{way}/records", row[way], row["records"]) for way in FOUND_BY],
            health.counted("dq_linkage", feed, "review_records", row["review_records"]),
        ))  # fmt: skip
    return lines


LEFT_OUT = {
    ("left_out_of_secondary_use", "ALL"): "Left out of research and planning",
    ("opted_out", "national"): "National data opt-out",
    ("opted_out", "type_1"): "Type 1 opt-out, at the practice",
}


def _left_out(site: Site) -> list[tuple[str, Cell, Cell]]:
    """People who opted out, by kind: practices and the few who have none are not shown."""
    found = {(row[0], row[1]): row[2:] for row in site.published.rows("select * from dq_governance")}
    return [
        (name, health.counted("dq_governance", "|".join(key), "found", found[key][0]),
         health.shared("dq_governance", "|".join(key), "found/out_of", *found[key]))
        for key, name in LEFT_OUT.items() if key in found
    ]  # fmt: skip


def _feed_line(site: Site, feed) -> dict[str, Any]:
    metrics = [metric_id for metric_id in (feed.row["metrics"] or "").split(", ") if metric_id in site.measures.words]
    key = feed.key
    return {
        "feed": feed,
        "cadence": cadence(feed.row["cadence"]) if feed.row["cadence"] else "",
        "metrics": metrics,
        "files": Cell("dq_feed", key, "batches_accepted", feed.row["batches_accepted"]),
        "rejected": Cell("dq_feed", key, "batches_rejected", feed.row["batches_rejected"]),
        "rows": Cell("dq_feed", key, "rows_in", feed.row["rows_in"]),
        "held": Cell("dq_feed", key, "rows_quarantined", feed.row["rows_quarantined"]),
    }
