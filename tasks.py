"""Everything that a newcomer runs, with nothing but Python 3.11 or 3.12: `python tasks.py help`.

Standard library only, and the same on Linux, macOS and Windows. The Makefile calls this file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
VENV = PROJECT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
LOCK = PROJECT / "requirements.lock"
STAMP = VENV / "bihub_installed.txt"
SQL_FOLDERS = ["models", "tests/dbt"]


def home() -> Path:
    """The folder that holds everything the hub writes."""
    return Path(os.environ.get("BIHUB_HOME") or PROJECT / "data").resolve()


def environment(where: Path) -> dict[str, str]:
    """Environment for the programs of the venv, working in the home `where` and nowhere else."""
    return {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(VENV),
        "PYTHONUTF8": "1",
        "BIHUB_HOME": str(where),
        "DBT_TARGET_PATH": str(where / "dbt" / "target"),
        "DBT_LOG_PATH": str(where / "dbt" / "logs"),
        "DBT_PROFILES_DIR": str(PROJECT),
    }


def program(name: str) -> str:
    """Path of a program in the venv."""
    return str(BIN / (f"{name}.exe" if os.name == "nt" else name))


def call(*command: str | Path, where: Path | None = None, **extra: str) -> None:
    """Runs a program of the venv in the project folder; where it fails, ends with its exit code."""
    words = [program(str(command[0])), *map(str, command[1:])]
    sys.stdout.flush()
    code = subprocess.call(words, cwd=PROJECT, env={**environment(where or home()), **extra})
    if code:
        sys.exit(code)


def python_of_this_project() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        sys.exit(f"The hub needs Python 3.11 or 3.12; this is {sys.version.split()[0]}. Try `python3.11 tasks.py`.")


def wanted_stamp() -> str:
    """What the venv must have been made from: interpreter, lock and project file."""
    parts = [sys.version, str(PROJECT), LOCK.read_text(), (PROJECT / "pyproject.toml").read_text()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def venv_fits() -> bool:
    """Whether .venv exists and works with this very Python; then only what changed in the lock has to be installed."""
    try:
        ask = [program("python"), "-c", "import sys; print(sys.version)"]
        told = subprocess.run(ask, capture_output=True, text=True)
    except OSError:
        return False
    return told.stdout.strip() == sys.version.strip()


def patiently(command: list[str]) -> None:
    """Runs a slow, silent command; a dot every few seconds says that it is alive."""
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        while True:
            try:
                code = process.wait(timeout=5)
                break
            except subprocess.TimeoutExpired:
                print(".", end="", flush=True)
    except BaseException:
        process.kill()
        raise
    print()
    if code:
        sys.exit(f"pip failed (exit code {code}). Is the package index reachable? `{' '.join(command[1:4])} ...`")


def setup() -> None:
    """Make .venv and install the locked packages into it; does nothing when nothing changed."""
    python_of_this_project()
    wanted = wanted_stamp()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    begun = time.monotonic()
    print("Setting up .venv with the locked packages (the first time: one to four minutes) ...", flush=True)
    STAMP.unlink(missing_ok=True)
    if not venv_fits():
        fresh = [sys.executable, "-m", "venv", *(["--clear"] if VENV.exists() else []), str(VENV)]
        subprocess.run(fresh, check=True)
    # Python compiles what is imported, when it is; to compile all of it here takes half as long again.
    pip = [program("python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    pip.append("--no-compile")
    # The lock names every package with its hash, so there is nothing left to resolve.
    patiently([*pip, "--no-deps", "--require-hashes", "-r", str(LOCK)])
    patiently([*pip, "--no-deps", "--no-build-isolation", "-e", str(PROJECT)])
    STAMP.write_text(wanted)
    print(f"Ready in {time.monotonic() - begun:.0f} s.", flush=True)


def demo_into(where: Path, *options: str) -> None:
    """Plays the demo partners into a home without a landing folder. A demo that was cut short is played again."""
    unfinished = where / ".demo_unfinished"
    if (where / "landing").exists() and not unfinished.exists():
        return
    where.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    call("bihub", "demo", *options, "--out", where, where=where)
    unfinished.unlink()


def run() -> None:
    """Set up, play the demo partners if nothing has landed yet, then ingest, build, check and publish."""
    setup()
    demo_into(home())
    call("bihub", "run", *sys.argv[2:])


def dev() -> None:
    """Open the Dagster pages (http://localhost:3000) on the hub."""
    setup()
    call("bihub", "dev", *sys.argv[2:])


def ruff() -> None:
    call("ruff", "check", "--quiet", ".")


def sqlfluff(*paths: str) -> None:
    call("sqlfluff", "lint", "--processes", "0", "--disable-progress-bar", *(paths or SQL_FOLDERS))


def lint() -> None:
    """Check the style of Python (ruff) and SQL (sqlfluff); name files to check only those."""
    setup()
    paths = sys.argv[2:]
    if not paths or any(path.endswith(".py") for path in paths):
        ruff()
    sql = [path for path in paths if path.endswith(".sql")]
    if sql or not paths:
        sqlfluff(*sql)


def unit_tests(where: Path) -> None:
    """dbt's unit tests; their results are kept beside the build's, for the gate `declared = executed`."""
    target, own = where / "dbt" / "target", where / "dbt" / "target_unit"
    parsed = target / "partial_parse.msgpack"
    own.mkdir(parents=True, exist_ok=True)
    if parsed.exists():  # a folder of its own, so that the manifest of the build stays; parsed once all the same
        shutil.copy(parsed, own)
    call("dbt", "--quiet", "test", "--select", "test_type:unit", where=where, DBT_TARGET_PATH=str(own))
    shutil.copy(own / "run_results.json", target / "run_results_unit.json")


def gates() -> None:
    """Run dbt's unit tests, then check the rules of the house against the built hub."""
    setup()
    if sys.argv[2:] == ["--files-only"]:  # those that need no built hub
        call("python", "-m", "orchestration.gates")
        return
    unit_tests(home())
    call("bihub", "gates", *sys.argv[2:])


def contracts() -> None:
    """Check that every feed contract in models/feeds is valid."""
    setup()
    call("bihub", "contract", "check")


def test() -> None:
    """Everything that must be green: style, a small hub built afresh, dbt unit tests, gates, pytest."""
    setup()
    ruff()
    # All of it in one pool of workers, so that no core waits: sqlfluff, dbt's unit tests and the gates are tests too.
    # A file of tests stays in one process, so that what its fixtures build is built once; the longest come first.
    workers = ["-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
    call("pytest", "-q", *(sys.argv[2:] or workers))


def bench() -> None:
    """Measure the hub beside DuckDB alone, at 20,000 and 200,000 residents (--large: 1.2 million); see benchmarks/."""
    setup()
    call("python", "-m", "benchmarks", *sys.argv[2:])


def torture() -> None:
    """Kill runs 200 times at random moments, fill disks, damage files, deliver in every order; two to three hours."""
    setup()
    where = Path(tempfile.mkdtemp(prefix="bihub-torture-"))
    print(f"The tortured hubs lie in {where}; after a failure they stay.", flush=True)
    long = ["tests/orchestration/test_incremental.py", "tests/orchestration/test_definitions.py"]
    call("pytest", "-v", "-n", "auto", "--dist", "worksteal", *long, where=where, BIHUB_EVERY_DAY="1")
    call("python", "tests/torture/kills.py", "--work", where, *sys.argv[2:], where=where)
    call("python", "tests/torture/faults.py", "--base", where / "undisturbed", "--work", where, where=where)
    shutil.rmtree(where, ignore_errors=True)


def clean() -> None:
    """Remove what can be made again: caches and the virtual environment. Data in BIHUB_HOME stays."""
    for name in (".venv", ".pytest_cache", ".ruff_cache", "bihub.egg-info", "target", "logs"):
        shutil.rmtree(PROJECT / name, ignore_errors=True)
    for folder in ("orchestration", "tests"):
        for cache in (PROJECT / folder).rglob("__pycache__"):
            shutil.rmtree(cache, ignore_errors=True)


TASKS = {task.__name__: task for task in (setup, run, test, lint, gates, contracts, dev, bench, torture, clean)}


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name in TASKS:
        TASKS[name]()
        return
    print("usage: python tasks.py TASK [options]\n")
    for task, function in TASKS.items():
        print(f"  {task:<10} {(function.__doc__ or '').splitlines()[0]}")
    sys.exit(0 if name in ("help", "-h", "--help") else 2)


if __name__ == "__main__":
    main()
