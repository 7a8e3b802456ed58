"""Who a record says it is about: what the partner knows of the person at the time, and its mistakes."""

from __future__ import annotations

import numpy as np

from orchestration.demo import clock
from orchestration.demo.dirt import DirtLog, rate
from orchestration.demo.table import Table, words


def mistyped(number: str, place: int) -> str:
    """One digit raised by one: no such number can pass Modulus 11."""
    return number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]


def identity(
    people: Table,
    who: np.ndarray,
    when: np.ndarray,
    record_id: np.ndarray,
    feed: str,
    rng: np.random.Generator,
    log: DirtLog,
) -> Table:
    """Identity columns in national codes, a row per record; None where the partner has nothing."""
    count = len(who)
    moved = people["moved_on"][who] <= clock.local_date(when)
    number = people["nhs_number"][who].copy()
    status = np.where(rng.random(count) < 0.05, "02", np.where(rng.random(count) < 0.012, "03", "01")).astype(object)
    postcode = np.where(moved, people["postcode_2"][who], people["postcode"][who])
    practice = np.where(moved, people["gp_practice_code_2"][who], people["gp_practice_code"][who])
    birth = people["birth_date"][who].copy()

    place = rng.random(count)
    edge = 0.0
    picks = {}
    for kind in ("nhs_number_missing", "nhs_number_wrong", "nhs_number_spaced", "nhs_number_untrusted"):
        share = rate(kind, feed)
        picks[kind] = np.flatnonzero((place >= edge) & (place < edge + share))
        edge += share
    missing = picks["nhs_number_missing"]
    number[missing], status[missing] = None, "07"
    wrong = picks["nhs_number_wrong"]
    number[wrong] = words([mistyped(n, p) for n, p in zip(number[wrong], rng.integers(3, 9, len(wrong)), strict=True)])
    spaced = picks["nhs_number_spaced"]
    number[spaced] = words([f"{n[:3]} {n[3:6]} {n[6:]}" for n in number[spaced]])
    untrusted = picks["nhs_number_untrusted"]
    status[untrusted] = np.where(rng.random(len(untrusted)) < 0.7, "04", "05")
    for kind, which in picks.items():
        if kind == "nhs_number_untrusted":
            log.add(kind, record_id[which], "nhs_number_status_code", status[which])
        else:
            log.add(kind, record_id[which], "nhs_number", "" if kind == "nhs_number_missing" else number[which])
    default = rng.random(count) < rate("birth_date_default", feed)
    birth[default] = np.datetime64("1900-01-01")
    log.add("birth_date_default", record_id[default], "birth_date", "1900-01-01")
    dummy = rng.random(count) < rate("practice_dummy", feed)
    practice = np.where(dummy, "V81999", practice)
    log.add("practice_dummy", record_id[dummy], "gp_practice_code", "V81999")
    return {
        "nhs_number": number,
        "nhs_number_status_code": status,
        "family_name": people["family_name"][who],
        "given_name": people["given_name"][who],
        "birth_date": birth,
        "sex_code": np.where(rng.random(count) < 0.004, "X", people["sex_code"][who]),
        "ethnic_category_code": people["ethnic_category_code"][who],
        "postcode": postcode,
        "gp_practice_code": practice,
    }
