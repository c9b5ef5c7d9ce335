"""What in a body is not the writer's own? Marked quotes, the line above them, and all that stands under a header
block or a line of dashes (Outlook, phones), where nothing marks the quote.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from planshift.domain.replies import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Divided:
    """A body: the writer's own lines, marked quotes, and what stands unmarked under the head of a quote."""

    own: tuple[str, ...]
    marked: tuple[str, ...]
    unmarked: tuple[str, ...]
    forwarded: bool


# "On … wrote:", in the words of the clients: a date, then a time and a name, then the verb; wrapped at will
_DAY = (
    r"(?:(?:pon|wt|sr|czw|pt|sob|niedz|nd|mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|gio|ven|sab|dom)[a-z]*[.,]{0,2} )?"
    r"(?:\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|\d{1,2} [a-z]{3,12}\.? \d{4}|[a-z]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})"
)
_WROTE = r"(?:wrote|writes|napisal|napisala|napisal\(a\)|pisze|ha scritto)"
_ATTRIBUTION = re.compile(
    rf"(?:-{{2,}} ?)?(?:(?:on|am|w dniu|dnia|il giorno|il|o) )?{_DAY}[ ,]*(?P<who>.{{3,300}}?) ?{_WROTE} ?(?::|-{{2,}})"
    rf"|wiadomosc napisana przez (?P<whom>.{{3,200}}?) w dniu {_DAY}[ ,]*(?:o )?(?:godz\. )?[\d.:]{{4,8}}:"
)
_TIME = re.compile(r"<[^<>]*>|[\d:.+,()-]+|\b(?:o|at|alle|ore|pm|am|cet|cest|gmt|utc|godz|r)\b")
_LONGEST_NAME = 7  # words
_FORWARDED = re.compile(
    r"-* ?(?:forwarded message|begin forwarded message|przekazana wiadomosc|wiadomosc przekazana|"
    r"poczatek przekazanej wiadomosci|wiadomosc przeslana dalej|messaggio inoltrato|inizio messaggio inoltrato|"
    r"inizio del messaggio inoltrato) ?:? ?-*"
)
_ORIGINAL = re.compile(
    r"[-_*]{2,} ?(?:original message|oryginalna wiadomosc|wiadomosc oryginalna|messaggio originale|reply message|"
    r"original appointment|wiadomosc pierwotna)(?: from .{1,80})? ?[-_*]{2,}"
)
_FIELDS = (
    r"from|od|da|de|von|nadawca|mittente",
    r"sent|wyslano|wyslane|wyslany|date|data|inviato|dnia|received",
    r"to|do|a|adresat|destinatario|cc|dw",
    r"subject|temat|oggetto",
)
_HEAD = [re.compile(rf"\*{{0,2}}(?:{names}) ?:\*{{0,2}} ?.*") for names in _FIELDS]
_RULE = re.compile(r"[_]{10,}|[-]{20,}|\*{10,}")
_FIELD_REACH = 9  # a header block may be wrapped


def divide(text: str) -> Divided:
    """`text` cleaned and divided. Nothing is lost: every line that is not blank is in one of the parts, but for the
    lines that only introduce a quote."""
    lines = words.clean(text).split("\n")
    folded = [words.fold(line) for line in lines]
    own: list[str] = []
    marked: list[str] = []
    forwarded = False
    unmarked: list[str] = []
    place = 0
    while place < len(lines):
        if lines[place].startswith((">", "|>")):
            marked.append(lines[place].lstrip("|> "))
            place += 1
            continue
        if _FORWARDED.fullmatch(folded[place]):
            forwarded = True
        taken = _head_of_quote(lines, folded, place)
        if taken:
            place += taken
            if not _next_is_marked(lines, place):
                unmarked = lines[place:]
                break
            continue
        own.append(lines[place])
        place += 1
    return Divided(own=tuple(own), marked=tuple(_without_heads(marked)), unmarked=tuple(unmarked), forwarded=forwarded)


def _without_heads(marked: list[str]) -> list[str]:
    """Phones put the line that introduces the quote inside it."""
    folded = [words.fold(line) for line in marked]
    left: list[str] = []
    place = 0
    while place < len(marked):
        taken = _head_of_quote(marked, folded, place)
        left += [] if taken else [marked[place]]
        place += taken or 1
    return left


def foreign(quote: Sequence[str], *, sent: str) -> tuple[str, ...]:
    """Words of a quote that our own mail does not account for: somebody may have written into it.

    Counted, so that a word of ours (such as "not") used once more is noticed. Lines of the quote's header, addresses
    and links are no words.
    """
    spare = Counter(words.split(words.clean(_plain(sent))))
    used = Counter(word for line in quote if not _is_field(words.fold(line)) for word in words.split(_plain(line)))
    return tuple(sorted(word for word, count in (used - spare).items() if count and not word.isdigit()))


def _plain(text: str) -> str:
    return re.sub(r"<?(?:https?|mailto|tel|cid):[^\s>\]]*>?|<?[^\s<>@]+@[^\s<>@]+>?|\[cid[^\]]*\]", " ", text)


def _is_field(line: str) -> bool:
    return any(each.fullmatch(line) for each in _HEAD)


def _head_of_quote(lines: list[str], folded: list[str], place: int) -> int:
    """How many lines from `place` introduce a quote; 0 when it does not begin here."""
    if _ORIGINAL.fullmatch(folded[place]) or _FORWARDED.fullmatch(folded[place]):
        return 1
    for count in (1, 2, 3, 4):  # clients wrap the line
        joined = " ".join(folded[place : place + count]).strip()
        if joined.endswith((":", "-")) and (said := _ATTRIBUTION.fullmatch(joined)):
            name = _TIME.sub(" ", said["who"] or said["whom"] or "")
            if len(words.split(name)) <= _LONGEST_NAME and not words.doubt(name):
                return count
        if any(lines[place + step : place + step + 1] in ([""], []) for step in range(count)):
            break
    ruled = 1 if _RULE.fullmatch(folded[place]) else 0
    following = [line for line in folded[place + ruled : place + ruled + _FIELD_REACH] if line]
    if following and _HEAD[0].fullmatch(following[0]):
        found = sum(any(each.fullmatch(line) for line in following) for each in _HEAD)
        if found >= 3:
            return ruled + 1
    return 0


def _next_is_marked(lines: list[str], place: int) -> bool:
    return next((line.startswith(">") for line in lines[place:] if line), True)
