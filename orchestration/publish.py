"""Publishing: the marts as Parquet, in a complete, checked set that replaces the last one in one step (design 4.9).

`home/published` is a link to `home/publish_versions/<version>`; readers open the link, the swap is one rename.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from orchestration.files import fsync_path, read_json, write_json_atomically
from orchestration.settings import Settings

VERSIONS_KEPT = 3
STORE = "secondary_use"
STORES = (STORE, "open")
"""Who may read: people with a right to pseudonymised records, or anybody. A mart says it as `config.meta.store`."""


class PublishRefused(Exception):
    """A check of severity error failed, or a mart is missing: the last good set stays."""


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
    Raises PublishRefused where a check failed; the live set is then untouched.
    """
    import duckdb

    if failures := failed_checks(settings):
        named = "; ".join(f"{table}: {check} ({rows} rows)" for check, table, rows in failures[:5])
        raise PublishRefused(f"{len(failures)} checks failed, nothing was published: {named}")
    target = settings.publish_versions / version
    staging = settings.publish_versions / f".{version}.{os.getpid()}.tmp"
    shutil.rmtree(staging, ignore_errors=True)
    result = PublishResult(version=version, path=target, as_of=as_of)
    inventory = {}
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        warehouse.execute("set preserve_insertion_order = true")
        for product in products(load_manifest(settings)):
            rows = warehouse.execute(f"select count(*) from {product.relation}").fetchone()[0]
            for name, how in _formats(product):
                file = staging / name
                file.parent.mkdir(parents=True, exist_ok=True)
                # Ordered by every column, so that the same rows always give the same bytes.
                warehouse.execute(f"copy (select * from {product.relation} order by all) to '{_quoted(file)}' ({how})")
                result.files[name] = rows
                inventory[name] = {"rows": rows, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    if decorate:
        decorate(staging)
    (staging / "manifest.json").write_text(
        json.dumps({"version": version, "as_of": as_of, "files": inventory}, indent=2) + "\n"
    )
    for path in staging.rglob("*"):
        if path.is_file():
            fsync_path(path)
    _go_live(settings, staging, target)
    _forget_old_versions(settings, keep=target)
    return result


def live_set(settings: Settings) -> dict | None:
    """manifest.json of the live set (version, as_of, files), or None where nothing is published yet."""
    return read_json(settings.published / "manifest.json")


def _formats(product: Product) -> list[tuple[str, str]]:
    """Files of a table, each with the words of DuckDB's copy: Parquet, and CSV too where anybody may read it."""
    formats = [(product.file, "format parquet, compression zstd")]
    if product.store == "open":
        formats.append((str(PurePosixPath(product.file).with_suffix(".csv")), "format csv, header"))
    return formats


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _go_live(settings: Settings, staging: Path, target: Path) -> None:
    if target.exists():  # the same version once more: its content is the same by construction
        shutil.rmtree(staging)
    else:
        staging.rename(target)
    fsync_path(settings.publish_versions)
    link = settings.published
    if os.name == "nt":  # links need a privilege there: two renames, the nearest that Windows offers
        _replace_directory(target, link)
        return
    beside = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    beside.replace(link)
    fsync_path(link.parent)


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
        (path for path in settings.publish_versions.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime
    )
    spare = [path for path in versions if path != keep]
    for path in spare[: max(0, len(versions) - VERSIONS_KEPT)]:
        shutil.rmtree(path, ignore_errors=True)


def record_run_context(settings: Settings, as_of: str) -> None:
    """Tell dbt, ours or an analyst's own, which moment the warehouse describes."""
    write_json_atomically(settings.run_context, {"as_of": as_of})
