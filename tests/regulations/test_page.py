"""The page for clients: computed examples, sentences for every answer, three languages, and it follows the policy."""

import re
import string
import tomllib
from datetime import date
from pathlib import Path

import pytest

from planshift.domain import catalog_document
from planshift.domain.policy import dimensions, loader, reading
from planshift.interfaces.presenters import regulation
from planshift.interfaces.presenters.regulation import parts, sections, sentences, situations, writing

ROOT = Path(__file__).parents[2]
ON = date(2026, 11, 22)
LANGUAGES = ("en", "pl", "it")
ANSWERS = [
    (dimension.name, answer.name) for dimension in dimensions.every().values() for answer in dimension.answers.values()
]
# Answers that say nothing to a client: they are the absence of a rule.
SILENT = {
    ("acceptance", "not_asked"), ("metering", "none"), ("total_rounding", "no"), ("fee_waiver", "never"),
    ("minimum_charge", "none"), ("promotion_penalty", "nothing"), ("payment_discount", "none"),
    ("early_window", "none"),
}  # fmt: skip


def _text(code):
    return (ROOT / "policies" / f"{code}.toml").read_text(encoding="utf-8")


def _catalog(code):
    return catalog_document.parse((ROOT / "catalogs" / f"{code}.toml").read_text(encoding="utf-8"), name=code)


def _page(code, language="en", *changes, on=ON):
    """The page of a shipped policy; `changes` are (old, new) replacements in its text."""
    text = _text(code)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return regulation.page(policy=loader.load(text.encode()), catalog=_catalog(code), language=language, on=on)


def _plain(page):
    return page.markdown().replace("\u00a0", " ")


def _examples(page):
    return [block for section in page.sections for block in section.blocks if isinstance(block, parts.Example)]


def test_H7_the_page_of_the_easy_hard_regulation_prints_what_the_engine_computes():
    """(135 - 69) x 4/12 = 22.00 (the source prints 5.5), (135 - 36.90) x 6/12 + 10 = 59.05; with 22 %: 26.84, 72.04."""
    easy, hard = _examples(_page("easy-hard"))
    assert easy.result.replace("\u00a0", " ") == (
        "To be paid: €22.00 net, €26.84 with VAT. Next renewal on 1 January 2027 at €135.00 net."
    )
    assert hard.result.replace("\u00a0", " ").startswith("To be paid: €59.05 net, €72.04 with VAT.")
    assert [sum_.replace("\u00a0", " ") for _what, sum_ in easy.working][:2] == [
        "4 / 12",
        "(135.00 − 69.00) × 4 / 12 = €22.00",
    ]
    assert "5.5" not in _plain(_page("easy-hard")).replace("€5.5", "")


def test_H7_the_same_figures_in_polish_and_italian():
    for language in ("pl", "it"):
        easy, hard = _examples(_page("easy-hard", language))
        assert "22,00 €" in easy.result.replace("\u00a0", " ")
        assert "59,05 €" in hard.result.replace("\u00a0", " ")


def test_the_examples_of_the_deposit_regulation():
    """20 of 49.00→89.00: 40 x 21/31 = 27.10; 4 x 8 x 21/31 = 21.68; 432 x 275/365 = 325.48 back; 2 x 49 = 98.00.

    Two metered days: 10 + 14 x 2 = 38 unit-hours, then 48 more, of cores at 0.06 and memory at 0.03: 3.42 + VAT 0.79 =
    4.21; 7.74 + 1.78 = 9.52, less 4.21 = 5.31. An hour: 2 x 0.09 x 1.23 = 0.2214.
    """
    results = [each.result.replace("\u00a0", " ") for each in _examples(_page("deposit", "pl"))]
    metered = results.pop()
    assert metered == ("Pobranie za pierwszą dobę: 4,21 zł, za drugą: 5,31 zł. Godzina kosztuje teraz 0,2214 zł z VAT.")
    assert [result.split(" netto")[0] for result in results] == [
        "Do zapłaty: 27,10 zł",
        "Do zapłaty: 21,68 zł",
        "Do zwrotu: 325,48 zł",
        "Do zapłaty: 98,00 zł",
    ]


