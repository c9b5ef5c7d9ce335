"""The renewal run: in batches, shown before it happens, killed and carried on, never twice."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from planshift.billing import invoices
from planshift.billing import models as billing
from planshift.catalog import queries as catalog
from planshift.domain.money import Money
from planshift.interfaces.cli import renew
from planshift.ledger import balances
from planshift.procedures import announcing, models, pace, reconciling
from planshift.runtime import bulk, clock, gathering, numbers
from planshift.runtime.models import AuditEntry, Run
from planshift.services import models as services
from planshift.services import register
from tests.stories.conftest import Stage


def copies(stage: Stage, label: str, count: int, *, ends_in: int) -> list[int]:
    """More services like one, of the same client, whose terms end in so many days."""
    row, at = stage.service(label), clock.business()
    end = at.date() + dt.timedelta(days=ends_in)
    made = [
        register.add_service(
            client=row.client,
            label=f"copy{n}.{row.label}",
            family=row.family,
            plan=row.plan,
            months=row.months,
            start_on=at.date(),
            auto_renew=False,
            at=at,
            actor="test",
        )
        for n in range(count)
    ]
    pks = [each.pk for each in made]
    services.Term.objects.filter(service__in=pks).update(start_on=end - dt.timedelta(days=365), end_on=end)
    return pks


def everything() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (models.Renewal, billing.Order, Run, AuditEntry))


def test_the_dry_run_says_what_the_run_then_does_and_writes_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    pks = copies(stage, "pasticceria", 5, ends_in=29)
    services.Service.objects.filter(pk=pks[0]).update(plan="no-longer-sold")
    day = clock.business().date() + dt.timedelta(days=1)
    before = everything()
    assert renew.main(["--on", str(day), "--dry-run"]) == 1  # one cannot be priced
    assert everything() == before
    told = capsys.readouterr().out
    # 4 × 69.00 = 276.00; 22 % = 60.72
    assert "announced          4   net 276.00, tax 60.72, gross 336.72" in told
    assert "cannot be priced   1   plan_not_sold" in told
    stage.days(1)
    placed = models.Renewal.objects.filter(service__in=pks).select_related("order")
    assert [row.order.net_minor for row in placed if row.order] == [69_00] * 4
    (stuck,) = Run.objects.filter(state="STUCK")
    assert stuck.kind == "renewal_announcement" and "plan_not_sold" in stuck.reason


def test_the_dry_run_counts_one_deposit_once(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    pks = copies(stage, "vps1.piekarnia", 9, ends_in=15)
    services.Service.objects.filter(pk__in=pks).update(auto_renew=True, months=1)
    renew.main(["--on", str(clock.business().date() + dt.timedelta(days=1)), "--dry-run"])
    told = capsys.readouterr().out.partition("(PLN)")[2]
    (line,) = [line for line in told.splitlines() if "by deposit" in line]
    stage.days(1)
    paid = models.Renewal.objects.filter(service__in=pks, state="RENEWED").select_related("order")
    gross = [row.order.gross_minor for row in paid if row.order]
    assert 0 < len(gross) < 9 and sum(gross) <= 500_00  # the deposit of this client
    assert line.split() == ["by", "deposit", str(len(gross)), "gross", Money.from_minor(sum(gross), "PLN").text]


def test_a_batch_costs_the_same_number_of_statements_for_two_services_and_for_twelve(stage: Stage) -> None:
    seller = stage.service("pasticceria").client.seller
    counts = []
    for many in (2, 12):
        pks = copies(stage, "pasticceria", many, ends_in=20)
        in_force = catalog.in_force(seller=seller)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            made = announcing.announce_many(pks=pks, in_force=in_force, at=clock.business(), actor="test")
        assert len(made) == many
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30


def test_the_run_of_a_day_that_is_carried_out_again_announces_nothing_twice(stage: Stage) -> None:
    pks = copies(stage, "pasticceria", 4, ends_in=28)
    stage.days(1)
    assert models.Renewal.objects.filter(service__in=pks).count() == 4
    Run.objects.filter(kind__in=("renewals", "renewal_batch")).delete()  # as if the day had never been run
    announcing.begin(at=clock.business())
    stage.work()
    assert models.Renewal.objects.filter(service__in=pks).count() == 4


def test_a_renewal_announced_in_a_batch_waits_with_its_reason_and_is_paid_like_any_other(stage: Stage) -> None:
    (pk,) = copies(stage, "vps.ksiegarnia", 1, ends_in=10)
    stage.days(1)
    row = models.Renewal.objects.select_related("order").get(service=pk)
    assert row.order is not None and row.collection["because"] == ["auto_renewal_off"]
    run = Run.objects.get(key=row.order.signal_key)
    assert (run.state, run.owner, run.step) == ("WAITING", "client", "settle")
    stage.pay(row.order.number)
    row.refresh_from_db()
    assert row.state == "RENEWED"


def test_batches_are_cut_to_the_longest_transaction(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    pks = copies(stage, "pasticceria", 7, ends_in=28)
    monkeypatch.setattr(pace.Pace, "room", lambda self: 3)
    monkeypatch.setattr(announcing, "BATCH", 5)
    stage.days(1)
    assert models.Renewal.objects.filter(service__in=pks).count() == 7
    assert Run.objects.filter(kind="renewal_batch", state="DONE").count() >= 3


def test_from_the_number_on_only_what_bears_it_is_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other invoice of the seller waits from the number to the commit."""
    monkeypatch.setattr(bulk, "WORTH", 1)
    pks = copies(stage, "vps1.piekarnia", 3, ends_in=10)
    services.Service.objects.filter(pk__in=pks).update(auto_renew=True, months=1)
    in_force = catalog.in_force(seller=stage.service("vps1.piekarnia").client.seller)
    insert, create, take = bulk.insert, bulk.create, numbers.take
    written: list[str] = []
    monkeypatch.setattr(numbers, "take", lambda **given: written.append("number") or take(**given))
    monkeypatch.setattr(bulk, "create", lambda rows: _told(create(rows), written))
    monkeypatch.setattr(bulk, "insert", lambda model, rows: written.append(model.__name__) or insert(model, rows))
    with transaction.atomic(), gathering.gathered():
        announcing.announce_many(pks=pks, in_force=in_force, at=clock.business(), actor="test")
    before, after = written[: written.index("number")], written[written.index("number") + 1 :]
    assert {"Order", "OrderLine", "PartPayment", "Renewal", "Term", "AuditEntry"} <= set(before)
    assert after == ["Invoice", "InvoiceLine", "Transfer", "AuditEntry"]


