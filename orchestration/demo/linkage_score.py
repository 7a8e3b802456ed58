"""How well the person index did with records that do not carry their person's own NHS number, by feed.

A record that says enough gives family name, given name and birth date; the others are counted and not judged by recall.
Right is a record that stands with its person: with those of his NHS number, where any record has it, else with most of
his records. Precision is of all records that were joined to somebody, recall of those that say enough and whose person
is known by number. This reads the truth, so no model may depend on it.
"""

from __future__ import annotations

from typing import NamedTuple

from orchestration.demo.score import quoted
from orchestration.settings import Settings


class LinkageScore(NamedTuple):
    """Records of one feed without their person's own number: enough of them to be found by, joined, joined rightly."""

    feed: str
    records: int
    enough: int
    joined: int
    right: int
    found: int
    too_little: int
    too_little_found: int

    @property
    def precision(self) -> float | None:
        return self.right / self.joined if self.joined else None

    @property
    def recall(self) -> float | None:
        return self.found / self.enough if self.enough else None


# Feeds note a record by their own id; the hub's key of it has the sender before it, or a moment behind.
QUERY = """
with person as (select person_no, nhs_number from read_parquet('{truth}/person.parquet')),
told as (
    select feed, record_id, person_no from read_parquet('{truth}/record_identity.parquet')
    where feed not like '%packages_awaited' and feed not like '%brokerage_journal'
),
requested as (
    select records.feed_table, records.record_id, package.person_no
    from hub.person_index.person_record as records
    inner join read_parquet('{truth}/care_package.parquet') as package
        on records.issuer = package.organisation_code
        and split_part(split_part(records.record_id, '@', 1), ':', 2) = package.request_id
    inner join person on package.person_no = person.person_no
    where records.feed_table in ('packages_awaited', 'brokerage_journal')
        and records.usable_nhs_number is distinct from person.nhs_number
),
keyed as (
    select feed_table, record_id, unnest([
        record_id,
        regexp_replace(record_id, '^[^:]*:', ''),
        replace(replace(record_id, '@', '|'), ':', '|')
    ]) as told_id
    from hub.person_index.person_record
),
identity as (
    select records.*, known.person_id, known.match_method
    from hub.person_index.person_record as records
    inner join hub.person_index.person_identity as known using (feed_table, record_id)
),
home as (  -- the id of each person: that of his number
    select usable_nhs_number as nhs_number, any_value(person_id) as person_id
    from identity where match_method = 'nhs_number' group by all
),
judged as (
    select distinct
        case when told.feed like '%' || identity.feed_table then told.feed else identity.feed_table end as feed,
        identity.record_id,
        told.person_no,
        identity.person_id,
        identity.match_method,
        identity.family_name_key is not null and identity.given_name_key is not null
            and identity.birth_date is not null as is_enough,
        person.nhs_number
    from told
    inner join keyed on told.record_id = keyed.told_id and told.feed like '%' || keyed.feed_table
    inner join identity on keyed.feed_table = identity.feed_table and keyed.record_id = identity.record_id
    inner join person on told.person_no = person.person_no
    where identity.usable_nhs_number is distinct from person.nhs_number
    union all
    select requested.feed_table || ' ' || identity.issuer, identity.record_id, requested.person_no, identity.person_id,
        identity.match_method, true, person.nhs_number
    from requested
    inner join identity using (feed_table, record_id)
    inner join person on requested.person_no = person.person_no
),
main as (  -- of people whom no record gives their own number: where most of their records stand
    select person_no, arg_max(person_id, (n, person_id)) as person_id
    from (select person_no, person_id, count(*) as n from judged group by all) group by person_no
),
scored as (
    select
        judged.*,
        home.person_id is not null as is_known,
        judged.person_id = coalesce(home.person_id, main.person_id) as is_right,
        judged.match_method <> 'unmatched' or count(*) over (partition by judged.person_id) > 1 as is_joined
    from judged
    left join home on judged.nhs_number = home.nhs_number
    inner join main on judged.person_no = main.person_no
)
select
    feed,
    count(*),
    count(*) filter (is_enough and is_known),
    count(*) filter (is_joined),
    count(*) filter (is_joined and is_right),
    count(*) filter (is_enough and is_known and is_right),
    count(*) filter (not is_enough),
    count(*) filter (not is_enough and is_known and is_right)
from scored
group by feed
order by feed
"""


def linkage_scores(settings: Settings) -> list[LinkageScore]:
    """One row a feed; none where the demo's truth does not lie beside the home."""
    import duckdb

    truth = settings.home / "truth"
    if not (truth / "record_identity.parquet").exists() or not settings.warehouse.exists():
        return []
    with duckdb.connect() as score:
        score.execute(f"attach '{quoted(settings.warehouse)}' as hub (read_only)")
        return [LinkageScore(*row) for row in score.execute(QUERY.format(truth=quoted(truth))).fetchall()]


def in_all(scores: list[LinkageScore]) -> LinkageScore:
    return LinkageScore("all", *(sum(score[place] for score in scores) for place in range(1, 8)))
