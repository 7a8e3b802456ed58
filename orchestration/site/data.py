"""What the pages read: the published Parquet of one set, and nothing else.

A table that is not in the set, or a column that an older set does not have yet, is read as empty. So no page needs a
case for a partner whose files have not come; it only has to say so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from orchestration.settings import PROJECT

TABLES: Mapping[str, str] = {
    "uec_metric": "metric_id varchar, period_grain varchar, period_start date, organisation_code varchar, "
    "site_code varchar, covid_group varchar, category varchar, numerator double, denominator double, value double, "
    "unit varchar, target double, is_provisional boolean",
    "dim_metric": "metric_id varchar, label varchar, unit varchar, better varchar, aggregate varchar, "
    "definition varchar, source varchar, choice varchar, dataset varchar, days_to_final integer, target double, "
    "target_source varchar, target_is_verified boolean, no_target varchar, feeds varchar, category_name varchar, "
    "headline_group varchar",
    "dim_site": "site_code varchar, site_name varchar, short_name varchar, organisation_code varchar",
    "dim_organisation": "organisation_code varchar, organisation_name varchar, organisation_type varchar",
    "dim_gp_practice": "gp_practice_code varchar, gp_practice_name varchar, pcn_code varchar, pcn_name varchar, "
    "sub_icb_code varchar, sub_icb_name varchar",
    "uec_metric_spc": "metric_id varchar, period_grain varchar, period_start date, organisation_code varchar, "
    "site_code varchar, category varchar, value double, target double, phase integer, point_number integer, "
    "mean_value double, lower_process_limit double, upper_process_limit double, special_cause varchar, "
    "variation varchar, variation_direction varchar, assurance varchar, has_enough_points boolean",
    "uec_metric_population": "metric_id varchar, period_grain varchar, period_start date, dimension varchar, "
    "dimension_value varchar, numerator double, denominator double, value double, unit varchar, "
    "is_provisional boolean",
    "uec_pathway": "first_contact varchar, site_code varchar, outcome varchar, costliest_wait varchar, "
    "started_date date, started_at_hour integer, total_wait_minutes double, is_complete boolean, "
    "has_urgent_call boolean, has_ambulance_incident boolean, has_ed_attendance boolean, has_hospital_spell boolean, "
    "has_inpatient_stay boolean, has_care_package boolean",
    "uec_pathway_blockage": "period_start date, site_code varchar, step varchar, hour_of_day integer, "
    "journeys double, journeys_waiting double, total_wait_hours double, mean_wait_minutes double, "
    "journeys_where_costliest double",
    "uec_flow_now": "section varchar, measure_id varchar, measure_order integer, label varchar, definition varchar, "
    "described_at timestamp, note varchar, organisation_code varchar, "
    "site_code varchar, category varchar, value double, unit varchar, observed_at timestamp, age_minutes bigint, "
    "is_stale boolean, pressure_level integer, feed varchar",
    "uec_daily_sitrep": "organisation_code varchar, site_code varchar, flow_date date, item varchar, "
    "item_label varchar, computed double, submitted double, difference double, is_within_tolerance boolean, "
    "is_computable boolean",
    "fct_bed_state": "site_code varchar, snapshot_date date, ga_beds_open integer, ga_beds_occupied integer",
    "fct_ed_attendance": "site_code varchar, arrival_date date, arrival_hour integer, is_counted boolean, "
    "person_key varchar, ed_attendance_key varchar",
    "fct_ambulance_incident": "receiving_site_code varchar, hospital_arrival_date date, "
    "hospital_arrival_hour integer, handover_minutes integer, handover_status varchar",
    "fct_delayed_patient_day": "census_date date, organisation_code varchar, site_code varchar, person_key varchar, "
    "event_key varchar, setting varchar, delay_reason_code varchar, length_of_stay_days integer",
    "fct_care_package_census": "census_date date, organisation_code varchar, person_key varchar, "
    "care_package_request_key varchar, location_code varchar",
    "uec_link_quality": "link_type varchar, month_start date, organisation_code varchar, site_code varchar, "
    "link_method varchar, candidates bigint, matched bigint",
    "dq_feed": "partner varchar, feed_table varchar, partner_title varchar, description varchar, cadence varchar, "
    "late_after_minutes bigint, last_received_at timestamp, last_rejected_at timestamp, age_minutes bigint, "
    "status varchar, batches_accepted bigint, batches_rejected bigint, rows_in bigint, rows_accepted bigint, "
    "rows_quarantined bigint, metrics varchar, as_of timestamp",
    "dq_batch": "partner varchar, feed_table varchar, status varchar, received_at timestamp, rows_in bigint, "
    "rows_accepted bigint, rows_quarantined bigint, reason varchar",
    "dq_check_result": "check_name varchar, table_name varchar, column_name varchar, severity varchar, "
    "rows_checked bigint, rows_failed bigint, status varchar, message varchar",
    "dq_linkage": "feed_table varchar, records bigint, nhs_number_records bigint, local_patient_id_records bigint, "
    "probabilistic_records bigint, unmatched_records bigint, review_records bigint",
    "dq_governance": "measure varchar, subject varchar, found bigint, out_of bigint",
    "phm_population": "index_date date, sub_icb_code varchar, registered_people bigint, opted_out_people bigint, "
    "people bigint",
    "phm_segment": "index_date date, segment_code varchar, segment_name varchar, rule_in_words varchar, people bigint",
    "phm_segment_matrix": "index_date date, sub_icb_code varchar, age_band varchar, ltc_band varchar, people bigint, "
    "ed_attendances bigint, emergency_admissions bigint, cost_pounds double",
    "phm_register": "index_date date, register_code varchar, register_name varchar, is_qof boolean, "
    "group_kind varchar, group_value varchar, numerator bigint, denominator bigint, england_prevalence_percent double",
    "phm_care_gap_summary": "gap_code varchar, label varchar, condition_group varchar, index_date date, "
    "group_kind varchar, group_value varchar, excluded_people bigint, denominator bigint, met_people bigint, "
    "open_people bigint, never_recorded_people bigint, left_out_people bigint, standard_percent double",
    "phm_cohort": "cohort_id varchar, version integer, label varchar, definition varchar, owner varchar, "
    "purpose varchar, source varchar, index_date date, people bigint, left_out_people bigint",
    "phm_cohort_summary": "cohort_id varchar, group_kind varchar, group_value varchar, people bigint, "
    "population bigint, ed_attendances bigint, population_ed_per_1000 double, emergency_admissions bigint, "
    "population_emergency_per_1000 double, cost_per_person double, population_cost_per_person double",
    "phm_risk_model": "measure varchar, group_kind varchar, group_name varchar, value double, lower_limit double, "
    "upper_limit double, people bigint, admitted_people bigint, top_5_people bigint, model_version varchar, "
    "train_date date, validate_date date, score_date date, lookback_days bigint, training_people bigint, "
    "training_admitted bigint, term_count integer, people_died bigint, people_left bigint, reason_for_none varchar",
    "phm_risk_band": "group_kind varchar, group_name varchar, risk_band varchar, people bigint, group_people bigint, "
    "expected_admitted_people double",
    "phm_risk_calibration": "decile integer, people bigint, admitted_people bigint, expected_share double",
    "phm_inequality": "index_date date, label varchar, unit varchar, better varchar, is_full_year boolean, "
    "core20_people bigint, core20_events bigint, core20_value double, rest_people bigint, rest_events bigint, "
    "rest_value double, gap double, gap_lower double, gap_upper double, sii double, sii_lower double, "
    "sii_upper double, rii double, rii_lower double, rii_upper double",
    "phm_core20plus5": "item_id varchar, age_group varchar, clinical_area varchar, sentence varchar, status varchar, "
    "missing_feed varchar, index_date date",
    "phm_opportunity": "indicator_id varchar, label varchar, group_kind varchar, group_value varchar, "
    "benchmark varchar, is_full_year boolean, events bigint, events_less double, pounds_less double",
    "phm_intervention_effect": "intervention_id varchar, label varchar, design varchar, is_main boolean, "
    "index_date date, exposed_people bigint, left_out_people bigint, matched_people bigint, "
    "comparison_people bigint, effect_ratio double, effect_ratio_lower double, effect_ratio_upper double, "
    "trend_ratio double, trend_ratio_lower double, trend_ratio_upper double, "
    "difference_per_1000_years double, difference_lower double, difference_upper double, answer varchar",
    "phm_intervention_balance": "intervention_id varchar, design varchar, variable varchar, "
    "standardised_difference double",
    "phm_impactability": "pcn_code varchar, rising_risk_people bigint, changeable_people bigint, "
    "open_gap_people bigint, listed_people bigint",
}
"""The columns that pages use, with their types."""

STORE = "secondary_use"


class Published:
    """The tables of one published set, in a DuckDB of their own. Close it, or use it in `with`."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.database = duckdb.connect()
        self.folder = folder
        self.present: dict[str, set[str]] = {}
        for name, columns in TABLES.items():
            self._read(name, columns, sorted((folder / STORE).glob(f"*/{name}.parquet")))

    def __enter__(self) -> Published:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def _read(self, name: str, columns: str, files: list[Path]) -> None:
        """A view with exactly the columns that pages use; what is not there is null."""
        wanted = [column.split() for column in columns.split(", ")]
        if not files:
            nothing = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in wanted)
            self.database.execute(f"create view {name} as select {nothing} where false")
            return
        relation = f"read_parquet('{_quoted(files[0])}')"
        there = {row[0] for row in self.database.execute(f"describe select * from {relation}").fetchall()}
        self.present[name] = there
        listed = ", ".join(
            f"cast({column if column in there else 'null'} as {kind}) as {column}" for column, kind in wanted
        )
        self.database.execute(f"create view {name} as select {listed} from {relation}")

    def has(self, table: str) -> bool:
        """Whether the set holds the table, with or without rows."""
        return table in self.present

    def has_page(self, name: str) -> bool:
        """Whether the dictionary of the set has such a page."""
        return (self.folder / "dictionary" / name).exists()

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple]:
        return self.database.execute(_filled_in(sql, parameters or {})).fetchall()

    def records(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        done = self.database.execute(_filled_in(sql, parameters or {}))
        names = [column[0] for column in done.description]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def as_of(self) -> datetime:
        """The moment that the set describes."""
        found = (
            self.rows("select max(as_of) from dq_feed")[0][0]
            or self.rows("select max(received_at) from dq_batch")[0][0]
        )
        if found is None:
            raise ValueError("the published set has no quality marts, so nothing says which moment it describes")
        return found


def _filled_in(sql: str, parameters: Mapping[str, date | datetime | int]) -> str:
    """The statement with its $parameters as literals: bound ones would make DuckDB import pandas, half a second."""
    kinds = {datetime: "timestamp '{}'", date: "date '{}'", int: "{:d}"}
    literals = {name: kinds[type(value)].format(value) for name, value in parameters.items()}
    return re.sub(r"\$([a-z_]+)", lambda found: literals[found[1]], sql)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def code_labels(*lists: str) -> dict[str, str]:
    """Code -> meaning of the hub's code lists (seeds/code_value.csv)."""
    with (PROJECT / "seeds" / "code_value.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row["label"] for row in csv.DictReader(file) if row["code_list"] in lists}


def item_order() -> dict[str, int]:
    """Item of the daily return -> its place in the return (seeds/uec_sitrep_item.csv)."""
    with (PROJECT / "seeds" / "uec_sitrep_item.csv").open(encoding="utf-8", newline="") as file:
        return {row["item"]: int(row["item_order"]) for row in csv.DictReader(file)}


def newest_month(months: Iterable[date], as_of: datetime) -> date | None:
    """The first day of the newest month that had ended."""
    this = as_of.date().replace(day=1)
    return max((month for month in months if month < this), default=None)
