"""How are answers and conditions written, at the top of a policy, in its families and in its cases?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeAlias

from planshift.domain.policy import dimensions, document, lines, values, vocabulary

Positions = Mapping[tuple[str, str | int | None, str], lines.Path]


def _codes(name: str, doc: str) -> vocabulary.Param:
    return vocabulary.Param(name=name, kind="codes", doc=doc, default=())


WHEN = (
    vocabulary.Param(name="operation", kind="choices", choices=document.OPERATIONS, default=(),
                     doc="what is changed: the plan, additional resources, the billing period (D1, D11)"),
    vocabulary.Param(name="direction", kind="choices", choices=document.DIRECTIONS, default=(),
                     doc="up, down or sideways, as the dimension “direction” tells"),
    _codes("from_plan", "codes of the present plan, any of them"),
    _codes("to_plan", "codes of the target plan, any of them"),
    _codes("from_family", "codes of the family of the present plan, any of them"),
    _codes("to_family", "codes of the family of the target plan, any of them"),
    vocabulary.Param(name="from_term", kind="lengths", default=(), doc="the present billing period, any of them"),
    vocabulary.Param(name="to_term", kind="lengths", default=(), doc="the target’s billing period, any of them"),
    vocabulary.Param(name="from_traits", kind="values", default=vocabulary.NOTHING,
                     doc="traits that the present plan has in the catalog, all of them"),
    vocabulary.Param(name="to_traits", kind="values", default=vocabulary.NOTHING,
                     doc="traits that the target plan has in the catalog, all of them"),
    _codes("same", "characteristics in which both are equal: “family”, “term” or the name of a trait, all of them"),
    _codes("differ", "characteristics in which they differ: “family”, “term” or the name of a trait, all of them"),
    _codes("resource", "codes of resources whose amount changes, any of them"),
    _codes("less_of", "codes of resources of which the target has less in all, what the plans include "
           "counted in, any of them"),
    _codes("payment", "how the client pays, as the facts say: “card”, “transfer”, “deposit” …, any of them"),
    _codes("choice", "what the client chose where the policy lets him choose, any of them"),
)  # fmt: skip

CASE = (
    vocabulary.Param(name="name", kind="text", default=None, doc="a name for the case, for reports"),
    vocabulary.Param(name="when", kind="values", default=None, doc="the conditions, all of which must hold"),
    vocabulary.Param(name="kind", kind="choice", choices=document.KINDS, default=None,
                     doc="what such a change is: easy, hard or refused"),
    vocabulary.Param(name="reason", kind="words", default=None, doc="why, in words for the client (H3)"),
)  # fmt: skip


def unknown_dimension(path: lines.Path, key: str, others: Sequence[str]) -> values.Problem:
    """The problem of a key that is no dimension (nor one of `others`)."""
    return values.unknown(path, key, (*others, *dimensions.every()))


def answers(body: Mapping[str, Any], path: lines.Path, report: values.Report) -> document.Answers:
    """Every dimension that `body` answers."""
    found = {}
    for name, dimension in dimensions.every().items():
        if name in body:
            found[name] = tuple(_given(dimension, body[name], (*path, name), report))
    return found


def defaults(body: Mapping[str, Any], report: values.Report) -> document.Answers:
    """The answers of the dimensions that the policy leaves open; one that has no default is reported."""
    found: dict[str, tuple[vocabulary.Chosen, ...]] = {}
    for name, dimension in dimensions.every().items():
        if name in body:
            continue
        if dimension.default is not None:
            found[name] = (vocabulary.chosen(dimension.answers[dimension.default]),)
        elif dimension.many:
            found[name] = ()
        else:
            message = f"the policy does not answer “{name}”: {first_sentence(dimension.question)}"
            report(values.Problem((), message, tuple(dimension.answers)))
    return found


def first_sentence(text: str) -> str:
    """The first line of a docstring."""
    return text.strip().split("\n", 1)[0]


def _given(
    dimension: vocabulary.Dimension, raw: Any, path: lines.Path, report: values.Report
) -> Iterator[vocabulary.Chosen]:
    if isinstance(raw, list) and dimension.many:
        if len(raw) > values.LIST_LIMIT:
            report(values.Problem(path, f"this list has {len(raw)} elements; at most {values.LIST_LIMIT} are allowed"))
            return
        for index, each in enumerate(raw):
            yield from _one(dimension, each, (*path, index), report)
    else:
        yield from _one(dimension, raw, path, report)


def _one(
    dimension: vocabulary.Dimension, raw: Any, path: lines.Path, report: values.Report
) -> Iterator[vocabulary.Chosen]:
    body = {"answer": raw} if isinstance(raw, str) else raw
    if not isinstance(body, dict):
        message = f"“{dimension.name}” takes the name of an answer, or a table with “answer” and its parameters"
        report(values.Problem(path, message, tuple(dimension.answers)))
        return
    name = body.get("answer")
    at = (*path, "answer") if isinstance(raw, dict) and "answer" in body else path
    if not isinstance(name, str) or name not in dimension.answers:
        report(_no_answer(dimension, name, at))
        return
    given = {key: value for key, value in body.items() if key != "answer"}
    yield vocabulary.Chosen(name, values.table(dimension.answers[name].params, given, path, report=report))


def _no_answer(dimension: vocabulary.Dimension, name: object, path: lines.Path) -> values.Problem:
    allowed = tuple(dimension.answers)
    if name is None:
        return values.Problem(path, f"“answer” is missing: {first_sentence(dimension.question)}", allowed)
    word = str(name)[:100]
    if word in dimension.reserved:
        return values.Problem(path, f"“{word}” is not available in this version ({dimension.reserved[word]})", allowed)
    return values.Problem(
        path,
        f"“{word}” is no answer to “{dimension.name}”",
        allowed,
        values.closest(word, (*allowed, *dimension.reserved)),
    )


def condition(raw: Mapping[str, Any], path: lines.Path, report: values.Report) -> document.Condition:
    """The `when` of a case."""
    read = values.table(WHEN, raw, path, report=report)
    for name in raw:
        if name in read and raw[name] == []:
            report(values.Problem((*path, name), "an empty list holds for no change: leave the key out for “any”"))
    when = document.Condition(**{name: read.get(name) or param.default for name, param in _by_name().items()})
    for name in set(when.same) & set(when.differ):
        report(values.Problem(path, f"“{name}” cannot be the same and differ: the case can never apply"))
    return when


def _by_name() -> dict[str, vocabulary.Param]:
    return {param.name: param for param in WHEN}


Cell: TypeAlias = tuple[str, str]  # (operation, direction)


def covered_by(earlier: Sequence[document.Case], when: document.Condition) -> tuple[str, ...]:
    """The names of the earlier cases that leave nothing to `when`; none when something is left."""
    takers = _takers(earlier, when)
    if len(takers) < len(_cells(when)):
        return ()
    return tuple(dict.fromkeys(takers[cell].name for cell in _cells(when)))


def decided(policy: document.Policy) -> Iterator[tuple[str, int, tuple[Cell, ...]]]:
    """Every family with every case that decides some change of it: family, case, operations and directions left to it.

    The family "" stands for all those without answers of their own.
    """
    named = {code for case in policy.cases for code in case.when.from_family}
    unnamed: list[tuple[int, tuple[Cell, ...]]] | None = None
    for family in ("", *policy.families):
        if family in named:
            cells = list(_decided(policy, family))
        elif family == "" and not named <= set(policy.families):
            cells = list(_decided(policy, None))  # some named families have no answers of their own
        else:
            unnamed = cells = unnamed if unnamed is not None else list(_decided(policy, ""))
        yield from ((family, index, found) for index, found in cells)


def _decided(policy: document.Policy, family: str | None) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """For a family named in cases, one that is not (""), or all those without answers of their own (None)."""
    for index, case in enumerate(policy.cases):
        when = case.when
        if when.from_family and (family == "" or (family and family not in when.from_family)):
            continue
        if family is None and when.from_family and set(when.from_family) <= policy.families.keys():
            continue
        if family:
            when = replace(when, from_family=(family,))
        takers = _takers(policy.cases[:index], when)
        if found := tuple(cell for cell in _cells(when) if cell not in takers):
            yield index, found


def _cells(when: document.Condition) -> tuple[Cell, ...]:
    return tuple(product(when.operation or document.OPERATIONS, when.direction or document.DIRECTIONS))


def _takers(earlier: Sequence[document.Case], when: document.Condition) -> dict[Cell, document.Case]:
    """The cells of `when` that earlier cases take wholly, each with the first one that does."""
    taken: dict[Cell, document.Case] = {}
    cells = _cells(when)
    for case in earlier:
        if _covers(case.when, when):
            for cell in _cells(case.when):
                if cell in cells:
                    taken.setdefault(cell, case)
            if len(taken) == len(cells):
                break
    return taken


def _covers(wide: document.Condition, narrow: document.Condition) -> bool:
    """True when `wide` holds wherever `narrow` holds, operation and direction aside."""
    for name in ("from_plan", "to_plan", "from_family", "to_family", "from_term", "to_term", "payment", "choice"):
        outer, inner = getattr(wide, name), getattr(narrow, name)
        if outer and not (inner and set(inner) <= set(outer)):
            return False
    for name in ("resource", "less_of"):
        outer, inner = getattr(wide, name), getattr(narrow, name)
        if outer and not (inner and set(inner) <= set(outer)):
            return False
    return (
        wide.from_traits.items() <= narrow.from_traits.items()
        and wide.to_traits.items() <= narrow.to_traits.items()
        and set(wide.same) <= set(narrow.same)
        and set(wide.differ) <= set(narrow.differ)
    )


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in the answers of a raw policy: where it stands, what may stand there, what does."""

    path: lines.Path
    param: vocabulary.Param
    raw: Any


