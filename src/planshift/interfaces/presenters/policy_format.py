"""How is a policy file written? The manual of the format, made from the code that reads it (docs/policy-format.md)."""

import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

from planshift.domain.exact import Fraction
from planshift.domain.policy import checker, dimensions, reading, terms, values, vocabulary

_INTRODUCTION = """\
# The policy file

*Made from the code by `planshift policy format`. Do not edit.*

A policy file holds one provider's rules for changing a running service: what a change costs, who may make it and
when, what is given back, what happens to the old service. It is a [TOML](https://toml.io) file in UTF-8. It is data:
there are no formulas and no expressions. Each rule is a **question** (a dimension) with **named answers**; a policy
picks answers and gives their parameters. The same file gives the price, the steps of the work and the page for clients.

    planshift policy check my.toml             everything that is wrong, with line, key and the nearest valid word
    planshift policy check my.toml --catalog my-catalog.toml    … and whatever it names that the catalog does not sell
    planshift policy load my.toml --seller CODE                 put it in force: a new revision
    planshift quote --policy my.toml …         what a change costs under it (docs/quote-format.md)
    planshift policy explain my.toml --catalog my-catalog.toml --lang en

The shortest policy that prices something:

```toml
format = 1
policy = "mine"
settlement = "difference"
```

## Layout

1. **The base**: at the top of the file, the head and an answer to each question. A question that has a default may be
   left out.
2. **`[family.CODE]`**: answers that replace those of the base for services of one family of plans.
3. **`[[case]]`**: an ordered list. The **first** case whose conditions all hold for a change decides: its answers
   replace those of the base and of the family. The last case must have no condition, so that every change is decided.
   A case that can never apply is an error.

A later layer replaces whole answers: nothing is merged inside an answer. Which family counts is decided by the present
service, not by the target.

An answer is written by its name, or as a table when it has parameters. These three say the same:

```toml
promise = { answer = "business_days", least = 1, most = 5 }
```

```toml
[promise]
answer = "business_days"
least = 1
most = 5
```

```toml
promise.answer = "business_days"
promise.least = 1
promise.most = 5
```

Where several answers may hold at once, the question takes a list: of names, of tables, or `[[…]]` headers. In a
family or a case such a list replaces the whole list; `[]` means none. As TOML has it, keys without a header stand above
the first `[header]`.
"""

_EXAMPLE = """\
```toml
[family.vps]
promise = { answer = "business_days", most = 2 }

[[case]]
name = "to another platform"
when = { operation = "plan", differ = ["platform"] }
kind = "hard"
reason = { en = "The service moves to another platform.", pl = "Usługa przechodzi na inną platformę." }
promise = { answer = "business_days", least = 1, most = 5 }

[[case]]
name = "no disk gets smaller"
when = { operation = "resources", direction = "down", resource = ["disk"] }
kind = "refused"
reason = "A disk cannot be made smaller."

[[case]]
name = "everything else"
kind = "easy"
reason = "Nothing has to be moved."
```
"""

# What a provider's page says → the lines that say it. A test reads each of them as a policy.
_RECIPES: tuple[tuple[str, str], ...] = (
    ("Pay the difference for the remaining days; the renewal date stays", 'settlement = "difference"'),
    (
        "Pay the difference for the remaining whole months, a begun month counts",
        'settlement = "difference"; time_unit = "months"; partial_unit = "remaining_up"; '
        'denominator = "months_of_term"',
    ),
    ("Credit the unused part, charge the rest at the new price, as two lines", 'settlement = "credit_and_charge"'),
    (
        "The day price is the yearly price by 365, rounded to cents, times the days left",
        'denominator = { answer = "fixed_per_year", units = 365 }; '
        'rounding = { answer = "rate_first", rate_decimals = 2 }',
    ),
    ("A month has 30 days", 'denominator = { answer = "fixed_per_month", units = 30 }'),
    (
        "Billed to the second",
        'settlement = "credit_and_charge"; time_unit = "seconds"; change_day = "by_instant"',
    ),
    ("A new full term begins; pay its price less what is unused", 'settlement = "new_term_less_credit"'),
    (
        "A new full term is charged in full, the unused part is paid back",
        'settlement = "new_term_and_refund"; credit_to = "refund"',
    ),
    ("No money: what is left buys time of the new plan", 'settlement = { answer = "move_expiry", unit = "day" }'),
    (
        "A new full term in full; what is left becomes extra months",
        'settlement = { answer = "new_term_plus_value_time", unit = "month" }',
    ),
    ("The full difference, whatever time is left", 'settlement = "full_difference"'),
    (
        "Billed with the next invoice",
        'settlement = { answer = "billed_later", amount = "difference", when = "next_invoice" }',
    ),
    ("EUR 10 for every change", 'currency = "EUR"; change_fee = [{ answer = "flat", amount = "10.00" }]'),
    ("At least PLN 10", 'currency = "PLN"; minimum_charge = { answer = "at_least", amount = "10.00" }'),
    ("Promotional prices do not count", 'charge_price = "regular"; credit_price = "regular"'),
    (
        "A downgrade at once, the rest as credit on the account",
        'settlement = "credit_and_charge"; decrease = "settled"; credit_to = "account_credit"',
    ),
    ("A downgrade with the next renewal only", 'decrease = "at_renewal"'),
    ("A downgrade at once, without refund", 'decrease = "without_refund"'),
    ("A negative result counts as nothing", 'decrease = "settled"; negative_result = "floored"'),
    (
        "Prepaid time is never credited when less than a month is left; only the renewal is paid",
        'near_renewal = { answer = "renewal_only", under_months = 1 }',
    ),
    ("Amounts in whole units, rounded down", 'rounding = { answer = "each_line", mode = "down", decimals = 0 }'),
    ("The client chooses", 'settlement = { answer = "client_chooses", options = ["difference", "move_expiry"] }'),
)

