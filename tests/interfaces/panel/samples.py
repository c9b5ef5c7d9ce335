"""One telling value per page of the panel, so that every template can be rendered and looked at without a database."""

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from planshift.domain import documents, quote
from planshift.domain.errors import Reason
from planshift.domain.money import Money
from planshift.domain.periods import Length
from planshift.domain.tax import Taxed
from planshift.domain.working import Operand, Step
from planshift.procedures import views

EUR, PLN = "EUR", "PLN"
NOW = dt.datetime(2026, 9, 1, 9, 30, tzinfo=dt.UTC)
VAT = Fraction(22, 100)


def net(text: str, currency: str = EUR) -> Taxed:
    return Taxed.of_net(Money.of(text, currency), VAT)


CLIENT = views.ClientHeader(
    number="C-1001",
    name="Demo Bottega Rossi",
    seller="demo-italia",
    brand="Demo Hosting Italia",
    language="it",
    time_zone="Europe/Rome",
    currency=EUR,
    deposit=Money.of("120.00", EUR),
    demo=True,
)
NAMES = {
    "silver": "Hosting Silver",
    "gold": "Hosting Gold",
    "case:web-to-web": {
        "en": "Both plans run on the same web platform: only the limits change.",
        "pl": "Oba plany działają na tej samej platformie: zmieniają się tylko limity.",
        "it": "Entrambi i piani usano la stessa piattaforma: cambiano solo i limiti.",
    },
    "ip": {"en": "IP addresses", "pl": "Adresy IP", "it": "Indirizzi IP"},
}
OPEN = views.ChangeRef("CH-2026-000007", "AWAITING_PAYMENT", "plan", "Hosting Gold", "O-2026-000011", True)


def card(**changed: object) -> views.ServiceCard:
    values: dict[str, object] = {
        "number": "S-1001",
        "name": "bottega-rossi.example",
        "family": {"en": "Web hosting", "pl": "Hosting WWW", "it": "Hosting web"},
        "plan": "Hosting Silver",
        "plan_code": "silver",
        "state": "ACTIVE",
        "term_start_on": dt.date(2026, 1, 1),
        "term_end_on": dt.date(2027, 1, 1),
        "period_months": 12,
        "renewal": net("69.00"),
        "auto_renew": True,
        "metered": False,
        "open_change": None,
    }
    return views.ServiceCard(**{**values, **changed})  # type: ignore[arg-type]


CARDS = (
    card(),
    card(number="S-1002", name="archivio.bottega-rossi.example", plan="Host Pointer", auto_renew=False,
         renewal=net("36.90"), open_change=OPEN),
    card(number="S-1003", name="vps-1.bottega-rossi.example", family="VPS", plan="VPS M", renewal=net("240.00"),
         open_change=views.ChangeRef("CH-2026-000009", "AWAITING_EXECUTION", "resources", "")),
    card(number="S-1004", name="calcolo.example", family="Pro Cloud", plan="Pro Cloud", metered=True, renewal=None),
)  # fmt: skip
BUYER = views.Buyer("Demo Bottega Rossi srl", ("Via Esempio 1", "20100 Milano"), "IT00000000000", "IT", "2026/0042")
RESOURCES = (
    views.ResourceRow("disk", {"en": "Disk", "pl": "Dysk", "it": "Disco"}, "GB", 60, 20, 10, 500, 10,
                      Money.of("0.60", EUR), 63, NOW),
    views.ResourceRow("memory", {"en": "Memory", "pl": "Pamięć RAM", "it": "Memoria"}, "GB", 4, 0, 0, 32, 2,
                      Money.of("8.00", EUR), 2, NOW),
    views.ResourceRow("ip", NAMES["ip"], "", 1, 2, 0, 16, 1, Money.of("10.00", EUR)),
    views.ResourceRow("cpu", {"en": "Processor cores", "pl": "Rdzenie procesora", "it": "Core"}, "", 2, 0, 0, None, 1,
                      None),
)  # fmt: skip
INVOICES = (
    views.InvoiceRow("2026/0101", "invoice", "PAID", dt.date(2026, 9, 1), net("22.00"), "O-2026-000011", "S-1001"),
    views.InvoiceRow("2026/0042", "invoice", "PAID", dt.date(2026, 1, 1), net("69.00"), "", "S-1001"),
)
SERVICE = views.ServicePage(
    card=card(),
    resources=RESOURCES,
    plan_features=(("PHP", "8.4"), ({"en": "Mailboxes", "pl": "Skrzynki", "it": "Caselle"}, "10")),
    buyer=BUYER,
    attached=(views.AttachedService("S-1010", "backup.example", "Backup 50", dt.date(2027, 1, 1)),),
    operations=(
        views.OperationDoor("plan", True, ()),
        views.OperationDoor("resources", True, ()),
        views.OperationDoor("period", True, (Reason("change_open", {"change": "CH-2026-000007"}),)),
    ),
    changes=(
        views.ChangeRow("CH-2026-000003", "plan", "Host Pointer", "Hosting Silver", "DONE", NOW, NOW, net("32.10")),
        views.ChangeRow("CH-2026-000001", "resources", "", "", "WITHDRAWN", NOW, None, net("10.00")),
    ),
    invoices=INVOICES,
    pays_by_itself=True,
)


