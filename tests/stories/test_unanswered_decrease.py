"""A decrease that nobody has answered may begin with the next term instead: by panel, API and mail (D9, H12)."""

import datetime as dt
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django import template
from django.contrib.auth import get_user_model
from django.test import Client

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import models as billing
from planshift.domain import facts, periods
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import acceptance, access, mailbox, models, ports, queries, reconciling, unanswered
from planshift.procedures.correspondence import news
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.services import register
from tests.interfaces.api import known
from tests.stories.conftest import Stage
from tests.stories.test_answers_in_the_product import govern

LABEL = "vps.warsztat"
LESS = facts.ChangeResources(amounts={"ip": 0, "memory": 0})


@pytest.fixture(autouse=True)
def post(tmp_path: Path) -> Iterator[SimulatedMail]:
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


def to(stage: Stage, day: dt.date) -> None:
    clock.move_to(at=clock.business() + (day - clock.business().date()) * 1, actor="test")
    stage.work()


def past(stage: Stage, day: dt.date) -> None:
    """To a day on which the mailbox was read once more."""
    to(stage, day)
    mailbox.collect(at=clock.business())
    stage.work()


def browser(stage: Stage, language: str = "en") -> Client:
    made = Client(raise_request_exception=False)
    member = get_user_model().objects.filter(memberships__client=stage.service(LABEL).client).first()
    assert member is not None
    made.force_login(member)
    made.cookies["django_language"] = language
    return made


def asked_near_the_end(stage: Stage) -> tuple[str, dt.date]:
    """Ten days before the end of the term, after the renewal was announced, a decrease is ordered."""
    end = stage.page(LABEL).card.term_end_on
    assert end is not None
    to(stage, end - dt.timedelta(days=10))
    made = stage.order(stage.quote(LABEL, LESS))
    assert made.state == "AWAITING_ACCEPTANCE"
    return made.number, end


def taken(stage: Stage, number: str) -> str:
    """One click on the page of the change makes the quote, one more orders it. The number of the new change."""
    client = browser(stage)
    answer = client.post(f"/changes/{number}/next-term/")
    quote = models.Quote.objects.latest("pk").number
    assert (answer.status_code, answer["Location"]) == (302, f"/quotes/{quote}/")
    page = client.get(f"/quotes/{quote}/").content.decode()
    assert "at the next renewal" in page
    assert client.post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"}).status_code == 302
    stage.work()
    return models.Change.objects.get(quote__number=quote).number


def words(day: dt.date) -> str:
    """A day as the panel shows it."""
    return template.Template("{{ day|day }}").render(template.Context({"day": day}))


def unpaid(stage: Stage) -> models.Renewal:
    return models.Renewal.objects.select_related("order").get(
        service=stage.service(LABEL), state__in=("AWAITING_PAYMENT", "OVERDUE")
    )


def limits(stage: Stage) -> tuple[int, int]:
    number = stage.service(LABEL).number
    found = machines.active_environments(services=[number])[number].limits
    return found.get("ip", 0), found.get("memory", 0)


def deposit(stage: Stage) -> Money:
    return balances.of_client(client=stage.service(LABEL).client.number, kind="deposit", currency="PLN")


def sound() -> None:
    assert balances.differences() == {} and list(reconciling.differences()) == []


def corrections() -> list[str]:
    return list(billing.Invoice.objects.filter(kind="correction").values_list("number", flat=True))


