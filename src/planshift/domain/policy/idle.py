"""Which parts of a policy could never take effect? A case that no change meets, an answer that nothing asks for.

What is found here would be taken silently, and the client would get something else than its author wrote.
"""

import re
from collections.abc import Callable, Iterator

from planshift.domain.exact import Fraction
from planshift.domain.policy import document, lines, reading, values, vocabulary

_MONTHS = {"year": 12, "month": 1}
_COUNT = re.compile(r"(\d{1,4})\s+(day|month|year)s?")


def find(policy: document.Policy, positions: reading.Positions, report: values.Report) -> None:
    """Report every part of a sound policy that could never take effect."""
    for index, case in enumerate(policy.cases):
        for sentence in _never(case.when):
            report(values.Problem(("case", index, "when"), f"{sentence}: the case can never apply"))
    _acceptance(policy, positions, report)
    _choices(policy, positions, report)
    _unused(policy, positions, report)
    for layer, key, answers in _layers(policy):
        for name, check in _WITHIN.items():
            if name in answers and (path := positions.get((layer, key, name))) is not None:
                for sentence in check(answers[name]):
                    report(values.Problem(path, sentence))
    for index, example in enumerate(policy.terms["examples"] or ()):
        if (why := _example(example)) is not None:
            report(values.Problem(("terms", "examples", index), why))


def _never(when: document.Condition) -> Iterator[str]:
    """Why no change meets these conditions."""
    operations = set(when.operation or document.OPERATIONS)
    for what, needs, holds in (
        ("plan", {"plan"}, _apart(when.from_plan, when.to_plan)),
        ("family", {"plan"}, _apart(when.from_family, when.to_family) or "family" in when.differ),
        ("billing period", {"plan", "period"}, _apart(when.from_term, when.to_term) or "term" in when.differ),
        ("amount of a resource", {"plan", "resources"}, bool(when.resource or when.less_of)),
    ):
        if holds and not operations & needs:
            yield f"another {what} is no part of a change of {' or '.join(sorted(operations))}"
    for old, new, operation in ((when.from_plan, when.to_plan, "plan"), (when.from_term, when.to_term, "period")):
        if operations == {operation} and len(old) == 1 and old == new:
            yield f"a change of the {operation} ends elsewhere than at {old[0]}"


