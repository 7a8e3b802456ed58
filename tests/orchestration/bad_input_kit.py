"""One kind of bad input a case: what the file is, and what its partner must be told. Tables: test_bad_input*.py."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ingest_kit import CONTRACT, GOOD, Hub, failed, rows, text

SECONDS, MEGABYTES = 12.0, 400
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SECRETS = (GOOD["Surname"], GOOD["Postcode"], GOOD["NHS No"], GOOD["Born"])


@dataclass(frozen=True)
class Case:
    """A bad file and what must come of it.

    kind: why the whole file is refused; None where it is taken. said, remedy: words of the partner's report. rules: how
    often each rule is broken, as "rule column". lines: what the report shows beside a line of the file. kept: keys of
    the records that reach the lake.
    """

    name: str
    content: bytes | str | Callable[[], bytes | str]
    said: str
    remedy: str = ""
    kind: str | None = None
    rules: Mapping[str, int] = field(default_factory=dict)
    lines: Mapping[int, str] = field(default_factory=dict)
    kept: str = ""
    contract: str = CONTRACT
    file: str = "visits_1.csv"


def spoilt(header: str, value: str, rule: str, said: str, remedy: str, *, shown: str = "", held: bool = True) -> Case:
    """Three records, the second with one bad value. `held`: whether that record is held back."""
    records = rows(3)
    records[1][header] = value
    return Case(
        f"{header}={value[:30]!r}", text(records), said, remedy, rules={rule: 1}, lines={3: shown or value},
        kept="V1 V3" if held else "V1 V2 V3",
    )  # fmt: skip


def take(case: Case, folder: Path) -> None:
    """Take the file in, in a hub of its own, and compare what its partner is told with what must be told."""
    hub = Hub(folder, case.contract)
    hub.send(case.file, case.content() if callable(case.content) else case.content)
    with bounded():
        result = hub.ingest()
    assert not result.failed, result.failed[0].reason
    [outcome] = result.batches
    report = hub.report(outcome).replace("\\", "")
    assert (outcome.status, outcome.reason_kind) == ("rejected" if case.kind else "accepted", case.kind), report
    assert case.said in report and case.remedy in report, report
    if case.kind:
        assert report.index("was not taken") < report.index("**Why:**") < report.index("**What to do:**")
        assert hub.sidecars("rejected")[0]["reason_kind"] == case.kind and not hub.sidecars()
    assert {" ".join(filter(None, rule)): count for rule, count in failed(outcome).items()} == dict(case.rules), report
    for line, shown in case.lines.items():
        assert any(row.startswith(f"| {line:,} |") and shown in row for row in report.splitlines()), report
    kept = [key for (key,) in hub.data("visit_id")] if hub.sidecars() else []
    assert kept == case.kept.split()
    if outcome.rows_quarantined:
        assert max(len(raw) for (raw,) in hub.quarantine("raw_record")) <= 1_000_000
    assert not any(secret in report for secret in SECRETS)


@contextmanager
def bounded(seconds: float = SECONDS, megabytes: float = MEGABYTES):
    """Fails where what happens inside takes more CPU or memory, at its highest, than a bad file may."""
    try:
        CLEAR.write_text("5")  # the highest mark begins anew
        can_measure = True
    except OSError:  # not Linux, or not allowed
        can_measure = False
    before, started = _memory("VmRSS"), time.process_time()
    yield
    used, grown = time.process_time() - started, _memory("VmHWM") - before
    assert used < seconds, f"{used:.1f} CPU seconds"
    assert grown < megabytes or not can_measure, f"{grown:.0f} MB more than before"


def _memory(name: str) -> float:
    """In MB; 0 where the system does not say."""
    if not STATUS.exists():
        return 0.0
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def rezipped(archive: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """An archive with each part as `change(name, content)` gives it; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()
