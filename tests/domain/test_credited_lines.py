"""Which issued lines give a credit back: the offer's own, or an amount laid by the policy's rule."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planshift.domain import correcting, credited_lines, offer
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.policy import credit_distribution
from tests.domain.papers import credit, issued, line, taxed

WARSAW = ZoneInfo("Europe/Warsaw")
YEAR = (date(2026, 1, 1), date(2027, 1, 1))
SUMMER = (date(2026, 7, 1), date(2027, 1, 1))


def _laid(rule, amount, documents, **more):
    found = credited_lines.distributed(
        amount=Money.of(amount, "PLN"), documents=documents, service="S-1", component="plan",
        lay=credit_distribution.RULES[rule].run, **more,
    )  # fmt: skip
    return [(each.document, each.position, each.amount.text) for each in found]


def _term():
    """A year bought for 120.00, then an upgrade in July for 30.00, then another in August for 10.00."""
    return [
        issued(line(1, "120.00 27.60", span=YEAR), on="2026-01-01"),
        issued(line(1, "30.00 6.90", span=SUMMER), line(2, "10.00 2.30", component="setup"),
               number="FV/2", on="2026-07-01"),
        issued(line(1, "10.00 2.30", span=SUMMER), number="FV/3", on="2026-08-01"),
    ]  # fmt: skip


RULES = [
    ("newest_first", "35.00", [("FV/3", 1, "10.00"), ("FV/2", 1, "25.00")]),
    ("newest_first", "160.00", [("FV/3", 1, "10.00"), ("FV/2", 1, "30.00"), ("FV/1", 1, "120.00")]),
    ("newest_first", "0.01", [("FV/3", 1, "0.01")]),
    ("oldest_first", "125.00", [("FV/2", 1, "5.00"), ("FV/1", 1, "120.00")]),
    # 33.33 x 10/160 = 2.083, x 30/160 = 6.249, x 120/160 = 24.9975: the grosz that is left goes to the largest rest
    ("proportional", "33.33", [("FV/3", 1, "2.08"), ("FV/2", 1, "6.25"), ("FV/1", 1, "25.00")]),
]


@pytest.mark.parametrize(("rule", "amount", "laid"), RULES)
def test_a_credit_is_laid_on_the_invoices_of_the_term_by_the_rule(rule, amount, laid):
    assert _laid(rule, amount, _term()) == laid


def test_of_two_invoices_of_one_day_the_later_one_is_the_newer():
    same_day = [issued(line(1, "5.00 1.15"), number=f"FV/{number}", on="2026-06-01") for number in (7, 8)]
    assert _laid("newest_first", "6.00", same_day) == [("FV/8", 1, "5.00"), ("FV/7", 1, "1.00")]
    assert _laid("oldest_first", "6.00", same_day) == [("FV/8", 1, "1.00"), ("FV/7", 1, "5.00")]


def test_only_lines_of_the_service_and_component_count_and_only_those_of_the_time():
    mine, other = line(1, "10.00 2.30"), line(2, "90.00 20.70", service="S-2")
    setup = line(3, "10.00 2.30", component="setup")
    may = issued(line(1, "50.00 11.50", span=(date(2026, 5, 1), date(2026, 6, 1))), number="FV/0", on="2026-05-01")
    half = (date(2026, 6, 16), date(2026, 7, 16))
    found = credited_lines.distributed(
        amount=Money.of("10.00", "PLN"), documents=[may, issued(mine, other, setup)], service="S-1", component="plan",
        lay=credit_distribution.RULES["newest_first"].run, span=half,
    )  # fmt: skip
    assert found == (credit(1, "10.00", span=(date(2026, 6, 16), date(2026, 7, 1))),)
    with pytest.raises(Refused) as refused:
        _laid("newest_first", "10.01", [may, issued(mine, other, setup)], span=half)
    assert refused.value.code == "credit_beyond_paid"
    assert {name: str(fact) for name, fact in refused.value.reasons[0].facts.items()} == {
        "asked": "10.01 PLN", "allowed": "10.00 PLN",
    }  # fmt: skip


def test_what_was_given_back_or_not_paid_cannot_be_laid_again():
    document = issued(line(1, "100.00 23.00"))
    (made,) = correcting.correct(documents=[document], credits=[credit(1, "60.00")], reason="decrease")
    # 40.00 is left of the first; of the second 12.30 of 123.00 was paid: 10.00 net
    part = issued(line(1, "100.00 23.00", paid="12.30"), number="FV/2", on="2026-06-02")
    documents = [document.with_correction(made, number="FK/1"), part]
    assert _laid("newest_first", "50.00", documents) == [("FV/2", 1, "10.00"), ("FV/1", 1, "40.00")]
    assert _laid("newest_first", "61.50", documents, prices="gross") == [("FV/2", 1, "12.30"), ("FV/1", 1, "49.20")]
    with pytest.raises(Refused, match="credit_beyond_paid"):
        _laid("newest_first", "50.01", documents)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0", "PLN", "correction_amount_wrong"),
        ("-1", "PLN", "correction_amount_wrong"),
        ("0.001", "PLN", "correction_amount_wrong"),
        ("1", "EUR", "correction_currency_differs"),
    ],
)
def test_hostile_amounts_are_refused(amount, currency, code):
    with pytest.raises(Refused) as refused:
        credited_lines.distributed(
            amount=Money.of(amount, currency), documents=_term(), service="S-1", component="plan",
            lay=credit_distribution.RULES["newest_first"].run,
        )  # fmt: skip
    assert [reason.code for reason in refused.value.reasons] == [code]


def _line(net, *returns, start=date(2026, 10, 1), end=date(2027, 1, 1)):
    return offer.Line(
        role="difference", component="plan", code="plan_difference", facts={}, amount=taxed(f"{net} 0.00"),
        tax_rate=Fraction(23, 100), start=start, end=end,
        returns=tuple(offer.Allocation(billed, Money.of(amount, "PLN")) for billed, amount in returns),
    )  # fmt: skip


def test_an_offers_credit_is_given_back_where_the_quote_laid_it():
    lines = [_line("-15.00", ("FV/3/1", "10.00"), ("FV/2/1", "5.00")), _line("7.00"), _line("0.00")]
    found = credited_lines.of_offer(lines=lines, documents=_term(), prices="net", zone=WARSAW)
    autumn = (date(2026, 10, 1), date(2027, 1, 1))
    assert found == (
        credit(1, "10.00", document="FV/3", span=autumn), credit(1, "5.00", document="FV/2", span=autumn),
    )  # fmt: skip


def test_instants_of_an_offer_count_by_the_day_of_the_seller():
    # 22:30 UTC on 30 September is already 1 October in Warsaw
    late = _line(
        "-5.00",
        ("FV/2/1", "5.00"),
        start=datetime(2026, 9, 30, 22, 30, tzinfo=UTC),
        end=datetime(2027, 3, 1, tzinfo=UTC),
    )
    (found,) = credited_lines.of_offer(lines=[late], documents=_term(), prices="net", zone=WARSAW)
    assert found.span == (date(2026, 10, 1), date(2027, 1, 1))  # and no longer than the line's own time


def test_a_credit_of_a_line_whose_time_is_over_or_unknown_is_for_all_of_it():
    after = _line("-5.00", ("FV/2/1", "3.00"), ("FV/2/2", "2.00"), start=date(2027, 1, 1), end=date(2027, 2, 1))
    document = issued(
        line(1, "30.00 6.90", span=SUMMER), line(2, "10.00 2.30", component="setup", span=None), number="FV/2"
    )
    found = credited_lines.of_offer(lines=[after], documents=[document], prices="net", zone=WARSAW)
    assert [each.span for each in found] == [None, None]


def test_a_credit_that_no_document_covers_is_refused():
    lines = [_line("-15.00", ("FV/3/1", "10.00")), _line("-2.00", ("FV/9/1", "2.00"))]
    with pytest.raises(Refused) as refused:
        credited_lines.of_offer(lines=lines, documents=_term(), prices="net", zone=WARSAW)
    assert [(each.code, str(each.facts["missing"])) for each in refused.value.reasons] == [
        ("credit_without_document", "5.00 PLN"), ("credit_without_document", "2.00 PLN"),
    ]  # fmt: skip


@settings(deadline=None)
@given(
    st.sampled_from(list(credit_distribution.RULES)),
    st.lists(st.integers(0, 5_000), min_size=1, max_size=6),
    st.fractions(min_value=0, max_value=1),
    st.sampled_from([Fraction(1, 100), Fraction(1), Fraction(1, 1000)]),
)
def test_what_is_laid_sums_to_the_amount_and_fits(rule, rooms, share, unit):
    room = tuple(each * unit for each in rooms)
    amount = sum(room) * share // unit * unit
    parts = credit_distribution.RULES[rule].run(amount=amount, rooms=room, unit=unit)
    assert sum(parts) == amount
    assert all(0 <= part <= most for part, most in zip(parts, room, strict=True))
    assert all(part % unit == 0 for part in parts)


@settings(deadline=None)
@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=6), st.fractions(min_value=0, max_value=1))
def test_proportional_is_never_a_unit_off(rooms, share):
    room = tuple(Fraction(each, 100) for each in rooms)
    amount = sum(room) * share * 100 // 1 / 100
    parts = credit_distribution.RULES["proportional"].run(amount=amount, rooms=room, unit=Fraction(1, 100))
    whole = sum(room)
    assert all(
        abs(part - (amount * most / whole if whole else 0)) < Fraction(1, 100)
        for part, most in zip(parts, room, strict=True)
    )


def test_a_credit_laid_over_the_term_is_corrected_to_the_grosz():
    documents = _term()
    credits = credited_lines.distributed(
        amount=Money.of("33.33", "PLN"), documents=documents, service="S-1", component="plan",
        lay=credit_distribution.RULES["proportional"].run,
    )  # fmt: skip
    found = correcting.correct(documents=documents, credits=credits, reason="decrease")
    # FV/1 95.00 x 0.23 = 21.85 (-5.75); FV/2 33.75 x 0.23 = 7.7625 -> 7.76 of 9.20 (-1.44); FV/3 7.92: 1.8216 (-0.48)
    assert [(each.corrects, each.difference.net.text, each.difference.tax.text) for each in found] == [
        ("FV/1", "-25.00", "-5.75"), ("FV/2", "-6.25", "-1.44"), ("FV/3", "-2.08", "-0.48"),
    ]  # fmt: skip
