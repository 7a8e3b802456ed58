"""Publishing: the marts as Parquet, in a complete, checked set that replaces the last one in one step (design 4.9).

`home/published` is a link to `home/publish_versions/<version>`; readers open the link, the swap is one rename.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from orchestration.files import Damaged, fsync_path, read_cache, read_json, write_json_atomically
from orchestration.reuse import link_unchanged, sha256_of
from orchestration.settings import Settings
from orchestration.unchanged import tag_of_view, tags_now

if TYPE_CHECKING:
    from orchestration.leaks import LeakReport

MANIFEST = "manifest.json"
CONTENTS = "published_from.json"
"""Beside the versions' folder: which version went live last, and from what each of its files was written."""
VERSIONS_KEPT = 3
STORE, DIRECT_CARE, OPEN = "secondary_use", "direct_care", "open"
STORES = {
    DIRECT_CARE: "identifiable: only staff with a legitimate relationship to the people in it; owner only",
    STORE: "pseudonymised, opt-outs applied: staff with a right to record-level data for the purpose",
    OPEN: "aggregated, with disclosure control: anybody",
}
"""Who may read. A mart says its store as `config.meta.store`; the register of purposes says what is applied in each."""


class PublishRefused(Exception):
    """A check of severity error failed, a mart is missing, or what was to go live says who somebody is: the last good
    set stays. `problems`: where, one line each."""

    def __init__(self, said: str, problems: Iterable[str] = ()):
        super().__init__(said)
        self.problems = list(problems)


@dataclass(frozen=True)
class Product:
    """One published table: `relation` in the warehouse, and its file inside the set."""

    node_id: str
    relation: str
    file: str

    @property
    def store(self) -> str:
        return self.file.partition("/")[0]


@dataclass
class PublishResult:
    version: str
    path: Path
    as_of: str
    files: dict[str, int] = field(default_factory=dict)
    """Rows by file, relative to the set."""
    leaks: LeakReport | None = None


def products(manifest: dict) -> list[Product]:
    """Every public mart of the manifest, in file order; a mart is published because its access is `public`."""
    found = []
    for node_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["fqn"][1] != "marts" or node["config"].get("access") != "public":
            continue
        product, store = node["fqn"][2], (node["config"].get("meta") or {}).get("store", STORE)
        if store not in STORES:
            raise PublishRefused(f"{node['alias']}: store '{store}' is not one of {', '.join(STORES)}")
        relation = f'"{node["schema"]}"."{node["alias"]}"'
        found.append(Product(node_id, relation, f"{store}/{product}/{node['alias']}.parquet"))
    return sorted(found, key=lambda product: product.file)


def load_manifest(settings: Settings) -> dict:
    manifest = read_json(settings.dbt_target / "manifest.json")
    if manifest is None:
        raise PublishRefused("nothing has been built yet: run `bihub run` first")
    return manifest


def failed_checks(settings: Settings) -> list[tuple[str, str, int]]:
    """(check, table, rows failed) of every check of severity error that failed in the last build."""
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        return warehouse.execute(
            "select check_name, table_name, rows_failed from hub.check_result "
            "where status in ('fail', 'error') order by table_name, check_name"
        ).fetchall()


def publish(
    settings: Settings, *, as_of: str, version: str, decorate: Callable[[Path], None] | None = None
) -> PublishResult:
    """Write the set beside the live one, then swap.

    `decorate` may add files (the dictionary, pages) to the folder before it goes live.
    Raises PublishRefused where a check failed, or the leak scan found a person; the live set is then untouched.
    """
    if failures := failed_checks(settings):
        named = "; ".join(f"{table}: {check} ({rows} rows)" for check, table, rows in failures[:5])
        raise PublishRefused(f"{len(failures)} checks failed, nothing was published: {named}")
    staging = settings.publish_versions / f".{version}.{os.getpid()}.tmp"
    _forget_dead_runs(settings)
    try:
        rows, contents = _write_set(settings, staging, decorate)
        inventory = {name: _described(staging / name, count) for name, count in rows.items()}
        (staging / MANIFEST).write_text(
            json.dumps({"version": version, "as_of": as_of, "stores": _stores(inventory), "files": inventory}, indent=2)
            + "\n"
        )
        _restrict(staging / DIRECT_CARE)
        leaks = _without_leaks(settings, staging)
        for path in [staging, *staging.rglob("*")]:
            fsync_path(path)
        target = _go_live(settings, staging, version)
        write_json_atomically(settings.build / CONTENTS, {"folder": target.name, "contents": contents})
    finally:  # a full disk has room again
        shutil.rmtree(staging, ignore_errors=True)
    _forget_old_versions(settings, keep=target)
    return PublishResult(version=version, path=target, as_of=as_of, files=rows, leaks=leaks)


