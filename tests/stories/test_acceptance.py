"""A decrease from the question to its credit (D5, D7, D8): documents, postings, mails, limits; and every other end."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import corrections
from planshift.billing import models as billing
from planshift.catalog import load as catalogs
from planshift.domain import facts
from planshift.domain.errors import Refused, Transient
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import acceptance, asking, change, deciding_replies, mailbox, models, placing, queries, views
from planshift.provisioning import executions
from planshift.provisioning import ports as hosting
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.runtime.models import AuditEntry
from tests.house_rules import source
from tests.mail.test_mailbox import reply
from tests.stories.conftest import Stage

LABEL = "vps.warsztat"
LESS = facts.ChangeResources(amounts={"ip": 0, "memory": 0})
BEFORE = Money.of("40.00", "PLN")
# (216.00 + 345.60) x 273 / 365 = 161.56 + 258.49 = 420.05; 23 % VAT 96.61
CREDIT = Money.of("516.66", "PLN")
SELLERS = ("demo-chmura-polska",)


def number_of_client(stage: Stage) -> str:
    return stage.service(LABEL).client.number


def seen(stage: Stage) -> tuple[dict[str, int], Money]:
    """Limits on the machine and the deposit."""
    service = stage.service(LABEL)
    place = machines.active_environments(services=[service.number])[service.number]
    deposit = queries.money(client=service.client.number, at=clock.business()).deposit
    assert deposit is not None
    return dict(place.limits), deposit


def ordered(stage: Stage, wanted: facts.Request | str = LESS) -> views.ChangePage:
    made = stage.order(stage.quote(LABEL, wanted))
    assert made.state == "AWAITING_ACCEPTANCE"
    return made


def asked(number: str) -> models.Acceptance:
    return models.Acceptance.objects.get(change__number=number)


def click(stage: Stage, number: str) -> None:
    acceptance.accept(client=number_of_client(stage), number=number, at=clock.business(), actor=stage.actor)


def answer(post: SimulatedMail, body: str, *, sender: str = "Demo <decrease@demo.example>", number: int = 1) -> None:
    """The client writes, and the mailbox is read."""
    mail = asking.mails(change=models.Change.objects.latest("pk").number)[-1]
    post.receive(reply(mail, body=body, sender=sender, number=number))
    mailbox.collect(at=clock.business())


def credits() -> list[Money]:
    """Every posting that gave something back, in order."""
    return [Money.from_minor(row.amount_minor, "PLN") for row in billing.Credited.objects.order_by("pk")]


def nothing_moved(stage: Stage, before: tuple[dict[str, int], Money]) -> None:
    assert seen(stage) == before and credits() == []
    assert balances.differences() == {}
    receivable = balances.of_client(client=number_of_client(stage), kind="receivable", currency="PLN")
    assert receivable == Money.of("0.00", "PLN")


def test_D5_a_decrease_waits_for_its_acceptance_from_the_order_on(stage: Stage, post: SimulatedMail) -> None:
    quote, client = stage.quote(LABEL, LESS), number_of_client(stage)
    ticked = {each.code: placing.Acknowledged(language="en", text=each.code) for each in quote.offer.notices}
    number = change.order(
        client=client, quote=quote.number, acknowledged=ticked, key="k", at=clock.business(), actor=stage.actor
    )
    made = stage.change(number)  # before any worker has looked
    assert (made.state, made.order, made.can_withdraw) == ("AWAITING_ACCEPTANCE", "", True)
    with pytest.raises(Refused, match="acceptance_not_asked"):
        acceptance.accept(client=client, number=number, at=clock.business(), actor=stage.actor)
    change.withdraw(client=client, number=number, at=clock.business(), actor=stage.actor)
    stage.work()
    assert stage.change(number).state == "WITHDRAWN" and not asking.mails(change=number)
    told = AuditEntry.objects.filter(kind="procedures.change", number=number).order_by("pk")
    assert [each.event for each in told] == ["needs_acceptance", "withdrawn"]
    again = stage.order(stage.quote(LABEL, LESS))
    assert again.state == "AWAITING_ACCEPTANCE" and asked(again.number).state == "AWAITING_ANSWER"


def test_D5_resources_go_down_and_are_given_back_only_after_the_acceptance(stage: Stage, post: SimulatedMail) -> None:
    quote = stage.quote(LABEL, LESS)
    assert quote.offer.total.gross == -CREDIT
    before = seen(stage)
    made = stage.order(quote)
    stage.days(2)
    nothing_moved(stage, before)
    assert asked(made.number).state == "AWAITING_ANSWER" and made.invoices == ()
    click(stage, made.number)
    click(stage, made.number)  # a double click
    stage.work()
    done = stage.change(made.number)
    limits, deposit = seen(stage)
    assert (done.state, deposit) == ("DONE", BEFORE + CREDIT)
    assert {
        name: before[0][name] - limits.get(name, 0) for name in before[0] if before[0][name] != limits.get(name)
    } == {
        "ip": 2,
        "memory": 4,
    }
    # quote = order = document = ledger, once
    (paper,) = done.invoices
    assert (paper.kind, paper.total) == ("correction", quote.offer.total)
    assert Money.from_minor(asked(made.number).credit_minor, "PLN") == CREDIT and credits() == [CREDIT]
    assert done.next_renewal is not None and done.next_renewal.net == Money.of(
        "961.20", "PLN"
    )  # VPS Professional for a year
    assert balances.differences() == {}


def test_D8_a_lower_plan_goes_down_and_is_given_back_only_after_the_acceptance(
    stage: Stage, post: SimulatedMail
) -> None:
    quote = stage.quote(LABEL, "standard")
    # 23 % of what is left of the invoice, less the VAT documented before: 74.31, a grosz less than 23 % of 323.11
    assert quote.offer.total.gross == Money.of("-397.42", "PLN")
    made = stage.order(quote)
    assert stage.page(LABEL).card.plan_code == "professional"
    before = seen(stage)
    stage.days(1)
    nothing_moved(stage, before)
    answer(post, "Akceptuję.")
    stage.work()
    assert stage.change(made.number).state == "DONE"
    assert stage.page(LABEL).card.plan_code == "standard"
    assert seen(stage)[1] == BEFORE + Money.of("397.42", "PLN")


def test_a_reply_and_a_double_click_at_once_count_once(stage: Stage, post: SimulatedMail) -> None:
    made = ordered(stage)
    answer(post, "Akceptuję.")
    answer(post, "Akceptuję!", number=2)
    click(stage, made.number)
    click(stage, made.number)
    stage.work()
    click(stage, made.number)
    stage.work()
    assert stage.change(made.number).state == "DONE" and credits() == [CREDIT]
    assert billing.Invoice.objects.filter(kind="correction").count() == 1


@pytest.mark.parametrize("how", ["click", "reply", "withdrawn", "silence", "replaced"])
def test_every_other_end_leaves_limits_and_deposit(stage: Stage, post: SimulatedMail, how: str) -> None:
    before, made = seen(stage), ordered(stage)
    client = number_of_client(stage)
    if how == "click":
        acceptance.refuse(client=client, number=made.number, at=clock.business(), actor=stage.actor)
    elif how == "reply":
        answer(post, "Nie akceptuję.")
    elif how == "silence":
        stage.days(16)
    else:
        change.withdraw(client=client, number=made.number, at=clock.business(), actor=stage.actor)
    stage.work()
    ends = {"click": "REFUSED", "reply": "REFUSED", "silence": "LAPSED"}
    assert stage.change(made.number).state == ends.get(how, "WITHDRAWN")
    nothing_moved(stage, before)
    assert not billing.Invoice.objects.filter(kind="correction").exists()
    with pytest.raises(Refused, match="acceptance_over"):
        click(stage, made.number)
    if how == "silence":  # the request, and reminders after 3 and 10 days
        assert len(asking.mails(change=made.number)) == 3
    if how == "replaced":  # another request, at once (D9)
        assert ordered(stage, "standard").state == "AWAITING_ACCEPTANCE"


def test_an_unclear_reply_waits_for_staff_who_accept_it_as_evidence(stage: Stage, post: SimulatedMail) -> None:
    before, made = seen(stage), ordered(stage)
    answer(post, "Akceptuję, ale dopiero od jutra.")
    stage.work()
    assert (asked(made.number).state, asked(made.number).trouble) == ("AWAITING_STAFF", "unclear_reply")
    nothing_moved(stage, before)
    mail = models.IncomingMail.objects.get()
    told: dict[str, Any] = {"sellers": SELLERS, "number": made.number, "mail": mail.number, "actor": "user:7"}
    with pytest.raises(Refused, match="note_needed"):
        deciding_replies.decide(**told, decision="accepted", note=" ", at=clock.business())
    deciding_replies.decide(**told, decision="accepted", note="said so by telephone", at=clock.business())
    stage.work()
    kept = asked(made.number)
    assert (kept.state, kept.answered_how, kept.answered_by, kept.evidence) == (
        "CREDITED",
        "staff",
        "user:7",
        mail.number,
    )
    assert credits() == [CREDIT]


def test_staff_ask_again_and_the_next_answer_counts(stage: Stage, post: SimulatedMail) -> None:
    made = ordered(stage)
    answer(post, "ok?")
    stage.work()
    mail = models.IncomingMail.objects.get()
    told: dict[str, Any] = {"sellers": SELLERS, "number": made.number, "mail": mail.number, "actor": "user:7"}
    deciding_replies.decide(**told, decision="ask_again", note="what does ok mean", at=clock.business())
    stage.work()
    assert asked(made.number).state == "AWAITING_ANSWER" and len(asking.mails(change=made.number)) == 2
    answer(post, "Akceptuję.", number=2)
    stage.work()
    assert stage.change(made.number).state == "DONE"


def test_another_sender_is_no_acceptance(stage: Stage, post: SimulatedMail) -> None:
    before, made = seen(stage), ordered(stage)
    answer(post, "Akceptuję.", sender="Jan <jan@example.com>")
    stage.work()
    assert asked(made.number).state == "AWAITING_STAFF"
    nothing_moved(stage, before)


def test_what_the_machine_cannot_make_is_taken_back_as_the_last_button(stage: Stage, post: SimulatedMail) -> None:
    before, made = seen(stage), ordered(stage)
    service = stage.service(LABEL)
    place = machines.active_environments(services=[service.number])[service.number]
    simulation = hosting.simulation()
    assert simulation is not None
    simulation.set_usage(server=place.server, account=place.account, used={"memory": 9})  # grew since the quote
    click(stage, made.number)
    stage.work()
    assert stage.change(made.number).state == "AWAITING_STAFF" and credits() == []
    told: dict[str, Any] = {"number": made.number, "note": "too full", "actor": "user:7"}
    execution = models.Change.objects.get(number=made.number).execution
    assert execution is not None and execution.state == "FAILED"  # nothing was done to the machine
    deciding_replies.take_back(sellers=SELLERS, at=clock.business(), **told)
    stage.work()
    assert (stage.change(made.number).state, asked(made.number).state) == ("UNDONE", "TAKEN_BACK")
    nothing_moved(stage, before)
    grosses = billing.Invoice.objects.filter(kind="correction").order_by("pk").values_list("gross_minor", flat=True)
    assert list(grosses) == [-516_66, 516_66]  # the correction and its counter-correction


def test_issued_first_then_confirmed_and_corrected_back_when_refused(stage: Stage, post: SimulatedMail) -> None:
    text = (source.ROOT / "policies" / "deposit.toml").read_text(encoding="utf-8")
    text = text.replace("reminders = [3, 10] }", 'reminders = [3, 10], document = "issue_then_confirm" }')
    assert "issue_then_confirm" in text
    catalogs.load_policy(seller=SELLERS[0], text=text, at=clock.business(), actor="test")
    before, made = seen(stage), ordered(stage)
    (issued,) = stage.change(made.number).invoices
    assert issued.total.gross == -CREDIT and seen(stage) == before and credits() == []
    acceptance.refuse(client=number_of_client(stage), number=made.number, at=clock.business(), actor=stage.actor)
    stage.work()
    nothing_moved(stage, before)
    again = ordered(stage)
    click(stage, again.number)
    stage.work()
    assert stage.change(again.number).state == "DONE" and seen(stage)[1] == BEFORE + CREDIT


DEATHS: list[tuple[Any, str]] = [
    (corrections, "draft"),
    (corrections, "ask"),
    (asking, "write"),
    (corrections, "accept"),
    (corrections, "issue"),
    (executions, "start"),
    (corrections, "credit"),
]


def test_a_step_that_dies_anywhere_is_done_again_and_ends_the_same(
    stage: Stage, post: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = []

    def dying(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def act(*args: Any, **told: Any) -> Any:
            found = real(*args, **told)
            if name not in died:  # once, after everything was written and before it is committed
                died.append(name)
                raise Transient("the worker died")
            return found

        return act

    for module, name in DEATHS:
        monkeypatch.setattr(module, name, dying(getattr(module, name), name))
    made = ordered(stage)
    answer(post, "Akceptuję.")
    stage.work()
    assert died == [name for _, name in DEATHS]
    assert stage.change(made.number).state == "DONE" and credits() == [CREDIT]
    assert billing.Correction.objects.count() == 1 and len(asking.mails(change=made.number)) == 1
    assert seen(stage)[1] == BEFORE + CREDIT and balances.differences() == {}


def test_nothing_is_credited_beyond_what_was_paid(stage: Stage, post: SimulatedMail) -> None:
    for wanted in (facts.ChangeResources(amounts={"ip": 1}), facts.ChangeResources(amounts={"ip": 0}), "standard"):
        click(stage, ordered(stage, wanted).number)
        stage.work()
    given = sum((each.amount for each in credits()), start=Money.of("0.00", "PLN").amount)
    paid = billing.Invoice.objects.filter(kind="invoice", lines__service=stage.service(LABEL).number).distinct()
    assert 0 < given < sum(each.gross_minor for each in paid) / 100
    for line in billing.InvoiceLine.objects.filter(invoice__kind="invoice", service=stage.service(LABEL).number):
        back = sum(each.gross_minor for each in line.corrections.all())
        assert line.gross_minor + back >= 0


def test_the_page_shows_the_document_and_both_buttons_and_only_to_its_client(
    stage: Stage, post: SimulatedMail, django_user_model: Any
) -> None:
    made, browser, other = ordered(stage), Client(), Client()
    browser.force_login(django_user_model.objects.get(email="decrease@demo.example"))
    other.force_login(django_user_model.objects.get(email="deposit@demo.example"))
    page = browser.get(f"/changes/{made.number}/").content.decode()
    assert "I accept" in page and "516.66" in page.replace("\xa0", " ") and "I do not accept" in page
    key = billing.Correction.objects.get().number
    pdf = browser.get(f"/changes/{made.number}/documents/{key}.pdf")
    assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF")
    for address in ("accept/", "refuse/", "replace/"):
        assert other.post(f"/changes/{made.number}/{address}").status_code == 404
    assert other.get(f"/changes/{made.number}/documents/{key}.pdf").status_code == 404
    assert browser.post(f"/changes/{made.number}/accept/").status_code == 302
    stage.work()
    assert stage.change(made.number).state == "DONE"
