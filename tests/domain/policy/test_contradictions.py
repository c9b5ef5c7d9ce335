"""Answers that cannot hold together are errors, each with its place and a sentence; one step away they are accepted."""

import pytest

from planshift.domain.policy import dimensions
from tests.domain.policy.files import findings, line

DOWN = '[[case]]\nwhen = { direction = "down" }\n%s\n[[case]]\n'
OF = '[[case]]\nwhen = { operation = "%s" }\nkind = "easy"\nreason.en = "x"\n%s\n[[case]]\n'
CHOOSES = 'settlement = { answer = "client_chooses", options = ["%s", "%s"] }\n'

# (what contradicts, key where it is reported, part of the sentence, the same without the contradiction)
CLASHES = [
    (
        'timing = "after_acceptance"',
        "timing",
        "waits for an acceptance",
        'acceptance = "by_reply"\ndecrease = "settled"\n' + DOWN % 'timing = "after_acceptance"',
    ),
    (
        'timing = "after_acceptance"\nacceptance = "by_reply"\ndecrease = "settled"',
        "timing",
        "only a decrease leaves",
        'acceptance = "by_reply"\ndecrease = "settled"\n' + DOWN % 'timing = "after_acceptance"',
    ),
    (
        'acceptance = "by_reply"\n' + DOWN % 'timing = "after_acceptance"',
        "case[1].timing",
        "nothing is given back",
        'acceptance = "by_reply"\n' + DOWN % 'timing = "after_acceptance"\ndecrease = "settled"',
    ),
    (
        'acceptance = "by_reply"\ndecrease = "settled"\nperiod_change = "missing_months"\n'
        + DOWN % 'timing = "after_acceptance"',
        "case[1].timing",
        "a change of the billing period is paid for",
        'acceptance = "by_reply"\ndecrease = "settled"\nperiod_change = "missing_months"\n'
        + '[[case]]\nwhen = { operation = "period" }\nkind = "easy"\nreason.en = "Only the period."\n'
        + DOWN % 'timing = "after_acceptance"',
    ),
    (
        'decrease = "settled"\nacceptance = { answer = "by_reply", days = 3, reminders = [3] }\n'
        + DOWN % 'timing = "after_acceptance"',
        "acceptance",
        "reminder on day 3",
        'decrease = "settled"\nacceptance = { answer = "by_reply", days = 4, reminders = [3] }\n'
        + DOWN % 'timing = "after_acceptance"',
    ),
    (
        'promise = { answer = "business_days", least = 6, most = 5 }',
        "promise",
        "cannot both hold",
        'promise = { answer = "business_days", least = 5, most = 5 }',
    ),
    (
        'collection = "from_deposit"',
        "collection",
        "there is none",
        'collection = "from_deposit"\ndeposit = "refundable"',
    ),
    ('credit_to = "deposit"', "credit_to", "there is none", 'credit_to = "deposit"\ndeposit = "refundable"'),
    (
        'metering = { answer = "hourly", floor = "10" }',
        "metering",
        "without an order",
        'metering = { answer = "hourly", floor = "10" }\ntiming = "at_once"',
    ),
    (
        'timing = "at_once"',
        "timing",
        "only where nothing is to be paid now",
        'timing = "at_once"\nsettlement = "billed_later"',
    ),
    (
        'settlement = "full_new_price"\nunused_value = "nothing"',
        "unused_value",
        "nothing unused is credited",
        'settlement = "new_term_less_credit"\nunused_value = "nothing"',
    ),
    (
        'settlement = "new_price_remaining"\ncredit_share = { answer = "percent", percent = 50 }',
        "credit_share",
        "nothing unused is credited",
        'settlement = "credit_and_charge"\ncredit_share = { answer = "percent", percent = 50 }',
    ),
    (
        OF % ("plan", 'period_change = "settled"'),
        "case[1].period_change",
        "asked only when the billing period changes",
        OF % ("period", 'period_change = "settled"'),
    ),
    (
        OF % ("plan", 'mixed_resources = "apart"'),
        "case[1].mixed_resources",
        "asked only when resources change",
        OF % ("resources", 'mixed_resources = "apart"'),
    ),
    (
        CHOOSES % ("difference", "move_expiry") + 'term_end = "bill_day"',
        "settlement",
        "“move_expiry” sets the end of the term itself",
        CHOOSES % ("difference", "full_difference") + 'term_end = "bill_day"',
    ),
    (
        CHOOSES % ("difference", "nothing") + 'minimum_charge = { answer = "at_least", amount = "10" }',
        "settlement",
        "a minimum charge would have no effect",
        CHOOSES % ("difference", "full_difference") + 'minimum_charge = { answer = "at_least", amount = "10" }',
    ),
    (
        CHOOSES % ("move_expiry", "nothing") + 'credit_to = "refund"',
        "settlement",
        "“credit_to” would have no effect",
        CHOOSES % ("move_expiry", "credit_and_charge") + 'credit_to = "refund"',
    ),
    (
        'notices = "decrease_after_acceptance"',
        "notices",
        "does not ask for",
        'decrease = "settled"\nnotices = "decrease_after_acceptance"\nacceptance = "by_reply"\n'
        + DOWN % 'timing = "after_acceptance"',
    ),
    (
        'setup_fee = { answer = "always", amount = "5" }',
        "setup_fee",
        "an easy change has no set-up fee",
        'kind = "hard"\nsetup_fee = { answer = "always", amount = "5" }',
    ),
    (
        'settlement = "move_expiry"\ncredit_share = { answer = "percent", percent = 10 }',
        "settlement",
        "“credit_share” would have no effect",
        'settlement = "difference"\ncredit_share = { answer = "percent", percent = 10 }',
    ),
    (
        'settlement = "nothing"\nminimum_charge = { answer = "at_least", amount = "10" }',
        "settlement",
        "a minimum charge would have no effect",
        'minimum_charge = { answer = "at_least", amount = "10" }',
    ),
    (
        'settlement = "new_term_less_credit"\nterm_end = "bill_day"',
        "settlement",
        "sets the end of the term itself",
        'settlement = "credit_and_charge"\nterm_end = "bill_day"',
    ),
    (
        'settlement = "new_term_less_credit"\nnear_renewal = { answer = "next_period_too", under_days = 30 }',
        "settlement",
        "would sell it twice",
        'settlement = "credit_and_charge"\nnear_renewal = { answer = "next_period_too", under_days = 30 }',
    ),
    (
        'settlement = "new_term_and_refund"\nnegative_result = "floored"',
        "settlement",
        "a refund that counts as zero",
        'settlement = "new_term_and_refund"\nnegative_result = "up_to_new_term"',
    ),
    (
        'negative_result = "floored"\ncredit_to = "refund"',
        "credit_to",
        "nothing is left",
        'negative_result = "given_back"\ncredit_to = "refund"',
    ),
    (
        'unused_value = "nothing"\ncredit_share = { answer = "percent", percent = 10 }',
        "credit_share",
        "worth nothing",
        'credit_share = { answer = "percent", percent = 10 }',
    ),
    (
        'time_unit = "days"\ndenominator = "months_of_term"',
        "denominator",
        "cannot be divided by a number of months",
        'time_unit = "months"\ndenominator = "months_of_term"',
    ),
    (
        'time_unit = "months"\ndenominator = "average_month"',
        "denominator",
        "needs days or hours",
        'time_unit = "hours"\ndenominator = "average_month"',
    ),
    (
        'rounding = { answer = "net", decimals = 2, unit = 5 }',
        "rounding",
        "cannot both be given",
        'rounding = { answer = "net", unit = 5 }',
    ),
    (
        'near_renewal = { answer = "renewal_only" }',
        "near_renewal",
        "is missing",
        'near_renewal = { answer = "renewal_only", under_days = 30 }',
    ),
]


