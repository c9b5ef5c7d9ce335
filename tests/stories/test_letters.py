"""Is the client written to about what happens: what to pay, what was done, what ended? In their language, once."""

import dataclasses
import datetime as dt
import email
import email.message
import email.policy

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.test import override_settings

from planshift.adapters.drivers.simulated.models import SimulatedAccount
from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import models as orders
from planshift.billing import queries as billing
from planshift.domain.money import Money
from planshift.procedures import models, payment, undoing
from planshift.procedures.correspondence import news, occasions
from planshift.provisioning import executions
from planshift.runtime import clock, runs
from planshift.runtime.models import Run
from planshift.services import models as services
from tests.stories.conftest import Stage


@pytest.fixture
def post(stage: Stage, post: SimulatedMail) -> SimulatedMail:
    """The demo with a way out for mails; what happened before is not told any more."""
    news.define()
    stage.work()
    return post


def pass_minutes(stage: Stage, count: int = 2) -> None:
    clock.move_to(at=clock.business() + dt.timedelta(minutes=count), actor="test")
    stage.work()


def sent(post: SimulatedMail) -> list[email.message.EmailMessage]:
    found = [email.message_from_bytes(raw, policy=email.policy.default) for raw in post.sent()]
    assert all(isinstance(each, email.message.EmailMessage) for each in found)
    return found  # type: ignore[return-value]


def purposes() -> list[str]:
    return list(models.OutgoingMail.objects.order_by("pk").values_list("purpose", flat=True))


def told() -> list[str]:
    return list(models.OutgoingMail.objects.order_by("pk").values_list("about", flat=True))


