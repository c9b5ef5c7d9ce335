"""How is one verb of a recipe put to the servers? Outside any transaction, never raising what a server may do."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from planshift.domain import recipes
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import answers, facts, models, names, ports, returning, verbs, visits

_VERBS: Mapping[str, Callable[[answers.Call], dict[str, Any]]] = {
    **verbs.VERBS,
    **names.VERBS,
    **visits.VERBS,
    **returning.VERBS,
}


def carry_out(execution: models.Execution, *, actor: str, just_read: ports.Account | None = None) -> answers.Seen:
    """Carry out the verb of the execution's step (its undoing, when it is being undone) and read back. Never raises
    Transient, Permanent or Unknown: they come back as `Seen`. What was `just_read` back of the account by the step
    before is not read again."""
    if transaction.get_connection().in_atomic_block and not _test_transaction():
        raise RuntimeError("a driver is never called inside a transaction")
    step = facts.step_of(execution)
    undoing = execution.state == "UNDOING"
    verb, name = (step.undo, f"undo-{step.name}") if undoing else (step.does, step.name)
    key = f"{execution.number}:{name}:{execution.generation}"
    here = execution.present if verb == recipes.RETURN_MAIL else facts.environment_of(execution, step)
    call = answers.Call(execution, step, ports.Op(key, execution.cause, actor), here, just_read)
    made: dict[str, Any]
    try:
        made = _poll(call) if execution.task else _VERBS[verb](call)
    except Unknown as problem:
        made = {"kind": answers.AGAIN, "what": problem.what, "facts": problem.facts}
    except Transient as problem:
        made = {
            "kind": answers.AGAIN,
            "what": problem.what,
            "facts": problem.facts,
            "after_seconds": problem.after_seconds,
        }
    except Permanent as problem:
        made = {"kind": answers.NEVER, "what": problem.what, "facts": problem.facts}
    return answers.Seen(**{"kind": answers.DID, "fence": answers.fence_of(execution), "key": key, **made})


def _test_transaction() -> bool:
    """Is the only open transaction that of a test?"""
    blocks = transaction.get_connection().atomic_blocks
    return all(getattr(block, "_from_testcase", False) for block in blocks)


def _poll(call: answers.Call) -> dict[str, Any]:
    result = call.driver.poll(server=call.ref.server, task=call.execution.task)
    if result.task:
        return {"kind": answers.RUNS, "task": result.task}
    # over: the same verb under the same key now finds its work done, and reads it back
    verb = call.step.undo if call.execution.state == "UNDOING" else call.step.does
    return _VERBS[verb](call)
