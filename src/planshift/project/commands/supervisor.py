"""Who keeps the processes of one installation together? Starts them, restarts the one that dies, stops all with one."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

RESTARTS = 5  # within RESTART_WINDOW seconds; more is no accident
RESTART_WINDOW = 60
STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """A command that must stay alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        """In a session of its own: Ctrl-C reaches only the supervisor, which stops everything in order."""
        self.process = subprocess.Popen(
            self.command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )

    def signal(self, number: int) -> None:
        """To the process and everything that it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def may_restart(self) -> bool:
        """Records a death; False when it dies again and again."""
        now = time.monotonic()
        self.deaths = [death for death in self.deaths if now - death < RESTART_WINDOW] + [now]
        return len(self.deaths) <= RESTARTS


class Supervisor:
    """Runs children until told to stop."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.stopping = threading.Event()

    def run(self, *, when_up: Callable[[], None]) -> int:
        """0 after SIGINT or SIGTERM, 1 when a child could not be kept alive."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        for child in self.children:
            child.start()
        threading.Thread(target=when_up, daemon=True).start()
        status = 0
        while not self.stopping.wait(0.2):
            for child in self.children:
                ended = child.process.poll() if child.process else None
                if ended is None:
                    continue
                child.signal(signal.SIGKILL)  # what it may have left behind
                if not child.may_restart():
                    _say(f"The {child.name} ended {len(child.deaths)} times within a minute; stopping everything.")
                    status = 1
                    self.stopping.set()
                    break
                _say(f"The {child.name} ended unexpectedly ({_reason(ended)}); starting it again.")
                child.start()
        self._end()
        return status

    def _stop(self, *_: Any) -> None:
        self.stopping.set()

    def _end(self) -> None:
        """Ask, wait, insist."""
        _say("\nStopping …")
        for child in self.children:
            child.signal(signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for child in self.children:
            try:
                if child.process:
                    child.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _say(f"The {child.name} does not stop; killing it. What it was doing is taken over at the next start.")
            child.signal(signal.SIGKILL)


def _end_with_parent() -> None:
    """On Linux a child gets SIGTERM when its supervisor is killed outright, so nothing is left running alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _reason(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def _say(text: str) -> None:
    print(text, flush=True)
