"""How does the owning row learn that its run is stuck?"""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, transaction

from planshift.runtime.runs import definitions

log = structlog.get_logger("planshift.runs")


def tell(hook: Callable[[definitions.Work, str], None], work: definitions.Work, reason: str) -> None:
    """The owning row learns that its run is stuck; a fault in the hook must not hide the stuck run."""
    try:
        with transaction.atomic():
            hook(work, reason)
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:  # noqa: BLE001 - part of the worker loop
        log.error("run.stuck_hook_failed", key=work.key, problem=repr(problem))