def _told(rows: list[Any], written: list[str]) -> list[Any]:
    written.extend({type(row).__name__ for row in rows})
    return rows


def test_what_the_deposit_pays_is_paid_invoiced_and_extended_in_the_batch(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "WORTH", 1)  # on PostgreSQL as in a large batch
    pks = copies(stage, "vps1.piekarnia", 3, ends_in=15)
    services.Service.objects.filter(pk__in=pks).update(auto_renew=True, months=1)
    client = stage.service("vps1.piekarnia").client
    before = balances.of_client(client=client.number, kind="deposit", currency="PLN")
    runs_before = set(Run.objects.values_list("key", flat=True))
    stage.days(1)
    rows = models.Renewal.objects.filter(service__in=pks).select_related("order").order_by("pk")
    orders = [row.order for row in rows if row.order is not None]
    assert [row.state for row in rows] == ["RENEWED"] * 3 and [each.state for each in orders] == ["PAID"] * 3
    assert all(row.collection["drawn"] and row.collection["auto_renewal"] for row in rows)
    gross = [order.gross_minor for order in orders]
    left = balances.of_client(client=client.number, kind="deposit", currency="PLN")
    assert (before - left).minor == sum(gross) > 0
    # one run for the day and its batch, none that only confirms what is done
    assert not {key for key in set(Run.objects.values_list("key", flat=True)) - runs_before if key[:8] == "renewal:"}
    for row, order in zip(rows, orders, strict=True):
        document = invoices.document(seller=client.seller.code, number=order.invoice.number)
        assert [(each.source, each.amount.minor) for each in document.settled] == [("deposit", order.gross_minor)]
        assert [(each.start_on, each.end_on) for each in document.lines] == [(row.start_on, row.end_on)]
        posted = [(each.posting, each.amount.minor) for each in balances.of_order(order=order.number)]
        assert posted == [
            ("deposit_drawn", order.gross_minor),
            ("invoice_issued", order.net_minor),
            ("invoice_issued", order.tax_minor),
            ("invoice_settled", order.gross_minor),
        ]
        events = AuditEntry.objects.filter(number=order.number).order_by("id").values_list("event", "to_state")
        assert list(events) == [("placed", "AWAITING_PAYMENT"), ("paid", "PAID")]
        moved = AuditEntry.objects.get(kind="procedures.renewal", object_id=row.pk)
        assert (moved.event, moved.from_state, moved.to_state) == ("paid", "AWAITING_PAYMENT", "RENEWED")
        last = services.Term.objects.filter(service=row.service_id).latest("end_on")
        assert (last.start_on, last.end_on) == (row.start_on, row.end_on)
    numbers = sorted(order.invoice.number for order in orders)
    assert len(set(numbers)) == 3 and balances.differences() == {} and list(reconciling.differences()) == []
