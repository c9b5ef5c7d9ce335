"""What is an exact number here? The one `Fraction` of all our code: the standard library's.

Named in one place, so that a faster one can be tried for the whole product at once (docs/adr/0014).
"""

from fractions import Fraction

__all__ = ["Fraction"]
