"""Which number did the clearing system (KSeF, SdI) give a document? Kept once, never changed."""

import datetime as dt
import re

from django.db import transaction

from planshift.billing import models
from planshift.domain.errors import Refused
from planshift.runtime import audit, locks


def keep(*, seller: str, number: str, e_invoice_number: str, at: dt.datetime, actor: str) -> None:
    """Write the number beside the document; the same again changes nothing. From then on the paper and the references
    of corrections show it.

    Refused: `document_unknown`, `e_invoice_number_unfit`, `e_invoice_not_wanted` (its legal form is the PDF),
    `e_invoice_number_differs`.
    """
    if not re.fullmatch(r"[!-~]{1,60}", e_invoice_number, re.ASCII):
        raise Refused("e_invoice_number_unfit", number=number)
    with transaction.atomic():
        found = locks.lock(models.Invoice.objects.filter(seller__code=seller, number=number))
        if not found:
            raise Refused("document_unknown", number=number)
        row = found[0]
        if row.e_invoice_number == e_invoice_number:
            return
        if row.e_invoice_number:
            raise Refused("e_invoice_number_differs", number=number, known=row.e_invoice_number)
        if row.legal_form == "pdf":
            raise Refused("e_invoice_not_wanted", number=number)
        row.e_invoice_number = e_invoice_number
        row.save(update_fields=["e_invoice_number"])
        audit.record(
            kind="billing.invoice",
            object_id=row.pk,
            number=number,
            event="e-invoice number kept",
            actor=actor,
            at=at,
            facts={"e_invoice_number": e_invoice_number},
        )