def _apart(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    return bool(old and new) and not set(old) & set(new)


def _acceptance(policy: document.Policy, positions: reading.Positions, report: values.Report) -> None:
    """An acceptance that is asked for, though no change waits for it."""
    stated = [path for (_layer, _key, name), path in positions.items() if name == "acceptance"]
    found = [policy.resolved(family=family, case=case) for family, case in _combinations(policy)]
    asked = [each for each in found if each.one("acceptance").answer != "not_asked"]
    if stated and asked and all(each.one("timing").answer != "after_acceptance" for each in asked):
        sentence = (
            'no change waits for this acceptance: say timing = "after_acceptance" in a case with when = '
            '{ direction = "down" }'
        )
        report(values.Problem(stated[-1], sentence))


def _combinations(policy: document.Policy) -> Iterator[tuple[str, int | None]]:
    if not policy.cases:
        yield from ((family, None) for family in ("", *policy.families))
    yield from ((family, case) for family, case, _cells in reading.decided(policy))


def _choices(policy: document.Policy, positions: reading.Positions, report: values.Report) -> None:
    """A choice between fewer than two settlements."""
    for layer, key, answers in _layers(policy):
        chosen = answers.get("settlement", ())
        if chosen and chosen[0].answer == "client_chooses" and len(chosen[0].params["options"]) < 2:
            path = positions.get((layer, key, "settlement"), ("settlement",))
            report(values.Problem(path, "a client who chooses needs at least two “options”"))


def _unused(policy: document.Policy, positions: reading.Positions, report: values.Report) -> None:
    """An answer that is stated, and counts for no change that asks for it."""
    asked: dict[tuple[str, lines.Path], bool] = {}
    cells = {(family, case): found for family, case, found in reading.decided(policy)} if policy.cases else {}
    for family, case in _combinations(policy):
        resolved = policy.resolved(family=family, case=case)
        for name, (used, _why) in _USED.items():
            for layer in (("case", case), ("family", family), ("base", None)):
                if (path := positions.get((*layer, name))) is not None:
                    here = asked.get((name, path), False)
                    asked[name, path] = (
                        here or resolved.kind == "refused" or used(resolved, cells.get((family, case or 0)))
                    )
                    break
    for (name, path), here in asked.items():
        if not here:
            report(values.Problem(path, _USED[name][1]))


Cells = tuple[reading.Cell, ...] | None  # operation and direction of the changes left to a case; None: of all


def _divides(resolved: document.Resolved, cells: Cells) -> bool:
    operations = {operation for operation, _direction in cells} if cells is not None else {"period"}
    by_time = "period" in operations and resolved.one("period_change").answer != "not_offered"
    return by_time or resolved.one("settlement").answer != "full_difference"


def _goes_below(resolved: document.Resolved, cells: Cells) -> bool:
    """Upwards too a credit of what was paid can be more than the charge."""
    down = cells is not None and {direction for _operation, direction in cells} == {"down"}
    return not down or resolved.one("decrease").answer in ("settled", "fresh_term")


_USED: dict[str, tuple[Callable[[document.Resolved, Cells], bool], str]] = {
    "denominator": (
        _divides,
        "under the settlement “full_difference” no time is divided: “denominator” would have no effect",
    ),
    "negative_result": (
        _goes_below,
        "by “decrease” no money moves when the client wants less: “negative_result” would have no effect",
    ),
}


def _layers(policy: document.Policy) -> Iterator[tuple[str, str | int | None, document.Answers]]:
    yield "base", None, policy.base
    yield from (("family", code, answers) for code, answers in policy.families.items())
    yield from (("case", index, case.answers) for index, case in enumerate(policy.cases))


Chosen = tuple[vocabulary.Chosen, ...]


def _twice(of: str, rows: str) -> Callable[[Chosen], Iterator[str]]:
    """For rows of which only the first, or the last, with the same key would count."""

    def check(chosen: Chosen) -> Iterator[str]:
        for each in chosen:
            keys = [row[of] for row in each.params.get(rows) or ()]
            yield from (
                f"“{of} = {key}” stands in “{rows}” twice" for key in dict.fromkeys(keys) if keys.count(key) > 1
            )

    return check


def _same(chosen: Chosen) -> Iterator[str]:
    names = [each.answer for each in chosen]
    yield from (f"“{name}” stands here twice" for name in dict.fromkeys(names) if names.count(name) > 1)


def _reminders(chosen: Chosen) -> Iterator[str]:
    days = list(chosen[0].params.get("reminders") or ())
    if days != sorted(set(days)):
        yield "reminders are days one after the other, each once"


def _warnings(chosen: Chosen) -> Iterator[str]:
    yield from _twice("below", "warnings")(chosen)
    floor = chosen[0].params.get("floor")
    for row in chosen[0].params.get("warnings") or ():
        if floor is not None and row["below"] <= floor:
            yield "a warning at or below the floor comes when the service is blocked already"


_WITHIN: dict[str, Callable[[Chosen], Iterator[str]]] = {
    "change_fee": _twice("up_to", "steps"),
    "charge_price": _twice("months", "steps"),
    "notices": _same,
    "acceptance": _reminders,
    "metering": _warnings,
}


def _example(example: vocabulary.Params) -> str | None:
    """Why the page could not work an example out, whatever the catalog."""
    if sum(bool(example[name]) for name in ("to_plan", "resource", "to_term")) != 1:
        return "an example shows one change: “to_plan”, “resource” or “to_term”"
    counts = {name: _COUNT.fullmatch(example[name]) for name in ("term", "used", "to_term") if example[name]}
    for name, count in counts.items():
        if count is None or not int(count[1]):
            return f"“{name}” must be a length such as “8 months” or “10 days”"
    if example["from_plan"] == example["to_plan"]:
        return "“to_plan” must be another plan than “from_plan”"
    if example["resource"] and example["before"] == example["after"]:
        return "“after” must be another amount than “before”"
    term, used = (_months(counts[name]) for name in ("term", "used"))
    return "“used” must be less than “term”" if used >= term else None


def _months(count: "re.Match[str] | None") -> Fraction:
    assert count is not None
    months = _MONTHS.get(count[2])
    return Fraction(int(count[1]) * months) if months else Fraction(int(count[1]), 31)