def test_the_sections_of_the_two_regulations():
    assert [section.code for section in _page("easy-hard").sections] == [
        "definitions", "request", "kinds", "costs", "payment", "execution", "decrease", "renewal", "notices",
        "continuity",
    ]  # fmt: skip
    assert [section.code for section in _page("deposit").sections] == [
        "definitions", "request", "kinds", "costs", "period", "payment", "execution", "decrease", "renewal", "notices",
        "continuity", "metered", "deposit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("clause", "code", "section", "says"),
    [
        ("D1", "deposit", "definitions", "must not be confused"),
        ("D1", "deposit", "definitions", "What is a fixed part of the plan cannot be given up"),
        ("D2", "deposit", "execution", "only after the order has been paid"),
        ("D3", "deposit", "metered", "checked every 24 hours. Below PLN 10.00 the service is blocked"),
        ("D4", "deposit", "payment", "If auto-renewal of the service is on and the deposit is sufficient"),
        ("D5", "deposit", "execution", "only after the client has accepted the corrective invoice"),
        ("D6", "deposit", "renewal", "those of the previous settlement"),
        ("D7", "deposit", "decrease", "accepts by replying to that message, within 14 days"),
        ("D8", "deposit", "decrease", "always booked to the client’s deposit"),
        ("D9", "deposit", "request", "at any time"),
        ("D11", "deposit", "deposit", "is refundable, is not a fee"),
        ("D11", "deposit", "period", "from one month to three, two months"),
        ("D11", "deposit", "request", "not available for dedicated servers"),
        ("H1", "easy-hard", "definitions", "of a higher level or otherwise different"),
        ("H2", "easy-hard", "request", "in the client panel, where it is available"),
        ("H3", "easy-hard", "kinds", "characteristics of the present and of the target service"),
        ("H4", "easy-hard", "costs", "An easy change has no set-up fee"),
        ("H5", "easy-hard", "costs", "one-time set-up fee of €10.00"),
        ("H6", "easy-hard", "execution", "from 1 to 5 business days"),
        ("H8", "easy-hard", "renewal", "at the full price of what the client then has"),
        ("H9", "easy-hard", "notices", "is up to you alone"),
        ("H10", "easy-hard", "continuity", "kept for 14 days"),
        ("H10", "easy-hard", "notices", "Additional services attached to the old one end with it"),
        ("H11", "easy-hard", "continuity", "e-mail services of the domain remain active"),
        ("H12", "easy-hard", "decrease", "no refund is offered"),
    ],
)
def test_every_clause_stands_on_the_page(clause, code, section, says):
    assert says in _page(code).section(section).markdown().replace("\u00a0", " "), clause


FULL = [
    ('settlement = "difference"', 'settlement = "full_difference"'),
    ('denominator = "months_of_term"', "#"),  # nothing is divided
]
FREE = ('decrease = "not_offered"', 'decrease = "without_refund"')
BUYER = ('buyer = "current"', 'buyer = "as_before"')
CUT_OFF = ('collection = "by_payment"', 'cut_off = { answer = "days_before_end", days = 4 }')
LATER = ("days = 14, reminders = [3, 10]", "days = 21, reminders = [7]")
FEE = ('setup_fee = "none"', 'change_fee = [{ answer = "flat", amount = "5.00" }]')
DAYS = [('"months" ', '"days" '), ('"months_of_term"', '"own_period"')]

# policy, what is changed in it, section, what it then says, what an example then comes to
CHANGED = [
    ("easy-hard", DAYS, "costs", "in calendar days", "€22.06"),  # 66 x 122 / 365: 1 September to 31 December
    ("easy-hard", [("10.00", "25.00")], "costs", "set-up fee of €25.00", "€74.05"),
    ("easy-hard", FULL, "costs", "the full difference", "€66.00"),
    ("easy-hard", [("most = 5", "most = 9")], "execution", "from 1 to 9 business days", None),
    ("easy-hard", [("days = 14", "days = 30")], "continuity", "kept for 30 days", None),
    ("easy-hard", [FREE], "decrease", "carried out at no charge", None),
    ("easy-hard", [BUYER], "renewal", "those of the previous settlement", None),
    ("easy-hard", [CUT_OFF], "request", "until 4 days before the end", None),
    ("deposit", [("order_days = 7", "order_days = 3")], "payment", "waits for its payment for 3 days", None),
    ("deposit", [LATER], "decrease", "within 21 days", None),
    ("deposit", [FEE], "costs", "A fee of PLN 5.00 is charged for every change", "PLN 32.10"),  # 27.10 + 5
    ("deposit", [('price = "present"', 'price = "new"')], "period", "at the monthly price of the new period", None),
    ("deposit", [('floor = "10.00"', 'floor = "20.00"')], "metered", "Below PLN 20.00", None),
]


@pytest.mark.parametrize(("code", "change", "section", "says", "result"), CHANGED)
def test_another_answer_makes_another_sentence_and_another_example(code, change, section, says, result):
    before, after = _page(code), _page(code, "en", *change)
    assert says in after.section(section).markdown().replace("\u00a0", " ")
    assert says not in _plain(before)
    if result is not None:
        assert any(result in each.result.replace("\u00a0", " ") for each in _examples(after))
        assert not any(result in each.result.replace("\u00a0", " ") for each in _examples(before))


