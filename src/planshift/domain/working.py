"""How was each figure found? Steps that a client can recompute with a pocket calculator."""

from dataclasses import dataclass

from planshift.domain.exact import Exact, Fraction


@dataclass(frozen=True, slots=True)
class Operand:
    """One number of a formula: what it is (worded by the presenters), its exact value, its unit ("EUR", "month")."""

    code: str
    value: Exact
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One computation. `formula` is the plain calculation in numbers: "(135.00 - 69.00) x 4 / 12"."""

    code: str  # worded by the presenters: "remaining", "difference", "charge", "credit", "setup", "tax", "total" …
    operands: tuple[Operand, ...]
    formula: str
    unrounded: Fraction
    result: Fraction
    rounding: str = ""  # "half_up 0.01"; empty: exact
    unit: str = ""
    clause: str = ""  # "H7"
