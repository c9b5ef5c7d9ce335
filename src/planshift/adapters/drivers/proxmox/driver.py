"""Virtual machines of Proxmox VE (qemu) behind the driver port. Not run against a vendor's server: made and tried
against what its public documentation and source say.

Each verb looks at the machine and takes the steps that are missing, so it may be asked again at any point. The traits
of a server that this driver reads: `node`, `template` (the number of the template that machines are cloned from; also
`template_<plan>`), `storage` and `pool` of new machines, `vmids` ("5000-5999"), `disk` (the one that we sell; scsi0),
`login` (whose password is given out; root), `backup_storage`, `restart` ("now": what needs a restart gets it at once;
"later": at the machine's next one), `fingerprint`, `resources`, `total_<code>`.

A disk never shrinks. Content is not copied and visitors are not passed on: a machine is its client's.
"""

import secrets as randomness
from collections.abc import Callable, Mapping
from typing import Any

from planshift.adapters.drivers.by_http import amounts, journal
from planshift.adapters.drivers.proxmox import api, machine, steps
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports
from planshift.runtime import clock


class ProxmoxDriver:
    """The driver port on the HTTP interface of Proxmox VE."""

    def __init__(self, *, pve: api.Pve) -> None:
        self._pve, self._steps = pve, steps.Steps(pve)

    def probe(self, *, server: ports.ServerAt) -> str:
        """Version, and whether the node answers."""
        said = _plainly(server, lambda: self._pve.get(server, "/version"))
        node = machine.node_of(server)
        status = _plainly(server, lambda: self._pve.get(server, f"/nodes/{node}/status"))
        cores = status.get("cpuinfo", {}).get("cpus", "?")
        return f"Proxmox VE {said.get('version', '?')}, node {node}, {cores} processors"

    def capabilities(self, *, server: ports.ServerAt) -> ports.Capabilities:
        """Disks grow only; memory and cores go both ways."""
        return ports.Capabilities(
            in_place=frozenset({"*"}),
            shrink=frozenset({"*"}),
            never_shrink=amounts.codes_of(server, "disk_mb"),
            suspend=True,
            long_tasks=True,
            lists=True,
        )

    def capacity(self, *, server: ports.ServerAt) -> ports.Capacity:
        """What the traits say that we sell, else the node's memory and the storage of new machines; and what all guests
        of the node were promised, running or not."""
        node = machine.node_of(server)
        ask = self._pve.get
        guests = _plainly(server, lambda: ask(server, f"/nodes/{node}/qemu") + ask(server, f"/nodes/{node}/lxc"))
        total = {**self._own(server, node), **amounts.totals(server)}
        promised: list[Mapping[str, int]] = [
            {
                "disk_mb": int(one.get("maxdisk") or 0) // 1024**2,
                "memory_mb": 0 if one.get("template") else int(one.get("maxmem") or 0) // 1024**2,
                "cores": 0 if one.get("template") else int(one.get("cpus") or 0),
            }
            for one in guests
        ]
        return ports.Capacity(total=total, sold=amounts.sold(server, promised, total), taken_at=clock.business())

    def _own(self, server: ports.ServerAt, node: str) -> dict[str, int]:
        status = _plainly(server, lambda: self._pve.get(server, f"/nodes/{node}/status"))
        has = {"memory_mb": int(status["memory"]["total"]) // 1024**2}
        if storage := str(server.traits.get("storage", "")):
            room = _plainly(server, lambda: self._pve.get(server, f"/nodes/{node}/storage/{storage}/status"))
            has["disk_mb"] = int(room["total"]) // 1024**2
        known = amounts.meanings(server)
        return {code: has[thing] // unit for code, (thing, unit) in known.items() if thing in has}

    def listed(self, *, server: ports.ServerAt, after: str = "") -> ports.Listed:
        """Machines of the node, without templates; with the trait `vmids` only those that it names. By our name where
        we know one, else by the number."""
        node, numbers = machine.node_of(server), machine.numbers_of(server)
        guests = _plainly(server, lambda: self._pve.get(server, f"/nodes/{node}/qemu"))
        found = _plainly(server, lambda: sorted(int(one["vmid"]) for one in guests if not one.get("template")))
        ours = {row.remote: row.name for row in journal.all_kept(server)}
        return ports.Listed(
            tuple(ours.get(str(each), str(each)) for each in found if numbers is None or each in numbers)
        )

    def get(self, *, ref: ports.Ref) -> ports.Account | None:
        """As it is now: what waits for a restart counts as reached only where the trait `restart` says "later"."""
        found = self._steps.find(ref)
        if found is None:
            return None
        row = journal.kept(ref)
        stopped = not found.running
        return ports.Account(
            account=ref.account,
            limits=amounts.told(ref.server, row.limits if row else {}, _counts(ref.server, found)),
            sold_by_us=bool(row and row.limits),
            address=machine.address_of(self._pve, ref.server, found),
            suspended=stopped and bool(row and row.suspended),
            quarantined=stopped and bool(row and row.quarantined),
            snapshots=self._snapshots(ref, found),
        )

    def _snapshots(self, ref: ports.Ref, found: machine.Machine) -> tuple[str, ...]:
        try:
            return tuple(self._steps.backups(ref, found))
        except (Transient, Permanent, api.Absent):
            return ()  # a storage that does not answer is no reason to know nothing of the machine

    def usage(self, *, ref: ports.Ref) -> ports.Usage:
        """What the guest agent says of the file systems; where it says nothing, nothing is known."""
        used = machine.used_mb(self._pve, ref.server, self._steps.must(ref))
        told = {} if used is None else {"disk_mb": used}
        return ports.Usage(amounts.as_sold(ref.server, told), clock.business())

    def check(self, *, ref: ports.Ref, to: ports.Limits) -> ports.Checked:
        """All violations at once."""
        return self.usage(ref=ref).against(to)

    def create(self, *, op: ports.Op, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        """Clone the template, give it its size, start it."""
        asked = {"limits": dict(limits), "label": spec.label, "plan": spec.plan, "domains": list(spec.domains)}
        return self._once(op, ref, "create", asked, lambda it: self._create(it, ref, spec, limits))

    def _create(self, it: journal.Asked, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        row, found = journal.kept(ref), self._steps.find(ref)
        if found is not None and (row is None or row.made):
            had = row.limits if row is not None else limits
            if amounts.told(ref.server, had, found.wished) != dict(limits):
                raise Permanent("conflict", account=ref.account)
            journal.keep(ref, str(found.number), limits=dict(limits), made=True)
            return ports.Result(changed=False)
        found = self._steps.cloned(it, ref, spec)
        warnings = self._steps.sized(it, ref, found, limits)
        self._steps.started(it, ref)
        journal.keep(ref, str(found.number), limits=dict(limits), made=True)
        return ports.Result(changed=True, warnings=warnings)

    def apply(self, *, op: ports.Op, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        """Grow the disk, set memory and cores; restart where that is needed and the trait `restart` allows it."""
        return self._once(op, ref, "apply", {"to": dict(to)}, lambda it: self._apply(it, ref, to))

    def _apply(self, it: journal.Asked, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        found, row = self._steps.must(ref), journal.kept(ref)
        if (
            amounts.reached(ref.server, to, _counts(ref.server, found))
            and row is not None
            and dict(row.limits) == dict(to)
        ):
            return ports.Result(changed=False)
        self.check(ref=ref, to=to).refuse()
        warnings = self._steps.sized(it, ref, found, to)
        journal.keep(ref, str(found.number), limits=dict(to), made=True)
        return ports.Result(changed=True, warnings=warnings)

    def suspend(self, *, op: ports.Op, ref: ports.Ref, reason: str) -> ports.Result:
        """Shut down, and not started with the node."""

        def do(it: journal.Asked) -> ports.Result:
            row = journal.kept(ref)
            changed = self._steps.stopped(it, ref) or not (row and row.suspended)
            journal.keep(ref, self._steps.number(ref), suspended=True)
            return ports.Result(changed=changed)

        return self._once(op, ref, "suspend", {}, do)

    def unsuspend(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Started, and again with the node."""

        def do(it: journal.Asked) -> ports.Result:
            row = journal.kept(ref)
            changed = self._steps.started(it, ref) or bool(row and row.suspended)
            journal.keep(ref, self._steps.number(ref), suspended=False, quarantined=False)
            return ports.Result(changed=changed)

        return self._once(op, ref, "unsuspend", {}, do)

    def set_credentials(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A new password inside the machine, by its guest agent."""

        def do(it: journal.Asked) -> ports.Result:
            found, password = self._steps.must(ref), randomness.token_urlsafe(18)
            login = str(ref.server.traits.get("login", "root"))
            given = {"username": login, "password": password}
            self._pve.change(ref.server, "POST", f"{found.path}/agent/set-user-password", hide=(password,), **given)
            told = {"user": login, "password": password, "protocol": "ssh"}
            return ports.Result(
                changed=True, secrets={**told, "host": machine.address_of(self._pve, ref.server, found)}
            )

        return self._once(op, ref, "set_credentials", {}, do)

    def backup(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A back-up by vzdump on the trait's `backup_storage`, named by the key in its notes."""
        return self._once(op, ref, "backup", {}, lambda it: self._steps.backed_up(it, ref))

    def restore(self, *, op: ports.Op, ref: ports.Ref, snapshot: str) -> ports.Result:
        """The machine as it was then; its present disks go. Its size is what was sold, not what it was then."""

        def do(it: journal.Asked) -> ports.Result:
            self._steps.restored(it, ref, snapshot)
            row = journal.kept(ref)
            if row is not None and row.limits:
                self._steps.sized(it, ref, self._steps.must(ref), row.limits)
            if row is None or not (row.suspended or row.quarantined):
                self._steps.started(it, ref)
            return ports.Result(changed=True)

        return self._once(op, ref, "restore", {"snapshot": snapshot}, do)

    def push_content(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref, final: bool) -> ports.Result:
        """What is inside a machine is its client's."""
        raise Permanent("unsupported", server=to.server.code)

    def return_mail(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref) -> ports.Result:
        """Nor is its mail ours: staff ask the client."""
        raise Permanent("unsupported", server=to.server.code)

    def manifest(self, *, ref: ports.Ref) -> str:
        """Nobody looks inside."""
        raise Permanent("unsupported", server=ref.server.code)

    def front_proxy(self, *, op: ports.Op, ref: ports.Ref, upstream: str) -> ports.Result:
        """Not by this interface."""
        raise Permanent("unsupported", server=ref.server.code)

    def quarantine(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Stopped for good, with all its disks."""

        def do(it: journal.Asked) -> ports.Result:
            row = journal.kept(ref)
            changed = self._steps.stopped(it, ref) or not (row and row.quarantined)
            journal.keep(ref, self._steps.number(ref), quarantined=True)
            return ports.Result(changed=changed)

        return self._once(op, ref, "quarantine", {}, do)

    def remove(self, *, op: ports.Op, ref: ports.Ref, proof: ports.Proof) -> ports.Result:
        """Machine and disks go; its back-ups stay until the storage's own rules remove them. Only a machine whose notes
        say that it is this account: numbers are given again to others."""
        proof.demand()

        def do(it: journal.Asked) -> ports.Result:
            gone = self._steps.destroyed(it, ref, proof)
            journal.forget(ref)
            return ports.Result(changed=gone)

        return self._once(op, ref, "remove", {"proof": [proof.kind, proof.reference]}, do)

    def poll(self, *, server: ports.ServerAt, task: str) -> ports.Result:
        """Is it over? How it ended is judged by whoever asked for it."""
        over = _plainly(server, lambda: self._pve.outcome(server, task)) is not None
        return ports.Result(changed=over, task="" if over else task)

    def _once(
        self,
        op: ports.Op,
        ref: ports.Ref,
        verb: str,
        asked: Mapping[str, Any],
        do: Callable[[journal.Asked], ports.Result],
    ) -> ports.Result:
        """Under its key. A task of an earlier call is heard first: when it goes on, so do we wait."""

        def carry_on(it: journal.Asked) -> ports.Result:
            if it.row.task:
                self._pve.finish(ref.server, it.row.task, it)
            return do(it)

        def hear(it: journal.Asked) -> ports.Result:
            try:
                made: ports.Result = _plainly(ref.server, lambda: carry_on(it))
            except api.StillRuns as going:
                return ports.Result(changed=False, task=str(going))
            return made

        return journal.once(op=op, ref=ref, verb=verb, asked=asked, do=hear)


def _counts(server: ports.ServerAt, found: machine.Machine) -> Mapping[str, int]:
    """What a machine has in the eyes of who sells it: what waits for a restart only where it may wait."""
    return found.wished if server.traits.get("restart") == "later" else found.actual


def _plainly(server: ports.ServerAt, ask: Callable[[], Any]) -> Any:
    """What we did not expect to be absent or taken, or of another shape, may be otherwise the next time."""
    try:
        return ask()
    except (api.Absent, api.Taken) as problem:
        raise Transient("remote_failed", server=server.code, remote=str(problem)) from None
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        remote = "an answer that we do not understand"
        raise Transient("remote_failed", server=server.code, remote=remote) from problem
