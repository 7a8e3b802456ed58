"""The hub as Dagster sees it: assets, checks, jobs and sensors around the plain functions of orchestration/."""
