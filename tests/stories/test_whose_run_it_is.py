"""A run that got stuck is seen by the staff of the seller whose it is, and what stands for money is never skipped."""

import importlib

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from planshift.billing import models as billing
from planshift.domain import facts
from planshift.procedures.queries import works
from planshift.provisioning import models as machines
from planshift.runtime import runs
from planshift.runtime.models import AuditEntry, Run
from planshift.runtime.runs import definitions
from planshift.services.queries import NotFound
from tests.stories.conftest import Stage


def test_every_kind_of_run_is_somebodys() -> None:
    ours = set()
    for kind in definitions.kinds():
        made = definitions.newest(kind)
        if made.steps[made.first].body.__module__.startswith("planshift."):  # tests define kinds of their own
            ours.add(kind)
    assert ours == works.OWNED | works.OF_ALL
    assert not works.OWNED & works.OF_ALL
    assert works.UNSKIPPABLE <= works.OWNED


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("capacity", "{server}"),
        ("drift_server", "{server}:1:9"),
        ("letter", "{seller}:order:1"),
        ("metered_power", "{service}"),
        ("metering_batch", "{seller}:1:9"),
        ("metering_seller", "{seller}"),
        ("prepaid_look", "{client}"),
        ("price_news", "{seller}"),
        ("price_news_batch", "{seller}:1:9"),
        ("renewal_announcement", "{service}"),
        ("renewal_batch", "{seller}:1:9"),
        ("renewals", "{seller}"),
        ("usage", "{service}"),
    ],
)
def test_only_staff_of_its_seller_see_it(stage: Stage, kind: str, subject: str) -> None:
    own, other = stage.service("vps1.piekarnia"), stage.service("pasticceria").client.seller.code
    seller = own.client.seller.code
    server = machines.Server.objects.filter(seller=own.client.seller).latest("pk")
    key = f"{kind}:seen"
    names = {"service": own.number, "seller": seller, "client": own.client.number, "server": server.pk}
    with transaction.atomic():
        runs.start(kind=kind, key=key, subject=subject.format(**names))
    assert works.run_of(sellers=(seller,), every_seller=False, key=key).kind == kind
    with pytest.raises(NotFound):
        works.run_of(sellers=(other,), every_seller=False, key=key)


def test_letters_that_got_stuck_before_they_named_their_seller_are_still_its_staffs(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = stage.service("vps1.piekarnia"), stage.service("pasticceria").client.seller.code
    seller = own.client.seller.code
    stage.order(stage.quote("vps1.piekarnia", facts.ChangeResources(amounts={"ip": 1})))
    order = billing.Order.objects.filter(client=own.client).latest("pk")
    move = AuditEntry.objects.filter(kind="procedures.change").latest("pk")
    with transaction.atomic():
        for subject in (f"order:{order.pk}", f"move:{move.pk}", "move:987654321", f"{seller}:order:1"):
            runs.start(kind="letter", key=f"letter:{subject}", subject=subject)
    name = "0023_letters_of_a_seller"
    migration = importlib.import_module(f"planshift.procedures.migrations.{name}")
    monkeypatch.setattr(migration, "BATCH", 1)
    # as a database that is brought up to date meets it: with the tables as they are known at that place
    as_of_then = MigrationExecutor(connection).loader.project_state(("procedures", name)).apps
    migration.name_the_seller(as_of_then, None)
    assert list(Run.objects.filter(kind="letter").order_by("pk").values_list("subject", flat=True)) == [
        *(f"{seller}:order:{order.pk}", f"{seller}:move:{move.pk}", "move:987654321", f"{seller}:order:1"),
    ]
    assert works.run_of(sellers=(seller,), every_seller=False, key=f"letter:move:{move.pk}").kind == "letter"
    with pytest.raises(NotFound):
        works.run_of(sellers=(other,), every_seller=False, key=f"letter:move:{move.pk}")


@pytest.mark.parametrize("kind", sorted(works.UNSKIPPABLE))
def test_what_stands_for_money_is_never_skipped(kind: str) -> None:
    for every_seller in (True, False):
        can = works.possible(run=Run(kind=kind, state="STUCK"), every_seller=every_seller)
        assert "skip" not in can and "retry" in can


@pytest.mark.parametrize(("state", "attempt"), [("WAITING", 0), ("READY", 0), ("RUNNING", 1), ("DONE", 3)])
def test_what_goes_on_by_itself_is_left_alone(state: str, attempt: int) -> None:
    assert not works.possible(run=Run(kind="mail", state=state, attempt=attempt), every_seller=True)
    assert works.possible(run=Run(kind="mail", state="READY", attempt=2), every_seller=True) == {"retry"}
