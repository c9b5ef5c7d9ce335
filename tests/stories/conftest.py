"""The demo as a stage: loaded at a fixed instant, played with the workers' own code, the clock pushed."""

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import payments
from planshift.billing import queries as billing
from planshift.domain import facts
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import change, mailbox, placing, ports, queries, reconciling, sweep, views
from planshift.runtime import clock, runs
from planshift.runtime.runs import schedules
from planshift.services import models as services
from tests.harness import demo

START = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)


@dataclass
class Stage:
    """What a story does: ask, order, pay, let time pass; what it sees: the same pages as the doors."""

    actor: str = "user:1"
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def service(self, label: str) -> services.Service:
        return services.Service.objects.select_related("client").get(label__startswith=label)

    def quote(self, label: str, request: facts.Request | str) -> views.QuotePage:
        service = self.service(label)
        wanted = facts.ChangePlan(target=request) if isinstance(request, str) else request
        number = change.offer(
            client=service.client.number, service=service.number, request=wanted, at=clock.business(), actor=self.actor
        )
        return queries.quote(client=service.client.number, number=number, at=clock.business())

    def order(self, quote: views.QuotePage, *, key: str = "") -> views.ChangePage:
        client = services.Service.objects.get(number=quote.service.number).client.number
        ticked = {each.code: placing.Acknowledged(language="en", text=each.code) for each in quote.offer.notices}
        number = change.order(
            client=client,
            quote=quote.number,
            acknowledged=ticked,
            key=key or quote.number,
            at=clock.business(),
            actor=self.actor,
        )
        self.work()
        return self.change(number)

    def change(self, number: str) -> views.ChangePage:
        client = services.Client.objects.get(changes__number=number).number
        return queries.change(client=client, number=number, at=clock.business())

    def page(self, label: str) -> views.ServicePage:
        service = self.service(label)
        return queries.service(client=service.client.number, number=service.number, at=clock.business())

    def pay(self, order: str, amount: Money | None = None, *, key: str = "") -> None:
        due = amount or billing.order(number=order).missing
        at = clock.business()
        payments.mark_transfer_received(
            order=order, amount=due, received_at=at, key=key or f"bank-{next(self.numbers)}", at=at, actor="staff:1"
        )
        self.work()

    def work(self) -> None:
        while runs.drain(skip_backoff=True):
            pass

    def days(self, count: int) -> None:
        """Let days pass one by one: what is due each day is done on that day."""
        for _ in range(count):
            clock.move_to(at=clock.business() + dt.timedelta(days=1), actor="test")
            mailbox.collect(at=clock.business())
            self.work()


def sound() -> None:
    """The ledger and what it stands for agree."""
    assert balances.differences() == {} and [str(each) for each in reconciling.differences()] == []


@pytest.fixture
def post(tmp_path: Path) -> Iterator[SimulatedMail]:
    """Mail out and in, in a folder, as long as the test runs."""
    made = SimulatedMail(folder=tmp_path)
    before = (ports._out[:], ports._in[:])
    ports.bind_mail(out=made, mailbox=made)
    yield made
    ports._out[:], ports._in[:] = before


@pytest.fixture
def stage(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The demo on 1 September 2026, 12:00 in Rome and Warsaw."""
    monkeypatch.setattr(schedules, "_schedules", {})
    monkeypatch.setattr(schedules, "_planted", {})
    sweep.define()
    with clock.stopped(at=START):
        demo.plant(at=START)
        yield Stage()
