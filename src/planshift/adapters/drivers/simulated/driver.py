"""A server that exists in tables only, and behaves like one: keeps limits, runs full, forgets nothing, fails on demand.

Each verb is one transaction of its own, as on a machine elsewhere: what it did stays done when the caller dies.
"""

import hashlib
import json
import secrets as randomness
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from planshift.adapters.drivers.simulated import accounts, faults, models
from planshift.domain.errors import Permanent, Unknown
from planshift.provisioning import inside, ports
from planshift.runtime import clock, writing

USUAL_SHARE = 40  # per cent of its limits that a new account is given as in use
TOTAL: Mapping[str, int] = {"accounts": 200}
PAGE = 200  # accounts that one answer lists
Account = models.SimulatedAccount | None
Do = Callable[[Account], bool]  # with the account as it stands under the lock of its machine


class SimulatedDriver:
    """The driver port on tables."""

    def probe(self, *, server: ports.ServerAt) -> str:
        """Answers unless a fault says otherwise."""
        faults.meet(server=server.code, account="", verb="probe")
        return "simulated 1"

    def capabilities(self, *, server: ports.ServerAt) -> ports.Capabilities:
        """Everything in place; what the server's trait `fixed` names (comma-separated) never shrinks."""
        fixed = {name for name in str(server.traits.get("fixed", "")).split(",") if name}
        return ports.Capabilities(
            in_place=frozenset({"*"}),
            shrink=frozenset({"*"}),
            never_shrink=frozenset(fixed),
            content_push=True,
            mail_return=True,
            suspend=True,
            front_proxy=bool(server.traits.get("front_proxy", True)),
            lists=True,
        )

    def capacity(self, *, server: ports.ServerAt) -> ports.Capacity:
        """Total as the traits `total_<resource>` say; sold = the sum of the accounts' limits."""
        faults.meet(server=server.code, account="", verb="capacity")
        machine = _machine(server)
        total = {**TOTAL, **_totals(server), **machine.total}
        sold = dict.fromkeys(total, 0)
        for limits in machine.accounts.filter(removed=False).values_list("limits", flat=True):
            sold["accounts"] = sold.get("accounts", 0) + 1
            for name, amount in limits.items():
                if name in total and amount > 0:
                    sold[name] += amount
        return ports.Capacity(total=total, sold=sold, taken_at=clock.business())

    def listed(self, *, server: ports.ServerAt, after: str = "") -> ports.Listed:
        """By name."""
        faults.meet(server=server.code, account="", verb="listed")
        accounts = models.SimulatedAccount.objects.filter(machine__code=server.code, removed=False, name__gt=after)
        names = tuple(accounts.order_by("name").values_list("name", flat=True)[:PAGE])
        return ports.Listed(names, names[-1] if len(names) == PAGE else "")

    def get(self, *, ref: ports.Ref) -> ports.Account | None:
        """The account as it is."""
        account = _met(ref, "get")
        return None if account is None else _as_read(account)

    def usage(self, *, ref: ports.Ref) -> ports.Usage:
        """What was set by `set_usage`, else a share of the limits that it was created with."""
        faults.meet(server=ref.server.code, account=ref.account, verb="usage")
        return ports.Usage(_must(ref).used, clock.business())

    def check(self, *, ref: ports.Ref, to: ports.Limits) -> ports.Checked:
        """All violations at once."""
        used = _must(ref, _met(ref, "check")).used
        return ports.Usage(used, clock.business()).against(to)

    def create(self, *, op: ports.Op, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        """A new account with its own address."""

        def do(here: Account) -> bool:
            present = here
            if present is not None:
                if present.limits != dict(limits):
                    raise Permanent("conflict", account=ref.account)
                return False
            machine = _machine(ref.server)
            machine.given_addresses += 1
            machine.save(update_fields=["given_addresses"])
            machine.accounts.create(
                name=ref.account,
                label=spec.label,
                plan=spec.plan,
                limits=dict(limits),
                used=_usual(spec.label, limits),
                address=f"198.18.{machine.network}.{machine.given_addresses % 254 + 1}",
                content=f"welcome to {spec.label}" if spec.label else "",
            )
            return True

        return _once(op, ref, "create", {"limits": dict(limits), "label": spec.label, "plan": spec.plan}, do)

    def apply(self, *, op: ports.Op, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        """Set the limits; refused below what is used, and where a resource that never shrinks would."""
        fixed = self.capabilities(server=ref.server).never_shrink

        def do(here: Account) -> bool:
            account = _must(ref, here)
            shrunk = sorted(
                name for name in fixed if name in to and ports.UNLIMITED != to[name] < account.limits.get(name, 0)
            )
            if shrunk:
                raise Permanent("unsupported", resources=shrunk)
            if account.limits != dict(to):
                ports.Usage(account.used, clock.business()).against(to).refuse()
            return _set(account, limits=dict(to))

        return _once(op, ref, "apply", {"to": dict(to)}, do)

    def suspend(self, *, op: ports.Op, ref: ports.Ref, reason: str) -> ports.Result:
        """Stop serving, keep everything."""
        return _once(op, ref, "suspend", {}, lambda here: _set(_must(ref, here), suspended=True))

    def unsuspend(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Serve again."""
        return _once(op, ref, "unsuspend", {}, lambda here: _set(_must(ref, here), suspended=False))

    def set_credentials(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A new password; only its digest stays here."""
        password = randomness.token_urlsafe(12)
        digest = hashlib.sha256(password.encode()).hexdigest()
        result = _once(op, ref, "set_credentials", {}, lambda here: _set(_must(ref, here), credentials_digest=digest))
        if result.replayed or not result.changed:
            return result
        account = _must(ref)
        secrets = {"user": ref.account, "password": password, "host": account.address, "url": _url(account)}
        return ports.Result(changed=True, secrets=secrets)

    def backup(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A snapshot named after the key."""
        snapshot = hashlib.sha256(op.key.encode()).hexdigest()[:12]

        def do(here: Account) -> bool:
            account = _must(ref, here)
            return _set(account, snapshots=[*account.snapshots, {"id": snapshot, "content": account.content}])

        made = _once(op, ref, "backup", {}, do)
        return ports.Result(changed=made.changed, replayed=made.replayed, snapshot=snapshot)

    def restore(self, *, op: ports.Op, ref: ports.Ref, snapshot: str) -> ports.Result:
        """The content of a snapshot."""

        def do(here: Account) -> bool:
            account = _must(ref, here)
            kept = [one for one in account.snapshots if one["id"] == snapshot]
            if not kept:
                raise Permanent("not_found", snapshot=snapshot)
            return _set(account, content=kept[0]["content"])

        return _once(op, ref, "restore", {"snapshot": snapshot}, do)

    def push_content(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref, final: bool) -> ports.Result:
        """Copy content and mail."""
        return _once(op, to, "push_content", {"from": source.account, "final": final}, lambda _: _push(source, to))

    def return_mail(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref) -> ports.Result:
        """What is not there comes behind what is."""
        _must(source, _met(source, "get"))  # it is asked too
        before = len(_must(to).mail)
        made = _once(op, to, "return_mail", {"from": source.account}, lambda _: _return(source, to))
        return replace(made, mails=0 if made.replayed else len(_must(to).mail) - before)

    def manifest(self, *, ref: ports.Ref) -> str:
        """SHA-256 of the content."""
        return hashlib.sha256(_must(ref).content.encode()).hexdigest()

    def inside(self, *, ref: ports.Ref) -> inside.Inside:
        """Content that no other account has was written here."""
        return accounts.inside(_must(ref, _met(ref, "inside")))

    def front_proxy(self, *, op: ports.Op, ref: ports.Ref, upstream: str) -> ports.Result:
        """Visitors are passed on."""
        return _once(
            op, ref, "front_proxy", {"upstream": upstream}, lambda here: _set(_must(ref, here), proxied_to=upstream)
        )

    def quarantine(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Stop serving, keep the data."""
        return _once(op, ref, "quarantine", {}, lambda here: _set(_must(ref, here), quarantined=True, proxied_to=""))

    def remove(self, *, op: ports.Op, ref: ports.Ref, proof: ports.Proof) -> ports.Result:
        """Gone. Not without proof that the client was told, and a served account only when it was never used."""
        proof.demand()

        def do(here: Account) -> bool:
            account = here
            if account is None:
                return False
            if proof.maker and not _made(ref, proof.maker):
                raise Permanent("conflict", account=ref.account)
            return _set(account, removed=True, removed_by_proof=f"{proof.kind} {proof.reference}")

        return _once(op, ref, "remove", {"proof": [proof.kind, proof.reference]}, do)

    def poll(self, *, server: ports.ServerAt, task: str) -> ports.Result:
        """There are no long tasks here."""
        raise Permanent("not_found", task=task)


class SimulatedDns:
    """The name service port on a table."""

    def get(self, *, name: str) -> ports.Record | None:
        """The record, if we serve it."""
        faults.meet(server="", account=name, verb="dns_get")
        kept = models.SimulatedRecord.objects.filter(name=name).first()
        return None if kept is None else ports.Record(kept.ttl, (kept.address,))

    def set_ttl(self, *, op: ports.Op, name: str, ttl: int) -> ports.Result:
        """Change the time to live."""

        def do(here: Account) -> bool:
            records = models.SimulatedRecord.objects.filter(name=name)
            if not records.exists():
                raise Permanent("not_found", name=name)
            return bool(records.exclude(ttl=ttl).update(ttl=ttl))

        return _once_named(op, "", name, "set_ttl", {"ttl": ttl}, do)

    def swap(self, *, op: ports.Op, name: str, old: str, new: str) -> ports.Result:
        """Replace one address by another."""

        def do(here: Account) -> bool:
            record = models.SimulatedRecord.objects.select_for_update().filter(name=name).first()
            if record is None:
                raise Permanent("not_found", name=name)
            if record.address not in (old, new):
                raise Permanent("conflict", name=name, holds=[record.address])
            if record.address == new:
                return False
            record.address = new
            record.save(update_fields=["address"])
            return True

        return _once_named(op, "", name, "swap", {"old": old, "new": new}, do)

    def observed(self, *, name: str) -> Mapping[str, tuple[str, ...]]:
        """One resolver, which knows at once."""
        faults.meet(server="", account=name, verb="dns_observed")
        kept = models.SimulatedRecord.objects.filter(name=name).first()
        return {"simulated": (kept.address,) if kept else ()}


def _once(op: ports.Op, ref: ports.Ref, verb: str, asked: Mapping[str, Any], do: Do) -> ports.Result:
    return _once_named(op, ref.server.code, ref.account, verb, asked, do)


def _once_named(op: ports.Op, server: str, account: str, verb: str, asked: Mapping[str, Any], do: Do) -> ports.Result:
    """Do it under its key, once; the same key again gets the first answer. Faults strike here."""
    said = json.dumps([verb, server, account, dict(asked)], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    with transaction.atomic():
        if not _lock_machine(server, account, verb):
            return _keyed(op, server, account, verb, digest, do)
    fault = faults.meet(server=server, account=account, verb=verb)
    if fault == "full" and verb in ("create", "apply", "push_content"):
        raise Permanent("capacity", server=server)
    if fault == "lies":
        return ports.Result(changed=True)
    with transaction.atomic():
        accounts.MACHINE.first(server=server)
        result = _keyed(op, server, account, verb, digest, do)
    if fault == "lost_answer":
        raise Unknown("no_answer", server=server)
    return result


def _keyed(op: ports.Op, server: str, account: str, verb: str, digest: str, do: Do) -> ports.Result:
    """Inside the caller's transaction, which has locked the machine."""
    here = accounts.KEYED.first(server=server, account=account, key=op.key)
    kept = None if here is not None and not vars(here)["asked_before"] else accounts.ASKED.first(key=op.key)
    if kept is not None:
        if kept.digest != digest:
            raise Permanent("key_reused", key=op.key)
        kept.asked += 1
        kept.save(update_fields=["asked"])
        result = ports.Result(changed=kept.changed, replayed=True)
    else:
        result = ports.Result(changed=do(here))
        done = models.SimulatedOp(key=op.key, verb=verb, server=server, account=account, digest=digest)
        done.answer, done.changed, done.at = {"changed": result.changed}, result.changed, clock.business()
        writing.add(done)
    return result


def _lock_machine(server: str, account: str, verb: str) -> bool:
    """One operation at a time per machine, as on a real one. Does a fault wait for this one?"""
    found = accounts.MACHINE_MET.first(server=server, account=account, verb=verb)
    if found is None:
        return faults.awaiting(server=server, account=account, verb=verb).exists()
    return bool(vars(found)["faulty"])


def _machine(server: ports.ServerAt) -> models.SimulatedMachine:
    if (found := models.SimulatedMachine.objects.filter(code=server.code).first()) is not None:
        return found
    network = models.SimulatedMachine.objects.count() % 250 + 1
    return models.SimulatedMachine.objects.get_or_create(code=server.code, defaults={"network": network})[0]


def _totals(server: ports.ServerAt) -> dict[str, int]:
    return {
        name.removeprefix("total_"): int(value) for name, value in server.traits.items() if name.startswith("total_")
    }


def _account(ref: ports.Ref) -> Account:
    return accounts.NAMED.first(server=ref.server.code, account=ref.account)


def _made(ref: ports.Ref, maker: str) -> bool:
    asked = models.SimulatedOp.objects.filter(server=ref.server.code, account=ref.account, verb="create", changed=True)
    return asked.filter(key__startswith=maker).exists()


def _met(ref: ports.Ref, verb: str) -> Account:
    """The account, after the fault that this look at it meets; one statement where there is neither."""
    account = accounts.MET.first(server=ref.server.code, account=ref.account, verb=verb)
    if account is None or vars(account)["faulty"]:
        faults.meet(server=ref.server.code, account=ref.account, verb=verb)
        return _account(ref)
    return account


def _must(ref: ports.Ref, account: Account = None) -> models.SimulatedAccount:
    account = account or _account(ref)
    if account is None:
        raise Permanent("not_found", account=ref.account)
    return account


def _set(account: models.SimulatedAccount, **to: Any) -> bool:
    """Write what differs; was there anything?"""
    if all(getattr(account, name) == value for name, value in to.items()):
        return False
    for name, value in to.items():
        setattr(account, name, value)
    writing.change(account, *to)
    return True


def _push(source: ports.Ref, to: ports.Ref) -> bool:
    former = _must(source)
    return _set(_must(to), content=former.content, mail=list(former.mail))


def _return(source: ports.Ref, to: ports.Ref) -> bool:
    given, target = _must(source), _must(to)
    _set(given, takes_mail=False)
    return _set(target, mail=[*target.mail, *(each for each in given.mail if each not in target.mail)])


def _url(account: models.SimulatedAccount) -> str:
    return f"http://{account.address}/"


def _as_read(account: models.SimulatedAccount) -> ports.Account:
    return ports.Account(
        account=account.name,
        limits=dict(account.limits),
        address=account.address,
        url=_url(account),
        suspended=account.suspended,
        quarantined=account.quarantined,
        proxied_to=account.proxied_to,
        snapshots=tuple(one["id"] for one in account.snapshots),
    )


def _usual(label: str, limits: ports.Limits) -> dict[str, int]:
    """What a new account uses: as much as the account that it replaces, else a share of its limits."""
    former = models.SimulatedAccount.objects.filter(label=label, removed=False).exclude(label="").order_by("id").last()
    if former is not None:
        return dict(former.used)
    return {name: amount * USUAL_SHARE // 100 for name, amount in limits.items() if amount > 0}
