"""What does an easy change that the deposit pays cost the database, from the order to DONE with the simulated driver?
Counted exactly, so that it never grows unseen. What is counted are statements that the product sends: not the begin,
the savepoints and the end of its transactions, which a test has of its own."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from planshift.domain import facts
from planshift.domain.money import Money
from planshift.procedures import change, models, payment, placing
from planshift.runtime import clock
from planshift.runtime.models import StepRecord
from planshift.runtime.runs import working
from tests.stories.conftest import Stage

STATEMENTS = {"SELECT": 16, "INSERT": 25, "UPDATE": 13, "WITH": 2}  # 56, its additional amounts among them
LOCKS = (
    3  # of the service before it is read, in each transaction; SQLite holds the whole file already. NOTIFY is the 60th
)
pytestmark = pytest.mark.django_db


def asked(stage: Stage, label: str, request: facts.Request) -> tuple[str, str, dict[str, placing.Acknowledged]]:
    quote = stage.quote(label, request)
    ticked = {each.code: placing.Acknowledged(language="en", text=each.code) for each in quote.offer.notices}
    return stage.service(label).client.number, quote.number, ticked


def ordered(client: str, quote: str, ticked: dict[str, placing.Acknowledged], life: working.Life) -> str:
    number = change.order(
        client=client, quote=quote, acknowledged=ticked, key=quote, at=clock.business(), actor="user:1"
    )
    working.work_off(life, limit=1000)
    return number


def carried_out(stage: Stage) -> dict[str, int]:
    """An easy change that the deposit pays, the second one of its kind; returns its statements by their verbs."""
    client, label, life = (
        stage.service("vps.kawiarnia").client.number,
        "vps.kawiarnia",
        working.register(lease_seconds=60),
    )
    amount = Money.of("500.00", "PLN")
    stage.pay(payment.top_up(client=client, amount=amount, key="t" * 20, at=clock.business(), actor="user:1"), amount)
    first = ordered(*asked(stage, label, facts.ChangeResources(amounts={"ip": 1})), life)  # opens series and accounts
    assert models.Change.objects.get(number=first).state == "DONE"
    wish = asked(stage, label, facts.ChangePlan(target="professional"))
    with CaptureQueriesContext(connection) as said:
        number = ordered(*wish, life)
    row = models.Change.objects.select_related("order").get(number=number)
    assert (row.state, row.order.state if row.order else "", row.kind) == ("DONE", "PAID", "easy")
    verbs = Counter(each["sql"].split(None, 1)[0].upper() for each in said.captured_queries)
    for own in ("BEGIN", "SAVEPOINT", "RELEASE"):
        del verbs[own]
    print("\n".join(each["sql"][:150] for each in said.captured_queries))  # shown where the count is another one
    return dict(verbs)


def test_an_easy_change_paid_from_the_deposit(stage: Stage) -> None:
    locks = LOCKS if connection.features.has_select_for_update else 0
    assert carried_out(stage) == STATEMENTS | {"SELECT": STATEMENTS["SELECT"] + locks}


def test_what_needs_no_machine_in_between_is_one_transaction(stage: Stage) -> None:
    """Paid, invoiced and begun together; check, limits and read-back recorded together; then the service changes."""
    carried_out(stage)
    number = models.Change.objects.latest("pk").number
    steps = StepRecord.objects.filter(run__key=f"change:{number}").order_by("entry").values_list("step", "outcome")
    assert list(steps) == [("settle", "went"), ("begin", "waits"), ("follow", "done")]
    execution = models.Change.objects.select_related("execution").get(number=number).execution
    assert execution is not None
    records = StepRecord.objects.filter(run__key=f"execution:{execution.number}").values_list("step", "outcome")
    assert list(records) == [("advance", "done")]
    lines = execution.journal.order_by("id").values_list("step", "event")
    assert list(lines) == [
        ("check", "ordered"),
        ("check", "done"),
        ("backup", "skipped"),
        ("apply", "done"),
        ("read_back", "done"),
    ]
