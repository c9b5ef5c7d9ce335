"""The answers that steer the process, each carried out: gates, windows, days, notices."""

from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.policy import (
    acceptance,
    collection,
    cut_over,
    deposit,
    documents,
    loader,
    metering,
    notices,
    promise,
    renewal,
    retention,
    settlement,
    timing,
    validity,
    vocabulary,
)
from planshift.domain.policy.given import Share


@pytest.mark.parametrize(
    ("answer", "metered", "waits"),  # below 0, of 0, above 0
    [
        ("after_payment", False, ["after_payment", "after_payment", "after_payment"]),
        ("after_acceptance", False, ["after_acceptance", "after_payment", "after_payment"]),
        ("at_once", False, ["at_once", "at_once", "after_payment"]),
        ("at_once", True, ["at_once", "at_once", "at_once"]),
    ],
)
def test_timing_says_what_a_change_waits_for(answer, metered, waits):
    run = timing.RULES[answer].run
    assert [run(due=Fraction(due), metered=metered) for due in ("-0.01", "0", "0.01")] == waits


@pytest.mark.parametrize(
    ("answer", "auto_renewal", "saved", "expected"),
    [
        ("by_payment", True, "99.00", collection.Collection(False, ("by_payment_only",))),
        ("from_deposit", False, "24.60", collection.Collection(True)),
        ("from_deposit", True, "24.59", collection.Collection(False, ("deposit_too_small",))),
        ("from_deposit_with_auto_renewal", True, "24.60", collection.Collection(True)),
        ("from_deposit_with_auto_renewal", False, "24.60", collection.Collection(False, ("auto_renewal_off",))),
        (
            "from_deposit_with_auto_renewal",
            False,
            "0.00",
            collection.Collection(False, ("auto_renewal_off", "deposit_too_small")),
        ),
    ],
)
def test_collection_says_why_an_order_waits(answer, auto_renewal, saved, expected):
    """20.00 net + 23 % = 24.60 due."""
    due = Money.of("24.60", "PLN")
    held = Money.of(saved, "PLN")
    assert collection.RULES[answer].run(auto_renewal=auto_renewal, deposit=held, due=due) == expected


def test_acceptance_by_reply_has_reminders_and_a_last_day():
    run, sent = acceptance.RULES["by_reply"].run, date(2026, 2, 20)
    given = {"days": 14, "reminders": (10, 3), "document": "draft_then_issue"}
    reminded, last = (date(2026, 2, 23), date(2026, 3, 2)), date(2026, 3, 6)
    window = run(sent_on=sent, **given, unanswered="lapses")
    assert window == acceptance.Window(reminded, last, "draft_then_issue", False)
    assert run(sent_on=sent, **given, unanswered="offered_for_next_term").later


def test_what_a_policy_does_not_say_is_as_it_was_before_it_could_be_said():
    """A policy that was loaded before these parameters were known goes on meaning the same."""
    text = 'acceptance = "by_reply"\nrenewal = "full_new_price"\n'
    head = 'format = 1\npolicy = "test"\n'
    chosen = loader.loaded((head + text).encode()).answers_before_cases("")
    assert chosen["acceptance"][0].params["unanswered"] == "lapses"
    assert chosen["renewal"][0].params["told_days"] == 0
    assert chosen["renewal"][0].params["prices"] == "of_the_day"
    assert acceptance.RULES["not_asked"].run(sent_on=date(2026, 2, 20)) is None


def test_a_hold_counts_from_the_later_of_hand_over_and_use():
    hold, none = retention.RULES["hold"].run, retention.RULES["no_hold"].run
    early, late = date(2026, 3, 1), date(2026, 3, 5)
    assert hold(handed_over_on=early, in_use_on=late, days=14) == date(2026, 3, 19)
    assert hold(handed_over_on=late, in_use_on=early, days=14) == date(2026, 3, 19)
    assert none(handed_over_on=early, in_use_on=late) == late


def test_without_a_word_the_new_environment_is_in_use_after_some_days():
    run = cut_over.RULES["confirmed_or_after"].run
    assert run(handed_over_on=date(2026, 2, 20), days=14) == date(2026, 3, 6)


def test_the_buyer_on_the_renewal_invoice():
    run = partial(renewal.RULES["full_new_price"].run, prices="of_the_day", told_days=30)
    assert run(previous="old", present="new", buyer="as_before") == "old"
    assert run(previous="old", present="new", buyer="current") == "new"


def test_promise_and_validity():
    assert promise.RULES["business_days"].run(least=1, most=5) == (1, 5)
    assert promise.RULES["without_delay"].run() == (0, 0)
    until = validity.RULES["fixed"].run(on=date(2026, 12, 30), quote_days=1, order_days=7)
    assert until == (date(2026, 12, 31), date(2027, 1, 6))


