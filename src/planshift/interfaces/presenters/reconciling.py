"""What does a check ask, and how is a difference told?"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from planshift.procedures import reconciling

CHECKS: Mapping[str, str | Promise] = {
    "account_balance": _("The stored balance is the sum of the transfers"),
    "account_floor": _("No account is below its floor"),
    "transfer_currency": _("A transfer and its accounts have one currency"),
    "payout_money": _("What is set aside for payouts is what staff have to send"),
    "held_money": _("What is held covers orders that are not invoiced"),
    "unapplied_money": _("Unapplied money is what is unapplied of the payments"),
    "receivable": _("What a client owes is what the documents leave open"),
    "deposit": _("The deposit is what was paid in, less what was drawn"),
    "account_credit": _("The account credit is what was given back to it, less what was used"),
    "prepaid": _("The prepaid balance is what was paid in, less what was drawn"),
    "metered": _("What is drawn and not invoiced is in its account"),
    "owed": _("What is owed for metered hours is what draws left open"),
    "draw_postings": _("A draw is booked as it is recorded"),
    "draw_recounted": _("A draw is what the hours held come to"),
    "metered_invoice": _("The invoice of a metered month is the sum of its draws"),
    "order_lines": _("An order is the sum of its lines"),
    "order_covered": _("What covers an order is the sum of its part payments"),
    "order_paid": _("A paid order is covered in full"),
    "part_payment_posting": _("A part payment is booked as it is recorded"),
    "payment_amount": _("A payment is all used, unapplied or returned"),
    "payment_received": _("A payment is booked as it came in"),
    "payment_unapplied": _("What is unapplied of a payment is what is booked so"),
    "opening_owed": _("What was unpaid of an invoice issued elsewhere is what its lines leave open"),
    "opening_settled": _("What is settled of it is the sum of its payments"),
    "opening_lines": _("A payment of it is all put towards its lines, none beyond what was open"),
    "opening_posting": _("A payment of it is booked as it is recorded"),
    "statement_credit": _("A credit of a bank statement is a payment"),
    "statement_once": _("A payment is one line of a bank statement"),
    "statement_returned": _("The bank returned no more than was booked"),
    "document_lines": _("A document is the sum of its lines"),
    "invoice_order": _("An invoice is over what was ordered"),
    "invoice_order_line": _("A line of an invoice is the ordered line"),
    "document_postings": _("Revenue, VAT and receivable are booked as documented"),
    "invoice_settled": _("An invoice is settled from its order"),
    "paid_without_invoice": _("A paid order has its invoice"),
    "invoice_without_payment": _("An invoice belongs to a paid order"),
    "posting_without_document": _("Revenue and VAT have a document"),
    "correction_draft": _("A correction is the sum of its lines"),
    "correction_issued": _("A corrective document is issued as drafted"),
    "correction_before": _("A correction starts from what stood before it"),
    "correction_beyond_paid": _("No line is given back beyond what was paid for it"),
    "correction_credited": _("A correction is credited as it says"),
    "undone_change": _("A change that was undone has given everything back"),
    "credit_posting": _("A credit is booked as it is recorded"),
    "terms_overlap": _("The terms of a service do not overlap"),
    "open_changes": _("A service has at most one open change"),
    "quote_order": _("What is ordered is what was quoted"),
    "series_gap": _("A series of numbers has no gap"),
}


def sentence(difference: reconciling.Difference) -> str:
    """One line of plain text: the rule that does not hold, where, and both values."""
    return _("%(seller)s %(subject)s: %(rule)s. Found (%(figure)s): %(stored)s, expected: %(computed)s") % {
        "seller": difference.seller,
        "subject": difference.subject,
        "rule": CHECKS[difference.check],
        "figure": difference.figure,
        "stored": difference.stored_text,
        "computed": difference.computed_text,
    }


def summary(*, checks: int, found: int) -> str:
    """The last line."""
    if not found:
        return ngettext("%(count)d check, no difference.", "%(count)d checks, no difference.", checks) % {
            "count": checks
        }
    return ngettext("%(count)d difference.", "%(count)d differences.", found) % {"count": found}