def _write_set(
    settings: Settings, folder: Path, decorate: Callable[[Path], None] | None
) -> tuple[dict[str, int], dict[str, str]]:
    """Every public mart as files below `folder`, and what `decorate` adds: rows by file, and what tells whether a file
    would come out the same.

    Pages read nothing identifiable, so what direct care reads, half of all there is, is written while they are made.
    """
    manifest = load_manifest(settings)
    marts = products(manifest)
    others = [product for product in marts if product.store != DIRECT_CARE]
    rows, contents = _write_tables(settings, folder, manifest, others)
    with ThreadPoolExecutor(1) as beside:
        read_in_direct_care = [product for product in marts if product.store == DIRECT_CARE]
        identifiable = beside.submit(_write_tables, settings, folder, manifest, read_in_direct_care)
        if decorate:
            decorate(folder)
        more_rows, more_contents = identifiable.result()
    return dict(sorted((rows | more_rows).items())), contents | more_contents


def _write_tables(
    settings: Settings, folder: Path, manifest: dict, marts: Iterable[Product]
) -> tuple[dict[str, int], dict[str, str]]:
    """A table that holds what it held in the set that went live last is not sorted and written again: its file is
    linked."""
    import duckdb

    noted = read_cache(settings.build / CONTENTS)
    noted = noted if isinstance(noted, dict) and isinstance(noted.get("contents"), dict) else {"contents": {}}
    live = settings.publish_versions / str(noted.get("folder"))
    described = {} if damage_of(live) else (read_cache(live / MANIFEST) or {}).get("files", {})
    rows, contents = {}, {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        warehouse.execute("set preserve_insertion_order = true")
        tags = tags_now(warehouse)
        for product in marts:
            is_view = manifest["nodes"][product.node_id]["config"].get("materialized") == "view"
            tag = tag_of_view(product.node_id, manifest, tags) if is_view else tags.get(product.node_id)
            for name, how in _formats(product):
                file, told = folder / name, described.get(name, {})
                _make_folder(folder, file.parent)
                if tag:
                    contents[name] = f"{tag}, {how}, DuckDB {duckdb.__version__}"
                    unchanged = noted["contents"].get(name) == contents[name]
                    if unchanged and link_unchanged(live / name, file, told.get("sha256")):
                        rows[name] = told["rows"]
                        continue
                # Ordered by every column, so that the same rows always give the same bytes.
                ordered = f"select * from {product.relation} order by all"
                rows[name] = warehouse.execute(f"copy ({ordered}) to '{_quoted(file)}' ({how})").fetchone()[0]
    return rows, contents


def _without_leaks(settings: Settings, staging: Path) -> LeakReport:
    """Raises PublishRefused where anything that is new outside the identifiable zone says who somebody is."""
    from orchestration.leaks import scan_new

    report = scan_new(settings, staging)
    if report.findings:
        inside = f"{settings.publish_versions.name}/{staging.name}/"
        where = [str(finding).replace(inside, "") for finding in report.findings]
        raise PublishRefused(
            f"the leak scan found what identifies people in {len(where)} places, nothing was published: see "
            "docs/governance.md for what to do",
            where,
        )
    return report


def _make_folder(set_: Path, folder: Path) -> None:
    """A folder inside a set. What is identifiable is closed to others before the first row is written."""
    if folder.relative_to(set_).parts[0] == DIRECT_CARE:
        set_.mkdir(parents=True, exist_ok=True)
        (set_ / DIRECT_CARE).mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def _restrict(store: Path) -> None:
    """Folders 700, files 600: the owner only, also where the umask is generous. Windows keeps no such bits."""
    if os.name != "nt" and store.exists():
        for path in [store, *store.rglob("*")]:
            path.chmod(0o700 if path.is_dir() else 0o600)


def _stores(files: Iterable[str]) -> dict[str, dict[str, object]]:
    """The stores of a set, for its manifest: what is in each, and who may read it."""
    there = {name.partition("/")[0] for name in files}
    return {
        store: {"identifiable": store == DIRECT_CARE, "readers": readers}
        for store, readers in STORES.items()
        if store in there
    }


def _described(file: Path, rows: int) -> dict[str, object]:
    return {"rows": rows, "bytes": file.stat().st_size, "sha256": sha256_of(file)}


def live_set(settings: Settings) -> dict | None:
    """manifest.json of the live set (version, as_of, files), or None where nothing whole is published."""
    return None if damage_of(settings.published) else read_json(settings.published / MANIFEST)


def damage_of(folder: Path) -> str | None:
    """What a set lacks; None where it is whole, by names and sizes, or was never there."""
    try:
        manifest = read_json(folder / MANIFEST)
        if manifest is None:
            return f"{MANIFEST} is missing" if os.path.lexists(folder) else None
        for name, told in manifest["files"].items():
            if (folder / name).stat().st_size != told.get("bytes", (folder / name).stat().st_size):
                return f"{name} is not as it was written"
    except FileNotFoundError as problem:
        return f"{Path(problem.filename).name} is missing"
    except (Damaged, OSError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is damaged"
    return None


def _formats(product: Product) -> list[tuple[str, str]]:
    """Files of a table, each with the words of DuckDB's copy: Parquet, and CSV too where anybody may read it."""
    formats = [(product.file, "format parquet, compression zstd")]
    if product.store == "open":
        formats.append((str(PurePosixPath(product.file).with_suffix(".csv")), "format csv, header"))
    return formats


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _go_live(settings: Settings, staging: Path, version: str) -> Path:
    """Give a finished set its place among the versions, then swap the link. Returns the place."""
    target, number = settings.publish_versions / version, 1
    while os.path.lexists(target) and (damage_of(target) or not target.is_dir() or not (target / MANIFEST).exists()):
        number += 1  # never mended in place: somebody may be reading it
        target = settings.publish_versions / f"{version}.{number}"
    if not target.exists():  # else the same version once more: its content is the same by construction
        staging.rename(target)
    fsync_path(settings.publish_versions)
    link = settings.published
    if os.name == "nt":  # links need a privilege there: two renames, the nearest that Windows offers
        _replace_directory(target, link)
        return target
    if link.is_dir() and not link.is_symlink():  # somebody put a copy in the link's place
        link.rename(settings.publish_versions / f"set_aside_{version}")
    beside = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    beside.replace(link)
    fsync_path(link.parent)
    return target


def _replace_directory(source: Path, destination: Path) -> None:
    beside, old = destination.with_name(f".{destination.name}.new"), destination.with_name(f".{destination.name}.old")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(source, beside)
    if destination.exists():
        destination.rename(old)
    beside.rename(destination)
    shutil.rmtree(old, ignore_errors=True)


def _forget_old_versions(settings: Settings, keep: Path) -> None:
    """Keep the newest few sets: a reader that opened one before the swap can finish, an operator can go back."""
    versions = sorted(
        (path for path in settings.publish_versions.glob("[!.]*") if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
    )
    spare = [path for path in versions if path != keep]
    for path in spare[: max(0, len(versions) - VERSIONS_KEPT)]:
        shutil.rmtree(path, ignore_errors=True)


def _forget_dead_runs(settings: Settings) -> None:
    """What runs that were killed left half-written; one run at a time works in a home, so nobody is at it."""
    for left in [*settings.publish_versions.glob(".*.tmp"), *settings.published.parent.glob(".published.*.tmp")]:
        if left.is_symlink():
            left.unlink()
        else:
            shutil.rmtree(left, ignore_errors=True)


def record_run_context(settings: Settings, as_of: str) -> None:
    """Tell dbt, ours or an analyst's own, which moment the warehouse describes."""
    write_json_atomically(settings.run_context, {"as_of": as_of})
