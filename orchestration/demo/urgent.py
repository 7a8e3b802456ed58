"""111 calls and 999 incidents: the two doors by which people come by telephone. Shares and times F 7.2."""

from __future__ import annotations

import numpy as np

from orchestration.demo import clock, rates
from orchestration.demo.rates import Period, Picker
from orchestration.demo.table import Table, choose, rng_for, seconds, size, words

DISPOSITION = {"ambulance": 11, "ed": 10, "primary_care": 47, "dental": 6, "pharmacy": 5, "self_care": 15, "other": 6}
DISPOSITION_CODE = {
    "ambulance": {"Dx010": 25, "Dx011": 40, "Dx012": 35},
    "ed": {"Dx02": 55, "Dx03": 45},
    "primary_care": {"Dx05": 20, "Dx06": 30, "Dx07": 25, "Dx08": 25},
    "dental": {"Dx17": 60, "Dx18": 40},
    "pharmacy": {"Dx28": 60, "Dx29": 40},
    "self_care": {"Dx09": 45, "Dx10": 55},
    "other": {"Dx38": 50, "Dx46": 50},
}
BOOKED = {"primary_care": ("gp", 0.55), "ed": ("ed", 0.35), "dental": ("dental", 0.3), "pharmacy": ("pharmacy", 0.5)}
CATEGORY = {"C1": 9.5, "C2": 54, "C3": 19, "C4": 2.5, "C5": 7, "HCP": 5.5, "IFT": 2.5}
CATEGORY_FROM_111 = {"C1": 3, "C2": 44, "C3": 43, "C4": 8, "C5": 2}
# share of hear and treat, see and treat, conveyed to ED, conveyed elsewhere
OUTCOME = {
    "C1": (0.00, 0.24, 0.73, 0.03),
    "C2": (0.06, 0.31, 0.60, 0.03),
    "C3": (0.15, 0.41, 0.41, 0.03),
    "C4": (0.24, 0.38, 0.35, 0.03),
    "C5": (0.93, 0.05, 0.02, 0.00),
    "HCP": (0.00, 0.06, 0.62, 0.32),
    "IFT": (0.00, 0.00, 0.05, 0.95),
}
OUTCOMES = words(["hear_treat", "see_treat", "convey_ed", "convey_non_ed"])
NOT_COUNTED = {"cancelled": 0.040, "duplicate": 0.015, "hoax": 0.002}
TEST_CALL_SHARE = 0.003
# median minutes from the clock start to the first responder, and the spread of its logarithm
RESPONSE = {
    "C1": (8.1, 0.46),
    "C2": (27.0, 0.72),
    "C3": (75.0, 0.85),
    "C4": (105.0, 0.75),
    "C5": (120.0, 0.7),
    "HCP": (70.0, 0.8),
    "IFT": (60.0, 0.7),
}
HANDOVER_LONG_SHARE = 0.07


