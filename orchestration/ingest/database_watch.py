"""No database keeps the hub waiting for ever, not even one that was stopped while its network still answers.

A server enforces its statement timeout only while it runs. When a step takes longer than it may, the watch cuts the
connection from this side, and the step that waits for it fails.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any

GRACE_SECONDS = 10.0
TICK_SECONDS = 0.25
SQLITE_STEPS = 100_000


class Watch:
    """Watches one connection. `seconds`: what one statement may take; `total_seconds`: everything together."""

    def __init__(self, seconds: float, total_seconds: float):
        self.seconds, self.total_seconds = seconds, total_seconds
        self.deadline = time.monotonic() + total_seconds
        self.was_cut = False
        self._done = threading.Event()
        self._socket: socket.socket | None = None
        self.step()

    def step(self) -> None:
        """A new statement begins: the server's own timeout comes first, then this one."""
        self._until = min(self.deadline, time.monotonic() + self.seconds + GRACE_SECONDS)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._until

    @property
    def allowed(self) -> int:
        """How many seconds were not enough."""
        return int(self.total_seconds if time.monotonic() > self.deadline else self.seconds)

    def over(self, driver: Any) -> None:
        """Watch a driver's connection from now on."""
        if hasattr(driver, "set_progress_handler"):  # SQLite works in this process, and asks while it does
            driver.set_progress_handler(self._interrupt, SQLITE_STEPS)
            return
        self._socket = socket.socket(fileno=os.dup(driver.fileno()))
        threading.Thread(target=self._run, name="database watch", daemon=True).start()

    def _interrupt(self) -> bool:
        self.was_cut = self.was_cut or self.is_over
        return self.was_cut

    def _run(self) -> None:
        while not self._done.wait(TICK_SECONDS):
            if self.is_over:
                self.was_cut = True
                with suppress(OSError):  # where it is closed already
                    self._socket.shutdown(socket.SHUT_RDWR)
                return

    def end(self) -> None:
        self._done.set()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
