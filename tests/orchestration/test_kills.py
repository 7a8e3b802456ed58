"""Kill -9 while tables are made and while a set goes live, and the hub ends as if nothing had happened: the short form
of `make torture`. Taking in is killed in test_ingest_crash.py.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import time
from pathlib import Path

import pytest

from orchestration.settings import PROJECT, Settings

sys.path.append(str(PROJECT / "tests" / "torture"))

import kills
import torture_kit


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are killed as POSIX has them")
def test_killed_and_as_if_nothing_had_happened(built_hub, tmp_path):
    aims = ["models", "go live"]
    hits = kills.chain(
        torture_kit.runner(), built_hub, tmp_path / "hub", aims, random.Random(7), kills.Clock(speed=5), quick=True
    )
    assert sum(hits[stage] for stage in torture_kit.STAGES) >= 1, hits


# --- The eyes themselves ---------------------------------------------------------------------------------------------


def publish(home: Path, version: str, as_of: str, **files: str) -> Settings:
    settings = Settings(home=home)
    folder = settings.publish_versions / version
    for name in ("site/index.html", "dictionary/index.html"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("page")
    told = {name: {"sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in files.items()}
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "manifest.json").write_text(json.dumps({"version": version, "as_of": as_of, "files": told}))
    settings.published.unlink(missing_ok=True)
    settings.published.symlink_to(folder)
    return settings


HALVES = {
    "another text": lambda hub: (hub.published / "a").write_text("2"),
    "a file gone": lambda hub: (hub.published / "a").unlink(),
    "no pages": lambda hub: (hub.published / "site/index.html").unlink(),
    "no manifest": lambda hub: (hub.published / "manifest.json").unlink(),
    "no link": lambda hub: hub.published.unlink(),
    "an older set": lambda hub: publish(hub.home, "v0", "2026-10-01", a="0"),
}


@pytest.mark.parametrize("half", HALVES)
def test_a_reader_sees_what_is_half(tmp_path, half):
    hub = publish(tmp_path, "v1", "2026-11-01", a="1", b="2")
    with torture_kit.Reader(hub) as reader:
        while not reader.reads:
            time.sleep(0.01)
    with pytest.raises(AssertionError, match=r"\d reads"), torture_kit.Reader(hub) as reader:
        while not reader.reads:
            time.sleep(0.01)
        HALVES[half](hub)
        time.sleep(0.1)


def test_halves_in_the_lake_are_seen(tmp_path, built_hub):
    for number, harm in enumerate(
        (
            lambda batch: (batch / "profile.parquet").unlink(),
            lambda batch: shutil.copytree(batch, batch.with_name("batch=0")),
            lambda batch: (batch / "batch.json").write_text(
                (batch / "batch.json").read_text().replace('"rows_accepted":', '"rows_accepted":1')
            ),
        )
    ):
        hub = Settings(home=tmp_path / str(number))
        batch = next(built_hub.raw.glob("eeast/incidents/batch=*"))
        shutil.copytree(batch, hub.raw / batch.relative_to(built_hub.raw))
        landed = json.loads((batch / "batch.json").read_text())["landed_as"]
        torture_kit.copy(built_hub.landing / landed, hub.landing / landed)
        torture_kit.nothing_by_halves(hub)
        harm(hub.raw / batch.relative_to(built_hub.raw))
        with pytest.raises(AssertionError):
            torture_kit.nothing_by_halves(hub)
