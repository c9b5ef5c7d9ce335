"""What the checker says: line, key, what is allowed, the nearest word; all problems at once; never a stack trace."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planshift.domain import codes
from planshift.domain.policy import checker, dimensions
from tests.domain.policy.files import HEAD, findings, line, policy
from tests.domain.pricing import world

SHIPPED = (Path(__file__).parents[3] / "policies/deposit.toml").read_bytes()
REASON = 'reason = "because"\n'


def only(text, head=HEAD):
    (finding,) = findings(text, head)
    return finding


def test_the_smallest_policy_is_sound_and_has_an_answer_to_every_question():
    smallest = policy()
    assert set(smallest.base) == set(dimensions.every())
    assert smallest.code == "test"


def test_a_wrong_answer_names_line_key_what_is_allowed_and_the_nearest_word():
    found = only('timing = "after_paiment"\n')
    assert (found.line, found.key, found.nearest) == (line(1), "timing", "after_payment")
    assert found.allowed == tuple(dimensions.every()["timing"].answers)


def test_an_unknown_key_names_the_nearest_word():
    found = only('timming = "after_payment"\n')
    assert (found.line, found.key, found.nearest) == (line(1), "timming", "timing")


def test_an_unknown_parameter_inside_an_answer():
    found = only('promise = { answer = "business_days", most = 5,\n  leest = 1 }\n'.replace("\n  ", " "))
    assert (found.key, found.nearest) == ("promise.leest", "least")
    assert found.allowed == ("least", "most")


def test_a_missing_parameter_says_what_it_is():
    found = only('[promise]\nanswer = "business_days"\n')
    assert (found.line, found.key) == (line(1), "promise")
    assert found.message == "“most” is missing: the business days after which the work is late"
    assert found.allowed == ("a whole number from 0 to 250",)


def test_all_problems_at_once_in_the_order_of_lines():
    text = (
        'timing = "x"\npromise = 3\n[metering]\nanswer = "hourly"\nfloor = "ten"\n[[case]]\nwhen = { from = ["a"] }\n'
    )
    found = findings(text)
    assert [(each.line, each.key) for each in found] == [
        (line(1), "timing"),
        (line(2), "promise"),
        (line(5), "metering.floor"),
        (line(7), "case[1].when.from"),
    ]
    assert found[3].nearest in ("from_plan", "from_term")


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ('promise = { answer = "business_days", most = -1 }', "promise.most", "out of range"),
        ('promise = { answer = "business_days", most = 251 }', "promise.most", "from 0 to 250"),
        ('promise = { answer = "business_days", most = "5" }', "promise.most", "a whole number"),
        ('promise = { answer = "business_days", most = 5.0 }', "promise.most", "a whole number"),
        ('promise = { answer = "business_days", most = true }', "promise.most", "not true"),
        ('promise = { answer = "business_days", most = 2026-01-01 }', "promise.most", "a date"),
        ('metering = { answer = "hourly", floor = -10.00 }', "metering.floor", "out of range"),
        ('metering = { answer = "hourly", floor = "1e9" }', "metering.floor", "an amount"),
        ('metering = { answer = "hourly", floor = 1e999999999 }', "metering.floor", "an amount"),
        ('metering = { answer = "hourly", floor = inf }', "metering.floor", "an amount"),
        (
            'acceptance = { answer = "by_reply", reminders = ["a"] }',
            "acceptance.reminders",
            "a list of whole numbers from 1",
        ),
        ('renewal = { answer = "full_new_price", buyer = "befor" }', "renewal.buyer", "is no answer"),
        ('denominator = { answer = "fixed", units = 0 }', "denominator.units", "more than 0"),
        ("renewal = 7", "renewal", "takes the name of an answer"),
        ('notices = ["new_address", 3]', "notices[2]", "takes the name of an answer"),
        ("renewal = {}", "renewal", "“answer” is missing"),
    ],
)
def test_wrong_types_and_values_out_of_range(text, key, says):
    found = only(text + "\n")
    assert (found.line, found.key) == (line(1), key)
    assert says in found.message


def test_reserved_words_are_known_and_refused():
    for dimension in dimensions.every().values():
        for word in dimension.reserved:
            found = [each for each in findings(f'{dimension.name} = "{word}"\n') if each.key == dimension.name]
            assert "is not available in this version" in found[0].message, word


def test_an_amount_needs_a_currency():
    found = only(
        'metering = { answer = "hourly", floor = "10.00" }\ntiming = "at_once"\n', head=HEAD.split("currency")[0]
    )
    assert found.key == "metering.floor"
    assert "needs a currency" in found.message
    assert findings("", head='format = 1\npolicy = "test"\ncurrency = "euro"\n')[0].key == "currency"


def test_the_head_must_be_there_and_of_this_format():
    assert {each.message.split(":")[0] for each in findings("", head="")} == {
        "“format” is missing",
        "“policy” is missing",
    }
    assert findings("", head='format = 2\npolicy = "test"\n')[0].message == "this is out of range: it must be 1"


def test_the_last_case_must_hold_always():
    found = only(f'[[case]]\nkind = "hard"\n{REASON}when = {{ to_plan = ["gold"] }}\n')
    assert (found.line, found.key) == (line(1), "case[1]")
    assert "the last case must have no condition" in found.message


def test_a_case_after_an_unconditional_one_is_unreachable():
    found = only(f'[[case]]\nname = "all"\nkind = "hard"\n{REASON}[[case]]\nkind = "easy"\n{REASON}')
    assert (found.line, found.key) == (line(5), "case[2]")
    assert "can never apply: “all” above it" in found.message


def test_a_case_is_unreachable_when_earlier_ones_together_take_all_its_changes():
    text = "".join(
        f'[[case]]\nname = "{direction}"\nwhen = {{ direction = "{direction}" }}\n'
        for direction in ("up", "down", "sideways")
    )
    found = only(text + "[[case]]\n")
    assert found.message == "this case can never apply: “up” and “down” and “sideways” above it take all its changes"


def test_a_narrower_case_above_a_wider_one_is_reachable():
    text = '[[case]]\nwhen = { to_plan = ["gold"] }\n[[case]]\nwhen = { to_plan = ["gold", "silver"] }\n[[case]]\n'
    assert findings(text) == ()
    swapped = '[[case]]\nwhen = { to_plan = ["gold", "silver"] }\n[[case]]\nwhen = { to_plan = ["gold"] }\n[[case]]\n'
    assert only(swapped).key == "case[2]"


def test_a_case_that_decides_the_kind_says_why():
    assert "must say why" in only('[[case]]\nkind = "hard"\n').message


def test_a_condition_that_contradicts_itself():
    assert (
        "cannot be the same and differ"
        in only('[[case]]\nwhen = { same = "family", differ = "family" }\n[[case]]\n').message
    )


def test_a_case_named_twice():
    found = findings('[[case]]\nname = "a"\nwhen = { to_plan = "x" }\n[[case]]\nname = "a"\n')
    assert [each.key for each in found] == ["case[2].name"]


@pytest.mark.parametrize(
    ("data", "number", "says"),
    [
        (b"", 1, "“format” is missing"),
        (b"\x7fELF\x02\x01\x01\x00", 1, "no valid TOML"),
        (b"a = 1\n\xff\xfe\x00", 2, "no text in UTF-8"),
        (b"a = 1\nb = \na = 2", 2, "no valid TOML"),
        (b"a = 1\nb = 2\na = 2", 3, "cannot overwrite a value"),
        (b"[timing]\n[timing]\n", 2, "cannot declare"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, 1, "nested too deeply"),
        (b"a = " + b"{a=" * 3000 + b"1" + b"}" * 3000, 1, "nested too deeply"),
        (b"a = " + b"9" * 5000, 1, "too long"),
        (b"\n" + b"a." * 50_000 + b"b = 1", 2, "more than 300 dots"),
        (b"#" * 300_000, 1, "at most 262144"),
        (b"\xef\xbb\xbfformat = 1\r\npolicy = 'x'\r\ntiming = 'y'\r\n", 3, "is no answer"),
        (b"case = 1", 1, "write [[case]]"),
        (b"family = 1", 1, "[family.CODE]"),
        (b"terms = 1", 1, "must be a table"),
        (b"[family]\nvps = 1", 2, "[family.vps]"),
        (b"[[case]]\nwhen = 3", 2, "a condition is a table"),
    ],
)  # fmt: skip
def test_hostile_files_get_a_clear_answer(data, number, says):
    checked = checker.check(data)
    assert checked.policy is None
    assert (number, True) in [(each.line, says in each.message) for each in checked.findings], checked.findings


def test_no_text_of_a_finding_repeats_a_hostile_value_at_length():
    found = findings(f'timing = "{"x" * 10_000}"\n"{"y" * 10_000}" = 1\n')
    assert max(len(each.message) + len(each.key) for each in found) < 400


def test_the_largest_policy_that_is_allowed_is_checked_at_once():
    """100 families and 200 cases, each case to be compared with all above it."""
    families = "".join(f'[family.f{number}]\npromise = "without_delay"\n' for number in range(100))
    cases = "".join(f'[[case]]\nwhen = {{ to_plan = ["p{number}"] }}\n' for number in range(199))
    assert findings(families + cases + "[[case]]\n") == ()
    assert "at most 200" in only(cases * 2 + "[[case]]\n").message


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(SHIPPED)), st.integers(0, 60))
def test_no_bytes_whatever_end_in_a_stack_trace(noise, at, cut):
    """A shipped policy with a piece replaced by anything is sound, or told what is wrong with a line of it."""
    checked = checker.check(SHIPPED[:at] + noise + SHIPPED[at + cut :])
    assert (checked.policy is None) is bool(checked.findings)
    assert all(1 <= each.line <= SHIPPED.count(b"\n") + noise.count(b"\n") + 1 for each in checked.findings)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('minimum_charge = { answer = "at_least", amount = "1.005" }', "minimum_charge.amount"),
        ('change_fee = [{ answer = "flat", amount = "0.001" }]', "change_fee[1].amount"),
        ('total_rounding = { answer = "to_unit", unit = "0.005" }', "total_rounding.unit"),
        ('rounding = { answer = "net", unit = "0.015" }', "rounding.unit"),
        ('[family.vps]\nsetup_fee = { answer = "hard_only", amount = "9.999" }', "family.vps.setup_fee.amount"),
    ],
)
def test_an_amount_is_whole_minor_units_of_its_currency(text, key):
    (found,) = findings(text, HEAD.replace("EUR", "USD"))
    assert (found.key, found.message) == (key, "an amount in USD cannot be finer than 0.01: nobody could pay it")


def test_an_amount_of_a_currency_without_minor_units():
    text = 'minimum_charge = { answer = "at_least", amount = "%s" }'
    assert findings(text % "100", HEAD.replace("EUR", "JPY")) == ()
    (found,) = findings(text % "100.5", HEAD.replace("EUR", "JPY"))
    assert found.message == "an amount in JPY cannot be finer than 1: nobody could pay it"


def test_the_prices_that_a_policy_is_used_with_are_in_its_currency():
    assert checker.check(HEAD.encode(), catalog=world.catalog("easy-hard")).findings == ()
    (found,) = checker.check(HEAD.encode(), catalog=world.catalog("deposit")).findings
    message = "the amounts of this policy are in EUR, the prices of the catalog in PLN"
    assert (found.line, found.key, found.message) == (3, "currency", message)


def test_one_case_takes_and_two_take():
    one = '[[case]]\nname = "a"\n[[case]]\nname = "b"\n'
    assert "“a” above it takes all its changes" in findings(one)[0].message
    two = (
        '[[case]]\nname = "a"\nwhen = { direction = "up" }\n'
        '[[case]]\nname = "b"\nwhen = { direction = ["down", "sideways"] }\n'
    )
    assert "“a” and “b” above it take all its changes" in findings(two + '[[case]]\nname = "c"\n')[0].message


def test_a_currency_that_nobody_has_is_named_with_the_nearest():
    (found,) = checker.check(HEAD.replace('"EUR"', '"EUT"').encode()).findings
    assert (found.key, found.message) == ("currency", "there is no currency “EUT” (ISO 4217)")
    assert found.nearest is not None and codes.is_currency(found.nearest)


@pytest.mark.parametrize(
    ("name", "answer"), [("collection", "from_deposit"), ("account_credit", "renewals_only"), ("direction", "catalog")]
)
def test_what_is_asked_before_the_cases_is_refused_in_one_and_a_loaded_policy_stays_readable(name, answer):
    """An order is paid by the rules of the service: an answer in a case would never be heard."""
    answers = dimensions.every()[name].answers
    answer = answer if answer in answers else next(iter(answers))
    text = f'[deposit]\nanswer = "none"\n[[case]]\nname = "all"\n{name} = "{answer}"\n'
    found = [each for each in findings(text) if each.key.endswith(name)]
    assert [each.line for each in found] == [line(5)]
    assert "it is asked before the cases" in found[0].message and "[family.CODE]" in found[0].message
    assert checker.check((HEAD + text).encode(), loaded=True).policy is not None
