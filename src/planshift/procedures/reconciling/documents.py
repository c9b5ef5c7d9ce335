"""Do documents agree with their lines, their orders, what was booked for them, and what was paid?"""

from planshift.procedures.reconciling.checks import RANGE, Check
from planshift.procedures.reconciling.opened import STANDING

_INVOICES = f"(SELECT * FROM billing_invoice WHERE {RANGE})"
_CORRECTIONS = f"(SELECT * FROM billing_correction WHERE {RANGE})"
_UNDONE = f"(SELECT * FROM procedures_change WHERE {RANGE} AND state = 'UNDONE')"
_LINES = f"(SELECT * FROM billing_invoiceline WHERE {RANGE})"

# What was booked for the documents of a batch: by client and number, the numbers of two sellers may be the same.
_BOOKED = f"""
WITH i AS (SELECT i.*, 'client:' || k.number AS owner FROM {_INVOICES} i JOIN services_client k ON k.id = i.client_id),
booked AS (
    SELECT t.owner, t.document_number AS number,
        SUM(CASE WHEN c.kind = 'revenue' THEN t.amount_minor WHEN d.kind = 'revenue' THEN -t.amount_minor ELSE 0 END)
          AS net,
        SUM(CASE WHEN c.kind = 'vat' THEN t.amount_minor WHEN d.kind = 'vat' THEN -t.amount_minor ELSE 0 END) AS tax,
        SUM(CASE WHEN d.kind = 'receivable' AND c.kind IN ('revenue', 'vat') THEN t.amount_minor
                 WHEN c.kind = 'receivable' AND d.kind IN ('revenue', 'vat') THEN -t.amount_minor ELSE 0 END) AS gross,
        SUM(CASE WHEN t.posting = 'invoice_settled' THEN t.amount_minor ELSE 0 END) AS settled
    FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
    WHERE t.owner IN (SELECT owner FROM i) AND t.document_number <> ''
    GROUP BY t.owner, t.document_number)
"""


def _lines(figure: str) -> str:
    return f"""
SELECT i.seller_id, i.number AS subject, '{figure}' AS figure, i.currency, i.{figure}_minor AS stored,
       (SELECT COALESCE(SUM(l.{figure}_minor), 0) FROM billing_invoiceline l WHERE l.invoice_id = i.id) AS computed
FROM {_INVOICES} i"""


def _order(figure: str) -> str:
    return f"""
SELECT i.seller_id, i.number AS subject, '{figure}' AS figure, i.currency, i.{figure}_minor AS stored,
       o.{figure}_minor AS computed
FROM {_INVOICES} i JOIN billing_order o ON o.id = i.order_id"""


def _order_line(figure: str) -> str:
    return f"""
SELECT i.seller_id, i.number AS subject, 'line ' || CAST(l.position AS varchar(10)) || ' {figure}' AS figure,
       i.currency, l.{figure}_minor AS stored, COALESCE(x.{figure}_minor, 0) AS computed
FROM {_INVOICES} i JOIN billing_invoiceline l ON l.invoice_id = i.id
LEFT JOIN billing_orderline x ON x.order_id = i.order_id AND x.position = l.position
WHERE i.order_id IS NOT NULL"""


def _booked(figure: str) -> str:
    return f"""
SELECT i.seller_id, i.number AS subject, '{figure}' AS figure, i.currency,
       CASE WHEN i.imported THEN 0 ELSE i.{figure}_minor END AS stored, COALESCE(b.{figure}, 0) AS computed
FROM i LEFT JOIN booked b ON b.owner = i.owner AND b.number = i.number"""


def _draft(figure: str) -> str:
    return f"""
SELECT k.seller_id, k.number AS subject, '{figure}' AS figure, k.currency, k.{figure}_minor AS stored,
       (SELECT COALESCE(SUM(l.{figure}_minor), 0) FROM billing_correctionline l WHERE l.correction_id = k.id)
         AS computed
FROM {_CORRECTIONS} k"""


def _issued_as_drafted(figure: str) -> str:
    return f"""
SELECT i.seller_id, i.number AS subject, '{figure}' AS figure, i.currency, i.{figure}_minor AS stored,
       k.{figure}_minor AS computed
FROM {_CORRECTIONS} k JOIN billing_invoice i ON i.id = k.document_id"""


def _before(figure: str) -> str:
    """A line of a correction: before it stood the issued line with all earlier corrections."""
    return f"""
SELECT i.seller_id, i.number AS subject, 'line ' || CAST(l.position AS varchar(10)) || ' before {figure}' AS figure,
       i.currency, COALESCE(l.before_{figure}_minor, 0) AS stored,
       o.{figure}_minor + (SELECT COALESCE(SUM(e.{figure}_minor), 0) FROM billing_invoiceline e
                           WHERE e.corrects_id = o.id AND e.invoice_id < l.invoice_id) AS computed
FROM {_LINES} l JOIN billing_invoiceline o ON o.id = l.corrects_id
JOIN billing_invoice i ON i.id = l.invoice_id"""


