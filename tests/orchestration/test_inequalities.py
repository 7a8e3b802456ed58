"""Rates, slopes and gaps between groups, worked out a second time in numpy from what the hub holds of each person.

Who is registered and who is in a numerator is taken from the hub, which others test; how counts become rates, limits,
slopes and flags is written again here, the slope as a weighted regression and its interval by drawing.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import pytest

from orchestration.settings import PROJECT, Settings

Z = 1.959964


@pytest.fixture(scope="module")
def tables(built_hub: Settings) -> dict[str, pd.DataFrame]:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        return {
            "person": warehouse.sql(
                "from derived.person_profile join cdm.person_for_research_and_planning using (person_id)"
                " where is_current and age_years is not null"
            ).df(),
            "told": warehouse.sql("from derived.indicator_person").df(),
            "rate": warehouse.sql("from phm.phm_rate").df(),
            "inequality": warehouse.sql("from phm.phm_inequality").df(),
            "open": warehouse.sql("from phm.phm_rate_open").df(),
        }


def by_band(tables: dict[str, pd.DataFrame], indicator: str, min_age: int = 0) -> pd.DataFrame:
    """People and events by decile and age band, with the weight of the band."""
    person = tables["person"]
    person = person[person.age_years >= min_age].copy()
    told = tables["told"]
    told = told[(told.indicator_id == indicator) & (told.index_date == person.index_date.iloc[0])]
    person["events"] = person.person_id.map(told.set_index("person_id").events).fillna(0)
    person["from_age"] = np.minimum(person.age_years // 5 * 5, 90)
    weight = pd.read_csv(PROJECT / "seeds" / "european_standard_population.csv").set_index("age_from").weight
    counted = person.groupby(["imd_decile", "from_age"]).agg(people=("events", "size"), events=("events", "sum"))
    counted = counted.reset_index()
    counted["weight"] = counted.from_age.map(weight)
    return counted


def standardised(counted: pd.DataFrame) -> pd.Series:
    share = counted.weight / counted.weight.sum()
    return pd.Series({
        "people": counted.people.sum(), "events": counted.events.sum(),
        "rate": (share * counted.events / counted.people).sum(),
        "variance": (share**2 * counted.events / counted.people**2).sum(),
    })  # fmt: skip


@pytest.mark.parametrize(("indicator", "min_age", "per"), [("ED_RATE", 0, 1000), ("PREV_HTN", 18, 100)])
def test_standardised_rates_of_deciles(tables: dict[str, pd.DataFrame], indicator: str, min_age: int, per: int) -> None:
    expected = by_band(tables, indicator, min_age).groupby("imd_decile").apply(standardised, include_groups=False)
    rate = tables["rate"]
    here = rate[(rate.indicator_id == indicator) & (rate.index_date == tables["person"].index_date.iloc[0])]
    found = here[(here.group_kind == "imd_decile") & (here.group_value != "unknown")].copy()
    found = found.set_index(found.group_value.astype(float)).sort_index()
    assert list(found.people) == list(expected.people)
    assert list(found.events) == list(expected.events)
    enough = expected.events >= 10
    assert enough.any()
    assert found.standardised_rate.notna().tolist() == enough.tolist()
    np.testing.assert_allclose(found.standardised_rate[enough], per * expected.rate[enough], rtol=1e-6)


def test_slope_is_the_weighted_regression(tables: dict[str, pd.DataFrame]) -> None:
    counted = by_band(tables, "PREV_HTN", 18)
    decile = counted.groupby("imd_decile").apply(standardised, include_groups=False).sort_index()
    found = tables["inequality"].query("indicator_id == 'PREV_HTN'").sort_values("index_date").iloc[-1]
    assert len(decile) == 10 and (decile.events > 0).all()
    share = (decile.people / decile.people.sum()).to_numpy()
    middle = share.cumsum() - share / 2
    line = np.c_[np.sqrt(share), middle * np.sqrt(share)]
    intercept, slope = np.linalg.lstsq(line, 100 * decile.rate.to_numpy() * np.sqrt(share), rcond=None)[0]
    assert found.sii == pytest.approx(-slope, abs=1e-5)
    assert found.rii == pytest.approx(intercept / (intercept + slope), abs=1e-5)
    # The interval of a rate is a little wider than that of a normal one, hence a tenth of room.
    drawn = np.random.default_rng(1).normal(decile.rate, np.sqrt(decile.variance), (20_000, 10)) * 100 * np.sqrt(share)
    slopes = -np.linalg.lstsq(line, drawn.T, rcond=None)[0][1]
    low, high = np.percentile(slopes, [2.5, 97.5])
    width = high - low
    assert width * 0.97 <= found.sii_upper - found.sii_lower <= width * 1.15


def test_open_figures_show_no_small_count(tables: dict[str, pd.DataFrame]) -> None:
    shown = tables["open"]
    raw = tables["rate"].set_index(["index_date", "indicator_id", "group_kind", "group_value"])
    raw = raw.loc[list(shown[["index_date", "indicator_id", "group_kind", "group_value"]].itertuples(index=False))]
    small = raw.events.between(1, 7) | raw.people.between(1, 7)
    assert small.any() and (~small).any()
    assert (shown.events.to_numpy()[small.to_numpy()] == "*").all()
    assert shown.value.isna().to_numpy()[small.to_numpy()].all()
