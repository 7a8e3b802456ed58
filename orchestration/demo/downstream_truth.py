"""Truth tables of what follows a stay in hospital. What is in them: orchestration/demo/truth.py."""

from __future__ import annotations

import numpy as np

from orchestration.demo.sending import Sent
from orchestration.demo.social_care import places_of
from orchestration.demo.table import Table, listed, size
from orchestration.demo.world import World

STAY = listed(
    "stay_id organisation_code feed person_no local_patient_id ward_code bed_type_code site_code admitted_on "
    "admission_source_code referring_site_code ready_on pathway_code delay_reason_code local_authority_code "
    "discharged_on discharge_destination_code spell_id"
)
PACKAGE = listed(
    "request_id organisation_code feed person_no local_patient_id requested_on closed_on requested_at closed_at "
    "status package_type_code hours_per_week spell_id stay_id"
)


def linked(ids: np.ndarray, row: np.ndarray) -> np.ndarray:
    """The id of a linked row, None where there is none."""
    out = np.full(len(row), None, dtype=object)
    here = row >= 0
    out[here] = ids[row[here]]
    return out


def known(table: Table, sent: dict[str, Sent]) -> Table:
    """Join what the feeds know of their records to the table of all; a feed's records are in the order of the table."""
    delivered = np.zeros(size(table), dtype=bool)
    until = np.full(size(table), np.datetime64("NaT"), dtype="datetime64[s]")
    for feed in dict.fromkeys(table["feed"]):
        here = np.flatnonzero(table["feed"] == feed)
        delivered[here], until[here] = sent[feed].delivered, sent[feed].known_until
    return {"is_delivered": delivered, "known_until": until}


def downstream_tables(world: World, sent: dict[str, Sent]) -> dict[str, Table]:
    down, spell_id = world.downstream, world.spells["spell_id"]
    stays = down.stays | {"person_no": down.stays["person"], "spell_id": linked(spell_id, down.stays["spell"])}
    packages = down.packages | {
        "person_no": down.packages["person"],
        "spell_id": linked(spell_id, down.packages["spell"]),
        "stay_id": linked(down.stays["stay_id"], down.packages["stay"]),
    }
    weeks = {name: values for name, values in down.home_weeks.items() if name != "council"}
    weeks["feed"] = np.array([f"{council}_care_homes" for council in down.home_weeks["council"]], dtype=object)
    place = places_of(down.packages)
    return {
        "ward_bed_day": down.ward_days | known(down.ward_days, sent),
        "inpatient_stay": {name: stays[name] for name in STAY} | known(stays, sent),
        "care_home": {name: values for name, values in down.homes.items() if name != "council"},
        "care_home_week": weeks | known(weeks, sent),
        "care_package": {name: packages[name] for name in PACKAGE} | known(packages, sent),
        "care_package_place": {name: place[name] for name in ("request_id", "from_at", "location_code")},
    }


def onward(world: World, spell: np.ndarray) -> Table:
    """For rows of spells (-1: none): the spell it went on in, the stay after it, and the package asked for."""
    down = world.downstream
    count = size(world.spells)
    stay_of, request_of = np.full(count, -1), np.full(count, -1)
    mine = down.stays["spell"] >= 0
    stay_of[down.stays["spell"][mine]] = np.flatnonzero(mine)
    mine = down.packages["spell"] >= 0
    request_of[down.packages["spell"][mine]] = np.flatnonzero(mine)
    request_of_stay = np.full(size(down.stays), -1)
    mine = down.packages["stay"] >= 0
    request_of_stay[down.packages["stay"][mine]] = np.flatnonzero(mine)

    def at(values: np.ndarray, row: np.ndarray) -> np.ndarray:
        if not len(values):
            return np.full(len(row), -1)
        return np.where(row >= 0, values[np.maximum(row, 0)], -1)

    moved = at(down.next_spell, spell)
    last = np.where(moved >= 0, moved, spell)
    stay = at(stay_of, last)
    request = at(request_of, last)
    return {"transfer": moved, "stay": stay, "request": np.where(request >= 0, request, at(request_of_stay, stay))}


__all__ = ["downstream_tables", "linked", "onward"]