CHECKS = (
    Check(code="document_lines", table="billing_invoice", sql=" UNION ALL ".join(map(_lines, ("net", "tax", "gross")))),
    Check(code="invoice_order", table="billing_invoice", sql=" UNION ALL ".join(map(_order, ("net", "tax", "gross")))),
    Check(code="invoice_order_line", table="billing_invoice", sql=" UNION ALL ".join(map(_order_line, ("net", "tax")))),
    Check(
        code="document_postings",
        table="billing_invoice",
        sql=_BOOKED + " UNION ALL ".join(map(_booked, ("net", "tax", "gross"))),
    ),
    Check(
        code="invoice_settled",
        table="billing_invoice",
        sql=f"""{_BOOKED}
SELECT i.seller_id, i.number AS subject, 'settled' AS figure, i.currency, i.gross_minor AS stored,
       COALESCE(b.settled, 0) AS computed
FROM i LEFT JOIN booked b ON b.owner = i.owner AND b.number = i.number WHERE i.order_id IS NOT NULL""",
    ),
    Check(
        code="paid_without_invoice",
        table="billing_order",
        # until its procedure took note of the payment it is on the way
        sql=f"""
SELECT o.seller_id, o.number AS subject, 'invoices' AS figure, '' AS currency, 0 AS stored, 1 AS computed
FROM (SELECT * FROM billing_order WHERE {RANGE}) o
WHERE o.state = 'PAID' AND o.purpose NOT IN ('topup', 'prepaid')
  AND NOT EXISTS (SELECT 1 FROM billing_invoice i WHERE i.order_id = o.id)
  AND EXISTS (SELECT 1 FROM billing_orderline l WHERE l.order_id = o.id AND l.gross_minor <> 0)
  AND NOT EXISTS (SELECT 1 FROM procedures_change x WHERE x.order_id = o.id AND x.state = 'AWAITING_PAYMENT')
  AND NOT EXISTS (SELECT 1 FROM procedures_renewal x
                  WHERE x.order_id = o.id AND x.state IN ('AWAITING_PAYMENT', 'OVERDUE'))""",
    ),
    Check(
        code="invoice_without_payment",
        table="billing_invoice",
        sql=f"""
SELECT i.seller_id, i.number AS subject, 'paid orders' AS figure, '' AS currency, 0 AS stored, 1 AS computed
FROM {_INVOICES} i JOIN billing_order o ON o.id = i.order_id WHERE o.state <> 'PAID'""",
    ),
    Check(
        code="posting_without_document",
        table="ledger_transfer",
        sql=f"""
SELECT k.seller_id, t.entry AS subject, 'documents' AS figure, '' AS currency, 0 AS stored, 1 AS computed
FROM (SELECT * FROM ledger_transfer WHERE {RANGE}) t
JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
JOIN services_client k ON 'client:' || k.number = t.owner
WHERE (d.kind IN ('revenue', 'vat') OR c.kind IN ('revenue', 'vat'))
  AND NOT EXISTS (SELECT 1 FROM billing_invoice i WHERE i.seller_id = k.seller_id AND i.number = t.document_number)
""",
    ),
    Check(
        code="correction_draft",
        table="billing_correction",
        sql=" UNION ALL ".join(map(_draft, ("net", "tax"))),
    ),
    Check(
        code="correction_issued",
        table="billing_correction",
        sql=" UNION ALL ".join(map(_issued_as_drafted, ("net", "tax", "gross"))),
    ),
    Check(
        code="correction_before",
        table="billing_invoiceline",
        sql=" UNION ALL ".join(map(_before, ("net", "tax"))),
    ),
    Check(
        code="correction_beyond_paid",
        table="billing_invoiceline",
        # what all corrections of a line gave back, where that is more than was paid for it
        sql=f"""
SELECT q.seller_id, q.subject, q.figure, q.currency, q.stored, q.computed FROM (
    SELECT i.seller_id, i.number AS subject, 'line ' || CAST(l.position AS varchar(10)) || ' given back' AS figure,
           i.currency, -COALESCE(SUM(e.gross_minor), 0) AS stored, COALESCE(l.paid_minor, l.gross_minor)
         + (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_openingpaymentline p
            WHERE p.line_id = l.id AND {STANDING.format("p.part_id")})
           AS computed
    FROM {_LINES} l JOIN billing_invoice i ON i.id = l.invoice_id
    JOIN billing_invoiceline e ON e.corrects_id = l.id
    WHERE l.gross_minor > 0 AND l.corrects_id IS NULL
    GROUP BY i.seller_id, i.number, l.id, l.position, i.currency, l.paid_minor, l.gross_minor) q
WHERE q.stored > q.computed""",
    ),
    Check(
        code="correction_credited",
        table="billing_correction",
        sql=f"""
SELECT k.seller_id, k.number AS subject, 'credited' AS figure, k.currency,
       (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_credited p WHERE p.correction_id = k.id) AS stored,
       CASE WHEN k.state = 'CREDITED' THEN -k.gross_minor ELSE 0 END AS computed
FROM {_CORRECTIONS} k""",
    ),
    Check(
        code="undone_change",
        table="procedures_change",
        # of the invoice of its order all that was paid, of renewals at its price what their corrections say
        sql=f"""
SELECT i.seller_id, x.number AS subject, 'given back' AS figure, i.currency, i.gross_minor AS computed,
       (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_credited p
        JOIN billing_correction k ON k.id = p.correction_id WHERE k.corrects_id = i.id) AS stored
FROM {_UNDONE} x JOIN billing_invoice i ON i.order_id = x.order_id
UNION ALL
SELECT k.seller_id, x.number AS subject, 'renewal given back' AS figure, k.currency, -k.gross_minor AS computed,
       (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_credited p WHERE p.correction_id = k.id) AS stored
FROM {_UNDONE} x JOIN billing_correction k ON k.cause = x.number AND k.reason = 'renewal_as_before'""",
    ),
    Check(
        code="credit_posting",
        table="billing_credited",
        sql=f"""
SELECT k.seller_id, k.number AS subject, 'credited' AS figure, k.currency, p.amount_minor AS stored,
       COALESCE(t.amount_minor, 0) AS computed
FROM (SELECT * FROM billing_credited WHERE {RANGE}) p JOIN billing_correction k ON k.id = p.correction_id
LEFT JOIN ledger_transfer t ON t.entry = k.number || '/credited/' || CAST(p.id AS varchar(20))""",
    ),
)
