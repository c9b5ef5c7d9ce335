"""An acceptance where another correction came between, and one by an integrator."""

import pytest
from django.test import Client

from planshift.billing import corrections
from planshift.billing import models as billing
from planshift.domain import correction
from planshift.domain.money import Money
from planshift.procedures import access
from planshift.runtime import clock
from tests.stories.conftest import Stage
from tests.stories.test_acceptance import BEFORE, CREDIT, asked, click, credits, ordered, seen


def test_another_correction_in_between_makes_the_document_anew_and_the_acceptance_holds(
    stage: Stage, post: object
) -> None:
    made = ordered(stage)
    (drafted,) = billing.Correction.objects.all()
    line = billing.InvoiceLine.objects.get(invoice=drafted.corrects, component="resource:ip")
    other = corrections.draft(
        seller=drafted.seller,
        credits=[
            correction.Credit(document=drafted.corrects.number, position=line.position, amount=Money.of("10.00", "PLN"))
        ],
        reason="price_lowered",
        cause="test",
        key="test",
        regime="at_once",
        at=clock.business(),
        actor="test",
    )
    today = clock.business().date()
    corrections.issue(numbers=[other[0].number], on=today, at=clock.business(), actor="test")
    click(stage, made.number)
    stage.work()
    states = list(billing.Correction.objects.filter(cause=made.number).order_by("pk").values_list("state", flat=True))
    assert states == ["VOIDED", "CREDITED"]
    assert (stage.change(made.number).state, asked(made.number).answered_how) == ("DONE", "click")
    assert credits() == [CREDIT] and seen(stage)[1] == BEFORE + CREDIT


@pytest.mark.parametrize(("mine", "status"), [(True, 200), (False, 403)])
def test_D5_only_a_token_of_the_client_itself_accepts(stage: Stage, post: object, mine: bool, status: int) -> None:
    made = ordered(stage)
    client = stage.service("vps.warsztat").client
    token = access.issue_token(
        seller=client.seller.code,
        name="test",
        client=client.number if mine else "",
        at=clock.system(),
        actor="test",
    )
    caller = Client(headers={"Authorization": f"Bearer {token}"})
    (listed,) = caller.get("/api/v1/acceptances").json()["acceptances"]
    assert (listed["change"], listed["credit"], listed["can_answer"]) == (made.number, "516.66", True)
    assert listed["papers"][0]["difference"]["gross"] == "-516.66"
    assert caller.post(f"/api/v1/changes/{made.number}/accept").status_code == status
    stage.work()
    assert (stage.change(made.number).state == "DONE") is mine
    assert credits() == ([CREDIT] if mine else [])
    if mine:
        assert caller.get("/api/v1/acceptances").json()["acceptances"] == []
