"""Whose VAT is due: every case, its proof, its limits."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from planshift.domain import catalog, documents, vat
from planshift.domain.errors import Refused
from planshift.domain.exact import Fraction
from planshift.domain.tax import DatedRate

TODAY = dt.date(2026, 9, 1)
SELLER = catalog.Seller(
    code="vicolo",
    name="Vicolo (demo)",
    country="IT",
    currency="EUR",
    zone=ZoneInfo("Europe/Rome"),
    vat=(DatedRate(dt.date(2013, 10, 1), Fraction(22, 100)),),
    oss_from=dt.date(2026, 7, 1),
    oss_rates={
        "DE": (DatedRate(dt.date(2007, 1, 1), Fraction(19, 100)), DatedRate(dt.date(2027, 1, 1), Fraction(20, 100)))
    },
)
BUSINESS = documents.Party(
    name="Kunde Demo GmbH", street="", postcode="", city="Berlin", country="DE", tax_id="DE 136 695 976"
)
PERSON = replace(BUSINESS, name="Petra Probe (demo)", tax_id="", is_business=False)
PROOF = vat.Proof(number="DE136695976", valid=True, on=TODAY, request_identifier="WAPIDEMO1")
IP = (vat.Evidence(kind="ip", country="DE"),)


def decided(**given: object) -> tuple[str, str, Fraction, str]:
    known = {"seller": SELLER, "buyer": BUSINESS, "on": TODAY, "proof": PROOF, **given}
    case = vat.decide(**known)  # type: ignore[arg-type]
    return case.treatment, case.country, case.rate, case.why


def refused(**given: object) -> str:
    with pytest.raises(Refused) as why:
        decided(**given)
    return why.value.code


HOME = ("standard", "IT", Fraction(22, 100))
ABROAD = ("oss", "DE", Fraction(19, 100), "consumer_abroad")


def test_at_home_and_outside_the_eu() -> None:
    for party in (BUSINESS, PERSON):
        assert decided(buyer=replace(party, country="IT")) == (*HOME, "domestic")
        assert decided(buyer=replace(party, country="CH")) == ("outside_scope", "CH", 0, "outside_eu")


def test_a_business_with_a_confirmed_number_accounts_for_the_tax() -> None:
    assert decided() == ("reverse_charge", "DE", 0, "number_confirmed")
    case = vat.decide(seller=SELLER, buyer=BUSINESS, on=TODAY, proof=PROOF)
    assert case.proof == "VIES WAPIDEMO1 2026-09-01"


@pytest.mark.parametrize(
    "proof",
    [
        None,
        replace(PROOF, valid=False),
        replace(PROOF, number="DE111111125"),  # of another number
        replace(PROOF, on=TODAY + dt.timedelta(days=1)),  # not yet answered on that day
    ],
)
def test_a_business_without_proof_is_taxed_as_a_consumer(proof: vat.Proof | None) -> None:
    assert decided(proof=proof, evidence=IP) == ABROAD


def test_an_answer_holds_for_ninety_days_then_nothing_is_sold_until_it_is_asked_again() -> None:
    assert decided(proof=replace(PROOF, on=TODAY - dt.timedelta(days=90)))[0] == "reverse_charge"
    assert refused(proof=replace(PROOF, on=TODAY - dt.timedelta(days=91))) == "vat_proof_old"


def test_a_consumer_pays_at_home_until_the_switch_then_abroad() -> None:
    before = dt.date(2026, 6, 30)
    assert decided(buyer=PERSON, on=before) == (*HOME, "below_threshold")  # no evidence is needed for that
    assert decided(buyer=PERSON, on=dt.date(2026, 7, 1), evidence=IP) == ABROAD
    assert decided(buyer=PERSON, seller=replace(SELLER, oss_from=None)) == (*HOME, "below_threshold")
    assert decided(buyer=PERSON, on=dt.date(2027, 1, 1), evidence=IP)[2] == Fraction(20, 100)  # dated rows


def test_two_pieces_of_evidence_that_agree() -> None:
    abroad = vat.Evidence(kind="bank", country="FR")
    assert refused(buyer=PERSON) == "vat_evidence_missing"  # the address alone
    assert refused(buyer=PERSON, evidence=[vat.Evidence(kind="address", country="DE")]) == "vat_evidence_missing"
    assert refused(buyer=PERSON, evidence=[abroad]) == "vat_evidence_contradicts"
    assert decided(buyer=PERSON, evidence=[abroad, *IP]) == ABROAD  # two agree, one does not
    other = vat.Evidence(kind="sim", country="FR")
    assert refused(buyer=PERSON, evidence=[*IP, abroad, other]) == "vat_evidence_contradicts"  # two against two
    assert refused(buyer=replace(PERSON, country="FR"), evidence=[abroad]) == "vat_rate_unknown"
