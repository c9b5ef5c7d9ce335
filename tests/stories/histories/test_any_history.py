"""Whatever happens in whatever order: no cent is lost or made, documents are the ledger, and every wait ends.

A history is a random sequence of what people, banks, machines and the calendar do (`world`); after every step the laws
are checked (`laws`); at its end staff press their last buttons, time passes, and everything must be over.
"""

import contextlib
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.db.models import Model
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import (
    RuleBasedStateMachine,
    get_state_machine_test,
    initialize,
    invariant,
    precondition,
    rule,
)

from planshift.adapters.mail.simulated import SimulatedMail
from planshift.billing import models as billing
from planshift.billing import own_money
from planshift.billing import ports as papers
from planshift.domain import documents, facts, postings
from planshift.ledger import models as ledger
from planshift.procedures import acceptance, models, ports
from planshift.procedures.demo import cast
from planshift.provisioning import models as hosting
from planshift.runtime import clock
from planshift.runtime.runs import schedules
from tests.stories.conftest import Stage
from tests.stories.histories import laws, world

WHICH = st.sampled_from([0, 0, 0, 1, 2])
MINOR = st.integers(1, 90_000)
VERB = st.sampled_from(["", "apply", "capacity", "create", "remove", "usage"])
LABEL = st.sampled_from(world.SERVICES)
REQUEST = st.sampled_from(world.REQUESTS)
CREDIT = ("account_credit_opened", "account_credit_drawn", "account_credit_released", "credit_to_account_credit")
LESS = facts.ChangeResources(amounts={"memory": 0})
CREDITED = st.sampled_from(["", "", "taken over", "given back"])
OFTEN = st.sampled_from([True, True, True, False])


def there_is(model: type[Model], **only: object) -> Callable[[Any], Any]:
    """A rule that makes sense only then; what is refused in any state is not the matter here."""

    def holds(self: Any) -> bool:
        asked = (model, *sorted((name, str(value)) for name, value in only.items()))
        if asked not in self.there:
            self.there[asked] = model._default_manager.filter(**only).exists()
        return bool(self.there[asked])

    return precondition(holds)


class Paper:
    """Documents are not the matter here: a PDF of nothing."""

    def pdf(self, *, document: documents.Document) -> bytes:
        return b"%PDF-"


