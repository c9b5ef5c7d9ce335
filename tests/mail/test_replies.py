"""Does the verdict on each mail of the corpus stand, and can nothing doubtful be added that makes a yes? (D7)"""

import re
from collections import Counter

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from planshift.domain.replies import quotes, reading, verdict, words
from tests.mail import corpus_of_mails as corpus

SAMPLES = corpus.samples()
ASKED = corpus.asked()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each.name)
def test_each_mail_of_the_corpus_says_what_its_table_says(sample: corpus.Sample) -> None:
    found = verdict.judge(reading.read(sample.raw), asked=sample.asked)
    assert (found.answer, found.reason) == (sample.answer, sample.reason)


def test_the_corpus_is_large_and_its_table_complete() -> None:
    assert {each.name for each in SAMPLES} == {path.stem for path in corpus.FOLDER.glob("*.eml")}
    counted = Counter(each.answer for each in SAMPLES)
    assert (len(SAMPLES) >= 100, counted["accepted"] >= 40, counted["unclear"] >= 40) == (True, True, True)
    assert {each.reason for each in SAMPLES if each.answer == "unclear"} >= set(verdict.REASONS) - {
        "parts_differ",
        "too_long",
    }


def test_every_address_of_the_corpus_is_reserved_for_examples() -> None:
    for sample in SAMPLES:
        shown = re.sub(rb"=\r?\n", b"", sample.raw)  # lines that were broken for the way
        hosts = set(re.findall(rb"[\w.+-]+@([\w.-]+\w)", shown))
        assert all(re.search(rb"(^|\.)example(\.com)?$|01DAdemo", host) for host in hosts), (sample.name, hosts)


def test_a_bounce_names_its_recipient_its_status_and_what_came_back() -> None:
    found = {}
    for sample in SAMPLES:
        said = verdict.judge(reading.read(sample.raw), asked=sample.asked).machine
        if said is not None and said.kind in ("bounce", "delayed"):
            found[sample.name] = (said.recipient, said.status, said.returned_ids)
    back = ("7k3mz9q2x4wd5n8p.1@hosting.example",)
    assert found == {
        "automatic-bounce-postfix-unknown-user": ("jan.demo@example.com", "5.1.1", back),
        "automatic-bounce-mailbox-full": ("mario.demo@example.com", "5.2.2", back),
        "automatic-delayed-postfix": ("alice.demo@example.com", "4.4.1", back),
        "automatic-bounce-exim": ("alice.demo@example.com", "5.7.1", back),
        "automatic-bounce-qmail": ("jan.demo@example.com", "5.1.1", back),
    }


# ── laws ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
DOUBTFUL = (
    *("ale najpierw proszę o fakturę", "pod warunkiem rabatu", "Jeśli zdążycie do jutra.", "Nie zgadzam się.", "nie"),
    *(
        "Czy to na pewno dobra kwota?",
        "Warunkowo",
        "Czekam na zwrot",
        "Ewentualnie.",
        "Proszę zadzwonić",
        "PS. kwota jest zła",
    ),
    *(
        "but not yet",
        "only if you pay me back",
        "Do you agree",
        "However",
        "I refuse",
        "Maybe",
        "call me first",
        "NOT",
        "no",
    ),
    *(
        "ma solo domani",
        "Però aspetto",
        "a condizione che",
        "Non accetto",
        "se possibile",
        "Forse",
        "chiamatemi",
        "no!",
    ),
    *(
        "Ja akzeptiert",
        "aber nur",
        "mais pas encore",
        "…",
        "xyz",
        "Zapłacę później",
        "zwrot na kartę",
        "42 EUR więcej",
        "👎",
        "❌",
    ),
    *("Akceptuję FK/2026/11/0008", "przeczytałem", "Wolę Przelew", "Konto Zamknięte", "?", "Akceptujecie"),
)
SAYING = tuple(each for each in DOUBTFUL if re.search(r"\w|\?|👎|❌", each))
ACCEPTANCES = tuple(
    each for each in SAMPLES if each.answer == "accepted" and b"multipart" not in each.raw and b"base64" not in each.raw
)
BODIES = (
    *(
        "Akceptuję",
        "Akceptuję.\n\nPozdrawiam\nJan Demo",
        "Dzień dobry,\nakceptuję korektę.\n\n-- \nJan Demo\ntel. 600 000 000",
    ),
    *("I accept", "Hello,\n\nI accept.\n\nKind regards\nJan Demo\nOffice Manager", "Accetto", "Sì, accetto.\nGrazie"),
    "Akceptuję.\n\nW dniu 22.11.2026 o 11:58, Hosting Demo pisze:\n> Prosimy o akceptację.\n> Hosting Demo",
    "I accept.\n\nSent from my iPhone\n\n> On 22 Nov 2026, at 11:58, Hosting Demo wrote:\n> FK/2026/11/0007",
)


