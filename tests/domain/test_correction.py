"""Corrective documents: before, after and difference per line, tables of literals with their arithmetic."""

from datetime import date

import pytest

from planshift.domain import correcting, correction_tax
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from tests.domain.papers import credit, issued, line, rows, taxed, text


def _one(document, *credits):
    (found,) = correcting.correct(documents=[document], credits=credits, reason="decrease")
    return found


def _reasons(refused):
    return [(reason.code, *(str(value) for value in reason.facts.values())) for reason in refused.value.reasons]


def test_a_credit_shows_before_after_and_difference():
    # 100.00 + 23 % = 123.00; 33.33 less: base after 66.67, tax 66.67 x 0.23 = 15.3341 -> 15.33, so 23.00 - 7.67
    found = _one(issued(line(1, "100.00 23.00")), credit(1, "33.33"))
    assert rows(found) == [(1, "100.00 23.00", "66.67 15.33", "-33.33 -7.67")]
    assert (found.corrects, found.corrects_issued_on, found.reason) == ("FV/1", date(2026, 6, 1), "decrease")
    assert (found.direction, found.given_back, found.undoes) == ("reduce", Money.of("41.00", "PLN"), "")
    assert [text(each) for each in (found.before, found.after, found.difference)] == [
        "100.00 23.00", "66.67 15.33", "-33.33 -7.67",
    ]  # fmt: skip


def test_the_tax_is_that_of_what_remains_not_that_of_what_is_given_back():
    # base after 0.48: 0.48 x 0.23 = 0.1104 -> 0.11; documented 0.23; so -0.12 though 0.52 x 0.23 = 0.1196 -> 0.12
    # base after 0.24: 0.0552 -> 0.06; documented 0.11; so -0.05, though 0.24 x 0.23 = 0.0552 -> 0.06
    document = issued(line(1, "1.00 0.23"))
    first = _one(document, credit(1, "0.52"))
    assert rows(first) == [(1, "1.00 0.23", "0.48 0.11", "-0.52 -0.12")]
    second = _one(document.with_correction(first, number="FK/1"), credit(1, "0.24"))
    assert rows(second) == [(1, "0.48 0.11", "0.24 0.06", "-0.24 -0.05")]


def test_three_lines_of_one_rate_are_corrected_by_their_rate():
    # 30.30 x 0.23 = 6.969 -> 6.97 = 2.33 + 2.32 + 2.32. Line 1 to 0: 20.20 x 0.23 = 4.646 -> 4.65, so the rate loses
    # 2.32, line 1 its 2.33: one grosz of tax moves to line 2, which keeps its net.
    document = issued(line(1, "10.10 2.33"), line(2, "10.10 2.32"), line(3, "10.10 2.32"))
    first = _one(document, credit(1, "10.10"))
    assert rows(first) == [(1, "10.10 2.33", "0.00 0.00", "-10.10 -2.33"), (2, "10.10 2.32", "10.10 2.33", "0.00 0.01")]
    assert text(first.difference) == "-10.10 -2.32"
    # line 3 to 0: 10.10 x 0.23 = 2.323 -> 2.32, so the rate loses 2.33, line 3 its 2.32, line 2 the grosz again
    document = document.with_correction(first, number="FK/1")
    second = _one(document, credit(3, "10.10"))
    assert rows(second) == [
        (2, "10.10 2.33", "10.10 2.32", "0.00 -0.01"),
        (3, "10.10 2.32", "0.00 0.00", "-10.10 -2.32"),
    ]
    last = correcting.to_zero(document=document.with_correction(second, number="FK/2"))
    assert rows(last) == [(2, "10.10 2.32", "0.00 0.00", "-10.10 -2.32")]


def test_a_document_computed_line_by_line_is_corrected_line_by_line():
    # 10.10 x 0.23 = 2.323 -> 2.32 on each line; after 5.05: 1.1615 -> 1.16
    document = issued(line(1, "10.10 2.32"), line(2, "10.10 2.32"), line(3, "10.10 2.32"), by_line=True)
    assert rows(_one(document, credit(2, "5.05"))) == [(2, "10.10 2.32", "5.05 1.16", "-5.05 -1.16")]


