"""The dbt manifest behind the definitions: made when a dbt file changed, never inside a run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from orchestration.files import read_cache, read_json, write_json_atomically, write_text_atomically
from orchestration.settings import PROJECT, Settings

DBT_FILES = ("models", "macros", "seeds", "tests/dbt", "dbt_project.yml", "profiles.yml")


class ManifestFailed(Exception):
    """dbt could not compile the project, or a run started before anything was compiled."""


def folder(settings: Settings) -> Path:
    """Apart from home/dbt/target, which a build rewrites while the definitions are in use."""
    return settings.dbt_target.parent / "definitions"


def dbt_executable() -> str:
    """dbt of this Python, also where its environment was not activated."""
    return shutil.which("dbt", path=str(Path(sys.executable).parent)) or "dbt"


def dbt_fingerprint(project: Path = PROJECT) -> str:
    digest = hashlib.sha256()
    for name in DBT_FILES:
        root = project / name
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(project).as_posix()}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def load_manifest(settings: Settings, *, may_compile: bool = True) -> dict[str, Any]:
    """The manifest with compiled SQL. `may_compile` is False inside a run, which takes what the last load left.

    Raises ManifestFailed with dbt's own words where the project does not compile.
    """
    made_from = folder(settings) / "made_from.json"
    manifest = read_cache(folder(settings) / "manifest.json")
    if manifest is not None and (not may_compile or read_cache(made_from) == dbt_fingerprint()):
        return manifest
    if not may_compile:
        raise ManifestFailed("no dbt manifest yet: open the code location once (`bihub dev`) before starting runs")
    fingerprint = dbt_fingerprint()
    if not _take_from_build(settings):
        _compile(settings)
    write_json_atomically(made_from, fingerprint)
    return read_json(folder(settings) / "manifest.json")


def _take_from_build(settings: Settings) -> bool:
    """Whether the last whole build followed the rules that hold now: what it compiled need not be compiled again."""
    from orchestration.warehouse import code_fingerprint, follows_rules

    if not follows_rules(settings, code_fingerprint()):
        return False
    file = settings.dbt_target / "manifest.json"
    built = read_cache(file)
    if not built or not all(
        node.get("compiled_code") for node in built["nodes"].values() if node["resource_type"] == "model"
    ):
        return False
    write_text_atomically(folder(settings) / "manifest.json", file.read_text(encoding="utf-8"))
    return True


def _compile(settings: Settings) -> None:
    target = folder(settings)
    target.mkdir(parents=True, exist_ok=True)
    # An empty warehouse of its own, with the real one's name: compiling must neither wait for a build nor see data.
    environment = (
        os.environ
        | settings.environment()
        | {
            "BIHUB_WAREHOUSE": str(target / settings.warehouse.name),
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
        }
    )
    # Models only: lineage reads their SQL; compiling every test as well takes longer than all models.
    words = ["--quiet", "--no-use-colors", "compile", "--select", "resource_type:model", "--project-dir", str(PROJECT)]
    done = subprocess.run(
        [dbt_executable(), *words],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ManifestFailed(f"dbt could not compile the project:\n{(done.stdout + done.stderr).strip()[-4000:]}")
