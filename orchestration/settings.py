"""Where everything lies. The only module that knows paths and environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Paths of one hub. Everything that the hub writes lies under `home`."""

    home: Path
    landing_override: Path | None = None
    warehouse_override: Path | None = None
    build_override: Path | None = None

    @property
    def landing(self) -> Path:
        """Files as partners left them: landing/<partner>/<file>. Nothing there is changed or deleted by a run; only
        what a run reads from a database is added."""
        return self.landing_override or self.home / "landing"

    @property
    def connections(self) -> Path:
        """How databases are reached, with passwords: readable by the owner only, else refused."""
        return self.home / "connections.toml"

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    @property
    def raw(self) -> Path:
        """Accepted batches: raw/<partner>/<table>/batch=<sha256>/{data,quarantine}.parquet and batch.json."""
        return self.lake / "raw"

    @property
    def rejected(self) -> Path:
        """Rejected batches: rejected/<partner>/<table>/batch=<sha256>/batch.json."""
        return self.lake / "rejected"

    @property
    def run_context(self) -> Path:
        """JSON with the moment (`as_of`) that the next dbt build of this warehouse describes."""
        return self.warehouse.parent / "run_context.json"

    @property
    def reports(self) -> Path:
        """One plain-English report per batch: reports/<partner>/*.md."""
        return self.home / "reports"

    @property
    def warehouse(self) -> Path:
        return self.warehouse_override or self.home / "warehouse" / "bihub.duckdb"

    @property
    def published(self) -> Path:
        """The live set of products: a link to one of `publish_versions`, swapped in one step."""
        return self.build / "published"

    @property
    def publish_versions(self) -> Path:
        return self.build / "publish_versions"

    @property
    def audit(self) -> Path:
        """What runs did: last_run.json, runs/*.json, gx/*."""
        return self.home / "audit"

    @property
    def dbt_target(self) -> Path:
        return self.build / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        return self.build / "dbt" / "logs"

    @property
    def dagster(self) -> Path:
        return self.home / "dagster"

    @property
    def keys(self) -> Path:
        """Pseudonymisation keys, one file a purpose, readable by the owner only."""
        return self.home / "keys"

    def at(self, stamp: str) -> Settings:
        """The same hub rebuilt beside the live one, as it was at a past moment; `stamp` is a file name."""
        past = self.home / "as_of" / stamp
        return replace(self, warehouse_override=past / "warehouse" / "bihub.duckdb", build_override=past)

    @property
    def build(self) -> Path:
        """Where a build keeps its dbt files and published set: `home`, or a folder of its own for a past moment."""
        return self.build_override or self.home

    def environment(self) -> dict[str, str]:
        """Environment variables that dbt and Dagster need to work in this home."""
        return {
            "BIHUB_HOME": str(self.home),
            "BIHUB_WAREHOUSE": str(self.warehouse),
            "DBT_PROFILES_DIR": str(PROJECT),
            "DBT_PROJECT_DIR": str(PROJECT),
            "DBT_TARGET_PATH": str(self.dbt_target),
            "DBT_LOG_PATH": str(self.dbt_logs),
            "DAGSTER_HOME": str(self.dagster),
        }


def load_settings(home: Path | str | None = None, landing: Path | str | None = None) -> Settings:
    """Settings from the arguments, else BIHUB_HOME and BIHUB_LANDING, else ./data beside the project."""
    warehouse = None if home else os.environ.get("BIHUB_WAREHOUSE")
    home = Path(home or os.environ.get("BIHUB_HOME") or PROJECT / "data").resolve()
    landing = landing or os.environ.get("BIHUB_LANDING")
    return Settings(
        home=home,
        landing_override=Path(landing).resolve() if landing else None,
        warehouse_override=Path(warehouse).resolve() if warehouse else None,
    )
