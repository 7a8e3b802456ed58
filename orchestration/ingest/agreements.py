"""Is there a sharing agreement in force? Decisions are data: seeds/data_sharing_agreement.csv."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.contracts import SEEDS, FeedContract
from orchestration.ingest.outcome import Rejected

PURPOSE = "secondary_use"


@dataclass(frozen=True)
class Agreement:
    """One row of the seed: this data set may be used for this purpose, from one day to another."""

    agreement_id: str
    organisation_code: str
    dataset: str
    purpose: str
    status: str
    starts_on: date
    ends_on: date | None


def load_agreements(seeds: Path = SEEDS) -> list[Agreement]:
    path = Path(seeds) / "data_sharing_agreement.csv"
    if not path.exists():
        return []
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                found.append(
                    Agreement(
                        row["agreement_id"],
                        row["organisation_code"],
                        row["dataset"],
                        row["purpose"],
                        row["status"],
                        date.fromisoformat(row["starts_on"]),
                        date.fromisoformat(row["ends_on"]) if row["ends_on"] else None,
                    )
                )
            except (KeyError, TypeError, ValueError) as problem:
                raise ValueError(
                    f"{path}:{number}: this agreement cannot be read ({problem}); dates are YYYY-MM-DD"
                ) from None
    return found


def require_agreement(contract: FeedContract, agreements: list[Agreement], on: date, purpose: str = PURPOSE) -> None:
    """Raises Rejected where no signed agreement lets the hub hold this feed for this purpose on this day."""
    remedy = (
        f"Nothing is wrong with the file. The {contract.steward.replace('_', ' ')} and the hub's information "
        f"governance lead "
        f"must agree and record agreement {contract.agreement}; the file is then taken in without being sent again."
    )
    what = f"data set {contract.dataset} for {purpose.replace('_', ' ')}"
    own = [
        row
        for row in agreements
        if row.agreement_id == contract.agreement and row.organisation_code == contract.organisation
    ]
    if not own:
        raise Rejected(
            "no_agreement",
            f"No sharing agreement {contract.agreement} with {contract.organisation} is on record.",
            remedy,
        )
    covering = [row for row in own if row.dataset == contract.dataset and row.purpose == purpose]
    if not covering:
        raise Rejected("no_agreement", f"Sharing agreement {contract.agreement} does not cover {what}.", remedy)
    signed = [row for row in covering if row.status == "signed"]
    if not signed:
        raise Rejected(
            "no_agreement",
            f"Sharing agreement {contract.agreement} is {covering[0].status}, not signed, for {what}.",
            remedy,
        )
    if not any(row.starts_on <= on and (row.ends_on is None or on <= row.ends_on) for row in signed):
        spans = " and ".join(
            f"from {row.starts_on:%-d %B %Y} to {row.ends_on:%-d %B %Y}"
            if row.ends_on
            else f"from {row.starts_on:%-d %B %Y}"
            for row in signed
        )
        raise Rejected(
            "no_agreement",
            f"Sharing agreement {contract.agreement} is in force {spans}, not on {on:%-d %B %Y} when the file came.",
            remedy,
        )


def basis(contract: FeedContract, agreements: list[Agreement]) -> str:
    """What the gate went by, so that a batch refused for want of an agreement is looked at again when there is one."""
    return repr(sorted(repr(row) for row in agreements if row.agreement_id == contract.agreement))