def text_of(message: email.message.EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\u00a0", " ")


def papers_of(message: email.message.EmailMessage) -> list[str]:
    assert all(each.get_content().startswith(b"%PDF-") for each in message.iter_attachments())  # type: ignore[attr-defined]
    return [str(each.get_filename()) for each in message.iter_attachments()]


def test_an_order_is_asked_for_and_then_told_as_done(stage: Stage, post: SimulatedMail) -> None:
    assert purposes() == []  # of the twelve clients of the demo nobody hears of the past
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    pass_minutes(stage)
    (asked,) = sent(post)
    owner = services.Service.objects.get(label__startswith="pasticceria").client
    order = billing.order(number=ordered.order)
    assert asked["To"] == owner.email
    said = text_of(asked)
    assert "Da pagare: 26,84 €, IVA inclusa" in said  # (135.00 - 69.00) x 4 / 12 = 22.00; 22 % VAT 4.84
    assert order.payment_reference in said and order.bank_account in said
    assert "Silver → Gold" in said and f"/orders/{order.number}/" in said
    assert papers_of(asked) == [f"{order.number}.pdf"]
    stage.pay(ordered.order)
    pass_minutes(stage)
    _, done = sent(post)  # paid and done within the minute: one letter
    number = billing.order(number=ordered.order).invoice
    assert purposes() == ["change_to_pay", "change_done"]
    assert f"Fattura: {number} (in allegato)" in text_of(done)
    assert "Prossimo rinnovo: 164,70 €, IVA inclusa" in text_of(done)  # 135.00 and 22 %
    assert papers_of(done) == [f"{number.replace('/', '-')}.pdf"]
    html = done.get_body(("html",))
    assert html is not None and f'/changes/{ordered.number}/">' not in html.get_content().split("<a ")[0]
    pass_minutes(stage, 30)
    assert len(sent(post)) == 2  # looked at again after ten minutes: nothing twice


def test_what_the_deposit_paid_at_once_asks_for_nothing(stage: Stage, post: SimulatedMail) -> None:
    done = stage.order(stage.quote("vps1.piekarnia", "professional"))
    assert stage.change(done.number).state == "DONE"
    pass_minutes(stage)
    assert purposes() == ["change_done"]
    (letter,) = sent(post)
    assert "została wykonana" in text_of(letter)


def test_terms_are_announced_then_renewed_or_suspended_then_ended_by_letters(stage: Stage, post: SimulatedMail) -> None:
    stage.days(8)
    assert purposes() == ["overdue", "renewal_to_pay"]  # each of another client
    overdue, asked = models.OutgoingMail.objects.order_by("pk")
    assert "Il servizio è sospeso" in overdue.text and "Bonifico a: IT" in overdue.text
    assert overdue.client == stage.service("vps.libreria").client
    service = stage.service("vps.ksiegarnia")
    assert asked.client == service.client and "Do zapłaty: " in asked.text
    stage.pay(asked.about)
    pass_minutes(stage)
    renewed = models.OutgoingMail.objects.get(purpose="renewed")
    number = billing.order(number=asked.about).invoice
    assert f"Faktura: {number} (w załączniku)" in renewed.text and renewed.about == service.number
    clock.move_to(at=clock.business() + dt.timedelta(days=31), actor="test")
    stage.work()
    pass_minutes(stage)
    ended = models.OutgoingMail.objects.get(purpose="ended")
    assert ended.client == overdue.client and "è terminato" in ended.subject


def test_a_letter_that_cannot_be_written_holds_up_no_other(
    stage: Stage, post: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    real = occasions.placed

    def faulty(pk: int) -> occasions.Occasion | None:
        found = real(pk)
        if found is not None and found.about == ordered.order:
            raise ZeroDivisionError("a fault of ours")
        return found

    monkeypatch.setattr(occasions, "placed", faulty)
    other = stage.order(stage.quote("ristorante", "gold"))
    pass_minutes(stage)
    assert [each.about for each in models.OutgoingMail.objects.all()] == [other.order]
    alone = Run.objects.get(kind="letter", state="STUCK")  # staff of its seller see it
    pk = orders.Order.objects.get(number=ordered.order).pk
    assert (alone.key, alone.subject) == (f"letter:order:{pk}", f"demo-host-italia:order:{pk}")
    monkeypatch.setattr(occasions, "placed", real)
    runs.retry(key=alone.key, actor="staff:1", note="mended")
    stage.work()
    assert ordered.order in set(models.OutgoingMail.objects.values_list("about", flat=True))


def test_whose_letter_it_is_is_known_of_every_kind_of_row(stage: Stage) -> None:
    assert set(occasions.SELLERS) == {kind for kind, _event in occasions.MOVES} | {"billing.order", "procedures.notice"}
    ordered = stage.order(stage.quote("pasticceria", "gold"))
    stage.pay(ordered.order)
    for kind, (model, _way) in occasions.SELLERS.items():
        last = model._default_manager.order_by("pk").last()
        if last is None:  # the way to the code is one, all the same
            with pytest.raises(ObjectDoesNotExist):
                occasions.seller(kind=kind, pk=0)
        else:
            assert occasions.seller(kind=kind, pk=last.pk).startswith("demo-")
    order = orders.Order.objects.get(number=ordered.order)
    assert occasions.seller(kind="billing.order", pk=order.pk) == "demo-host-italia"


def test_without_a_mail_server_nothing_is_written_and_nothing_fails(stage: Stage) -> None:
    news.define()
    stage.order(stage.quote("pasticceria", "gold"))
    pass_minutes(stage)
    assert purposes() == [] and not Run.objects.filter(state="STUCK").exists()


def test_a_row_that_appears_late_is_told_all_the_same(
    stage: Stage, post: SimulatedMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that took its number first may end last: its order is not there when the next one is told."""
    late = stage.order(stage.quote("pasticceria", "gold")).order
    other = stage.order(stage.quote("ristorante", "gold")).order
    orders, *rest = news.SOURCES
    hidden = dataclasses.replace(orders, rows=lambda: orders.rows().exclude(number=late))
    monkeypatch.setattr(news, "SOURCES", (hidden, *rest))
    pass_minutes(stage)
    assert told() == [other]
    monkeypatch.setattr(news, "SOURCES", (orders, *rest))
    pass_minutes(stage)
    assert told() == [other, late]
    pass_minutes(stage, 25)
    pass_minutes(stage, 25)
    assert told() == [other, late]


def test_what_happened_while_letters_were_off_is_no_news_a_week_later(stage: Stage, post: SimulatedMail) -> None:
    with override_settings(LETTERS=False):
        stage.order(stage.quote("pasticceria", "gold"))
        pass_minutes(stage)
        clock.move_to(at=clock.business() + news.NEWS - dt.timedelta(hours=1), actor="test")
        fresh = stage.order(stage.quote("ristorante", "gold")).order
        pass_minutes(stage, 120)
    assert told() == []
    pass_minutes(stage)
    assert fresh in told()
    assert not models.OutgoingMail.objects.filter(client=stage.service("pasticceria").client, purpose="change_to_pay")


def test_money_for_the_deposit_is_told(stage: Stage, post: SimulatedMail) -> None:
    client = stage.service("vps1.piekarnia").client
    order = payment.top_up(
        client=client.number, amount=Money.of("50.00", "PLN"), key="t1", at=clock.business(), actor="user:1"
    )
    pass_minutes(stage)
    stage.pay(order)
    pass_minutes(stage)
    assert purposes() == ["topup_to_pay", "topup_paid"]


def test_H11_files_that_stay_on_the_new_server_when_a_change_is_given_up_are_told_before_they_go(
    stage: Stage, post: SimulatedMail
) -> None:
    ordered = stage.order(stage.quote("studio-tecnico", "gold"))
    stage.pay(ordered.order)
    work = models.Change.objects.select_related("execution__new").get(number=ordered.number).execution
    assert work is not None and work.new is not None
    account = SimulatedAccount.objects.filter(name=work.new.external_id)
    account.update(content="what the client put there")
    undoing.undo(number=ordered.number, note="changed his mind", at=clock.business(), actor="staff:1")
    for _ in range(2):  # taken back, then told
        pass_minutes(stage)
    work.refresh_from_db()
    assert (work.state, work.error["what"], account.get().removed) == ("STUCK", "files_not_back", False)
    assert purposes().count("files_kept") == 1
    letter = next(each for each in sent(post) if "file sul nuovo server" in str(each["Subject"]))
    said = text_of(letter)
    assert "Quanti: 1" in said and "Tra questi: content" in said and f"/changes/{ordered.number}/" in said
    executions.skip(number=work.number, note="he has them", at=clock.business(), actor="staff:1")
    for _ in range(2):
        pass_minutes(stage, 30)
    assert account.get().removed is True
    assert stage.change(ordered.number).state == "UNDONE"
    assert purposes().count("files_kept") == purposes().count("change_undone") == 1
