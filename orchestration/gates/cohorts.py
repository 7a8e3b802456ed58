"""The gate of cohorts: each is one file that explains itself, and says so to who cannot read SQL."""

from __future__ import annotations

from pathlib import PurePosixPath

from orchestration.gates.nodes import is_cohort_file, meta, models
from orchestration.gates.violation import Violation

COHORT_KEYS = {
    "id": "its id, capitals and underscores (for example COPD_SMOKER)",
    "version": "the version of the definition: 1, and one more whenever it means something else",
    "label": "a short name for a heading",
    "definition": "a sentence that a clinician understands",
    "owner": "the role that answers for it; no name of a person",
    "purpose": "what is done with it, for the people in it",
    "source": "the clause on which it rests (for example 'F 4.1')",
}


def cohorts_incomplete(manifest: dict) -> list[Violation]:
    """Each cohort says what it is, whose and what for; no two have the same id."""
    found: list[Violation] = []
    seen: dict[str, str] = {}

    def add(node: dict, problem: str, remedy: str) -> None:
        found.append(Violation(node["original_file_path"], None, "cohorts", problem, remedy))

    for node in models(manifest):
        if not is_cohort_file(node):
            if meta(node).get("cohort"):
                add(node, "a cohort lies outside its folder", "Move the file to models/derived/needs/cohorts.")
            continue
        cohort = meta(node).get("cohort") or {}
        for key, what in COHORT_KEYS.items():
            if not str(cohort.get(key) or "").strip():
                add(node, f"the cohort has no '{key}'", f"Add {what} to config(meta={{'cohort': {{...}}}}).")
        for key in sorted(set(cohort) - set(COHORT_KEYS)):
            add(node, f"'{key}' is not a word of a cohort", f"Known are {', '.join(COHORT_KEYS)}.")
        identity, file = str(cohort.get("id") or ""), PurePosixPath(node["original_file_path"])
        if identity and identity.lower() != file.stem:
            add(node, f"cohort {identity} lies in a file of another name", f"Name the file {identity.lower()}.sql.")
        if identity in seen:
            add(node, f"cohort {identity} is also in {seen[identity]}", "Give one of them another id.")
        seen[identity] = node["original_file_path"]
        version = cohort.get("version")
        if version and (not isinstance(version, int) or version < 1):
            add(node, f"'{version}' is not a version", "Write a whole number from 1 on.")
        if cohort.get("source") and not str(cohort["source"]).startswith("F "):
            add(node, f"'{cohort['source']}' is not a clause", "Cite the clause as 'F 4.1'.")
    return found
