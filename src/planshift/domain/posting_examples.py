"""What does each posting look like? One of every kind; docs/ledger.md shows them."""

from planshift.domain import postings
from planshift.domain.money import Money


def examples() -> tuple[tuple[postings.Posting, str], ...]:
    """Every posting once, with amounts, and when it is booked; docs/ledger.md shows them in this order."""
    eur = Money.of("26.84", "EUR")
    who = {"seller": "demo-host", "client": "C-1001"}
    told = (
        postings.received_for_order(**who, through="gateway", amount=eur),
        postings.received_unapplied(**who, through="bank", amount=eur),
        postings.received_unidentified(seller="demo-host", through="bank", amount=eur),
        postings.received_for_document(**who, through="bank", amount=eur),
        postings.deposit_opened(**who, amount=eur),
        postings.account_credit_opened(**who, amount=eur),
        postings.account_credit_granted(**who, amount=eur),
        postings.account_credit_taken_back(**who, amount=eur),
        postings.deposit_drawn(client="C-1001", amount=eur),
        postings.draw_released(client="C-1001", amount=eur),
        postings.account_credit_drawn(client="C-1001", amount=eur),
        postings.account_credit_released(client="C-1001", amount=eur),
        postings.payment_released(client="C-1001", amount=eur),
        postings.unapplied_assigned(client="C-1001", amount=eur),
        postings.unapplied_to_document(client="C-1001", amount=eur),
        postings.document_released(client="C-1001", amount=eur),
        postings.unapplied_to_deposit(client="C-1001", amount=eur),
        postings.unapplied_returned(**who, through="bank", amount=eur),
        postings.unidentified_assigned(**who, amount=eur),
        postings.deposit_topped_up(client="C-1001", amount=eur),
        postings.prepaid_topped_up(client="C-1001", amount=eur),
        postings.deposit_to_prepaid(client="C-1001", amount=eur),
        postings.prepaid_to_deposit(client="C-1001", amount=eur),
        postings.metered_drawn(client="C-1001", amount=eur),
        postings.metered_owed(client="C-1001", amount=eur),
        postings.owed_settled(client="C-1001", amount=eur),
        postings.metered_invoiced(client="C-1001", amount=eur),
        postings.payout_reserved(client="C-1001", amount=eur),
        postings.payout_released(client="C-1001", amount=eur),
        postings.payout_sent(**who, amount=eur),
        postings.invoice_issued(**who, net=Money.of("22.00", "EUR"), tax=Money.of("4.84", "EUR")),
        postings.invoice_settled(client="C-1001", amount=eur),
        postings.correction_issued(**who, net=Money.of("-22.00", "EUR"), tax=Money.of("-4.84", "EUR")),
        postings.credit_to_deposit(client="C-1001", amount=eur),
        postings.credit_to_account_credit(client="C-1001", amount=eur),
        postings.credit_to_unapplied(client="C-1001", amount=eur),
        postings.receivable_opened(**who, amount=eur),
    )
    return tuple((posting, (getattr(postings, posting.name).__doc__ or "").strip()) for posting in told)
