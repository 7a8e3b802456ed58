"""SQL is written in one style (.sqlfluff); `python tasks.py lint` says the same, and ruff's part."""

from __future__ import annotations

import subprocess

from conftest import program

from orchestration.settings import PROJECT


def test_sql_is_written_in_one_style():
    command = [program("sqlfluff"), "lint", "--disable-progress-bar", "models", "tests/dbt"]
    done = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
