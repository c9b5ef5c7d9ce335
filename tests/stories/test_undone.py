"""A paid change that is given up: its paper goes to zero, all money goes back once, the service is as before."""

import pytest

from planshift.billing import correction_queries, deposits
from planshift.billing import models as billing
from planshift.billing import queries as papers
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import change, models, queries, undoing
from planshift.provisioning import executions, ports
from planshift.provisioning import queries as machines
from planshift.runtime import clock, runs
from tests.stories.conftest import Stage

STAFF = "staff:1"


def refuse(stage: Stage, label: str, verb: str = "apply") -> None:
    """The machine of a service refuses."""
    number = stage.service(label).number
    place = machines.active_environments(services=[number])[number]
    simulation = ports.simulation()
    assert simulation is not None
    simulation.add_fault(kind="refuses", server=place.server, account=place.account, verb=verb)


def give_up(stage: Stage, number: str, *, note: str = "the server has no more room") -> None:
    undoing.undo(number=number, note=note, at=clock.business(), actor=STAFF)
    simulation = ports.simulation()
    assert simulation is not None
    simulation.clear_faults()
    stage.work()


def held(stage: Stage, label: str) -> dict[str, str]:
    """What the accounts of a service's client hold, zero ones left out."""
    assert balances.differences() == {}
    client = stage.service(label).client.number
    return {kind: m.text for (_, kind, _), m in sorted(papers.balances_of(clients=[client]).items()) if m}


def booked(order: str) -> list[tuple[str, str]]:
    """The postings of an order in their sequence, each with its amount (a posting of two transfers once each)."""
    return [(each.posting, each.amount.text) for each in papers.postings_of_order(number=order)]


def documents(order: str) -> list[tuple[str, str, str]]:
    """Kind, gross and corrected document of every paper of an order."""
    rows = billing.Invoice.objects.filter(order__number=order) | billing.Invoice.objects.filter(
        corrects__order__number=order
    )
    return [
        (each.kind, f"{each.gross_minor / 100:.2f}", each.corrects.number if each.corrects else "")
        for each in rows.select_related("corrects").order_by("pk")
    ]


def test_H4_paid_by_transfer_and_refused_by_the_machine_everything_is_sent_back(stage: Stage) -> None:
    refuse(stage, "pasticceria")
    before = stage.page("pasticceria").card
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(ordered.order)
    assert stage.change(ordered.number).state == "AWAITING_STAFF"
    give_up(stage, ordered.number)
    page = stage.change(ordered.number)
    assert (page.state, page.final, page.steps[-1].code) == ("UNDONE", True, "given_up")
    assert stage.page("pasticceria").card.plan_code == before.plan_code == "silver"
    # 22.00 + 4.84 = 26.84 in, on paper, off paper, and waiting to be sent back
    assert booked(ordered.order) == [
        ("received_for_order", "26.84"),
        ("invoice_issued", "22.00"),
        ("invoice_issued", "4.84"),
        ("invoice_settled", "26.84"),
        ("correction_issued", "22.00"),
        ("correction_issued", "4.84"),
        ("credit_to_unapplied", "26.84"),
    ]
    assert held(stage, "pasticceria") == {"unapplied": "26.84"}
    invoice, correction = documents(ordered.order)
    assert (invoice[0], invoice[1], correction[0], correction[1]) == ("invoice", "26.84", "correction", "-26.84")
    assert [row.kind for row in page.invoices] == ["correction", "invoice"]  # the client sees both
    seller = stage.service("pasticceria").client.seller.code
    (waiting,) = papers.unapplied(seller=seller)
    assert (waiting.unapplied.text, waiting.why_unapplied) == ("26.84", "given_back")
    name, pdf = queries.invoice_pdf(client=stage.service("pasticceria").client.number, number=page.invoices[0].number)
    assert name.startswith("NC-2026-00001") and pdf.startswith(b"%PDF")
    # and the next change may begin, at the same price
    assert stage.quote("pasticceria", "gold").offer.total.gross == Money.of("26.84", "EUR")


def test_D4_paid_from_the_deposit_by_itself_it_goes_back_to_the_deposit(stage: Stage) -> None:
    refuse(stage, "vps1.piekarnia")
    before = held(stage, "vps1.piekarnia")
    ordered = stage.order(stage.quote("vps1.piekarnia", "professional"))
    assert stage.change(ordered.number).state == "AWAITING_STAFF" and held(stage, "vps1.piekarnia") != before
    give_up(stage, ordered.number)
    assert stage.change(ordered.number).state == "UNDONE"
    assert held(stage, "vps1.piekarnia") == before == {"deposit": "500.00"}
    assert [name for name, _ in booked(ordered.order)][-1] == "credit_to_deposit"
    money = queries.money(client=stage.service("vps1.piekarnia").client.number, at=clock.business())
    assert money.deposit == Money.of("500.00", "PLN")
    assert [row.code for row in money.postings.rows][:1] == ["credit_to_deposit"]


def test_paid_in_part_from_the_deposit_all_of_it_goes_where_the_policy_says(stage: Stage) -> None:
    refuse(stage, "vps.ksiegarnia")
    ordered = stage.order(stage.quote("vps.ksiegarnia", "professional"))
    deposits.draw_for(order=ordered.order, amount=Money.of("10.00", "PLN"), at=clock.business(), actor=stage.actor)
    stage.pay(ordered.order)
    paid = papers.order(number=ordered.order).total.gross
    give_up(stage, ordered.number)
    # 300.00 - 10.00 drawn + all that was paid, transfer and draw alike: this regulation gives back to the deposit
    assert held(stage, "vps.ksiegarnia") == {"deposit": (Money.of("290.00", "PLN") + paid).text}


