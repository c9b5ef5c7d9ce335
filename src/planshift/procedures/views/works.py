"""What do staff see of runs? One in a list, and one with its history."""

from __future__ import annotations

from dataclasses import dataclass

from planshift.provisioning import queries as provisioning
from planshift.runtime.runs import queries as runs


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a run is about: numbers and names; "" where there is none."""

    client: str = ""
    client_number: str = ""
    service: str = ""
    service_number: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in the list."""

    run: runs.RunView
    about: About


@dataclass(frozen=True, slots=True, kw_only=True)
class RunList:
    """A page of the runs that were asked for, the newest first."""

    rows: tuple[RunRow, ...]
    page: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run, a stretch of its history (oldest first), and the work on machines that it carries out."""

    run: runs.RunView
    about: About
    history: tuple[runs.StepView, ...]
    page: int
    more: bool  # is there older history?
    can: frozenset[str]  # retry, skip, cancel
    execution: provisioning.ExecutionView | None
    steps: tuple[provisioning.StepView, ...]
    others: tuple[runs.RunView, ...]  # runs about the same change, newest first
