"""What stands on a statement of a deposit, or of account credit? Each movement of a period with the balance then."""

from dataclasses import dataclass
from datetime import date

from planshift.domain import documents
from planshift.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One movement: more than zero in, less than zero out. `code` is the name of its posting."""

    on: date
    code: str
    reference: str
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A balance from `start_on` until the day before `end_on`. opening + sum of the rows = closing."""

    kind: str  # deposit, account_credit
    language: str
    seller: documents.Party
    client: str  # number
    client_name: str
    start_on: date
    end_on: date
    opening: Money
    closing: Money
    rows: tuple[Row, ...]
