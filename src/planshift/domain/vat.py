"""Whose VAT is due, at which rate, and what proves it? Decided when quoting, looked at again when the tax falls due.

Hosting is supplied electronically. A business of another EU state accounts for the tax itself, if its number was
confirmed (Directive 2006/112/EC art. 44, 196; Regulation 282/2011 art. 18). A consumer there pays the seller's VAT
until the seller has passed 10,000 EUR of such sales a year or has opted, from then on that of their own country (art.
58, 59c): the seller states that day as `oss_from`, nothing here adds its sales up. Outside the EU nothing is due here
(art. 44, 59).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from planshift.domain import catalog, documents, einvoices, tax
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction

PROOF_HOLDS = timedelta(days=90)  # an answer of VIES that is older has to be asked again
KINDS = ("ip", "bank", "sim", "landline", "other")  # of evidence besides the billing address (art. 24f)
PIECES = 2  # of evidence of where a consumer lives, that do not contradict each other (art. 24b)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What VIES answered about a number on a day. `request_identifier` is its number of the answer."""

    number: str  # with the prefix: DE136695976
    valid: bool
    on: date
    request_identifier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of evidence of where a consumer lives (art. 24f): address, ip, bank, sim, landline, other."""

    kind: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How one supply is taxed. `proof` names what shows it: the identifier of VIES' answer, or kinds of evidence."""

    treatment: str  # standard | reverse_charge | outside_scope | oss
    country: str  # whose VAT is meant
    rate: Fraction
    why: str  # domestic, number_confirmed, below_threshold, consumer_abroad, outside_eu
    proof: str = ""


def decide(
    *,
    seller: catalog.Seller,
    buyer: documents.Party,
    on: date,
    proof: Proof | None = None,
    evidence: Sequence[Evidence] = (),
) -> Case:
    """How a supply of `seller` to `buyer` on the day `on` is taxed. The billing address is a piece of evidence itself.

    Without a confirmed number a business is taxed as a consumer, whatever else is known of it (art. 18(2)). Refused:
    `vat_proof_old`, `vat_evidence_missing`, `vat_evidence_contradicts`, `vat_rate_unknown`.
    """
    home = seller.tax_rate(on)
    if not seller.country or not buyer.country or buyer.country == seller.country:
        return Case(treatment="standard", country=seller.country, rate=home, why="domestic")
    if buyer.country not in einvoices.EU or seller.country not in einvoices.EU:
        return Case(treatment="outside_scope", country=buyer.country, rate=Fraction(0), why="outside_eu")
    if proof is not None and confirms(proof, buyer=buyer, on=on):
        if on - proof.on > PROOF_HOLDS:  # never another tax just because nobody asked again
            raise Refused("vat_proof_old", number=proof.number, since=proof.on)
        shown = f"VIES {proof.request_identifier} {proof.on}".replace("  ", " ")
        return Case(
            treatment="reverse_charge", country=buyer.country, rate=Fraction(0), why="number_confirmed", proof=shown
        )
    if seller.oss_from is None or on < seller.oss_from:
        return Case(treatment="standard", country=seller.country, rate=home, why="below_threshold")
    rate = tax.rate_on(seller.oss_rates.get(buyer.country, ()), on)
    if rate is None:
        raise Refused("vat_rate_unknown", country=buyer.country, on=on)
    shown = _evidence(buyer, evidence)
    return Case(treatment="oss", country=buyer.country, rate=rate, why="consumer_abroad", proof=shown)


def confirms(proof: Proof, *, buyer: documents.Party, on: date) -> bool:
    """Whether an answer of VIES is good for this buyer on a day: valid, of its number, given by then."""
    number = "".join(einvoices.vat_number(buyer))
    asked = buyer.is_business and bool(buyer.tax_id) and proof.number == number
    return asked and proof.valid and proof.on <= on


def _evidence(buyer: documents.Party, evidence: Sequence[Evidence]) -> str:
    """The kinds that agree, the address first. Two that name another country together make the address doubtful."""
    agreeing = ["address", *(each.kind for each in evidence if each.country == buyer.country)]
    others = [each.country for each in evidence if each.country != buyer.country]
    doubtful = any(others.count(country) >= PIECES for country in others)
    if doubtful or len(set(agreeing)) < PIECES:
        code = "vat_evidence_contradicts" if others else "vat_evidence_missing"
        raise Refused(code, country=buyer.country, others=sorted(set(others)))
    return ", ".join(dict.fromkeys(agreeing))
