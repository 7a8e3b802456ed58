"""How sensitive each column is: declared on it once, at least what it is made of, and no identity below direct care.

Levels, each including the next: identifying (says who somebody is, or leads there: a person_id), sensitive (special
category: health, ethnicity), pseudonymous (a key or a small area that singles out), none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from orchestration.gates.nodes import is_cohort_file, is_metric_file, layer, models, place, store
from orchestration.gates.violation import Violation
from orchestration.lineage import PSEUDONYM, VALUE, Column, Lineage, column_meta, why_declassified

if TYPE_CHECKING:
    from orchestration.settings import Settings

LEVELS = ("none", "pseudonymous", "sensitive", "identifying")
CEILING = {"direct_care": "identifying", "secondary_use": "sensitive", "open": "none"}
"""The most that a store may hold."""
ROOMS = ("person_index", "cdm", "derived", "marts")
"""Rooms in which every column must say it; staging and feeds are the identifiable zone and say it where they know."""
NAMES = (
    ("identifying", re.compile(
        r"^(.*_)?(nhs_number|person_id|birth_date|postcode|local_patient_id|telephone|address)$"
        r"|^(.*_)?(family|given|full|former|previous)_name$"
    )),
    ("sensitive", re.compile(
        r"(^|_)(ethnic\w*|diagnos\w*|snomed_code|icd10_\w+|condition_code|register_code|opt_out_type|disability\w*"
        r"|religion\w*|medication_name|dmd_code|bnf_code|complaint_code|segment_code|score$|has_covid|is_covid)(_|$)"
    )),
    ("pseudonymous", re.compile(r"_key$|^lsoa_code$|_(event|attendance|incident|call|spell|stay|referral|contact"
                                r"|appointment|order|request|entry|period|statement)_id$")),
)  # fmt: skip
"""What the name of a column says of it, where nobody has declared it yet."""


def higher(one: str, other: str) -> str:
    return max(one, other, key=LEVELS.index)


def carried(level: str, how: str) -> str:
    """What of an upstream level reaches a column: all by value, a stand-in through the keyed function, else nothing."""
    if how == VALUE:
        return level
    if how == PSEUDONYM:
        return min(level, "pseudonymous", key=LEVELS.index)
    return "none"


class Levels:
    """The level of every column: what is declared on it, and what it must be at least by what it is made of."""

    def __init__(self, manifest: Mapping[str, Any], lineage: Lineage):
        self.nodes = {**manifest["nodes"], **manifest["sources"]}
        self.lineage = lineage
        self._least: dict[Column, tuple[str, Column | None]] = {}

    def declared(self, at: Column) -> str | None:
        level = column_meta(self.nodes[at[0]], at[1]).get("sensitivity")
        return level if level in LEVELS else None

    def is_declassified(self, at: Column) -> bool:
        return bool(why_declassified(column_meta(self.nodes[at[0]], at[1])) and self.declared(at))

    def of(self, at: Column) -> str:
        """What a reader must take the column for."""
        declared = self.declared(at)
        if declared and self.is_declassified(at):
            return declared
        return higher(declared or "none", self.least(at)[0])

    def least(self, at: Column) -> tuple[str, Column | None]:
        """(level, the column that brings it): what the column must declare at least."""
        if at not in self._least:
            self._least[at] = ("none", None)  # a column that feeds itself brings nothing new
            found: tuple[str, Column | None] = ("none", None)
            for origin in self.lineage.upstream(*at):
                level = carried(self.of(origin), self.lineage.how(at, origin))
                if LEVELS.index(level) > LEVELS.index(found[0]):
                    found = (level, origin)
            self._least[at] = found
        return self._least[at]

    def way(self, at: Column) -> str:
        """From where the level of a column comes, step by step."""
        steps, seen = [at], {at}
        while (origin := self.least(steps[-1])[1]) and origin not in seen:
            steps.append(origin)
            seen.add(origin)
        return " <- ".join(f"{self.nodes[node]['name']}.{column}" for node, column in steps)


def columns_of(node: Mapping[str, Any], lineage: Lineage) -> list[str]:
    """What a model gives: by its SQL, or by its YAML where it is no SQL."""
    return [*lineage.get(node["unique_id"], {})] or [name.lower() for name in node["columns"]]


def said(node: Mapping[str, Any]) -> bool:
    """Whether a model's columns are described one by one: metric files all give the same, cohort files too."""
    return layer(node) in ROOMS and not is_metric_file(node) and not is_cohort_file(node)


def undeclared(manifest: dict, lineage: Lineage) -> Iterator[Violation]:
    """Every column says how sensitive it is, and says no less than what it is made of."""
    levels = Levels(manifest, lineage)
    for node in models(manifest):
        if not said(node):
            continue
        for column in columns_of(node, lineage):
            at = (node["unique_id"], column)
            declared, (least, _) = levels.declared(at), levels.least(at)
            if declared is None:
                problem = f"{node['name']}.{column} does not say how sensitive it is"
                yield Violation(
                    place(node), None, "sensitivity", problem,
                    f"Declare meta.sensitivity, at least {least}: `bihub gates --fix-sensitivity` fills it in.",
                )  # fmt: skip
            elif higher(declared, least) != declared and not levels.is_declassified(at):
                problem = f"{node['name']}.{column} is declared {declared}, carries what is {least}: {levels.way(at)}"
                yield Violation(
                    place(node), None, "sensitivity", problem,
                    f"Declare it {least}; or, where it no longer is, say why in meta.declassified.",
                )  # fmt: skip


def above_the_store(manifest: dict, lineage: Lineage) -> Iterator[Violation]:
    """No column carries more than its store may hold: no identity in secondary use, nothing of a person in open."""
    levels = Levels(manifest, lineage)
    lost = {node: why for node, column, why in lineage.unresolved}
    for node in models(manifest):
        ceiling = CEILING.get(store(node) or "")
        if ceiling is None or is_metric_file(node):
            continue
        if ceiling != "identifying" and node["unique_id"] in lost:
            problem = f"nobody can tell what {node['name']} holds: {lost[node['unique_id']]}"
            yield Violation(
                place(node), None, "sensitivity", problem, "Name its columns, so that they can be followed."
            )
        for column in columns_of(node, lineage):
            at = (node["unique_id"], column)
            level = levels.of(at)
            if LEVELS.index(level) > LEVELS.index(ceiling):
                problem = f"{node['name']}.{column} could carry what is {level} into {store(node)}: {levels.way(at)}"
                yield Violation(
                    place(node), None, "sensitivity", problem,
                    "Pass it through pseudonym(), leave it out, or take an age, a month or an area; or publish the "
                    "table for direct care.",
                )  # fmt: skip


def refuse_identity(settings: Settings) -> None:
    """Raises PublishRefused, naming the columns, where identity could reach a lower store. Asked once per version of
    the code: the answer follows from SQL and declarations alone."""
    from orchestration.files import read_cache, write_json_atomically
    from orchestration.gates.nodes import load_built_manifest
    from orchestration.lineage import load_lineage
    from orchestration.publish import PublishRefused
    from orchestration.warehouse import code_fingerprint

    kept, rules = settings.dbt_target / "sensitivity.json", code_fingerprint()
    if read_cache(kept) == {"rules": rules}:
        return
    manifest = load_built_manifest(settings)
    if manifest is None:
        return
    found = [*above_the_store(manifest, load_lineage(settings, manifest))]
    if found:
        raise PublishRefused(
            f"{len(found)} columns could carry more than their store may hold, nothing was published: "
            f"{found[0].problem}",
            [str(violation) for violation in found],
        )
    write_json_atomically(kept, {"rules": rules})
