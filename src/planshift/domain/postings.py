"""Which movements of money are there? Each is one function here; docs/ledger.md is generated from this file.

A posting is a list of transfers from a debit to a credit account, so it is balanced by construction. Amounts are
gross unless a name says `net` or `tax`; every amount is exact, positive and in one currency; transfers of zero are
left out.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from planshift.domain.money import Money

Side = Literal["debit", "credit"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of account: on which side it grows, whether its balance is stored, and how low that may go."""

    whose: Literal["client", "seller"]
    grows_on: Side
    meaning: str
    floor: int | None = None


# Balances are stored for clients' accounts only; seller-wide ones are summed from transfers.
KINDS: dict[str, Kind] = {
    "deposit": Kind("client", "credit", "Refundable deposit: what the client may spend or have back.", floor=0),
    "account_credit": Kind(
        "client", "credit", "Credit on the account, not money: pays later orders, is never paid out.", floor=0
    ),
    "held": Kind("client", "credit", "Money set aside for open orders: part payments and reserved deposit.", floor=0),
    "unapplied": Kind("client", "credit", "Money that matched no open order: assigned or paid back by staff.", floor=0),
    "payout": Kind("client", "credit", "Deposit set aside for payouts that staff have not sent yet.", floor=0),
    "receivable": Kind("client", "debit", "Issued documents less what was settled of them."),
    "prepaid": Kind("client", "credit", "Prepaid balance, from which metered hours are drawn.", floor=0),
    "metered": Kind("client", "credit", "Drawn for metered hours that are not invoiced yet.", floor=0),
    "owed": Kind("client", "debit", "Metered hours that the prepaid balance did not cover.", floor=0),
    "bank": Kind("seller", "debit", "Bank accounts of the seller."),
    "gateway": Kind("seller", "debit", "Money that payment gateways took and have not yet paid out."),
    "opening": Kind("seller", "debit", "Counterpart of balances taken over from an earlier system."),
    "goodwill": Kind("seller", "debit", "Account credit that staff granted, less what they took back: an expense."),
    "unidentified": Kind("seller", "credit", "Money received of which nobody knows whose it is."),
    "revenue": Kind("seller", "credit", "Net value of issued documents."),
    "vat": Kind("seller", "credit", "Output VAT of issued documents."),
}


@dataclass(frozen=True, slots=True)
class Account:
    """One account, such as `client:C-1001:deposit:PLN`."""

    owner: str  # client:C-1001 or seller:demo-host
    kind: str
    currency: str
    code: str = field(init=False, repr=False, compare=False)  # the unique name of the account
    stored: bool = field(init=False, repr=False, compare=False)  # whether the balance is kept on the account's row

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", f"{self.owner}:{self.kind}:{self.currency}")
        object.__setattr__(self, "stored", KINDS[self.kind].whose == "client")


@dataclass(frozen=True, slots=True)
class Transfer:
    """An amount > 0 that moves from the debit to the credit account."""

    debit: Account
    credit: Account
    amount: Money


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement: its name, the client's key it concerns (empty for none), its transfers."""

    name: str
    owner: str
    transfers: tuple[Transfer, ...]


def client_key(number: str) -> str:
    """The owner key of a client's accounts."""
    return f"client:{number}"


def seller_key(code: str) -> str:
    """The owner key of a seller's accounts."""
    return f"seller:{code}"


def client_account(*, client: str, kind: str, currency: str) -> Account:
    """The account of `kind` of the client with this number."""
    return _account(owner=client_key(client), whose="client", kind=kind, currency=currency)


def seller_account(*, seller: str, kind: str, currency: str) -> Account:
    """The account of `kind` of the seller with this code."""
    return _account(owner=seller_key(seller), whose="seller", kind=kind, currency=currency)


@lru_cache(maxsize=10_000)  # one movement names each of its accounts several times
def _account(*, owner: str, whose: str, kind: str, currency: str) -> Account:
    if KINDS[kind].whose != whose:
        raise ValueError(f"{kind} is not an account of a {whose}")
    return Account(owner=owner, kind=kind, currency=currency)


def _posting(name: str, owner: str, *transfers: tuple[Account, Account, Money]) -> Posting:
    moved = tuple(Transfer(debit, credit, amount) for debit, credit, amount in transfers if amount.amount)
    if not moved:
        raise ValueError(f"{name}: nothing moves")
    for transfer in moved:
        if transfer.amount.minor < 0:
            raise ValueError(f"{name}: a transfer is never negative; book the opposite movement")
        if not transfer.debit.currency == transfer.credit.currency == transfer.amount.currency:
            raise ValueError(f"{name}: accounts and amount differ in currency")
    return Posting(name, owner, moved)


# Money comes in. `through` is `bank` or `gateway`.


def received_for_order(*, seller: str, client: str, through: str, amount: Money) -> Posting:
    """A payment names an open order; it is set aside for it, up to what is missing."""
    return _received("received_for_order", seller, client, through, "held", amount)


def received_unapplied(*, seller: str, client: str, through: str, amount: Money) -> Posting:
    """A payment of a known client matches nothing open: late, double, too much, or in another currency."""
    return _received("received_unapplied", seller, client, through, "unapplied", amount)


