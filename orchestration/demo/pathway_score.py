"""How well the journeys that the hub put together are those that the demo planted: chain by chain.

A planted chain is the events of it that files carried; a copy that a partner sent by mistake stands for the record
that it copies. This reads the truth, so no model may depend on it.
"""

from __future__ import annotations

from typing import NamedTuple

from orchestration.demo.score import EVENTS, quoted
from orchestration.settings import Settings


class PathwayScore(NamedTuple):
    """Planted chains of two events or more, and what became of them.

    A community stay that nothing urgent led to is no journey of urgent care, so such chains are left out.
    """

    chains: int
    exact: int
    """One uec_pathway has all of its events and no other."""
    split: int
    """Its events lie in several journeys, or one of them in none."""
    joined: int
    """One journey has all of its events, and others besides."""
    split_and_joined: int
    journeys: int
    """Journeys that the hub put together from two events or more."""
    journeys_exact: int
    """Of these, those that are one planted chain."""
    recall: float | None
    precision: float | None


STEPS = {
    "call": ("call_id", "urgent_call_id"),
    "ambulance": ("incident_id", "ambulance_incident_id"),
    "ed": ("attendance_id", "ed_attendance_id"),
    "spell": ("spell_id", "hospital_spell_id"),
    "transfer": ("transfer_spell_id", "transfer_spell_id"),
    "stay": ("stay_id", "inpatient_stay_id"),
    "package": ("request_id", "care_package_request_id"),
}
"""Part of a journey: its column in the truth's pathway, and in cdm.urgent_care_pathway."""

TABLES = """
create temp table event as {events};
create temp table copy as
    select replace(event.hub_key, dirt.sent, dirt.record_id) as hub_key, event.hub_key as original_key
    from dirt inner join event on dirt.sent = event.id
    where dirt."column" = 'copy_of';
create temp table planted as
    select pathway_id as chain, event.kind, hub_key
    from ({chain_steps}) as step inner join event on step.kind = event.kind and step.id = event.id;
delete from planted where chain in (
    select chain from planted group by chain
    having count(*) < 2 or not bool_or(kind in ('call', 'ambulance', 'ed', 'spell'))
);
create temp table found as
    select distinct journey, coalesce(original_key, step.hub_key) as hub_key
    from ({journey_steps}) as step left join copy on step.hub_key = copy.hub_key
    where step.hub_key is not null;
create temp table meeting as
    select
        chain,
        journey,
        count(*) as shared,
        (select count(*) from planted as of_chain where of_chain.chain = planted.chain) as chain_events,
        (select count(*) from found as of_journey where of_journey.journey = found.journey) as journey_events
    from planted left join found using (hub_key)
    group by chain, journey;
create temp table verdict as
    select
        chain,
        bool_or(shared = chain_events and journey_events = chain_events and journey is not null) as is_exact,
        bool_or(shared = chain_events and journey is not null) as is_whole,
        bool_or(journey_events > shared) as has_others
    from meeting group by chain;
"""

SCORE = """
with chains as (
    select
        count(*) as chains,
        count(case when is_exact then 1 end) as exact,
        count(case when not is_whole and not coalesce(has_others, false) then 1 end) as split,
        count(case when is_whole and not is_exact then 1 end) as joined,
        count(case when not is_whole and has_others then 1 end) as split_and_joined
    from verdict
),
journeys as (
    select count(*) as journeys from (select journey from found group by journey having count(*) > 1)
)
select
    chains, exact, split, joined, split_and_joined, journeys, exact as journeys_exact,
    round(exact / nullif(chains, 0), 4) as recall,
    round(exact / nullif(journeys, 0), 4) as precision
from chains cross join journeys
"""


def pathway_scores(settings: Settings) -> PathwayScore:
    """Needs a demo's truth beside the built warehouse."""
    import duckdb

    truth = settings.home / "truth"
    if not truth.is_dir():
        raise FileNotFoundError(f"There is no truth at {truth}: only a demo can be scored (bihub demo)")
    with duckdb.connect() as score:
        score.execute(f"attach '{quoted(settings.warehouse)}' as hub (read_only)")
        for name in ("pathway", "dirt", *(table for table, _, _ in EVENTS.values())):
            score.execute(f"create view {name} as from read_parquet('{quoted(truth / name)}.parquet')")
        score.execute(_tables())
        return PathwayScore(*score.execute(SCORE).fetchone())


def _tables() -> str:
    lost = "select record_id from dirt where kind like 'untypable%'"
    events = [
        f"select '{kind}' as kind, {key} as id, {hub_key} as hub_key from {table} "
        f"where is_delivered and {key} not in ({lost})"
        for kind, (table, key, hub_key) in EVENTS.items()
    ]
    kinds = {"transfer": "spell"}
    chain_steps = [
        f"select pathway_id, '{kinds.get(kind, kind)}' as kind, {column} as id from pathway where {column} is not null"
        for kind, (column, _) in STEPS.items()
    ]
    journey_steps = [
        f"select urgent_care_pathway_id as journey, {column} as hub_key from hub.cdm.urgent_care_pathway"
        for _, column in [*STEPS.values(), ("", "second_transfer_spell_id")]
    ]
    return TABLES.format(
        events=" union all ".join(events),
        chain_steps=" union all ".join(chain_steps),
        journey_steps=" union all ".join(journey_steps),
    )
