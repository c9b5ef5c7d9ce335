"""Readers of bank statements: the port's contract, and what each format says in its own way."""

import datetime as dt
import resource
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from planshift.adapters.statements import details
from planshift.adapters.statements.camt053 import Camt053Reader
from planshift.adapters.statements.mt940 import Mt940Reader
from planshift.billing import ports
from planshift.domain import bank
from planshift.domain.money import Money
from tests.billing import bank_files
from tests.billing.bank_files import Row
from tests.ports.statement_contract import StatementContract

CREDIT = (
    ":61:2609020902CR26,84NTRFNONREF//B2609-1\n"
    ":86:020~00PRZELEW~20O-2609-ABC~32Jan Proba~38PL10105000997603123456789123"
)
DEBIT = ":61:2609020902D5,00NMSCNONREF//B2609-2\n:86:Oplata za prowadzenie rachunku"


def read(content: bytes) -> list[bank.Entry]:
    reader = Camt053Reader() if content.lstrip().startswith(b"<") else Mt940Reader()
    return list(reader.entries(file=bank_files.file(content)))


class TestCamt053(StatementContract):
    @pytest.fixture
    def reader(self) -> ports.StatementReader:
        return Camt053Reader()

    @pytest.fixture
    def example(self) -> bytes:
        return bank_files.camt(Row(amount="26.84", text="one"), Row(amount="5.00", side="DBIT"))


class TestMt940(StatementContract):
    @pytest.fixture
    def reader(self) -> ports.StatementReader:
        return Mt940Reader()

    @pytest.fixture
    def example(self) -> bytes:
        balances = (":60F:C260901PLN100,00", ":62F:C260902PLN121,84")  # 100.00 + 26.84 - 5.00
        return bank_files.mt940(CREDIT, DEBIT, balances=balances)


# ── CAMT.053 ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("version", ["02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13"])
def test_every_version_says_the_same(version: str) -> None:
    row = Row(
        amount="26.84",
        text="Zamówienie",
        ref="B-1",
        structured="RF61O2609ABCDEFGHJK",
        end_to_end="E2E-7",
        day="2026-09-02",
    )
    assert read(bank_files.camt(row, version=version)) == [
        bank.Entry(
            account=bank_files.ITALIAN,
            statement="STM-1",
            booked_on=dt.date(2026, 9, 2),
            value_on=dt.date(2026, 9, 2),
            amount=Money.of("26.84", "EUR"),
            direction="credit",
            party="Jan Próba (demo)",
            party_account=bank_files.PAYER,
            text="RF61O2609ABCDEFGHJK Zamówienie",
            end_to_end="E2E-7",
            bank_reference="B-1",
        )
    ]


def test_what_is_pending_is_no_money_yet() -> None:
    rows = (Row(amount="1.00", status="PDNG"), Row(amount="2.00", status="INFO"), Row(amount="3.00"))
    assert [entry.amount.text for entry in read(bank_files.camt(*rows))] == ["3.00"]


def test_a_reversed_credit_is_a_debit_and_names_the_payer() -> None:
    (entry,) = read(bank_files.camt(Row(amount="26.84", side="DBIT", reversal=True)))
    assert (entry.direction, entry.reversal, entry.party) == ("debit", True, "Jan Próba (demo)")


def batch(*amounts: str, total: str) -> bytes:
    """One entry for several transfers."""
    inside = "".join(
        f"<TxDtls><AmtDtls><TxAmt><Amt Ccy='EUR'>{amount}</Amt></TxAmt></AmtDtls>"
        f"<RmtInf><Ustrd>transfer {number}</Ustrd></RmtInf></TxDtls>"
        for number, amount in enumerate(amounts, 1)
    )
    whole = bank_files.camt(Row(amount=total, text="x")).decode()
    begin, end = whole.index("<NtryDtls>"), whole.index("</NtryDtls>")
    return (whole[:begin] + "<NtryDtls>" + inside + whole[end:]).encode()


def test_an_entry_for_several_transfers_is_taken_apart() -> None:
    found = read(batch("10.00", "16.84", total="26.84"))
    assert [(entry.amount.text, entry.text) for entry in found] == [("10.00", "transfer 1"), ("16.84", "transfer 2")]


def test_it_stays_one_when_its_parts_do_not_add_up() -> None:
    assert [entry.amount.text for entry in read(batch("10.00", "10.00", total="26.84"))] == ["26.84"]


