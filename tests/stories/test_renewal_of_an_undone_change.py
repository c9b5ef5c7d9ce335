"""A renewal that was paid at the price of a change that came to nothing: it costs again what the service as it is
costs, and the difference goes where the policy's `failure` sends money (D6, D9, H8)."""

import datetime as dt

import pytest

from planshift.billing import correction_queries
from planshift.billing import models as billing
from planshift.domain import facts
from planshift.domain.money import Money
from planshift.procedures import acceptance, deciding_replies, models, reconciling, undoing
from planshift.provisioning import executions
from planshift.provisioning import ports as machine_ports
from planshift.runtime import clock
from planshift.services import models as services
from tests.harness import planting
from tests.stories.conftest import Stage, sound
from tests.stories.test_renewal_meets_change import number, open_renewal, renewals, terms, to
from tests.stories.test_undone import STAFF, give_up, held, refuse

pytestmark = pytest.mark.usefixtures("post")


def given_back(change: str) -> list[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Reason, state and gross of each correction of a change, with the net of its lines before and after."""
    return [
        (
            made.reason,
            made.state,
            made.given_back.text,
            [(each.line.component, each.before.net.text, each.after.net.text) for each in made.lines],
        )
        for made in correction_queries.of_causes(causes=[change])[change]
    ]


def test_H8_a_year_paid_at_the_price_of_a_hard_change_that_staff_give_up(stage: Stage) -> None:
    label = "studio-tecnico"
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=20))
    ordered = stage.order(stage.quote(label, "gold"))
    stage.pay(ordered.order)
    paid = open_renewal(stage, label)
    stage.pay(number(paid))
    paid.refresh_from_db()
    assert (paid.state, paid.basis["plan"]) == ("RENEWED", "gold")
    before = terms(stage, label)
    give_up(stage, ordered.number)
    assert stage.change(ordered.number).state == "UNDONE"
    assert stage.page(label).card.plan_code == "host-pointer" and terms(stage, label) == before
    undone, renewed = given_back(ordered.number)
    # Gold 135.00, Host Pointer 36.90: 98.10 net; 22 % of 135.00 is 29.70, of 36.90 it is 8.12: 98.10 + 21.58
    assert renewed == ("renewal_as_before", "CREDITED", "119.68", [("plan", "135.00", "36.90")])
    assert undone[:2] == ("change_undone", "CREDITED")
    whole = billing.Order.objects.get(number=ordered.order).gross_minor
    assert held(stage, label) == {"unapplied": f"{(119_68 + whole) / 100:.2f}"}
    assert [row.state for row in renewals(stage, label)][-1] == "RENEWED"  # nothing is announced or paid again
    sound()
    with planting.undone():
        planting.run("UPDATE billing_credited SET amount_minor = amount_minor - 1")
        found = [(each.check, each.figure, each.stored - each.computed) for each in reconciling.differences()]
        assert ("undone_change", "renewal given back", -1) in found and ("undone_change", "given back", -1) in found
    # the year ahead is known at its price now: Gold costs the difference to Host Pointer for both terms
    again = stage.quote(label, "gold")
    # 98.10 for the whole of the next, and for the present one 20 of the 28 days of its last month: 98.10 / 12 x 20 / 28
    (line,) = [each for each in again.offer.lines if each.role == "difference"]
    assert line.amount.net.minor == 98_10 + 5_84


def test_D4_paid_from_the_deposit_it_goes_back_there_and_a_second_click_gives_nothing_more(stage: Stage) -> None:
    label = "vps.ksiegarnia"  # monthly
    refuse(stage, label)
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=5))
    before = held(stage, label)["deposit"]
    ordered = stage.order(stage.quote(label, "professional"))
    stage.pay(ordered.order)
    assert stage.change(ordered.number).state == "AWAITING_STAFF"
    paid = open_renewal(stage, label)
    assert paid.order is not None and paid.basis["plan"] == "professional"
    stage.pay(number(paid))
    to(stage, end + dt.timedelta(days=3))  # the term has begun: all of it was on the old plan
    for _ in range(2):
        give_up(stage, ordered.number)
    page = stage.page(label).card
    assert (stage.change(ordered.number).state, page.plan_code) == ("UNDONE", "standard")
    undone, renewed = given_back(ordered.number)
    ((_, dear, cheap),) = renewed[3]
    catalogued = stage.quote(label, "professional").offer.next_renewal
    assert catalogued is not None and catalogued.amount.net.text == dear
    assert renewed[:2] == ("renewal_as_before", "CREDITED")
    # what the same service pays for the month after: the price of what it is
    to(stage, stage.page(label).card.term_end_on - dt.timedelta(days=5))
    next_order = open_renewal(stage, label).order
    assert next_order is not None and f"{next_order.net_minor / 100:.2f}" == cheap
    back = [Money.of(each[2], "PLN") for each in (renewed, undone)]
    assert held(stage, label) == {"deposit": (Money.of(before, "PLN") + back[0] + back[1]).text}
    sound()


def test_a_machine_that_takes_it_back_while_the_renewal_is_being_paid_ends_the_same_way(stage: Stage) -> None:
    label = "studio-tecnico"
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=20))
    ordered = stage.order(stage.quote(label, "gold"))
    stage.pay(ordered.order)
    paid = open_renewal(stage, label)
    refuse(stage, label, verb="remove")
    undoing.undo(number=ordered.number, note="no room", at=clock.business(), actor=STAFF)
    stage.pay(number(paid))  # the machines are still at it
    give_up(stage, ordered.number)
    assert stage.change(ordered.number).state == "UNDONE"
    assert [row.state for row in renewals(stage, label)] == ["REPLACED", "RENEWED"]
    assert [each[:3] for each in given_back(ordered.number)][1:] == [("renewal_as_before", "CREDITED", "119.68")]
    sound()


def test_D5_a_decrease_that_is_taken_back_leaves_the_cheaper_term_as_it_was_paid(stage: Stage) -> None:
    label = "vps.warsztat"
    row = stage.service(label)
    end = stage.page(label).card.term_end_on
    to(stage, end - dt.timedelta(days=10))
    refuse(stage, label)
    made = stage.order(stage.quote(label, facts.ChangeResources(amounts={"ip": 0, "memory": 0})))
    acceptance.accept(client=row.client.number, number=made.number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.change(made.number).state == "AWAITING_STAFF"
    cheaper = open_renewal(stage, label)
    assert cheaper.order is not None and cheaper.basis["additional"] == {}
    stage.pay(number(cheaper))
    work = models.Change.objects.select_related("execution").get(number=made.number).execution
    assert work is not None
    executions.cancel(number=work.number, note="it cannot be made", at=clock.business(), actor=STAFF)
    simulation = machine_ports.simulation()
    assert simulation is not None
    simulation.clear_faults()
    stage.work()
    sellers = (row.client.seller.code,)
    deciding_replies.take_back(
        sellers=sellers, number=made.number, note="it cannot be made", at=clock.business(), actor=STAFF
    )
    stage.work()
    assert stage.change(made.number).state == "UNDONE"
    renewed = models.Renewal.objects.get(service=row, state="RENEWED")
    assert renewed.pk == cheaper.pk and billing.Correction.objects.filter(reason="renewal_as_before").count() == 0
    assert not models.Renewal.objects.filter(service=row, state__in=("AWAITING_PAYMENT", "OVERDUE")).exists()
    assert services.Term.objects.filter(service=row).latest("end_on").end_on == cheaper.end_on
    sound()
