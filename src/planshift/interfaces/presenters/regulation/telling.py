"""How are dimensions told, when a policy answers them in one way, or in different ways for different changes?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from planshift.domain.policy import dimensions, document, settlement
from planshift.interfaces.presenters.regulation import parts, sentences, situations

Group = tuple[str, ...]  # dimensions that are told together, in one paragraph

_NO_TIME = ("full_difference", "full_new_price", "nothing", "new_term_nothing_credited", "highest_level_in_arrears")
_NO_CREDIT = (*_NO_TIME, "new_price_remaining", "used_in_arrears", "new_term_plus_unused_time")


def _settled(*settlements: str) -> Callable[[document.Resolved], bool]:
    return lambda resolved: resolved.one("settlement").answer not in settlements


# Where a dimension means nothing beside another answer, it is not told.
_MATTERS: Mapping[str, Callable[[document.Resolved], bool]] = {
    **dict.fromkeys(("term_end", "month_end"), _settled(*sorted(settlement.RESTARTS), "nothing")),
    **dict.fromkeys(
        ("time_unit", "partial_unit", "denominator", "change_day", "counted_from", "time_zone"), _settled(*_NO_TIME)
    ),
    **dict.fromkeys(("credit_price", "unused_value", "credit_share"), _settled(*_NO_CREDIT)),
    **dict.fromkeys(("charge_price", "rounding", "tax_rounding", "credit_rounding"), _settled("nothing")),
    "acceptance": lambda resolved: resolved.one("decrease").answer == "settled",
    "credit_to": lambda resolved: resolved.one("decrease").answer == "settled",
    "account_credit": lambda resolved: (
        resolved.one("decrease").answer == "settled" and resolved.one("credit_to").answer == "account_credit"
    ),
    "credit_distribution": lambda resolved: resolved.one("decrease").answer == "settled",
    "negative_result": lambda resolved: resolved.one("decrease").answer == "settled",
}


def tell(
    speaker: sentences.Speaker, groups: Iterable[Group], among: Sequence[situations.Situation], always: Iterable[str]
) -> Iterator[parts.Block]:
    """Paragraphs for these groups of dimensions, in order.

    What holds for all changes is told in one paragraph per group; what differs gets a list. An answer that a policy has
    by saying nothing is told only when its dimension is in `always`.
    """
    for group in groups:
        told: list[str] = []
        lists: list[parts.Block] = []
        formulas: list[parts.Block] = []
        for name in group:
            found = situations.differences(_matters(name, among), lambda resolved, name=name: resolved.several(name))  # type: ignore[misc]
            if len(found) == 1 and (name in always or not usual(name, found[0].values)):
                told.append(_text(speaker, name, found[0].values))
            elif len(found) > 1:
                lists.append(_list(speaker, name, found))
            else:
                continue
            formulas += [formula for each in found for formula in _formulas(speaker, name, each.values)]
        if text := " ".join(text for text in told if text):
            yield parts.Paragraph(text)
        yield from (*lists, *formulas)


def _matters(name: str, among: Sequence[situations.Situation]) -> Sequence[situations.Situation]:
    matters = _MATTERS.get(name)
    return among if matters is None else [each for each in among if matters(each.resolved)]


def _list(speaker: sentences.Speaker, name: str, found: Sequence[situations.Difference]) -> parts.Paragraph:
    lead = speaker.table("lead", name) or speaker.table("lead", "default")
    nothing = speaker.table("none", "default")
    items = [f"{label(speaker, each)}: {_text(speaker, name, each.values) or nothing}" for each in found]
    return parts.Paragraph(lead, tuple(items))


def usual(name: str, values: situations.Values) -> bool:
    """True when the policy answers as one that says nothing does."""
    dimension = dimensions.every()[name]
    if dimension.many:
        return not values
    return dimension.default is not None and [each.answer for each in values] == [dimension.default]


def _text(speaker: sentences.Speaker, name: str, values: situations.Values) -> str:
    if not values:
        return speaker.table("none", name)
    return " ".join(text for text in (speaker.answer(name, each) for each in values) if text)


def _formulas(speaker: sentences.Speaker, name: str, values: situations.Values) -> Iterator[parts.Block]:
    for each in values:
        if formula := speaker.formula(name, each):
            yield parts.Formula(formula)


def label(speaker: sentences.Speaker, difference: situations.Difference) -> str:
    """To which changes a difference applies, in a few words."""
    if difference.atoms:
        shared = {atom[-1] for atom in difference.atoms}
        if len(shared) == 1 and len(difference.atoms) > 1 and all(len(atom) == 2 for atom in difference.atoms):
            firsts = [_atom(speaker, atom[:1], inside=True) for atom in difference.atoms]
            return f"{_atom(speaker, tuple(shared))} ({speaker.joined(firsts, 'or')})"
        labels = [_atom(speaker, atom, inside=index > 0) for index, atom in enumerate(difference.atoms)]
        return speaker.joined(labels, "or")
    if difference.cases:
        return "; ".join(case_label(speaker, case) for case in difference.cases)
    return speaker.table("labels", "others")


def _atom(speaker: sentences.Speaker, atom: situations.Atom, *, inside: bool = False) -> str:
    """`inside`: within a sentence, where only a name keeps its capital letter."""
    words = []
    for attribute, value in atom:
        if attribute == "family" and value:
            words.append(speaker.name(value))
            continue
        word = (
            speaker.table("labels", "other_families")
            if attribute == "family"
            else speaker.table("labels", attribute, value)
        )
        words.append(word[:1].lower() + word[1:] if words or inside else word)
    return ", ".join(words)


def case_label(speaker: sentences.Speaker, case: document.Case) -> str:
    """A case by its reason, without the full stop; by its name where it gives none."""
    return speaker.words(case.reason).rstrip(".") if case.reason else case.name[:1].upper() + case.name[1:]