class Histories(RuleBasedStateMachine):
    """One history; undone at its end."""

    compared: ClassVar[int] = 0  # prices, in all histories of a run
    lived: ClassVar[int] = 0  # histories
    credit: ClassVar[Counter[str]] = Counter()  # movements of account credit
    broken: ClassVar[list[str]] = []  # laws, at any time of any history
    closely: ClassVar[bool] = False  # figures are recomputed after each step

    def __init__(self) -> None:
        super().__init__()
        self.open = contextlib.ExitStack()
        folder = self.open.enter_context(tempfile.TemporaryDirectory())
        self.open.enter_context(clock.stopped(at=world.START))
        example = transaction.atomic()
        example._from_testcase = True  # type: ignore[attr-defined]  # each step has transactions of its own
        self.open.enter_context(example)
        schedules.forget()
        post = SimulatedMail(folder=Path(folder))
        ports.bind_mail(out=post, mailbox=post)
        self.world = world.World(post=post)
        self.there: dict[object, bool] = {}  # what rules asked for since the last step
        self.priced: dict[str, object] = {}  # what the prices of a service were last compared for

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:  # a step that failed is told, not what followed from it
                self.finish()
        except Exception as problem:
            self.broken.append(repr(problem))
            raise
        finally:
            transaction.set_rollback(True)
            self.open.close()
            schedules.forget()

    def attempt(self, act: Callable[[], object]) -> None:
        """What the rules refuse leaves no trace of money."""
        with contextlib.suppress(*world.EXPECTED):
            act()

    @initialize(label=LABEL, request=REQUEST, on_the_account=CREDITED, minor=MINOR)
    def begin(self, label: str, request: facts.Request, on_the_account: str, minor: int) -> None:
        """No history is empty; in half of them there is account credit."""
        if on_the_account:
            self.world.on_the_account(minor, given_back=on_the_account == "given back")
            self.attempt(lambda: self.world.order("vps.warsztat", LESS))
            self.world.work()
            self.attempt(lambda: self.world.answer(0, yes=True))
            self.world.work()
        self.attempt(lambda: self.world.order(label, request))
        self.world.work()

    # ── clients ──
    @rule(label=LABEL, request=REQUEST, works=OFTEN)
    def order(self, label: str, request: facts.Request, works: bool) -> None:
        self.attempt(lambda: self.world.order(label, request))
        if works:
            self.world.work()

    @rule(label=LABEL, request=REQUEST)
    def quote(self, label: str, request: facts.Request) -> None:
        self.attempt(lambda: self.world.quote(label, request))

    @there_is(models.Quote, state="OPEN")
    @rule(which=WHICH)
    def order_an_old_quote(self, which: int) -> None:
        self.attempt(lambda: self.world.order_an_old_quote(which))

    @there_is(models.Change, state__in=("AWAITING_PAYMENT", "AWAITING_ACCEPTANCE"))
    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        self.attempt(lambda: self.world.withdraw(which))

    @there_is(models.Acceptance, state__in=acceptance.OPEN)
    @rule(which=WHICH, yes=OFTEN, works=OFTEN)
    def answer(self, which: int, yes: bool, works: bool) -> None:
        if works:
            self.world.work()
        self.attempt(lambda: self.world.answer(which, yes))

    @there_is(models.Change, kind="hard", state="AWAITING_EXECUTION")
    @rule(which=WHICH)
    def switch_over(self, which: int) -> None:
        self.attempt(lambda: self.world.switch_over(which))

    @rule(label=LABEL, on=st.booleans())
    def auto_renew(self, label: str, on: bool) -> None:
        self.attempt(lambda: self.world.auto_renew(label, on))

    @there_is(billing.Order, state="AWAITING_PAYMENT", seller__has_deposit=True)
    @rule(which=WHICH)
    def draw(self, which: int) -> None:
        self.attempt(lambda: self.world.draw(which))

    @rule(label=LABEL, minor=MINOR)
    def top_up(self, label: str, minor: int) -> None:
        self.attempt(lambda: self.world.top_up(label, minor))

    # ── money ──
    @there_is(billing.Order, placed_at__gte=world.START)
    @rule(which=WHICH, how=st.sampled_from(["exact", "exact", "exact", "part", "over", "foreign"]), minor=MINOR)
    def transfer(self, which: int, how: str, minor: int) -> None:
        self.attempt(lambda: self.world.transfer(which, how, minor))

    @there_is(billing.Order, state="AWAITING_PAYMENT")
    @rule(which=WHICH, works=OFTEN)
    def pay(self, which: int, works: bool) -> None:
        self.attempt(lambda: self.world.transfer(which, "exact", 1))
        if works:
            self.world.work()

    @precondition(lambda self: self.world.reported)
    @rule(which=WHICH)
    def report_again(self, which: int) -> None:
        self.attempt(lambda: self.world.report_again(which))

    @there_is(billing.Order, state="AWAITING_PAYMENT")
    @rule(which=WHICH, kind=st.sampled_from(["paid", "failed"]))
    def card(self, which: int, kind: str) -> None:
        self.attempt(lambda: self.world.card(which, kind))

    @there_is(billing.Order, placed_at__gte=world.START)
    @rule(which=WHICH, minor=MINOR)
    def statement(self, which: int, minor: int) -> None:
        self.attempt(lambda: self.world.statement(which, minor))

    # ── staff ──
    @there_is(billing.Payment, unapplied_minor__gt=0)
    @rule(which=WHICH, what=st.sampled_from(["identify", "assign", "to_deposit", "return"]), other=WHICH)
    def unapplied(self, which: int, what: str, other: int) -> None:
        self.attempt(lambda: self.world.unapplied(which, what, other))

    @there_is(models.Change, state__in=("AWAITING_EXECUTION", "AWAITING_STAFF"))
    @rule(which=WHICH, what=st.sampled_from(["undo", "retry", "take_back"]))
    def button(self, which: int, what: str) -> None:
        self.attempt(lambda: getattr(self.world, what)(which))

    @there_is(models.OutgoingMail)
    @rule(which=WHICH, what=st.sampled_from(["ask_again", "mail_again"]))
    def ask_again(self, which: int, what: str) -> None:
        self.attempt(lambda: getattr(self.world, what)(which))

    @there_is(models.IncomingMail, answer="unclear", decision=None)
    @rule(which=WHICH, decision=st.sampled_from(["accepted", "refused", "ask_again"]))
    def decide_mail(self, which: int, decision: str) -> None:
        self.attempt(lambda: self.world.decide_mail(which, decision))

    @there_is(models.Quote)
    @rule(which=WHICH, kind=st.sampled_from(["easy", "hard"]))
    def decide_kind(self, which: int, kind: str) -> None:
        self.attempt(lambda: self.world.decide_kind(which, kind))

    @there_is(hosting.Execution, state__in=hosting.Execution.lifecycle.open)
    @rule(which=WHICH, what=st.sampled_from(["retry", "skip", "roll_back", "cancel", "report_work"]))
    def execution(self, which: int, what: str) -> None:
        self.attempt(lambda: self.world.execution(which, what))

    # ── mail ──
    @there_is(models.Acceptance, asked_at__isnull=False)
    @rule(
        which=WHICH,
        body=st.sampled_from(["Akceptuję.", "Nie akceptuję.", "Akceptuję, ale dopiero od jutra."]),
        mine=OFTEN,
        fetched=OFTEN,
    )
    def mail(self, which: int, body: str, mine: bool, fetched: bool) -> None:
        self.attempt(lambda: self.world.mail(which, body, mine))
        if fetched:
            self.world.fetch()

    @precondition(lambda self: self.world.unread)
    @rule()
    def fetch(self) -> None:
        self.world.fetch()

    @rule(kind=st.sampled_from(["refused", "unreachable", "lost_answer", "twice", "bounced"]))
    def mail_fault(self, kind: str) -> None:
        self.world.mail_fault(kind)

    # ── machines and time ──
    @rule(kind=st.sampled_from(["fails", "refuses", "lost_answer", "lies", "full"]), verb=VERB, times=st.integers(1, 3))
    def fault(self, kind: str, verb: str, times: int) -> None:
        self.world.fault(kind, verb, times)

    @rule(steps=st.integers(1, 4))
    def some_work(self, steps: int) -> None:
        self.world.some_work(steps)

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(hours=st.sampled_from([1, 24, 24 * 3, 24 * 8, 24 * 16, 24 * 35]))
    def tick(self, hours: int) -> None:
        self.world.tick(hours)

    @invariant()
    def laws(self) -> None:
        self.there.clear()
        try:
            laws.always()
            if self.closely:
                laws.agreed()
        except AssertionError as problem:
            self.broken.append(repr(problem))
            raise
        for label, depends in laws.moved(labels=world.PAID_FROM_DEPOSIT).items():
            if self.priced.get(label) != depends:
                self.priced[label] = depends
                Histories.compared += laws.whatever_happened_a_change_costs_the_difference(label=label)

    # ── the end ──
    def finish(self) -> None:
        """Machines are mended and staff press their last buttons, as long as there is something to press."""
        now = clock.business()
        laws.agreed()
        self.world.mended()
        self.world.post.faults.clear()
        for days in (0, 1, 16, 40):
            self.world.tick(24 * days)
            self._last_buttons()
            self.world.work()
            laws.always()
            laws.at_rest()
        laws.agreed()
        laws.in_the_end(begun_before=now)
        Histories.credit.update(ledger.Transfer.objects.filter(posting__in=CREDIT).values_list("posting", flat=True))
        Histories.lived += 1

    def _last_buttons(self) -> None:
        for row in hosting.Execution.objects.exclude(state__in=hosting.Execution.lifecycle.final).order_by("-pk"):
            what = "report_work" if row.state == "AWAITING_STAFF" else "retry"
            number = [each.pk for each in hosting.Execution.objects.order_by("-pk")].index(row.pk)
            self.attempt(lambda number=number, what=what: self.world.execution(number, what))  # type: ignore[misc]
        self.world.work()
        for row in models.Change.objects.filter(state="AWAITING_STAFF"):
            number = [each.pk for each in models.Change.objects.order_by("-pk")].index(row.pk)
            self.attempt(lambda number=number: self.world.undo(number))  # type: ignore[misc]
            self.world.work()
            asked = [each.pk for each in models.Change.objects.exclude(acceptance=None).order_by("-pk")]
            if row.pk in asked:
                place = asked.index(row.pk)
                self.attempt(lambda place=place: self.world.take_back(place))  # type: ignore[misc]


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those whom the histories are about; the others' renewals would only cost time."""
    chosen = [
        replace(each, services=held)
        for each in cast.CAST
        if (held := tuple(one for one in each.services if one.label.startswith(world.SERVICES))) or each.staff
    ]
    monkeypatch.setattr(cast, "CAST", tuple(chosen))


