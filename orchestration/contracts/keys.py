"""What the YAML of a contract may say: every key, and what it may hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

CHECKS = (
    "nhs_number",
    "postcode",
    "birth_date",
    "gp_practice_code",
    "site_code",
    "lsoa_code",
    "snomed",
    "icd10",
)
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "utf-16")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
STEP = r"[^.\s\[\]]+(\[[0-9]+\])*"
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Severity = Literal["warn", "reject"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RuleYaml(_Strict):
    name: Name
    sql: Text
    severity: Severity = "warn"
    message: Text


class ColumnMeta(_Strict):
    local_name: Text | None = None
    path: Annotated[str, StringConstraints(pattern=rf"^{STEP}(\.{STEP})*$")] | None = None
    format: Text | list[Text] | None = None
    required: bool = False
    accepted: list[Text] | None = Field(default=None, min_length=1)
    codes: dict[str, Text | None] | None = Field(default=None, min_length=1)
    code_list: Name | None = None
    check: Literal[CHECKS] | None = None
    min: int | float | None = None
    max: int | float | None = None
    severity: Severity = "warn"
    identifies: Literal["person", "organisation", "event"] | None = None
    sensitivity: Literal["identifying", "pseudonymous", "sensitive"] | None = None


class ColumnConfig(_Strict):
    meta: ColumnMeta = ColumnMeta()
    tags: list[str] | str = []


class ColumnYaml(_Strict):
    name: Name
    data_type: Annotated[
        str,
        StringConstraints(
            pattern=r"^(varchar|date|timestamp|time|integer|bigint|boolean|double|decimal\(\d+,\s*\d+\))$"
        ),
    ]
    description: Text
    config: ColumnConfig = ColumnConfig()
    data_tests: list[Any] = []
    tags: list[str] | str = []


class DatabaseYaml(_Strict):
    connection: Name
    relation: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]
    watermark: Name
    overlap_minutes: Annotated[int, Field(ge=0, le=44640)] = 60


class FeedMeta(_Strict):
    version: Text
    dataset: Name
    format: Literal["csv", "xlsx", "jsonl"]
    pattern: Text
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    encoding: Literal[ENCODINGS] | None = None
    trailer: Text | None = None
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    key: list[Name] = Field(min_length=1)
    mode: Literal["upsert", "snapshot"]
    deleted_when: Text | None = None
    cadence: Text
    reject_batch_above: Annotated[float, Field(ge=0, le=1, strict=False)]
    database: DatabaseYaml | None = None
    rules: list[RuleYaml] = []


class TableMeta(_Strict):
    feed: FeedMeta


class _Period(_Strict):
    count: Annotated[int, Field(gt=0)]
    period: Literal["minute", "hour", "day"]


class Freshness(_Strict):
    warn_after: _Period | None = None
    error_after: _Period | None = None
    filter: str | None = None


class TableConfig(_Strict):
    meta: TableMeta
    freshness: Freshness | None = None
    loaded_at_field: Literal["_received_at"] | None = None
    tags: list[str] | str = []
    enabled: bool = True


class TableYaml(_Strict):
    name: Name
    description: Text
    config: TableConfig
    columns: list[ColumnYaml] = Field(min_length=1)
    loaded_at_field: Literal["_received_at"] | None = None
    freshness: Freshness | None = None
    data_tests: list[Any] = []
    tags: list[str] | str = []


class SourceMeta(_Strict):
    title: Text
    organisation: Text
    steward: Name
    agreement: Text
    system: Text


class SourceConfig(_Strict):
    meta: SourceMeta
    tags: list[str] | str = []
    enabled: bool = True


class SourceYaml(_Strict):
    name: Name
    description: Text
    config: SourceConfig
    tables: list[TableYaml] = Field(min_length=1)
    tags: list[str] | str = []


class FileYaml(_Strict):
    version: Literal[2]
    sources: list[SourceYaml] = Field(min_length=1)