@pytest.mark.parametrize(("text", "key", "says", "_sound"), CLASHES)
def test_contradictions_between_answers(text, key, says, _sound):
    (found,) = findings(text + "\n")
    assert found.key == key
    assert says in found.message


@pytest.mark.parametrize(("_text", "_key", "_says", "sound"), CLASHES)
def test_one_step_away_there_is_no_contradiction(_text, _key, _says, sound):
    assert findings(sound + "\n") == ()


def test_a_contradiction_is_found_where_a_case_brings_it_in():
    text = '[[case]]\nwhen = { direction = "down" }\ntiming = "after_acceptance"\n[[case]]\n'
    found = findings(text)[0]
    assert (found.line, found.key) == (line(3), "case[1].timing")
    assert findings('acceptance = "by_reply"\ndecrease = "settled"\n' + text) == ()


def test_refused_changes_contradict_nothing():
    refused = '[[case]]\nwhen = { direction = "down" }\nkind = "refused"\nreason = "no"\ntiming = "after_acceptance"\n'
    assert findings(refused + "[[case]]\n") == ()


UNITS = tuple(dimensions.every()["time_unit"].answers)
# For every divisor, the units that it can divide; of the fixed ones with a number that fits these units.
DIVIDES = {
    "own_period": UNITS,
    "own_period_ending": UNITS,
    "months_of_term": ("months", "calendar_months", "started_calendar_months"),
    "average_month": ("days", "hours", "minutes", "seconds"),
    "calendar_month_of_change": ("days", "hours", "minutes", "seconds"),
    '{ answer = "fixed", units = 12 }': (*UNITS[:5], "hours"),  # no billing period has 12 minutes
    '{ answer = "fixed", units = 365 }': ("days", "days_30_360", "hours", "minutes"),
    '{ answer = "fixed", units = 2592000 }': ("minutes", "seconds"),
    '{ answer = "fixed_per_month", units = 1 }': ("months", "calendar_months", "started_calendar_months"),
    "fixed_per_month": ("days", "days_30_360"),
    '{ answer = "fixed_per_month", units = 31 }': ("days",),
    '{ answer = "fixed_per_month", units = 730 }': ("hours",),
    '{ answer = "fixed_per_month", units = 43200 }': ("minutes",),
    '{ answer = "fixed_per_month", units = 2592000 }': ("seconds",),
    '{ answer = "fixed_per_year", units = 12 }': ("months", "calendar_months", "started_calendar_months"),
    "fixed_per_year": ("days",),
    '{ answer = "fixed_per_year", units = 360 }': ("days", "days_30_360"),
    '{ answer = "fixed_per_year", units = 8760 }': ("hours",),
    '{ answer = "fixed_per_year", units = 525600 }': ("minutes",),
    '{ answer = "fixed_per_year", units = 31536000 }': ("seconds",),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("denominator", DIVIDES)
def test_every_unit_with_every_divisor(unit, denominator):
    written = denominator if denominator.startswith("{") else f'"{denominator}"'
    found = findings(f'time_unit = "{unit}"\ndenominator = {written}\n')
    assert (not found) == (unit in DIVIDES[denominator]), found


def test_every_divisor_is_in_the_table():
    named = {key.split('"')[1] if key.startswith("{") else key for key in DIVIDES}
    assert named == set(dimensions.every()["denominator"].answers)


# For every unit, the days of change that it cannot have.
NEVER = {
    "calendar_months": ("by_instant",),
    "started_calendar_months": ("by_instant",),
    "days_30_360": ("by_instant",),
    "hours": ("used", "both"),
    "minutes": ("used", "both"),
    "seconds": ("used", "both"),
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("day", dimensions.every()["change_day"].answers)
def test_every_unit_with_every_day_of_change(unit, day):
    assert bool(findings(f'time_unit = "{unit}"\nchange_day = "{day}"\n')) == (day in NEVER.get(unit, ()))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("partial", dimensions.every()["partial_unit"].answers)
def test_every_unit_with_every_rule_for_a_part_of_it(unit, partial):
    wrong = unit == "started_calendar_months" and partial != "exact"
    assert bool(findings(f'time_unit = "{unit}"\npartial_unit = "{partial}"\n')) == wrong
