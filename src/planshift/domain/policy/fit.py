"""Does this policy fit this catalog? Whatever it names must be sold, what is metered must have its rule, and what it
rounds to must be money.

A case that names a plan which does not exist never applies, and nobody would see it: each such name is a problem.
"""

from collections.abc import Iterable, Iterator

from planshift.domain import money
from planshift.domain.catalog import Catalog
from planshift.domain.policy import document, lines, values, vocabulary

_PLANS, _FAMILIES, _RESOURCES, _TRAITS = "plan", "family", "resource", "trait"
_NAMED = {
    "from_plan": _PLANS,
    "to_plan": _PLANS,
    "from_family": _FAMILIES,
    "to_family": _FAMILIES,
    "resource": _RESOURCES,
    "less_of": _RESOURCES,
    "same": _TRAITS,
    "differ": _TRAITS,
    "to_traits": _TRAITS,  # those of the present service may be its own
}


def names(policy: document.Policy, catalog: Catalog, report: values.Report) -> None:
    """Report every plan, family, resource and trait in families and conditions that the catalog does not have."""
    known = _known(catalog)
    for code in policy.families:
        _ask(known, _FAMILIES, code, ("family", code), report)
    for index, case in enumerate(policy.cases):
        for name, kind in _NAMED.items():
            for word in getattr(case.when, name):
                _ask(known, kind, word, ("case", index, "when", name), report)


def answers(policy: document.Policy, catalog: Catalog, report: values.Report) -> None:
    """Report every answer that the catalog contradicts."""
    known, currency = _known(catalog), catalog.seller.currency
    places = money.decimals_of(currency=currency)
    for path, given in _layers(policy):
        for name, word in _resources(given):
            _ask(known, _RESOURCES, word, (*path, name), report)
        for name in ("rounding", "credit_rounding"):
            for chosen in given.get(name, ()):
                decimals = chosen.params.get("decimals") or 0
                if decimals > places:
                    message = (
                        f"amounts are rounded to {decimals} decimals, and {currency} has {places}: nobody could pay"
                    )
                    report(values.Problem((*path, name), message))
    _metered(policy, catalog, report)


def _known(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    resources = dict.fromkeys(code for plan in catalog.plans.values() for code in plan.resources)
    traits = dict.fromkeys(name for plan in catalog.plans.values() for name in catalog.traits(plan))
    return {
        _PLANS: tuple(catalog.plans),
        _FAMILIES: tuple(catalog.families),
        _RESOURCES: tuple(resources),
        _TRAITS: ("family", "term", *traits),
    }


def _ask(known: dict[str, tuple[str, ...]], kind: str, word: str, path: lines.Path, report: values.Report) -> None:
    if word not in known[kind]:
        message = f"the catalog has no {kind} “{word[:100]}”"
        report(values.Problem(path, message, known[kind], values.closest(word, known[kind])))


def _layers(policy: document.Policy) -> Iterator[tuple[lines.Path, document.Answers]]:
    yield (), policy.base
    for code, answers in policy.families.items():
        yield ("family", code), answers
    for index, case in enumerate(policy.cases):
        yield ("case", index), case.answers


def _resources(answers: document.Answers) -> Iterator[tuple[str, str]]:
    """The resources that answers name, each with its dimension."""
    for chosen in answers.get("resource_decrease", ()):
        yield from (("resource_decrease", word) for word in chosen.params.get("resources") or ())
    for chosen in answers.get("credit_share", ()):
        rows: Iterable[vocabulary.Params] = chosen.params.get("percents") or ()
        yield from (("credit_share", row["resource"]) for row in rows if row["resource"] != _PLANS)


def _metered(policy: document.Policy, catalog: Catalog, report: values.Report) -> None:
    """What is counted by the hour needs its balance and its floor; what is paid per term has none (D3)."""
    for code, family in catalog.families.items():
        (chosen,) = policy.answers_before_cases(code)["metering"]
        own = ("family", code, "metering") if code in policy.families else ("metering",)
        if family.metered and chosen.answer == "none":
            message = f"the catalog counts the family “{code}” by the hour: say how, in [family.{code}] metering"
            report(values.Problem(own, message))
        elif not family.metered and chosen.answer != "none":
            message = f"the family “{code}” is paid per term in the catalog, so nothing of it is counted by the hour"
            report(values.Problem(own, message))
