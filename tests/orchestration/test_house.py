"""The house as a whole: dbt's unit tests and the gates on the built hub.

`python tasks.py gates` does the same on yours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from conftest import program

from orchestration.settings import PROJECT, Settings


def _must_pass(home: Path, name: str, *words: str, **extra: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("BIHUB_", "DBT_"))}
    environment |= {"BIHUB_HOME": str(home), "DBT_PROFILES_DIR": str(PROJECT), **extra}
    done = subprocess.run(
        [program(name), *words], cwd=PROJECT, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_dbts_unit_tests_pass_and_every_gate_holds(built_hub: Settings):
    own, target = built_hub.home / "dbt" / "target_unit", built_hub.home / "dbt" / "target"
    own.mkdir(parents=True, exist_ok=True)
    shutil.copy(target / "partial_parse.msgpack", own)
    words = ["--quiet", "test", "--select", "test_type:unit"]
    log = built_hub.home / "dbt" / "logs"
    _must_pass(built_hub.home, "dbt", *words, DBT_TARGET_PATH=str(own), DBT_LOG_PATH=str(log))
    # beside the build's results, for the gate `declared = executed`
    shutil.copy(own / "run_results.json", target / "run_results_unit.json")
    _must_pass(built_hub.home, "bihub", "gates")
