"""Mental health: referrals and contacts of EPUT and NELFT (MHSDS content)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestration.demo.sending import Sent
from orchestration.demo.world import World

PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = ()
