"""How is a change told in one row of a list of staff?"""

from typing import Any

from planshift.procedures import models


def told(row: models.Change) -> dict[str, Any]:
    """What every such list tells of a change with its client, service and execution."""
    return {
        "number": row.number,
        "client": row.client.name,
        "client_number": row.client.number,
        "service": row.service.label,
        "service_number": row.service.number,
        "operation": row.operation,
        "kind": row.kind,
        "state": row.state,
        "promised_on": row.promised_on,
        "waits_for": _waits_for(row),
    }


def _waits_for(row: models.Change) -> str:
    """Whom the change waits for; where it is the machines, whom these wait for."""
    whom = row.lifecycle.waiting.get(row.state, "")
    if row.execution and whom == "system":
        whom = row.execution.lifecycle.waiting.get(row.execution.state, whom)
    return whom