def make_calls(period: Period, residents: int, picker: Picker, seed: int) -> Table:
    """111 calls in order of time. `ends_at` is when the record is complete and leaves the provider."""
    rng = rng_for(seed, "111")
    offered = rates.moments(rng, period, residents, rates.CALLS, "111", "111", "111")
    count = len(offered)
    phone = rng.random(count) >= 0.08
    abandoned = phone & (rng.random(count) < 0.045)
    # most calls are answered at once, the others wait in a queue that is long at weekends
    queue = np.where(np.isin(rates.weekday_of(clock.local_date(offered)), (5, 6)), 0.42, 0.24)
    wait = np.where(rng.random(count) < queue, rng.exponential(150, count) + 15, rng.exponential(7, count) + 1)
    answered = np.where(phone & ~abandoned, offered + seconds(wait), np.datetime64("NaT"))
    gone = np.where(abandoned, offered + seconds(rng.exponential(75, count) + 3), np.datetime64("NaT"))
    triaged = ~abandoned & (rng.random(count) < 0.91)
    by = choose(rng, {"health_adviser": 74, "clinical_adviser": 18, "clinician": 8}, count)
    by = np.where(triaged & phone, by, None)
    clinical = np.isin(by, ("clinical_adviser", "clinician")) | (rng.random(count) < 0.33)
    group = np.where(triaged, choose(rng, DISPOSITION, count), None)
    code = np.full(count, None, dtype=object)
    booked = np.full(count, None, dtype=object)
    for name, codes in DISPOSITION_CODE.items():
        here = np.flatnonzero(group == name)
        code[here] = choose(rng, codes, len(here))
        if name in BOOKED:
            service, share = BOOKED[name]
            booked[here[rng.random(len(here)) < share]] = service
    checked = np.isin(group, ("ambulance", "ed")) & (rng.random(count) < 0.56)
    talk = seconds(60 * np.exp(rng.normal(np.log(9), 0.4, count)))
    starts = np.where(np.isnat(answered), offered, answered)
    return {
        "person": picker.draw(rng, "111", offered),
        "channel": np.where(phone, "phone", "online").astype(object),
        "offered_at": offered,
        "answered_at": answered,
        "abandoned_at": gone,
        "triaged_by": by,
        "had_clinical_contact": np.where(triaged, clinical, False),
        "is_triaged": triaged,
        "disposition_group": group,
        "disposition_code": code,
        "is_revalidated": checked,
        "booked_service": booked,
        "ends_at": np.where(abandoned, gone, starts + talk),
        "incident": np.full(count, -1),
    }


def _outcomes(rng: np.random.Generator, category: np.ndarray) -> np.ndarray:
    outcome = np.empty(len(category), dtype=object)
    for name, shares in OUTCOME.items():
        here = np.flatnonzero(category == name)
        which = np.searchsorted(np.cumsum(shares), rng.random(len(here)), side="right")
        outcome[here] = OUTCOMES[np.minimum(which, len(OUTCOMES) - 1)]
    return outcome


def _handover(rng: np.random.Generator, strain: np.ndarray) -> np.ndarray:
    """Seconds from wheels stop to handover: most within the half hour, and a tail of trolleys in the corridor."""
    count = len(strain)
    usual = np.exp(rng.normal(np.log(18.6), 0.55, count)) * strain
    long = np.exp(rng.normal(np.log(46), 0.5, count)) * strain
    return 60 * np.where(rng.random(count) < HANDOVER_LONG_SHARE, long, usual)


