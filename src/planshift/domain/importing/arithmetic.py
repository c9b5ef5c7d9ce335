"""Does the paper add up? Amounts of an invoice issued elsewhere are taken as they are, if they can be true."""

from collections.abc import Iterator

from planshift.domain.errors import BadMoney
from planshift.domain.exact import Fraction
from planshift.domain.importing import shapes
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.report import Problem
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

UNTAXED = ("zero", "exempt", "reverse_charge", "outside_scope")


def taxed(line: shapes.LineIn, *, currency: str) -> Taxed:
    """The amounts of a line. Raises BadMoney for an unknown currency or a part of its smallest unit."""
    net, tax = Money.of(line.net, currency), Money.of(line.tax, currency)
    return Taxed(net, tax, net + tax)


def paid(line: shapes.LineIn, *, currency: str) -> Money:
    """What was paid of a line, gross."""
    return taxed(line, currency=currency).gross if line.paid is None else Money.of(line.paid, currency)


def wrong(entry: Entry) -> Iterator[Problem]:
    """Everything about one record that cannot be true, without knowing anything else."""
    record = entry.record
    if isinstance(record, shapes.InvoiceIn):
        yield from _invoice(entry, record)
    elif isinstance(record, shapes.ServiceIn):
        if record.end_on is not None and record.end_on <= record.start_on:
            yield entry.problem("import_period", "end_on")
        if bool(record.account) != (record.server is not None):
            yield entry.problem("import_server_and_account", "account")
    elif isinstance(record, shapes.ClientIn):
        for name in shapes.BALANCES:
            amount = getattr(record, name)
            if amount is not None and Fraction(amount) <= 0:
                yield entry.problem("import_amount_above_zero", name, value=amount)


def _invoice(entry: Entry, record: shapes.InvoiceIn) -> Iterator[Problem]:
    bad = [problem for index, line in enumerate(record.lines) for problem in _line(entry, record, index, line)]
    yield from bad
    if bad:
        return
    total = Taxed.total((taxed(line, currency=record.currency) for line in record.lines), currency=record.currency)
    if total.gross.minor < 0:
        yield entry.problem("import_negative", "lines", sum=total.gross)
    settled = Money.total((paid(line, currency=record.currency) for line in record.lines), currency=record.currency)
    if settled > total.gross >= Money.zero(record.currency):
        yield entry.problem("import_paid", "lines", value=settled.text, sum=total.gross)
    try:
        if record.gross is not None and Money.of(record.gross, record.currency) != total.gross:
            yield entry.problem("import_sum", "gross", value=record.gross, sum=total.gross)
    except BadMoney:
        yield entry.problem("import_amount", "gross", value=record.gross)


def _line(entry: Entry, record: shapes.InvoiceIn, index: int, line: shapes.LineIn) -> Iterator[Problem]:
    at = ("lines", index)
    try:
        amount, settled = taxed(line, currency=record.currency), paid(line, currency=record.currency)
        amount.net.minor, amount.tax.minor, settled.minor  # noqa: B018 - parts of a cent are refused here
    except BadMoney:
        yield entry.problem("import_amount", *at, "net")
        return
    if (line.start_on is None) != (line.end_on is None) or (
        line.start_on is not None and line.end_on is not None and line.end_on <= line.start_on
    ):
        yield entry.problem("import_period", *at, "end_on")
    if line.component and line.component not in ("setup", "fee") and line.service is None:
        yield entry.problem("import_service_needed", *at, "service")
    if line.component and line.component not in ("setup", "fee") and line.start_on is None:
        yield entry.problem("import_period_needed", *at, "start_on")
    percent = Fraction(line.vat_percent)
    due = (amount.net * (percent / 100)).rounded()
    if line.vat_code in UNTAXED and (percent or amount.tax.minor):
        yield entry.problem("import_untaxed", *at, "tax", value=line.tax)
    elif abs(amount.tax.minor - due.minor) > 1:  # a cent: rounded from gross, or per rate
        yield entry.problem("import_tax", *at, "tax", value=line.tax, due=due)
    low, high = min(0, amount.gross.minor), max(0, amount.gross.minor)
    if not low <= settled.minor <= high:
        yield entry.problem("import_paid", *at, "paid", value=line.paid or "", sum=amount.gross)
