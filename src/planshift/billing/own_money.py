"""Which balances of a client pay orders, and by which movements?

The name of a balance is the kind of its account in the ledger and the source of the part payments that it makes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from planshift.domain import postings


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The movements between a balance, the orders it pays and the documents that give something back."""

    drawn: Callable[..., postings.Posting]
    released: Callable[..., postings.Posting]
    credited: Callable[..., postings.Posting]


# In the order in which they are spent: what is never paid out goes first.
BALANCES: Mapping[str, Balance] = {
    "account_credit": Balance(
        drawn=postings.account_credit_drawn,
        released=postings.account_credit_released,
        credited=postings.credit_to_account_credit,
    ),
    "deposit": Balance(
        drawn=postings.deposit_drawn, released=postings.draw_released, credited=postings.credit_to_deposit
    ),
}
