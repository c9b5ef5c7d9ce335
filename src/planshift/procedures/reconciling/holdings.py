"""Is each service held once at a time, and changed by one change at a time?"""

from planshift.domain.lifecycles import change
from planshift.procedures.reconciling.checks import RANGE, Check

_OPEN = ", ".join(f"'{state}'" for state in change.LIFECYCLE.open)

CHECKS = (
    Check(
        code="terms_overlap",
        table="services_term",
        sql=f"""
SELECT k.seller_id, s.number AS subject, 'overlapping terms' AS figure, '' AS currency, COUNT(*) AS stored,
       0 AS computed
FROM (SELECT * FROM services_term WHERE {RANGE}) t
JOIN services_term o ON o.service_id = t.service_id AND o.id < t.id AND o.start_on < t.end_on AND o.end_on > t.start_on
JOIN services_service s ON s.id = t.service_id JOIN services_client k ON k.id = s.client_id
GROUP BY k.seller_id, s.number""",
    ),
    Check(
        code="open_changes",
        table="procedures_change",
        sql=f"""
SELECT k.seller_id, s.number AS subject, 'open changes' AS figure, '' AS currency, COUNT(*) + 1 AS stored,
       1 AS computed
FROM (SELECT * FROM procedures_change WHERE {RANGE}) c
JOIN procedures_change o ON o.service_id = c.service_id AND o.id < c.id AND o.state IN ({_OPEN})
JOIN services_service s ON s.id = c.service_id JOIN services_client k ON k.id = s.client_id
WHERE c.state IN ({_OPEN}) GROUP BY k.seller_id, s.number""",
    ),
)
