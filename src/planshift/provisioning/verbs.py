"""What does each step say to the driver of an account, and how do we know that it is true?

Every mutation is keyed, and verified by reading back: the server's "yes" counts only when its state says so too, and
so does its silence. Nothing here writes to our own tables.
"""

from collections.abc import Callable, Mapping
from typing import Any

from planshift.domain import recipes
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import answers, facts, models, placement, ports


def _capable(call: answers.Call, environment: models.Environment) -> bool:
    able = ports.driver(environment.server.driver).capabilities(server=facts.server_at(environment.server))
    return bool(getattr(able, call.step.capability))


def _check(call: answers.Call) -> dict[str, Any]:
    before, to = call.execution.former_limits, call.limits
    if call.execution.new is None and call.execution.recipe != "HARD":
        able = call.driver.capabilities(server=call.ref.server)
        fixed = sorted(
            name
            for name, amount in to.items()
            if name in before
            and (
                not able.may_change(name)
                if _more(amount, before[name])
                else amount != before[name] and not able.may_shrink(name)
            )
        )
        if fixed:
            raise Permanent("unsupported", resources=fixed)
    checked = call.driver.check(ref=call.ref, to=to)
    checked.refuse()
    return {"usage": checked.usage, "facts": {"used": dict(checked.usage.used)}}


def _more(amount: int, than: int) -> bool:
    if than == ports.UNLIMITED:
        return False
    return amount == ports.UNLIMITED or amount > than


def _place(call: answers.Call) -> dict[str, Any]:
    chosen, read = placement.choose(execution=call.execution)
    return {"server": chosen.pk, "capacities": read, "facts": {"server": chosen.code}}


def _create(call: answers.Call) -> dict[str, Any]:
    service, to = call.execution.service, call.limits
    spec = ports.Spec(service.label, facts.target_of(call.execution).plan, facts.parameters_of(call.execution).domains)
    return answers.mutate(
        call,
        lambda: call.driver.create(op=call.op, ref=call.ref, spec=spec, limits=to),
        lambda account, _: account is not None and dict(account.limits) == to,
    )


def _apply(call: answers.Call) -> dict[str, Any]:
    return _set_limits(call, call.limits)


def _apply_former(call: answers.Call) -> dict[str, Any]:
    return _set_limits(call, dict(call.execution.former_limits))


def _set_limits(call: answers.Call, to: dict[str, int]) -> dict[str, Any]:
    return answers.mutate(
        call,
        lambda: call.driver.apply(op=call.op, ref=call.ref, to=to),
        lambda account, _: account is not None and dict(account.limits) == to,
    )


def _read_back(call: answers.Call) -> dict[str, Any]:
    account = call.just_read or call.driver.get(ref=call.ref)
    if account is None:
        raise Permanent("not_found", account=call.ref.account)
    if dict(account.limits) != call.limits:
        raise Transient("read_back_differs")
    return {"account": account, "facts": {"limits": dict(account.limits)}}


def _suspend(call: answers.Call) -> dict[str, Any]:
    return answers.mutate(
        call,
        lambda: call.driver.suspend(op=call.op, ref=call.ref, reason=call.op.cause),
        lambda account, _: account is not None and account.suspended,
    )


def _unsuspend(call: answers.Call) -> dict[str, Any]:
    return answers.mutate(
        call,
        lambda: call.driver.unsuspend(op=call.op, ref=call.ref),
        lambda account, _: account is not None and not account.suspended,
    )


def _set_credentials(call: answers.Call) -> dict[str, Any]:
    """A lost or replayed answer has no secrets, and nobody can read them back: the engine asks again under a new
    key."""
    try:
        result = call.driver.set_credentials(op=call.op, ref=call.ref)
    except Unknown:
        return {"kind": answers.AGAIN, "what": "no_answer", "facts": {"new_key": True}, "after_seconds": 0.0}
    if not result.secrets:
        return {"kind": answers.AGAIN, "what": "no_answer", "facts": {"new_key": True}, "after_seconds": 0.0}
    return {"account": call.driver.get(ref=call.ref), "secrets": result.secrets, "facts": {"changed": True}}


def _backup(call: answers.Call) -> dict[str, Any]:
    return answers.mutate(
        call,
        lambda: call.driver.backup(op=call.op, ref=call.ref),
        lambda account, result: account is not None and result.snapshot in account.snapshots,
    )


def _push(call: answers.Call) -> dict[str, Any]:
    return _copy(call, final=False)


def _push_final(call: answers.Call) -> dict[str, Any]:
    made = _copy(call, final=True)
    source = facts.ref_of(_present(call))
    ours, theirs = call.driver.manifest(ref=source), call.driver.manifest(ref=call.ref)
    if ours != theirs:
        raise Transient("read_back_differs", manifest="differs", new_key=True)
    return {**made, "facts": {**made.get("facts", {}), "manifest": ours}}


