"""Do the accounts agree with the transfers, and each client's accounts with what is open for that client?"""

from planshift.domain import postings
from planshift.procedures.reconciling.checks import RANGE, Check
from planshift.procedures.reconciling.opened import STANDING

_DEBIT = ", ".join(f"'{name}'" for name, kind in postings.KINDS.items() if kind.grows_on == "debit")

# The stored balance and the one that the transfers give, of accounts that keep one.
_BALANCES = f"""
SELECT c.seller_id, a.code, a.currency, a.balance_minor, a.floor_minor,
       CASE WHEN a.kind IN ({_DEBIT}) THEN 1 ELSE -1 END * (
           (SELECT COALESCE(SUM(t.amount_minor), 0) FROM ledger_transfer t WHERE t.debit_id = a.id)
         - (SELECT COALESCE(SUM(t.amount_minor), 0) FROM ledger_transfer t WHERE t.credit_id = a.id)) AS summed
FROM (SELECT * FROM ledger_account WHERE {RANGE} AND balance_minor IS NOT NULL) a
JOIN services_client c ON 'client:' || c.number = a.owner
"""


def _of_client(code: str, kind: str, rows: str) -> Check:
    """The balance of one kind of account of a client against `rows`: (client_id, currency, amount_minor)."""
    return Check(
        code=code,
        table="services_client",
        sql=f"""
WITH c AS (SELECT id, number, seller_id FROM services_client WHERE {RANGE}),
open_rows AS ({rows}),
every AS (
    SELECT c.id AS client_id, a.currency, a.balance_minor AS stored, 0 AS computed
    FROM c JOIN ledger_account a ON a.owner = 'client:' || c.number AND a.kind = '{kind}'
    UNION ALL SELECT client_id, currency, 0, amount_minor FROM open_rows)
SELECT c.seller_id, 'client:' || c.number || ':{kind}:' || e.currency AS subject, 'balance' AS figure, e.currency,
       SUM(e.stored) AS stored, SUM(e.computed) AS computed
FROM every e JOIN c ON c.id = e.client_id GROUP BY c.seller_id, c.number, e.currency""",
    )


def _own(kind: str, *known: str) -> str:
    """What covers orders from a balance of the client, what corrections gave back to it, and what moved by postings
    that have no rows of their own: all but the `known` ones."""
    return f"""
SELECT o.client_id, o.currency, -p.amount_minor AS amount_minor FROM billing_order o
JOIN c ON c.id = o.client_id JOIN billing_partpayment p ON p.order_id = o.id
WHERE p.source = '{kind}' AND p.released_at IS NULL
UNION ALL SELECT k.client_id, k.currency, p.amount_minor FROM billing_correction k
JOIN c ON c.id = k.client_id JOIN billing_credited p ON p.correction_id = k.id AND p."to" = '{kind}'
UNION ALL SELECT x.id, t.currency, CASE WHEN a.id = t.credit_id THEN t.amount_minor ELSE -t.amount_minor END
FROM c x JOIN ledger_account a ON a.owner = 'client:' || x.number AND a.kind = '{kind}'
JOIN ledger_transfer t ON t.owner = a.owner AND (t.debit_id = a.id OR t.credit_id = a.id)
WHERE t.posting NOT IN ({", ".join(f"'{name}'" for name in known)})"""


