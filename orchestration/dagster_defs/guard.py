"""What every step that touches the hub does: take its turn, and say what went wrong without quoting a row."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.settings import Settings

POOL = "duckdb_writer"
BUSY_RETRIES, BUSY_SECONDS = 20, 30


@contextmanager
def one_writer(settings: Settings, what: str, *explained: type[Exception]) -> Iterator[None]:
    """Hold the hub for one step.

    Where `bihub run` holds it, the step waits and tries again. An exception of a type in `explained` speaks for itself;
    any other may quote a value (`Could not convert 'Smith' to INT32`), so Dagster's log gets its type and its place,
    and the whole of it goes to home/audit/errors, beside the data it came from.
    """
    from orchestration.ingest import IngestBusy
    from orchestration.pipeline import HubBusy, only_one

    try:
        with only_one(settings):
            yield
    except (HubBusy, IngestBusy) as problem:
        raise dg.RetryRequested(max_retries=BUSY_RETRIES, seconds_to_wait=BUSY_SECONDS) from problem
    except (dg.Failure, dg.RetryRequested):
        raise
    except explained as problem:
        raise dg.Failure(f"{what}: {problem}", allow_retries=False) from None
    except Exception as problem:
        raise dg.Failure(
            f"{what} stopped with {type(problem).__name__} at {_place(problem)}. "
            f"The last good data stays. The whole error: {_keep(settings, what)}",
            allow_retries=False,
        ) from None


def _place(problem: Exception) -> str:
    frames = traceback.extract_tb(problem.__traceback__)
    ours = [frame for frame in frames if "orchestration" in frame.filename] or frames
    return (
        f"{ours[-1].filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{ours[-1].lineno}" if ours else "unknown place"
    )


def _keep(settings: Settings, what: str) -> str:
    folder = settings.audit / "errors"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{''.join(letter if letter.isalnum() else '_' for letter in what)[:80]}.txt"
    file.write_text(traceback.format_exc(), encoding="utf-8")
    return f"audit/errors/{file.name} in the hub's home"
