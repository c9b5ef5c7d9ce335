"""What is an exact number here? The one `Fraction` of all our code: the standard library's.

Named in one place, so that a faster one can be tried for the whole product at once (docs/adr/0014).
"""

from fractions import Fraction

__all__ = ["Exact", "Fraction"]

Exact = int | Fraction  # what counts whole units most of the time: an int costs a tenth; divide only a Fraction by it
