"""The regulation in force as one page."""

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
    told = sections.Told(
        policy=policy,
        catalog=catalog,
        on=on,
        speaker=speaker,
        every=situations.every(policy),
        operations=sections.operations_of(catalog),
    )
    provider = policy.terms["provider"] or catalog.seller.name
    return parts.Page(
        title=speaker.words(policy.title) or speaker.phrase("title"),
        language=language,
        preamble=(
            speaker.phrase("preamble" if provider else "preamble_anonymous"),
            speaker.phrase("preamble_refusals"),
        ),
        sections=sections.every(told),
        footer=speaker.phrase("footer", policy=policy.code, digest=policy.digest[:12], day=writing.day(on, language)),
    )


def _speaker(policy: document.Policy, catalog: Catalog, language: str) -> sentences.Speaker:
    names = {code: plan.name for code, plan in catalog.plans.items()}
    names |= {code: family.name for code, family in catalog.families.items()}
    for plan in catalog.plans.values():
        names |= {code: resource.name for code, resource in plan.resources.items() if code not in names}
    anonymous = sentences.Speaker(language, policy.currency or catalog.seller.currency, names, {})
    provider = policy.terms["provider"] or catalog.seller.name or anonymous.phrase("provider")
    always = {
        "provider": provider,
        "provider_cap": provider[:1].upper() + provider[1:],
        "deposit": anonymous.words(policy.terms["deposit_name"]),
    }
    return sentences.Speaker(language, policy.currency or catalog.seller.currency, names, always)
