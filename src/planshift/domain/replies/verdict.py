"""Did the client accept? Only what we understand to the last word counts; all else goes to a person (D7)."""

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import Literal

from planshift.domain.replies import automatic, html_text, mails, phrases, quotes, signatures, words

Answer = Literal["accepted", "refused", "unclear", "automatic"]
RULES = "2"  # version of these rules, kept with every verdict: raise it when an answer can differ
MOST_LINES = 60
_JOINED = 4  # lines that a sentence may be wrapped over


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Our own mail that is answered: its subject, its plain text, and the numbers of the documents it was about."""

    subject: str
    text: str
    about: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a mail says, why a person has to look at it (a code of REASONS; "" for a plain yes or no), and the
    writer's own words."""

    answer: Answer
    reason: str = ""
    own: str = ""
    machine: automatic.Automatic | None = None
    rules: str = field(default=RULES)


REASONS = (
    "empty",  # nothing of the writer's own
    "quoted_only",  # only our own mail came back
    "attachments_only",
    "attachment",  # a yes, with a file that may say something else
    "forwarded",
    "question",
    "condition",  # yes, but…
    "negation",  # a no in words that we do not know for a plain no
    "yes_and_no",
    "not_explicit",  # "ok", "yes", "confirmed": to what?
    "other_document",  # a yes to another number
    "more_text",  # a yes, with words that we do not understand
    "not_understood",  # another language, another matter
    "text_in_quote",  # words in the quote, marked or not, that we never wrote
    "subject_changed",
    "parts_differ",  # plain text and HTML do not say the same
    "unreadable",
    "too_long",
)


def judge(mail: mails.Mail, *, asked: Asked) -> Verdict:
    """The verdict on `mail` as an answer to what we `asked`. "accepted" is never a guess."""
    machine = automatic.find(mail)
    if machine is not None:
        return Verdict(answer="automatic", reason=machine.kind, machine=machine)
    if mail.unreadable:
        return Verdict(answer="unclear", reason="unreadable")
    bodies = [mail.text] if mail.text and mail.text.strip() else []
    html = html_text.text_of(mail.html) if mail.html else ""
    bodies += [html] if html.strip() else []
    files = [each for each in mail.attachments if not _is_harmless(each)]
    if not bodies:
        return Verdict(answer="unclear", reason="attachments_only" if files else "empty")
    verdict = _both([_judge_body(each, mail, asked) for each in bodies])
    if verdict.reason in ("empty", "quoted_only") and files:
        return Verdict(answer="unclear", reason="attachments_only", own=verdict.own)
    if verdict.answer in ("accepted", "refused"):
        doubt = "attachment" if files else _subject_doubt(mail.subject, asked.subject)
        if doubt:
            return Verdict(answer="unclear", reason=doubt, own=verdict.own)
    return verdict


def _both(found: list[Verdict]) -> Verdict:
    first, last = found[0], found[-1]
    if {first.answer, last.answer} == {"accepted", "refused"}:
        return Verdict(answer="unclear", reason="yes_and_no", own=first.own)
    if first.answer == last.answer:
        return first
    doubtful = first if first.answer == "unclear" else last
    reason = "parts_differ" if doubtful.reason in ("empty", "quoted_only", "not_understood") else doubtful.reason
    return Verdict(answer="unclear", reason=reason, own=first.own)


def _is_harmless(attachment: mails.Attachment) -> bool:
    """Pictures in a signature, visiting cards and signatures of the mail itself."""
    if attachment.content_type.startswith("image/"):
        return attachment.inline
    return attachment.content_type in (
        *("text/vcard", "text/x-vcard", "text/directory"),
        *(
            "application/pkcs7-signature",
            "application/x-pkcs7-signature",
            "application/pgp-signature",
            "application/pgp-keys",
        ),
    )


_PREFIX = re.compile(
    r"(?:re|odp|r|rif|ris|aw|sv)(?:\[\d+\])?\s*:\s*|\[(?:ext|external|zewn\w*|esterno|spam\??)\]\s*|\*+spam\*+\s*"
)
_PASSED_ON = re.compile(r"(?:fwd?|pd|i|tr|inoltro|inoltrata)\s*:")


def _subject_doubt(subject: str, ours: str) -> str:
    plain = " ".join(words.clean(subject).casefold().split())
    while found := _PREFIX.match(plain):
        plain = plain[found.end() :]
    if _PASSED_ON.match(plain):
        return "forwarded"
    return "" if plain == " ".join(words.clean(ours).casefold().split()) else "subject_changed"


