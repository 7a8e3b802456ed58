"""What the risk model learns (models/derived/risk/risk_model.py), on people made up with a known risk."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy
import pytest

from orchestration.settings import PROJECT

FILE = PROJECT / "models" / "derived" / "risk" / "risk_model.py"
PEOPLE = 4000


@pytest.fixture(scope="module")
def risk_model():
    spec = importlib.util.spec_from_file_location("risk_model", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def people(count: int = PEOPLE, *, risk: float = -2.5) -> dict:
    """Training rows: log odds risk + 1.2 smoker + 0.8 frailty; noise says nothing, two have it, nobody has never."""
    random = numpy.random.default_rng(7)
    smoker, frailty = random.random(count) < 0.3, random.normal(size=count)
    admitted = random.random(count) < 1 / (1 + numpy.exp(-(risk + 1.2 * smoker + 0.8 * frailty)))
    return {
        "person_id": numpy.arange(count).astype(str),
        "train_date": numpy.full(count, numpy.datetime64("2025-04-30")),
        "smoker": smoker.astype(float),
        "frailty": frailty,
        "noise": random.normal(size=count),
        "two_have_it": (numpy.arange(count) < 2).astype(float),
        "nobody": numpy.zeros(count),
        "sample_order": numpy.arange(count).astype(str),
        "had_emergency_admission": admitted,
    }


def test_planted_risk_is_found_and_predictions_for_others_come_true(risk_model) -> None:
    rows = {row["term"]: row for row in risk_model.learn(people())}
    weight = {term: row["coefficient"] for term, row in rows.items()}
    assert weight["smoker"] == pytest.approx(1.2, abs=0.25) and weight["frailty"] == pytest.approx(0.8, abs=0.15)
    assert abs(weight["noise"]) < 0.15
    assert [term for term, row in rows.items() if not row["is_used"]] == ["two_have_it", "nobody"]
    assert weight["two_have_it"] == weight["nobody"] == 0
    others = {name: values[::-1] for name, values in people(9000).items()}
    others = {name: values[: 9000 - PEOPLE] for name, values in others.items()}
    log_odds = weight["intercept"] + sum(weight[term] * others[term] for term in ("smoker", "frailty", "noise"))
    expected, observed = (1 / (1 + numpy.exp(-log_odds))).sum(), others["had_emergency_admission"].sum()
    assert expected == pytest.approx(observed, rel=0.12)


def test_the_same_rows_give_the_same_model_and_others_another(risk_model) -> None:
    first, again = risk_model.learn(people()), risk_model.learn(people())
    assert first == again and first[0]["model_version"].startswith("EA12-20250430-")
    assert risk_model.learn(people(PEOPLE + 1))[0]["model_version"] != first[0]["model_version"]


def test_too_few_admissions_give_no_model_and_ask_nothing_of_scikit_learn(risk_model, monkeypatch) -> None:
    monkeypatch.setattr(risk_model, "regression", lambda *_: pytest.fail("it was fitted"))
    few = people(400, risk=-4)
    assert few["had_emergency_admission"].sum() < risk_model.FEWEST_EVENTS
    made = risk_model.as_table(risk_model.learn(few))
    assert made.num_rows == 0 and made.column_names[:3] == ["model_version", "term", "coefficient"]
    loads = f"import runpy, sys; runpy.run_path({str(FILE)!r}); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0