def test_the_documents_own_rounding_of_the_tax_holds():
    # 66.67 x 0.23 = 15.3341: up gives 15.34, down 15.33
    up = issued(line(1, "100.00 23.00"), by_line=True, mode="up")
    assert rows(_one(up, credit(1, "33.33"))) == [(1, "100.00 23.00", "66.67 15.34", "-33.33 -7.66")]


def test_gross_prices_keep_their_gross():
    # 123.00 gross; 41.00 less: 82.00 x 23/123 = 15.3333 -> 15.33, net 66.67
    document = issued(line(1, "100.00 23.00"), prices="gross")
    assert rows(_one(document, credit(1, "41.00", prices="gross"))) == [
        (1, "100.00 23.00", "66.67 15.33", "-33.33 -7.67")
    ]
    # 10.00 gross each: 20.00 x 23/123 = 3.7398 -> 3.74 = 1.87 + 1.87; 0.99 less of line 1: 19.01 x 23/123 = 3.5547
    # -> 3.55: line 1 9.01 x 23/123 = 1.6848, line 2 keeps 1.87, so line 1 has 1.68
    two = issued(line(1, "8.13 1.87"), line(2, "8.13 1.87"), prices="gross")
    assert rows(_one(two, credit(1, "0.99", prices="gross"))) == [(1, "8.13 1.87", "7.33 1.68", "-0.80 -0.19")]


def test_a_credit_in_other_prices_counts_by_the_proportion_of_its_line():
    # 61.50 of 123.00 gross is half, so 50.00 of 100.00 net
    document = issued(line(1, "100.00 23.00"))
    assert rows(_one(document, credit(1, "61.50", prices="gross"))) == [
        (1, "100.00 23.00", "50.00 11.50", "-50.00 -11.50")
    ]
    # the whole gross is the whole net, also where the tax carries a grosz of its rate (10.10 + 2.33 of 6.97)
    three = issued(line(1, "10.10 2.33"), line(2, "10.10 2.32"), line(3, "10.10 2.32"))
    assert rows(_one(three, credit(1, "12.43", prices="gross")))[0] == (1, "10.10 2.33", "0.00 0.00", "-10.10 -2.33")
    gross = issued(line(1, "100.00 23.00"), prices="gross")
    assert text(_one(gross, credit(1, "50.00")).after) == "50.00 11.50"


def test_the_rate_of_the_original_line_counts():
    # invoiced at 22 %, corrected long after the rate became 23 %: 50.00 x 0.22 = 11.00
    document = issued(line(1, "100.00 22.00", percent="22"))
    found = _one(document, credit(1, "50.00"))
    assert rows(found) == [(1, "100.00 22.00", "50.00 11.00", "-50.00 -11.00")]
    assert found.rates[0].vat_percent == Fraction(22)


def test_rates_are_corrected_apart_and_summed_apart():
    # 23 %: 100 -> 90, 20.70; 8 %: 50 -> 25, 2.00; reverse charge: 30 -> 10, no tax
    document = issued(
        line(1, "50.00 4.00", percent="8", code="reduced"),
        line(2, "100.00 23.00"),
        line(3, "30.00 0.00", percent="0", code="reverse_charge"),
        line(4, "7.00 1.61"),
    )
    found = _one(document, credit(3, "20.00"), credit(2, "10.00"), credit(1, "25.00"))
    assert rows(found) == [
        (1, "50.00 4.00", "25.00 2.00", "-25.00 -2.00"),
        (2, "100.00 23.00", "90.00 20.70", "-10.00 -2.30"),
        (3, "30.00 0.00", "10.00 0.00", "-20.00 0.00"),
    ]
    assert [(each.vat_code, text(each.before), text(each.after), text(each.difference)) for each in found.rates] == [
        ("standard", "100.00 23.00", "90.00 20.70", "-10.00 -2.30"),
        ("reduced", "50.00 4.00", "25.00 2.00", "-25.00 -2.00"),
        ("reverse_charge", "30.00 0.00", "10.00 0.00", "-20.00 0.00"),
    ]


def test_several_credits_of_one_line_add_up_and_their_times_join():
    early, late = (date(2026, 6, 5), date(2026, 6, 10)), (date(2026, 6, 20), date(2026, 7, 1))
    found = _one(issued(line(1, "100.00 23.00")), credit(1, "10.00", span=late), credit(1, "20.00", span=early))
    assert rows(found) == [(1, "100.00 23.00", "70.00 16.10", "-30.00 -6.90")]
    assert found.lines[0].span == (date(2026, 6, 5), date(2026, 7, 1))


