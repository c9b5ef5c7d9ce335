"""What a client sees of the deposit, or of account credit."""

from dataclasses import dataclass
from datetime import date

from planshift.billing import payout_queries
from planshift.domain.money import Money
from planshift.ledger import history


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositPage:
    """Movements (history.Step) newest first, each with the balance after it; `next` is an opaque cursor."""

    balance: Money
    rows: tuple[history.Step, ...]
    next: str
    start_on: date | None
    end_on: date | None
    payouts: tuple[payout_queries.PayoutView, ...]
    pays: str  # of account credit, what it is used for: changes_and_renewals, renewals, renewals_and_some_changes
    holder: str  # what a payout form suggests
    iban: str
