"""Each client has a bank account of its own: money that comes there needs no reference."""

import pytest

from planshift.billing import models, queries, statements
from planshift.catalog import models as catalog
from planshift.domain import catalog_document, toml_reading, virtual_accounts
from planshift.domain.errors import Refused
from planshift.services import models as services
from tests.billing import bank_files
from tests.billing.people import AT, client, order, pln, polish
from tests.house_rules import source

pytestmark = pytest.mark.django_db
PATTERN = "10901014{client:016}"
# 109010140000000000001001 2521 00 (P = 25, L = 21) modulo 97 is 28; 98 - 28 = 70
OWN = "PL70109010140000000000001001"


@pytest.fixture
def payer() -> services.Client:
    seller = polish()
    catalog.Seller.objects.filter(pk=seller.pk).update(legal={"virtual_accounts": PATTERN})
    seller.refresh_from_db()
    return client(seller)


def came(amount: str, *, to: str = "", text: str = "dziękuję", ref: str = "R1") -> models.Payment:
    """A transfer on the seller's account that the bank says was sent to `to`."""
    file = bank_files.camt(
        bank_files.Row(amount=amount, text=text, ref=ref),
        account="PL61109010140000071219812874",
        currency="PLN",
        name=ref,
    )
    if to:
        parties = f"<CdtrAcct><Id><IBAN>{to}</IBAN></Id></CdtrAcct></RltdPties>"
        assert b"</RltdPties>" in file
        file = file.replace(b"</RltdPties>", parties.encode())
    statements.read_in(file=bank_files.file(file), name="x.xml", sellers=None, at=AT, actor="staff:1")
    return models.Payment.objects.latest("pk")


def test_the_account_has_the_check_digits_of_ISO_7064() -> None:
    made = virtual_accounts.iban(country="PL", pattern=PATTERN, client="C-1001")
    assert made == OWN
    digits = made[4:] + "2521" + made[2:4]  # P = 25, L = 21
    assert int(digits) % 97 == 1


def test_an_account_is_found_as_banks_write_it_and_not_with_a_wrong_digit() -> None:
    for text in (OWN, OWN[2:], "PL70 1090 1014 0000 0000 0000 1001", f"przelew na {OWN[2:]}, dziękuję"):
        assert virtual_accounts.clients_in(text, country="PL", pattern=PATTERN) == ("C-1001",)
    for wrong in (OWN[:-1] + "2", "PL61" + OWN[4:], OWN[4:], ""):
        assert virtual_accounts.clients_in(wrong, country="PL", pattern=PATTERN) == ()


def test_an_order_names_the_clients_own_account(payer: services.Client) -> None:
    assert order(payer).bank_account == OWN
    assert order(client(polish(), "C-1002")).bank_account != OWN


def test_money_on_it_pays_the_order_without_any_reference(payer: services.Client) -> None:
    placed = order(payer)  # 22.00 + 23 % = 27.06
    paid = came("27.06", to=OWN)
    assert (paid.client, paid.order_number, paid.unapplied_minor) == (payer, placed.number, 0)
    assert queries.order(number=placed.number).state == "PAID"


def test_of_several_orders_it_pays_the_one_that_lacks_just_this(payer: services.Client) -> None:
    first = order(payer, subject="CH-2026-000001")
    statements_of = order(payer, subject="CH-2026-000002", lines=[_line("50.00")])  # 61.50
    assert came("61.50", to=OWN[2:]).order_number == statements_of.number
    assert queries.order(number=first.number).state == "AWAITING_PAYMENT"
    part = came("10.00", to=OWN, ref="R2")  # the only one that is left: a part of it
    assert (part.order_number, queries.order(number=first.number).missing) == (first.number, pln("17.06"))


def test_what_fits_no_order_waits_as_this_clients_money(payer: services.Client) -> None:
    order(payer, subject="CH-2026-000001")
    order(payer, subject="CH-2026-000002")
    unclear = came("5.00", to=OWN)
    assert (unclear.client, unclear.order_number, unclear.unapplied_minor) == (payer, "", 500)


def test_a_reference_in_the_title_counts_more_than_the_account(payer: services.Client) -> None:
    first, second = order(payer, subject="CH-2026-000001"), order(payer, subject="CH-2026-000002")
    assert came("27.06", to=OWN, text=second.number).order_number == second.number
    assert queries.order(number=first.number).state == "AWAITING_PAYMENT"


def test_an_account_of_nobody_pays_nothing(payer: services.Client) -> None:
    order(payer)
    strange = virtual_accounts.iban(country="PL", pattern=PATTERN, client="C-9999")
    found = came("27.06", to=strange)
    assert (found.client, found.unapplied_minor) == (None, 2706)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{client}",
        "10901014{client:15}",
        "{n:024}",
        "10901014{client:016}{client:016}",
        "1090{client:016}",
        "{",
        "x{client:023}",
    ],
)
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(Refused):
        virtual_accounts.check(country="PL", pattern=pattern)


def test_the_catalog_says_where_its_pattern_is_wrong() -> None:
    text = (source.ROOT / "catalogs" / "deposit.toml").read_text(encoding="utf-8")
    good = text.replace('iban = "', f'virtual_accounts = "{PATTERN}"\niban = "', 1)
    assert catalog_document.parse(good).seller.legal["virtual_accounts"] == PATTERN
    with pytest.raises(toml_reading.BadDocument) as wrong:
        catalog_document.parse(good.replace(PATTERN, "1090{client:016}"))
    assert [each.key for each in wrong.value.problems] == ["seller.legal.virtual_accounts"]


def _line(net: str):  # type: ignore[no-untyped-def]
    from tests.billing.people import line

    return line(net, percent=23, currency="PLN")
