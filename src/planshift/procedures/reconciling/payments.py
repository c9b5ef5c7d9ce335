"""Do orders, part payments, payments and bank statements agree?"""

from planshift.procedures.reconciling.checks import RANGE, Check
from planshift.procedures.reconciling.opened import STANDING

_ORDERS = f"(SELECT * FROM billing_order WHERE {RANGE})"

# Every transfer of the payments of a batch, with the kinds of its two accounts. One of an unknown payer has no owner.
_TRANSFERS_OF_PAYMENTS = f"""
WITH p AS (SELECT * FROM billing_payment WHERE {RANGE}),
moved AS (
    SELECT t.payment_number, t.posting, t.amount_minor, t.debit_id, t.credit_id FROM ledger_transfer t
    WHERE t.owner IN (SELECT 'client:' || k.number FROM services_client k JOIN p ON p.client_id = k.id)
      AND t.payment_number <> ''
    UNION ALL
    SELECT t.payment_number, t.posting, t.amount_minor, t.debit_id, t.credit_id FROM p
    JOIN ledger_transfer t ON t.entry = p.number || '/unapplied' AND t.owner = ''),
sums AS (
    SELECT m.payment_number AS number,
        SUM(CASE WHEN m.posting IN ('received_for_order', 'received_for_document', 'received_unapplied',
                                    'received_unidentified')
                 THEN m.amount_minor ELSE 0 END) AS received,
        SUM(CASE WHEN c.kind IN ('unapplied', 'unidentified') THEN m.amount_minor ELSE 0 END)
      - SUM(CASE WHEN d.kind IN ('unapplied', 'unidentified') THEN m.amount_minor ELSE 0 END) AS unapplied,
        SUM(CASE WHEN d.kind = 'unapplied' AND m.posting NOT IN ('unapplied_assigned', 'unapplied_to_document')
                 THEN m.amount_minor ELSE 0 END)
          AS gone,
        SUM(CASE WHEN m.posting = 'unapplied_returned' THEN m.amount_minor ELSE 0 END) AS returned
    FROM moved m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
    GROUP BY m.payment_number)
"""


def _of_order(figure: str) -> str:
    return f"""
SELECT o.seller_id, o.number AS subject, '{figure}' AS figure, o.currency, o.{figure}_minor AS stored,
       (SELECT COALESCE(SUM(l.{figure}_minor), 0) FROM billing_orderline l WHERE l.order_id = o.id) AS computed
FROM {_ORDERS} o"""


