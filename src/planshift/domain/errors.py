"""How the rules say no."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a refusal: a stable code and the facts that make its sentence (interfaces/presenters/reasons)."""

    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


class Refused(Exception):
    """The rules say no. Carries every reason at once; worded for the reader at the door, never here."""

    def __init__(self, code: str, /, **facts: object) -> None:
        self.reasons: tuple[Reason, ...] = (Reason(code, facts),)
        super().__init__(code)

    @classmethod
    def for_reasons(cls, reasons: Iterable[Reason]) -> "Refused":
        """One refusal that carries all `reasons` (at least one), in the given order."""
        every = tuple(reasons)
        if not every:
            raise ValueError("a refusal needs a reason")
        refused = cls(every[0].code, **every[0].facts)
        refused.reasons = every
        return refused

    @property
    def code(self) -> str:
        """The first reason's code."""
        return self.reasons[0].code

    def __str__(self) -> str:
        return ", ".join(reason.code for reason in self.reasons)


class Trouble(Exception):
    """An outside party (driver, gateway, mail server) did not do what it was asked. Says what happened, for staff."""

    def __init__(self, what: str, /, **facts: object) -> None:
        self.what = what
        self.facts: Mapping[str, object] = facts
        super().__init__(what)


class Transient(Trouble):
    """It did not happen now and may succeed later: the step is tried again (after `after_seconds`, when given)."""

    def __init__(self, what: str, /, *, after_seconds: float | None = None, **facts: object) -> None:
        self.after_seconds = after_seconds
        super().__init__(what, **facts)


class Permanent(Trouble):
    """It did not happen and never will as asked: a person must decide."""


class Unknown(Trouble):
    """No answer: it may or may not have happened. Read back before trying again."""


class BadMoney(ValueError):
    """Amounts that cannot be combined or written: other currency, float, a fraction of the smallest unit."""