@pytest.fixture
def plain(people: None, stage: Stage) -> Iterator[None]:
    """A part of the demo, with documents that cost nothing to typeset."""
    kept, mail = papers._renderer[:], (ports._out[:], ports._in[:])
    papers.bind_renderer(Paper())
    yield
    papers._renderer[:] = kept
    ports._out[:], ports._in[:] = mail


def histories(*, examples: int, steps: int, seeded: int) -> tuple[int, int]:
    """Lives them all, the same ones for the same seed; returns how many it were, and how many prices were compared with
    the list."""
    Histories.compared = Histories.lived = 0
    Histories.broken.clear()
    Histories.credit.clear()
    for again in range(50):
        chosen = settings(
            max_examples=examples - Histories.lived,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            print_blob=False,
        )
        # Of what is due at one instant the database may give either first. Two histories that begin alike then differ,
        # which Hypothesis does not bear: the next ones begin with another seed. A broken law is never forgiven.
        with contextlib.suppress(FlakyStrategyDefinition):
            seed(seeded + again)(get_state_machine_test(Histories, settings=chosen))()
        assert Histories.broken == []
        if Histories.lived >= examples:
            break
    return Histories.lived, Histories.compared


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(4))  # which the workers share; a run of all tests lives the same ones every time
def test_whatever_happens_no_cent_is_lost_and_every_wait_ends(plain: None, part: int) -> None:
    lived, compared = histories(examples=50, steps=7, seeded=1000 * part)
    assert lived >= 50 and compared > 250  # else the prices were hardly looked at
    assert all(Histories.credit[each] > 2 for each in CREDIT), Histories.credit  # nor account credit


@pytest.mark.long
@pytest.mark.timeout(3600 * 4)
@pytest.mark.parametrize("part", [1, 2])
def test_thousands_of_histories_of_everything(plain: None, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Histories, "closely", True)
    chosen = random.SystemRandom().getrandbits(32)
    print(f"seed {chosen}")
    lived, compared = histories(examples=1000, steps=25, seeded=chosen)
    assert lived >= 1000 and compared > 5_000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_histories_find_a_credit_that_is_booked_twice(plain: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(**said: Any) -> postings.Posting:
        once = postings.credit_to_account_credit(**said)
        return replace(once, transfers=once.transfers * 2)

    own = replace(own_money.BALANCES["account_credit"], credited=twice)
    monkeypatch.setitem(own_money.BALANCES, "account_credit", own)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        histories(examples=30, steps=3, seeded=7)
    assert any("account_credit" in each for each in Histories.broken)