_KINDS: tuple[tuple[str, str, str], ...] = (
    ("amount", '`"10.00"` or `10.00`', "exact, in the policy’s `currency`, which must then be given"),
    ("whole number", "`14`", ""),
    ("number", '`"1/12"`, `0.5`, `3`', "exact: a quotient stays one"),
    ("percentage", '`"2.5"` or `2.5`', "means 2.5 %"),
    ("flag", "`true`, `false`", ""),
    ("text", '`"…"`', f"at most {values.TEXT_LIMIT} characters"),
    ("words", '`{ en = "…", pl = "…", it = "…" }`', "text for clients; one text alone stands for all languages"),
    ("choice", "one of the words listed", ""),
    ("codes", '`["gold", "silver"]`', "codes of the catalog; one alone needs no brackets"),
    ("lengths", '`["1 month", "1 year", "30 days"]`', "a year is twelve months"),
    ("values", '`{ platform = "shared", cores = 2 }`', "traits of the catalog"),
    ("table rows", "`[{ … }, { … }]`", "a list of tables"),
)


def markdown() -> str:
    """The whole manual as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    yield "## The head\n"
    yield from _table(checker.HEAD)
    yield "\n## Cases\n"
    yield "Keys of a `[[case]]`, besides answers to any question:\n"
    yield from _table(reading.CASE)
    yield "\nKeys of `when`. All that are given must hold; a list holds when one of its elements does, or as it says:\n"
    yield from _table(reading.WHEN)
    yield "\n" + _EXAMPLE
    yield "## Rules as providers publish them\n"
    yield "What is not said keeps its default: see each question below.\n"
    yield "| the page says | the policy says |\n| --- | --- |"
    yield from (f"| {says} | {_lines_of(text)} |" for says, text in _RECIPES)
    yield "\n## Names and examples for the page\n"
    yield "Keys of `[terms]`. They change no price and no step; the page for clients tells them:\n"
    yield from _table(terms.PARAMS)
    yield "\n## Values\n"
    yield "| kind | written | note |\n| --- | --- | --- |"
    yield from (f"| {kind} | {written} | {note} |" for kind, written, note in _KINDS)
    yield (
        f"\nLimits: a file has at most {checker.SIZE_LIMIT // 1024} KiB, {checker.FAMILIES_LIMIT} families and "
        f"{checker.CASES_LIMIT} cases, a list at most {values.LIST_LIMIT} elements. Amounts and counts are not "
        "negative unless a range says so.\n"
    )
    yield "## Questions and answers\n"
    yield "| question | | default |\n| --- | --- | --- |"
    for dimension in dimensions.every().values():
        question = reading.first_sentence(dimension.question)
        yield f"| [`{dimension.name}`](#{dimension.name}) | {question} | {_default(dimension)} |"
    for dimension in dimensions.every().values():
        yield from _dimension(dimension)


def _lines_of(recipe: str) -> str:
    return "<br>".join(f"`{line}`" for line in recipe.split("; "))


def _default(dimension: vocabulary.Dimension) -> str:
    if dimension.many:
        return "none"
    return f"`{dimension.default}`" if dimension.default else "must be given"


def _dimension(dimension: vocabulary.Dimension) -> Iterator[str]:
    yield f"\n### {dimension.name}\n"
    yield _for_authors(dimension.question) + "\n"
    facts = [f"Default: {_default(dimension)}."]
    if dimension.many:
        facts.append("Takes a list: several answers may hold at once.")
    if dimension.before_cases:
        facts.append("Not in a case: it is asked before them.")
    yield " ".join(facts)
    for answer in dimension.answers.values():
        yield from _answer(dimension.name, answer)
    if dimension.reserved:
        yield "\nReserved words, known and not available in this version:\n"
        yield from (f"- `{word}`: {meaning}" for word, meaning in dimension.reserved.items())


def _for_authors(question: str) -> str:
    """What a question's docstring tells an author of policies: all but what it says about the code (`run`, `rooms`)."""
    told = []
    for paragraph in inspect.cleandoc(question).split("\n\n"):
        sentences = re.split(r"(?<=[.?!])\s+", " ".join(paragraph.split()))
        told.append(" ".join(each for each in sentences if not re.search(r"`(run|rooms|unit|anchor)`", each)))
    return "\n\n".join(filter(None, told))


def _answer(dimension: str, answer: vocabulary.Answer) -> Iterator[str]:
    yield f"\n#### `{answer.name}`\n"
    yield answer.doc + (f" ({answer.clause})" if answer.clause else "")
    if answer.params:
        yield ""
        yield from _table(answer.params)
    yield f"\n```toml\n{dimension} = {answer.example}\n```"


def _table(params: Iterable[vocabulary.Param]) -> Iterator[str]:
    yield "| key | takes | if left out | |\n| --- | --- | --- | --- |"
    for param in params:
        yield _row(param.name, param)
        for field in param.fields:
            yield _row(f"{param.name}.{field.name}", field)


def _row(name: str, param: vocabulary.Param) -> str:
    takes = values.expected(param).replace("|", "\\|")
    return f"| `{name}` | {takes} | {_left_out(param)} | {param.doc} |"


def _left_out(param: vocabulary.Param) -> str:
    default: Any = param.default
    if param.required:
        return "**must be given**"
    if default is None or default == "" or default == () or default == vocabulary.NOTHING:
        return "–"
    if param.kind == "percent":
        return f"{_number(Fraction(default) * 100)} %"
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, vocabulary.Params):
        return str(default.get("en", "–"))
    if isinstance(default, tuple):
        return ", ".join(str(each) for each in default)
    return _number(default) if isinstance(default, Fraction) else str(default)


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