def offer(
    *,
    amount: str = "22.00",
    kind: str = "easy",
    direction: str = "up",
    new: str = "135.00",
    setup: str = "",
    notices: tuple[str, ...] = (),
) -> quote.Offer:
    difference = quote.Line(
        role="difference",
        component="plan",
        code="plan_difference",
        facts={"old": "silver", "new": "gold"},
        amount=net(amount),
        tax_rate=VAT,
        start=dt.date(2026, 9, 1),
        end=dt.date(2027, 1, 1),
    )
    lines = (difference,)
    if setup:
        lines = (*lines, quote.Line("setup", "setup", "setup", {}, net(setup), VAT))
    total = Taxed.total((line.amount for line in lines), currency=EUR)
    return quote.Offer(
        currency=EUR,
        operation="plan",
        lines=lines,
        total=total,
        direction=direction,
        kind=kind,
        kind_reason="web-to-web",
        settlement="difference_remaining",
        timing="after_payment",
        credit_to="nowhere",
        effective=dt.date(2026, 9, 1),
        term_start=dt.date(2026, 1, 1),
        term_end=dt.date(2027, 1, 1),
        extra_time=None,
        due_later=None,
        later_at="",
        hourly=None,
        months_charged=None,
        balance_used=Money.zero(EUR),
        balance_left=Money.zero(EUR),
        next_invoice=None,
        next_renewal=quote.Renewal(dt.date(2027, 1, 1), net(new), Length(12)),
        promise=quote.Promise(1, 5, dt.date(2026, 9, 8))
        if kind == "hard"
        else quote.Promise(1, 1, dt.date(2026, 9, 2)),
        notices=tuple(quote.Notice(code, {"services": ["backup.example"]}) for code in notices),
        sketch=Written(amount, total, setup),
    )


@dataclass(frozen=True)
class Written:
    """A working as the engine writes it: share of time, one step a line, tax, total, next renewal."""

    amount: str
    total: Taxed
    setup: str

    def steps(self) -> tuple[Step, ...]:
        value = Fraction(self.amount)
        time = (Operand("remaining", Fraction(4), "months"), Operand("per_period", Fraction(12), "months"))
        prices = (Operand("new_price", Fraction(135)), Operand("old_price", Fraction(69)))
        third, exact = Fraction(1, 3), Fraction(33333, 1000)
        setup = Fraction(self.setup or 0)
        lines = [
            Step(
                "plan_difference",
                (*prices, *time),
                "(135.00 − 69.00) × 4 / 12",
                exact,
                value,
                "half_up 0.01",
                EUR,
                "H7",
            )
        ]
        if self.setup:
            lines.append(Step("setup", (), "10.00", setup, setup, "", EUR, "H5"))
        net, tax, gross = (each.amount for each in (self.total.net, self.total.tax, self.total.gross))
        base = (Operand("base", net, EUR), Operand("rate", Fraction(22), "percent"))
        sums = (Operand("net", net, EUR), Operand("tax", tax, EUR))
        return (
            Step("time_share", time, "4 / 12", third, third, "", "months", "H7"),
            *lines,
            Step("tax", base, f"{net} × 22 / 100", net * 22 / 100, tax, "half_up 0.01", EUR),
            Step("total", sums, "", gross, gross, "", EUR),
            Step("next_renewal", (), "135.00", Fraction(135), Fraction(135), "", EUR, "H8"),
        )


