"""One report per batch, in words that the partner can act on. Values of identifying columns show only their shape."""

from __future__ import annotations

import re

from orchestration.contracts import FeedContract
from orchestration.ingest.outcome import BatchOutcome, RuleOutcome

SHOWN_EXAMPLES = 20
MARKUP = re.compile(r"([\\`*_{}\[\]<>|#])")


def report_name(outcome: BatchOutcome) -> str:
    """<partner>/<received>_<file>_<batch>.md, of harmless characters only."""
    stem = re.sub(r"[^A-Za-z0-9.-]+", "_", outcome.file_name).strip("._")[:80] or "file"
    return f"{outcome.partner}/{outcome.received_at:%Y%m%dT%H%M%S}_{stem}_{outcome.batch_id[:8]}.md"


def shape(value: str) -> str:
    """What a value looks like without saying what it is: digits as 9, letters as A or a."""
    return re.sub(r"[^\W\d_]", lambda m: "A" if m[0].isupper() else "a", re.sub(r"\d", "9", value))


def render(outcome: BatchOutcome, contract: FeedContract) -> str:
    lines = [f"# {_text(contract.title)}: {_text(outcome.file_name)}", ""]
    if outcome.status == "rejected":
        said = "**This file was not taken.** None of its records is used."
        if outcome.is_poll:
            said = "**This table was not read.** What was read before is still used."
        lines += [
            said, "",
            f"**Why:** {_text(outcome.reason or '')}", "", f"**What to do:** {_text(outcome.remedy or '')}", "",
        ]  # fmt: skip
    else:
        lines += [_summary(outcome), ""]
    held = [rule for rule in outcome.rules if rule.rows_failed and rule.severity == "reject"]
    warned = [rule for rule in outcome.rules if rule.rows_failed and rule.severity != "reject"]
    lines += ["| | |", "|---|---|"]
    lines += [
        f"| {name} | {value} |"
        for name, value in (
            ("Feed", f"{contract.partner}.{contract.table}, contract version {_text(contract.version)}"),
            ("Received", f"{outcome.received_at:%-d %B %Y %H:%M:%S}"),
            ("Size", f"{outcome.file_bytes:,} bytes"),
            ("Records received", f"{outcome.rows_in:,}"),
            ("Records accepted", f"{outcome.rows_accepted if outcome.status == 'accepted' else 0:,}"),
            ("Records held back", f"{outcome.rows_quarantined:,}"),
            ("Agreement", _text(outcome.agreement)),
            ("File fingerprint (SHA-256)", f"`{outcome.batch_id}`"),
        )
    ]
    lines.append("")
    if outcome.warnings:
        lines += ["## About the file", "", *(f"- {_text(warning)}" for warning in outcome.warnings), ""]
    if held:
        lines += [
            "## Records held back",
            "",
            "These records are kept aside until they are corrected and sent again.",
            "",
        ]
        for rule in held:
            lines += _rule(rule, outcome, contract)
    if warned:
        lines += [
            "## Records accepted with a warning",
            "",
            "These records are used as they were sent. Please look at them at source.",
            "",
        ]
        for rule in warned:
            lines += _rule(rule, outcome, contract)
    if outcome.status == "accepted" and not held and not warned and not outcome.warnings:
        lines += ["Every record passed every check. There is nothing to do.", ""]
    checked = len(outcome.rules)
    if checked and outcome.rows_in:
        lines += [
            f"{checked} rules were checked on every record; "
            f"{sum(1 for rule in outcome.rules if not rule.rows_failed)} of them found nothing.",
            "",
        ]
    lines += [
        "Values of columns that could identify a person are shown only by their shape: 9 stands for a digit, A "
        "or a for a letter.",
        "",
    ]
    return "\n".join(lines)


def _summary(outcome: BatchOutcome) -> str:
    warned = sum(rule.rows_failed for rule in outcome.rules if rule.severity != "reject")
    said = f"**The file was taken: {outcome.rows_accepted:,} of {outcome.rows_in:,} records accepted.**"
    if outcome.rows_quarantined:
        one = outcome.rows_quarantined == 1
        said += (
            f" {outcome.rows_quarantined:,} {'was held back and needs' if one else 'were held back and need'} "
            f"correcting."
        )
    if warned:
        said += f" {warned:,} warning{'s' if warned > 1 else ''} on accepted records."
    return said


def _rule(rule: RuleOutcome, outcome: BatchOutcome, contract: FeedContract) -> list[str]:
    column = contract.column(rule.column) if rule.column else None
    share = f" ({rule.rows_failed / outcome.rows_in:.1%} of the file)" if outcome.rows_in else ""
    what = f"{rule.rows_failed:,} record{'s' if rule.rows_failed > 1 else ''}{share}"
    lines = [f"### {_text(rule.message)}", "", f"{what}. {_text(rule.remedy)}", ""]
    if rule.examples:
        masked = column is not None and column.is_identifying
        place = "Row" if contract.format == "xlsx" else "Line"
        lines += [
            f"| {place} | Record | {'Column | ' if column else ''}{'Shape' if masked else 'Value'} |",
            f"|---:|---:|{'---|' if column else ''}---|",
        ]
        for example in rule.examples[:SHOWN_EXAMPLES]:
            value = "(empty)" if example["value"] is None else shape(example["value"]) if masked else example["value"]
            at = f"{example['line']:,}" if example["line"] else ""
            named = f"{_text(column.source_name)} | " if column else ""
            lines.append(f"| {at} | {example['record']:,} | {named}{_code(value)} |")
        more = rule.rows_failed - len(rule.examples)
        if more > 0 and rule.rule != "duplicate_key":
            lines += ["", f"... and {more:,} more."]
        lines.append("")
    return lines


def _text(value: str) -> str:
    """Text that cannot become markup: what a partner wrote is shown, never obeyed."""
    if not value.isprintable():
        value = "".join(letter if letter.isprintable() else " " for letter in value)
    return MARKUP.sub(r"\\\1", value)


def _code(value: str) -> str:
    if not value.isprintable():
        value = "".join(letter if letter.isprintable() else "\N{SYMBOL FOR SUBSTITUTE FORM TWO}" for letter in value)
    clean = value.replace("`", "'").replace("|", "\\|")
    clean = clean if len(clean) <= 120 else clean[:117] + "..."
    return f"`{clean}`" if clean.strip() else "(blank)"
