"""No code without words: reasons, states, notices, movements, steps of the working."""

import ast

import pytest
from django.utils import translation

from planshift.domain import posting_examples
from planshift.domain.errors import Reason
from planshift.domain.lifecycles import change, order, quote
from planshift.domain.money import Money
from planshift.domain.policy import collection, dimensions
from planshift.interfaces.presenters import amounts, movements, notices, reasons, refusals, states
from planshift.interfaces.presenters.regulation import sentences
from tests.house_rules import source


def raised() -> set[str]:
    """Every code with which the source makes a Reason or a Refused."""
    codes = set()
    for module in source.modules():
        for node in module.nodes if module.inside else ():
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "Reason") and node.args:
                parts = ast.walk(node.args[0])
                codes |= {
                    part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
                }
    return codes


def test_every_refusal_has_a_sentence() -> None:
    assert sorted(raised() - set(refusals.SENTENCES)) == []


def test_every_reason_of_the_collection_has_a_sentence() -> None:
    zero, one = Money.of("0", "PLN"), Money.of("1", "PLN")
    said = set()
    for answer in collection.RULES.values():
        said |= set(answer.run(auto_renewal=False, deposit=zero, due=one).waits_because)
    assert said == {"by_payment_only", "auto_renewal_off", "deposit_too_small"}
    assert said <= set(refusals.SENTENCES)


@pytest.mark.parametrize(
    ("aggregate", "lifecycle"),
    [("change", change.LIFECYCLE), ("order", order.LIFECYCLE), ("quote", quote.LIFECYCLE)],
)
def test_every_state_has_words(aggregate: str, lifecycle: object) -> None:
    assert set(lifecycle.states) <= set(states.STATES[aggregate])  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "pl", "it"])
def test_every_notice_has_a_text_in_every_language_and_the_regulation_quotes_it(language: str) -> None:
    answers = set(dimensions.every()["notices"].answers)
    assert answers == set(sentences.texts(language)["answers"]["notices"])
    speaker = sentences.Speaker(language, "EUR", {}, {})
    with translation.override(language):
        for code in answers:
            shown = notices.text(code, {}, {})
            assert shown.title and shown.body
            assert speaker.notice(code) == f"{shown.title}. {shown.body}"


def test_a_notice_adds_what_the_quote_knows() -> None:
    facts = {"ends": ({"number": "S-1002", "name": "Host Pointer"},), "again": ("Host Pointer",), "lost": ()}
    with translation.override("it"):
        assert notices.text("attached_end", facts, {}) == notices.Text(
            "I servizi collegati cessano",
            "I servizi aggiuntivi collegati a quello precedente cessano con esso. Ove possibile, possono essere "
            "collegati di nuovo al nuovo servizio. Si tratta di: Host Pointer (S-1002). "
            "Si possono collegare di nuovo: Host Pointer.",
        )


def test_every_posting_has_a_title() -> None:
    assert {posting.name for posting, _when in posting_examples.examples()} == set(movements.TITLES)


@pytest.mark.parametrize("language", ["en", "pl", "it"])
def test_no_sentence_breaks_on_its_facts(language: str) -> None:
    with translation.override(language):
        for code in refusals.SENTENCES:
            assert reasons.sentence(Reason(code, {})).strip()


def test_facts_are_worded() -> None:
    needs = {"resources": (("disk", 63, 60), ("ip", 3, 1))}
    names = {"disk": {"en": "Disk", "pl": "Dysk"}, "ip": "IP"}
    with translation.override("pl"):
        assert reasons.sentence(Reason("usage_too_big", needs), names) == (
            "Używasz więcej, niż mieści plan docelowy: Dysk 63 (najwyżej 60), IP 3 (najwyżej 1). "
            "Najpierw zwolnij miejsce."
        )
        assert reasons.sentence(Reason("deposit_too_small", {"missing": Money.of("12.30", "PLN")})) == (
            "Na Saldzie Kaucji brakuje 12,30\xa0zł."
        )
    assert "(nonsense)" in reasons.sentence(Reason("nonsense"))


@pytest.mark.parametrize(
    ("language", "amount", "written"),
    [
        ("en", Money.of("1234.5", "EUR"), "€1,234.50"),
        ("pl", Money.of("1234.5", "PLN"), "1 234,50 zł"),
        ("it", Money.of("1234.5", "EUR"), "1.234,50 €"),
        ("en", Money.of("-22", "EUR"), "\N{MINUS SIGN}€22.00"),
        ("en", Money.of("40", "PLN"), "PLN 40.00"),
        ("en", Money.of("500", "JPY"), "JP¥500"),
    ],
)
def test_money_in_each_language(language: str, amount: Money, written: str) -> None:
    with translation.override(language):
        assert amounts.money(amount).replace("\xa0", " ") == written


@pytest.mark.parametrize(
    ("language", "one", "five"),
    [
        ("en", "announced 1 day ahead.", "announced 5 days ahead."),
        ("pl", "z wyprzedzeniem 1 dnia.", "z wyprzedzeniem 5 dni."),
        ("it", "con 1 giorno di anticipo.", "con 5 giorni di anticipo."),
    ],
)
def test_a_count_has_its_own_form(language: str, one: str, five: str) -> None:
    with translation.override(language):
        assert reasons.sentence(Reason("not_announced_in_time", {"days": 1})).endswith(one)
        assert reasons.sentence(Reason("not_announced_in_time", {"days": 5})).endswith(five)