def amounts(raw: Mapping[str, Any]) -> Iterator[Amount]:
    """Every amount of money in the answers of a raw policy, and every grid that amounts are rounded to."""
    families = raw.get("family") if isinstance(raw.get("family"), dict) else {}
    cases = raw.get("case") if isinstance(raw.get("case"), list) else []
    layers: list[tuple[lines.Path, Any]] = [((), raw)]
    layers += [(("family", code), body) for code, body in (families or {}).items()]
    layers += [(("case", index), body) for index, body in enumerate(cases or [])]
    for at, body in layers:
        if isinstance(body, dict):
            yield from _of_body(body, at)


def _of_body(body: Mapping[str, Any], at: lines.Path) -> Iterator[Amount]:
    for name, dimension in dimensions.every().items():
        given = body.get(name)
        for index, each in enumerate(given if isinstance(given, list) else [given]):
            answer = dimension.answers.get(str(each.get("answer"))) if isinstance(each, dict) else None
            here = (*at, name, index) if isinstance(given, list) else (*at, name)
            yield from _of_table(answer.params if answer else (), each, here)


def _of_table(params: Sequence[vocabulary.Param], given: Any, at: lines.Path) -> Iterator[Amount]:
    for param in params:
        if not isinstance(given, dict) or param.name not in given:
            continue
        found, here = given[param.name], (*at, param.name)
        if param.kind == "money" or param.grid:
            yield Amount(here, param, found)
        for index, row in enumerate(found if isinstance(found, list) else [found]):
            yield from _of_table(param.fields, row, (*here, index) if isinstance(found, list) else here)


def positions(raw: Mapping[str, Any]) -> Positions:
    """Where each answer is given: ("base" | "family" | "case", code or position, dimension) → path."""
    found: dict[tuple[str, str | int | None, str], lines.Path] = {}
    for name in dimensions.every():
        if name in raw:
            found[("base", None, name)] = (name,)
        for code, body in raw.get("family", {}).items():
            if name in body:
                found[("family", code, name)] = ("family", code, name)
        for index, body in enumerate(raw.get("case", [])):
            if name in body:
                found[("case", index, name)] = ("case", index, name)
    return found
