"""A run that got stuck is seen by the staff of the seller whose it is, and what stands for money is never skipped."""

import pytest
from django.db import transaction

from planshift.procedures.queries import works
from planshift.runtime import runs
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
        ("metered_power", "{service}"),
        ("metering_batch", "{seller}:1:9"),
        ("metering_seller", "{seller}"),
        ("prepaid_look", "{client}"),
        ("renewal_announcement", "{service}"),
        ("renewal_batch", "{seller}:1:9"),
        ("renewals", "{seller}"),
        ("usage", "{service}"),
    ],
)
def test_only_staff_of_its_seller_see_it(stage: Stage, kind: str, subject: str) -> None:
    own, other = stage.service("vps1.piekarnia"), stage.service("pasticceria").client.seller.code
    seller = own.client.seller.code
    key = f"{kind}:seen"
    with transaction.atomic():
        runs.start(
            kind=kind, key=key, subject=subject.format(service=own.number, seller=seller, client=own.client.number)
        )
    assert works.kind_of_run(sellers=(seller,), key=key) == kind
    with pytest.raises(NotFound):
        works.kind_of_run(sellers=(other,), key=key)


@pytest.mark.parametrize("kind", sorted(works.UNSKIPPABLE))
def test_what_stands_for_money_is_never_skipped(kind: str) -> None:
    for every_seller in (True, False):
        assert "skip" not in works.possible(kind=kind, every_seller=every_seller)
        assert "retry" in works.possible(kind=kind, every_seller=every_seller)
