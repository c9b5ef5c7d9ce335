"""Laws of corrections, over any chain of credits, counter-corrections and a last correction to zero."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planshift.domain import correcting, correction_tax, money, tax
from planshift.domain.correction_tax import Method
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed
from tests.domain.papers import credit, issued, line

# A busy machine is no failure of a law.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
RATES = st.sampled_from(
    [
        ("standard", "23"),
        ("standard", "22"),
        ("reduced", "8"),
        ("standard", "0"),
        ("reverse_charge", "0"),
        ("odd", "8.1"),
    ]
)
METHODS = st.builds(
    Method,
    prices=st.sampled_from(["net", "gross"]),
    by_line=st.booleans(),
    mode=st.sampled_from(["half_up", "half_even", "down", "up"]),
)
# A step: a credit of a line (by share of what it has left) or the undoing of an earlier correction.
STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 9), st.fractions(min_value=0, max_value=1)), min_size=1, max_size=8
)


@st.composite
def papers(draw, paid_in_full=True):
    """A document whose tax was computed by its own method, as an invoice's is."""
    method = draw(METHODS)
    amounts = draw(st.lists(st.tuples(st.integers(1, 20_000), RATES), min_size=1, max_size=6))
    found = [None] * len(amounts)
    for of in dict.fromkeys(rate for _, rate in amounts):
        members = [at for at, (_, rate) in enumerate(amounts) if rate == of]
        given_amounts = [(Money.from_minor(amounts[at][0], "PLN"), Fraction(of[1]) / 100) for at in members]
        made = tax.per_rate(given_amounts, prices=method.prices, mode=method.mode, by_line=method.by_line)
        for at, amount in zip(members, made, strict=True):
            paid = "" if paid_in_full else amount.gross.split([draw(st.integers(0, 3)), 1])[1].text
            found[at] = line(at + 1, f"{amount.net.text} {amount.tax.text}", code=of[0], percent=of[1], paid=paid)
    return issued(*found, prices=method.prices, by_line=method.by_line, mode=method.mode)


def chains(document, steps):
    """The chain step by step: (before, correction, after); steps that are refused are left out."""
    for number, (undoing, which, share) in enumerate(steps):
        try:
            if undoing and document.corrections:
                undone = document.corrections[which % len(document.corrections)].number
                made = correcting.undo(document=document, number=undone)
            else:
                at = document.lines[which % len(document.lines)].position
                amount = (document.method.base(document.now[at]) * share).rounded("up")
                wanted = credit(at, amount.text, prices=document.method.prices)
                (made,) = correcting.correct(documents=[document], credits=[wanted], reason="decrease")
        except Refused:
            continue
        after = document.with_correction(made, number=f"FK/{number}")
        yield document, made, after
        document = after


def end_of(document, steps):
    """The document after the whole chain."""
    every = [after for _, _, after in chains(document, steps)]
    return every[-1] if every else document


@patient
@given(papers(), STEPS)
def test_what_stood_after_one_correction_stands_before_the_next(document, steps):
    stands = {each.position: each.line.amount for each in document.lines}
    for _, made, _ in chains(document, steps):
        for each in made.lines:
            assert each.before == stands[each.position]
            assert each.before + each.difference == each.after
            stands[each.position] = each.after


@patient
@given(papers(), STEPS)
def test_lines_rates_and_totals_sum_alike(document, steps):
    for before, made, after in chains(document, steps):
        for column in ("before", "after", "difference"):
            lines = Taxed.total((getattr(each, column) for each in made.lines), currency="PLN")
            rates = Taxed.total((getattr(each, column) for each in made.rates), currency="PLN")
            assert getattr(made, column) == lines == rates
        was, now = (Taxed.total(each.now.values(), currency="PLN") for each in (before, after))
        assert now - was == made.difference
        assert made.given_back == was.gross - now.gross