def _judge_body(text: str, mail: mails.Mail, asked: Asked) -> Verdict:
    parts = quotes.divide(text)
    lines = [line for line in parts.own if not signatures.is_added_by_program(line)]
    own = "\n".join(lines).strip()
    sender = frozenset(words.split(f"{mail.sender_name} {mail.sender.rpartition('.')[0]}"))
    if parts.forwarded:
        return Verdict(answer="unclear", reason="forwarded", own=own)
    if not re.search(r"\w", own):
        quoted = any(parts.marked) or any(parts.unmarked)
        return Verdict(answer="unclear", reason="quoted_only" if quoted else "empty", own=own)
    if len([line for line in lines if line]) > MOST_LINES:
        return Verdict(answer="unclear", reason="too_long", own=own[:4000])
    answer, reason = _weigh(list(_sentences(lines, sender=sender, about=asked.about)))
    if answer != "unclear" and quotes.foreign((*parts.marked, *parts.unmarked), sent=f"{asked.subject}\n{asked.text}"):
        answer, reason = "unclear", "text_in_quote"
    return Verdict(answer=answer, reason=reason, own=own[:4000])


def _weigh(found: list[tuple[str, str]]) -> tuple[Answer, str]:
    """From the kinds of all sentences to the answer."""
    kinds = {kind for kind, _ in found}
    doubts = [words.doubt(sentence) for kind, sentence in found if kind == ""]
    if "other_document" in kinds:
        return "unclear", "other_document"
    if "yes" in kinds and kinds & {"no", "weak_no"}:
        return "unclear", "yes_and_no"
    for code in ("question", "condition", "negation"):
        if code in doubts:
            return "unclear", "yes_and_no" if code == "negation" and "yes" in kinds else code
    if doubts:
        return "unclear", "more_text" if kinds & {"yes", "no"} else "not_understood"
    if "yes" in kinds:
        return "accepted", ""
    if "no" in kinds:
        return ("unclear", "yes_and_no") if "weak" in kinds else ("refused", "")
    return "unclear", "not_explicit"


def _sentences(lines: list[str], *, sender: Set[str], about: Set[str]) -> Iterator[tuple[str, str]]:
    """Every sentence with its kind ("" unknown); signatures are left out, but only as far as they are nothing else."""
    place, signed, answered = 0, False, False
    while place < len(lines):
        line = lines[place]
        if not line:
            place += 1
        elif signatures.is_delimiter(line):
            signed, place = signed or line in signatures.DELIMITERS, place + 1
        elif (count := _disclaimer(lines, place)) and (signed or answered):
            place += count
        else:
            count, known = _known(lines, place, about)
            if known:
                yield from known
                signed = signed or any(kind == "closing" for kind, _ in known)
                answered = answered or any(kind not in ("polite", "closing") for kind, _ in known)
            elif not (signed and signatures.is_contact(line, sender=sender)) and not (
                answered and signatures.is_name_of(line, sender=sender)
            ):
                yield "", line
                yield from ((kind, each) for each in _split(line) if (kind := _kind(each, about)))
            place += count


def _disclaimer(lines: list[str], place: int) -> int:
    """How many lines from `place` on are a disclaimer: the rest of the paragraph, or none."""
    if place and lines[place - 1] and not signatures.is_delimiter(lines[place - 1]):
        return 0  # a paragraph is one or it is none
    end = next((each for each in range(place, len(lines)) if not lines[each]), len(lines))
    return end - place if signatures.is_disclaimer(" ".join(lines[place:end])) else 0


def _known(lines: list[str], place: int, about: Set[str]) -> tuple[int, list[tuple[str, str]]]:
    """The sentences that begin at `place`, when all of them are known: of as many lines as fit, since clients wrap."""
    for count in range(min(_JOINED, len(lines) - place), 0, -1):
        taken = lines[place : place + count]
        if "" in taken:
            continue
        found = [(_kind(each, about), each) for each in _split(" ".join(taken))]
        if found and all(kind for kind, _ in found):
            return count, found
    return 1, []


def _kind(sentence: str, about: Set[str]) -> str:
    if sentence.casefold() in ("nie", "no"):
        return "weak_no"
    if sentence.casefold() in ("", "e", "i", "and"):
        return "polite"
    return phrases.kind(sentence, about=about)


_GLAD = re.compile(r"[👍🙂😊✅🙏]\ufe0f?[\U0001f3fb-\U0001f3ff]?|[:;]-?\)")


def _split(text: str) -> list[str]:
    """Sentences and clauses; their punctuation is gone, but a question mark stays."""
    plain = re.sub(r"[\"'*_]+(?=\s|$|[.,!])|(?:(?<=\s)|^)[\"'*_„”]+", "", _GLAD.sub("; ", text))
    plain = re.sub(r"[\"„”“«»]", "", plain)
    return [
        each.strip() for each in re.split(r"[!,;…]+|\.+(?=\s|$)|:(?=\s|$)|\s-+(?=\s|$)|[()]", plain) if each.strip()
    ]