def test_a_line_without_time_has_none_and_a_credit_without_time_is_for_all_of_it():
    setup = line(2, "10.00 2.30", component="setup", span=None)
    found = _one(issued(line(1, "100.00 23.00"), setup), credit(1, "1.00"), credit(2, "1.00"))
    assert [each.span for each in found.lines] == [(date(2026, 6, 1), date(2026, 7, 1)), None]


def test_every_document_of_the_credit_gets_its_correction():
    first = issued(line(1, "100.00 23.00"))
    second = issued(line(1, "40.00 9.20"), number="FV/2", on="2026-06-11")
    found = correcting.correct(
        documents=[second, first], credits=[credit(1, "10.00"), credit(1, "40.00", document="FV/2")], reason="decrease"
    )
    assert [(each.corrects, text(each.difference)) for each in found] == [
        ("FV/2", "-40.00 -9.20"), ("FV/1", "-10.00 -2.30"),
    ]  # fmt: skip


def test_an_undone_change_is_corrected_to_zero_with_its_set_up_fee():
    document = issued(
        line(1, "66.00 15.18"), line(2, "10.00 2.30", component="setup"), line(3, "-5.00 -1.15", component="plan")
    )
    found = correcting.to_zero(document=document)
    assert rows(found) == [
        (1, "66.00 15.18", "0.00 0.00", "-66.00 -15.18"),
        (2, "10.00 2.30", "0.00 0.00", "-10.00 -2.30"),
        (3, "-5.00 -1.15", "0.00 0.00", "5.00 1.15"),
    ]
    assert (found.reason, found.given_back) == ("change_undone", Money.of("87.33", "PLN"))
    with pytest.raises(Refused) as refused:
        correcting.to_zero(document=document.with_correction(found, number="FK/1"))
    assert _reasons(refused) == [("nothing_to_correct", "['FV/1']")]


def test_to_zero_takes_what_earlier_corrections_left():
    document = issued(line(1, "66.00 15.18"), line(2, "10.00 2.30", component="setup"))
    document = document.with_correction(_one(document, credit(1, "66.00")), number="FK/1")
    assert rows(correcting.to_zero(document=document)) == [(2, "10.00 2.30", "0.00 0.00", "-10.00 -2.30")]


def test_a_counter_correction_restores_to_the_grosz():
    document = issued(line(1, "10.10 2.33"), line(2, "10.10 2.32"), line(3, "10.10 2.32"))
    half = (date(2026, 6, 16), date(2026, 7, 1))
    first = _one(document, credit(1, "10.10", span=half))
    corrected = document.with_correction(first, number="FK/1")
    back = correcting.undo(document=corrected, number="FK/1")
    assert rows(back) == [(1, "0.00 0.00", "10.10 2.33", "10.10 2.33"), (2, "10.10 2.33", "10.10 2.32", "0.00 -0.01")]
    assert [each.difference for each in back.lines] == [-each.difference for each in first.lines]
    assert (back.direction, back.undoes, back.reason) == ("increase", "FK/1", "correction_undone")
    assert back.lines[0].span == half
    restored = corrected.with_correction(back, number="FK/2")
    assert restored.now == document.now
    with pytest.raises(Refused) as refused:
        correcting.undo(document=restored, number="FK/1")
    assert _reasons(refused) == [("correction_undone_already", "FK/1")]


def test_a_document_from_elsewhere_gets_back_the_tax_that_it_had():
    # 100.00 documented with 23.01 (wrong by one): to 50.00 the tax is right, 11.50; undone it is 23.01 again
    document = issued(line(1, "100.00 23.01"))
    first = _one(document, credit(1, "50.00"))
    assert rows(first) == [(1, "100.00 23.01", "50.00 11.50", "-50.00 -11.51")]
    back = correcting.undo(document=document.with_correction(first, number="FK/1"), number="FK/1")
    assert rows(back) == [(1, "50.00 11.50", "100.00 23.01", "50.00 11.51")]


