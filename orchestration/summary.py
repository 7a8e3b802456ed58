"""What a run says at the terminal: progress, then what came in, what was held back and why, and the numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from orchestration.files import disk_trouble
from orchestration.ingest.outcome import Poll
from orchestration.pipeline import RunResult
from orchestration.settings import Settings

STAGE_NAMES = {
    "demo": "Playing the demo partners",
    "ingest": "Taking files in",
    "build": "Building and checking the warehouse",
    "publish": "Publishing",
}


class Stages:
    """Progress with one line a stage; call it with (stage, what was done, how many so far, how many in all)."""

    def __init__(self, console: Console | None = None):
        self.progress = Progress(
            SpinnerColumn(finished_text="✓"), TextColumn("{task.description:<36}"), BarColumn(bar_width=28),
            MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("[dim]{task.fields[what]}"),
            console=console or Console(stderr=True),
        )  # fmt: skip
        self.tasks: dict = {}

    def __enter__(self) -> Stages:
        self.progress.start()
        return self

    def __exit__(self, *exception) -> None:
        self.progress.stop()

    def finish(self, stage: str) -> None:
        task = self.progress.tasks[self.tasks[stage]]
        self(stage, "", int(task.total or 0), int(task.total or 0))

    def __call__(self, stage: str, what: str, done: int, total: int) -> None:
        if stage not in self.tasks:
            self.tasks[stage] = self.progress.add_task(STAGE_NAMES.get(stage, stage), total=total, what="")
        finished = total > 0 and done >= total
        self.progress.update(self.tasks[stage], completed=done, total=total, what="" if finished else what[:48])


def explain(problem: Exception) -> str:
    """An error in words: what happened, and each line that says what to do."""
    lines = [f"{type(problem).__name__}: {problem}"]
    lines += [f"  {line}" for line in getattr(problem, "problems", [])[:20]]
    if trouble := disk_trouble(problem):
        lines.append(f"{trouble[0].upper()}{trouble[1:]}, then run again.")
    if isinstance(problem, KeyError | TypeError | AttributeError | AssertionError):
        lines.append(
            "This is a fault in the hub itself: run again with --debug before the command, and report what it prints."
        )
    return "\n".join(lines)


def shown(value: float | None, unit: str) -> str:
    """A metric's value as a person reads it: 31.4 %, 8:42 (minutes and seconds), 214 min, 52 beds."""
    if value is None:
        return "-"
    if unit == "percent":
        return f"{value:.1f} %"
    if unit == "seconds":
        return f"{round(value) // 60}:{round(value) % 60:02d}"
    if unit in ("days", "hours"):
        return f"{value:,.1f} {unit}"
    return f"{value:,.0f} min" if unit == "minutes" else f"{value:,.0f} {unit}"


