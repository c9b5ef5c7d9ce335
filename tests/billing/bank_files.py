"""Statement files as banks write them, made for the tests: demo names, accounts of demo banks with valid checksums."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

ITALIAN = "IT60X0542811101000000123456"  # of billing.people.italian
POLISH = "PL61109010140000071219812874"  # of billing.people.polish
PAYER = "PL10105000997603123456789123"
OTHER_PAYER = "DE89370400440532013000"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One movement. `text` is the title; `ref` the bank's own reference."""

    amount: str
    text: str = ""
    ref: str = ""
    day: str = "2026-09-02"
    side: str = "CRDT"
    party: str = "Jan Próba (demo)"
    account: str = PAYER
    end_to_end: str = "NOTPROVIDED"
    structured: str = ""
    reversal: bool = False
    status: str = "BOOK"


def camt(
    *rows: Row, account: str = ITALIAN, currency: str = "EUR", version: str = "02", name: str = "STM-1", head: str = ""
) -> bytes:
    """A CAMT.053 file with one statement."""
    entries = "".join(_ntry(row, currency, version) for row in rows)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>MSG-1</MsgId></GrpHdr><Stmt><Id>{name}</Id>"
        f"<Acct><Id>{_id(account)}</Id><Ccy>{currency}</Ccy></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _id(account: str) -> str:
    return f"<IBAN>{account}</IBAN>" if account[:2].isalpha() else f"<Othr><Id>{account}</Id></Othr>"


def _ntry(row: Row, currency: str, version: str) -> str:
    status = row.status if version == "02" else f"<Cd>{row.status}</Cd>"
    party = f"<Nm>{escape(row.party)}</Nm>"
    party = f"<Pty>{party}</Pty>" if version >= "08" else party
    side = "Dbtr" if (row.side == "CRDT") != row.reversal else "Cdtr"
    remittance = f"<Ustrd>{escape(row.text)}</Ustrd>" if row.text else ""
    if row.structured:
        remittance += f"<Strd><CdtrRefInf><Ref>{row.structured}</Ref></CdtrRefInf></Strd>"
    reference = f"<AcctSvcrRef>{row.ref}</AcctSvcrRef>" if row.ref else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{row.amount}</Amt><CdtDbtInd>{row.side}</CdtDbtInd>'
        f"{'<RvslInd>true</RvslInd>' if row.reversal else ''}<Sts>{status}</Sts>"
        f"<BookgDt><Dt>{row.day}</Dt></BookgDt><ValDt><Dt>{row.day}</Dt></ValDt>{reference}"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{row.end_to_end}</EndToEndId></Refs>"
        f"<RltdPties><{side}>{party}</{side}><{side}Acct><Id>{_id(row.account)}</Id></{side}Acct></RltdPties>"
        f"<RmtInf>{remittance}</RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def mt940(*blocks: str, account: str = POLISH, name: str = "ST260902", balances: Sequence[str] = ()) -> bytes:
    """An MT940 file with one statement; `blocks` are `:61:` lines with their `:86:`, balances opening and closing."""
    opening, closing = balances or ("", "")
    lines = [f":20:{name}", f":25:/{account}", ":28C:00170"]
    lines += [opening] if opening else []
    lines += blocks
    lines += [closing] if closing else []
    return ("\r\n".join([*lines, "-"]) + "\r\n").encode()


def file(content: bytes) -> io.BytesIO:
    """As an open file."""
    return io.BytesIO(content)
