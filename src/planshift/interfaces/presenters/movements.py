"""What was each movement of money? Titles of the postings that a client sees."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ON_PAPER = frozenset(
    {"invoice_issued", "invoice_settled", "correction_issued", "receivable_opened", "metered_invoiced"}
)

# name of the posting (domain/postings) → title
TITLES: dict[str, str | Promise] = {
    "received_for_order": _("Payment received"),
    "received_unapplied": _("Payment received that matched no order"),
    "received_unidentified": _("Payment received"),
    "received_for_document": _("Payment received"),
    "deposit_opened": _("Opening balance"),
    "account_credit_granted": _("Credit granted by the provider"),
    "account_credit_taken_back": _("Credit taken back by the provider"),
    "account_credit_opened": _("Opening balance of the account credit"),
    "deposit_drawn": _("Drawn from the deposit"),
    "draw_released": _("Back to the deposit"),
    "account_credit_drawn": _("Used from the account credit"),
    "account_credit_released": _("Back to the account credit"),
    "payment_released": _("Payment released from its order"),
    "unapplied_assigned": _("Payment assigned to an order"),
    "unapplied_to_document": _("Payment assigned to an invoice"),
    "document_released": _("Payment taken back from an invoice"),
    "unapplied_to_deposit": _("Payment moved to the deposit"),
    "unapplied_returned": _("Payment sent back"),
    "unidentified_assigned": _("Payment received"),
    "deposit_topped_up": _("Deposit topped up"),
    "prepaid_topped_up": _("Prepaid balance topped up"),
    "deposit_to_prepaid": _("From the deposit to the prepaid balance"),
    "prepaid_to_deposit": _("From the prepaid balance to the deposit"),
    "metered_drawn": _("Metered hours drawn from the prepaid balance"),
    "metered_owed": _("Metered hours that the prepaid balance did not cover"),
    "owed_settled": _("Owed metered hours settled"),
    "metered_invoiced": _("Invoice of metered hours paid"),
    "payout_reserved": _("Set aside for a payout"),
    "payout_released": _("Back from a payout"),
    "payout_sent": _("Paid out"),
    "invoice_issued": _("Invoice issued"),
    "invoice_settled": _("Invoice paid"),
    "correction_issued": _("Corrective invoice issued"),
    "credit_to_deposit": _("Credit of a corrective invoice, to the deposit"),
    "credit_to_account_credit": _("Credit of a corrective invoice, to the account credit"),
    "credit_to_unapplied": _("Credit of a corrective invoice, to be sent back"),
    "receivable_opened": _("Unpaid invoice taken over"),
}


def title(posting: Any) -> str:
    """A posting (views.Posting) in a few words."""
    return str(TITLES.get(posting.code, posting.code.replace("_", " ").capitalize()))