def said(body: str, *, language: str = "pl") -> verdict.Verdict:
    """The verdict on a plain mail with this body, sent by Jan Demo as a reply."""
    head = f"From: Jan Demo <jan@example.com>\nSubject: Re: {ASKED[language].subject}\n"
    raw = f"{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n"
    return verdict.judge(reading.read(raw.encode("utf-8", "surrogatepass")), asked=ASKED[language])


@pytest.mark.parametrize("body", BODIES)
def test_the_bodies_of_the_laws_are_acceptances(body: str) -> None:
    assert said(body).answer == "accepted"


@given(body=st.sampled_from(BODIES), doubt=st.sampled_from(SAYING), where=st.integers(0, 12), inline=st.booleans())
@settings(max_examples=600, deadline=None)
def test_a_doubtful_sentence_anywhere_in_the_own_text_makes_no_acceptance(
    body: str, doubt: str, where: int, inline: bool
) -> None:
    lines = body.split("\n")
    own = [
        place for place, line in enumerate(lines) if not line.startswith(">") and not line.startswith(("W dniu", "On "))
    ]
    place = own[where % len(own)]
    changed = (
        [*lines[:place], f"{lines[place]} {doubt}", *lines[place + 1 :]]
        if inline
        else [*lines[:place], doubt, *lines[place:]]
    )
    assert said("\n".join(changed)).answer != "accepted"


@given(
    doubtful=st.lists(st.sampled_from((*SAYING, "ok", "Tak", "Potwierdzam", "Pozdrawiam", "")), max_size=4),
    quoted=st.sampled_from(BODIES),
)
@settings(max_examples=400, deadline=None)
def test_text_only_inside_a_quote_never_counts(doubtful: list[str], quoted: str) -> None:
    marked = "\n".join(f"> {line}" for line in quoted.split("\n"))
    for attribution in (
        "W dniu 22.11.2026 o 11:58, Jan pisze:\n",
        "On 22 Nov 2026, at 11:58, Jan wrote:\n",
        "",
        "Il 22/11/2026 11:58, Jan ha scritto:\n",
    ):
        body = "\n".join(doubtful)
        assert said(f"{body}\n\n{attribution}{marked}").answer != "accepted"
        assert said(f"{attribution}{marked}\n\n{body}").answer != "accepted"
    fields = "From: Jan Demo\nSent: Sunday, November 22, 2026 11:58 AM\nTo: Hosting Demo\nSubject: x"
    head = f"-----Original Message-----\n{fields}\n\n"
    assert said("\n".join([*doubtful, "", head + quoted])).answer != "accepted"


@given(body=st.sampled_from(BODIES), doubt=st.sampled_from(SAYING))
@settings(max_examples=200, deadline=None)
def test_what_was_unclear_stays_unclear_whatever_is_quoted(body: str, doubt: str) -> None:
    unclear = f"{doubt}\n\n{body}"
    assert said(unclear).answer != "accepted"
    quoted = "\n".join(f"> {line}" for line in unclear.split("\n"))
    assert said(f"{unclear}\n\nOn 22 Nov 2026, at 11:58, Jan wrote:\n{quoted}").answer != "accepted"
    assert said(f"{quoted}\n\n{unclear}").answer != "accepted"


