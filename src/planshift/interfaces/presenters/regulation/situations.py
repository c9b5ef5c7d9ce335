"""In which situations does a policy say different things? What a page must tell apart, and by which words.

A situation is one case laid over one family, with the operations and directions that earlier cases have left to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias, TypeVar

from planshift.domain.policy import document, reading, vocabulary

T = TypeVar("T")
Values: TypeAlias = tuple[vocabulary.Chosen, ...]
Atom: TypeAlias = tuple[tuple[str, str], ...]  # (("kind", "hard"), ("direction", "up"))

# Attributes by which differences are told, the plainest first.
_ATTRIBUTES: tuple[tuple[str, ...], ...] = (
    ("kind",),
    ("direction",),
    ("operation",),
    ("family",),
    ("kind", "direction"),
    ("operation", "direction"),
    ("family", "direction"),
    ("family", "kind"),
    ("family", "operation"),
    ("operation", "kind", "direction"),
    ("family", "operation", "kind", "direction"),
)


@dataclass(frozen=True, slots=True)
class Situation:
    """One case over one family: what holds there, and for which changes."""

    family: str  # "" for every family without answers of its own
    case: document.Case | None
    resolved: document.Resolved
    cells: tuple[tuple[str, str], ...]  # (operation, direction)

    def atoms(self, attributes: Sequence[str]) -> Iterator[Atom]:
        """Every combination of these attributes that occurs in the situation."""
        for operation, direction in self.cells:
            all_of = {
                "kind": self.resolved.kind,
                "family": self.family,
                "operation": operation,
                "direction": direction,
            }
            yield tuple((name, all_of[name]) for name in attributes)


@dataclass(frozen=True, slots=True)
class Difference:
    """Some answers, and to which changes they apply: `atoms`, or single `cases`, or (both empty) all others."""

    values: Values
    atoms: tuple[Atom, ...] = ()
    cases: tuple[document.Case, ...] = ()


def every(policy: document.Policy) -> tuple[Situation, ...]:
    """All situations of a policy, in the order of its cases."""
    return tuple(_every(policy))


def _every(policy: document.Policy) -> Iterator[Situation]:
    if not policy.cases:
        grid = tuple(product(document.OPERATIONS, document.DIRECTIONS))
        for family in ("", *policy.families):
            yield Situation(family, None, policy.resolved(family=family, case=None), grid)
    for family, index, cells in reading.decided(policy):
        yield Situation(family, policy.cases[index], policy.resolved(family=family, case=index), cells)


def among(
    situations: Sequence[Situation],
    *,
    kind: str | None = None,
    operation: str | None = None,
    direction: str | None = None,
) -> tuple[Situation, ...]:
    """The situations that are not refused, cut down to one kind, operation or direction."""
    found = []
    for each in situations:
        cells = tuple(
            cell for cell in each.cells if operation in (None, cell[0]) and direction in (None, cell[1])
        )  # fmt: skip
        if cells and each.resolved.kind != "refused" and kind in (None, each.resolved.kind):
            found.append(Situation(each.family, each.case, each.resolved, cells))
    return tuple(found)


def metered(situation: Situation) -> bool:
    """True where the service is counted by the hour and changed without an order."""
    return situation.resolved.one("metering").answer != "none"


def offered(situations: Sequence[Situation], *, operations: frozenset[str]) -> tuple[Situation, ...]:
    """The situations of ordered services, without the operations and directions in which nothing is offered."""
    found = []
    for each in situations:
        cells = tuple(cell for cell in each.cells if cell[0] in operations and _offers(each.resolved, *cell))
        if cells and not metered(each):
            found.append(Situation(each.family, each.case, each.resolved, cells))
    return tuple(found)


def _offers(resolved: document.Resolved, operation: str, direction: str) -> bool:
    if operation == "period" and resolved.one("period_change").answer == "not_offered":
        return False
    if direction == "down" and resolved.one("decrease").answer == "not_offered":
        return False
    return not (direction == "sideways" and resolved.one("equal_price").answer == "not_offered")


def differences(situations: Sequence[Situation], pick: Callable[[document.Resolved], Values]) -> tuple[Difference, ...]:
    """What `pick` gives in these situations: one difference when it is the same in all, else each with its label."""
    by_values: dict[Values, list[Situation]] = {}
    for each in situations:
        by_values.setdefault(pick(each.resolved), []).append(each)
    if len(by_values) <= 1:
        return tuple(Difference(values) for values in by_values)
    last = situations[-1].case
    for attributes in _ATTRIBUTES:
        if (split := _split(by_values, attributes)) is not None:
            return _labelled(split)
    return tuple(
        # the last case has no condition: what it says holds for all others
        Difference(values, cases=() if any(case is last for case in cases) else cases)
        for values, cases in sorted(
            ((values, _cases(found)) for values, found in by_values.items()),
            key=lambda item: any(case is last for case in item[1]),
        )
    )


def _cases(situations: Sequence[Situation]) -> tuple[document.Case, ...]:
    return tuple(_once([each.case for each in situations if each.case is not None]))


def _split(by_values: Mapping[Values, list[Situation]], attributes: Sequence[str]) -> dict[Values, list[Atom]] | None:
    """The atoms of each value, None when one atom has two values: then these attributes do not tell them apart."""
    split = {
        values: _once([atom for each in found for atom in each.atoms(attributes)])
        for values, found in by_values.items()
    }
    atoms = [atom for found in split.values() for atom in found]
    return split if len(set(atoms)) == len(atoms) else None


def _labelled(split: Mapping[Values, list[Atom]]) -> tuple[Difference, ...]:
    """Each value with its atoms; where the labels would be long, the commonest value becomes "all others"."""
    total = sum(len(atoms) for atoms in split.values())
    if total <= 3:
        return tuple(Difference(values, atoms=tuple(atoms)) for values, atoms in split.items())
    common = max(split, key=lambda values: len(split[values]))
    rest = tuple(Difference(values, atoms=tuple(atoms)) for values, atoms in split.items() if values != common)
    return (*rest, Difference(common))


def _once(values: list[T]) -> list[T]:
    """Each value once, in order; cases are told apart by identity, having no hash of their own."""
    return list({id(value) if isinstance(value, document.Case) else value: value for value in values}.values())
