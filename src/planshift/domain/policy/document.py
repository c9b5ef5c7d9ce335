"""What does this policy say for this pair? The frozen policy, its ordered cases, and the answers for one change.

Order: what the file says at its top (base), then what it says for the family of the present service, then the first
case whose conditions all hold. Later layers replace whole answers; nothing is merged inside an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from planshift.domain.policy import vocabulary

Operation: TypeAlias = Literal["plan", "resources", "period"]
Direction: TypeAlias = Literal["up", "down", "sideways"]
Kind: TypeAlias = Literal["easy", "hard", "refused"]

OPERATIONS: tuple[Operation, ...] = ("plan", "resources", "period")
DIRECTIONS: tuple[Direction, ...] = ("up", "down", "sideways")
KINDS: tuple[Kind, ...] = ("easy", "hard", "refused")

Answers: TypeAlias = Mapping[str, tuple[vocabulary.Chosen, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One end of a change, as far as a policy may look at it."""

    plan: str
    family: str = ""
    term: str = ""  # the length that is billed at once: "12 months", "30 days"
    traits: vocabulary.Params = vocabulary.NOTHING  # platform = "shared", …, from the catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The characteristics of a change on which a case may depend (H3). Hashable: resolutions are cached by it."""

    operation: Operation
    direction: Direction
    present: Side
    target: Side
    resources: frozenset[str] = frozenset()  # those whose amount changes
    less: frozenset[str] = frozenset()  # those of which there is less in all, what the plans include counted in
    payment: str = ""  # how the client pays: "card", "transfer", "deposit"
    choice: str = ""  # what the client chose where the policy lets him choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """When a case applies: every field that says something must hold. Empty means "whatever"."""

    operation: tuple[str, ...] = ()
    direction: tuple[str, ...] = ()
    from_plan: tuple[str, ...] = ()
    to_plan: tuple[str, ...] = ()
    from_family: tuple[str, ...] = ()
    to_family: tuple[str, ...] = ()
    from_term: tuple[str, ...] = ()
    to_term: tuple[str, ...] = ()
    from_traits: vocabulary.Params = vocabulary.NOTHING
    to_traits: vocabulary.Params = vocabulary.NOTHING
    same: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()
    less_of: tuple[str, ...] = ()
    payment: tuple[str, ...] = ()
    choice: tuple[str, ...] = ()

    @property
    def unconditional(self) -> bool:
        """True when it holds for every pair."""
        return self == ANY

    def holds(self, pair: Pair) -> bool:
        """True when the case applies to `pair`."""
        present, target = pair.present, pair.target
        return (
            _among(pair.operation, self.operation)
            and _among(pair.direction, self.direction)
            and _among(present.plan, self.from_plan)
            and _among(target.plan, self.to_plan)
            and _among(present.family, self.from_family)
            and _among(target.family, self.to_family)
            and _among(present.term, self.from_term)
            and _among(target.term, self.to_term)
            and _has(present.traits, self.from_traits)
            and _has(target.traits, self.to_traits)
            and all(_characteristic(present, name) == _characteristic(target, name) for name in self.same)
            and all(_characteristic(present, name) != _characteristic(target, name) for name in self.differ)
            and (not self.resource or not pair.resources.isdisjoint(self.resource))
            and (not self.less_of or not pair.less.isdisjoint(self.less_of))
            and _among(pair.payment, self.payment)
            and _among(pair.choice, self.choice)
        )


ANY = Condition()
BY_STAFF = "decided by staff"  # stands for a case where staff decided the kind (H3)


def _among(value: str, allowed: tuple[str, ...]) -> bool:
    return not allowed or value in allowed


def _has(traits: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    return all(traits.get(name) == value for name, value in wanted.items())


def _characteristic(side: Side, name: str) -> str | int | bool | None:
    if name == "family":
        return side.family
    if name == "term":
        return side.term
    trait: str | int | bool | None = side.traits.get(name)
    return trait


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: when it applies, what kind of change that makes it and why, and which answers it replaces."""

    name: str
    when: Condition = ANY
    kind: Kind | None = None
    reason: vocabulary.Params | None = None  # language → sentence
    answers: Answers = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """All answers for one pair. One object per (family, case) of a policy, hashed by identity: cache by it freely."""

    policy: str
    digest: str
    currency: str
    kind: Kind
    reason: vocabulary.Params | None
    case: str  # the name of the case that applied, "" when the policy has none
    answers: Answers
    clauses: vocabulary.Params = vocabulary.NOTHING  # dimension → clause of the provider's regulation

    def one(self, dimension: str) -> vocabulary.Chosen:
        """The answer of a dimension that has exactly one."""
        (only,) = self.answers[dimension]
        return only

    def several(self, dimension: str) -> tuple[vocabulary.Chosen, ...]:
        """The answers of a dimension that may have several, or none."""
        return self.answers[dimension]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """A policy file, read and checked: immutable, identified by the digest of its text."""

    code: str
    digest: str
    title: vocabulary.Params  # language → title
    currency: str = ""  # of the amounts in it; "" when it holds none
    kind: Kind = "easy"  # where no case says otherwise
    base: Answers = field(default_factory=dict)  # every dimension, defaults included
    families: Mapping[str, Answers] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    terms: vocabulary.Params = vocabulary.NOTHING
    _resolved: dict[tuple[str, int | None, str], Resolved] = field(default_factory=dict, repr=False)

    def answers_before_cases(self, family: str) -> Answers:
        """The answers that hold for a family before any case is looked at: enough to tell the direction of a change."""
        return self.resolved(family=family, case=None).answers

    def resolve(self, pair: Pair, *, decided: str = "") -> Resolved:
        """The answers for `pair`: base, then family of the present service, then the first case that holds.

        `decided` is the kind that staff decided on ("easy", "hard"): it replaces the kind and nothing else (H3).
        """
        for index, case in enumerate(self.cases):
            if case.when.holds(pair):
                return self.resolved(family=pair.present.family, case=index, decided=decided)
        return self.resolved(family=pair.present.family, case=None, decided=decided)

    def resolved(self, *, family: str, case: int | None, decided: str = "") -> Resolved:
        """The layers of one family and one case (by position; None: no case) laid over each other."""
        key = (family if family in self.families else "", case, decided)
        known = self._resolved.get(key)
        if known is None:
            known = self._layered(family=key[0], case=case)
            if decided and known.kind != "refused":  # what is not offered cannot be decided into being offered (H1)
                known = replace(known, kind=decided, case=BY_STAFF, reason=None)  # type: ignore[arg-type]
            self._resolved[key] = known
        return known

    def _layered(self, *, family: str, case: int | None) -> Resolved:
        applied = self.cases[case] if case is not None else None
        answers = {**self.base, **self.families.get(family, {}), **(applied.answers if applied else {})}
        return Resolved(
            policy=self.code,
            digest=self.digest,
            currency=self.currency,
            kind=(applied.kind if applied else None) or self.kind,
            reason=applied.reason if applied else None,
            case=applied.name if applied else "",
            answers=MappingProxyType(answers),
            clauses=self.terms.get("clauses", vocabulary.NOTHING),
        )
