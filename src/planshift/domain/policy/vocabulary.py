"""What can a policy say? The types of which the vocabulary of policies is made.

One module per dimension (`settlement.py`, `rounding.py`, …). Each holds

    QUESTION = __doc__                       # the question, one sentence, then what the answers share
    RULES: dict[str, Answer] = rules(        # the named answers, in the order in which a reader should meet them
        Answer(name="difference_remaining", run=_difference_remaining, doc="…", example="…", clause="H7", params=(…)),
        …
    )
    RESERVED: dict[str, str] = {…}           # optional: words known and refused, with what they would mean
    DEFAULT = "half_up"                      # optional: the answer of a policy that does not say; else it must
    MANY = False                             # optional: True when several answers hold at once (fees)
    BEFORE_CASES = False                     # optional: True when cases match on its result, so none may change it

and is listed once in `dimensions.MODULES`. The checker, the loader, `docs/policy-format.md` and the regulation pages
read these, so a new answer needs nothing else. `Answer.run` is the code that carries the answer out: an answer without
one cannot be built. All `run`s of one dimension have one signature, and take the answer's parameters as keyword
arguments named as in `params`.

In the file a dimension is a key: `settlement = "difference_remaining"`, or a table when there are parameters:
`rounding = { answer = "half_up", decimals = 2 }`; a MANY dimension is a list of these.

A value never depends on the clock, a provider or a currency's name; parameters are immutable and hashable.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal

# What a parameter may be, and the Python value that `run` receives.
Kind = Literal[
    "money",  # "10.00": Fraction, in the currency of the price list
    "integer",  # 12: int
    "fraction",  # "4/12", "0.5", 1: Fraction
    "percent",  # "2" means 2 %: Fraction(2, 100)
    "flag",  # true: bool
    "text",  # one line of text: str
    "words",  # text for clients, { en = "…", pl = "…", it = "…" } or one string for all: Params of language → str
    "choice",  # one of `choices`: str
    "choices",  # a list of `choices`: tuple[str, …]
    "codes",  # a list of codes (plans, families, resources): tuple[str, …]
    "integers",  # [3, 10]: tuple[int, …]
    "lengths",  # ["1 month", "1 year", "30 days"]: tuple[str, …] of "12 months" or "30 days" (years become months)
    "values",  # { platform = "shared", cores = 2 }: Params of code → str, int or bool
    "rows",  # a list of tables with the given `fields`: tuple[Params, …]
]


class Required(Enum):
    """The default of a parameter that has none: the policy must give it."""

    REQUIRED = "required"


REQUIRED = Required.REQUIRED


class Params(Mapping[str, Any]):
    """Parameters of a chosen answer: an immutable, hashable mapping."""

    __slots__ = ("_hash", "_values")

    def __init__(self, values: Mapping[str, Hashable] | None = None) -> None:
        self._values = MappingProxyType(dict(values or {}))
        self._hash = hash(tuple(sorted(self._values.items(), key=lambda item: item[0])))

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Params) and self._hash == other._hash and dict(self) == dict(other)

    def __repr__(self) -> str:
        return f"Params({dict(self._values)!r})"


NOTHING = Params()


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """One parameter of an answer. `minimum`, `maximum`: inclusive, in the unit of the file (percent: its number)."""

    name: str
    kind: Kind
    doc: str
    default: Any = REQUIRED  # as `run` receives it (Fraction, tuple …), or REQUIRED, or None for "not given"
    choices: tuple[str, ...] = ()
    minimum: int | str | None = None
    maximum: int | str | None = None
    positive: bool = False  # more than 0: for divisors and grids
    grid: bool = False  # a fraction that amounts are rounded to: whole minor units, as money is
    fields: tuple["Param", ...] = ()  # of kind "rows" only

    @property
    def required(self) -> bool:
        """True when a policy that takes the answer must give this parameter."""
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One named answer to a dimension's question, with the code that carries it out."""

    name: str
    run: Callable[..., Any]
    doc: str  # one or two plain sentences: what it does, with the formula where there is one
    example: (
        str  # the TOML that chooses it, without "dimension = ": '"half_up"', '{ answer = "half_up", decimals = 2 }'
    )
    params: tuple[Param, ...] = ()
    clause: str = ""  # "H7", "D5": the clause of the two regulations that it keeps, if any

    def __post_init__(self) -> None:
        if not callable(self.run):
            raise TypeError(f"the answer {self.name!r} has no code that carries it out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One question that a policy answers."""

    name: str
    question: str
    answers: Mapping[str, Answer]
    reserved: Mapping[str, str]
    default: str | None = None  # the answer of a policy that says nothing; None: it must be given
    many: bool = False  # several answers may hold at once; none given means none holds
    before_cases: bool = False  # asked before the cases (they match on what direction says), so a case cannot change it


@dataclass(frozen=True, slots=True)
class Chosen:
    """An answer as chosen by a policy: its name and the values of all its parameters, defaults filled in."""

    answer: str
    params: Params = NOTHING


def rules(*answers: Answer) -> dict[str, Answer]:
    """The answers by name, in the given order; a name given twice is an error."""
    table = {answer.name: answer for answer in answers}
    if len(table) != len(answers):
        raise ValueError("an answer is named twice")
    return table


def chosen(answer: Answer, **params: Hashable) -> Chosen:
    """`answer` with the given parameters and its defaults for the rest (for tests and for defaults)."""
    values = {each.name: params.pop(each.name, each.default) for each in answer.params}
    missing = [name for name, value in values.items() if value is REQUIRED]
    if params or missing:
        raise ValueError(f"{answer.name}: unknown {sorted(params)}, missing {missing}")
    return Chosen(answer.name, Params(values))
