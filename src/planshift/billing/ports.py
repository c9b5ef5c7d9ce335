"""What do we ask of payment gateways, printers of documents, writers of e-invoices and readers of bank statements?
Adapters implement it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

from planshift.domain import bank, deposit_statement, documents
from planshift.domain.errors import Refused
from planshift.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentIntent:
    """What the client is sent to a gateway with. `number` comes back with the gateway's message."""

    number: str
    order: str
    amount: Money
    language: str
    seller_name: str
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A message of a gateway whose origin was verified: money came, or did not come, for an intent.

    `external_id` is the gateway's own id of the payment: the same id is the same money, however often it is reported.
    """

    kind: Literal["paid", "failed"]
    intent: str
    external_id: str
    amount: Money
    sent_at: dt.datetime  # system time, of the gateway's clock


class Forged(Exception):
    """A message that does not come from the gateway, or is too old or malformed to believe. Nothing was recorded.

    The argument is a short code: signature, old, read (cannot be), address.
    """


class NotOurs(Exception):
    """A true message of the gateway that is about no payment of ours, or says nothing that we must know."""


class PaymentGateway(Protocol):
    """A party that takes money by sending the client to its own page."""

    code: str

    def start(self, *, intent: PaymentIntent) -> str:
        """The address to send the client to. May raise Transient, Permanent or Unknown; is never called in a
        transaction."""

    def verify(self, *, headers: Mapping[str, str], body: bytes, now: dt.datetime) -> Event:
        """What a message says. `now` is system time. Raises Forged for anything that the gateway did not send
        lately, NotOurs for what need not concern us."""


class DocumentRenderer(Protocol):
    """Makes a paper of a document: the same document always gives the same bytes."""

    def pdf(self, *, document: documents.Document) -> bytes:
        """The document as a PDF in its language."""

    def statement(self, *, statement: deposit_statement.Statement) -> bytes:
        """The statement of a deposit as a PDF in its language."""


class StatementReader(Protocol):
    """Reads one format of bank statements, entry by entry: memory does not grow with the file."""

    code: str

    def reads(self, *, start: bytes) -> bool:
        """Is a file that begins with `start` (some hundred bytes) of this format?"""

    def entries(self, *, file: BinaryIO) -> Iterator[bank.Entry]:
        """The booked entries in the order of the file. Raises bank.Unreadable, possibly after some entries."""


class EInvoiceWriter(Protocol):
    """Writes the structured document (XML) of an invoice or a correction: the same document gives the same bytes."""

    format: str  # fa3, fatturapa or ubl

    def xml(self, *, document: documents.Document) -> bytes:
        """The file, complete and in the format's own signs. Raises Refused with every reason (`einvoice_…`) where the
        document cannot be written; nothing that it writes is guessed."""


_gateways: dict[str, PaymentGateway] = {}
_renderer: list[DocumentRenderer] = []
_readers: list[StatementReader] = []
_writers: dict[str, EInvoiceWriter] = {}


def bind_gateway(gateway: PaymentGateway) -> None:
    """Called by wiring."""
    _gateways[gateway.code] = gateway


def bind_renderer(renderer: DocumentRenderer) -> None:
    """Called by wiring."""
    _renderer[:] = [renderer]


def bind_statement_readers(*readers: StatementReader) -> None:
    """Called by wiring."""
    _readers[:] = readers


def bind_writers(*writers: EInvoiceWriter) -> None:
    """Called by wiring."""
    _writers.update({writer.format: writer for writer in writers})


def writer(format: str) -> EInvoiceWriter:
    """The writer of a format. Refused("no_einvoice_writer") when the installation has none."""
    if format not in _writers:
        raise Refused("no_einvoice_writer", format=format)
    return _writers[format]


def gateway(code: str) -> PaymentGateway:
    """The gateway with this code. Refused("gateway_unknown")."""
    if code not in _gateways:
        raise Refused("gateway_unknown", gateway=code)
    return _gateways[code]


def gateways() -> tuple[str, ...]:
    """The codes of the gateways of this installation."""
    return tuple(sorted(_gateways))


def renderer() -> DocumentRenderer:
    """The bound renderer. Refused("no_document_renderer") when the installation has none."""
    if not _renderer:
        raise Refused("no_document_renderer")
    return _renderer[0]


def statement_reader(*, start: bytes) -> StatementReader:
    """The reader for a file that begins so. Raises bank.Unreadable when there is none."""
    for reader in _readers:
        if reader.reads(start=start):
            return reader
    raise bank.Unreadable("format")