def received_unidentified(*, seller: str, through: str, amount: Money) -> Posting:
    """A payment names neither an order nor a client."""
    return _posting(
        "received_unidentified",
        "",
        (
            seller_account(seller=seller, kind=through, currency=amount.currency),
            seller_account(seller=seller, kind="unidentified", currency=amount.currency),
            amount,
        ),
    )


def received_for_document(*, seller: str, client: str, through: str, amount: Money) -> Posting:
    """A payment names an invoice that was issued elsewhere; it settles what is unpaid of it."""
    return _received("received_for_document", seller, client, through, "receivable", amount)


def deposit_opened(*, seller: str, client: str, amount: Money) -> Posting:
    """A deposit is taken over from an earlier system."""
    return _received("deposit_opened", seller, client, "opening", "deposit", amount)


def account_credit_opened(*, seller: str, client: str, amount: Money) -> Posting:
    """Account credit is taken over from an earlier system."""
    return _received("account_credit_opened", seller, client, "opening", "account_credit", amount)


# Staff give account credit. It never becomes money: what comes back of it goes to where it came from.


def account_credit_granted(*, seller: str, client: str, amount: Money) -> Posting:
    """Staff grant account credit out of goodwill."""
    return _received("account_credit_granted", seller, client, "goodwill", "account_credit", amount)


def account_credit_taken_back(*, seller: str, client: str, amount: Money) -> Posting:
    """Staff take back what is not used of the account credit that they granted."""
    return _left("account_credit_taken_back", seller, client, "account_credit", "goodwill", amount)


# Money waits for an order, or is let go.


def deposit_drawn(*, client: str, amount: Money) -> Posting:
    """Deposit is drawn for an order: all of it (D4) or a part. From here on it is no free deposit any more."""
    return _within(client, "deposit_drawn", "deposit", "held", amount)


def draw_released(*, client: str, amount: Money) -> Posting:
    """An order that deposit was drawn for expires or is withdrawn: the draw returns to the deposit."""
    return _within(client, "draw_released", "held", "deposit", amount)


def account_credit_drawn(*, client: str, amount: Money) -> Posting:
    """Account credit is used for an order, all of it or a part, before any other payment."""
    return _within(client, "account_credit_drawn", "account_credit", "held", amount)


def account_credit_released(*, client: str, amount: Money) -> Posting:
    """An order that account credit was used for expires or is withdrawn: the client has it again."""
    return _within(client, "account_credit_released", "held", "account_credit", amount)


def payment_released(*, client: str, amount: Money) -> Posting:
    """An order that was paid in part expires or is withdrawn: the payment waits for staff to assign or return it."""
    return _within(client, "payment_released", "held", "unapplied", amount)


def unapplied_assigned(*, client: str, amount: Money) -> Posting:
    """Staff assign unapplied money to an open order."""
    return _within(client, "unapplied_assigned", "unapplied", "held", amount)


def unapplied_to_document(*, client: str, amount: Money) -> Posting:
    """Staff settle an invoice that was issued elsewhere with unapplied money."""
    return _within(client, "unapplied_to_document", "unapplied", "receivable", amount)


def document_released(*, client: str, amount: Money) -> Posting:
    """Staff take back money that was put towards the wrong invoice that was issued elsewhere: it is owed again."""
    return _within(client, "document_released", "receivable", "unapplied", amount)


def unapplied_to_deposit(*, client: str, amount: Money) -> Posting:
    """Staff move unapplied money to the client's deposit."""
    return _within(client, "unapplied_to_deposit", "unapplied", "deposit", amount)


def unapplied_returned(*, seller: str, client: str, through: str, amount: Money) -> Posting:
    """Unapplied money was sent back to where it came from."""
    return _left("unapplied_returned", seller, client, "unapplied", through, amount)


def unidentified_assigned(*, seller: str, client: str, amount: Money) -> Posting:
    """Staff find out whose an unidentified payment is."""
    return _posting(
        "unidentified_assigned",
        client_key(client),
        (
            seller_account(seller=seller, kind="unidentified", currency=amount.currency),
            client_account(client=client, kind="unapplied", currency=amount.currency),
            amount,
        ),
    )


def deposit_topped_up(*, client: str, amount: Money) -> Posting:
    """An order to top up the deposit is paid. The deposit is refundable, not a fee: no VAT, no invoice (D11)."""
    return _within(client, "deposit_topped_up", "held", "deposit", amount)


# Metered services: a prepaid account of its own, apart from the deposit (D3).


def prepaid_topped_up(*, client: str, amount: Money) -> Posting:
    """An order to top up the prepaid balance is paid. Refundable until it is drawn: no VAT, no invoice."""
    return _within(client, "prepaid_topped_up", "held", "prepaid", amount)


def deposit_to_prepaid(*, client: str, amount: Money) -> Posting:
    """The client, or staff for the client, moves deposit to the prepaid balance."""
    return _within(client, "deposit_to_prepaid", "deposit", "prepaid", amount)


