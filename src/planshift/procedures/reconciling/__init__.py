"""Do all the figures agree? Everything is computed again from the rows; every difference is named to the minor unit.

An auditor stands beside the layers: the checks read the tables as they are and share no code with what wrote them, so
that a fault of a writer cannot hide itself.
"""

from planshift.procedures.reconciling.checks import Difference as Difference
from planshift.procedures.reconciling.running import CODES as CODES
from planshift.procedures.reconciling.running import differences as differences
from planshift.procedures.reconciling.running import is_seller as is_seller
