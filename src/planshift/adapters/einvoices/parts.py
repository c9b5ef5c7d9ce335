"""How are elements, texts and amounts of an e-invoice written?"""

import re
import unicodedata
from typing import Any, TypeAlias

from lxml import etree

from planshift.domain import documents, money
from planshift.domain.exact import Fraction
from planshift.domain.money import Money

Element: TypeAlias = Any  # lxml has no types of its own

REASONS = {
    "decrease": {
        "en": "Change to less, at the client's request",
        "pl": "Zmiana na mniejszy zakres, na wniosek klienta",
        "it": "Riduzione del servizio richiesta dal cliente",
    },
    "change_undone": {
        "en": "The change was undone",
        "pl": "Zmiana została wycofana",
        "it": "La modifica è stata annullata",
    },
    "price_lowered": {"en": "The price was lowered", "pl": "Zmniejszenie ceny", "it": "Riduzione del prezzo"},
    "renewal_as_before": {
        "en": "The renewal costs what it did before the change that was undone",
        "pl": "Cena odnowienia sprzed wycofanej zmiany",
        "it": "Prezzo del rinnovo prima della modifica annullata",
    },
    "correction_undone": {
        "en": "An earlier correction is taken back",
        "pl": "Cofnięcie wcześniejszej korekty",
        "it": "Annullamento di una rettifica precedente",
    },
}
# Of letters that Latin-1 lacks and that have no accent to take off.
_PLAIN = str.maketrans(
    {"ł": "l", "Ł": "L", "→": "->", "–": "-", "—": "-", "’": "'", "„": '"', "”": '"', "…": "...", "€": "EUR"}
)


class Writer:
    """Elements in one namespace (empty: in none)."""

    def __init__(self, namespace: str = "") -> None:
        self.namespace = namespace
        self._prefix = f"{{{namespace}}}" if namespace else ""

    def add(self, parent: Element, name: str, text: object = None, **attributes: str) -> Element:
        """One element at the end of `parent`, with text that XML can carry."""
        made = etree.SubElement(parent, self._prefix + name, attributes)
        if text is not None:
            made.text = clean(str(text))
        return made

    def add_all(self, parent: Element, values: dict[str, object]) -> None:
        """One element for every value that is not empty, in order."""
        for name, value in values.items():
            if value not in (None, ""):
                self.add(parent, name, value)


def to_bytes(root: Element) -> bytes:
    """The file: UTF-8, no byte order mark, the same for the same elements."""
    etree.indent(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"


def clean(text: str) -> str:
    """Without characters that XML refuses or that nobody sees; one blank for every run of blanks."""
    text = re.sub(r"\s", " ", text)
    text = "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return re.sub(" +", " ", text).strip()


def cut(text: str, most: int) -> str:
    """At most so many characters."""
    text = clean(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def latin(text: str, most: int) -> str:
    """As Latin-1 can write it: ż becomes z, what has no letter becomes a question mark."""
    made = []
    for one in clean(text).translate(_PLAIN):
        plain = (
            one if ord(one) < 256 else unicodedata.normalize("NFKD", one).encode("latin-1", "ignore").decode("latin-1")
        )
        made.append(plain or "?")
    return "".join(made)[:most].rstrip()


def amount(of: Money) -> str:
    """12.30; -12.30."""
    return money.decimal_text(of.amount, decimals=2)


def percent(of: Fraction, *, decimals: int = 0) -> str:
    """23, 22.00, 8.5."""
    return money.decimal_text(of, decimals=decimals)


def reason(document: documents.Document, language: str) -> str:
    """Why the document corrects another one, in words."""
    words = REASONS.get(document.reason, {})
    said = words.get(language) or words.get("en") or document.reason
    number = document.corrects.number if document.corrects else ""
    return f"{said} ({number})" if number else said


def paid_on(document: documents.Document) -> str:
    """The day on which the last part was paid."""
    return max(part.on for part in document.settled).isoformat()
