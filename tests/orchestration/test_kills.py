"""Kill -9 in each part of a run, and the hub ends as if nothing had happened: the short form of `make torture`."""

from __future__ import annotations

import random
import sys

import pytest

from orchestration.settings import PROJECT

sys.path.append(str(PROJECT / "tests" / "torture"))

import kills
import torture_kit


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are killed as POSIX has them")
def test_killed_in_each_part_and_as_if_nothing_had_happened(built_hub, tmp_path):
    aims = ["ingest", "models", "publish", "go live"]
    hits = kills.chain(torture_kit.runner(), built_hub, tmp_path / "hub", aims, random.Random(7), kills.Clock())
    assert sum(hits[stage] for stage in torture_kit.STAGES) >= 3, hits