def test_the_tax_of_a_document_from_elsewhere_is_put_right_on_the_corrected_line():
    # 200.00 x 0.23 = 46.00, documented 46.05; line 1 to 50.00: 150.00 x 0.23 = 34.50. Line 1 exactly 11.50, line 2
    # gives one grosz of its 23.05, line 1 the other four: 11.46 + 23.04
    document = issued(line(1, "100.00 23.00"), line(2, "100.00 23.05"))
    assert rows(_one(document, credit(1, "50.00"))) == [
        (1, "100.00 23.00", "50.00 11.46", "-50.00 -11.54"), (2, "100.00 23.05", "100.00 23.04", "0.00 -0.01"),
    ]  # fmt: skip


def test_a_correction_is_undone_though_another_followed():
    # 1.00: -0.52 (0.48, 0.11), then -0.24 (0.24, 0.06); the first undone: 0.76 x 0.23 = 0.1748 -> 0.17
    document = issued(line(1, "1.00 0.23"))
    for number, amount in (("FK/1", "0.52"), ("FK/2", "0.24")):
        document = document.with_correction(_one(document, credit(1, amount)), number=number)
    back = correcting.undo(document=document, number="FK/1")
    assert rows(back) == [(1, "0.24 0.06", "0.76 0.17", "0.52 0.11")]
    document = document.with_correction(back, number="FK/3")
    assert document.with_correction(correcting.undo(document=document, number="FK/2"), number="FK/4").now == {
        1: taxed("1.00 0.23")
    }
    # and the counter-correction itself: the first correction holds again
    again = correcting.undo(document=document, number="FK/3")
    assert rows(again) == [(1, "0.76 0.17", "0.24 0.06", "-0.52 -0.11")]


def test_a_counter_correction_cannot_be_undone_where_nothing_is_left_to_take():
    document = issued(line(1, "100.00 23.00"))
    document = document.with_correction(_one(document, credit(1, "60.00")), number="FK/1")
    document = document.with_correction(correcting.undo(document=document, number="FK/1"), number="FK/2")
    document = document.with_correction(_one(document, credit(1, "70.00")), number="FK/3")  # 30.00 is left
    with pytest.raises(Refused) as refused:
        correcting.undo(document=document, number="FK/2")
    # 60.00 + 13.80 asked, 30.00 + 6.90 there
    assert _reasons(refused) == [("correction_beyond_paid", "FV/1", "1", "73.80 PLN", "36.90 PLN")]


def test_undoing_a_counter_correction_gives_back_no_more_than_was_paid():
    # 61.50 of 123.00 paid: 50.00 + 11.50 back, restored, 10.00 + 2.30 back: 49.20 are left, 61.50 asked
    document = issued(line(1, "100.00 23.00", paid="61.50"))
    document = document.with_correction(_one(document, credit(1, "50.00")), number="FK/1")
    document = document.with_correction(correcting.undo(document=document, number="FK/1"), number="FK/2")
    document = document.with_correction(_one(document, credit(1, "10.00")), number="FK/3")
    with pytest.raises(Refused) as refused:
        correcting.undo(document=document, number="FK/2")
    assert _reasons(refused) == [("correction_beyond_paid", "FV/1", "1", "61.50 PLN", "49.20 PLN")]


def test_a_line_below_zero_never_ends_above_it():
    document = issued(line(1, "-5.00 -1.15"))
    document = document.with_correction(correcting.to_zero(document=document), number="FK/1")
    document = document.with_correction(correcting.undo(document=document, number="FK/1"), number="FK/2")
    document = document.with_correction(correcting.to_zero(document=document), number="FK/3")
    with pytest.raises(Refused) as refused:
        correcting.undo(document=document, number="FK/2")  # 0.00 + 6.15
    assert _reasons(refused) == [("correction_beyond_paid", "FV/1", "1", "-6.15 PLN", "0.00 PLN")]