@pytest.mark.parametrize("when", ["waiting", "lapsed"])
def test_D9_an_unanswered_decrease_begins_with_the_next_term_and_nothing_is_given_back(stage: Stage, when: str) -> None:
    number, end = asked_near_the_end(stage)
    before, (ips, memory), whole = deposit(stage), limits(stage), unpaid(stage).order
    assert whole is not None
    if when == "lapsed":  # the last day of the term is over, the renewal is not paid
        past(stage, end)
        assert stage.change(number).state == "LAPSED" and stage.service(LABEL).state == "SUSPENDED"
    page = browser(stage).get(f"/changes/{number}/").content.decode()
    assert "From the next term instead" in page and f"begins on {words(end)}:" in page
    later = taken(stage, number)
    assert stage.change(number).state == ("WITHDRAWN" if when == "waiting" else "LAPSED")
    assert (stage.change(later).state, limits(stage)) == ("AWAITING_TERM_END", (ips, memory))
    less = unpaid(stage).order
    assert less is not None
    # the additional IP (216.00 a year) and memory (345.60) are gone
    assert whole.net_minor - less.net_minor == 216_00 + 345_60
    assert whole.state in ("WITHDRAWN", "AWAITING_PAYMENT") and billing.Order.objects.get(pk=whole.pk).state != "PAID"
    stage.pay(less.number)
    if when == "waiting":
        assert limits(stage) == (ips, memory)  # paid for until the boundary
        to(stage, end)
    assert (stage.change(later).state, stage.service(LABEL).state) == ("DONE", "ACTIVE")
    assert limits(stage)[0] < ips and limits(stage)[1] < memory
    assert corrections() == [] and deposit(stage) == before
    assert models.Acceptance.objects.get(change__number=number).credited_at is None
    sound()


def test_D9_the_request_and_the_lapse_say_so_in_the_clients_language(stage: Stage, post: SimulatedMail) -> None:
    news.define()
    number, end = asked_near_the_end(stage)

    def letters(purpose: str) -> list[str]:
        found = models.OutgoingMail.objects.filter(about=number, purpose=purpose).order_by("pk")
        parts = [message_from_bytes(bytes(each.raw), policy=policy.default).get_body(("plain",)) for each in found]
        return [part.get_content() for part in parts if part is not None]

    (asked,) = letters("acceptance")
    assert f"z początkiem następnego okresu ({end.isoformat()})" in asked
    past(stage, end)
    stage.days(1)
    (lapsed,) = letters("change_lapsed")
    assert "bez faktury korygującej" in lapsed
    for language, said in {"pl": "Od następnego okresu", "it": "Invece dal prossimo periodo"}.items():
        assert said in browser(stage, language).get(f"/changes/{number}/").content.decode()


def test_D9_once_the_renewal_is_paid_or_the_decrease_accepted_it_is_not_offered(stage: Stage) -> None:
    number, _ = asked_near_the_end(stage)
    client = stage.service(LABEL).client.number
    quote = unanswered.quote_for_next_term(client=client, number=number, at=clock.business(), actor=stage.actor)
    acceptance.accept(client=client, number=number, at=clock.business(), actor=stage.actor)
    answer = browser(stage).post(f"/quotes/{quote}/order/", {"key": "0123456789abcdef"})  # the click comes too late
    assert answer.status_code == 409 and not models.Change.objects.filter(quote__number=quote).exists()
    stage.work()
    assert stage.change(number).state == "DONE" and deposit(stage).amount > 0
    assert "From the next term instead" not in browser(stage).get(f"/changes/{number}/").content.decode()
    with pytest.raises(Refused) as refused:
        unanswered.quote_for_next_term(client=client, number=number, at=clock.business(), actor=stage.actor)
    assert [each.code for each in refused.value.reasons] == ["next_term_not_offered"]
    sound()


def test_D9_paid_first_the_renewal_ends_the_offer_too(stage: Stage) -> None:
    number, _ = asked_near_the_end(stage)
    order = unpaid(stage).order
    assert order is not None
    stage.pay(order.number)
    assert stage.change(number).state == "LAPSED"
    assert browser(stage).post(f"/changes/{number}/next-term/").status_code == 409
    assert models.Change.objects.filter(service=stage.service(LABEL)).latest("pk").number == number
    sound()