def make_incidents(
    period: Period, residents: int, calls: Table, picker: Picker, occupied: dict[str, np.ndarray], seed: int
) -> Table:
    """999 incidents in order of the call; those that 111 passed on keep the caller. Links both ways are set."""
    rng = rng_for(seed, "999")
    passed = np.flatnonzero((calls["disposition_group"] == "ambulance") & (rng.random(size(calls)) < 0.91))
    from_111 = calls["ends_at"][passed] + seconds(rng.uniform(20, 240, len(passed)))
    direct = rates.moments(
        rng, period, residents, rates.INCIDENTS_999 * (1 + sum(NOT_COUNTED.values())), "999", "999", "999"
    )
    connect = np.concatenate([from_111, direct])
    call = np.concatenate([passed, np.full(len(direct), -1)])
    who = np.concatenate([calls["person"][passed], picker.draw(rng, "999", direct)])
    category = np.concatenate([choose(rng, CATEGORY_FROM_111, len(passed)), choose(rng, CATEGORY, len(direct))])
    order = np.argsort(connect, kind="stable")
    order = order[connect[order] < period.ends]
    connect, call, who, category = connect[order], call[order], who[order], category[order]
    count = len(connect)

    outcome = _outcomes(rng, category)
    place = rng.random(count)
    edge = 0.0
    for name, share in NOT_COUNTED.items():
        # 111 passes on real patients only
        outcome[(place >= edge) & (place < edge + share) & (call < 0)] = name
        edge += share
    test = (call < 0) & (rng.random(count) < TEST_CALL_SHARE)

    identified = connect + seconds(15 + rng.exponential(70, count))
    assigned = connect + seconds(10 + rng.exponential(95, count))
    median, spread = (np.array([RESPONSE[name][i] for name in category]) for i in (0, 1))
    wait = np.where(category == "C1", 30, 240)
    clock_start = np.minimum(np.minimum(identified, assigned), connect + seconds(wait))
    # a tired system answers late as well as hands over late
    site = picker.nearest(rng, who)
    day = np.clip((clock.local_date(connect) - period.days[0]).astype("int64"), 0, len(period.days) - 1)
    strain = np.array([occupied[name] for name in rates.SITES])[site, day]
    strain = rates.pressure(strain) / 1.11
    response = 60 * np.exp(rng.normal(np.log(median * np.where(category == "C1", 1.0, strain)), spread))
    attended = np.isin(outcome, ("see_treat", "convey_ed", "convey_non_ed"))
    conveyed = np.isin(outcome, ("convey_ed", "convey_non_ed"))
    to_ed = outcome == "convey_ed"
    never = np.datetime64("NaT")
    first = np.where(
        attended,
        np.maximum(clock_start + seconds(np.maximum(response, 45)), assigned + seconds(np.full(count, 20.0))),
        never,
    )
    second_crew = conveyed & (rng.random(count) < 0.28)
    carrier = np.where(conveyed, first + seconds(np.where(second_crew, rng.exponential(700, count) + 30, 0)), never)
    left = np.where(conveyed, carrier + seconds(60 * np.exp(rng.normal(np.log(34), 0.4, count))), never)
    arrived = np.where(to_ed, left + seconds(60 * np.exp(rng.normal(np.log(17), 0.5, count))), never)
    handover = np.where(to_ed, arrived + seconds(np.maximum(_handover(rng, strain), 60)), never)
    on_scene_end = first + seconds(60 * np.exp(rng.normal(np.log(55), 0.5, count)))
    journey_end = np.where(to_ed, handover, left + seconds(60 * np.exp(rng.normal(np.log(40), 0.4, count))))
    clear = np.where(conveyed, journey_end + seconds(300 + rng.exponential(600, count)), on_scene_end)
    assigned = np.where(attended | ((outcome == "cancelled") & (rng.random(count) < 0.7)), assigned, never)
    talk = connect + seconds(60 * np.exp(rng.normal(np.log(12), 0.5, count)))

    transport = (category == "C1") & conveyed
    number = rng.integers(1, 5, count)
    grade = np.array(["1", "2", "3", "4"], dtype=object)[number - 1]
    category = np.where(transport, "C1T", np.where(np.isin(category, ("HCP", "IFT")), category + grade, category))
    away = rng.random(count) < 0.03
    destination = np.where(away, choose(rng, rates.ELSEWHERE_SITES, count), words(rates.SITES)[site])
    incidents = {
        "person": who,
        "call": call,
        "is_test_call": test,
        "category_code": category,
        "outcome": outcome,
        "call_connect_at": connect,
        "problem_identified_at": identified,
        "first_resource_assigned_at": assigned,
        "first_on_scene_at": first,
        "conveying_on_scene_at": carrier,
        "left_scene_at": left,
        "arrived_hospital_at": arrived,
        "handover_at": handover,
        "clear_at": clear,
        "receiving_site_code": np.where(to_ed, destination, None),
        # when dispatch knows the outcome, and when the record is complete
        "known_at": np.where(conveyed, left, np.where(attended, clear, talk)),
        "ends_at": np.where(attended, clear, talk),
    }
    incidents["incident_id"] = _incident_ids(connect)
    linked = np.flatnonzero(call >= 0)
    calls["incident"][call[linked]] = linked
    return incidents


def _incident_ids(connect: np.ndarray) -> np.ndarray:
    """Day and number of the day, as the dispatch system counts. The number runs past other counties' calls."""
    day = clock.local_date(connect)
    first = np.searchsorted(day, day, side="left")
    number = (np.arange(len(day)) - first) * 7 + 1001
    return clock.text(day, "%y%m%d") + words([f"{n:06d}" for n in number])