@patient
@given(papers(), STEPS)
def test_the_tax_documented_is_always_that_of_the_base_that_is_left(document, steps):
    method = document.method
    for _, _, after in chains(document, steps):
        of: dict[tuple[str, Fraction], list[Taxed]] = {}
        for each in after.lines:
            of.setdefault((each.line.vat_code, each.line.vat_percent), []).append(after.now[each.position])
        for (_, percent), amounts in of.items():
            share = method.share(percent / 100)
            for group in [[each] for each in amounts] if method.by_line else [amounts]:
                base = sum((method.base(each).minor for each in group), 0)
                assert sum(each.tax.minor for each in group) == money.round_units(base * share, method.mode)
            for each in amounts:  # and of no line is it farther from its own than the smallest unit
                assert abs(each.tax.minor - method.base(each).minor * share) < 1


@patient
@given(papers(), STEPS)
def test_only_the_credited_line_changes_its_base(document, steps):
    base = document.method.base
    for _, made, _ in chains(document, steps):
        if not made.undoes:
            moved = [each for each in made.lines if base(each.difference)]
            assert len(moved) == 1
            assert all(abs(each.difference.tax.minor) <= 1 for each in made.lines if each not in moved)


@patient
@given(papers(paid_in_full=False), STEPS)
def test_all_corrections_of_a_line_never_give_back_more_than_was_paid_for_it(document, steps):
    paid = {each.position: each.paid for each in document.lines}
    for _, _, after in chains(document, steps):
        for each in after.lines:
            returned = -sum(
                (one.differences.get(each.position, Taxed.zero("PLN")).gross.minor for one in after.corrections), 0
            )
            assert returned <= paid[each.position].minor
            assert after.now[each.position].gross.minor >= 0
            assert after.now[each.position].net.minor >= 0
            assert after.now[each.position].tax.minor >= 0


@patient
@given(papers(), STEPS)
def test_after_the_correction_to_zero_nothing_is_left_and_all_that_was_paid_is_back(document, steps):
    end = end_of(document, steps)
    if any(each != Taxed.zero("PLN") for each in end.now.values()):
        end = end.with_correction(correcting.to_zero(document=end), number="FK/last")
    assert set(end.now.values()) == {Taxed.zero("PLN")}
    paid = sum(each.paid.minor for each in document.lines)
    assert -sum(one.gross.minor for each in end.corrections for one in each.differences.values()) == paid


@patient
@given(papers(), STEPS)
def test_a_counter_correction_negates_every_line_and_restores_the_state(document, steps):
    for before, made, after in chains(document, steps):
        back = correcting.undo(document=after, number=after.corrections[-1].number)
        assert {each.position: each.difference for each in back.lines} == {
            each.position: -each.difference for each in made.lines
        }
        assert after.with_correction(back, number="FK/back").now == before.now


@patient
@given(papers(), STEPS, st.randoms(use_true_random=False))
def test_all_corrections_undone_in_any_order_restore_the_original(document, steps, order):
    end = end_of(document, [(False, which, share) for _, which, share in steps])
    numbers = [each.number for each in end.corrections]
    order.shuffle(numbers)
    for number in numbers:
        end = end.with_correction(correcting.undo(document=end, number=number), number=f"{number}/back")
    assert end.now == document.now


@patient
@given(st.lists(st.tuples(st.integers(-3000, 3000), st.booleans(), st.integers(-3, 3)), min_size=1, max_size=5))
def test_documents_from_elsewhere_with_any_tax_are_put_right_by_their_first_correction(lines):
    # bases in grosze, whether the line is corrected (to half), and how far the documented tax is off
    rate = Fraction(23, 100)
    before = [
        Taxed(
            net := Money.from_minor(base, "PLN"), off := Money.from_minor(round(base * rate) + wrong, "PLN"), net + off
        )
        for base, _, wrong in lines
    ]
    bases = [Money.from_minor(base // 2, "PLN") if corrected else None for base, corrected, _ in lines]
    after = correction_tax.after(before=before, bases=bases, rate=rate, method=correction_tax.PER_RATE_FROM_NET)
    left = sum(each.net.minor for each in after)
    assert sum(each.tax.minor for each in after) == money.round_units(left * rate)
    assert [each.net for each in after] == [
        was.net if base is None else base for was, base in zip(before, bases, strict=True)
    ]
