"""What stands on a paper? Parties, lines and totals of pro formas, invoices and corrections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from planshift.domain.exact import Fraction
from planshift.domain.money import Money
from planshift.domain.tax import Taxed

LineKind = Literal["charge", "credit", "setup", "fee", "topup"]
DocumentKind = Literal["proforma", "invoice", "correction", "receipt"]
LANGUAGES = ("en", "pl", "it")
# What e-invoices need of a party beyond its address. Of a seller: `regime` (Italian tax regime, RF01), `rea_office`,
# `rea_number`, `share_capital`, `liquidation` (LN or LS), `register` (number in the national register), `exemption`
# (legal basis of an exemption), `e_invoices` (ksef, sdi or peppol: where its invoices go), `e_invoices_from` (a day).
# `second_language` (pl, it, en: papers say everything in it too), `virtual_accounts` (pattern of its clients' own
# accounts, domain.virtual_accounts).
# Of a buyer: `recipient` (SdI code), `pec`, `reference` (its own for our invoices). Of both: `fiscal_code`, `province`,
# `endpoint` (Peppol, "9945:PL5260250274").
LEGAL = (
    *(
        "regime",
        "rea_office",
        "rea_number",
        "share_capital",
        "liquidation",
        "register",
        "exemption",
        "e_invoices",
        "e_invoices_from",
        "second_language",
        "virtual_accounts",
    ),
    *("recipient", "pec", "reference", "fiscal_code", "province", "endpoint"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A seller or a buyer as copied into a document; later changes of the profile do not reach it."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    tax_id: str = ""
    email: str = ""
    is_business: bool = True
    legal: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # keys of LEGAL

    def to_json(self) -> dict[str, object]:
        """The frozen form that is stored with the document."""
        return {
            "name": self.name,
            "street": self.street,
            "postcode": self.postcode,
            "city": self.city,
            "country": self.country,
            "tax_id": self.tax_id,
            "email": self.email,
            "is_business": self.is_business,
            **({"legal": dict(self.legal)} if self.legal else {}),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Party":
        """The party as it was stored; unknown keys are an error."""
        texts = {key: str(value) for key, value in stored.items() if key not in ("is_business", "legal")}
        legal = stored.get("legal")
        known = {str(key): str(value) for key, value in legal.items()} if isinstance(legal, Mapping) else {}
        return cls(**texts, is_business=bool(stored.get("is_business", True)), legal=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: what, for which period [start, end), at which VAT rate. A credit line is negative."""

    kind: LineKind
    text: Mapping[str, str]  # by language
    amount: Taxed
    vat_percent: Fraction  # 22 for 22 %
    vat_code: str = "standard"
    service: str = ""
    component: str = ""  # what is billed, as in domain.facts: plan, setup, fee, resource:ip
    quantity: int = 1
    start_on: date | None = None
    end_on: date | None = None
    on_top_of: int | None = None  # of a raise: the units held before (see `facts.BilledLine`)

    def words(self, language: str) -> str:
        """The description in `language`, in English when there is none."""
        return self.text.get(language) or self.text["en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTotal:
    """The lines of one VAT rate together."""

    vat_code: str
    vat_percent: Fraction
    amount: Taxed


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A part of the amount that was paid: how and when."""

    source: str  # bank, gateway, deposit, unapplied
    amount: Money
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The document that a correction corrects, as it was issued. `e_invoice_number` is its number in the clearing
    system (KSeF), empty as long as it is not known."""

    number: str
    issued_on: date
    legal_form: str = "pdf"
    e_invoice_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole paper, ready to be rendered. Dates are dates of the seller's zone. Lines and total of a correction are
    differences: negative where it reduces; `before` has the amount of each line before it."""

    kind: DocumentKind
    number: str
    language: str
    seller: Party
    buyer: Party
    bank_account: str
    payment_reference: str
    order_number: str
    issued_on: date
    sold_on: date  # tax point
    due_on: date | None
    lines: tuple[Line, ...]
    total: Taxed
    settled: tuple[Settled, ...] = ()
    legal_form: str = "pdf"  # pdf: this paper is the invoice; xml_pending: it is a visual copy
    e_invoice_number: str = ""
    issued_at: datetime | None = None
    corrects: Corrected | None = None
    reason: str = ""  # why it corrects, as in domain.correction.Why
    before: tuple[Taxed, ...] = ()
    imported: bool = False  # issued elsewhere; this paper is a copy of its data
    draft: bool = False  # shown to be accepted; it has no number of its series yet

    @property
    def after(self) -> tuple[Taxed, ...]:
        """The amount of each line after a correction."""
        return tuple(before + line.amount for before, line in zip(self.before, self.lines, strict=False))

    @property
    def rates(self) -> tuple[RateTotal, ...]:
        """The lines summed per VAT rate, highest rate first."""
        return rate_totals(self.lines)

    @property
    def paid(self) -> Money:
        """What was settled of the gross."""
        return Money.total((part.amount for part in self.settled), currency=self.total.currency)

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return self.total.gross - self.paid


def rate_totals(lines: Iterable[Line]) -> tuple[RateTotal, ...]:
    """Lines summed per VAT rate, highest rate first; the sums are those of the lines, nothing is computed anew."""
    sums: dict[tuple[str, Fraction], Taxed] = {}
    for line in lines:
        key = (line.vat_code, line.vat_percent)
        sums[key] = sums[key] + line.amount if key in sums else line.amount
    ordered = sorted(sums.items(), key=lambda item: (-item[0][1], item[0][0]))
    return tuple(RateTotal(vat_code=code, vat_percent=percent, amount=total) for (code, percent), total in ordered)


def total_of(lines: Sequence[Line], *, currency: str) -> Taxed:
    """The sum of the lines. Raises BadMoney for a line in another currency."""
    return Taxed.total((line.amount for line in lines), currency=currency)
