"""Which documents does a change leave?

`run` names the document that follows from a settled amount: its sign decides.
"""

from planshift.domain.exact import Fraction
from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "invoice_and_correction"


def _invoice_and_correction(*, net: Fraction) -> str:
    return "invoice" if net > 0 else "correction" if net < 0 else "none"


RULES = rules(
    Answer(
        name="invoice_and_correction",
        run=_invoice_and_correction,
        doc="What is paid is invoiced; what is given back is given back by a corrective invoice that refers to the "
        "invoices it corrects. A change that costs nothing leaves no document.",
        example='"invoice_and_correction"',
        clause="D7",
    ),
)
RESERVED = {
    "pro_forma_first": "a pro forma document before the payment",
    "one_invoice": "one invoice that carries the charge and the credit as lines",
    "credit_note": "a credit note in place of a corrective invoice",
    "refund_and_charge": "a refund of the old term and a separate full charge",
    "fixed_exchange_rate": "amounts in a second currency at a fixed rate",
}
