"""Pro Cloud: changed at once, counted by the hour, drawn once a day, invoiced by the month, blocked, unblocked (D3)."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count
from lxml import etree

from planshift.adapters.vies import recorded
from planshift.billing import invoices
from planshift.billing import models as billing
from planshift.catalog import models as catalog
from planshift.domain import facts
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import models, pace, undoing, vat
from planshift.procedures import ports as outside
from planshift.procedures.metering import drawing, ending, paying, watching
from planshift.procedures.reconciling import running
from planshift.provisioning import ports
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.runtime.models import StepRecord
from planshift.services import models as services
from planshift.services import register
from tests.einvoicing import validating
from tests.stories.conftest import Stage

LABEL = "cloud.pracownia"
WARSAW = ZoneInfo("Europe/Warsaw")


def pln(text: str) -> Money:
    return Money.of(text, "PLN")


@pytest.fixture
def cloud(stage: Stage) -> Iterator[Stage]:
    """The demo on 1 September 2026, noon in Warsaw, with the hourly sweep of metered services."""
    drawing.define()
    stage.work()
    yield stage


def client(stage: Stage) -> str:
    return stage.service(LABEL).client.number


def account(stage: Stage, kind: str) -> str:
    return balances.of_client(client=client(stage), kind=kind, currency="PLN").text


def draws(stage: Stage) -> list[tuple[str, int, str]]:
    rows = billing.Draw.objects.filter(service=stage.service(LABEL)).order_by("on")
    return [(str(row.on), row.hours, Money.from_minor(row.draw_minor, "PLN").text) for row in rows]


def push(stage: Stage, text: str) -> None:
    clock.move_to(at=dt.datetime.fromisoformat(text).replace(tzinfo=WARSAW), actor="test")
    stage.work()


def resources(stage: Stage, **amounts: int) -> str:
    page = stage.order(stage.quote(LABEL, facts.ChangeResources(amounts=amounts)))
    return page.number


def limits(stage: Stage) -> dict[str, int]:
    number = stage.service(LABEL).number
    return dict(machines.active_environments(services=[number])[number].limits)


def top_up(stage: Stage, amount: str, *, key: str) -> str:
    order = paying.top_up(client=client(stage), amount=pln(amount), key=key, at=clock.business(), actor=stage.actor)
    stage.pay(order)
    return order


def sound(stage: Stage) -> None:
    assert balances.differences() == {}
    assert list(running.differences()) == []


def test_D3_the_demo_is_counted_from_its_beginning(cloud: Stage) -> None:
    # 2 cores x 0.06 + 4 GB x 0.03 + 40 GB x 0.0008 + 1 IP x 0.01 = 0.282 net per hour, from 29 August 09:00 on
    # 29 August: 15 hours: 1.80 + 1.80 + 0.48 + 0.15 = 4.23, VAT 0.97: 5.20
    # 30 August: 39 hours: 4.68 + 4.68 + 1.248 + 0.39 → 11.00 + 2.53 = 13.53: 8.33 more
    # 31 August: 63 hours: 7.56 + 7.56 + 2.016 + 0.63 → 17.77 + 4.09 = 21.86: 8.33 more
    assert draws(cloud) == [("2026-08-29", 15, "5.20"), ("2026-08-30", 24, "8.33"), ("2026-08-31", 24, "8.33")]
    assert (account(cloud, "prepaid"), account(cloud, "metered"), account(cloud, "owed")) == ("68.14", "0.00", "0.00")
    (invoice,) = billing.Invoice.objects.filter(metered__isnull=False)
    assert (invoice.gross_minor, invoice.sold_on, invoice.issued_on) == (
        21_86,
        dt.date(2026, 8, 31),
        dt.date(2026, 9, 1),
    )
    assert invoice.settled == [{"source": "prepaid", "amount_minor": 21_86, "on": "2026-08-31"}]
    assert account(cloud, "receivable") == "0.00"
    sound(cloud)


def test_D3_up_and_down_within_one_hour_without_order_document_or_acceptance(cloud: Stage) -> None:
    orders, papers = billing.Order.objects.count(), billing.Invoice.objects.count()
    push(cloud, "2026-09-01T14:10")
    up = resources(cloud, cpu=8)
    assert (cloud.change(up).state, limits(cloud)["cpu"]) == ("DONE", 8)
    push(cloud, "2026-09-01T14:50")
    down = resources(cloud, cpu=1, ip=0)
    assert (cloud.change(down).state, limits(cloud)["cpu"]) == ("DONE", 1)
    assert (billing.Order.objects.count(), billing.Invoice.objects.count()) == (orders, papers)
    history = services.HeldFrom.objects.filter(service=cloud.service(LABEL)).order_by("pk")
    assert [(row.amounts.get("cpu"), row.amounts.get("ip"), row.cause) for row in history] == [
        (2, 1, "metered"),
        (8, 1, up),
        (1, None, down),
    ]
    push(cloud, "2026-09-02T00:30")
    # cores: 14 hours at 2, the fifteenth at its most, 8, nine at 1: 28 + 8 + 9 = 45 x 0.06 = 2.70
    # memory 96 x 0.03 = 2.88; disk 960 x 0.0008 = 0.768 → 0.77; IP 15 x 0.01 = 0.15; 6.50 + VAT 1.50 (1.495) = 8.00
    assert draws(cloud)[-1] == ("2026-09-01", 24, "8.00")
    sound(cloud)


def test_D3_a_change_that_the_machine_refuses_costs_nothing_and_staff_see_it(cloud: Stage) -> None:
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="refuses", verb="apply")
    number = resources(cloud, cpu=8)
    assert cloud.change(number).state == "AWAITING_STAFF"
    history = services.HeldFrom.objects.filter(service=cloud.service(LABEL))
    assert [row.amounts["cpu"] for row in history] == [2]
    simulation.clear_faults()
    undoing.undo(number=number, note="not possible", at=clock.business(), actor="staff:1")
    cloud.work()
    assert (cloud.change(number).state, limits(cloud)["cpu"]) == ("UNDONE", 2)
    sound(cloud)


def test_D3_draws_after_three_missed_days_are_those_of_each_day(cloud: Stage) -> None:
    push(cloud, "2026-09-04T12:00")
    # 24, 48, 72 hours: 0.282 x 24 = 6.768 by lines 2.88 + 2.88 + 0.77 + 0.24 = 6.77 + 1.56 = 8.33;
    # 5.76 + 5.76 + 1.54 (1.536) + 0.48 = 13.54 + 3.11 = 16.65: 8.32; 8.64 + 8.64 + 2.30 (2.304) + 0.72 = 20.30 + 4.67
    assert draws(cloud)[3:] == [("2026-09-01", 24, "8.33"), ("2026-09-02", 24, "8.32"), ("2026-09-03", 24, "8.32")]
    before = billing.Draw.objects.count()
    cloud.work()
    assert billing.Draw.objects.count() == before
    sound(cloud)


def test_D3_a_month_with_25_hours_in_a_day_is_one_invoice_over_its_draws(cloud: Stage) -> None:
    top_up(cloud, "600.00", key="a" * 20)
    push(cloud, "2026-11-02T08:00")
    october = [row for row in draws(cloud) if row[0].startswith("2026-10")]
    assert (len(october), {day: hours for day, hours, _ in october}["2026-10-25"]) == (31, 25)
    invoice = billing.Invoice.objects.get(metered__month=dt.date(2026, 10, 1))
    # 745 hours: 1490 x 0.06 = 89.40; 2980 x 0.03 = 89.40; 29800 x 0.0008 = 23.84; 745 x 0.01 = 7.45: 210.09
    # VAT 48.3207 → 48.32
    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor) == (210_09, 48_32, 258_41)
    assert sum(Money.of(draw, "PLN").minor for _, _, draw in october) == 258_41
    assert [(line.start_on, line.end_on) for line in invoice.lines.all()] == [
        (dt.date(2026, 10, 1), dt.date(2026, 11, 1))
    ] * 4
    sound(cloud)


@pytest.mark.parametrize("due", [False, True])
def test_D3_the_invoice_of_a_month_is_a_valid_structured_invoice(cloud: Stage, due: bool) -> None:
    """FA(3), also where the balance did not cover the month and something is still due."""
    catalog.Seller.objects.filter(clients__number=client(cloud)).update(tax_id="PL5260250274")
    buyer = services.BuyerProfile.objects.filter(client__number=client(cloud)).latest("pk")
    buyer.pk, buyer.tax_id, buyer.is_business = None, "", False  # the demo's number is none
    buyer.created_at = buyer.confirmed_at = clock.business() + dt.timedelta(minutes=1)
    buyer.save(force_insert=True)
    if due:
        resources(cloud, cpu=32, memory=128)
        push(cloud, "2026-09-02T08:00")  # 89.80 drawn, 68.14 there
    else:
        top_up(cloud, "600.00", key="x" * 20)
    push(cloud, "2026-10-01T08:00")
    row = billing.Invoice.objects.get(metered__month=dt.date(2026, 9, 1))
    file = invoices.xml(seller=cloud.service(LABEL).client.seller.code, number=row.number)
    assert validating.faults(file) == []
    root = etree.fromstring(file)
    amounts = [Money.of(each.text, "PLN").minor for each in root.iterfind(".//{*}FaWiersz/{*}P_11")]
    told = {name: root.findtext(f".//{{*}}{name}") for name in ("P_2", "P_15", "RodzajFaktury")}
    assert told == {"P_2": row.number, "P_15": Money.from_minor(row.gross_minor, "PLN").text, "RodzajFaktury": "VAT"}
    assert len(amounts) == row.lines.count() and sum(amounts) == row.net_minor
    assert (row.due_on is not None) is due


def test_D3_the_invoice_of_a_month_without_vat_names_the_consultation_that_it_leans_on(cloud: Stage) -> None:
    owner = services.Client.objects.get(number=client(cloud))
    buyer = services.BuyerProfile.objects.filter(client=owner).latest("pk")
    buyer.pk, buyer.tax_id, buyer.country, buyer.is_business = None, "DE136695976", "DE", True
    buyer.created_at = buyer.confirmed_at = clock.business() + dt.timedelta(minutes=1)
    buyer.save(force_insert=True)
    outside.bind_vies(recorded.RecordedVies())
    clock.move_to(at=clock.business() + dt.timedelta(minutes=2), actor="test")
    kept = vat.check(client=owner.number, at=clock.business(), actor="test")
    top_up(cloud, "600.00", key="x" * 20)
    push(cloud, "2026-10-01T08:00")
    row = billing.Invoice.objects.get(metered__month=dt.date(2026, 9, 1))
    assert {each.vat_code for each in row.lines.all()} == {"reverse_charge"}
    assert row.buyer_party["legal"]["vies"] == f"{kept.request_identifier} ({kept.checked_on})"
    sound(cloud)


def test_D3_warned_once_blocked_below_the_floor_and_unblocked_by_a_top_up(cloud: Stage) -> None:
    mails = models.OutgoingMail.objects.filter(purpose="prepaid_low").order_by("pk")
    assert not mails.exists()
    # 68.14 less 8.33 + 8.32 + 8.32 = 43.17 on 4 September: below 50.00
    cloud.days(3)
    assert (account(cloud, "prepaid"), [mail.subject.rpartition(" [")[0] for mail in mails.all()]) == (
        "43.17",
        ["Saldo przedpłacone spadło poniżej 50,00 PLN"],
    )
    cloud.days(3)
    # 144 hours: 17.28 + 17.28 + 4.61 (4.608) + 1.44 = 40.61 + 9.34 = 49.95; 68.14 - 49.95: below 25.00
    assert (account(cloud, "prepaid"), mails.count()) == ("18.19", 2)
    assert cloud.service(LABEL).state == "ACTIVE"
    cloud.days(1)
    # 168 hours: 20.16 + 20.16 + 5.38 (5.376) + 1.68 = 47.38 + 10.90 = 58.28; 68.14 - 58.28: below the floor
    assert (account(cloud, "prepaid"), cloud.service(LABEL).state, mails.count()) == ("9.86", "BLOCKED", 2)
    with pytest.raises(Refused) as refused:
        resources(cloud, cpu=4)
    assert refused.value.code == "service_blocked"
    cloud.days(2)  # nothing counts: the machine was stopped on 8 September at noon, in the 13th hour of that day
    last = draws(cloud)[-2:]
    assert [(day, hours) for day, hours, _ in last] == [("2026-09-08", 12), ("2026-09-09", 0)]
    left = Money.of("9.86", "PLN") - Money.of(last[0][2], "PLN")
    assert account(cloud, "prepaid") == left.text
    top_up(cloud, "100.00", key="b" * 20)
    assert cloud.service(LABEL).state == "ACTIVE"
    causes = services.HeldFrom.objects.filter(service=cloud.service(LABEL)).order_by("pk")
    assert [row.cause for row in causes] == ["metered", "blocked", "unblocked"]
    cloud.days(1)
    assert draws(cloud)[-1][:2] == ("2026-09-10", 12)
    sound(cloud)


def test_D3_what_the_balance_does_not_cover_is_owed_and_settled_first(cloud: Stage) -> None:
    paying.transfer(
        client=client(cloud), direction="to_deposit", amount=pln("60.00"), key="c" * 20, at=clock.business(),
        actor=cloud.actor,
    )  # fmt: skip
    cloud.work()
    assert (account(cloud, "prepaid"), account(cloud, "deposit")) == ("8.14", "140.00")
    assert cloud.service(LABEL).state == "BLOCKED"  # 8.14 is below the floor
    push(cloud, "2026-09-02T08:00")
    # 12 hours (the machine was stopped at noon sharp): 1.44 + 1.44 + 0.38 + 0.12 = 3.38 + 0.78 = 4.16
    assert (draws(cloud)[-1], account(cloud, "prepaid")) == (("2026-09-01", 12, "4.16"), "3.98")
    sound(cloud)


def test_D3_a_draw_takes_at_most_the_balance(cloud: Stage) -> None:
    paying.transfer(
        client=client(cloud), direction="to_deposit", amount=pln("57.00"), key="c" * 20, at=clock.business(),
        actor=cloud.actor,
    )  # fmt: skip
    cloud.work()
    resources(cloud, cpu=32, memory=128)  # 32 x 0.06 + 128 x 0.03 + 0.032 + 0.01 = 5.802 an hour
    push(cloud, "2026-09-02T08:00")
    # 12 hours at 0.282 and 12 at 5.802: cores 408 x 0.06 = 24.48, memory 1584 x 0.03 = 47.52, disk 0.77, IP 0.24:
    # 73.01 + 16.79 = 89.80; 11.14 was there
    row = billing.Draw.objects.order_by("on").last()
    assert row is not None and (row.draw_minor, row.balance_minor, row.owed_minor) == (89_80, 11_14, 78_66)
    assert (account(cloud, "prepaid"), account(cloud, "owed"), account(cloud, "metered")) == ("0.00", "78.66", "89.80")
    assert cloud.service(LABEL).state == "BLOCKED"
    top_up(cloud, "50.00", key="d" * 20)
    assert (account(cloud, "prepaid"), account(cloud, "owed")) == ("0.00", "28.66")
    assert cloud.service(LABEL).state == "BLOCKED"
    paying.transfer(
        client=client(cloud), direction="to_prepaid", amount=pln("100.00"), key="e" * 20, at=clock.business(),
        actor=cloud.actor,
    )  # fmt: skip
    cloud.work()
    assert (account(cloud, "prepaid"), account(cloud, "owed"), account(cloud, "deposit")) == ("71.34", "0.00", "37.00")
    assert cloud.service(LABEL).state == "ACTIVE"
    sound(cloud)


def test_D3_an_invoice_says_what_is_still_due(cloud: Stage) -> None:
    resources(cloud, cpu=32, memory=128)
    push(cloud, "2026-09-02T08:00")  # 89.80 drawn, 68.14 there: 21.66 owed, and the machine stopped
    push(cloud, "2026-10-01T08:00")
    invoice = billing.Invoice.objects.get(metered__month=dt.date(2026, 9, 1))
    owed = Money.of(account(cloud, "owed"), "PLN")
    paid = Money.from_minor(invoice.settled[0]["amount_minor"], "PLN")
    assert owed.minor > 0 and paid == pln("68.14") and paid + owed == Money.from_minor(invoice.gross_minor, "PLN")
    assert invoice.due_on == dt.date(2026, 10, 1)
    sound(cloud)


def test_D3_transfers_move_once_and_never_below_zero(cloud: Stage) -> None:
    for _ in range(2):
        paying.transfer(
            client=client(cloud), direction="to_prepaid", amount=pln("30.00"), key="f" * 20, at=clock.business(),
            actor=cloud.actor,
        )  # fmt: skip
    assert (account(cloud, "prepaid"), account(cloud, "deposit")) == ("98.14", "50.00")
    for direction, wanted, code in (
        ("to_prepaid", "50.01", "deposit_too_low"),
        ("to_deposit", "98.15", "prepaid_too_low"),
    ):
        with pytest.raises(Refused) as refused:
            paying.transfer(
                client=client(cloud), direction=direction, amount=pln(wanted), key=code, at=clock.business(),
                actor=cloud.actor,
            )  # fmt: skip
        assert refused.value.code == code
    assert (account(cloud, "prepaid"), account(cloud, "deposit")) == ("98.14", "50.00")


def test_D3_a_service_that_ends_stops_and_its_last_month_is_invoiced(cloud: Stage) -> None:
    push(cloud, "2026-09-02T06:30")
    service = cloud.service(LABEL)
    ending.end(client=client(cloud), service=service.number, at=clock.business(), actor=cloud.actor)
    cloud.work()
    assert cloud.service(LABEL).state == "ENDED"
    push(cloud, "2026-09-10T08:00")
    assert draws(cloud)[-1][:2] == ("2026-09-02", 7)  # the seventh hour had begun
    meter = billing.Meter.objects.get(service=service)
    assert (meter.closed, meter.ended_on) == (True, dt.date(2026, 9, 2))
    invoice = billing.Invoice.objects.get(metered__month=dt.date(2026, 9, 1))
    september = [Money.of(draw, "PLN").minor for day, _, draw in draws(cloud) if day.startswith("2026-09")]
    assert (invoice.gross_minor, invoice.sold_on) == (sum(september), dt.date(2026, 9, 2))
    sound(cloud)


def test_services_are_adopted_and_balances_checked_some_in_a_transaction(
    cloud: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: one at a time here, each in a step of its own, which is a transaction."""
    monkeypatch.setattr(drawing, "_adopting", pace.Pace(most=1))
    monkeypatch.setattr(watching, "_pace", pace.Pace(most=1))
    before, at = StepRecord.objects.latest("pk").pk, clock.business()
    buyer = {"name": "Demo", "street": "ul. Demo 1", "postcode": "70-001", "city": "Szczecin", "country": "PL",
             "tax_id": "", "is_business": False}  # fmt: skip
    for name in ("one", "two"):
        owner = register.add_client(
            seller=cloud.service(LABEL).client.seller, name=name, email=f"{name}@example.org", language="pl",
            buyer=buyer, at=at, actor="test",
        )  # fmt: skip
        register.add_service(
            client=owner, label=f"{name}.example.org", family="pro-cloud", plan="pro-cloud", months=1,
            start_on=dt.date(2026, 9, 1), auto_renew=False, additional={"cpu": 1}, at=at, actor="test",
        )  # fmt: skip
    push(cloud, "2026-09-02T00:30")
    assert billing.Meter.objects.count() == 3
    steps = StepRecord.objects.filter(pk__gt=before).values_list("run__kind", "run", "step")
    each = steps.annotate(times=Count("pk")).order_by("-times")
    assert each.filter(run__kind=drawing.SELLER_KIND)[0][3] == 3  # one adopted, the other, and nobody more
    assert each.filter(run__kind=drawing.BATCH_KIND, step="check")[0][3] == 3  # three clients
    slot = dt.datetime(2026, 9, 2, tzinfo=WARSAW)
    assert billing.PrepaidStanding.objects.filter(checked_at__gte=slot).count() == 3
    sound(cloud)