def test_balances_and_entries_must_agree() -> None:
    def told(closing: str) -> bytes:
        balances = "".join(
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{amount}</Amt>"
            f"<CdtDbtInd>{side}</CdtDbtInd></Bal>"
            for kind, amount, side in (("OPBD", "10.00", "DBIT"), ("CLBD", closing, "CRDT"))
        )
        return bank_files.camt(Row(amount="26.84")).replace(b"<Ntry>", balances.encode() + b"<Ntry>")

    assert len(read(told("16.84"))) == 1  # -10.00 + 26.84
    with pytest.raises(bank.Unreadable, match="sum"):
        read(told("16.85"))


ENTITY = '<!DOCTYPE Document [<!ENTITY x "26.84">]>'
BOMB = (
    '<!DOCTYPE D [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE D [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [ENTITY, BOMB, OUTSIDE, '<!DOCTYPE D SYSTEM "http://127.0.0.1:9/x.dtd">'])
def test_a_file_with_a_document_type_is_refused(head: str) -> None:
    with pytest.raises(bank.Unreadable, match="entities"):
        read(bank_files.camt(Row(amount="1.00", text="x"), head=head))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("26.84", "26,84", "amount"),
        ("26.84", "-26.84", "amount"),
        ("26.84", "26.845", "amount"),
        ("26.84", "1e3", "amount"),
        ('Ccy="EUR"', 'Ccy=""', "amount"),
        ("2026-09-02", "2026-13-02", "date"),
        (">CRDT<", ">BOTH<", "format"),
        (f"<IBAN>{bank_files.ITALIAN}</IBAN>", "", "no_account"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_reason(old: str, new: str, why: str) -> None:
    content = bank_files.camt(Row(amount="26.84")).decode()
    assert old in content
    with pytest.raises(bank.Unreadable, match=why):
        read(content.replace(old, new).encode())


# ── MT940 ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_polish_statement() -> None:
    credit = (
        ":61:2609020902CN1027,06NTRFNONREF//B2609-1\r\n"
        "PRZELEW PRZYCH.\r\n"
        ":86:020~00PRZELEW PRZYCHODZACY\r\n"
        "~20ZAMOWIENIE O-2609-7K3M9QX2A\r\n"  # 27 signs: full, the word goes on
        "~214 ZA WRZESIEN~22C-1001\r\n"
        "~3010500099~3110105000997603123456789123~32JAN PROBA~33(DEMO)~38PL1010500099760312345\r\n"
        "6789123"
    )
    (entry,) = read(bank_files.mt940(credit, balances=(":60F:D260901PLN27,06", ":62F:C260902PLN1000,00")))
    assert entry == bank.Entry(
        account=bank_files.POLISH,
        statement="ST260902 00170",
        booked_on=dt.date(2026, 9, 2),
        value_on=dt.date(2026, 9, 2),
        amount=Money.of("1027.06", "PLN"),
        direction="credit",
        party="JAN PROBA (DEMO)",
        party_account="PL10105000997603123456789123",
        text="ZAMOWIENIE O-2609-7K3M9QX2A4 ZA WRZESIEN C-1001",
        bank_reference="B2609-1",
    )


@pytest.mark.parametrize("mark", ["~", "<", "^"])
def test_subfields_whatever_their_mark(mark: str) -> None:
    field = f"020{mark}00PRZELEW{mark}20za uslugi{mark}21C-1001{mark}27FIRMA DEMO{mark}28UL. DEMO 1{mark}31{'1' * 26}"
    assert details.read(field) == details.Details(
        text="za uslugi C-1001", party="FIRMA DEMO UL. DEMO 1", account="1" * 26
    )


def test_the_german_form_with_sepa_words() -> None:
    field = "166?00GUTSCHRIFT?20EREF+E2E-7?21SVWZ+O-2609-7K3M9QX2A4?22 danke?31DE89370400440532013000?32ERIKA DEMO"
    assert details.read(field) == details.Details(
        text="O-2609-7K3M9QX2A4 danke", party="ERIKA DEMO", account="DE89370400440532013000", end_to_end="E2E-7"
    )


def test_plain_details_stay_as_they_are() -> None:
    assert details.read("BONIFICO DA ANNA DEMO\nO-2609-7K3M9QX2A4 < 20 EUR").text == (
        "BONIFICO DA ANNA DEMO O-2609-7K3M9QX2A4 < 20 EUR"
    )


@pytest.mark.parametrize(
    ("mark", "direction", "reversal"),
    [("C", "credit", False), ("D", "debit", False), ("RC", "debit", True), ("RD", "credit", True)],
)
def test_marks(mark: str, direction: str, reversal: bool) -> None:
    balances = (":60F:C260901PLN100,00", f":62F:C260902PLN{'105,00' if direction == 'credit' else '95,00'}")
    (entry,) = read(bank_files.mt940(f":61:2609020902{mark}5,00NTRFNONREF", balances=balances))
    assert (entry.direction, entry.reversal, entry.amount.text) == (direction, reversal, "5.00")


def test_an_entry_of_january_with_a_value_in_december() -> None:
    balances = (":60F:C260101PLN0,00", ":62F:C260101PLN5,00")
    (entry,) = read(bank_files.mt940(":61:2512310102C5,00NTRFNONREF", balances=balances))
    assert (entry.value_on, entry.booked_on) == (dt.date(2025, 12, 31), dt.date(2026, 1, 2))


def test_letters_of_an_old_encoding() -> None:
    content = bank_files.mt940(CREDIT.replace("Proba", "Próba"), balances=(":60F:C260901PLN0,", ":62F:C260902PLN26,84"))
    (entry,) = read(content.decode().encode("cp1250"))
    assert entry.party == "Jan Próba"


def test_two_statements_in_one_file_and_the_envelope_around_them() -> None:
    balances = (":60F:C260901PLN0,00", ":62F:C260902PLN26,84")
    one, two = (bank_files.mt940(CREDIT, name=name, balances=balances) for name in ("ONE", "TWO"))
    found = read(b"{1:F01DEMOPLPWAXXX}{2:O940}{4:\r\n" + one + b"-}\r\n" + two)
    assert [entry.statement for entry in found] == ["ONE 00170", "TWO 00170"]


@pytest.mark.parametrize("line", [":61:nonsense", ":61:2609020902X5,00NTRF", ":61:2613020902C5,00NTRF"])
def test_a_line_that_cannot_be_read_is_not_passed_over(line: str) -> None:
    with pytest.raises(bank.Unreadable):
        read(bank_files.mt940(CREDIT, line, balances=(":60F:C260901PLN0,00", ":62F:C260902PLN26,84")))


# ── what makes two entries the same ───────────────────────────────────────────────────────────────────────────────────
def ids(*rows: Row, name: str = "STM-1") -> list[str]:
    return [one for one, _ in bank.identified(read(bank_files.camt(*rows, name=name)))]


def test_two_equal_transfers_are_two_and_another_statement_knows_them_both() -> None:
    row = Row(amount="26.84", text="same")
    first, second = ids(row, row)
    assert first != second
    assert ids(row, row, row, name="STM-2")[:2] == [first, second]


def test_the_banks_reference_counts_more_than_its_words() -> None:
    assert ids(Row(amount="1.00", ref="B-1", text="shor")) == ids(Row(amount="1.00", ref="B-1", text="short title"))
    assert ids(Row(amount="1.00", ref="B-1")) != ids(Row(amount="1.00", ref="B-2"))
    assert ids(Row(amount="1.00", text="one")) != ids(Row(amount="1.00", text="two"))


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("PL61 1090 1014 0000 0712 1981 2874", True),
        ("61109010140000071219812874", True),  # NRB, as Polish banks write it
        ("109010140000071219812874", True),
        ("10901014/0000071219812874", True),
        ("PL61109010140000071219812875", False),
        ("2874", False),
        ("", False),
    ],
)
def test_accounts(given: str, same: bool) -> None:
    assert bank.same_account(iban="PL61109010140000071219812874", given=given) is same


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    row = bank_files.camt(Row(amount="1.00", text="t" * 200))
    begin, end = row.index(b"<Ntry>"), row.index(b"</Stmt>")

    def told(count: int) -> Iterator[bank.Entry]:
        with tempfile.TemporaryFile() as file:
            file.write(row[:begin])
            for _ in range(count):
                file.write(row[begin:end])
            file.write(row[end:])
            file.seek(0)
            yield from Camt053Reader().entries(file=file)

    def held() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    assert sum(1 for _ in told(2_000)) == 2_000
    before, most = held(), 0
    for number, _ in enumerate(told(30_000)):  # 20 MB of file
        most = max(most, held()) if number % 1000 == 0 else most
    assert number == 29_999
    assert most - before < 4_000_000