def _console() -> Console:
    """A terminal keeps its own width; a log file is wide enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=120)


def print_ingest(ingested, settings: Settings, console: Console | None = None) -> None:
    """Files and rows of one ingestion: how many, what was held back and why, and what was refused."""
    console = console or _console()
    files = [batch for batch in ingested.batches if not batch.is_poll]
    rejected = [batch for batch in files if batch.status == "rejected"]
    if not files:
        console.print(f"Files     nothing new: {ingested.already_known:,} files already known")
    else:
        held_back = sum(batch.rows_quarantined for batch in ingested.accepted)
        refused = sum(batch.rows_in for batch in ingested.rejected)
        console.print(
            f"Files     {len(files):,} new: {len(ingested.accepted):,} accepted, "
            f"{len(rejected):,} rejected; {ingested.already_known:,} already known"
        )
        console.print(
            f"Rows      {ingested.rows_in:,} in: {ingested.rows_accepted:,} accepted, "
            f"{held_back:,} quarantined, {refused:,} in rejected files"
        )
    _print_databases(ingested.polls, settings, console)
    why = Counter()
    for batch in ingested.accepted:
        for rule in batch.rules:
            if rule.severity == "reject" and rule.rows_failed:
                why[batch.feed, rule.column or "whole record", rule.rule] += rule.rows_failed
    if why:
        table = _table("Why rows were quarantined", "Feed", "Column", "Rule", ">Rows")
        for (feed, column, rule), rows in why.most_common(6):
            table.add_row(feed, column, rule, f"{rows:,}")
        console.print(table)
    for title, files in [
        ("Rejected files", [(batch.file_name, batch.reason or "") for batch in rejected]),
        ("Files that no contract claims", [(unknown.path, unknown.why) for unknown in ingested.unknown_files]),
        ("Still being written: taken at the next run", [(late.path, late.why) for late in ingested.waiting]),
        (
            "Not taken in, tried again at the next run",
            [(batch.file_name, batch.reason or "") for batch in ingested.failed],
        ),
    ]:
        if files:
            table = _table(title, "File", "Why")
            for row in files[:6]:
                table.add_row(*row)
            if len(files) > 6:
                table.add_row(f"... and {len(files) - 6} more", f"see {settings.reports}")
            console.print(table)
    if ingested.gx:
        expectations, failed = ingested.gx.get("expectations", 0), ingested.gx.get("failed", 0)
        console.print(f"History   {expectations:,} expectations of the new batches: {failed:,} not met (home/audit/gx)")


def _print_databases(polls: list[Poll], settings: Settings, console: Console) -> None:
    """What asking the databases brought; which could not be read, why, and what to do."""
    asked = [poll for poll in polls if poll.status != "not_set_up"]
    if asked:
        rows, count = sum(poll.rows for poll in asked), Counter(poll.status for poll in asked)
        said = [f"{rows:,} new rows in {count['new']}"] if rows else []
        said += [f"nothing new in {count['nothing_new']}"] if count["nothing_new"] else []
        said += [f"[red]{count['not_read']} not read[/red]"] if count["not_read"] else []
        console.print(f"Databases {len(asked)} tables asked: {', '.join(said)}")
    unset = sorted({poll.connection for poll in polls if poll.status == "not_set_up"})
    if unset:
        console.print(f"Databases not asked, no connection is set up: {', '.join(unset)} (docs/feed-contracts.md)")
    unread = [poll for poll in polls if poll.status == "not_read"]
    if unread:
        table = _table("Databases that were not read: their feeds are late", "Feed", "Why, and what to do")
        for why in dict.fromkeys((poll.reason, poll.remedy) for poll in unread):
            feeds = [poll.feed for poll in unread if (poll.reason, poll.remedy) == why]
            table.add_row(", ".join(feeds), " ".join(filter(None, why)))
        console.print(table)
    for warning in dict.fromkeys(warning for poll in polls for warning in poll.warnings):
        console.print(f"[yellow]Warning   {warning}")


def print_summary(result: RunResult, console: Console | None = None) -> None:
    """The end of `bihub run`."""
    console = console or _console()
    settings = result.settings
    console.rule(f"[bold]BI Hub as of {result.as_of}")
    print_ingest(result.ingest, settings, console)
    if result.published is None:
        console.print("Numbers   nothing changed since the last run: nothing was rebuilt, the published set stands")
    elif result.published.leaks:
        console.print(f"Leak scan {result.published.leaks}")
    _print_ledger(settings, console)
    _print_missing_feeds(settings, console)
    _print_headlines(settings, result.as_of, console)
    _print_health(settings, console)
    _print_scores(settings, console)
    if result.is_past:
        console.print(
            f"A past moment: published beside the live set, which stays as it was, in\n  {settings.published}"
        )
    for warning in result.warnings:
        console.print(f"[yellow]Warning   {warning}")
    times = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in result.seconds.items())
    console.print(f"Took      {times}")
    console.print("Look at")
    site = settings.published / "site" / "index.html"
    dictionary = settings.published / "dictionary" / "index.html"
    for name, place in [
        ("Pages", site.as_uri() if site.exists() else "not made in this run"),
        ("Data dictionary", dictionary.as_uri() if dictionary.exists() else "not made in this run"),
        ("Published marts", f"{settings.published / 'secondary_use'}"),
        ("Partner reports", f"{settings.reports}"),
        ("Warehouse", f"{settings.warehouse} (plain dbt: see README)"),
        ("Dagster UI", "make dev (or: bihub dev), then http://127.0.0.1:3000"),
    ]:
        console.print(f"  {name:<16} {place}", soft_wrap=True, highlight=False)


def _table(title: str, *columns: str) -> Table:
    """A plain table; a column that starts with > is set right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), title_style="bold")
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return table


