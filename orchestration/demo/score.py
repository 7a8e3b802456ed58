"""How well the hub found the links that the demo planted: precision and recall against the truth, by kind of link.

A planted link counts where files carried both of its records. A copy that a partner sent by mistake stands for the
record that it copies. This reads the truth, so no model may depend on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from orchestration.settings import Settings


class LinkScore(NamedTuple):
    """One kind of link: how many were planted between delivered records, how many found, how many of these rightly."""

    link_type: str
    truth_links: int
    found: int
    right: int
    precision: float | None
    recall: float | None


# Kind of event: table and key of the truth, and the hub's key for the same record.
EVENTS = {
    "call": ("urgent_call", "call_id", "call_id"),
    "ambulance": ("ambulance_incident", "incident_id", "incident_id"),
    "ed": ("ed_attendance", "attendance_id", "site_code || ':' || attendance_id"),
    "spell": ("spell", "spell_id", "site_code || ':' || spell_id"),
    "stay": ("inpatient_stay", "stay_id", "organisation_code || ':' || stay_id"),
    "package": ("care_package", "request_id", "organisation_code || ':' || request_id"),
}

# Kind of link: where a planted pathway passes from one event to the next.
LAST_SPELL = "coalesce(transfer_spell_id, spell_id)"
LINKS = {
    "call_to_ambulance": ("call", "call_id", "ambulance", "incident_id"),
    "call_to_ed": ("call", "call_id", "ed", "attendance_id"),
    "ambulance_to_ed": ("ambulance", "incident_id", "ed", "attendance_id"),
    "ed_to_spell": ("ed", "attendance_id", "spell", "spell_id"),
    "spell_to_spell": ("spell", "spell_id", "spell", "transfer_spell_id"),
    "spell_to_stay": ("spell", LAST_SPELL, "stay", "stay_id"),
    "spell_to_package": ("spell", f"case when stay_id is null then {LAST_SPELL} end", "package", "request_id"),
    "stay_to_package": ("stay", "stay_id", "package", "request_id"),
}

SCORE = """
with event as ({events}),
step as ({steps}),
planted as (
    select distinct step.link_type, earlier.hub_key as from_key, later.hub_key as to_key
    from step
    inner join event as earlier on step.from_kind = earlier.kind and step.from_id = earlier.id
    inner join event as later on step.to_kind = later.kind and step.to_id = later.id
),
copy as (
    select replace(event.hub_key, dirt.sent, dirt.record_id) as hub_key, event.hub_key as original_key
    from dirt
    inner join event on dirt.sent = event.id
    where dirt."column" = 'copy_of'
),
found as (
    select distinct
        link_type,
        coalesce(one.original_key, from_event_id) as from_key,
        coalesce(other.original_key, to_event_id) as to_key
    from hub.cdm.urgent_care_link
    left join copy as one on from_event_id = one.hub_key
    left join copy as other on to_event_id = other.hub_key
),
compared as (
    select planted.link_type as planted, found.link_type as found
    from planted
    full join found using (link_type, from_key, to_key)
)
select
    link_type,
    count(planted) as truth_links,
    count(found) as found,
    count(case when planted = found then 1 end) as right,
    round("right" / nullif(count(found), 0), 4) as precision,
    round("right" / nullif(count(planted), 0), 4) as recall
from (select unnest({link_types}) as link_type)
left join compared on link_type in (planted, found)
group by link_type
order by list_position({link_types}, link_type)
"""


def link_scores(settings: Settings) -> list[LinkScore]:
    """One row for each kind of link, in the order of a journey. Needs a demo's truth beside the built warehouse."""
    import duckdb

    truth = settings.home / "truth"
    if not truth.is_dir():
        raise FileNotFoundError(f"There is no truth at {truth}: only a demo can be scored (bihub demo)")
    with duckdb.connect() as score:
        score.execute(f"attach '{quoted(settings.warehouse)}' as hub (read_only)")
        for name in ("pathway", "dirt", *(table for table, _, _ in EVENTS.values())):
            score.execute(f"create view {name} as from read_parquet('{quoted(truth / name)}.parquet')")
        return [LinkScore(*row) for row in score.execute(_score_query()).fetchall()]


def _score_query() -> str:
    lost = "select record_id from dirt where kind like 'untypable%'"
    events = [
        f"select '{kind}' as kind, {key} as id, {hub_key} as hub_key from {table} "
        f"where is_delivered and {key} not in ({lost})"
        for kind, (table, key, hub_key) in EVENTS.items()
    ]
    steps = [
        f"select '{link}' as link_type, '{one}' as from_kind, {from_id} as from_id, "
        f"'{other}' as to_kind, {to_id} as to_id from pathway"
        for link, (one, from_id, other, to_id) in LINKS.items()
    ]
    return SCORE.format(events=" union all ".join(events), steps=" union all ".join(steps), link_types=list(LINKS))


def quoted(path: Path) -> str:
    return str(path).replace("'", "''")
