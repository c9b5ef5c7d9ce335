"""Was this asked before, and how did it end? The keys that vendors do not know are kept on our side.

A key is written down before the server is asked, and again when it is done. Who finds a key that was asked and never
done (a lost answer, a worker that died) looks at the server first and goes on from what is there: `do` must be made so.
Nothing here is open while the server is asked.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from planshift.adapters.drivers.by_http import models
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports
from planshift.runtime import clock


@dataclass(slots=True)
class Asked:
    """A mutation under way. `again`: its key was asked before and no end of it is known."""

    row: models.VendorOp
    again: bool

    @property
    def mark(self) -> str:
        """A word made of the key, for the vendor's own notes."""
        return hashlib.sha256(self.row.key.encode()).hexdigest()[:16]

    def noted(self, name: str) -> Any:
        """What was noted under `name` while this key was carried out; None for nothing."""
        return self.row.noted.get(name)

    def note(self, **facts: Any) -> None:
        """Keep how far it came."""
        self.row.noted = {**self.row.noted, **facts}
        self.row.save(update_fields=["noted"])

    def runs(self, task: str) -> None:
        """The vendor's task that is under way; "" for none."""
        self.row.task = task
        self.row.save(update_fields=["task"])


def once(
    *, op: ports.Op, ref: ports.Ref, verb: str, asked: Mapping[str, Any], do: Callable[[Asked], ports.Result]
) -> ports.Result:
    """Do it under its key; a key that is done gets its first answer, without its secrets. Permanent("key_reused") for
    a key that came with another request."""
    said = json.dumps([verb, ref.server.code, ref.account, dict(asked)], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    fresh = {"digest": digest, "verb": verb, "server": ref.server.code, "account": ref.account}
    with transaction.atomic():
        row, new = models.VendorOp.objects.get_or_create(key=op.key, defaults={**fresh, "asked_at": clock.business()})
    if row.digest != digest:
        raise Permanent("key_reused", key=op.key)
    if row.done_at is not None:
        return ports.Result(changed=row.changed, replayed=True, snapshot=row.snapshot)
    made = do(Asked(row, again=not new))
    if made.task:
        return made
    changed = made.changed or not new  # what is there on the second look may well be ours
    row.task, row.done_at, row.changed, row.snapshot = "", clock.business(), changed, made.snapshot
    row.save(update_fields=["task", "done_at", "changed", "snapshot"])
    return ports.Result(changed=changed, snapshot=made.snapshot, warnings=made.warnings, secrets=made.secrets)


def kept(ref: ports.Ref) -> models.VendorAccount | None:
    """What we know of an account; None for one that we never touched."""
    return models.VendorAccount.objects.filter(server=ref.server.code, name=ref.account, removed=False).first()


def keep(ref: ports.Ref, remote: str, **what: Any) -> models.VendorAccount:
    """Write down what is so now. Transient("busy") when another account claimed the name `remote` in this moment."""
    try:
        with transaction.atomic():
            row, _ = models.VendorAccount.objects.update_or_create(
                server=ref.server.code, name=ref.account, removed=False, defaults={"remote": remote, **what}
            )
    except IntegrityError:
        raise Transient("busy", server=ref.server.code, remote=f"{remote} was claimed by another account") from None
    return row


def forget(ref: ports.Ref) -> None:
    """The account is gone."""
    models.VendorAccount.objects.filter(server=ref.server.code, name=ref.account, removed=False).update(removed=True)


def may_go(ref: ports.Ref, proof: ports.Proof) -> None:
    """About an account that is there: Permanent("conflict") where `proof` is for what an execution made itself, and it
    did not make this one."""
    asked = models.VendorOp.objects.filter(server=ref.server.code, account=ref.account, verb="create")
    made = asked.filter(key__startswith=proof.maker, noted__makes=True)
    if proof.maker and (kept(ref) is None or not made.exists()):
        raise Permanent("conflict", account=ref.account)


def all_kept(server: ports.ServerAt) -> list[models.VendorAccount]:
    """What we know of all accounts of a server."""
    return list(models.VendorAccount.objects.filter(server=server.code, removed=False).order_by("pk"))
