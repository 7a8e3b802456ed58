"""Plays the partners one after the other."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

from orchestration.demo import (
    DemoSummary,
    Progress,
    client_level_feed,
    community_care_feed,
    fhir_feed,
    gp_feed,
    mental_health_feed,
    nelft,
    opt_out_feed,
    planned_care_feed,
)
from orchestration.demo.beds_feed import send_beds
from orchestration.demo.community_feeds import PARTNERS, send_stays, send_ward_beds
from orchestration.demo.council_feeds import send_homes, send_journal, send_list
from orchestration.demo.discharge_feed import send_lists, send_sitreps
from orchestration.demo.ed_feed import send_attendances
from orchestration.demo.eeast import send_incidents
from orchestration.demo.hospital import SITE_OF
from orchestration.demo.ic24 import send_calls
from orchestration.demo.practices_feed import send_registrations
from orchestration.demo.sending import Sent
from orchestration.demo.social_care import COUNCIL
from orchestration.demo.spell_feed import send_spells
from orchestration.demo.table import size
from orchestration.demo.truth import write_truth
from orchestration.demo.ward_feed import send_ward_stays
from orchestration.demo.world import make_world
from orchestration.settings import PROJECT

# Each has PARTNERS, of (what is played, how): the function leaves the files of one feed and says what it sent.
MORE = (
    gp_feed,
    fhir_feed,
    mental_health_feed,
    community_care_feed,
    planned_care_feed,
    client_level_feed,
    opt_out_feed,
)
STEPS = 8 + 25 + sum(len(module.PARTNERS) for module in MORE) + 1


def _claim(out: Path, settings: dict[str, object]) -> None:
    """A landing folder belongs to one demo. Playing the same one again writes the same files."""
    landing, note = out / "landing", out / "truth" / "demo.json"
    if landing.exists() and any(path.is_file() for path in landing.rglob("*")):
        before = json.loads(note.read_text()) if note.exists() else None
        if before != settings:
            raise FileExistsError(f"{landing} holds other files already: give another folder, or remove it first")
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(settings, indent=2) + "\n")


def play(residents: int, months: int, seed: int, out: Path, end: dt.date, progress: Progress) -> DemoSummary:
    if residents < 1 or months < 1:
        raise ValueError("a demo needs at least one resident and one month")
    _claim(out, {"residents": residents, "months": months, "seed": seed, "end": end.isoformat()})
    done = 0

    def say(what: str) -> None:
        nonlocal done
        progress(what, done, STEPS)
        done += 1

    world = make_world(residents, months, seed, end, PROJECT / "seeds", say)
    landing = out / "landing"
    nelft.set_up(landing)
    partners: list[tuple[str, Callable[[], Sent]]] = [
        ("ambulance files", lambda: send_incidents(world, landing, seed)),
        ("111 files", lambda: send_calls(world, landing, seed)),
    ]
    for name in SITE_OF:
        partners.append((f"{name} ED files", lambda name=name: send_attendances(world, name, landing, seed)))
        partners.append((f"{name} spell files", lambda name=name: send_spells(world, name, landing, seed)))
    partners.append(("bed state workbooks", lambda: send_beds(world, landing, seed)))
    partners.append(("ward stays", lambda: send_ward_stays(world, landing, seed)))
    partners.append(("discharge lists", lambda: send_lists(world, landing, seed)))
    partners.append(("daily situation reports", lambda: send_sitreps(world, landing, seed)))
    partners.append(("practice lists", lambda: send_registrations(world, landing, seed)))
    for name in PARTNERS:
        partners.append((f"{name} wards", lambda name=name: send_ward_beds(world, name, landing, seed)))
        partners.append((f"{name} inpatients", lambda name=name: send_stays(world, name, landing, seed)))
    for name in COUNCIL:
        partners.append((f"{name} care homes", lambda name=name: send_homes(world, name, landing, seed)))
    for name in ("essex", "thurrock"):
        partners.append((f"{name} packages", lambda name=name: send_list(world, name, landing, seed)))
    partners.append(("southend packages", lambda: send_journal(world, landing, seed)))
    for module in MORE:
        partners += [(what, lambda send=send: send(world, landing, seed)) for what, send in module.PARTNERS]
    sent: dict[str, Sent] = {}
    for what, play_partner in partners:
        say(what)
        one = play_partner()
        sent[one.feed] = one
    say("the truth")
    write_truth(world, out / "truth", sent, SITE_OF)
    return DemoSummary(
        residents=residents,
        people=size(world.people),
        start=world.period.start,
        end=world.period.end,
        files={feed: one.files for feed, one in sent.items()},
        rows={feed: one.rows for feed, one in sent.items()},
        defects=sum(len(one.dirt["kind"]) for one in sent.values()),
        landing=landing,
    )