def prepaid_to_deposit(*, client: str, amount: Money) -> Posting:
    """The client, or staff for the client, moves prepaid balance to the deposit."""
    return _within(client, "prepaid_to_deposit", "prepaid", "deposit", amount)


def metered_drawn(*, client: str, amount: Money) -> Posting:
    """A day of metered hours is drawn, as far as the prepaid balance goes."""
    return _within(client, "metered_drawn", "prepaid", "metered", amount)


def metered_owed(*, client: str, amount: Money) -> Posting:
    """What the prepaid balance did not cover of a day of metered hours is owed."""
    return _within(client, "metered_owed", "owed", "metered", amount)


def owed_settled(*, client: str, amount: Money) -> Posting:
    """New prepaid balance settles what is owed, before anything else."""
    return _within(client, "owed_settled", "prepaid", "owed", amount)


def metered_invoiced(*, client: str, amount: Money) -> Posting:
    """The invoice of a metered month is settled by what was drawn for it and what is owed for it."""
    return _within(client, "metered_invoiced", "metered", "receivable", amount)


def payout_reserved(*, client: str, amount: Money) -> Posting:
    """The client asks for a payout of the deposit: the amount is set aside and can no longer be spent (D11)."""
    return _within(client, "payout_reserved", "deposit", "payout", amount)


def payout_released(*, client: str, amount: Money) -> Posting:
    """A payout is refused or taken back: the amount is free deposit again."""
    return _within(client, "payout_released", "payout", "deposit", amount)


def payout_sent(*, seller: str, client: str, amount: Money) -> Posting:
    """Staff sent a payout to the client's bank account."""
    return _left("payout_sent", seller, client, "payout", "bank", amount)


# Documents.


def invoice_issued(*, seller: str, client: str, net: Money, tax: Money) -> Posting:
    """An invoice is issued: the client owes net and tax."""
    receivable = client_account(client=client, kind="receivable", currency=net.currency)
    return _posting(
        "invoice_issued",
        client_key(client),
        (receivable, seller_account(seller=seller, kind="revenue", currency=net.currency), net),
        (receivable, seller_account(seller=seller, kind="vat", currency=net.currency), tax),
    )


def invoice_settled(*, client: str, amount: Money) -> Posting:
    """What was held for the order settles its invoice."""
    return _within(client, "invoice_settled", "held", "receivable", amount)


def correction_issued(*, seller: str, client: str, net: Money, tax: Money) -> Posting:
    """A correction is issued: what the client owes changes by net and tax, negative where the document reduces it.
    Money moves only with its credit."""
    receivable = client_account(client=client, kind="receivable", currency=net.currency)
    revenue = seller_account(seller=seller, kind="revenue", currency=net.currency)
    vat = seller_account(seller=seller, kind="vat", currency=net.currency)
    return _posting(
        "correction_issued",
        client_key(client),
        (receivable, revenue, net) if net.minor > 0 else (revenue, receivable, -net),
        (receivable, vat, tax) if tax.minor > 0 else (vat, receivable, -tax),
    )


def credit_to_deposit(*, client: str, amount: Money) -> Posting:
    """What a correction gives back, gross, goes to the client's deposit (D5, D8)."""
    return _within(client, "credit_to_deposit", "receivable", "deposit", amount)


def credit_to_account_credit(*, client: str, amount: Money) -> Posting:
    """What a correction gives back, gross, is credited to the client's account: it pays later orders. What account
    credit once paid always comes back so, it never becomes money."""
    return _within(client, "credit_to_account_credit", "receivable", "account_credit", amount)


def credit_to_unapplied(*, client: str, amount: Money) -> Posting:
    """What a correction gives back, gross, is the client's money again: staff send it back or assign it."""
    return _within(client, "credit_to_unapplied", "receivable", "unapplied", amount)


def receivable_opened(*, seller: str, client: str, amount: Money) -> Posting:
    """What is not yet paid of an invoice that was issued elsewhere is taken over."""
    return _posting(
        "receivable_opened",
        client_key(client),
        (
            client_account(client=client, kind="receivable", currency=amount.currency),
            seller_account(seller=seller, kind="opening", currency=amount.currency),
            amount,
        ),
    )


def _received(name: str, seller: str, client: str, through: str, kind: str, amount: Money) -> Posting:
    came = seller_account(seller=seller, kind=through, currency=amount.currency)
    there = client_account(client=client, kind=kind, currency=amount.currency)
    return _posting(name, client_key(client), (came, there, amount))


def _left(name: str, seller: str, client: str, kind: str, to: str, amount: Money) -> Posting:
    there = client_account(client=client, kind=kind, currency=amount.currency)
    gone = seller_account(seller=seller, kind=to, currency=amount.currency)
    return _posting(name, client_key(client), (there, gone, amount))


def _within(client: str, name: str, debit: str, credit: str, amount: Money) -> Posting:
    return _posting(
        name,
        client_key(client),
        (
            client_account(client=client, kind=debit, currency=amount.currency),
            client_account(client=client, kind=credit, currency=amount.currency),
            amount,
        ),
    )