def _published(settings: Settings, product: str, table: str) -> str:
    return str(settings.published / "secondary_use" / product / f"{table}.parquet").replace("'", "''")


def _print_ledger(settings: Settings, console: Console) -> None:
    import duckdb

    batches, accepted, rejected, rows, held_back = duckdb.sql(
        "select count(*), count(*) filter (status = 'accepted'), count(*) filter (status = 'rejected'), "
        "coalesce(sum(rows_accepted) filter (status = 'accepted'), 0), "
        "coalesce(sum(rows_quarantined) filter (status = 'accepted'), 0) "
        f"from '{_published(settings, 'quality', 'dq_batch')}'"
    ).fetchone()
    console.print(
        f"In all    {batches:,} files: {accepted:,} accepted, {rejected:,} rejected; "
        f"{rows:,} rows accepted, {held_back:,} quarantined"
    )


def _print_missing_feeds(settings: Settings, console: Console) -> None:
    """Feeds that are missing or very late, and of the metrics that need them which are gone and which incomplete."""
    import duckdb

    feeds, metric = _published(settings, "quality", "dq_feed"), _published(settings, "uec", "uec_metric")
    late = duckdb.sql(
        f"select partner || '.' || feed_table, status, metrics from '{feeds}' "
        "where status in ('missing', 'very_late') order by 2, 1"
    ).fetchall()
    if not late:
        return
    present = {row[0] for row in duckdb.sql(f"select distinct metric_id from '{metric}'").fetchall()}
    table = _table("Feeds missing or very late", "Feed", "Status", "Metrics not to be had", "Metrics incomplete")
    groups: dict[tuple[str, str], list[str]] = {}
    for feed, status, metrics in late:
        # Where much is late, a row a partner; else a row a feed.
        name = feed.split(".")[0] if len(late) > FEEDS_ONE_BY_ONE else feed
        groups.setdefault((name, status), []).append(metrics or "")
    for (name, status), metrics in groups.items():
        needing = sorted({metric_id.strip() for listed in metrics for metric_id in listed.split(",")} - {""})
        gone = [metric_id for metric_id in needing if metric_id not in present]
        partial = [metric_id for metric_id in needing if metric_id in present]
        feeds = f"{name} ({len(metrics)} feeds)" if len(metrics) > 1 else name
        table.add_row(feeds, status, in_families(gone) or "-", in_families(partial) or "-")
    console.print(table)


FEEDS_ONE_BY_ONE = 6


def in_families(metric_ids: list[str]) -> str:
    """Metrics in few words: AMB_CONV_ED, 11 of ED, HAND_15."""
    families: dict[str, list[str]] = {}
    for metric_id in metric_ids:
        families.setdefault(metric_id.split("_")[0], []).append(metric_id)
    return ", ".join(
        ", ".join(members) if len(members) < 4 else f"{len(members)} of {family}"
        for family, members in families.items()
    )


HEADLINE_GROUPS = ("NHS 111", "Ambulance", "Emergency department", "Beds", "Leaving hospital")
"""The order of a patient's way; groups that a metric file names beside these come last."""