def _copy(call: answers.Call, *, final: bool) -> dict[str, Any]:
    if not _capable(call, call.here):
        return {"kind": answers.ABSENT}
    source = facts.ref_of(_present(call))
    return answers.mutate(
        call,
        lambda: call.driver.push_content(op=call.op, source=source, to=call.ref, final=final),
        lambda account, _: account is not None,
    )


def _front_proxy(call: answers.Call) -> dict[str, Any]:
    if not _capable(call, call.here):
        return {"kind": answers.ABSENT}
    return _proxy(call, call.execution.new.address if call.execution.new else "")


def _unproxy(call: answers.Call) -> dict[str, Any]:
    return _proxy(call, "")


def _proxy(call: answers.Call, upstream: str) -> dict[str, Any]:
    return answers.mutate(
        call,
        lambda: call.driver.front_proxy(op=call.op, ref=call.ref, upstream=upstream),
        lambda account, _: account is not None and account.proxied_to == upstream,
    )


def _write_again(call: answers.Call) -> dict[str, Any]:
    """The old account was held still for the last copy: let it be written again."""
    present = _present(call)
    return _unproxy(answers.Call(call.execution, call.step, call.op, present))


def _quarantine(call: answers.Call) -> dict[str, Any]:
    _notice_was_sent(call)
    return answers.mutate(
        call,
        lambda: call.driver.quarantine(op=call.op, ref=call.ref),
        lambda account, _: account is not None and account.quarantined,
    )


def _remove(call: answers.Call) -> dict[str, Any]:
    _notice_was_sent(call)
    return _removed(call, ports.Proof("removal_notice", call.execution.notice_proof))


def _remove_unused(call: answers.Call) -> dict[str, Any]:
    """What this execution made goes. An account that it did not make stands, and staff find it as a difference."""
    try:
        return _removed(call, ports.Proof("never_used", call.execution.number))
    except Permanent as refused:
        if refused.what != "conflict":
            raise
        return {"facts": {"left": call.ref.account}}


def _removed(call: answers.Call, proof: ports.Proof) -> dict[str, Any]:
    return answers.mutate(
        call, lambda: call.driver.remove(op=call.op, ref=call.ref, proof=proof), lambda account, _: account is None
    )


def _remove_attached(call: answers.Call) -> dict[str, Any]:
    """One environment of an ending attached service at a time; DID when none is left (H10)."""
    _notice_was_sent(call)
    ending = facts.parameters_of(call.execution).ending
    kept = [one.pk for one in (call.execution.present, call.execution.new) if one is not None]
    left = (
        models.Environment.objects.select_related("server", "service")
        .filter(service__number__in=ending)
        .exclude(state="RETIRED")
        .exclude(pk__in=kept)
        .order_by("pk")
        .first()
    )
    if left is None:
        return {"facts": {"ending": list(ending)}}
    op = ports.Op(f"{call.op.key}:{left.service.number}", call.op.cause, call.op.actor)
    one = answers.Call(call.execution, call.step, op, left)
    made = _removed(one, ports.Proof("removal_notice", call.execution.notice_proof))
    return {**made, "kind": answers.PART, "environment": left.pk, "key": op.key}


def _verify_gone(call: answers.Call) -> dict[str, Any]:
    if call.driver.get(ref=call.ref) is not None:
        raise Transient("read_back_differs")
    return {"facts": {"account": call.ref.account}}


def _notice_was_sent(call: answers.Call) -> None:
    """Nothing of the old environment ends before the client was told and the hold is over (H10)."""
    until = facts.hold_until(call.execution)
    sent = call.execution.notice_sent_at
    if not call.execution.notice_proof or until is None or sent is None or sent < until:
        raise Permanent("forbidden", proof=call.execution.notice_proof)


def _present(call: answers.Call) -> models.Environment:
    if call.execution.present is None:
        raise Permanent("not_found", environment=recipes.PRESENT)
    return call.execution.present


VERBS: Mapping[str, Callable[[answers.Call], dict[str, Any]]] = {
    "check": _check,
    recipes.PLACE: _place,
    "create": _create,
    "apply": _apply,
    "apply_former": _apply_former,
    recipes.READ_BACK: _read_back,
    "suspend": _suspend,
    "unsuspend": _unsuspend,
    "set_credentials": _set_credentials,
    "backup": _backup,
    "push_content": _push,
    "push_final": _push_final,
    "front_proxy": _front_proxy,
    "unproxy": _unproxy,
    "write_again": _write_again,
    "quarantine": _quarantine,
    "remove": _remove,
    "remove_unused": _remove_unused,
    recipes.REMOVE_ATTACHED: _remove_attached,
    recipes.VERIFY_GONE: _verify_gone,
}
