"""A crash at any moment leaves a batch absent or whole, and the next run finishes it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ingest_kit import AGREEMENTS, Hub, rows, text

from orchestration.ingest import accept, check, stage, write
from orchestration.settings import PROJECT


class Killed(BaseException):
    """Like a signal: nothing in the code may catch it."""


MOMENTS = {
    "after staging": (stage, "_stage"),
    "after the checks": (check, "measure"),
    "after data.parquet": (write, "write_data"),
    "after profile.parquet": (write, "write_profiles"),
    "after batch.json": (accept, "write_sidecar"),
    "before the rename": (accept, "_make_folder"),
    "at the rename": (accept.Path, "rename"),
    "before the report": (accept, "put_report"),
}


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_step(tmp_path, monkeypatch, moment, before):
    hub = Hub(tmp_path)
    for number in (1, 2, 3):
        hub.send(f"visits_{number}.csv", text(rows(number + 5)))
    module, name = MOMENTS[moment]
    real, calls = getattr(module, name), []

    def die(*arguments, **more):
        calls.append(1)
        if len(calls) == 2 or module in (check, write):  # once for all three
            if not before:
                real(*arguments, **more)
            raise Killed
        return real(*arguments, **more)

    monkeypatch.setattr(module, name, die)
    with pytest.raises(Killed):
        hub.ingest()
    monkeypatch.undo()
    whole_or_absent(hub)
    hub.ingest()
    whole_or_absent(hub)
    assert sorted(sidecar["rows_accepted"] for sidecar in hub.sidecars()) == [6, 7, 8]
    assert len(hub.data()) == 21
    assert len(list(hub.settings.reports.rglob("*.md"))) == 3
    assert not list((hub.settings.lake / ".staging").iterdir())
    assert hub.ingest().already_known == 3


def whole_or_absent(hub: Hub) -> None:
    for folder in hub.settings.raw.glob("*/*/*"):
        assert folder.name.startswith("batch=")
        assert {"data.parquet", "profile.parquet", "batch.json", "report.md"} <= {
            path.name for path in folder.iterdir()
        }


def test_a_batch_accepted_at_the_second_look_is_never_in_both_places(tmp_path, monkeypatch):
    hub = Hub(tmp_path)
    (hub.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS.replace("signed", "draft"))
    hub.take(text(rows(2)))
    (hub.seeds / "data_sharing_agreement.csv").write_text(AGREEMENTS)

    def die(*_):
        raise Killed

    monkeypatch.setattr(accept.shutil, "rmtree", die)
    with pytest.raises(Killed):
        hub.ingest()
    monkeypatch.undo()
    result = hub.ingest()
    assert (result.batches, result.already_known) == ([], 1)
    assert hub.sidecars("rejected") == [] and len(hub.sidecars()) == 1


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {kit!r})
from orchestration.contracts import load_contracts
from orchestration.ingest import ingest
from orchestration.settings import Settings
home = Path({home!r})
contracts = load_contracts(home / "feeds", home / "seeds")
print("ready", flush=True)
ingest(Settings(home=home / "home"), contracts, judge=False, seeds=home / "seeds", settle=0.0)
"""


def test_kill_nine_at_arbitrary_moments(tmp_path):
    """Killed for real, again and again, a little later each time, until a run gets through."""
    hub = Hub(tmp_path)
    for number in range(12):
        hub.send(f"visits_{number}.csv", text(rows(40 + number)))
    script = SCRIPT.format(kit=str(Path(__file__).parent), home=str(tmp_path))
    killed, delay = 0, 0.02
    for _ in range(40):
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=PROJECT, stdout=subprocess.PIPE, text=True, env={**os.environ}
        )
        process.stdout.readline()
        time.sleep(delay)
        process.kill()
        code = process.wait()
        whole_or_absent(hub)
        if code == 0:
            break
        killed += 1
        delay *= 1.35
    assert killed >= 3
    hub.ingest()
    assert sorted(sidecar["rows_accepted"] for sidecar in hub.sidecars()) == list(range(40, 52))
    assert len(hub.data()) == sum(range(40, 52))
    assert len(list(hub.settings.reports.rglob("*.md"))) == 12
