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


class BadMoney(ValueError):
    """Amounts that cannot be combined or written: other currency, float, a fraction of the smallest unit."""
