"""How do clients come in? With buyer data that count as confirmed, and the deposit and account credit that they had."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from planshift.billing import account_credit, deposits
from planshift.domain.errors import BadMoney
from planshift.domain.importing import shapes
from planshift.domain.importing.entries import Entry
from planshift.domain.importing.report import Problem
from planshift.domain.money import Money
from planshift.procedures.importing.context import Context
from planshift.services import intake


def wrong(context: Context) -> Iterator[Problem]:
    """What of these records does not fit this installation."""
    today = context.at.astimezone(ZoneInfo(context.seller.time_zone)).date()
    for entry in context.fresh:
        if entry.record.since > today:
            yield entry.problem("import_future", "since", value=entry.record.since)
        if entry.record.deposit is not None and not context.seller.has_deposit:
            yield entry.problem("no_deposit", "deposit")
        for name in shapes.BALANCES:
            amount = getattr(entry.record, name)
            try:
                Money.of(amount or "0", context.seller.currency).minor  # noqa: B018 - parts of a cent are refused
            except BadMoney:
                yield entry.problem("import_amount", name, value=amount)


def numbers(fresh: Sequence[Entry]) -> list[str]:
    """A number for each."""
    return intake.numbers_of(series="client", letter="C", count=len(fresh))


def write(context: Context, *, numbers: Sequence[str]) -> None:
    """In the caller's transaction."""
    zone, fresh = ZoneInfo(context.seller.time_zone), context.fresh
    made = intake.add_clients(
        seller=context.seller,
        clients=[
            intake.Newcomer(
                number=number,
                name=entry.record.name,
                email=entry.record.email,
                language=entry.record.language,
                bill_day=entry.record.bill_day,
                time_zone=entry.record.time_zone,
                since=datetime.combine(entry.record.since, time(), tzinfo=zone),
                buyer=columns(entry.record.buyer),
                login=entry.record.login,
            )
            for entry, number in zip(fresh, numbers, strict=True)
        ],
        at=context.at,
        actor=context.actor,
    )
    had = {
        name: [
            (row, Money.of(amount, context.seller.currency))
            for entry, row in zip(fresh, made, strict=True)
            if (amount := getattr(entry.record, name)) is not None
        ]
        for name in shapes.BALANCES
    }
    deposits.open_many(opened=had["deposit"], key="import", at=context.at, actor=context.actor)
    account_credit.open_many(opened=had["account_credit"], key="import", at=context.at, actor=context.actor)


def columns(buyer: shapes.Buyer) -> dict[str, object]:
    """The columns of a buyer profile."""
    names = ("name", "street", "postcode", "city", "country", "tax_id", "is_business", "legal")
    return {name: getattr(buyer, name) for name in names}
