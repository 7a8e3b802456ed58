"""One dbt build of the warehouse: seeds, models, singular tests, then every declared check."""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.files import read_cache, write_json_atomically, write_text_atomically
from orchestration.settings import PROJECT, Settings
from orchestration.unchanged import unchanged_left_alone

# Generic tests run a table at a time when dbt ends (macros/checks); unit tests need no data and run in `make test`.
NODES_NOT_RUN = ["--exclude", "test_type:generic", "test_type:unit"]
# Under the rules of the last whole build seeds and views are what they were; tables find out for themselves.
NODES_THAT_FOLLOW_RULES = ["resource_type:seed", "config.materialized:view"]

PARSED = "parsed_under.json"
SHARED_PARSE = "HUB_SHARED_PARSE"
"""Names a folder, where it is set: homes under the same rules parse the project once between them. For tests."""

Progress = Callable[[str, int, int], None]
"""Called with (what was done, how many so far, how many in all)."""


class BuildFailed(Exception):
    """dbt could not build the warehouse; `problems` says what went wrong, one line a node."""

    def __init__(self, problems: list[str]):
        super().__init__("; ".join(problems[:3]) or "dbt failed")
        self.problems = problems


@dataclass
class BuildResult:
    nodes: int = 0
    seconds: float = 0.0
    slowest: list[tuple[str, float]] = field(default_factory=list)


def code_files() -> Iterable[Path]:
    """Every file whose change can change a number."""
    for folder in ("models", "macros", "seeds", "tests/dbt"):
        yield from (path for path in sorted((PROJECT / folder).rglob("*")) if path.is_file())
    yield PROJECT / "dbt_project.yml"
    yield from (
        PROJECT / "orchestration" / name for name in ("dbt_plugin.py", "pseudonyms.py", "publish.py", "unchanged.py")
    )