def test_H5_a_hard_change_gives_the_set_up_fee_back_and_takes_the_new_environment_away(stage: Stage) -> None:
    ordered = stage.order(stage.quote("studio-tecnico", "gold"))
    stage.pay(ordered.order)
    number = stage.service("studio-tecnico").number
    assert stage.change(ordered.number).state == "AWAITING_EXECUTION"
    assert [each.state for each in machines.environments(service=number)] == ["ACTIVE", "PREPARING"]
    give_up(stage, ordered.number, note="the client no longer needs it")
    assert stage.change(ordered.number).state == "UNDONE"
    assert [each.state for each in machines.environments(service=number)] == ["ACTIVE", "RETIRED"]
    # (135.00 - 36.90) x 6 / 12 = 49.05 and 10.00 set-up; 59.05 + 12.99 = 72.04
    assert held(stage, "studio-tecnico") == {"unapplied": "72.04"}
    (made,) = correction_queries.of_causes(causes=[ordered.number])[ordered.number]
    assert [(each.line.component, each.before.net.text, each.after.net.text) for each in made.lines] == [
        ("plan", "49.05", "0.00"),
        ("setup", "10.00", "0.00"),
    ]
    assert (made.state, made.reason, made.given_back.text) == ("CREDITED", "change_undone", "72.04")


def test_a_second_click_and_a_second_run_give_nothing_back_twice(stage: Stage) -> None:
    refuse(stage, "pasticceria")
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(ordered.order)
    for _ in range(2):
        undoing.undo(number=ordered.number, note="no room", at=clock.business(), actor=STAFF)
    stage.work()
    work = models.Change.objects.select_related("execution").get(number=ordered.number).execution
    assert work is not None and work.state == "STUCK"  # it cannot even be taken back: nothing is given back yet
    assert held(stage, "pasticceria") == {}
    simulation = ports.simulation()
    assert simulation is not None
    simulation.clear_faults()
    executions.retry(number=work.number, note="the server is back", at=clock.business(), actor=STAFF)
    give_up(stage, ordered.number)
    stage.days(3)
    assert held(stage, "pasticceria") == {"unapplied": "26.84"}
    assert len(documents(ordered.order)) == 2


@pytest.mark.parametrize("step", ["correct", "give_back", "renew_as_before"])
def test_a_crash_in_any_step_loses_and_repeats_nothing(
    stage: Stage, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(stage, "pasticceria")
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(ordered.order)
    broken = {
        "correct": ("planshift.billing.corrections.issue", 1),
        "give_back": ("planshift.billing.booking.book_many", 2),  # the second booking of the run
        "renew_as_before": ("planshift.procedures.waking.renewal_of", 1),
    }
    path, call = broken[step]
    module, _, name = path.rpartition(".")
    real = getattr(__import__(module, fromlist=[name]), name)
    calls = []

    def dies(*args: object, **named: object) -> object:
        made = real(*args, **named)
        calls.append(1)
        if len(calls) == call:
            raise RuntimeError("the worker died")
        return made

    monkeypatch.setattr(path, dies)
    give_up(stage, ordered.number)
    assert len(calls) >= call
    assert stage.change(ordered.number).state == "UNDONE"
    assert held(stage, "pasticceria") == {"unapplied": "26.84"}
    assert [each[:2] for each in documents(ordered.order)] == [("invoice", "26.84"), ("correction", "-26.84")]
    run = runs.queries.find(key=f"change:{ordered.number}")
    assert run is not None and run.state == "DONE"


def test_what_is_unpaid_in_force_or_over_cannot_be_given_up(stage: Stage) -> None:
    unpaid = stage.order(stage.quote("pasticceria", "gold"))
    with pytest.raises(Refused, match="change_not_undoable"):
        undoing.undo(number=unpaid.number, note="x", at=clock.business(), actor=STAFF)
    stage.pay(unpaid.order)
    assert stage.change(unpaid.number).state == "DONE"
    with pytest.raises(Refused, match="change_not_undoable"):
        undoing.undo(number=unpaid.number, note="x", at=clock.business(), actor=STAFF)
    moved = stage.order(stage.quote("studio-tecnico", "gold"))
    stage.pay(moved.order)
    client = stage.service("studio-tecnico").client.number
    with pytest.raises(Refused, match="note_needed"):
        undoing.undo(number=moved.number, note=" ", at=clock.business(), actor=STAFF)
    change.switch_over(client=client, number=moved.number, at=clock.business(), actor=stage.actor)
    stage.work()
    with pytest.raises(Refused, match="change_not_undoable"):
        undoing.undo(number=moved.number, note="x", at=clock.business(), actor=STAFF)
    assert not billing.Correction.objects.exists()


def test_an_undone_change_can_be_ordered_again_and_done(stage: Stage) -> None:
    refuse(stage, "pasticceria")
    first = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(first.order)
    give_up(stage, first.number)
    second = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(second.order)
    assert stage.change(second.number).state == "DONE"
    assert stage.page("pasticceria").card.plan_code == "gold"
