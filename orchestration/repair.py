"""A warehouse file that is gone or damaged is made again from the lake; it holds nothing that the lake does not."""

from __future__ import annotations

from pathlib import Path

from orchestration.settings import Settings

DAMAGE = (
    "Corrupt database file",
    "not a valid DuckDB database",
    "Could not read enough bytes",
    "Failed to load metadata",
    "Failure while replaying WAL",
    "Serialization Error",
    "has been invalidated",
)

DAMAGED = "the warehouse file was damaged"


class WarehouseInUse(Exception):
    """Somebody else has the warehouse file open."""


def warehouse_damage(settings: Settings) -> str | None:
    """Why the warehouse cannot be used, where it cannot. Raises WarehouseInUse where somebody has it open.

    Tables are not read: a damaged block is found by whoever needs it (`tells_of_damage`).
    """
    import duckdb

    if not settings.warehouse.exists():
        return "the warehouse file was gone"
    try:
        with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
            warehouse.execute("select as_of from hub.run_context").fetchall()
            # Blocks in use, not all: free ones at the end of the file are cut off.
            used = warehouse.execute("select sum(used_blocks * block_size) from pragma_database_size()").fetchone()[0]
    except duckdb.CatalogException:
        return "the warehouse file held no build"
    except duckdb.Error as problem:
        if tells_of_damage(problem):
            return DAMAGED
        if "set lock" in str(problem) or "another process" in str(problem):
            raise WarehouseInUse(
                f"something else has {settings.warehouse} open ({_holder(str(problem))}): close it, or open it "
                f"read-only, then run again"
            ) from None
        raise
    return DAMAGED if settings.warehouse.stat().st_size < used else None


def _holder(message: str) -> str:
    _, _, after = message.partition("(PID ")
    return f"process {after.partition(')')[0]}" if after else "a DuckDB shell, a notebook"


def tells_of_damage(problem: BaseException) -> bool:
    """Whether an error, of dbt or of DuckDB, comes from a damaged warehouse file."""
    told = " ".join([str(problem), *getattr(problem, "problems", ())])
    return any(words in told for words in DAMAGE)


def discard_warehouse(settings: Settings) -> None:
    """Remove the warehouse with everything that belongs to the file."""
    for path in _files(settings.warehouse):
        path.unlink(missing_ok=True)


def _files(warehouse: Path) -> list[Path]:
    return [warehouse, *warehouse.parent.glob(f"{warehouse.name}.wal*")]