def _print_headlines(settings: Settings, as_of: str, console: Console) -> None:
    """The headline metrics of the newest month that had ended at `as_of`, beside the month before: of the whole system
    where several organisations send them, else of the organisation that does."""
    import duckdb

    metric, words, organisation = (
        _published(settings, "uec", table) for table in ("uec_metric", "dim_metric", "dim_organisation")
    )
    rows = duckdb.execute(
        f"""
        with monthly as (
            select *, organisation_code in (
                select organisation_code from '{organisation}' where organisation_type = 'integrated_care_board'
            ) as is_system
            from '{metric}'
            where period_grain = 'month' and site_code = 'ALL' and covid_group = 'all' and category = 'ALL'
              and period_start + interval 1 month <= cast($as_of as timestamp)
        ),
        newest as (select max(period_start) as period_start from monthly),
        together as (select metric_id, bool_or(is_system) as has_system from monthly group by metric_id)
        select words.headline_group, words.metric_id, words.label, monthly.value, monthly.target, before.value,
               monthly.unit, words.better, monthly.is_provisional, monthly.period_start
        from monthly
        inner join newest on monthly.period_start = newest.period_start
        inner join '{words}' as words on monthly.metric_id = words.metric_id
        inner join together
            on monthly.metric_id = together.metric_id and monthly.is_system = together.has_system
        left join monthly as before
            on monthly.metric_id = before.metric_id and monthly.organisation_code = before.organisation_code
            and before.period_start = monthly.period_start - interval 1 month
        order by words.metric_id, monthly.organisation_code
        """,
        {"as_of": as_of},
    ).fetchall()
    if not rows:
        console.print("Measures  none: no whole month has ended yet, or no feed that a measure needs has arrived")
        return
    title = f"Headline measures, {rows[0][-1]:%B %Y} (p: provisional, may still change)"
    table = _table(title, "Metric", "What it measures", ">Value", "", ">Target", "Met", ">Month before")
    found = dict.fromkeys([*HEADLINE_GROUPS, *sorted({row[0] for row in rows if row[0]})])
    for group in found:
        lines = [row[1:] for row in rows if row[0] == group]
        if lines:
            table.add_row(f"[bold]{group}")
        for metric_id, label, value, target, before, unit, better, provisional, _ in lines:
            met = "" if target is None or value is None else _met(value, target, better)
            early = "p" if provisional else ""
            table.add_row(
                f"  {metric_id}", label, shown(value, unit), early, shown(target, unit), met, shown(before, unit)
            )
    console.print(table)
    more = len({row[1] for row in rows if not row[0]})
    if more:
        console.print(
            f"Measures  {more} more, and all by day, week, site and category: secondary_use/uec/uec_metric. What each "
            "means: the data dictionary."
        )