def test_notices_apply_to_the_changes_that_they_concern():
    def applying(**change):
        return [name for name, notice in notices.RULES.items() if notice.run(**change)]

    assert applying(kind="easy", direction="up", attached=True) == []
    assert applying(kind="easy", direction="down", attached=False) == ["decrease_after_acceptance"]
    hard = applying(kind="hard", direction="up", attached=False)
    assert "attached_end" not in hard
    assert applying(kind="hard", direction="up", attached=True) == [*hard, "attached_end"]


def test_metering_blocks_below_the_floor_and_not_at_it():
    terms = metering.RULES["hourly"].run(floor=Fraction(10), check_every_hours=24, hours="started", warnings=())
    assert (terms.goes_on(Fraction(10)), terms.goes_on(Fraction("9.99"))) == (True, False)
    assert metering.RULES["none"].run() is None


def test_metering_warns_once_per_crossing():
    rows = ({"below": Fraction(25)}, {"below": Fraction(50)})
    terms = metering.RULES["hourly"].run(floor=Fraction(10), check_every_hours=24, hours="full", warnings=rows)
    assert terms.warnings == (50, 25)
    told = None
    seen = []
    for balance in (60, 50, 49, 40, 30, 24, 20, 30, 24, 55, 49):  # 30 arms 25 again, 55 arms both
        told = terms.still_told(balance=Fraction(balance), told=told)
        crossed = terms.warning(balance=Fraction(balance), told=told)
        told = told if crossed is None else crossed
        seen.append(crossed)
    assert seen == [None, None, 50, None, None, 25, None, None, 25, None, 50]


@pytest.mark.parametrize(
    ("every", "at", "last"),
    [
        (24, "2026-09-01T10:00+00:00", "2026-08-31T22:00+00:00"),  # midnight in Warsaw
        (24, "2026-08-31T22:00+00:00", "2026-08-31T22:00+00:00"),
        (6, "2026-09-01T10:00+00:00", "2026-09-01T10:00+00:00"),  # noon
        (6, "2026-09-01T09:59+00:00", "2026-09-01T04:00+00:00"),
        (48, "2026-09-02T10:00+00:00", "2026-09-01T22:00+00:00"),  # 2 September 2026 is day 20,698 since 1970
        (48, "2026-09-03T10:00+00:00", "2026-09-01T22:00+00:00"),
        (6, "2026-10-25T05:30+00:00", "2026-10-25T04:00+00:00"),  # the long day: its hours are counted in real time
    ],
)
def test_metering_checks_the_balance_from_midnight_on(every, at, last):
    terms = metering.Terms(Fraction(10), every)
    found = terms.checked_last(at=datetime.fromisoformat(at), zone=ZoneInfo("Europe/Warsaw"))
    assert found == datetime.fromisoformat(last)


def test_deposits_and_documents():
    assert deposit.RULES["refundable"].run(payout_days=14) is True
    assert deposit.RULES["none"].run() is False
    run = documents.RULES["invoice_and_correction"].run
    assert [run(net=Fraction(net)) for net in ("0.01", "-0.01", "0")] == ["invoice", "correction", "none"]


class Deal:
    """Nothing is worth anything; only notes that the old term was ended."""

    ended = False
    choice = ""

    def end_term(self):
        self.ended = True

    def _nothing(self, **_):
        return []

    differences = credits = charges = full_charges = used_charges = highest_charges = _nothing

    def sells(self):
        return Fraction(1)

    def new_period(self, unit):
        return 1

    def unused_units(self):
        return Share(1, 1, "days")


@pytest.mark.parametrize("name", [name for name in settlement.RULES if name != "client_chooses"])
def test_the_settlements_that_end_the_old_term_are_known_to_the_checker(name):
    answer, deal = settlement.RULES[name], Deal()
    outcome = answer.run(deal=deal, **vocabulary.chosen(answer).params)
    assert deal.ended == (outcome.term != "kept") == (name in settlement.RESTARTS)


def test_a_client_chooses_among_the_listed_settlements_only():
    run, deal = settlement.RULES["client_chooses"].run, Deal()
    for choice in ("", "nothing", "client_chooses"):
        deal.choice = choice
        with pytest.raises(Refused) as refused:
            run(deal=deal, options=("difference", "new_term_and_refund"))
        assert [(each.code, each.facts) for each in refused.value.reasons] == [
            ("settlement_to_be_chosen", {"options": ("difference", "new_term_and_refund")})
        ]
    deal.choice = "new_term_and_refund"
    found = run(deal=deal, options=("difference", "new_term_and_refund"))
    assert (found.chosen, found.term, found.separate, deal.ended) == ("new_term_and_refund", "restarts", True, True)
