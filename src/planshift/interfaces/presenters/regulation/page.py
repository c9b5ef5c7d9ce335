"""The regulation in force as one page."""

from dataclasses import replace
from datetime import date

from planshift.domain.catalog import Catalog
from planshift.domain.policy import document
from planshift.interfaces.presenters.regulation import parts, sections, sentences, situations, writing

LANGUAGES = sentences.LANGUAGES


def page(*, policy: document.Policy, catalog: Catalog, language: str, on: date) -> parts.Page:
    """The regulation that `policy` and `catalog` make, in a language (en, pl, it; any other: en).

    `on` is the day whose prices and tax rates the page tells, in the seller's zone; its examples begin on the first of
    January of that year. Nothing on the page is written by hand for one provider but the texts of the policy itself.
    """
    language = language if language in LANGUAGES else "en"
    speaker = _speaker(policy, catalog, language)
    provider = policy.terms["provider"] or catalog.seller.name
    return parts.Page(
        title=speaker.words(policy.title) or speaker.phrase("title"),
        language=language,
        preamble=(
            speaker.phrase("preamble" if provider else "preamble_anonymous"),
            speaker.phrase("preamble_refusals"),
        ),
        sections=sections.every(_told(policy, catalog, on, speaker)),
        footer=speaker.phrase("footer", policy=policy.code, digest=policy.digest[:12], day=writing.day(on, language)),
    )


# Help pages by what a client wants to do, each with the sections that it takes from the regulation (D10).
TOPICS: dict[str, tuple[str, ...]] = {
    "plan": ("definitions", "kinds", "costs", "payment", "execution", "renewal", "notices", "continuity"),
    "resources": ("definitions", "costs", "payment", "execution", "decrease", "renewal"),
    "period": ("period", "costs", "payment", "renewal"),
    "decrease": ("decrease", "execution"),
    "deposit": ("deposit", "payment"),
    "metered": ("metered",),
}
_OPERATIONS = ("plan", "resources", "period")


def articles(*, policy: document.Policy, catalog: Catalog, language: str, on: date) -> tuple[parts.Page, ...]:
    """The help pages: one for each operation that is offered and for the deposit, then the regulation in full (D10).

    Each has a stable `slug`, the same in every language, a title and a `lead`; `body()` is its text.
    """
    whole = page(policy=policy, catalog=catalog, language=language, on=on)
    speaker = _speaker(policy, catalog, whole.language)
    offered = {each for one in _told(policy, catalog, on, speaker).among() for each, _direction in one.cells}
    found = [
        _topic(whole, speaker, slug, codes)
        for slug, codes in TOPICS.items()
        if whole.section(codes[0]) is not None and (slug not in _OPERATIONS or slug in offered)
    ]
    return (*found, replace(whole, lead=speaker.table("topics", "regulation", "lead")))


def _topic(whole: parts.Page, speaker: sentences.Speaker, slug: str, codes: tuple[str, ...]) -> parts.Page:
    chosen = [section for code in codes if (section := whole.section(code)) is not None]
    return parts.Page(
        title=speaker.table("topics", slug, "title"),
        language=whole.language,
        preamble=(),
        sections=tuple(
            replace(section, number=number, blocks=tuple(block for block in section.blocks if _concerns(block, slug)))
            for number, section in enumerate(chosen, start=1)
        ),
        footer=whole.footer,
        slug=slug,
        lead=speaker.table("topics", slug, "lead"),
    )


def _concerns(block: parts.Block, slug: str) -> bool:
    """Examples of other operations are left to their own pages."""
    return not isinstance(block, parts.Example) or slug not in _OPERATIONS or block.operation in (slug, "")


def _told(policy: document.Policy, catalog: Catalog, on: date, speaker: sentences.Speaker) -> sections.Told:
    every = situations.every(policy)
    operations = sections.operations_of(catalog)
    return sections.Told(policy=policy, catalog=catalog, on=on, speaker=speaker, every=every, operations=operations)


def _speaker(policy: document.Policy, catalog: Catalog, language: str) -> sentences.Speaker:
    names = {code: plan.name for code, plan in catalog.plans.items()}
    names |= {code: family.name for code, family in catalog.families.items()}
    for plan in catalog.plans.values():
        names |= {code: resource.name for code, resource in plan.resources.items() if code not in names}
    anonymous = sentences.Speaker(language, policy.currency or catalog.seller.currency, names, {})
    provider = policy.terms["provider"] or catalog.seller.name or anonymous.phrase("provider")
    always = {"provider": provider, "deposit": anonymous.words(policy.terms["deposit_name"])}
    return sentences.Speaker(language, policy.currency or catalog.seller.currency, names, always)