@given(st.text(max_size=300))
@settings(max_examples=400, deadline=None)
@example("\u202eAkceptuję\u202c nie")
@example("Ak\u200bceptuję ale")
def test_no_text_that_we_do_not_know_is_accepted(text: str) -> None:
    # Hypothesis writes no sentence of ours, but where it takes a word from our source
    assume(not any(verdict._kind(each, frozenset()) for each in verdict._split(words.clean(text))))
    assert said(text).answer in ("unclear", "automatic")


@given(st.binary(max_size=600))
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_read(raw: bytes) -> None:
    found = verdict.judge(reading.read(raw), asked=ASKED["en"])
    assert found.answer in ("unclear", "automatic")


@pytest.mark.parametrize("marked", ["> Wolę przelew na konto.", ">PS. tylko jeśli dostanę rabat", "> > Nie teraz."])
def test_a_line_of_the_writer_marked_as_a_quote_is_seen(marked: str) -> None:
    quoted = ASKED["pl"].text.replace("\n", "\n> ")
    text = f"Akceptuję.\n\nW dniu 22.11.2026 o 11:58, Hosting Demo pisze:\n> {quoted}"
    assert said(text).answer == "accepted"
    found = said(f"{text}\n{marked}")
    assert (found.answer, found.reason) == ("unclear", "text_in_quote")


@given(sample=st.sampled_from(SAMPLES), place=st.integers(0, 5000), byte=st.integers(0, 255))
@settings(max_examples=400, deadline=None)
def test_a_damaged_mail_is_read_and_never_becomes_an_acceptance(sample: corpus.Sample, place: int, byte: int) -> None:
    raw = bytearray(sample.raw)
    # one word of the header says that a machine wrote: without it nothing tells the mail from a person's
    head = raw.index(b"\n\n") if sample.answer == "automatic" else 0
    raw[head + place % (len(raw) - head)] = byte
    found = verdict.judge(reading.read(bytes(raw)), asked=sample.asked)
    assert (
        sample.answer == "accepted"
        or found.answer != "accepted"
        or sample.reason in ("subject_changed", "forwarded", "other_document")
    )


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if each.name.startswith("accept")], ids=lambda each: each.name
)
def test_as_an_answer_to_another_mail_it_is_no_acceptance(sample: corpus.Sample) -> None:
    other = verdict.Asked(subject="Faktura korygująca FK/2026/11/0099", text="", about=frozenset({"FK/2026/11/0099"}))
    assert verdict.judge(reading.read(sample.raw), asked=other).answer == "unclear"


def test_a_part_that_is_lost_outside_the_parts_makes_a_mail_unreadable() -> None:
    (sample,) = (each for each in SAMPLES if each.name == "unclear-pl-outlook-below-quote")
    parts = sample.raw.split(b"\n--_000", 1)  # the words that make it unclear stand in the first part only
    found = verdict.judge(reading.read(b"\n-x_000".join(parts)), asked=sample.asked)
    assert (found.answer, found.reason) == ("unclear", "unreadable")
    whole = next(each.raw for each in SAMPLES if each.name == "accept-pl-gmail-web")
    noted = whole.replace(b"\n\n--", b"\n\nThis is a multi-part message in MIME format.\n--", 1)
    assert verdict.judge(reading.read(noted), asked=ASKED["pl"]).answer == "accepted"


def test_words_of_ours_used_once_more_are_noticed_in_an_unmarked_quote() -> None:
    assert quotes.foreign(["I do accept it not"], sent="I do accept it") == ("not",)
    assert quotes.foreign(["I do accept", "it"], sent="I do accept it") == ()


def test_a_huge_mail_takes_no_long_time() -> None:
    for body in (
        "Akceptuję " * 40_000,
        "On " * 100_000,
        "> " * 200_000,
        "<div>" * 50_000,
        "a@" * 100_000,
        "-" * 300_000,
        "20:20 " * 60_000,
    ):
        assert said(body).answer == "unclear"
        html = f"From: x@example.com\nContent-Type: text/html\n\n{body}"
        assert verdict.judge(reading.read(html.encode()), asked=ASKED["pl"]).answer == "unclear"
