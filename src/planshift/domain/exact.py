"""What is an exact number here? The one `Fraction` of all our code: the standard library's.

Named in one place, so that a faster one can be tried for the whole product at once (docs/adr/0014).
"""

from fractions import Fraction

__all__ = ["Exact", "Fraction", "share_of"]

Exact = int | Fraction  # what counts whole units most of the time: an int costs a tenth; divide only a Fraction by it


def share_of(amount: Exact, units: Exact, per: Exact) -> Fraction:
    """`amount` x `units` / `per`, brought to lowest terms once."""
    return Fraction(
        amount.numerator * units.numerator * per.denominator, amount.denominator * units.denominator * per.numerator
    )
