"""A cohort is one file that explains itself; the gate names what is missing."""

from __future__ import annotations

import pytest

from orchestration.gates import dictionary, structure
from orchestration.gates.cohorts import COHORT_KEYS, cohorts_incomplete

COHORT = {
    "id": "COPD_SMOKER",
    "version": 1,
    "label": "COPD and smoking",
    "definition": "People with COPD who smoke.",
    "owner": "Respiratory lead",
    "purpose": "Offer help to stop.",
    "source": "F 4.1",
}


def cohort_file(cohort: dict, folder: str = "derived/needs/cohorts", name: str = "copd_smoker") -> dict:
    return {
        "resource_type": "model",
        "unique_id": f"model.bihub.{name}",
        "name": name,
        "alias": name,
        "schema": "derived",
        "fqn": ["bihub", *folder.split("/"), name],
        "original_file_path": f"models/{folder}/{name}.sql",
        "depends_on": {"nodes": []},
        "columns": {},
        "config": {"materialized": "view", "meta": {"cohort": cohort}},
    }


def problems(*nodes: dict) -> list[str]:
    return [str(found) for found in cohorts_incomplete({"nodes": {node["unique_id"]: node for node in nodes}})]


def test_complete_cohort_passes() -> None:
    assert problems(cohort_file(COHORT)) == []


@pytest.mark.parametrize("key", COHORT_KEYS)
def test_what_a_cohort_does_not_say_is_named(key: str) -> None:
    (found,) = problems(cohort_file({**COHORT, key: None}))
    assert f"the cohort has no '{key}'" in found
    assert found.startswith("models/derived/needs/cohorts/copd_smoker.sql")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "OTHER"}, "lies in a file of another name"),
        ({"version": "one"}, "is not a version"),
        ({"version": -1}, "is not a version"),
        ({"source": "the internet"}, "is not a clause"),
        ({"colour": "red"}, "'colour' is not a word of a cohort"),
    ],
)
def test_wrong_words_are_named(change: dict, said: str) -> None:
    (found,) = problems(cohort_file({**COHORT, **change}))
    assert said in found


def test_two_cohorts_of_one_id_and_one_outside_the_folder() -> None:
    other = {**cohort_file(COHORT), "unique_id": "model.bihub.again"}
    assert "is also in" in "".join(problems(cohort_file(COHORT), other))
    assert "outside its folder" in "".join(problems(cohort_file(COHORT, folder="derived/needs")))


def test_cohort_needs_no_grain_of_its_own_and_gives_people_only() -> None:
    manifest = {"nodes": {"model.bihub.copd_smoker": cohort_file(COHORT)}, "sources": {}}
    assert structure.without_grain(manifest) == []
    assert dictionary.dictionary_untrue(manifest, {("derived", "copd_smoker"): ["person_id"]}) == []
    (found,) = dictionary.dictionary_untrue(manifest, {("derived", "copd_smoker"): ["person_id", "age_years"]})
    assert "the cohort gives the columns person_id, age_years" in str(found)
