"""Each mutation is a task for staff; what they fill in is what the server is read back as, so that the same checks run
as for any other driver. Nothing is taken for granted: who did something else than asked sees it refused.

A task is asked once a key, and answered once. Its secrets (a password that staff chose) are sealed until they are
handed on, which happens once.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from planshift.adapters.drivers.manual import models
from planshift.domain.errors import Permanent
from planshift.provisioning import ports
from planshift.runtime import clock

DONE, REFUSED = "done", "refused"
# what staff have to say about each verb: the field, and whether it may be left out
FIELDS: Mapping[str, tuple[tuple[str, bool], ...]] = {
    "create": (("limits", False), ("address", False), ("url", True)),
    "apply": (("limits", False), ("used", True)),
    "suspend": (),
    "unsuspend": (),
    "set_credentials": (("user", False), ("password", False), ("host", False), ("url", True)),
    "backup": (("snapshot", False),),
    "restore": (("snapshot", False),),
    "return_mail": (),
    "front_proxy": (("upstream", True),),
    "quarantine": (),
    "remove": (("gone", False),),
}
SECRET = ("password",)


@dataclass(frozen=True, slots=True)
class Task:
    """What waits for staff, as the desk shows it."""

    code: str
    cause: str
    verb: str
    server: str
    account: str
    asked: Mapping[str, object]
    asked_at: datetime
    fields: tuple[tuple[str, bool], ...]


class Seal(Protocol):
    """How what staff entrust is kept (`provisioning.sealing`)."""

    def close(self, secrets: Mapping[str, str]) -> bytes:
        """Unreadable for others."""
        ...

    def open(self, sealed: bytes) -> dict[str, str] | None:
        """The secrets; None where nobody can read them any more."""
        ...


class ManualDriver:
    """The driver port, done by people. What staff entrust is kept under `seal`."""

    def __init__(self, *, seal: Seal) -> None:
        self._seal = seal

    def probe(self, *, server: ports.ServerAt) -> str:
        """How many tasks are open there."""
        waiting = models.ManualTask.objects.filter(server=server.code, outcome="").count()
        return f"manual, {waiting} open tasks"

    def capabilities(self, *, server: ports.ServerAt) -> ports.Capabilities:
        """People can do all of it but copy content to where our checks could follow; `front_proxy` by the trait."""
        return ports.Capabilities(
            in_place=frozenset({"*"}),
            shrink=frozenset({"*"}),
            never_shrink=frozenset(name for name in str(server.traits.get("fixed", "")).split(",") if name),
            suspend=True,
            mail_return=True,
            front_proxy=bool(server.traits.get("front_proxy", False)),
            long_tasks=True,
        )

    def capacity(self, *, server: ports.ServerAt) -> ports.Capacity:
        """What the traits `total_<code>` say, and the sum of the limits of the accounts that we know."""
        total = {name[6:]: int(value) for name, value in server.traits.items() if name.startswith("total_")}
        sold = dict.fromkeys(total, 0)
        for limits in models.ManualAccount.objects.filter(server=server.code, removed=False).values_list(
            "limits", flat=True
        ):
            for name in sold:
                sold[name] += 1 if name == "accounts" else max(0, limits.get(name, 0))
        return ports.Capacity(total=total, sold=sold, taken_at=clock.business())

    def listed(self, *, server: ports.ServerAt, after: str = "") -> ports.Listed:
        """Nobody is asked to count them."""
        raise Permanent("unsupported", server=server.code)

    def get(self, *, ref: ports.Ref) -> ports.Account | None:
        """As staff last described it."""
        found = _account(ref)
        if found is None:
            return None
        return ports.Account(
            account=found.name,
            limits=dict(found.limits),
            address=found.address,
            url=found.url,
            suspended=found.suspended,
            quarantined=found.quarantined,
            proxied_to=found.proxied_to,
            snapshots=tuple(found.snapshots),
        )

    def usage(self, *, ref: ports.Ref) -> ports.Usage:
        """What staff last told, which may be nothing."""
        return ports.Usage(dict(_must(ref).used), clock.business())

    def check(self, *, ref: ports.Ref, to: ports.Limits) -> ports.Checked:
        """Against what staff last told; whoever carries the change out looks again."""
        return self.usage(ref=ref).against(to)

    def create(self, *, op: ports.Op, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        """A task, unless it is there."""
        present = _account(ref)
        if present is not None and not _known(op):
            if present.limits != dict(limits):
                raise Permanent("conflict", account=ref.account)
            return ports.Result(changed=False)
        asked = {"label": spec.label, "plan": spec.plan, "domains": list(spec.domains), "limits": dict(limits)}
        return self._task(op, ref, "create", asked)

    def apply(self, *, op: ports.Op, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        """A task; refused at once when more is in use than fits."""
        account = _must(ref)
        if not _known(op):
            if account.limits == dict(to):
                return ports.Result(changed=False)
            self.check(ref=ref, to=to).refuse()
        return self._task(op, ref, "apply", {"limits": dict(to)})

    def suspend(self, *, op: ports.Op, ref: ports.Ref, reason: str) -> ports.Result:
        """A task."""
        return self._unless(op, ref, "suspend", {}, done=_must(ref).suspended)

    def unsuspend(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A task."""
        return self._unless(op, ref, "unsuspend", {}, done=not _must(ref).suspended)

    def set_credentials(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A task; what staff entrust is handed on once."""
        _must(ref)
        return self._task(op, ref, "set_credentials", {})

    def backup(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A task; staff name the back-up."""
        _must(ref)
        return self._task(op, ref, "backup", {})

    def restore(self, *, op: ports.Op, ref: ports.Ref, snapshot: str) -> ports.Result:
        """A task, for a back-up that we know."""
        if snapshot not in _must(ref).snapshots:
            raise Permanent("not_found", snapshot=snapshot)
        return self._task(op, ref, "restore", {"snapshot": snapshot})

    def push_content(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref, final: bool) -> ports.Result:
        """Not by hand: nobody could compare the sides."""
        raise Permanent("unsupported", server=to.server.code)

    def return_mail(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref) -> ports.Result:
        """A task."""
        _must(to)
        return self._task(op, to, "return_mail", {"from": f"{source.account} ({source.server.code})"})

    def manifest(self, *, ref: ports.Ref) -> str:
        """Not by hand."""
        raise Permanent("unsupported", server=ref.server.code)

    def front_proxy(self, *, op: ports.Op, ref: ports.Ref, upstream: str) -> ports.Result:
        """A task."""
        return self._unless(op, ref, "front_proxy", {"upstream": upstream}, done=_must(ref).proxied_to == upstream)

    def quarantine(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A task."""
        return self._unless(op, ref, "quarantine", {}, done=_must(ref).quarantined)

    def remove(self, *, op: ports.Op, ref: ports.Ref, proof: ports.Proof) -> ports.Result:
        """A task, with the proof that staff can look up."""
        proof.demand()
        if not _known(op):
            if _account(ref) is None:
                return ports.Result(changed=False)
            if proof.maker and not _made(ref, proof.maker):
                raise Permanent("conflict", account=ref.account)
        return self._task(op, ref, "remove", {"proof": [proof.kind, proof.reference]})

    def entrust(self, *, op: ports.Op, ref: ports.Ref, verb: str, asked: dict[str, Any]) -> ports.Result:
        """A task about an account that another driver looks after, for what its servers cannot do by a program."""
        return self._task(op, ref, verb, asked)

    def poll(self, *, server: ports.ServerAt, task: str) -> ports.Result:
        """Is it closed? Permanent("remote_refused") with the note when staff say that it cannot be done."""
        found = models.ManualTask.objects.filter(server=server.code, code=task).first()
        if found is None:
            raise Permanent("not_found", task=task)
        if not found.outcome:
            return ports.Result(changed=False, task=task)
        _raise_refused(found)
        return ports.Result(changed=True, replayed=True)

    def _unless(self, op: ports.Op, ref: ports.Ref, verb: str, asked: dict[str, Any], *, done: bool) -> ports.Result:
        if done and not _known(op):
            return ports.Result(changed=False)
        return self._task(op, ref, verb, asked)

    def _task(self, op: ports.Op, ref: ports.Ref, verb: str, asked: dict[str, Any]) -> ports.Result:
        """The task of this key: asked for, open, or over."""
        said = json.dumps([verb, ref.server.code, ref.account, asked], sort_keys=True)
        digest = hashlib.sha256(said.encode()).hexdigest()
        code = hashlib.sha256(op.key.encode()).hexdigest()[:32]
        fresh: dict[str, Any] = {"code": code, "digest": digest, "cause": op.cause, "verb": verb, "asked": asked}
        fresh |= {"server": ref.server.code, "account": ref.account, "asked_at": clock.business()}
        with transaction.atomic():
            models.ManualTask.objects.get_or_create(key=op.key, defaults=fresh)
            task = models.ManualTask.objects.select_for_update().get(key=op.key)
            if task.digest != digest:
                raise Permanent("key_reused", key=op.key)
            if not task.outcome:
                return ports.Result(changed=False, task=task.code)
            _raise_refused(task)
            snapshot = str(task.said.get("snapshot", "")) if verb == "backup" else ""
            if task.handed_on:
                return ports.Result(changed=True, replayed=True, snapshot=snapshot)
            secrets = self._seal.open(task.sealed.encode()) if task.sealed else {}
            task.handed_on, task.sealed = True, ""
            task.save(update_fields=["handed_on", "sealed"])
        if secrets is None:  # the installation's secret key was changed: whoever needs them asks again
            return ports.Result(changed=True, replayed=True, snapshot=snapshot)
        return ports.Result(changed=True, snapshot=snapshot, secrets=secrets)

    # the desk of staff (provisioning.desk)

    def open_tasks(self, *, servers: tuple[str, ...], first: int = 0, most: int | None = None) -> tuple[Task, ...]:
        """What waits for staff on these servers, oldest first: from the `first` on, at most `most`."""
        rows = models.ManualTask.objects.filter(server__in=servers, outcome="").order_by("asked_at", "pk")
        return tuple(_shown(row) for row in rows[first : None if most is None else first + most])

    def count_open(self, *, servers: tuple[str, ...]) -> int:
        """How many wait for staff on these servers."""
        return models.ManualTask.objects.filter(server__in=servers, outcome="").count()

    def close(
        self, *, servers: tuple[str, ...], task: str, said: Mapping[str, Any], note: str, at: datetime, actor: str
    ) -> None:
        """It was done; `said` fills the task's fields. ValueError names a field that is missing or not as it must be,
        LookupError when there is no such open task."""
        with transaction.atomic():
            row = _open(servers, task)
            told = _checked(row.verb, said)
            secret = {name: value for name, value in told.items() if row.verb == "set_credentials"}
            _describe(row, told)
            row.outcome, row.note, row.closed_by, row.closed_at = DONE, note[:500], actor, at
            row.said = {name: value for name, value in told.items() if name not in SECRET}
            row.sealed = self._seal.close(secret).decode() if secret else ""
            row.save()

    def refuse(self, *, servers: tuple[str, ...], task: str, note: str, at: datetime, actor: str) -> None:
        """It cannot be done, and why. LookupError when there is no such open task; ValueError without a note."""
        if not note.strip():
            raise ValueError("note")
        with transaction.atomic():
            row = _open(servers, task)
            row.outcome, row.note, row.closed_by, row.closed_at = REFUSED, note[:500], actor, at
            row.save()


def _open(servers: tuple[str, ...], code: str) -> models.ManualTask:
    row = models.ManualTask.objects.select_for_update().filter(server__in=servers, code=code, outcome="").first()
    if row is None:
        raise LookupError(code)
    return row


def _shown(row: models.ManualTask) -> Task:
    return Task(
        code=row.code,
        cause=row.cause,
        verb=row.verb,
        server=row.server,
        account=row.account,
        asked=row.asked,
        asked_at=row.asked_at,
        fields=FIELDS[row.verb],
    )


def _raise_refused(task: models.ManualTask) -> None:
    if task.outcome == REFUSED:
        raise Permanent("remote_refused", server=task.server, remote=task.note)


def _known(op: ports.Op) -> bool:
    return models.ManualTask.objects.filter(key=op.key).exists()


def _made(ref: ports.Ref, maker: str) -> bool:
    asked = models.ManualTask.objects.filter(server=ref.server.code, account=ref.account, verb="create", outcome=DONE)
    return asked.filter(key__startswith=maker).exists()


def _account(ref: ports.Ref) -> models.ManualAccount | None:
    return models.ManualAccount.objects.filter(server=ref.server.code, name=ref.account, removed=False).first()


def _must(ref: ports.Ref) -> models.ManualAccount:
    account = _account(ref)
    if account is None:
        raise Permanent("not_found", account=ref.account)
    return account


def _checked(verb: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the verb, each there and of its kind."""
    told: dict[str, Any] = {}
    known = dict(FIELDS[verb])
    for name in said:
        if name not in known:
            raise ValueError(name)
    for name, optional in FIELDS[verb]:
        value = said.get(name, "")
        amounts = name in ("limits", "used")
        if value in ("", {}) and optional:
            continue
        good = _amounts(value) if amounts else isinstance(value, str) and 0 < len(value.strip()) <= 200
        if not good or (name == "gone" and value != "yes"):
            raise ValueError(name)
        told[name] = value if amounts else value.strip()
    return told


def _amounts(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and type(amount) is int and amount >= ports.UNLIMITED for name, amount in value.items()
    )


def _describe(row: models.ManualTask, told: Mapping[str, Any]) -> None:
    """The account as it is now, by what staff say that they did."""
    rows = models.ManualAccount.objects.select_for_update().filter(server=row.server, name=row.account, removed=False)
    account = rows.first() or models.ManualAccount(server=row.server, name=row.account)
    if row.verb in ("create", "apply"):
        account.limits = told["limits"]
        account.used = told.get("used", account.used)
        account.address = told.get("address", account.address)
        account.url = told.get("url", account.url)
    elif row.verb in ("suspend", "unsuspend"):
        account.suspended = row.verb == "suspend"
    elif row.verb == "quarantine":
        account.quarantined, account.proxied_to = True, ""
    elif row.verb == "front_proxy":
        account.proxied_to = told.get("upstream", "")
    elif row.verb == "backup":
        account.snapshots = [*account.snapshots, told["snapshot"]]
    elif row.verb == "remove":
        account.removed = True
    account.save()
