"""No feature of the risk model knows the future: everything after the index date is changed, and nothing moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.gates.nodes import load_built_manifest
from orchestration.settings import Settings

HAPPENED = {
    "ambulance_incident": "call_connect_at_local",
    "care_contact": "contact_at_local",
    "care_referral": "received_at_local",
    "clinical_event": "event_date",
    "ed_attendance": "arrived_at_local",
    "gp_appointment": "starts_at_local",
    "hospital_spell": "admission_date",
    "inpatient_stay": "admitted_on",
    "medication_order": "issued_on",
    "outpatient_appointment": "appointment_date",
    "registration": "registered_on",
    "registration_period": "registered_on",
    "social_care_event": "started_on",
    "urgent_call": "offered_at_local",
    "waiting_list_entry": "week_ending_date",
}
"""By which day each table of the common data model says when something happened."""
TIMELESS = {"person", "lsoa", "gp_practice", "organisation", "site", "lsoa_determinant"}
"""Who and where: not dated."""
KNOWN_WHEN_CODED = {"primary_diagnosis_code": "'R69'", "secondary_diagnosis_codes": "null", "is_open": "true"}
"""Of a stay that has not ended: what will be known when it has."""


def made_from(manifest: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The model and everything behind it within models/derived, first things first; then what they read."""
    ordered: dict[str, dict[str, Any]] = {}

    def add(node_id: str) -> None:
        node = manifest["nodes"].get(node_id)
        if node is None or node_id in ordered:
            return
        if node["resource_type"] == "model" and node["fqn"][1] == "derived":
            for parent in node["depends_on"]["nodes"]:
                add(parent)
        ordered[node_id] = node

    add(next(node_id for node_id, node in manifest["nodes"].items() if node["name"] == name))
    return list(ordered.values())


def features(hub: Settings, nodes: list[dict[str, Any]], home: Path, index_date: str, *, changed: bool) -> list[tuple]:
    """risk_feature of that day, over the hub's tables as they are, or with another future."""
    home.mkdir()
    warehouse = duckdb.connect(str(home / hub.warehouse.name), config={"threads": 2})
    warehouse.execute(f"set TimeZone = 'Europe/London'; attach '{hub.warehouse}' as hub_built (read_only)")
    warehouse.execute(f"create schema hub; create table hub.run_day as select date '{index_date}' as as_of_date")
    for node in nodes:
        relation, built = node["relation_name"], f'hub_built."{node["schema"]}"."{node["alias"]}"'
        warehouse.execute(f'create schema if not exists "{node["schema"]}"')
        if node["resource_type"] == "model" and node["fqn"][1] == "derived":
            warehouse.execute(f"create table {relation} as {node['compiled_code']}")
        elif node["resource_type"] == "model" and changed:
            warehouse.execute(f"create table {relation} as {other_future(warehouse, node['name'], built, index_date)}")
        else:
            warehouse.execute(f"create table {relation} as select * from {built}")
    found = warehouse.execute(f"select * from derived.risk_feature where index_date = date '{index_date}' order by all")
    rows = found.fetchall()
    warehouse.close()
    return rows


def other_future(warehouse: duckdb.DuckDBPyConnection, table: str, built: str, index_date: str) -> str:
    """A select of the table in which all of the past happens again on the day after and nothing else does, and no end
    that lies ahead is known."""
    if table == "calendar_day":
        return f"select * from {built}"
    columns = {name: kind for name, kind, *_ in warehouse.execute(f"describe {built}").fetchall()}
    happened = HAPPENED.get(table)
    assert happened or table in TIMELESS, f"{table}: say in HAPPENED when its rows happened, or that it is timeless"
    later = f"(date '{index_date}' + 1)"
    past, again = [], []
    for name, kind in columns.items():
        ahead = f"cast({name} as date) > date '{index_date}'"
        if name == happened:
            past.append(name)
            again.append(f"cast({later} as {kind}) as {name}")
            continue
        if kind in ("DATE", "TIMESTAMP"):
            past.append(f"case when {ahead} then null else {name} end as {name}")
        elif name in KNOWN_WHEN_CODED and "discharge_date" in columns:
            stays = f"discharge_date is null or discharge_date > date '{index_date}'"
            past.append(f"case when {stays} then {KNOWN_WHEN_CODED[name]} else {name} end as {name}")
        else:
            past.append(name)
        again.append(name)
    if not happened:
        return f"select {', '.join(past)} from {built}"
    before = f"from {built} where {happened} is null or cast({happened} as date) <= date '{index_date}'"
    return f"select {', '.join(past)} {before} union all select {', '.join(again)} {before}"


@pytest.fixture(scope="module")
def nodes(built_hub: Settings) -> list[dict[str, Any]]:
    manifest = load_built_manifest(built_hub)
    assert manifest
    return made_from(manifest, "risk_feature")


def test_features_know_nothing_that_is_dated_after_the_index_date(built_hub, nodes, tmp_path) -> None:
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        [(index_date,)] = warehouse.execute("select cast(as_of - to_days(45) as date) from hub.run_context").fetchall()
    as_it_was = features(built_hub, nodes, tmp_path / "as_it_was", str(index_date), changed=False)
    otherwise = features(built_hub, nodes, tmp_path / "otherwise", str(index_date), changed=True)
    assert len(as_it_was) > 2000
    with duckdb.connect(str(built_hub.warehouse), read_only=True) as warehouse:
        names = [name for name, *_ in warehouse.execute("describe derived.risk_feature").fetchall()]
    one, other = ({row[0]: row for row in rows} for rows in (as_it_was, otherwise))
    known = sorted(
        {
            names[at]
            for person in one.keys() & other.keys()
            for at in range(len(names))
            if one[person][at] != other[person][at]
        }
    )
    assert not known, f"these know of the future: {known}"
    assert one.keys() == other.keys() and len(otherwise) == len(as_it_was)