def test_what_differs_between_kinds_is_told_apart_and_what_is_the_same_once():
    (times,) = [block for block in _page("easy-hard").section("execution").blocks if getattr(block, "items", ())]
    assert times.items == (
        "Hard change: The execution takes from 1 to 5 business days.".replace("5 ", "5\u00a0"),
        "Easy change: The execution takes from 1 to 2 business days.".replace("2 ", "2\u00a0"),
    )
    alike = _page("easy-hard", "en", ("most = 2 ", "most = 5 "))
    assert [block for block in alike.section("execution").blocks if getattr(block, "items", ())] == []


def test_differences_by_direction_are_told_by_direction():
    (when,) = [block for block in _page("deposit").section("execution").blocks if getattr(block, "items", ())]
    assert [item.split(":")[0] for item in when.items] == [
        "Decrease (change of plan or change of resources)",
        "In all other cases",
    ]


def test_every_dimension_is_told_in_some_section():
    told = {name for groups in sections.TOLD.values() for group in groups for name in group}
    assert told == set(dimensions.every())


def _chosen(dimension, answer):
    """The answer with the parameters of its example."""
    example = dimensions.every()[dimension].answers[answer].example
    found = reading.answers(tomllib.loads(f"{dimension} = {example}"), (), pytest.fail)[dimension]
    return next(each for each in found if each.answer == answer)


def _speaker(language):
    return sentences.Speaker(language, "EUR", {}, {"provider": "P", "deposit": "deposit"})


@pytest.mark.parametrize(("dimension", "answer"), ANSWERS)
def test_english_has_a_sentence_for_every_answer(dimension, answer):
    assert sentences.has(dimension, answer, "en")
    text = _speaker("en").answer(dimension, _chosen(dimension, answer))
    assert (text == "") is ((dimension, answer) in SILENT)
    assert "{" not in text
    assert "_" not in text, "a word of the format, not of a client"
    assert "None" not in text
    assert not text or (text[0].isupper() and text.endswith("."))


@pytest.mark.parametrize("dimension", dimensions.every())
def test_no_two_answers_of_a_dimension_are_told_alike(dimension):
    answers = dimensions.every()[dimension].answers
    texts = [_speaker("en").answer(dimension, _chosen(dimension, answer)) for answer in answers]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("dimension", dimensions.every())
def test_every_choice_and_table_has_its_words(dimension):
    for answer in dimensions.every()[dimension].answers.values():
        entry = sentences.texts("en")["answers"][dimension][answer.name]
        for param in answer.params:
            rows = [field for field in param.fields if field.kind == "choice"]
            for each in [param, *rows] if param.kind in ("choice", "choices", "rows") else []:
                words = entry.get("choice", {}).get(each.name) or sentences.texts("en")["modes"]
                assert set(each.choices) <= set(words), (answer.name, each.name)


@pytest.mark.parametrize("code", ("easy-hard", "deposit"))
@pytest.mark.parametrize("language", ("pl", "it"))
def test_the_shipped_policies_are_told_wholly_in_every_language(code, language):
    read = loader.load(_text(code).encode())
    told = {name for groups in sections.TOLD.values() for group in groups for name in group}
    used = {
        (name, each.answer)
        for one in situations.every(read)
        for name in told
        for each in one.resolved.several(name)
        if name in sections.ALWAYS or each.answer != dimensions.every()[name].default
    }
    missing = {
        (name, answer) for name, answer in used if name != "notices" and not sentences.has(name, answer, language)
    }
    silent = {pair for pair in missing if pair in SILENT}
    assert missing == silent


def _leaves(table, path=()):
    for key, value in table.items():
        yield from _leaves(value, (*path, key)) if isinstance(value, dict) else [((*path, key), value)]


@pytest.mark.parametrize("language", ("pl", "it"))
def test_fixed_texts_are_there_in_every_language_with_the_same_gaps(language):
    english, other = sentences.texts("en"), sentences.texts(language)
    for table in [name for name in english if name != "answers"]:
        expected = dict(_leaves(english[table]))
        found = dict(_leaves(other[table]))
        assert set(found) >= set(expected), table
        for path in expected.keys() & found.keys():
            assert _gaps(found[path]) == _gaps(expected[path]), path


@pytest.mark.parametrize("language", ("pl", "it"))
def test_no_language_has_a_sentence_that_nothing_can_say(language):
    for dimension, answers in sentences.texts(language)["answers"].items():
        assert set(answers) <= set(dimensions.every()[dimension].answers), dimension
        for answer, entry in answers.items():
            expected = dict(_leaves(sentences.texts("en")["answers"][dimension][answer]))
            found = dict(_leaves(entry))
            assert set(found) == set(expected), (dimension, answer)
            for path, text in found.items():
                assert _gaps(text) <= _gaps(expected[path]) | {"provider", "deposit", "amount"}, path


