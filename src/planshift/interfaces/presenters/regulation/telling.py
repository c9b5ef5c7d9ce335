"""How is one dimension told, when a policy answers it in one way, or in different ways for different changes?"""

from collections.abc import Iterable, Iterator, Sequence

from planshift.domain.policy import dimensions, document
from planshift.interfaces.presenters.regulation import parts, sentences, situations


def tell(
    speaker: sentences.Speaker,
    names: Iterable[str],
    among: Sequence[situations.Situation],
    *,
    always: Iterable[str] = (),
) -> Iterator[parts.Block]:
    """Paragraphs for these dimensions, in order. A default answer is told only when the dimension is in `always`."""
    for name in names:
        yield from _tell(speaker, name, among, name in always)


def _tell(
    speaker: sentences.Speaker, name: str, among: Sequence[situations.Situation], always: bool
) -> Iterator[parts.Block]:
    found = situations.differences(among, lambda resolved: resolved.several(name))
    if not found or (len(found) == 1 and not always and usual(name, found[0].values)):
        return
    if len(found) == 1:
        if text := _text(speaker, name, found[0].values):
            yield parts.Paragraph(text)
        yield from _formulas(speaker, name, found[0].values)
        return
    items = [f"{label(speaker, each)}: {_text(speaker, name, each.values) or speaker.table('none', 'default')}"
             for each in found]  # fmt: skip
    yield parts.Paragraph(speaker.table("lead", name) or speaker.table("lead", "default"), tuple(items))
    for each in found:
        yield from _formulas(speaker, name, each.values)


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
        labels = [_atom(speaker, atom) for atom in difference.atoms]
        return speaker.joined([labels[0], *(each[:1].lower() + each[1:] for each in labels[1:])], "or")
    if difference.cases:
        return "; ".join(case_label(speaker, case) for case in difference.cases)
    return speaker.table("labels", "others")


def _atom(speaker: sentences.Speaker, atom: situations.Atom) -> str:
    words = []
    for attribute, value in atom:
        if attribute == "family":
            words.append(speaker.name(value) if value else speaker.table("labels", "other_families"))
        else:
            words.append(speaker.table("labels", attribute, value))
    return ", ".join(words[:1] + [word[:1].lower() + word[1:] for word in words[1:]])


def case_label(speaker: sentences.Speaker, case: document.Case) -> str:
    """A case by its reason, without the full stop; by its name where it gives none."""
    return speaker.words(case.reason).rstrip(".") if case.reason else case.name
