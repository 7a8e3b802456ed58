"""Community services: referrals and contacts of Provide, NELFT and EPUT (CSDS content)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestration.demo.sending import Sent
from orchestration.demo.world import World

PARTNERS: tuple[tuple[str, Callable[[World, Path, int], Sent]], ...] = ()