HARD = ("new_address", "new_environment", "data_lost", "content_transfer", "old_data_removed", "backups",
        "no_recovery", "attached_end")  # fmt: skip
SPECS = (({"en": "Web space", "pl": "Miejsce", "it": "Spazio web"}, 10, "GB"), ("Database", 2, ""))
MORE = (({"en": "Web space", "pl": "Miejsce", "it": "Spazio web"}, 50, "GB"), ("Database", 10, ""))


def option(code: str, name: str, price: str, **changed: object) -> views.Option:
    values: dict[str, object] = {
        "plan": name,
        "plan_code": code,
        "family": {"en": "Web hosting", "pl": "Hosting WWW", "it": "Hosting web"},
        "current": False,
        "resources": MORE,
        "price": Money.of(price, EUR),
        "period_months": 12,
        "offer": offer(),
        "shrink": (),
        "reasons": (),
        "orderable": True,
    }
    return views.Option(**{**values, **changed})  # type: ignore[arg-type]


OPTIONS = views.OptionsPage(
    card=card(),
    options=(
        option("silver", "Hosting Silver", "69.00", current=True, resources=SPECS, offer=None),
        option("gold", "Hosting Gold", "135.00"),
        option("platinum", "Hosting Platinum", "199.00", 
               offer=offer(amount="53.33", kind="hard", new="199.00", setup="10.00")),
        option("bronze", "Hosting Bronze", "49.00", resources=(("Database", 1, ""),),
               offer=offer(amount="-6.67", direction="down", new="49.00"), orderable=False,
               not_orderable=(Reason("decrease_not_orderable_yet"),),
               shrink=(views.Shrink({"en": "Web space", "pl": "Miejsce", "it": "Spazio web"}, "GB", 8, 5),)),
        option("mini", "Hosting Mini", "19.00", offer=None, orderable=False,
               reasons=(Reason("decrease_not_offered"), Reason("change_open", {"change": "CH-2026-000007"})),
               shrink=(views.Shrink("Database", "", 2, 1),)),
    ),
    as_of=NOW,
    names=NAMES,
)  # fmt: skip


def quote_page(*, offered: quote.Offer | None = None, **changed: object) -> views.QuotePage:
    values: dict[str, object] = {
        "number": "Q-2026-000123",
        "state": "open",
        "made_at": NOW,
        "valid_until": NOW + dt.timedelta(days=7),
        "service": card(),
        "operation": "plan",
        "source": "Hosting Silver",
        "target": "Hosting Gold",
        "resource_changes": (),
        "period_change": None,
        "offer": offered or offer(),
        "names": NAMES,
        "staff_override_note": "",
        "buyer": BUYER,
        "orderable": True,
        "not_orderable": (),
        "pays_by_itself": False,
        "pay_reasons": (Reason("auto_renewal_off"), Reason("deposit_too_small", {"missing": Money.of("12.30", EUR)})),
        "deposit": Money.of("120.00", EUR),
        "policy": "easy-hard 3",
    }
    return views.QuotePage(**{**values, **changed})  # type: ignore[arg-type]


HARD_QUOTE = quote_page(offered=offer(amount="49.05", kind="hard", setup="10.00", notices=HARD), source="Host Pointer")
ORDER = views.OrderPage(
    number="O-2026-000011",
    state="AWAITING_PAYMENT",
    placed_at=NOW,
    due_at=NOW + dt.timedelta(days=7),
    service=card(),
    change="CH-2026-000007",
    lines=(
        documents.Line(
            kind="charge",
            text={"en": "bottega-rossi.example: from Hosting Silver to Hosting Gold"},
            amount=net("22.00"),
            vat_percent=Fraction(22),
            start_on=dt.date(2026, 9, 1),
            end_on=dt.date(2027, 1, 1),
        ),
    ),
    total=net("22.00"),
    paid=Money.of("5.00", EUR),
    due=Money.of("21.84", EUR),
    drawn_by_itself=False,
    draw_reasons=(Reason("auto_renewal_off"),),
    can_draw=True,
    deposit=Money.of("120.00", EUR),
    transfer=views.TransferData("Demo Hosting Italia srl", "IT00 X000 0000 0000 0000 0000 000", "", "O-2026-000011",
                                Money.of("21.84", EUR)),
    card=True,
    can_withdraw=True,
    invoices=(),
)  # fmt: skip


