"""`bihub linkage train`: weights for seeds/linkage_weight.csv, from a hub's own records, and charts for stewards.

u comes from random pairs of persons (a record each), m from expectation maximisation over pairs of records that agree
on something else, as Splink does it. Levels that hardly occur get bounds instead of what a handful of pairs would say,
and so do another address and practice: who moves changes both, and more people move than records of a year or two show.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.linkage import model
from orchestration.settings import Settings

if TYPE_CHECKING:
    from splink import Linker

RECORDS = 60_000
RANDOM_PAIRS = 5e6
# What agrees in one session is estimated in another.
SESSIONS = (
    ["family_name_key", "given_name_key", "postcode"],
    ["given_name_key", "birth_text", "sex_code"],
    ["family_name_key", "birth_text", "sex_code"],
    ["birth_text", "postcode"],
)
LEAST_M, LEAST_M_OF_HOUSEHOLD, LEAST_U = 0.0005, 0.1, 0.000001
CHARTS = ("match_weights", "parameters", "unlinkables", "waterfall")

# One record of a person a feed: long lists must not count for more. The order is drawn by hash, not by chance.
SAMPLE = """
    create table record as
    select
        row_number() over (order by hash(profile_id, feed_table)) as unique_id, {columns}
    from (
        select feed_table, profile_id, min(record_id) as record_id
        from warehouse.person_index.person_record
        group by feed_table, profile_id, coalesce(usable_nhs_number, local_patient_id, record_id)
    )
    inner join warehouse.person_index.linkage_profile using (profile_id)
    where family_name_key is not null and birth_text is not null
    order by hash(record_id, feed_table)
    limit {limit}
"""
ONE_EACH = """
    create table person as
    select row_number() over (order by profile_id) as unique_id, {columns}
    from (select profile_id from warehouse.person_index.linkage_number where is_reference)
    inner join warehouse.person_index.linkage_profile using (profile_id)
"""


def train(settings: Settings, *, seed_file: Path | None = None, charts: bool = True) -> Path:
    """Train on the hub of `settings`; returns the file of weights: `seed_file`, else home/linkage/linkage_weight.csv.

    Raises FileNotFoundError where no warehouse has been built.
    """
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    database, count = _records(settings)
    with database:
        seen = []
        for table in ("person", "record"):
            strangers = Linker(DuckDBAPI(database).register(table), model.settings(), log_level="ERROR")
            strangers.training.estimate_u_using_random_sampling(RANDOM_PAIRS, seed=1, min_count_per_level=None)
            seen.append(_learnt(strangers))
        told = model.settings()
        for comparison, *learnt in zip(told["comparisons"], *seen, strict=True):
            for level, *ones in zip(*(one["comparison_levels"] for one in (comparison, *learnt)), strict=True):
                if not level.get("is_null_level") and "u_probability" not in level:
                    level |= {"u_probability": _chance(*ones), "fix_u_probability": True}
        linker = Linker(DuckDBAPI(database).register("record"), told, log_level="ERROR")
        for columns in SESSIONS:
            rule = " and ".join(f"l.{column} = r.{column}" for column in columns)
            linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
        rows = _weights(linker, _persons(settings), _version(settings, count))
    folder = linkage_folder(settings)
    target = seed_file or folder / "linkage_weight.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, model.COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    if charts:
        draw(settings, model.weights(target))
    return target


def linkage_folder(settings: Settings) -> Path:
    """home/linkage: identifiable, for stewards; readable by the owner only."""
    folder = settings.home / "linkage"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _records(settings: Settings) -> tuple[Any, int]:
    """A database in memory with the sample of records."""
    import duckdb

    if not settings.warehouse.exists():
        raise FileNotFoundError(f"there is no warehouse at {settings.warehouse}: run `bihub run` first")
    database = duckdb.connect()
    database.execute(f"attach '{str(settings.warehouse).replace(chr(39), chr(39) * 2)}' as warehouse (read_only)")
    database.execute(SAMPLE.format(columns=", ".join(model.PROFILE), limit=RECORDS))
    database.execute(ONE_EACH.format(columns=", ".join(model.PROFILE)))
    database.execute("detach warehouse")
    return database, database.execute("select count(*) from record").fetchone()[0]


def _persons(settings: Settings) -> int:
    import duckdb

    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        asked = "select count(distinct nhs_number) from person_index.linkage_number where is_trusted"
        return warehouse.execute(asked).fetchone()[0]


def _version(settings: Settings, count: int) -> str:
    from orchestration.files import read_json

    moment = str((read_json(settings.run_context) or {}).get("as_of", ""))[:10]
    return f"{moment} {count} records"


def _learnt(linker: Linker) -> list[dict[str, Any]]:
    return linker.misc.save_model_to_json()["comparisons"]


def _chance(person: dict[str, Any], record: dict[str, Any]) -> float:
    """u of a level, from strangers; from all records where no list of persons has it (an initial for a name)."""
    return max(person.get("u_probability") or record.get("u_probability") or 0.0, LEAST_U)


def _weights(linker: Linker, persons: int, version: str) -> list[dict[str, Any]]:
    """Rows of the seed. The prior is that of a record and a person: one in as many persons as are known."""
    rows = [{"version": version, "comparison": "prior", "level": "prior", "weight": round(-math.log2(persons), 6)}]
    learnt = {one["output_column_name"]: one["comparison_levels"] for one in _learnt(linker)}
    for comparison in model.comparisons():
        levels = [level for level in learnt[comparison["name"]] if not level.get("is_null_level")]
        for level, told in zip(comparison["levels"], levels, strict=True):
            if level.get("neutral"):
                m = u = model.NEUTRAL
            else:
                least = LEAST_M_OF_HOUSEHOLD if comparison.get("household") and not level.get("when") else LEAST_M
                m = max(told.get("m_probability") or 0.0, least)
                u = max(told.get("u_probability") or 0.0, LEAST_U)
            m, u = float(f"{m:.6g}"), float(f"{u:.6g}")
            row = {"version": version, "comparison": comparison["name"], "level": level["level"], "m": m, "u": u}
            rows.append(row | {"weight": model.weight_of(m, u)})
    return rows


def draw(settings: Settings, given: dict[tuple[str, str], dict[str, float]] | None = None) -> list[Path]:
    """Splink's own charts of the weights, and of how they add up for some pairs of this hub; each file stands alone."""
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    folder, made = linkage_folder(settings), []
    database, _ = _records(settings)
    with database:
        database.execute("create table few as from record order by unique_id limit 20000")
        linker = Linker(
            DuckDBAPI(database).register("few"), model.settings(given or model.weights()), log_level="ERROR"
        )
        pairs = linker.inference.predict(threshold_match_weight=-4).as_record_list()
        pairs.sort(key=lambda pair: (pair["match_weight"], pair["unique_id_l"], pair["unique_id_r"]))
        shown = pairs[:: max(1, len(pairs) // 40)]
        drawings = [
            linker.visualisations.match_weights_chart(),
            linker.visualisations.m_u_parameters_chart(),
            linker.evaluation.unlinkables_chart(),
            linker.visualisations.waterfall_chart(shown, remove_sensitive_data=True),
        ]
        for name, chart in zip(CHARTS, drawings, strict=True):
            path = folder / f"{name}.html"
            chart.save_offline_chart(str(path), overwrite=True, print_msg=False)
            path.chmod(0o600)
            made.append(path)
    return made
