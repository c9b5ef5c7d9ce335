"""How does an alarm read? In the seller's language: what is new by sort, with links to the back office, no secrets."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Protocol

from django.conf import settings

from planshift.catalog import models as sellers_of
from planshift.domain import letters
from planshift.procedures.correspondence import wording

SHOWN = 20  # of a sort; the others are on the page that the mail links to

# sort → the page with all of its sort; the most pressing first
PAGES: Mapping[str, str] = {
    "overdue": "/staff/deadlines/#overdue",
    "change": "/staff/changes/?state=staff",
    "execution": "/staff/runs/",
    "task": "/staff/tasks/",
    "run": "/staff/runs/",
    "mail": "/staff/mails/",
    "due_soon": "/staff/deadlines/",
    "still_paused": "/staff/deadlines/#paused",
}
SORTS: tuple[str, ...] = tuple(PAGES)
_ONE = {"execution": "/staff/runs/of/execution:{number}/"}  # the page of one; else the change's

_TITLES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "overdue": "Overdue",
        "change": "Changes that wait for a person",
        "execution": "Work on servers that waits for a person",
        "task": "Work by hand on servers",
        "run": "Work that stopped",
        "mail": "Mail that did not arrive",
        "due_soon": "Due soon",
        "still_paused": "Clock paused for long",
    },
    "pl": {
        "overdue": "Po terminie",
        "change": "Zmiany, które czekają na człowieka",
        "execution": "Prace na serwerach, które czekają na człowieka",
        "task": "Prace ręczne na serwerach",
        "run": "Prace, które stanęły",
        "mail": "Niedostarczone wiadomości",
        "due_soon": "Bliski termin",
        "still_paused": "Zegar wstrzymany od dawna",
    },
    "it": {
        "overdue": "In ritardo",
        "change": "Modifiche che attendono una persona",
        "execution": "Lavori sui server che attendono una persona",
        "task": "Lavori manuali sui server",
        "run": "Lavori che si sono fermati",
        "mail": "Messaggi non recapitati",
        "due_soon": "In scadenza",
        "still_paused": "Orologio fermo da tempo",
    },
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "begins": "This is new and needs a person:",
        "promised": "promised by {day}",
        "more": "… and {count} more:",
        "board": "What is due, overdue and stuck:",
        "ends": "Each of these is told once. This address stands in the catalog of {seller}, as “alarms”.",
    },
    "pl": {
        "begins": "Nowe sprawy, które wymagają człowieka:",
        "promised": "obiecane do {day}",
        "more": "… oraz {count} innych:",
        "board": "Co ma termin, jest po terminie lub stoi:",
        "ends": "O każdej z tych spraw piszemy raz. Ten adres jest w katalogu {seller}, jako „alarms”.",
    },
    "it": {
        "begins": "Novità che richiedono una persona:",
        "promised": "promesso entro il {day}",
        "more": "… e altri {count}:",
        "board": "Che cosa è in scadenza, in ritardo o fermo:",
        "ends": "Ognuna di queste cose si comunica una volta. L’indirizzo è nel catalogo di {seller}, come “alarms”.",
    },
}


class Told(Protocol):
    """What is to be told (alarms.Fact)."""

    @property
    def sort(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def day(self) -> date | None: ...


def write(*, found: Sequence[Told], seller: sellers_of.Seller) -> letters.Letter:
    """The mail about these facts, at least one; of each sort SHOWN are named and all are counted."""
    language = seller.language if seller.language in _WORDS else "en"
    titles, words = _TITLES[language], _WORDS[language]
    in_order = sorted(found, key=lambda each: SORTS.index(each.sort))
    sorts = {sort: list(some) for sort, some in groupby(in_order, key=lambda each: each.sort)}
    counted = [f"{titles[sort]} ({len(some)})" for sort, some in sorts.items()]
    parts = [_section(sort, some, language) for sort, some in sorts.items()]
    board = f"{words['board']}\n{settings.BASE_URL}/staff/deadlines/"
    text = "\n\n".join([words["begins"], *parts, board, words["ends"].format(seller=seller.name)]) + "\n"
    return letters.Letter(
        subject=f"{seller.name}: {', '.join(counted)}", text=text, html=wording.page(text), language=language
    )


def _section(sort: str, some: Sequence[Told], language: str) -> str:
    words = _WORDS[language]
    named = [each for each in some if each.number][:SHOWN]
    lines = [f"{_TITLES[language][sort]}: {len(some)}"]
    for each in named:
        day = words["promised"].format(day=wording.long_day(each.day, language=language)) if each.day else ""
        lines.append("• " + " · ".join(filter(None, (each.number, each.client, each.service, day))))
        lines.append("  " + settings.BASE_URL + _ONE.get(sort, "/staff/changes/{number}/").format(number=each.number))
    if left := len(some) - len(named):
        lines += [words["more"].format(count=left)] if named else []
        lines.append(settings.BASE_URL + PAGES[sort])
    return "\n".join(lines)
