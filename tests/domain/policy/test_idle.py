"""What a policy says and no change could ever meet is an error, with its place; one step away it is accepted."""

import pytest

from planshift.domain.policy import loader
from tests.domain.policy.files import HEAD, findings

CASE = '[[case]]\nname = "a"\nreason = "r"\nwhen = { %s }\n%s\n[[case]]\nname = "b"\nreason = "r"\n'
EXAMPLE = '[[terms.examples]]\nfrom_plan = "a"\n%s\n'
DOWN = CASE % ('direction = "down"', 'timing = "after_acceptance"')
HOURLY = '[family.m]\ntiming = "at_once"\nsettlement = "nothing"\nmetering = { answer = "hourly", %s }\n'
GROSS = 'tax_rounding = "on_gross"\n'

STEPS = "{ up_to = 5, amount = 1 }, { up_to = %d, amount = 2 }"
FEES = 'change_fee = [{ answer = "by_number", of = "d", steps = [' + STEPS + "] }]"

# (what has no effect, key where it is reported, part of the sentence, the same with an effect)
IDLE = [
    (CASE % ('operation = "resources", differ = ["family"]', ""), "case[1].when", "no part of a change of resources",
     CASE % ('operation = "resources", differ = ["platform"]', "")),
    (CASE % ('operation = "period", resource = ["ip"]', ""), "case[1].when", "no part of a change of period",
     CASE % ('operation = "resources", resource = ["ip"]', "")),
    (CASE % ('operation = "resources", from_term = ["1 month"], to_term = ["1 year"]', ""), "case[1].when",
     "another billing period", CASE % ('operation = "resources", from_term = ["1 month"]', "")),
    (CASE % ('operation = "plan", from_plan = ["x"], to_plan = ["x"]', ""), "case[1].when", "ends elsewhere",
     CASE % ('operation = "plan", from_plan = ["x"], to_plan = ["x", "y"]', "")),
    ('decrease = "settled"\nacceptance = "by_reply"', "acceptance", "no change waits for this acceptance",
     'decrease = "settled"\nacceptance = "by_reply"\n' + DOWN),
    ('settlement = { answer = "client_chooses", options = ["difference"] }', "settlement", "at least two",
     'settlement = { answer = "client_chooses", options = ["difference", "full_difference"] }'),
    ('settlement = "full_difference"\ndenominator = "average_month"', "denominator", "no time is divided",
     'settlement = "full_difference"\ndenominator = "average_month"\n'
     + CASE % ('operation = "resources"', 'settlement = "difference"')),
    (CASE % ('direction = "down"', 'decrease = "at_renewal"\nnegative_result = "floored"'), "case[1].negative_result",
     "no money moves when", CASE % ('direction = "down"', 'decrease = "settled"\nnegative_result = "floored"')),
    (FEES % 5, "change_fee", "“up_to = 5” stands", FEES % 6),
    ('notices = ["backups", "backups"]', "notices", "stands here twice", 'notices = ["backups", "data_lost"]'),
    ('decrease = "settled"\nacceptance = { answer = "by_reply", reminders = [3, 3] }\n' + DOWN, "acceptance",
     "each once", 'decrease = "settled"\nacceptance = { answer = "by_reply", reminders = [3, 4] }\n' + DOWN),
    (HOURLY % 'floor = "10.00", warnings = [{ below = "5.00" }]', "family.m.metering", "blocked already",
     HOURLY % 'floor = "10.00", warnings = [{ below = "15.00" }]'),
    (EXAMPLE % 'used = "8 months"', "terms.examples[1]", "one change", EXAMPLE % 'to_plan = "b"\nused = "8 months"'),
    (EXAMPLE % 'to_plan = "b"\nused = "often"', "terms.examples[1]", "“used” must be a length",
     EXAMPLE % 'to_plan = "b"\nused = "10 days"'),
    (EXAMPLE % 'to_plan = "b"\nterm = "1 month"\nused = "8 months"', "terms.examples[1]", "less than “term”",
     EXAMPLE % 'to_plan = "b"\nterm = "1 month"\nused = "20 days"'),
    (EXAMPLE % 'to_plan = "a"\nused = "8 months"', "terms.examples[1]", "another plan",
     EXAMPLE % 'to_plan = "b"\nused = "8 months"'),
    (GROSS + 'total_rounding = { answer = "to_unit", unit = 5 }', "total_rounding", "to the cent",
     'total_rounding = { answer = "to_unit", unit = 5 }'),
    (GROSS + 'minimum_charge = { answer = "at_least", amount = 5 }', "minimum_charge", "to the cent",
     'minimum_charge = { answer = "at_least", amount = 5 }'),
    (GROSS + 'rounding = { answer = "each_line", unit = 5 }', "rounding", "no grid",
     GROSS + 'rounding = { answer = "each_line", mode = "down" }'),
]  # fmt: skip


@pytest.mark.parametrize(("idle", "key", "says", "sound"), IDLE, ids=[each[2] for each in IDLE])
def test_what_could_never_take_effect_is_an_error(idle, key, says, sound):
    found = [(each.key, each.message) for each in findings(idle)]
    assert [(at, message) for at, message in found if says in message] == found != []
    assert {at for at, _ in found} <= {key, "tax_rounding"}
    assert findings(sound) == ()


@pytest.mark.parametrize("idle", [each[0] for each in IDLE], ids=[each[2] for each in IDLE])
def test_a_revision_that_was_loaded_stays_in_force(idle):
    text = (HEAD + idle).encode()
    with pytest.raises(loader.BadPolicy):
        loader.load(text)
    assert loader.loaded(text).code == "test"
