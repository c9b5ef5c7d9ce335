"""A decrease onto another platform: accepted first, then moved, credited at the point of no return (D5, D8, H5)."""

from collections.abc import Iterator

import pytest

from planshift.billing import models as billing
from planshift.catalog import load as catalogs
from planshift.procedures import acceptance, change, deciding_replies
from planshift.provisioning import ports as hosting
from planshift.provisioning import queries as machines
from planshift.runtime import clock
from planshift.runtime.models import Run
from tests.house_rules import source
from tests.stories.conftest import Stage
from tests.stories.test_acceptance import (
    BEFORE,
    LABEL,
    SELLERS,
    asked,
    click,
    credits,
    nothing_moved,
    number_of_client,
    ordered,
    seen,
)


@pytest.fixture
def moved(stage: Stage) -> Iterator[Stage]:
    """VPS Standard runs on another platform from today."""
    sold = (source.ROOT / "catalogs" / "deposit.toml").read_text(encoding="utf-8")
    standard = '[plans.standard]\nfamily = "vps"\n'
    assert standard in sold
    there = sold.replace(standard, standard + 'traits = { platform = "hardware" }\n')
    catalogs.load_catalog(text=there, name="moved", at=clock.business(), actor="test")
    yield stage


def states(stage: Stage) -> list[str]:
    return [each.state for each in machines.environments(service=stage.service(LABEL).number)]


def test_D8_H5_a_hard_decrease_is_accepted_moved_credited_and_the_old_place_retired(moved: Stage, post: object) -> None:
    quote = moved.quote(LABEL, "standard")
    assert (quote.offer.kind, quote.offer.timing, quote.offer.credit_to) == ("hard", "after_acceptance", "deposit")
    made = moved.order(quote)
    assert made.state == "AWAITING_ACCEPTANCE" and states(moved) == ["ACTIVE"]
    click(moved, made.number)
    moved.work()
    # accepted: the new environment is handed over; the credit waits for the point of no return
    assert (moved.change(made.number).state, asked(made.number).state) == ("AWAITING_EXECUTION", "ACCEPTED")
    assert seen(moved)[1] == BEFORE and credits() == []
    change.switch_over(client=number_of_client(moved), number=made.number, at=clock.business(), actor="user:1")
    moved.work()
    (credit,) = credits()
    assert credit == -quote.offer.total.gross and seen(moved)[1] == BEFORE + credit
    assert moved.page(LABEL).card.plan_code == "standard"
    assert moved.change(made.number).state == "AWAITING_RETIREMENT" and states(moved) == ["OLD", "ACTIVE"]
    moved.days(17)
    assert moved.change(made.number).state == "DONE" and states(moved) == ["RETIRED", "ACTIVE"]
    assert credits() == [credit]


def test_D8_a_hard_decrease_that_cannot_be_made_waits_for_staff_and_is_taken_back(moved: Stage, post: object) -> None:
    before = seen(moved)
    made = ordered(moved, "standard")
    simulation = hosting.simulation()
    assert simulation is not None
    simulation.add_fault(kind="refuses", verb="create")
    acceptance.accept(client=number_of_client(moved), number=made.number, at=clock.business(), actor="user:1")
    moved.work()
    assert moved.change(made.number).state == "AWAITING_STAFF"
    run = Run.objects.get(key=f"change:{made.number}")
    assert run.owner == "staff" and run.due_at is not None  # somebody sees it, every day
    told = {"sellers": SELLERS, "number": made.number, "at": clock.business(), "actor": "user:7"}
    deciding_replies.take_back(note="there is no room", **told)  # type: ignore[arg-type]
    moved.work()
    assert (moved.change(made.number).state, asked(made.number).state) == ("UNDONE", "TAKEN_BACK")
    nothing_moved(moved, before)
    grosses = list(billing.Invoice.objects.filter(kind="correction").values_list("gross_minor", flat=True))
    assert len(grosses) == 2 and sum(grosses) == 0  # the correction and its counter-correction
    assert states(moved) == ["ACTIVE", "RETIRED"] and moved.page(LABEL).card.plan_code == "professional"