CHECKS = (
    Check(
        code="account_balance",
        table="ledger_account",
        sql=f"""SELECT b.seller_id, b.code AS subject, 'balance' AS figure, b.currency,
                       b.balance_minor AS stored, b.summed AS computed FROM ({_BALANCES}) b""",
    ),
    Check(
        code="account_floor",
        table="ledger_account",
        sql=f"""SELECT b.seller_id, b.code AS subject, 'floor' AS figure, b.currency,
                       b.floor_minor AS stored, b.summed AS computed
                FROM ({_BALANCES}) b WHERE b.summed < b.floor_minor""",
    ),
    Check(
        code="transfer_currency",
        table="ledger_transfer",
        sql=f"""
SELECT s.id AS seller_id, t.entry AS subject, 'currencies' AS figure, '' AS currency, 1 AS stored,
       CASE WHEN t.currency = d.currency AND t.currency = c.currency THEN 1 ELSE 2 END AS computed
FROM (SELECT * FROM ledger_transfer WHERE {RANGE}) t
JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
LEFT JOIN services_client k ON 'client:' || k.number = t.owner
JOIN catalog_seller s ON s.id = k.seller_id OR (t.owner = '' AND d.owner = 'seller:' || s.code)""",
    ),
    _of_client(
        "held_money",
        "held",
        """SELECT o.client_id, o.currency, o.covered_minor AS amount_minor
           FROM billing_order o JOIN c ON c.id = o.client_id
           LEFT JOIN billing_invoice i ON i.order_id = o.id
           WHERE i.id IS NULL AND NOT (o.purpose IN ('topup', 'prepaid') AND o.state = 'PAID')""",
    ),
    _of_client(
        "unapplied_money",
        "unapplied",
        """SELECT p.client_id, p.currency, p.unapplied_minor AS amount_minor
           FROM billing_payment p JOIN c ON c.id = p.client_id""",
    ),
    _of_client(
        "payout_money",
        "payout",
        """SELECT p.client_id, p.currency, p.amount_minor FROM billing_payout p JOIN c ON c.id = p.client_id
           WHERE p.state = 'REQUESTED'""",
    ),
    _of_client(
        "receivable",
        "receivable",
        f"""SELECT i.client_id, i.currency, i.gross_minor AS amount_minor
           FROM billing_invoice i JOIN c ON c.id = i.client_id WHERE NOT i.imported AND i.order_id IS NULL
             AND NOT EXISTS (SELECT 1 FROM billing_meteredinvoice m WHERE m.invoice_id = i.id)
           UNION ALL SELECT k.client_id, k.currency, p.amount_minor
           FROM billing_correction k JOIN c ON c.id = k.client_id JOIN billing_credited p ON p.correction_id = k.id
           UNION ALL SELECT i.client_id, i.currency, i.gross_minor - (
               SELECT COALESCE(SUM(COALESCE(l.paid_minor, l.gross_minor)), 0) FROM billing_invoiceline l
               WHERE l.invoice_id = i.id)
           FROM billing_invoice i JOIN c ON c.id = i.client_id WHERE i.imported
           UNION ALL SELECT i.client_id, i.currency, -p.amount_minor
           FROM billing_invoice i JOIN c ON c.id = i.client_id JOIN billing_openingbalance b ON b.invoice_id = i.id
           JOIN billing_openingpayment p ON p.balance_id = b.id AND {STANDING.format("p.id")}""",
    ),
    _of_client(
        "deposit",
        "deposit",
        # beside these, what came in by top-ups
        """SELECT o.client_id, o.currency, o.gross_minor AS amount_minor FROM billing_order o
           JOIN c ON c.id = o.client_id WHERE o.purpose = 'topup' AND o.state = 'PAID' UNION ALL """
        + _own("deposit", "deposit_topped_up", "deposit_drawn", "draw_released", "credit_to_deposit"),
    ),
    _of_client(
        "account_credit",
        "account_credit",
        _own("account_credit", "account_credit_drawn", "account_credit_released", "credit_to_account_credit"),
    ),
    _of_client(
        "prepaid",
        "prepaid",
        # what came in by top-ups less what was drawn; transfers and settled debts have no rows of their own
        """SELECT o.client_id, o.currency, o.gross_minor AS amount_minor FROM billing_order o
           JOIN c ON c.id = o.client_id WHERE o.purpose = 'prepaid' AND o.state = 'PAID'
           UNION ALL SELECT d.client_id, d.currency, -d.balance_minor FROM billing_draw d JOIN c ON c.id = d.client_id
           UNION ALL SELECT x.id, t.currency, CASE WHEN a.id = t.credit_id THEN t.amount_minor ELSE -t.amount_minor END
           FROM c x JOIN ledger_account a ON a.owner = 'client:' || x.number AND a.kind = 'prepaid'
           JOIN ledger_transfer t ON t.owner = a.owner AND (t.debit_id = a.id OR t.credit_id = a.id)
           WHERE t.posting NOT IN ('prepaid_topped_up', 'metered_drawn')""",
    ),
    _of_client(
        "metered",
        "metered",
        """SELECT d.client_id, d.currency, d.draw_minor AS amount_minor FROM billing_draw d JOIN c ON c.id = d.client_id
           UNION ALL SELECT i.client_id, i.currency, -i.gross_minor FROM billing_invoice i
           JOIN c ON c.id = i.client_id JOIN billing_meteredinvoice m ON m.invoice_id = i.id""",
    ),
    _of_client(
        "owed",
        "owed",
        """SELECT d.client_id, d.currency, d.owed_minor AS amount_minor FROM billing_draw d JOIN c ON c.id = d.client_id
           UNION ALL SELECT x.id, t.currency, -t.amount_minor FROM c x
           JOIN ledger_transfer t ON t.owner = 'client:' || x.number AND t.posting = 'owed_settled'""",
    ),
)
