"""Staff make a paid change a simpler one (H3): before or after its invoice is made, the client pays what it then costs,
and the evidence has every quote. All of it may happen in one instant: what holds is a state, not a time."""

import json

import pytest

from planshift.billing import models as billing
from planshift.billing import payments
from planshift.billing import queries as papers
from planshift.domain.errors import Refused
from planshift.procedures import deciding, models, queries, reconciling
from planshift.runtime import clock
from tests.harness import planting
from tests.stories.conftest import Stage, sound
from tests.stories.test_evidence import opened
from tests.stories.test_undone import STAFF, give_up, held, refuse

LABEL = "studio-tecnico"  # Host Pointer, six months of twelve left; Gold is a hard change: 49.05 + 10.00 set-up


def lowered(stage: Stage, change: str) -> str:
    kept = models.Change.objects.get(number=change).quote
    client = stage.service(LABEL).client.number
    return deciding.decide_kind(
        client=client, number=kept.number, kind="easy", note="as simple as that", at=clock.business(), actor=STAFF
    )


def figures(order: str) -> list[tuple[str, int]]:
    found = billing.Invoice.objects.filter(order__number=order) | billing.Invoice.objects.filter(
        corrects__order__number=order
    )
    return [(row.kind, row.gross_minor) for row in found.order_by("pk")]


@pytest.mark.parametrize("invoiced", [True, False])
def test_H3_the_price_is_lowered_whether_or_not_the_invoice_is_made_already(stage: Stage, invoiced: bool) -> None:
    ordered = stage.order(stage.quote(LABEL, "gold"))
    paid = models.Change.objects.get(number=ordered.number).quote
    if invoiced:
        stage.pay(ordered.order)
    else:
        at, due = clock.business(), papers.order(number=ordered.order).missing
        payments.mark_transfer_received(
            order=ordered.order, amount=due, received_at=at, key="bank", at=at, actor=STAFF
        )  # and no worker has looked yet
        assert figures(ordered.order) == []
    new = lowered(stage, ordered.number)
    with pytest.raises(Refused):
        deciding.decide_kind(
            client=stage.service(LABEL).client.number,
            number=new,
            kind="hard",
            note="no",
            at=clock.business(),
            actor=STAFF,
        )
    stage.work()
    row = models.Change.objects.select_related("lowered_from", "quote").get(number=ordered.number)
    assert (row.state, row.kind, row.quote.number, row.lowered_from) == ("DONE", "easy", new, paid)
    assert row.quote.created_at == row.ordered_at  # time tells nothing here
    # 59.05 + 12.99 = 72.04 as ordered and paid; without the set-up of 10.00 + 2.20
    assert figures(ordered.order) == [("invoice", 72_04), ("correction", -12_20)]
    assert held(stage, LABEL) == {"unapplied": "12.20"}
    sound()
    files = opened(ordered.number)
    told = json.loads(files["quotes.json"])
    assert [(each["number"], each["folder"], each["stands_for"], each["gross"]["amount"]) for each in told] == [
        (new, "quote", ["carried out"], "59.84"),
        (paid.number, f"quotes/{paid.number}", ["ordered and paid", "replaced"], "72.04"),
    ]
    assert json.loads(files[f"quotes/{paid.number}/quote.json"])["gross"] == "72.04"
    assert json.loads(files["quote/quote.json"])["gross"] == "59.84"
    audited = {(each["number"], each["event"]) for each in json.loads(files["audit.json"])}
    assert (paid.number, "kind_decided") in audited and (paid.number, "ordered") in audited
    with planting.undone():
        planting.run("UPDATE procedures_change SET lowered_from_id = NULL")
        assert "quote_order" in {each.check for each in reconciling.differences()}


def test_H3_decided_before_payment_the_quotes_that_were_replaced_are_evidence_too(stage: Stage) -> None:
    first = stage.quote(LABEL, "gold")
    second = deciding.decide_kind(
        client=stage.service(LABEL).client.number,
        number=first.number,
        kind="easy",
        note="no move",
        at=clock.business(),
        actor=STAFF,
    )
    made = models.Quote.objects.get(number=second)
    ordered = stage.order(queries.quote(client=made.client.number, number=second, at=clock.business()))
    told = json.loads(opened(ordered.number)["quotes.json"])
    assert [(each["number"], each["stands_for"]) for each in told] == [
        (second, ["carried out", "ordered"]),
        (first.number, ["replaced"]),
    ]


def test_a_lowered_change_that_is_given_up_gives_back_the_rest(stage: Stage) -> None:
    ordered = stage.order(stage.quote(LABEL, "gold"))
    stage.pay(ordered.order)
    refuse(stage, LABEL)
    lowered(stage, ordered.number)
    stage.work()
    give_up(stage, ordered.number)
    assert stage.change(ordered.number).state == "UNDONE"
    assert held(stage, LABEL) == {"unapplied": "72.04"}
    assert sum(gross for _, gross in figures(ordered.order)) == 0
    sound()
