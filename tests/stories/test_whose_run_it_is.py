"""A run that got stuck is seen by the staff of the seller whose it is, and what stands for money is never skipped."""

import pytest
from django.db import transaction

from planshift.procedures.queries import works
from planshift.provisioning import models as machines
from planshift.runtime import runs
from planshift.runtime.models import Run
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


@pytest.mark.parametrize("kind", sorted(works.UNSKIPPABLE))
def test_what_stands_for_money_is_never_skipped(kind: str) -> None:
    for every_seller in (True, False):
        can = works.possible(run=Run(kind=kind, state="STUCK"), every_seller=every_seller)
        assert "skip" not in can and "retry" in can


@pytest.mark.parametrize(("state", "attempt"), [("WAITING", 0), ("READY", 0), ("RUNNING", 1), ("DONE", 3)])
def test_what_goes_on_by_itself_is_left_alone(state: str, attempt: int) -> None:
    assert not works.possible(run=Run(kind="mail", state=state, attempt=attempt), every_seller=True)
    assert works.possible(run=Run(kind="mail", state="READY", attempt=2), every_seller=True) == {"retry"}
