"""A feed contract as a document of the Open Data Contract Standard, for catalogues that read it."""

from __future__ import annotations

from typing import Any

from orchestration.contracts import Column, Database, FeedContract

_LOGICAL = {
    "varchar": "string",
    "date": "date",
    "timestamp": "timestamp",
    "time": "time",
    "integer": "integer",
    "bigint": "integer",
    "boolean": "boolean",
}


def document(contract: FeedContract) -> dict[str, Any]:
    """The contract as a document of the Open Data Contract Standard, version 3.0.2."""
    return {
        "apiVersion": "v3.0.2",
        "kind": "DataContract",
        "id": f"bihub.{contract.feed}",
        "name": f"{contract.title}: {contract.table}",
        "version": contract.version,
        "status": "active",
        "domain": contract.partner,
        "dataProduct": contract.dataset,
        "tenant": "Mid and South Essex Health and Care Partnership",
        "description": {
            "purpose": contract.description,
            "usage": f"Received under sharing agreement {contract.agreement}.",
            "limitations": f"Extract of {contract.system}. Figures are shown as the source gave them.",
        },
        "schema": [
            {
                "name": contract.table,
                "logicalType": "object",
                "physicalType": contract.format,
                "physicalName": contract.pattern,
                "description": contract.description,
                "properties": [_odcs_property(column, contract) for column in contract.columns],
                "quality": [
                    {
                        "type": "sql",
                        "name": rule.name,
                        "description": rule.message,
                        "query": f"select count(*) from {contract.table} where not coalesce({rule.sql}, true)",
                        "mustBe": 0,
                        "severity": "error" if rule.severity == "reject" else "warning",
                    }
                    for rule in contract.rules
                ],
            }
        ],
        "servers": [
            {
                "server": "landing",
                "type": "local",
                "path": f"landing/{contract.partner}/{contract.pattern}",
                "format": contract.format,
                **({"delimiter": contract.delimiter} if contract.format == "csv" else {}),
            },
            *([_odcs_database(contract.database)] if contract.database else []),
        ],
        "team": [{"username": contract.steward, "role": "data steward"}],
        "slaProperties": [
            {"property": "frequency", "value": contract.cadence, "unit": "cron"},
            *(
                [{"property": "latency", "value": contract.error_after_seconds, "unit": "s"}]
                if contract.error_after_seconds
                else []
            ),
        ],
        "customProperties": [
            {"property": name, "value": value}
            for name, value in (
                ("organisation", contract.organisation),
                ("system", contract.system),
                ("agreement", contract.agreement),
                ("mode", contract.mode),
                ("deletedWhen", contract.deleted_when),
                ("rejectBatchAbove", contract.reject_batch_above),
                ("encoding", None if contract.format == "xlsx" else contract.encoding),
                ("trailer", contract.trailer),
                ("sheet", contract.sheet),
                ("headerRow", contract.header_row if contract.format != "jsonl" else None),
            )
            if value is not None
        ],
    }


def _odcs_database(database: Database) -> dict[str, Any]:
    """Where the extract is read. The connection is a name: address and credentials belong to the hub's home."""
    return {
        "server": database.connection,
        "type": "custom",
        "description": f"Read as rows change, by {database.watermark}.",
        "customProperties": [
            {"property": "relation", "value": database.relation},
            {"property": "watermark", "value": database.watermark},
            {"property": "overlapMinutes", "value": database.overlap_minutes},
        ],
    }


def _odcs_property(column: Column, contract: FeedContract) -> dict[str, Any]:
    quality: list[dict[str, Any]] = []
    severity = "error" if column.severity == "reject" else "warning"
    allowed = column.accepted or tuple(code for code, _ in column.codes)
    if allowed:
        quality.append(
            {
                "type": "library",
                "rule": "validValues",
                "validValues": list(allowed),
                "mustBe": 0,
                "severity": severity,
            }
        )
    for name, value in (("code_list", column.code_list), ("check", column.check)):
        if value:
            quality.append(
                {
                    "type": "text",
                    "name": name,
                    "description": f"Must pass {name.replace('_', ' ')} {value}.",
                    "severity": severity,
                }
            )
    options = {name: value for name, value in (("minimum", column.min), ("maximum", column.max)) if value is not None}
    if column.formats:
        options["format"] = column.formats[0]
    entry: dict[str, Any] = {
        "name": column.name,
        "physicalName": column.source_name,
        "logicalType": _LOGICAL.get(column.data_type, "number"),
        "physicalType": column.data_type,
        "description": column.description,
        "required": column.required,
        "primaryKey": column.name in contract.key,
        "classification": column.sensitivity or "internal",
    }
    if column.name in contract.key:
        entry["primaryKeyPosition"] = contract.key.index(column.name) + 1
    if options:
        entry["logicalTypeOptions"] = options
    if quality:
        entry["quality"] = quality
    if column.codes:
        entry["customProperties"] = [{"property": "codes", "value": dict(column.codes)}]
    return entry