def step(code: str, status: str, owner: str = "system", **facts: object) -> views.TimelineStep:
    at = NOW if status == "done" else None
    due = NOW + dt.timedelta(days=3) if status == "waiting" else None
    return views.TimelineStep(code, status, at, due, owner, facts)  # type: ignore[arg-type]


CHANGE = views.ChangePage(
    number="CH-2026-000007",
    state="AWAITING_EXECUTION",
    final=False,
    service=card(),
    operation="plan",
    source="Host Pointer",
    target="Hosting Gold",
    kind="hard",
    direction="up",
    ordered_at=NOW,
    promised_on=dt.date(2026, 9, 8),
    overdue=False,
    steps=(
        step("ordered", "done"),
        step("paid", "done"),
        step("prepared", "done"),
        step("handed_over", "done"),
        step("moved", "waiting", "client"),
        step("switched", "ahead"),
        step("held", "ahead"),
        step("removed", "ahead"),
        step("done", "ahead"),
    ),
    order="O-2026-000011",
    quote="Q-2026-000123",
    total=net("59.05"),
    credentials="ready",
    new_address="203.0.113.20",
    duties=(
        views.Duty("back_up", {}),
        views.Duty("copy_content", {}),
        views.Duty("set_dns", {"address": "203.0.113.20"}),
    ),
    can_switch_over=True,
    hold_until=None,
    removal_at=NOW + dt.timedelta(days=14),
    can_withdraw=False,
    invoices=INVOICES[:1],
    next_renewal=net("135.00"),
    renews_on=dt.date(2027, 1, 1),
)
MONEY = views.MoneyPage(
    deposit=Money.of("120.00", EUR),
    postings=views.Page(
        rows=(
            views.Posting(
                NOW, "deposit", "draw", {}, Money.of("-26.84", EUR), Money.of("120.00", EUR), "O-2026-000010"
            ),
            views.Posting(
                NOW, "deposit", "top_up", {}, Money.of("100.00", EUR), Money.of("146.84", EUR), "O-2026-000009"
            ),
            views.Posting(NOW, "payment", "payment_transfer", {}, Money.of("84.18", EUR), None, "2026/0042"),
        ),
        next="abc",
        previous="",
    ),
    open_orders=(
        views.OrderRow(
            "O-2026-000011", NOW, Money.of("21.84", EUR), NOW + dt.timedelta(days=7), "S-1002", "CH-2026-000007"
        ),
    ),
    top_up=(Money.of("20.00", EUR), Money.of("50.00", EUR)),
)
PERIODS = views.PeriodsPage(
    card=card(period_months=1),
    options=(
        views.PeriodOption(1, True, Money.of("49.00", EUR), None, (), True),
        views.PeriodOption(3, False, Money.of("147.00", EUR), offer(amount="98.00"), (), True),
        views.PeriodOption(12, False, Money.of("529.20", EUR), offer(amount="480.20"), (), False,
                           (Reason("decrease_not_orderable_yet"),)),
    ),
    names=NAMES,
)  # fmt: skip
PREVIEW = views.Preview(offer=offer(), reasons=(), orderable=True, not_orderable=(), names=NAMES)
PEOPLE = (
    views.DemoPerson(1, "Demo Bottega Rossi", "rossi@demo.example", "Demo Hosting Italia",
                     {"en": "Silver in mid-term: the easy example", "it": "Silver a metà periodo: l'esempio facile",
                      "pl": "Silver w połowie okresu: przykład łatwy"}, False, "it"),
    views.DemoPerson(2, "Demo Ufficio Verdi", "verdi@demo.example", "Demo Hosting Italia",
                     {"en": "Host Pointer to Gold: the hard example"}, False, "it"),
    views.DemoPerson(3, "Demo Staff Italia", "staff@demo.example", "Demo Hosting Italia",
                     {"en": "Queue of changes"}, True, "it"),
    views.DemoPerson(4, "Demo Sklep Kowalska", "kowalska@demo.example", "Demo Chmura Polska",
                     {"en": "Deposit and auto-renewal: paid by itself"}, False, "pl"),
)  # fmt: skip
