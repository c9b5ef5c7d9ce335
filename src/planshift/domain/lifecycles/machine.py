"""What may happen to a thing, and when? A lifecycle is a table (state, event) → state; what is not in it cannot
happen.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from planshift.domain.errors import Refused

STATE_LENGTH = 40
EVENT_LENGTH = 40
_STATE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,39}")


class BadLifecycle(ValueError):
    """A lifecycle table that contradicts itself; raised when it is defined, with every problem."""


@dataclass(frozen=True)
class Lifecycle:
    """One aggregate's table of states and events.

    `states` maps each state to the sentence that explains it; `moves` maps (state, event) to the next state;
    `waiting` maps a state in which nothing happens by itself to who must act ("client", "staff", "system", "seller");
    `final` states have no way out; `open` are the states that count as unfinished (default: all but the final ones),
    for constraints such as "one open change per service"; `events` may give each event its sentence.
    """

    name: str
    states: Mapping[str, str]
    initial: str
    moves: Mapping[tuple[str, str], str]
    final: frozenset[str] = frozenset()
    waiting: Mapping[str, str] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    events: Mapping[str, str] = field(default_factory=dict)
    doc: str = ""

    def __post_init__(self) -> None:
        for name in ("states", "moves", "waiting", "events"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "final", frozenset(self.final))
        still_open = self.open or tuple(state for state in self.states if state not in self.final)
        object.__setattr__(self, "open", tuple(sorted(still_open)))
        problems = list(_problems(self))
        if problems:
            raise BadLifecycle(f"lifecycle {self.name}: " + "; ".join(problems))

    def __hash__(self) -> int:
        return hash(self.name)

    def after(self, state: str, event: str) -> str:
        """The state that `event` leads to from `state`; Refused("move_not_allowed") when the table has no such move."""
        try:
            return self.moves[state, event]
        except KeyError:
            if event not in self.every_event():
                raise ValueError(f"lifecycle {self.name} has no event {event!r}") from None
            raise Refused(
                "move_not_allowed", lifecycle=self.name, state=state, event=event, allowed=self.possible(state)
            ) from None

    def allows(self, state: str, event: str) -> bool:
        """Can `event` happen in `state`?"""
        return (state, event) in self.moves

    def possible(self, state: str) -> tuple[str, ...]:
        """The events that can happen in `state`, in table order."""
        return tuple(event for from_state, event in self.moves if from_state == state)

    def every_event(self) -> tuple[str, ...]:
        """All events, in table order, each once."""
        return tuple(dict.fromkeys(event for _, event in self.moves))

    def every_pair(self) -> Iterator[tuple[str, str, str | None]]:
        """Every state with every event, and where it leads (None: it cannot happen). For exhaustive tests."""
        for state in self.states:
            for event in self.every_event():
                yield state, event, self.moves.get((state, event))

    def markdown(self) -> str:
        """The tables of this lifecycle for docs/lifecycles.md."""
        lines = [f"## {self.name}", ""]
        if self.doc:
            lines += [self.doc, ""]
        lines += ["| state | | waits for | meaning |", "|---|---|---|---|"]
        for state, meaning in self.states.items():
            role = "start" if state == self.initial else "end" if state in self.final else ""
            lines.append(f"| `{state}` | {role} | {self.waiting.get(state, '')} | {meaning} |")
        lines += ["", "| in state | when | it becomes | |", "|---|---|---|---|"]
        for (state, event), to in self.moves.items():
            lines.append(f"| `{state}` | {event} | `{to}` | {self.events.get(event, '')} |")
        return "\n".join([*lines, ""])


def render(lifecycles: Iterable[Lifecycle]) -> str:
    """The whole page docs/lifecycles.md, generated (never edited by hand)."""
    head = (
        "# Lifecycles\n\nGenerated from `src/planshift/domain/lifecycles/`. What is not in a table cannot happen.\n\n"
    )
    return head + "\n".join(each.markdown() for each in sorted(lifecycles, key=lambda one: one.name))


def _problems(cycle: Lifecycle) -> Iterator[str]:
    known = set(cycle.states)
    for state, meaning in cycle.states.items():
        if not _STATE.fullmatch(state):
            yield f"state {state!r} is not written like AWAITING_PAYMENT"
        if not meaning.strip():
            yield f"state {state} has no meaning"
    used = {cycle.initial, *cycle.final, *cycle.waiting, *cycle.open, *cycle.moves.values()}
    used |= {state for state, _ in cycle.moves}
    for state in sorted(used - known):
        yield f"unknown state {state!r}"
    for event in cycle.every_event():
        if not _EVENT.fullmatch(event):
            yield f"event {event!r} is not written like paid"
        if cycle.events and event not in cycle.events:
            yield f"event {event} has no meaning"
    for event in sorted(set(cycle.events) - set(cycle.every_event())):
        yield f"event {event} is explained but never happens"
    for state in sorted(set(cycle.final) & {state for state, _ in cycle.moves}):
        yield f"final state {state} has a way out"
    for state in sorted(set(cycle.final) & (set(cycle.waiting) | set(cycle.open))):
        yield f"final state {state} waits or counts as open"
    if cycle.initial in known:
        for state in sorted(known - _reachable(cycle, cycle.initial)):
            yield f"state {state} cannot be reached"
    for state in sorted(known - set(cycle.final)):
        if not _reachable(cycle, state) & cycle.final:
            yield f"state {state} never ends"


def _reachable(cycle: Lifecycle, start: str) -> set[str]:
    seen, todo = {start}, deque([start])
    while todo:
        here = todo.popleft()
        for (state, _), to in cycle.moves.items():
            if state == here and to not in seen:
                seen.add(to)
                todo.append(to)
    return seen
