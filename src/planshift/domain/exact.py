"""What is an exact number here? The one `Fraction` of all our code.

It is the compiled one of quicktions, two to four times as fast; where that is not installed, the standard library's.
Both say the same: values, comparisons, hashes, texts. Nothing else in this package imports either of them.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction
else:
    try:
        from quicktions import Fraction
    except ImportError:
        from fractions import Fraction

__all__ = ["Fraction"]