def _print_health(settings: Settings, console: Console) -> None:
    """The population's health in a few lines; what is not in the set, or empty, is left out or said."""
    import duckdb

    def rows(table: str, sql: str) -> list[tuple]:
        file = _published(settings, "phm", table)
        return duckdb.sql(sql.format(f"'{file}'")).fetchall() if Path(file).exists() else []

    lines = []
    newest = "index_date = (select max(index_date) from {0})"
    sql = f"select sum(registered_people), sum(opted_out_people), sum(people) from {{0}} where {newest}"
    for registered, opted_out, people in rows("phm_population", sql):
        if registered:
            lines.append((
                "People registered",
                f"{registered:,}; {opted_out:,} opted out ({100 * opted_out / registered:.1f} %), {people:,} counted",
            ))  # fmt: skip
    sql = (
        "select sum(people), sum(people) filter (ltc_band not in ('0', '1')) from {0} "
        f"where sub_icb_code = 'all' and {newest}"
    )
    for people, several in rows("phm_segment_matrix", sql):
        if people:
            lines.append(("Two or more long-term conditions", f"{_people(several)} ({100 * several / people:.1f} %)"))
    sql = "select label, met_percent, denominator, standard_percent from {0} where group_kind = 'all' and gap_code in "
    for label, met, people, standard in rows("phm_care_gap_summary", sql + "('DM_8CP', 'BP_TREAT') order by gap_code"):
        to_reach = f", to reach {standard:.0f} %" if standard else ""
        lines.append((label, f"{met:.1f} % of {_people(people)}{to_reach}" if met is not None else "nobody to count"))
    cohorts = rows("phm_cohort", "select label, people from {0} where people > 0 order by people desc, label")
    if cohorts:
        lines.append(("Cohorts", "; ".join(f"{label}: {_people(people)}" for label, people in cohorts[:3])))
        if len(cohorts) > 3:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]}; {len(cohorts) - 3} more")
    columns = "measure, value, lower_limit, upper_limit, reason_for_none"
    sql = f"select {columns} from {{0}} where group_kind = 'all' and measure in ('none', 'auc', 'sensitivity_top_5')"
    for measure, value, low, high, reason in rows("phm_risk_model", f"{sql} order by measure"):
        if reason:
            lines.append(("Risk model", f"none. {reason}"))
        elif value is not None and measure == "auc":
            lines.append(("Risk of an emergency admission", f"AUC {value:.3f} (95 % {low:.3f} to {high:.3f})"))
        elif value is not None:
            lines.append(("  found by the 5 % at highest risk", f"{100 * value:.0f} % of those admitted"))
    if lines:
        table = _table("Population health (people who opted out are counted as opted out alone)", "What", "Value")
        for line in lines:
            table.add_row(*line)
        console.print(table)


def _people(count: int | None) -> str:
    """A number of people as the pages give it: 1 to 7 are not told apart."""
    return "1 to 7" if count and count < 8 else f"{count or 0:,}"


def _print_scores(settings: Settings, console: Console) -> None:
    """Where the files are the demo's: how well the hub found again the journeys that were planted."""
    if not (settings.home / "truth" / "pathway.parquet").exists() or not settings.warehouse.exists():
        return
    from orchestration.demo.pathway_score import pathway_scores
    from orchestration.demo.score import link_scores

    links, whole = link_scores(settings), pathway_scores(settings)
    planted, found, right = (sum(link[place] for link in links) for place in (1, 2, 3))
    if not planted or not found or not whole.chains:
        return
    console.print(
        f"Links     against the demo's truth: precision {right / found:.3f}, recall {right / planted:.3f}; of "
        f"{whole.chains:,} planted journeys {whole.exact:,} are one journey exactly, "
        f"{whole.joined + whole.split_and_joined:,} hold what is not theirs (bihub score)"
    )
    _print_linkage(settings, console)


def _print_linkage(settings: Settings, console: Console) -> None:
    """How well records without their person's own NHS number found him, in all and by feed."""
    from orchestration.demo.linkage_score import in_all, linkage_scores

    scores = linkage_scores(settings)
    whole = in_all(scores)
    if whole.precision is None or whole.recall is None:
        return
    console.print(
        f"Persons   of {whole.records:,} records without their person's own NHS number {whole.joined:,} were joined to "
        f"somebody: precision {whole.precision:.4f}; recall {whole.recall:.4f} of {whole.enough:,} with names and "
        f"birth date ({whole.too_little:,} have less: {whole.too_little_found:,} of them found)"
    )
    table = _table("", "Feed", ">Records", ">Precision", ">Recall")
    for one in sorted(scores, key=lambda one: -one.records):
        shares = [f"{share:.3f}" if share is not None else "-" for share in (one.precision, one.recall)]
        table.add_row(one.feed, f"{one.records:,}", *shares)
    console.print(table)


def _met(value: float, target: float, better: str) -> str:
    return "yes" if (value >= target if better == "higher" else value <= target) else "[red]no[/red]"
