"""What was wrong, and where? A problem of a file with its line and column."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MOST_BYTES = 10_000_000
MOST_RECORDS = 5_000
MOST_PROBLEMS = 500  # told at once; a file with more is another kind of file


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file; 0 where nobody can tell."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable code, its facts (`field`, `value`, …), where it stands."""

    code: str
    place: Place = Place()
    facts: Mapping[str, object] = field(default_factory=dict)


class Unreadable(Exception):
    """The file as a whole cannot be read. `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__(", ".join(problem.code for problem in problems))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """As they stand in the file, each once, at most MOST_PROBLEMS."""
    once = {(each.code, each.place, str(dict(each.facts))): each for each in problems}
    return tuple(sorted(once.values(), key=lambda each: (each.place.line, each.place.column)))[:MOST_PROBLEMS]