def test_a_policy_may_let_it_lapse_and_then_it_is_nowhere_offered(stage: Stage) -> None:
    govern(stage, LABEL, acceptance='{ answer = "by_reply", unanswered = "lapses" }')
    number, end = asked_near_the_end(stage)
    assert "From the next term instead" not in browser(stage).get(f"/changes/{number}/").content.decode()
    assert browser(stage).post(f"/changes/{number}/next-term/").status_code == 409
    to(stage, end)
    assert browser(stage).post(f"/changes/{number}/next-term/").status_code == 409
    assert models.Quote.objects.filter(service=stage.service(LABEL)).count() == 1


def test_what_can_never_begin_with_the_next_term_is_not_offered_it(stage: Stage) -> None:
    period = stage.quote(LABEL, facts.ChangePeriod(length=periods.Length(1))).number
    number, end = asked_near_the_end(stage)
    client, row = stage.service(LABEL).client.number, models.Change.objects.get(number=number)
    later = unanswered.quote_for_next_term(client=client, number=number, at=clock.business(), actor=stage.actor)
    kept = models.Quote.objects.get(number=later)
    assert unanswered.begins_on(change=row, asked=row.acceptance) == end and unanswered.stands_for(kept=kept)
    row.direction = "sideways"  # an equal price
    assert unanswered.begins_on(change=row, asked=row.acceptance) is None
    models.Change.objects.filter(pk=row.pk).update(quote=models.Quote.objects.get(number=period))
    row = models.Change.objects.get(pk=row.pk)
    assert unanswered.begins_on(change=row, asked=row.acceptance) is None
    assert not unanswered.stands_for(kept=kept)


def test_D4_with_auto_renewal_the_deposit_pays_the_smaller_term(stage: Stage) -> None:
    number, end = asked_near_the_end(stage)
    register.set_auto_renew(service=stage.service(LABEL), on=True, at=clock.business(), actor="test")
    later = taken(stage, number)
    less = unpaid(stage).order
    assert less is not None
    stage.pay(less.number)
    to(stage, end)
    assert stage.change(later).state == "DONE"
    sound()


def test_a_list_of_what_waits_reads_the_last_terms_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    number, end = asked_near_the_end(stage)
    holder = access.Holder(token="test", seller=stage.service(LABEL).client.seller_id, client="")
    asked: list[object] = []
    monkeypatch.setattr(register, "current_term", asked.append)  # one statement for each row
    (found,), _ = queries.acceptances_page(holder=holder, client="", after="", size=9, at=clock.business())
    assert (found.change, found.next_term_on, asked) == (number, end, [])


def test_D9_an_integrator_takes_it_by_the_api(stage: Stage) -> None:
    number, end = asked_near_the_end(stage)
    seller = stage.service(LABEL).client.seller.code
    api = known.Caller(access.issue_token(seller=seller, name="test", at=clock.system(), actor="test"))
    (waiting,) = api.get("/acceptances").json()["acceptances"]
    assert (waiting["change"], waiting["next_term_on"]) == (number, end.isoformat())
    made = api.post(f"/changes/{number}/next-term")
    assert made.status_code == 201
    quote = made.json()
    assert (quote["state"], quote["offer"]["timing"], quote["offer"]["gross"]) == ("open", "at_renewal", "0.00")
    ticked = [
        {"code": each["code"], "language": "en", "text": each["text"]["en"] if "text" in each else each["code"]}
        for each in quote["offer"]["notices"]
    ]
    ordered = api.post("/changes", {"quote": quote["number"], "acknowledged": ticked}, idempotency_key="k" * 16)
    assert ordered.status_code == 201
    stage.work()
    assert api.get(f"/changes/{number}").json()["state"] == "WITHDRAWN"
    assert api.get(f"/changes/{ordered.json()['number']}").json()["state"] == "AWAITING_TERM_END"
    stranger = known.Caller(access.issue_token(seller=known.ITALIA, name="test", at=clock.system(), actor="test"))
    assert stranger.post(f"/changes/{number}/next-term").status_code == 404
    sound()
