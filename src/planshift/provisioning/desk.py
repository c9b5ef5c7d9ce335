"""Where do staff take up and close what a manual driver asks of them?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class Task(Protocol):
    """What staff shall do on a server by hand. `fields`: what they have to say about it, and whether that may be left
    out; `asked`: what is wanted, by the names of the driver's verbs."""

    @property
    def code(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def server(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def asked(self) -> Mapping[str, object]: ...
    @property
    def asked_at(self) -> datetime: ...
    @property
    def fields(self) -> tuple[tuple[str, bool], ...]: ...


class Desk(Protocol):
    """The handles of a manual driver. `servers`: codes of those that the staff work for."""

    def open_tasks(self, *, servers: tuple[str, ...], first: int = 0, most: int | None = None) -> tuple[Task, ...]:
        """What waits, oldest first: from the `first` on (counted from 0), at most `most` of them."""
        ...

    def count_open(self, *, servers: tuple[str, ...]) -> int:
        """How many wait."""
        ...

    def close(
        self, *, servers: tuple[str, ...], task: str, said: Mapping[str, object], note: str, at: datetime, actor: str
    ) -> None:
        """It was done; `said` fills the task's fields. ValueError names a field that is missing or not as it must be,
        LookupError when there is no such open task."""
        ...

    def refuse(self, *, servers: tuple[str, ...], task: str, note: str, at: datetime, actor: str) -> None:
        """It cannot be done, and why. LookupError when there is no such open task; ValueError without a note."""
        ...


_bound: list[Desk] = []


def bind(desk: Desk) -> None:
    """Name the desk of this installation (`project.wiring`)."""
    _bound[:] = [desk]


def bound() -> Desk | None:
    """The desk; None where no manual driver is bound."""
    return _bound[0] if _bound else None
