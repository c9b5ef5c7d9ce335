"""Which steps does each kind of run have?"""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from planshift.runtime.runs.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is told about its run. `at` is the business instant at which this attempt started."""

    id: int
    key: str
    kind: str
    version: int
    subject: str
    step: str
    entry: int  # how many steps have finished before: the same in every attempt and after a crash
    attempt: int  # failed attempts of this step so far
    crashes: int  # workers that died in this step so far
    generation: int  # of the claim: fences a worker that lost its lease
    woken_by: str  # "due", the name of the signal, or ""
    signals: Mapping[str, int]
    at: dt.datetime
    follows: bool = False  # on another step in the same transaction,
    carried: Any = field(default=None, compare=False, repr=False)  # which left this to it

    @property
    def actor(self) -> str:
        """How this run signs what it does."""
        return f"run:{self.key}"

    @property
    def effect_key(self) -> str:
        """An idempotency key for outside effects of this step: stable over retries, crashes and takeovers."""
        return f"{self.key}:{self.step}:{self.entry}"


@dataclass(frozen=True, slots=True)
class Retries:
    """How often, and with which pauses (seconds of system time), a step that failed is tried again.

    `attempts` counts tries in all. The pause doubles from `first` up to `longest`; a random part of up to half is taken
    off, so that many runs that failed together do not come back together. `surprises` is the limit for errors that are
    neither Transient nor Unknown (a fault of ours): fewer, since trying again seldom helps.
    """

    attempts: int = 8
    first: float = 2.0
    longest: float = 900.0
    surprises: int = 3

    def pause(self, failures: int) -> float:
        """Seconds to wait after the `failures`-th failure."""
        full: float = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return full * (1 - random.random() / 2)  # noqa: S311 - spreads load, guards nothing


Body = Callable[..., Outcome]
External = Callable[[Work], Any]
StuckHook = Callable[[Work, str], None]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Step:
    """A step: `body(work)` in one transaction with the advance of the run; `external(work)` before it, outside any.

    With an external part the body gets its value: `body(work, value)`.
    """

    body: Body
    external: External | None = None
    retries: Retries = field(default_factory=Retries)


@dataclass(frozen=True, slots=True)
class Definition:
    """A kind of run in one version. Runs keep the version they started with: leave old versions in place until they
    end.
    """

    kind: str
    version: int
    steps: Mapping[str, Step]
    first: str
    stuck: StuckHook | None = None
    kept: bool = False

    def following(self, step: str) -> str:
        """The step that stands after `step` in the definition ("" after the last): where `skip` leads."""
        names = list(self.steps)
        place = names.index(step) + 1
        return names[place] if place < len(names) else ""


_definitions: dict[tuple[str, int], Definition] = {}
_newest: dict[str, int] = {}


def external(function: External) -> Callable[[F], F]:
    """Decorate a step: `function(work)` runs before it, outside any transaction, and its value is the second
    argument.
    """

    def mark(body: F) -> F:
        body.external = function  # type: ignore[attr-defined]
        return body

    return mark


def define(
    kind: str,
    *,
    steps: Mapping[str, Step | Body],
    first: str,
    version: int = 1,
    stuck: StuckHook | None = None,
    kept: bool = False,
) -> Definition:
    """Name a kind of run and its steps. Defining the same kind and version again replaces it (reload, tests).

    A step is a function `step(work) -> Outcome`, a function with an `external` attribute, or a `Step`. `stuck(work,
    reason)` runs in the transaction in which a run of this kind becomes stuck, so that the owning row can say so too.
    What is `kept` is evidence: its history is never pruned.
    """
    made = {
        name: step
        if isinstance(step, Step)
        else Step(step, getattr(step, "external", None), getattr(step, "retries", Retries()))
        for name, step in steps.items()
    }
    if first not in made:
        raise ValueError(f"run {kind}: the first step {first!r} is none of {', '.join(made)}")
    definition = Definition(kind, version, made, first, stuck, kept)
    _definitions[kind, version] = definition
    _newest[kind] = max(version, _newest.get(kind, version))
    return definition


def newest(kind: str) -> Definition:
    """The definition that new runs of `kind` start with. KeyError when there is none."""
    return _definitions[kind, _newest[kind]]


def kinds() -> frozenset[str]:
    """Every kind that this program knows."""
    return frozenset(_newest)


def kept() -> list[str]:
    """Kinds whose history is evidence."""
    return sorted({each.kind for each in _definitions.values() if each.kept})


def find(kind: str, version: int) -> Definition | None:
    """The definition of a run under way; None when this program does not know it."""
    return _definitions.get((kind, version))