# Documented lines, their bases after (None: stays), and their tax after: 23 % per rate.
SHARED = [
    # 0 + 20.26 x 0.23 = 4.6598 -> 4.66; 2.32 + 2.33 stay, one is over: 10.16 lacks 0.0068 of its own, 10.10 only 0.0030
    (["10.10 2.33", "10.10 2.32", "10.16 2.33"], ["0", None, None], ["0.00", "2.32", "2.34"]),
    # 2.34 + 2.33 stay, one is too many: 10.10 has 0.0070 more than its own, 10.16 only 0.0032
    (["10.10 2.33", "10.16 2.34", "10.10 2.33"], ["0", None, None], ["0.00", "2.34", "2.32"]),
    # 20.16 x 0.23 = 4.6368 -> 4.64; 2.32 + 2.31, the one over to 10.06 x 0.23 = 2.3138, not to 10.10 x 0.23 = 2.3230
    (["20.00 4.60", "20.00 4.60"], ["10.10", "10.06"], ["2.32", "2.32"]),
    # from elsewhere: a line of base 0 with tax loses it, and gets none; 10.10 x 0.23 = 2.3230 -> 2.32
    (["0.00 0.05", "20.00 4.60"], [None, "10.10"], ["0.00", "2.32"]),
    # from elsewhere: 10.00 x 0.23 = 2.30, documented 2.20: one to the line that stays, the other nine as well
    (["0.00 0.00", "10.00 2.20", "5.00 1.15"], [None, None, "0"], ["0.00", "2.30", "0.00"]),
]


@pytest.mark.parametrize(("before", "bases", "taxes"), SHARED)
def test_the_tax_of_a_rate_is_shared_with_as_few_changes_as_possible(before, bases, taxes):
    found = correction_tax.after(
        before=[taxed(each) for each in before],
        bases=[Money.of(each, "PLN") if each is not None else None for each in bases],
        rate=Fraction(23, 100),
        method=correction_tax.PER_RATE_FROM_NET,
    )
    assert [each.tax.text for each in found] == taxes


def test_line_by_line_a_line_that_stays_keeps_the_tax_that_it_was_issued_with():
    # line 2 was documented elsewhere with 2.35 instead of 2.32
    document = issued(line(1, "10.10 2.32"), line(2, "10.10 2.35"), by_line=True)
    assert rows(_one(document, credit(1, "5.05"))) == [(1, "10.10 2.32", "5.05 1.16", "-5.05 -1.16")]


def test_a_lowered_price_is_corrected_on_the_set_up_fee_alone():
    document = issued(line(1, "49.05 10.79", percent="22"), line(2, "10.00 2.20", percent="22", component="setup"))
    (found,) = correcting.correct(documents=[document], credits=[credit(2, "10.00")], reason="price_lowered")
    # 59.05 x 0.22 = 12.991 -> 12.99; 49.05 x 0.22 = 10.791 -> 10.79
    assert rows(found) == [(2, "10.00 2.20", "0.00 0.00", "-10.00 -2.20")]


# Never more than was paid for the line less its earlier corrections.
BEYOND = [
    # documented and paid 100.00 + 23.00
    ("", ["100.01"], ("100.01 PLN", "100.00 PLN")),
    ("", ["60.00", "40.01"], ("40.01 PLN", "40.00 PLN")),
    # of 123.00 only 61.50 paid: 50.01 would give back 123.00 - (49.99 + 11.50) = 61.51
    ("61.50", ["50.01"], ("61.51 PLN", "61.50 PLN")),
    # 40.00 + 9.20 given back leaves 12.30 of the 61.50: 10.01 would give back 73.80 - (49.99 + 11.50) = 12.31
    ("61.50", ["40.00", "10.01"], ("12.31 PLN", "12.30 PLN")),
]


@pytest.mark.parametrize(("paid", "amounts", "told"), BEYOND)
def test_nothing_beyond_what_was_paid_for_the_line(paid, amounts, told):
    document = issued(line(1, "100.00 23.00", paid=paid), line(2, "500.00 115.00"))
    for number, amount in enumerate(amounts[:-1]):
        document = document.with_correction(_one(document, credit(1, amount)), number=f"FK/{number}")
    with pytest.raises(Refused) as refused:
        _one(document, credit(1, amounts[-1]))
    assert _reasons(refused) == [("correction_beyond_paid", "FV/1", "1", *told)]


@pytest.mark.parametrize(("paid", "amount"), [("61.50", "50.00"), ("", "100.00")])
def test_all_that_was_paid_can_be_given_back(paid, amount):
    document = issued(line(1, "100.00 23.00", paid=paid))
    assert _one(document, credit(1, amount)).given_back == Money.of(paid or "123.00", "PLN")


