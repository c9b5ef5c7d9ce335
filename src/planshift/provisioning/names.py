"""How do the service's names move to another address? Lower the time to live, swap, restore; each is read back."""

from collections.abc import Callable, Mapping
from typing import Any

from planshift.domain.errors import Transient, Unknown
from planshift.provisioning import answers, facts, ports

LOW_TTL = 60  # seconds, around a switch of addresses


def _lower_ttl(call: answers.Call) -> dict[str, Any]:
    service, before = ports.dns(call.here.server.dns), dict(call.execution.dns_before)
    for name in facts.parameters_of(call.execution).domains:
        record = service.get(name=name)
        if record is None or not record.values:
            continue
        before.setdefault(name, {"ttl": record.ttl, "address": record.values[0]})
        _ask(service.set_ttl, op=_for(call, name), name=name, ttl=LOW_TTL)
        if (after := service.get(name=name)) is None or after.ttl != LOW_TTL:
            raise Transient("read_back_differs", name=name)
    return {"facts": {"dns_before": before}}


def _restore_ttl(call: answers.Call) -> dict[str, Any]:
    service = ports.dns(call.here.server.dns)
    for name, before in call.execution.dns_before.items():
        _ask(service.set_ttl, op=_for(call, name), name=name, ttl=before["ttl"])
        if (after := service.get(name=name)) is None or after.ttl != before["ttl"]:
            raise Transient("read_back_differs", name=name)
    return {"facts": {"names": sorted(call.execution.dns_before)}}


def _swap_dns(call: answers.Call) -> dict[str, Any]:
    return _swap(call, back=False)


def _swap_dns_back(call: answers.Call) -> dict[str, Any]:
    return _swap(call, back=True)


def _swap(call: answers.Call, *, back: bool) -> dict[str, Any]:
    service = ports.dns(call.here.server.dns)
    for name, before in call.execution.dns_before.items():
        old, new = before["address"], call.here.address
        old, new = (new, old) if back else (old, new)
        _ask(service.swap, op=_for(call, name), name=name, old=old, new=new)
        if (after := service.get(name=name)) is None or new not in after.values:
            raise Transient("read_back_differs", name=name)
    return {"facts": {"names": sorted(call.execution.dns_before)}}


def _for(call: answers.Call, name: str) -> ports.Op:
    return ports.Op(f"{call.op.key}:{name}", call.op.cause, call.op.actor)


def _ask(do: Callable[..., ports.Result], **said: Any) -> None:
    try:
        do(**said)
    except Unknown:
        return  # the caller looks


VERBS: Mapping[str, Callable[[answers.Call], dict[str, Any]]] = {
    "lower_ttl": _lower_ttl,
    "restore_ttl": _restore_ttl,
    "swap_dns": _swap_dns,
    "swap_dns_back": _swap_dns_back,
}
