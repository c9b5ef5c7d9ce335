"""Quote = order = invoice = ledger: every seller and policy of the demo, every kind of change that they sell."""

import pytest

from planshift.billing import invoices
from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.domain import documents, facts
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.domain.tax import Taxed
from planshift.ledger import balances
from planshift.procedures import acceptance
from planshift.procedures.reconciling import running
from planshift.runtime import clock
from tests.stories.conftest import Stage

# who, what is asked for, net and VAT in the seller's currency
CHANGES = [
    # (135.00 - 69.00) x 4 / 12 = 22.00; 22 %
    pytest.param("pasticceria", "gold", "22.00", "4.84", "EUR", id="easy"),
    # (135.00 - 36.90) x 6 / 12 + 10.00 = 59.05; 22 % = 12.991
    pytest.param("studio-tecnico", "gold", "59.05", "12.99", "EUR", id="hard with set-up"),
    pytest.param("vps.libreria", "vps-m", None, None, "EUR", id="next to a renewal"),
    pytest.param("ristorante", "gold", "66.00", "14.52", "EUR", id="first day"),
    pytest.param("vps.ksiegarnia", "professional", None, None, "PLN", id="by days"),
    pytest.param("vps.warsztat", facts.ChangeResources(amounts={"disk": 20}), None, None, "PLN", id="resources"),
    pytest.param("e3.drukarnia", facts.ChangePeriod(length=Length(3)), None, None, "PLN", id="longer period"),
]


@pytest.mark.parametrize(("label", "wanted", "net", "tax", "currency"), CHANGES)
def test_what_is_quoted_is_ordered_invoiced_and_booked(
    stage: Stage, label: str, wanted: facts.Request | str, net: str | None, tax: str | None, currency: str
) -> None:
    quote = stage.quote(label, wanted)
    promised = quote.offer.total
    if net is not None and tax is not None:
        assert (promised.net, promised.tax) == (Money.of(net, currency), Money.of(tax, currency))
    made = stage.order(quote)
    order = papers.order(number=made.order)
    if order.state == "AWAITING_PAYMENT":
        stage.pay(made.order)
    invoice = _invoice(made.order)

    # each line, then the sum: the same net, VAT and gross everywhere
    quoted = [line.amount for line in quote.offer.lines]
    assert [line.amount for line in order.lines] == quoted
    assert [line.amount for line in invoice.lines] == quoted
    assert Taxed.total(quoted, currency=currency) == promised == order.total == invoice.total
    assert Taxed.total((rate.amount for rate in invoice.rates), currency=currency) == promised
    assert _booked(made.order) == promised
    assert (invoice.paid, invoice.due) == (promised.gross, Money.zero(currency))
    assert [line.vat_percent for line in invoice.lines] == [line.tax_rate * 100 for line in quote.offer.lines]
    assert balances.differences() == {} and list(running.differences()) == []


def test_what_a_decrease_quotes_is_corrected_credited_and_booked(stage: Stage) -> None:
    quote = stage.quote("vps.warsztat", facts.ChangeResources(amounts={"ip": 0, "memory": 0}))
    promised = quote.offer.total
    made = stage.order(quote)
    client = stage.service("vps.warsztat").client.number
    acceptance.accept(client=client, number=made.number, at=clock.business(), actor=stage.actor)
    stage.work()
    (row,) = billing.Correction.objects.filter(cause=made.number)
    assert row.document is not None
    paper = invoices.document(seller=row.seller.code, number=row.document.number)
    assert promised == paper.total == documents.total_of(paper.lines, currency="PLN")
    posted = {each.posting: each.amount for each in papers.postings_of_client(client=row.client.number, limit=5)}
    assert posted["credit_to_deposit"] == -promised.gross
    assert list(running.differences()) == []


def _invoice(order: str) -> documents.Document:
    row = billing.Invoice.objects.select_related("seller").get(order__number=order)
    return invoices.document(seller=row.seller.code, number=row.number)


def _booked(order: str) -> Taxed:
    """Revenue, VAT and what the client paid, as the ledger has them for an order."""
    moved = papers.postings_of_order(number=order)
    currency = moved[0].amount.currency

    def sum_to(kind: str) -> Money:
        return Money.total((each.amount for each in moved if f":{kind}:" in each.credit), currency=currency)

    issued = [each for each in moved if each.posting == "invoice_issued"]
    net, tax = (
        Money.total((each.amount for each in issued if f":{kind}:" in each.credit), currency=currency)
        for kind in ("revenue", "vat")
    )
    assert sum_to("receivable") == net + tax  # what was held settles the invoice to the cent
    return Taxed(net, tax, net + tax)