def code_fingerprint() -> str:
    """SHA-256 over the rules: models, macros, seeds, contracts and the code that carries them."""
    digest = hashlib.sha256()
    for path in code_files():
        digest.update(f"{path.relative_to(PROJECT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run_dbt(settings: Settings, arguments: list[str], progress: Progress | None = None) -> BuildResult:
    """Run dbt in this process, in this home.

    Raises BuildFailed with dbt's own messages where a node failed or the project does not parse.
    """
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    # macros/checks: what was checked under the same rules and reads the same content need not be checked again.
    rules = code_fingerprint()
    os.environ.update(settings.environment() | {"BIHUB_RULES": rules})
    from dbt.cli.main import dbtRunner

    def on_event(event) -> None:
        data = event.data
        if progress and event.info.name in ("LogModelResult", "LogSeedResult", "LogTestResult"):
            total = data.num_models if event.info.name == "LogTestResult" else data.total
            progress(data.node_info.node_name, data.index, total)

    _forget_parse_of_another_place(settings)
    goes_on = arguments[0] == "build" and follows_rules(settings, rules)
    is_known = goes_on or (arguments[0] == "build" and _take_shared_parse(settings, rules))
    manifest = parsed_before(settings, rules) if is_known else None
    # The manifest of a parsed project knows the SQL of what runs now only; the one that lies there knows all of it.
    written = ["--no-write-json"] if goes_on and manifest is not None else []
    if written:
        _leave_out_tests_not_run(manifest)
    may_leave = goes_on and "--full-refresh" not in arguments
    try:
        with rarely_collected(), unchanged_left_alone() if may_leave else nullcontext():
            outcome = dbtRunner(manifest=manifest, callbacks=[on_event]).invoke(
                ["--quiet", "--log-level-file", "info", *written, *arguments, "--project-dir", str(PROJECT)]
            )
    finally:
        os.environ.pop("BIHUB_RULES")
        _close_connections()
    results = getattr(outcome.result, "results", None) or []
    if written and results:
        outcome.result.write(str(settings.dbt_target / "run_results.json"))
    if outcome.success and arguments[0] == "build" and "--select" not in arguments:
        remember_build(settings, rules)
        _share_parse(settings, rules)
    bad = [result for result in results if result.status in ("error", "fail", "runtime error")]
    if not outcome.success:
        problems = [f"{result.node.name}: {' '.join(str(result.message).split())}" for result in bad]
        raise BuildFailed(problems or [str(outcome.exception or "dbt stopped before the first node")])
    timed = sorted(
        ((result.node.name, result.execution_time) for result in results if result.node), key=lambda t: -t[1]
    )
    return BuildResult(nodes=len(results), seconds=sum(seconds for _, seconds in timed), slowest=timed[:5])


@contextmanager
def rarely_collected() -> Iterator[None]:
    """dbt's project is millions of small objects that stay: Python would look through them all again and again."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _forget_parse_of_another_place(settings: Settings) -> None:
    """dbt's parsed project says where each seed lay. After the project was moved, dbt would look for them there."""
    note = settings.dbt_target / "parsed_in.txt"
    if not note.exists() or note.read_text(encoding="utf-8") != str(PROJECT):
        (settings.dbt_target / "partial_parse.msgpack").unlink(missing_ok=True)
        note.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(note, str(PROJECT))


def _close_connections() -> None:
    """dbt-duckdb keeps the warehouse open after a run in the same process; nobody else could open it then."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager._ENV = None


def parsed_before(settings: Settings, rules: str) -> Any:
    """The project as dbt parsed it for the last whole build; None where it is damaged: dbt parses again.

    Saves dbt's comparison of every file with what it knows, and writing the manifest once more.
    """
    from dbt.contracts.graph.manifest import Manifest

    with rarely_collected():
        try:
            manifest = Manifest.from_msgpack((settings.dbt_target / "partial_parse.msgpack").read_bytes())
        except Exception:
            return None
        manifest.build_flat_graph()
    return manifest


def _leave_out_tests_not_run(manifest: Any) -> None:
    """Thousands of declared tests that are no nodes of the run cost dbt as long to arrange as the run takes.

    Jinja's `graph`, by which they are found and evaluated when the run ends, was made before and knows them all.
    """
    manifest.nodes = {key: node for key, node in manifest.nodes.items() if not getattr(node, "test_metadata", None)}
    manifest.unit_tests = {}


def _shared_parse(rules: str) -> Path | None:
    """The parsed project that homes share; None where no folder for it is named."""
    folder = os.environ.get(SHARED_PARSE)
    known_by = f"{PROJECT}{rules}{version('dbt-core')}{(PROJECT / 'profiles.yml').read_text()}"
    return Path(folder) / f"{hashlib.sha256(known_by.encode()).hexdigest()[:16]}.msgpack" if folder else None


def _take_shared_parse(settings: Settings, rules: str) -> bool:
    """Whether this home, which has not parsed the project, has it from another now."""
    own, shared = settings.dbt_target / "partial_parse.msgpack", _shared_parse(rules)
    if shared is None or not shared.exists() or own.exists():
        return False
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shared, own)
    return True


def _share_parse(settings: Settings, rules: str) -> None:
    own, shared = settings.dbt_target / "partial_parse.msgpack", _shared_parse(rules)
    if shared is not None and own.exists() and not shared.exists():
        beside = shared.with_suffix(f".{os.getpid()}")
        shutil.copy(own, beside)
        beside.replace(shared)


def follows_rules(settings: Settings, rules: str) -> bool:
    """Whether the warehouse, dbt's parsed project and its manifest are those of a whole build under these rules."""
    import duckdb

    if read_cache(settings.dbt_target / PARSED) != _stamp(settings, rules):
        return False
    try:
        with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
            return warehouse.execute("select rules from hub.rules_built").fetchall() == [(rules,)]
    except duckdb.Error:
        return False


def remember_build(settings: Settings, rules: str) -> None:
    """Everything was built under these rules. Any dbt command under others makes the warehouse forget it."""
    import duckdb

    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute(f"create or replace table hub.rules_built as select '{rules}' as rules")
    write_json_atomically(settings.dbt_target / PARSED, _stamp(settings, rules))


def _stamp(settings: Settings, rules: str) -> dict[str, Any]:
    """By what dbt's parsed project is known: a dbt command by hand, another dbt or a changed file makes another one."""
    stats = [(settings.dbt_target / name) for name in ("partial_parse.msgpack", "manifest.json")]
    return {
        "rules": rules,
        "dbt": version("dbt-core"),
        "profile": hashlib.sha256((PROJECT / "profiles.yml").read_bytes()).hexdigest(),
        "files": [[file.stat().st_size, file.stat().st_mtime_ns] if file.exists() else None for file in stats],
    }


def whole_build(settings: Settings, *, full: bool = False) -> list[str]:
    """dbt's arguments for a build of everything that may have changed, or (`full`) of everything."""
    if full:
        return ["build", "--full-refresh", *NODES_NOT_RUN]
    return ["build", *NODES_NOT_RUN, *(NODES_THAT_FOLLOW_RULES if follows_rules(settings, code_fingerprint()) else [])]


def build(settings: Settings, progress: Progress | None = None, *, full: bool = False) -> BuildResult:
    """Seeds, models and singular tests, in one dbt process; the declared checks run when it ends.

    Only what changed inputs or rules ask for is made again (macros/incremental); `full`: everything is.
    """
    result = run_dbt(settings, whole_build(settings, full=full), progress)
    # Kept beside: a dbt command by hand writes results of its own, and gates ask what the build ran.
    shutil.copy(settings.dbt_target / "run_results.json", settings.dbt_target / "run_results_build.json")
    return result
