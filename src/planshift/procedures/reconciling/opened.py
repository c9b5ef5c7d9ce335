"""Do invoices issued elsewhere, what was unpaid of them and what settled it agree?"""

from planshift.procedures.reconciling.checks import RANGE, Check

_BALANCES = f"(SELECT * FROM billing_openingbalance WHERE {RANGE})"
# the part with this id was not taken back
STANDING = "NOT EXISTS (SELECT 1 FROM billing_openingrelease g WHERE g.part_id = {})"
_PAYMENTS = f"(SELECT * FROM billing_openingpayment WHERE {RANGE})"

CHECKS = (
    Check(
        code="opening_owed",
        table="billing_invoice",
        # by the balance, and by what was booked when it came
        sql=f"""
WITH i AS (SELECT x.id, x.seller_id, x.number, x.currency, 'client:' || k.number AS owner,
                  x.gross_minor - (SELECT COALESCE(SUM(COALESCE(l.paid_minor, l.gross_minor)), 0)
                                   FROM billing_invoiceline l WHERE l.invoice_id = x.id) AS unpaid
           FROM (SELECT * FROM billing_invoice WHERE {RANGE} AND imported) x
           JOIN services_client k ON k.id = x.client_id)
SELECT i.seller_id, i.number AS subject, 'owed' AS figure, i.currency, COALESCE(b.owed_minor, 0) AS stored,
       i.unpaid AS computed
FROM i LEFT JOIN billing_openingbalance b ON b.invoice_id = i.id
UNION ALL
SELECT i.seller_id, i.number AS subject, 'booked' AS figure, i.currency,
       (SELECT COALESCE(SUM(t.amount_minor), 0) FROM ledger_transfer t
        WHERE t.owner = i.owner AND t.document_number = i.number AND t.posting = 'receivable_opened') AS stored,
       i.unpaid AS computed
FROM i""",
    ),
    Check(
        code="opening_settled",
        table="billing_openingbalance",
        sql=f"""
SELECT b.seller_id, i.number AS subject, 'settled' AS figure, i.currency, b.settled_minor AS stored,
       (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_openingpayment p
        WHERE p.balance_id = b.id AND {STANDING.format("p.id")}) AS computed
FROM {_BALANCES} b JOIN billing_invoice i ON i.id = b.invoice_id""",
    ),
    Check(
        code="opening_lines",
        table="billing_openingbalance",
        sql=f"""
SELECT b.seller_id, i.number AS subject, 'lines of ' || p.number AS figure, i.currency, x.amount_minor AS stored,
       (SELECT COALESCE(SUM(l.amount_minor), 0) FROM billing_openingpaymentline l WHERE l.part_id = x.id) AS computed
FROM {_BALANCES} b JOIN billing_invoice i ON i.id = b.invoice_id
JOIN billing_openingpayment x ON x.balance_id = b.id JOIN billing_payment p ON p.id = x.payment_id
UNION ALL
SELECT q.seller_id, q.subject, q.figure, q.currency, q.stored, q.computed FROM (
    SELECT b.seller_id, i.number AS subject, 'line ' || CAST(l.position AS varchar(10)) || ' paid' AS figure,
           i.currency, l.gross_minor AS computed, COALESCE(l.paid_minor, l.gross_minor)
         + (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_openingpaymentline p
            WHERE p.line_id = l.id AND {STANDING.format("p.part_id")})
           AS stored
    FROM {_BALANCES} b JOIN billing_invoice i ON i.id = b.invoice_id JOIN billing_invoiceline l ON l.invoice_id = i.id
    WHERE l.gross_minor > 0) q
WHERE q.stored > q.computed""",
    ),
    Check(
        code="opening_posting",
        table="billing_openingpayment",
        sql=f"""
SELECT b.seller_id, i.number AS subject, 'paid by ' || p.number AS figure, i.currency, x.amount_minor AS stored,
       COALESCE(t.amount_minor, 0) AS computed
FROM {_PAYMENTS} x JOIN billing_openingbalance b ON b.id = x.balance_id JOIN billing_invoice i ON i.id = b.invoice_id
JOIN billing_payment p ON p.id = x.payment_id
LEFT JOIN ledger_transfer t ON t.entry = p.number || '/settled/' || CAST(x.id AS varchar(20))
UNION ALL
SELECT b.seller_id, i.number AS subject, 'taken back of ' || p.number AS figure, i.currency,
       CASE WHEN {STANDING.format("x.id")} THEN 0 ELSE x.amount_minor END AS stored,
       COALESCE(t.amount_minor, 0) AS computed
FROM {_PAYMENTS} x JOIN billing_openingbalance b ON b.id = x.balance_id JOIN billing_invoice i ON i.id = b.invoice_id
JOIN billing_payment p ON p.id = x.payment_id
LEFT JOIN ledger_transfer t ON t.entry = p.number || '/settled/' || CAST(x.id AS varchar(20)) || '/released'""",
    ),
)
