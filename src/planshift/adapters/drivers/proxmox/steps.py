"""Which step is missing until a machine is as it shall be? Each looks first, does what is missing, and looks again."""

from planshift.adapters.drivers.by_http import amounts, journal, models
from planshift.adapters.drivers.proxmox import api, machine
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports

SHUTDOWN_SECONDS = "120"
TRIED = 200  # numbers that are looked at for a free one
GROWS_INSIDE = "the disk has grown; the file system inside grows at the next start, or by hand"


class Steps:
    """Steps on the machines of a cluster."""

    def __init__(self, pve: api.Pve) -> None:
        self._pve = pve

    def find(self, ref: ports.Ref) -> machine.Machine | None:
        """The machine of an account; None when it is nowhere, or was never claimed. Permanent("conflict") when the
        machine of that number is somebody else's by its notes."""
        row = journal.kept(ref)
        number = int(row.remote) if row is not None else int(ref.account) if ref.account.isdecimal() else None
        if number is None:
            return None
        found = machine.read(self._pve, ref.server, number)
        if found is not None and found.mark not in ("", ref.account):
            raise Permanent("conflict", account=ref.account, remote=f"machine {number} is {found.mark}")
        return found

    def must(self, ref: ports.Ref) -> machine.Machine:
        """The machine; Permanent("not_found") without one, Transient("busy") while it is locked."""
        found = self.find(ref)
        if found is None:
            raise Permanent("not_found", account=ref.account)
        if found.lock:
            raise Transient("busy", server=ref.server.code, remote=f"machine {found.number} is locked ({found.lock})")
        return found

    def number(self, ref: ports.Ref) -> str:
        """What the account is called there."""
        return str(self.must(ref).number)

    def cloned(self, it: journal.Asked, ref: ports.Ref, spec: ports.Spec) -> machine.Machine:
        """The machine, cloned from the plan's template. Its number is claimed before it is asked for, so that a lost
        answer makes no second machine."""
        server = ref.server
        row = journal.kept(ref) or self._claim(ref)
        found = self.find(ref)
        if found is None:
            template = server.traits.get(f"template_{spec.plan}", server.traits.get("template"))
            if not str(template).isdecimal():
                raise Permanent("invalid", server=server.code, remote="no trait template")
            given = {"newid": row.remote, "name": ref.account, "full": "1"}
            given |= {name: str(server.traits[name]) for name in ("storage", "pool") if name in server.traits}
            notes = machine.notes_with_mark(spec.label, ref.account)
            path = f"/nodes/{machine.node_of(server)}/qemu/{template}/clone"
            it.note(cloning=row.remote, makes=True)
            try:
                self._pve.finish(server, self._pve.change(server, "POST", path, description=notes, **given), it)
            except api.Taken:
                journal.forget(ref)  # somebody else was faster: the next attempt claims another number
                raise Transient("busy", server=server.code, remote=f"number {row.remote} was taken") from None
        elif not found.mark and not found.lock and it.noted("cloning") != row.remote:
            journal.forget(ref)
            raise Transient("busy", server=server.code, remote=f"number {row.remote} was taken") from None
        found = self.must(ref)
        if found.mark != ref.account:
            raise Permanent("conflict", account=ref.account, remote=f"machine {found.number} has no mark of ours")
        return found

    def _claim(self, ref: ports.Ref) -> models.VendorAccount:
        """A number that is free at the vendor, and that no other account of ours waits for."""
        server = ref.server
        first, _, last = str(server.traits.get("vmids", "")).partition("-")
        number = int(first) if first.isdecimal() else int(self._pve.get(server, "/cluster/nextid"))
        end = int(last) if last.isdecimal() else number + TRIED
        ours = {row.remote for row in journal.all_kept(server)}
        while number <= end:
            if str(number) not in ours and self._is_free(server, number):
                return journal.keep(ref, str(number), limits={}, made=False)
            number += 1
        raise Permanent("capacity", server=server.code, remote="no free number among vmids")

    def _is_free(self, server: ports.ServerAt, number: int) -> bool:
        try:
            return int(self._pve.get(server, "/cluster/nextid", vmid=str(number))) == number
        except Permanent as problem:
            if problem.what == "invalid":  # the answer for a number that is in use
                return False
            raise

    def sized(self, it: journal.Asked, ref: ports.Ref, found: machine.Machine, limits: ports.Limits) -> tuple[str, ...]:
        """Disk, memory and cores as sold; what it warns of. Permanent("unsupported") where a disk would have to
        shrink, before anything is changed."""
        server, warnings = ref.server, list[str]()
        wanted = amounts.held(server, limits, machine.THINGS)
        if unlimited := sorted(thing for thing, amount in wanted.items() if amount == ports.UNLIMITED):
            raise Permanent("unsupported", resources=unlimited, remote="a machine has a size")
        now = found.actual.get("disk_mb")
        if "disk_mb" in wanted and now is None:
            raise Permanent("invalid", server=server.code, remote=f"no size of {machine.disk_of(server)}")
        if now is not None and wanted.get("disk_mb", now) < now:
            fixed = sorted(amounts.codes_of(server, "disk_mb") & set(limits))
            raise Permanent("unsupported", resources=fixed, remote=f"the disk has {now} MB and never shrinks")
        self._configured(it, ref, found, wanted)
        found = self.must(ref)
        if found.pending and found.running:
            if server.traits.get("restart") == "later":
                warnings.append("memory and processors change at the machine's next restart")
            else:
                given = {"timeout": SHUTDOWN_SECONDS}
                self._pve.finish(server, self._pve.change(server, "POST", f"{found.path}/status/reboot", **given), it)
                found = self.must(ref)
        if now is not None and wanted.get("disk_mb", now) > now:  # last, for it is what nobody can take back
            given = {"disk": machine.disk_of(server), "size": f"{wanted['disk_mb']}M", "digest": found.digest}
            self._pve.finish(server, self._pve.change(server, "PUT", f"{found.path}/resize", **given), it)
            warnings.append(GROWS_INSIDE)
            found = self.must(ref)
        if not amounts.reached(server, limits, found.wished):
            raise Transient("read_back_differs", server=server.code)
        return tuple(warnings)

    def _configured(
        self, it: journal.Asked, ref: ports.Ref, found: machine.Machine, wanted: dict[str, int], **more: str
    ) -> None:
        """Memory, cores and our line in the notes, where they differ; refused by the node when somebody else changed
        the machine since we looked."""
        given = dict(more)
        if found.wished.get("memory_mb") != (memory := wanted.get("memory_mb", found.wished.get("memory_mb"))):
            given["memory"] = str(memory)
        if found.wished.get("cores") != (cores := wanted.get("cores", found.wished.get("cores"))):
            given |= {"cores": str(cores), "sockets": "1"}
        if found.mark != ref.account:
            given["description"] = machine.notes_with_mark(str(found.config.get("description", "")), ref.account)
        if given:
            path = f"{found.path}/config"
            self._pve.finish(ref.server, self._pve.change(ref.server, "POST", path, digest=found.digest, **given), it)

    def started(self, it: journal.Asked, ref: ports.Ref) -> bool:
        """Running, and started with the node; was there anything to do?"""
        found = self.must(ref)
        changed = self._onboot(it, ref, found, "1")
        if not found.running:
            path = f"{found.path}/status/start"
            self._pve.finish(ref.server, self._pve.change(ref.server, "POST", path), it)
            if not self.must(ref).running:
                raise Transient("read_back_differs", server=ref.server.code)
            return True
        return changed

    def stopped(self, it: journal.Asked, ref: ports.Ref) -> bool:
        """Not running, and not started with the node; was there anything to do? Shut down; only a guest that does not
        listen is cut off."""
        found = self.must(ref)
        changed = self._onboot(it, ref, found, "0")
        if found.running:
            path, given = f"{found.path}/status/shutdown", {"timeout": SHUTDOWN_SECONDS, "forceStop": "1"}
            self._pve.finish(ref.server, self._pve.change(ref.server, "POST", path, **given), it)
            if self.must(ref).running:
                raise Transient("read_back_differs", server=ref.server.code)
            return True
        return changed

    def _onboot(self, it: journal.Asked, ref: ports.Ref, found: machine.Machine, wanted: str) -> bool:
        if str(found.config.get("onboot", "0")) == wanted:
            return False
        self._configured(it, ref, found, {}, onboot=wanted)
        return True

    def backups(self, ref: ports.Ref, found: machine.Machine) -> list[str]:
        """The names of the back-ups that we made of it, oldest first."""
        return [str(one["volid"]) for one in self._listed(ref, found) if _ours(one)]

    def _listed(self, ref: ports.Ref, found: machine.Machine) -> list[dict[str, object]]:
        storage = str(ref.server.traits.get("backup_storage", ""))
        if not storage:
            return []
        path = f"/nodes/{found.node}/storage/{storage}/content"
        listed = self._pve.get(ref.server, path, content="backup", vmid=str(found.number))
        return sorted(
            (dict(one) for one in listed), key=lambda one: (int(one.get("ctime") or 0), str(one.get("volid")))
        )

    def backed_up(self, it: journal.Asked, ref: ports.Ref) -> ports.Result:
        """A back-up with the mark of the key in its notes: there already, or made now."""
        found, notes = self.must(ref), f"planshift {it.mark}"
        storage = str(ref.server.traits.get("backup_storage", ""))
        if not storage:
            raise Permanent("unsupported", server=ref.server.code, remote="no trait backup_storage")
        made = self._noted(ref, found, notes)
        if not made:
            given = {
                "vmid": str(found.number),
                "storage": storage,
                "mode": "snapshot",
                "compress": "zstd",
                "remove": "0",
            }
            upid = self._pve.change(ref.server, "POST", f"/nodes/{found.node}/vzdump", notes_template=notes, **given)
            self._pve.finish(ref.server, upid, it)
            made = self._noted(ref, found, notes)
        if not made:
            raise Transient("read_back_differs", server=ref.server.code)
        return ports.Result(changed=True, snapshot=made)

    def _noted(self, ref: ports.Ref, found: machine.Machine, notes: str) -> str:
        named = [str(one["volid"]) for one in self._listed(ref, found) if str(one.get("notes", "")).strip() == notes]
        return named[0] if named else ""

    def restored(self, it: journal.Asked, ref: ports.Ref, snapshot: str) -> None:
        """The machine made anew from a back-up of ours, once a key; it is stopped then."""
        found = self.must(ref)
        if snapshot not in self.backups(ref, found):
            raise Permanent("not_found", snapshot=snapshot)
        if it.noted("restoring") in api.ended(it):
            return
        if found.running:
            path = f"{found.path}/status/stop"
            self._pve.finish(ref.server, self._pve.change(ref.server, "POST", path), it)
        given = {"vmid": str(found.number), "archive": snapshot, "force": "1"}
        upid = self._pve.change(ref.server, "POST", f"/nodes/{found.node}/qemu", **given)
        it.note(restoring=str(upid))
        self._pve.finish(ref.server, upid, it)

    def destroyed(self, it: journal.Asked, ref: ports.Ref, proof: ports.Proof) -> bool:
        """Gone; was it there?"""
        found = self.find(ref)
        if found is None:
            return False
        journal.may_go(ref, proof)
        if found.lock:
            raise Transient("busy", server=ref.server.code, remote=f"machine {found.number} is locked ({found.lock})")
        if found.mark != ref.account:
            raise Permanent("conflict", account=ref.account, remote=f"machine {found.number} has no mark of ours")
        if found.running:
            path = f"{found.path}/status/stop"
            self._pve.finish(ref.server, self._pve.change(ref.server, "POST", path), it)
        given = {"purge": "1", "destroy_unreferenced_disks": "0"}
        self._pve.finish(ref.server, self._pve.change(ref.server, "DELETE", found.path, **given), it)
        if self.find(ref) is not None:
            raise Transient("read_back_differs", server=ref.server.code)
        return True


def _ours(one: dict[str, object]) -> bool:
    return str(one.get("notes", "")).startswith("planshift ")
