"""What happened with this change, and how is it proved? One ZIP with everything that the change left behind, and a
manifest of hashes.

The same rows give the same bytes. Access data are never part of it: they are sealed elsewhere, and in no journal.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from planshift.billing import invoices
from planshift.billing import models as billing
from planshift.billing import queries as money
from planshift.catalog import queries as documents
from planshift.domain import quote, quote_json
from planshift.domain.errors import Refused
from planshift.domain.money import Money
from planshift.ledger import balances
from planshift.procedures import decrease_papers, held, lowering, models, placing
from planshift.procedures.evidence_rows import of_rows, plain, row_of
from planshift.procedures.queries import choices
from planshift.provisioning import models as machines
from planshift.runtime import runs
from planshift.runtime.models import AuditEntry
from planshift.services.queries import NotFound

FORMAT = 1
MANIFEST = "manifest.json"
_RELATED = ("service", "client__seller", "quote__policy", "quote__catalog", "lowered_from",
            "order", "execution", "acceptance")  # fmt: skip
_STAMP = (1980, 1, 1, 0, 0, 0)  # of every file in the ZIP: when it was packed is no evidence

Words = Callable[[quote.Offer, Mapping[str, Any], str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A ZIP and the name it is kept under."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Of the ZIP itself."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(slots=True)
class _Files:
    """What goes into the pack, and what could not."""

    found: dict[str, bytes] = field(default_factory=dict)
    absent: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, content: bytes | str) -> None:
        self.found[path] = content.encode() if isinstance(content, str) else content

    def add_json(self, path: str, value: Any) -> None:
        self.add(path, json.dumps(plain(value), ensure_ascii=False, indent=2, sort_keys=True) + "\n")

    def attempt(self, path: str, make: Callable[[], bytes]) -> None:
        """A file that the rules may refuse: then the manifest says why it is missing."""
        try:
            self.add(path, make())
        except Refused as refused:
            self.absent[path] = sorted({reason.code for reason in refused.reasons})


def pack(*, change: str, words: Words, sellers: tuple[str, ...] | None = None) -> Pack:
    """The evidence of one change (of `sellers`, where given). NotFound.

    `words` writes the quote and its working for people: offer, names of plans and resources, language, time zone.
    """
    found = models.Change.objects.filter(number=change)
    if sellers is not None:
        found = found.filter(client__seller__code__in=sellers)
    row = found.select_related(*_RELATED).first()
    if row is None:
        raise NotFound(change)
    files = _Files()
    files.add_json("change.json", {**row_of(row), "client": row.client.number, "service": row.service.number})
    quotes = _quotes(row, files, words)
    _consents(row, files)
    issued, corrections = _documents(row, files)
    mails = _mails(row, files)
    payments = _money(row, issued, files)
    executions = _work(row, files)
    rows = (row, *quotes, *([row.order] if row.order else []), *corrections, *payments, *executions, *mails)
    _audit([*rows, *issued], files)
    return Pack(name=f"{row.number}.zip", content=_zip(row, files))


def _quotes(row: models.Change, files: _Files, words: Words) -> list[models.Quote]:
    """The quote that is carried out; and, each in a folder with its number, those in whose place it stands: the one
    that was paid, where staff lowered its price since (H3), and those that were replaced before anything was paid."""
    found, paid = [row.quote], lowering.quote_paid(row)
    _quote(row, row.quote, "quote", files, words)
    while (before := found[-1].replaces) is not None:
        found.append(before)
        _quote(row, before, f"quotes/{before.number}", files, words)
    files.add_json(
        "quotes.json",
        [
            {
                "number": each.number,
                "folder": "quote" if each == row.quote else f"quotes/{each.number}",
                "stands_for": [
                    *(["carried out"] if each == row.quote else []),
                    *(["ordered and paid"] if each == paid and row.order and row.order.state == "PAID" else []),
                    *(["ordered"] if each == paid and not (row.order and row.order.state == "PAID") else []),
                    *(["replaced"] if each != row.quote else []),
                ],
                "by": each.made_by,
                "gross": Money.from_minor(each.gross_minor, each.currency),
            }
            for each in found
        ],
    )
    return found


def _quote(row: models.Change, kept: models.Quote, folder: str, files: _Files, words: Words) -> None:
    offered = placing.offer_of(kept)
    files.add_json(f"{folder}/kept.json", row_of(kept))  # exactly as it was stored and executed
    files.add_json(f"{folder}/quote.json", quote_json.encode(offered))
    names = choices.names(documents=documents.catalog_of(revision=kept.catalog_id))
    files.add(f"{folder}/quote.txt", words(offered, names, row.client.language, row.client.seller.time_zone))
    files.add_json(
        f"{folder}/rules.json",
        {
            "facts_sha256": kept.facts_digest,
            "policy": {"revision": kept.policy.number, "sha256": kept.policy.digest},
            "catalog": {"revision": kept.catalog.number, "sha256": kept.catalog.digest},
        },
    )
    files.add(f"{folder}/policy.toml", kept.policy.text)
    files.add(f"{folder}/catalog.toml", kept.catalog.text)


def _consents(row: models.Change, files: _Files) -> None:
    """What the client acknowledged and was told, and how the corrective document was answered."""
    asked = getattr(row, "acceptance", None)
    files.add_json(
        "consents.json",
        {
            "ordered": {"at": row.ordered_at, "by": row.ordered_by, "how": row.ordered_how, "note": row.ordered_note},
            "acknowledged": of_rows(row.acknowledgements.order_by("notice")),
            "told": of_rows(models.Notice.objects.filter(change=row).order_by("pk")),
            "acceptance": row_of(asked) if asked else None,
        },
    )


def _documents(row: models.Change, files: _Files) -> tuple[list[billing.Invoice], list[billing.Correction]]:
    """The pro forma, the invoice, its corrections, and those that the change caused; drafts too."""
    of_order = billing.Invoice.objects.filter(order=row.order) if row.order else billing.Invoice.objects.none()
    ours = Q(cause=row.number) | Q(corrects__in=of_order)
    corrections = list(billing.Correction.objects.filter(ours, client=row.client).order_by("pk"))
    wanted = [each.document_id for each in corrections if each.document_id]
    issued = [*of_order, *billing.Invoice.objects.filter(pk__in=wanted).order_by("pk")]
    if row.order:
        order = row.order.number
        files.attempt(f"documents/{order}.pdf", lambda: invoices.proforma_pdf(order=order))
    for each in issued:
        stem, of = f"documents/{_safe(each.number)}", {"seller": row.client.seller.code, "number": each.number}
        files.attempt(f"{stem}.pdf", lambda of=of: invoices.pdf(**of))  # type: ignore[misc]
        files.attempt(f"{stem}.xml", lambda of=of: invoices.xml(**of))  # type: ignore[misc]
    drafts = billing.Correction.objects.filter(pk__in=[each.pk for each in corrections if not each.document_id])
    for draft in drafts.select_related("corrects", "document", "seller").order_by("pk"):
        files.attempt(f"documents/{_safe(draft.number)}.pdf", lambda draft=draft: decrease_papers.pdf(draft))  # type: ignore[misc]
    currency = row.quote.currency
    lines = billing.InvoiceLine.objects.filter(invoice__in=issued).order_by("invoice_id", "position")
    files.add_json(
        "documents/documents.json", {"documents": of_rows(issued), "lines": of_rows(lines, currency=currency)}
    )
    drafted = billing.CorrectionLine.objects.filter(correction__in=[each.pk for each in corrections]).order_by("pk")
    files.add_json(
        "documents/corrections.json",
        {"corrections": of_rows(corrections), "lines": of_rows(drafted, currency=currency)},
    )
    return issued, corrections


def _mails(row: models.Change, files: _Files) -> list[Any]:
    """Ours and theirs as they went over the wire, and who decided what about them."""
    about = [row.number, *([row.order.number] if row.order else [])]
    sent = list(models.OutgoingMail.objects.filter(client=row.client, about__in=about).order_by("pk"))
    came = list(models.IncomingMail.objects.filter(outgoing__in=sent).order_by("pk"))
    for folder, mails in (("out", sent), ("in", came)):
        for each in mails:
            files.add(f"mails/{folder}/{each.number}.eml", bytes(each.raw))
    decided = models.MailDecision.objects.filter(mail__in=came).order_by("pk")
    files.add_json("mails/mails.json", {"out": of_rows(sent), "in": of_rows(came), "decided": of_rows(decided)})
    return [*sent, *came]


def _money(row: models.Change, issued: Iterable[billing.Invoice], files: _Files) -> list[billing.Payment]:
    """The order, what covered it, and every transfer that names the order or one of the documents."""
    order = row.order
    parts = list(order.part_payments.order_by("pk")) if order else []
    paid = billing.Payment.objects.filter(pk__in=[part.payment_id for part in parts if part.payment_id])
    payments = list(paid.order_by("pk"))
    files.add_json(
        "money/order.json",
        {
            "order": row_of(order) if order else None,
            "lines": of_rows(order.lines.order_by("position"), currency=order.currency) if order else [],
            "covered_by": of_rows(parts, currency=row.quote.currency),
            "payments": of_rows(payments),
            "collection": row.collection,
        },
    )
    moved = {each.id: each for each in (money.postings_of_order(number=order.number) if order else ())}
    numbers = [each.number for each in issued]
    moved |= {each.id: each for each in balances.of_documents(client=row.client.number, documents=numbers)}
    files.add_json("money/ledger.json", [moved[key] for key in sorted(moved)])
    return payments


def _work(row: models.Change, files: _Files) -> list[machines.Execution]:
    """What was done to the machines, step by step, by whom and when; and the steps of the run that had it done."""
    executions = list(machines.Execution.objects.filter(cause=row.number).order_by("pk"))
    journal = machines.ExecutionStep.objects.filter(execution__in=executions).order_by("pk")
    files.add_json("execution.json", {"executions": of_rows(executions), "journal": of_rows(journal)})
    files.add_json("run.json", [plain(each) for each in runs.queries.timeline(key=held.run_key(row.number))])
    return executions


def _audit(rows: Iterable[Any], files: _Files) -> None:
    """Every entry about one of these rows."""
    found: list[AuditEntry] = []
    by_kind: dict[str, list[int]] = {}
    for each in rows:
        by_kind.setdefault(each._meta.label_lower, []).append(each.pk)
    for kind, pks in by_kind.items():
        found.extend(AuditEntry.objects.filter(kind=kind, object_id__in=pks))
    files.add_json("audit.json", of_rows(sorted(found, key=lambda each: each.pk)))


def _zip(row: models.Change, files: _Files) -> bytes:
    """The files in the order of their names, the manifest first."""
    told = {
        "format": FORMAT,
        "change": row.number,
        "client": row.client.number,
        "seller": row.client.seller.code,
        "files": [
            {"path": path, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for path, content in sorted(files.found.items())
        ],
        "absent": [{"path": path, "why": why} for path, why in sorted(files.absent.items())],
    }
    manifest = json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for path, content in _in_order(manifest.encode(), files.found):
            entry = zipfile.ZipInfo(path, date_time=_STAMP)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            packed.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return made.getvalue()


def _in_order(manifest: bytes, found: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    yield MANIFEST, manifest
    yield from sorted(found.items())


def _safe(number: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in number)