CHECKS = (
    Check(code="order_lines", table="billing_order", sql=" UNION ALL ".join(map(_of_order, ("net", "tax", "gross")))),
    Check(
        code="order_covered",
        table="billing_order",
        sql=f"""
SELECT o.seller_id, o.number AS subject, 'covered' AS figure, o.currency, o.covered_minor AS stored,
       (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_partpayment p
        WHERE p.order_id = o.id AND p.released_at IS NULL) AS computed
FROM {_ORDERS} o""",
    ),
    Check(
        code="order_paid",
        table="billing_order",
        sql=f"""
SELECT o.seller_id, o.number AS subject, 'paid' AS figure, o.currency, o.gross_minor AS stored,
       (SELECT COALESCE(SUM(p.amount_minor), 0) FROM billing_partpayment p
        WHERE p.order_id = o.id AND p.released_at IS NULL) AS computed
FROM {_ORDERS} o WHERE o.state = 'PAID'""",
    ),
    Check(
        code="part_payment_posting",
        table="billing_partpayment",
        sql=f"""
SELECT o.seller_id, o.number AS subject, x.figure, o.currency, x.stored, x.computed
FROM (SELECT p.order_id, 'part' AS figure, p.amount_minor AS stored, COALESCE(t.amount_minor, 0) AS computed
      FROM (SELECT * FROM billing_partpayment WHERE {RANGE}) p JOIN billing_order k ON k.id = p.order_id
      LEFT JOIN ledger_transfer t ON t.entry = k.number || '/part/' || CAST(p.id AS varchar(20))
      UNION ALL
      SELECT p.order_id, 'released' AS figure, CASE WHEN p.released_at IS NULL THEN 0 ELSE p.amount_minor END,
             COALESCE(t.amount_minor, 0)
      FROM (SELECT * FROM billing_partpayment WHERE {RANGE}) p JOIN billing_order k ON k.id = p.order_id
      LEFT JOIN ledger_transfer t ON t.entry = k.number || '/part/' || CAST(p.id AS varchar(20)) || '/released') x
JOIN billing_order o ON o.id = x.order_id""",
    ),
    Check(
        code="payment_amount",
        table="billing_payment",
        # given back by a correction, it is unapplied again although the part payment stays
        sql=f"""{_TRANSFERS_OF_PAYMENTS}
SELECT p.seller_id, p.number AS subject, 'amount' AS figure, p.currency, p.amount_minor AS stored,
       p.unapplied_minor + COALESCE(s.gone, 0)
     + (SELECT COALESCE(SUM(x.amount_minor), 0) FROM billing_partpayment x
        WHERE x.payment_id = p.id AND x.released_at IS NULL)
     + (SELECT COALESCE(SUM(x.amount_minor), 0) FROM billing_openingpayment x
        WHERE x.payment_id = p.id AND {STANDING.format("x.id")})
     - (SELECT COALESCE(SUM(g.amount_minor), 0) FROM billing_credited g JOIN billing_correction k
        ON k.id = g.correction_id WHERE g.payment_id = p.id AND NOT (p.gateway = 'credit' AND p.external_id = k.number))
       AS computed
FROM p LEFT JOIN sums s ON s.number = p.number""",
    ),
    Check(
        code="payment_received",
        table="billing_payment",
        sql=f"""{_TRANSFERS_OF_PAYMENTS}
SELECT p.seller_id, p.number AS subject, 'received' AS figure, p.currency, p.amount_minor AS stored,
       COALESCE(s.received, 0) AS computed
FROM p LEFT JOIN sums s ON s.number = p.number WHERE p.gateway <> 'credit'""",
    ),
    Check(
        code="payment_unapplied",
        table="billing_payment",
        sql=f"""{_TRANSFERS_OF_PAYMENTS}
SELECT p.seller_id, p.number AS subject, 'unapplied' AS figure, p.currency, p.unapplied_minor AS stored,
       COALESCE(s.unapplied, 0) AS computed
FROM p LEFT JOIN sums s ON s.number = p.number""",
    ),
    Check(
        code="statement_credit",
        table="billing_statementline",
        sql=f"""
SELECT l.seller_id, l.number AS subject, 'payment' AS figure, l.currency, l.amount_minor AS stored,
       COALESCE(CASE WHEN p.currency = l.currency AND p.seller_id = l.seller_id THEN p.amount_minor END,
                CASE WHEN m.kind = 'other' THEN l.amount_minor END, 0) AS computed
FROM (SELECT * FROM billing_statementline WHERE {RANGE}) l
LEFT JOIN billing_linematch m ON m.line_id = l.id LEFT JOIN billing_payment p ON p.id = m.payment_id
WHERE l.direction = 'credit'""",
    ),
    Check(
        code="statement_once",
        table="billing_payment",
        sql=f"""
SELECT p.seller_id, p.number AS subject, 'statement lines' AS figure, '' AS currency, COUNT(m.id) AS stored,
       1 AS computed
FROM (SELECT * FROM billing_payment WHERE {RANGE}) p
JOIN billing_linematch m ON m.payment_id = p.id AND m.kind = 'payment'
GROUP BY p.seller_id, p.number""",
    ),
    Check(
        code="statement_returned",
        table="billing_payment",
        # debits that the bank shows of a payment are never more than was booked as returned
        sql=f"""{_TRANSFERS_OF_PAYMENTS}
SELECT q.seller_id, q.subject, 'returned' AS figure, q.currency, q.stored, q.computed FROM (
    SELECT p.seller_id, p.number AS subject, p.currency, COALESCE(s.returned, 0) AS computed,
           (SELECT COALESCE(SUM(l.amount_minor), 0) FROM billing_linematch m
            JOIN billing_statementline l ON l.id = m.line_id
            WHERE m.payment_id = p.id AND m.kind = 'return') AS stored
    FROM p LEFT JOIN sums s ON s.number = p.number) q
WHERE q.stored > q.computed""",
    ),
)
