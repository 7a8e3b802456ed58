"""The hub as Dagster sees it: assets, checks, jobs, schedules and sensors around the plain functions of orchestration/."""