def test_lines_that_were_not_paid_cannot_be_given_back_to_zero():
    document = issued(line(1, "100.00 23.00", paid="61.50"), line(2, "10.00 2.30"))
    with pytest.raises(Refused) as refused:
        correcting.to_zero(document=document)
    assert _reasons(refused) == [("correction_beyond_paid", "FV/1", "1", "123.00 PLN", "61.50 PLN")]


def test_a_line_below_zero_gives_nothing_back():
    with pytest.raises(Refused) as refused:
        _one(issued(line(1, "-5.00 -1.15")), credit(1, "1.00"))
    assert _reasons(refused) == [("correction_beyond_paid", "FV/1", "1", "1.00 PLN", "0.00 PLN")]


def test_every_reason_is_told_at_once():
    document = issued(line(1, "100.00 23.00"), line(2, "10.00 2.30", component="setup", span=None))
    july, june = date(2026, 7, 1), date(2026, 6, 1)
    wrong = [
        credit(1, "1.00", document="FV/9"),
        credit(7, "1.00"),
        credit(1, "1.00", currency="EUR"),
        credit(1, "0.00"),
        credit(1, "-1.00"),
        credit(1, "0.001"),
        credit(1, "1.00", span=(june, date(2026, 7, 2))),
        credit(1, "1.00", span=(date(2026, 5, 31), july)),
        credit(1, "1.00", span=(july, june)),
        credit(1, "1.00", span=(june, june)),
        credit(2, "1.00", span=(june, july)),
        credit(1, "200.00"),
    ]
    with pytest.raises(Refused) as refused:
        correcting.correct(documents=[document], credits=wrong, reason="decrease")
    assert _reasons(refused) == [
        ("correction_of_unknown_line", "FV/9", "1"),
        ("correction_of_unknown_line", "FV/1", "7"),
        ("correction_currency_differs", "FV/1", "1", "PLN", "1.00 EUR"),
        ("correction_amount_wrong", "FV/1", "1", "0.00 PLN"),
        ("correction_amount_wrong", "FV/1", "1", "-1.00 PLN"),
        ("correction_amount_wrong", "FV/1", "1", "0.001 PLN"),
        ("correction_outside_its_time", "FV/1", "1", "2026-06-01", "2026-07-02"),
        ("correction_outside_its_time", "FV/1", "1", "2026-05-31", "2026-07-01"),
        ("correction_outside_its_time", "FV/1", "1", "2026-07-01", "2026-06-01"),
        ("correction_outside_its_time", "FV/1", "1", "2026-06-01", "2026-06-01"),
        ("correction_outside_its_time", "FV/1", "2", "2026-06-01", "2026-07-01"),
        ("correction_beyond_paid", "FV/1", "1", "200.00 PLN", "100.00 PLN"),
    ]


def test_without_a_credit_there_is_nothing_to_correct():
    with pytest.raises(Refused) as refused:
        correcting.correct(documents=[issued(line(1, "1.00 0.23"))], credits=[], reason="decrease")
    assert _reasons(refused) == [("nothing_to_correct", "['FV/1']")]


def test_an_unknown_correction_cannot_be_undone():
    with pytest.raises(Refused) as refused:
        correcting.undo(document=issued(line(1, "1.00 0.23")), number="FK/9")
    assert _reasons(refused) == [("correction_unknown", "FK/9", "FV/1")]


def test_the_method_follows_the_sellers_prices_and_the_policy():
    assert correction_tax.Method.of_policy(prices="gross", place="per_rate", mode="down") == correction_tax.Method(
        prices="gross", by_line=False, mode="down"
    )
    assert [
        correction_tax.Method.of_policy(prices="net", place=place, mode="half_up").by_line
        for place in ("per_rate", "per_line", "on_gross", "credits_on_gross")
    ] == [False, True, True, True]


def test_currencies_without_minor_units():
    # JPY 1000 + 10 % = 1100; 333 less: 667 x 0.1 = 66.7 -> 67
    document = issued(line(1, "1000 100", percent="10", currency="JPY"))
    (found,) = correcting.correct(documents=[document], credits=[credit(1, "333", currency="JPY")], reason="decrease")
    assert rows(found) == [(1, "1000 100", "667 67", "-333 -33")]