def _gaps(text):
    return {name.split(":")[0] for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", ("easy-hard", "deposit"))
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_the_format_reaches_a_client(code, language):
    text = re.sub(r"\*.*\*\n$", "", _plain(_page(code, language)))  # the footer names the policy
    for word in ("{", "}", "None", "True", "False", "Fraction", "\\_"):
        assert word not in text, word


def test_polish_numbers_take_their_nouns():
    text = _plain(
        _page("deposit", "pl", ("days = 14, reminders", "days = 22, reminders"), ("days = 14 }", "days = 21 }"))
    )
    assert "w ciągu 22 dni" in text
    assert "przez 21 dni" in text
    once = _plain(
        _page("deposit", "pl", ("days = 14 }", "days = 1 }"), ("check_every_hours = 24", "check_every_hours = 5"))
    )
    assert "przez 1 dzień" in once
    assert "co 5 godzin" in once


def test_texts_of_a_policy_are_data_on_the_page_never_markup():
    hostile = ('title.en = "', 'title.en = "<script>alert(1)</script> **bold** ')
    page = _page("easy-hard", "en", hostile)
    assert "<script>" not in page.html()
    assert "<script>" not in page.document()
    assert "&lt;script&gt;" in page.html()
    assert "\\*\\*bold\\*\\*" in page.markdown()
    assert "\\<script\\>" in page.markdown()


def test_html_is_a_whole_document_with_print_styles_and_headings_in_order():
    document = _page("easy-hard", "it").document()
    assert document.startswith("<!doctype html>")
    assert '<html lang="it">' in document
    assert "@media print" in document
    assert document.count("<h1>") == 1
    assert [int(number) for number in re.findall(r'class="number">(\d+)\.<', document)] == list(range(1, 11))
    opened = re.findall(r"<(section|ul|dl|figure|article|header|footer|p|li|dt|dd|h1|h2|span|figcaption)[ >]", document)
    closed = re.findall(r"</(section|ul|dl|figure|article|header|footer|p|li|dt|dd|h1|h2|span|figcaption)>", document)
    assert sorted(opened) == sorted(closed)


def test_a_catalog_that_knows_none_of_the_examples_gets_one_of_its_own():
    other = loader.load(_text("easy-hard").replace('"EUR"', '"PLN"').encode())
    page = regulation.page(policy=other, catalog=_catalog("deposit"), language="en", on=ON)
    (example,) = _examples(page)
    assert example.title == "Example: from VPS Standard to VPS Professional"


def test_the_provider_may_add_sections_of_its_own():
    added = (
        '\n[[terms.additional]]\nheading = { en = "Contact", pl = "Kontakt" }\ntext = "Write to us.\\n\\nOr call."\n'
    )
    text = _text("easy-hard") + added
    page = regulation.page(policy=loader.load(text.encode()), catalog=_catalog("easy-hard"), language="pl", on=ON)
    assert page.sections[-1].heading == "Kontakt"
    assert [block.text for block in page.sections[-1].blocks] == ["Write to us.", "Or call."]


def test_D10_help_pages_explain_each_operation():
    def articles(code, language="en"):
        policy = loader.load(_text(code).encode())
        return regulation.articles(policy=policy, catalog=_catalog(code), language=language, on=ON)

    assert [page.slug for page in articles("deposit")] == [
        "plan", "resources", "period", "decrease", "deposit", "metered", "regulation",
    ]  # fmt: skip
    assert [page.slug for page in articles("easy-hard")] == ["plan", "decrease", "regulation"]
    by_slug = {page.slug: page for page in articles("deposit", "pl")}
    assert by_slug["resources"].title == "Więcej lub mniej zasobów"
    assert [each.operation for each in _examples(by_slug["resources"])] == ["resources"]
    assert [each.operation for each in _examples(by_slug["plan"])] == ["plan", "plan"]
    assert all(page.lead and page.body() for page in by_slug.values())
    assert "<h1>" not in by_slug["plan"].body()
    assert [section.number for section in by_slug["plan"].sections] == list(range(1, 9))


def test_polish_teens_take_the_third_form():
    forms = "dzień|dni temu|dni"
    assert [writing.counted(amount, forms, "pl").replace("\u00a0", " ") for amount in (1, 3, 5, 12, 22, 113)] == [
        "1 dzień", "3 dni temu", "5 dni", "12 dni", "22 dni temu", "113 dni",
    ]  # fmt: skip
