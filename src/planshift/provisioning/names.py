"""How do the service's names move to another address? Lower the time to live, swap, see it spread, restore; each is
read back."""

from collections.abc import Callable, Mapping
from typing import Any

from planshift.domain.errors import Transient, Unknown
from planshift.provisioning import answers, facts, models, ports

LOW_TTL = 60  # seconds, around a switch of addresses
WITH = ("www", "mail", "ftp", "webmail")  # names below a service's own that move with it where they have its address


def _lower_ttl(call: answers.Call) -> dict[str, Any]:
    """Names that point elsewhere (another host, a delivery network) are the client's affair: they stay untouched."""
    service, before, elsewhere = ports.dns(call.here.server.dns), dict(call.execution.dns_before), []
    for name, own in _names(call):
        if (record := service.get(name=name)) is None or not record.values:
            continue
        old = _old_address(call) or record.values[0]
        if old not in record.values and name not in before:
            elsewhere += [name] if own else []
            continue
        before.setdefault(name, {"ttl": record.ttl, "address": old})
        low = min(LOW_TTL, int(before[name]["ttl"]))
        _ask(service.set_ttl, op=_for(call, name), name=name, ttl=low)
        if (after := service.get(name=name)) is None or after.ttl != low:
            raise Transient("read_back_differs", name=name)
    told = {"dns_before": before, "passes_on": _can_pass_on(call)}
    return {"facts": {**told, "elsewhere": elsewhere} if elsewhere else told}


def low_ttl(execution: models.Execution) -> int:
    """Seconds for which answers about the service's names may be kept while they are switched."""
    return min(LOW_TTL, max((int(before["ttl"]) for before in execution.dns_before.values()), default=0))


def _names(call: answers.Call) -> list[tuple[str, bool]]:
    """The service's names, and those below them; was it asked for by name?"""
    own = facts.parameters_of(call.execution).domains
    return [(name, True) for name in own] + [(f"{prefix}.{name}", False) for name in own for prefix in WITH]


def _old_address(call: answers.Call) -> str:
    return call.execution.present.address if call.execution.present else ""


def _can_pass_on(call: answers.Call) -> bool:
    present = call.execution.present
    if present is None:
        return False
    return ports.driver(present.server.driver).capabilities(server=facts.server_at(present.server)).front_proxy


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


def _serve_again(call: answers.Call) -> dict[str, Any]:
    """The old server first: whoever comes to it is served again before any name is asked about."""
    present = call.execution.present
    if present is not None and facts.passed_on(call.execution):
        driver, ref = ports.driver(present.server.driver), facts.ref_of(present)
        op = ports.Op(f"{call.op.key}:unproxy", call.op.cause, call.op.actor)
        _ask(driver.front_proxy, op=op, ref=ref, upstream="")
        account = driver.get(ref=ref)
        if account is None or account.proxied_to:
            raise Transient("read_back_differs", account=ref.account)
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


def _observe(call: answers.Call) -> dict[str, Any]:
    """All that answer know the new address: who does not answer misleads nobody. Where visitors are passed on, those
    that still tell the former address mislead nobody either: they are noted, not waited for."""
    service, new = ports.dns(call.here.server.dns), call.here.address
    asked: dict[str, list[str]] = {}
    late = set()
    for name, before in call.execution.dns_before.items():
        seen = service.observed(name=name)
        asked[name] = sorted(seen)
        late |= {server for server, values in seen.items() if before["address"] in values and new not in values}
    if late and not facts.passed_on(call.execution):
        raise Transient("not_known_yet", servers=sorted(late))
    told: dict[str, Any] = {"asked": asked}
    return {"facts": {**told, "late": sorted(late)} if late else told}


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
    "serve_again": _serve_again,
    "observe_dns": _observe,
}
