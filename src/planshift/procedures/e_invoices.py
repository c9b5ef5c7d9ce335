"""What did the clearing system answer? The number that it gave a document, kept once."""

from datetime import datetime

from planshift.billing import e_invoice_numbers
from planshift.billing import queries as billing
from planshift.domain.errors import Refused
from planshift.services import queries as services


def keep_number(*, client: str, number: str, e_invoice_number: str, at: datetime, actor: str) -> None:
    """Keep the e-invoice number of a client's document. NotFound for another's. Refused: `e_invoice_number_unfit`,
    `e_invoice_not_wanted`, `e_invoice_number_differs`."""
    owner = services.client(number=client)
    try:
        whose = billing.invoice_owner(seller=owner.seller.code, number=number)
    except Refused as refused:
        raise services.NotFound(number) from refused
    if whose != client:
        raise services.NotFound(number)
    e_invoice_numbers.keep(
        seller=owner.seller.code, number=number, e_invoice_number=e_invoice_number, at=at, actor=actor
    )
