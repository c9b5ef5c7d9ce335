"""What does a step say at its end? One of these, and nothing else."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Go:
    """On to the step named `step`, now.

    `together`: in the same transaction, where the next step locks nothing that stands before what this one has locked.
    If the next step fails, this one is carried out and committed by itself. `carrying` is handed to it as
    `work.carried`: a row that is locked need not be read twice.
    """

    step: str
    together: bool = False
    carrying: Any = None


@dataclass(frozen=True, slots=True)
class Done:
    """The run is finished."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Sleep until one of the named signals comes or the business instant `due_at` is reached, then run `resume`.

    A row sleeps, not a thread. `owner` is who must act: "client", "staff", "system" or "seller:<code>". A signal only
    says "look again": `resume` reads the facts anew and may Wait again. Without a signal only the date wakes the run.
    """

    resume: str
    owner: str
    signal: str | tuple[str, ...] = ""
    due_at: dt.datetime | None = None

    def __post_init__(self) -> None:
        if not self.names and self.due_at is None:
            raise ValueError("a wait needs a signal or a date")
        if self.due_at is not None and self.due_at.tzinfo is None:
            raise ValueError("due_at must be an aware instant")
        if self.owner not in ("client", "staff", "system") and not self.owner.startswith("seller:"):
            raise ValueError(f"a wait needs an owner, not {self.owner!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """The signals that wake the run."""
        return tuple(name for name in ((self.signal,) if isinstance(self.signal, str) else self.signal) if name)


@dataclass(frozen=True, slots=True)
class Retry:
    """The same step again after this many seconds of system time: for polling what goes on elsewhere.

    Unlike Transient it keeps what the step wrote and does not count as a failure: the step itself keeps the deadline.
    """

    after_seconds: float


@dataclass(frozen=True, slots=True)
class Stuck:
    """It cannot go on by itself. What the step wrote is kept; staff see `reason` and retry, skip or cancel."""

    reason: str


Outcome = Go | Done | Wait | Retry | Stuck
