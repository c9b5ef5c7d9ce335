"""A decrease from the question to its credit (D5, D7, D8): documents, postings, mails, limits; and every other end."""

from planshift.domain import facts
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import acceptance, queries
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from tests.stories.conftest import Stage

LABEL = "vps.warsztat"
LESS = facts.ChangeResources(amounts={"ip": 0, "memory": 0})


def limits(stage: Stage) -> dict[str, int]:
    number = stage.service(LABEL).number
    return dict(machines.active_environments(services=[number])[number].limits)


def deposit(stage: Stage) -> Money:
    found = queries.money(client=stage.service(LABEL).client.number, at=clock.business()).deposit
    assert found is not None
    return found


def client(stage: Stage) -> str:
    return stage.service(LABEL).client.number


def accept(stage: Stage, number: str) -> None:
    acceptance.accept(client=client(stage), number=number, at=clock.business(), actor=stage.actor)
    stage.work()


def test_D5_resources_go_down_and_the_credit_comes_only_after_the_acceptance(stage: Stage) -> None:
    quote = stage.quote(LABEL, LESS)
    before, balance = limits(stage), deposit(stage)
    ordered = stage.order(quote)
    assert ordered.state == "AWAITING_ACCEPTANCE"
    assert (limits(stage), deposit(stage)) == (before, balance)
    accept(stage, ordered.number)
    done = stage.change(ordered.number)
    assert done.state == "DONE"
    assert limits(stage) != before
    assert deposit(stage) == balance - quote.offer.total.gross
    assert balances.differences() == {}
