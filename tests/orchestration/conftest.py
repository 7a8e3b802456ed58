"""One small hub, played and built once, for every test that only reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from orchestration.dagster_defs.manifest import load_manifest
from orchestration.settings import PROJECT, Settings, load_settings

# Minutes each: a worker that starts with them does not keep the others waiting at the end. One worker makes the built
# hub for `house`; the other has enough to do meanwhile that needs none (style, demo).
LONGEST_FIRST = [
    *("test_house", "test_style", "test_kills", "test_demo", "test_incremental", "test_definitions", "test_arrival"),
    "test_partner_absent",
]
DEMO = ["--residents", "3000", "--months", "4", "--seed", "11"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session", autouse=True)
def homes_share_the_parsed_project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """dbt parses the project once for all hubs of the tests, not half a minute for each."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "parsed"
    folder.mkdir(exist_ok=True)
    os.environ["HUB_SHARED_PARSE"] = str(folder)


def program(name: str) -> str:
    """Path of a program that is installed beside this Python."""
    return str(Path(sys.executable).with_name(f"{name}.exe" if os.name == "nt" else name))


def bihub(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs `bihub` in a home, in a process of its own, as a person would. Raises where it fails."""
    command = [sys.executable, "-m", "orchestration.cli", *map(str, arguments)]
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("BIHUB_", "DBT_", "DAGSTER_"))
    }
    done = subprocess.run(
        command, cwd=PROJECT, env={**environment, "BIHUB_HOME": str(home)}, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"bihub {' '.join(map(str, arguments))} failed:\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def built_hub(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A hub with 3,000 residents and 4 months, ingested, built and published. Read it; do not run in it.

    Built once for all workers; BIHUB_TEST_HOME names one that is there already.
    """
    ready = os.environ.get("BIHUB_TEST_HOME")
    if ready:
        return load_settings(home=ready)
    own = tmp_path_factory.getbasetemp()
    home = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "built_hub"
    with FileLock(home.with_suffix(".lock")):
        if not (home / "published").exists():
            bihub(home, "demo", *DEMO, "--out", home)
            bihub(home, "run")
            load_manifest(load_settings(home=home))  # before a test makes dbt forget that it built this
    return load_settings(home=home)
