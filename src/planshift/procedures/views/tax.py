"""What do staff see where something was taxed in another way than its day would have it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxDifference:
    """One that nobody has seen yet. `was` and `now` have a treatment and a rate in percent; `now` may say why they
    cannot be told (`unknown`)."""

    pk: int
    what: str  # order, invoice, renewal, correction
    about: str  # number of the change, or of the renewal's order
    change: str  # the same where it is a change
    document: str
    client: str
    client_name: str
    was: tuple[Mapping[str, str], ...]
    now: Mapping[str, str]
    decided: str  # kept, priced_anew, as_documented
    found_at: datetime
