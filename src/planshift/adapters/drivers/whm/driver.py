"""cPanel accounts behind the driver port. Not run against a vendor's server: made and tried against what its public
documentation says.

The traits of a server that this driver reads: `fingerprint` (pins its certificate), `packages` (which packages may be
given: names or beginnings of names, with commas between; left out: all that our token sees), `technical_domain` (under
which an account without a domain of its own gets one), `keep_dns` (false: removing an account removes its zones too),
`resources`, `total_<code>` (room that we sell).

What WHM has no safe function for (a back-up outside the client's own space, putting one back) staff are asked to do.
"""

import secrets as randomness
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from planshift.adapters.drivers.by_http import amounts, asking, journal
from planshift.adapters.drivers.whm import api, looking, reading
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import ports
from planshift.runtime import clock

REMOVAL = "planshift: to be removed"
ALL = frozenset({"*"})
PAGE = 500  # accounts that one answer lists


class Staff(Protocol):
    """People who do what the vendor's interface cannot (the manual driver)."""

    def entrust(self, *, op: ports.Op, ref: ports.Ref, verb: str, asked: dict[str, Any]) -> ports.Result:
        """A task for them; its answer when it is closed."""
        ...

    def get(self, *, ref: ports.Ref) -> ports.Account | None:
        """What they said about the account."""
        ...

    def poll(self, *, server: ports.ServerAt, task: str) -> ports.Result:
        """Is the task closed?"""
        ...


class WhmDriver:
    """The driver port on WHM API 1."""

    def __init__(self, *, whm: api.Whm, staff: Staff) -> None:
        self._whm, self._look, self._staff = whm, looking.Looking(whm), staff

    def probe(self, *, server: ports.ServerAt) -> str:
        """Version, and whom our token makes us."""
        said = self._look.asked(server, lambda: self._whm.question(server, "version"))
        packages = self._look.packages(server)
        return f"WHM {said.get('version', '?')} as {self._whm.who(server)}, {len(packages)} packages for us"

    def capabilities(self, *, server: ports.ServerAt) -> ports.Capabilities:
        """Limits both ways, at once. Content and visitors are not ours to move there."""
        return ports.Capabilities(ALL, ALL, suspend=True, mail_return=True, long_tasks=True, lists=True)

    def capacity(self, *, server: ports.ServerAt) -> ports.Capacity:
        """What the traits say that we sell, and what accounts were promised. The list of accounts may lag behind: those
        that we made and it does not show yet are counted too."""
        listed = [looking.summary(server, one) for one in self._look.listed(server)]
        names = {one.user for one in listed}
        promised: list[Mapping[str, int]] = [one.actual for one in listed]
        promised += [
            amounts.held(server, row.limits, reading.THINGS)
            for row in journal.all_kept(server)
            if row.made and row.remote not in names
        ]
        total = amounts.totals(server)
        return ports.Capacity(total=total, sold=amounts.sold(server, promised, total), taken_at=clock.business())

    def listed(self, *, server: ports.ServerAt, after: str = "") -> ports.Listed:
        """Those that our token owns: by our name where we know one, else by the user."""
        start = int(after or 1)
        chunk = {"api.chunk.enable": "1", "api.chunk.size": str(PAGE), "api.chunk.start": str(start)}
        users = [looking.summary(server, one).user for one in self._look.listed(server, **chunk)]
        ours = {row.remote: row.name for row in journal.all_kept(server)}
        names = tuple(ours.get(user, user) for user in users)
        return ports.Listed(names, str(start + PAGE) if len(users) == PAGE else "")

    def get(self, *, ref: ports.Ref) -> ports.Account | None:
        """As WHM says; limits as sold where they agree."""
        found = self._look.find(ref)
        if found is None:
            return None
        row, by_staff = journal.kept(ref), self._staff.get(ref=ref)
        return ports.Account(
            account=ref.account,
            limits=amounts.told(ref.server, row.limits if row else {}, found.actual),
            sold_by_us=bool(row and row.limits),
            address=found.address,
            url=f"http://{found.domain}/",
            suspended=found.suspended,
            quarantined=bool(found.suspended and row and row.quarantined),
            snapshots=by_staff.snapshots if by_staff else (),
        )

    def usage(self, *, ref: ports.Ref) -> ports.Usage:
        """Disk from the summary, counts from the account's own statistics."""
        found = self._look.must(ref)
        usages = self._look.asked(
            ref.server, lambda: self._whm.uapi(ref.server, found.user, "ResourceUsage", "get_usages")
        )
        counted = looking.understood(ref.server, lambda: reading.used(usages))
        used = {"disk_mb": found.disk_used_mb, **counted}
        return ports.Usage(amounts.as_sold(ref.server, used), clock.business())

    def check(self, *, ref: ports.Ref, to: ports.Limits) -> ports.Checked:
        """All violations at once."""
        return self.usage(ref=ref).against(to)

    def create(self, *, op: ports.Op, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        """Account and domain; its first password is known to nobody."""
        asked = {"limits": dict(limits), "label": spec.label, "plan": spec.plan, "domains": list(spec.domains)}
        return journal.once(
            op=op, ref=ref, verb="create", asked=asked, do=lambda it: self._create(it, ref, spec, limits)
        )

    def apply(self, *, op: ports.Op, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        """By a package that gives exactly this, where there is one; else the account's own values."""
        return journal.once(op=op, ref=ref, verb="apply", asked={"to": dict(to)}, do=lambda it: self._apply(ref, to))

    def suspend(self, *, op: ports.Op, ref: ports.Ref, reason: str) -> ports.Result:
        """Log-ins, site and mail end, data stay."""
        return journal.once(
            op=op, ref=ref, verb="suspend", asked={}, do=lambda it: self._suspend(ref, reason or op.cause)
        )

    def unsuspend(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Serve again."""

        def do(it: journal.Asked) -> ports.Result:
            found = self._look.must(ref)
            changed = self._switch(ref, "unsuspendacct", lambda one: not one.suspended, user=found.user)
            if journal.kept(ref) is not None:
                journal.keep(ref, found.user, quarantined=False)
            return ports.Result(changed=changed)

        return journal.once(op=op, ref=ref, verb="unsuspend", asked={}, do=do)

    def set_credentials(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A new password, for cPanel, FTP and databases alike."""

        def do(it: journal.Asked) -> ports.Result:
            found, password = self._look.must(ref), randomness.token_urlsafe(18)
            try:
                self._whm.change(ref.server, "passwd", hide=(password,), user=found.user, password=password)
            except api.SaidNo as no:
                raise Transient("remote_failed", server=ref.server.code, remote=str(no)) from None
            host = asking.host_of(ref.server)
            told = {"user": found.user, "password": password, "host": host.strip("[]"), "url": f"https://{host}:2083/"}
            return ports.Result(changed=True, secrets=told)

        return journal.once(op=op, ref=ref, verb="set_credentials", asked={}, do=do)

    def backup(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Staff make it: what the interface offers lies in the client's own space and counts in his quota."""
        self._look.must(ref)
        return self._staff.entrust(op=op, ref=ref, verb="backup", asked={})

    def restore(self, *, op: ports.Op, ref: ports.Ref, snapshot: str) -> ports.Result:
        """Staff put it back."""
        account = self.get(ref=ref)
        if account is None or snapshot not in account.snapshots:
            raise Permanent("not_found", snapshot=snapshot)
        return self._staff.entrust(op=op, ref=ref, verb="restore", asked={"snapshot": snapshot})

    def push_content(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref, final: bool) -> ports.Result:
        """Not into an account that is there: WHM's transfers make the account anew."""
        raise Permanent("unsupported", server=to.server.code)

    def return_mail(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref) -> ports.Result:
        """Staff bring it back: WHM copies no single mailbox into an account that is there."""
        self._look.must(to)
        asked = {"from": f"{source.account} ({source.server.code})"}
        return self._staff.entrust(op=op, ref=to, verb="return_mail", asked=asked)

    def manifest(self, *, ref: ports.Ref) -> str:
        """WHM tells nothing about files."""
        raise Permanent("unsupported", server=ref.server.code)

    def front_proxy(self, *, op: ports.Op, ref: ports.Ref, upstream: str) -> ports.Result:
        """Not by this interface."""
        raise Permanent("unsupported", server=ref.server.code)

    def quarantine(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Suspended for good."""

        def do(it: journal.Asked) -> ports.Result:
            known = journal.kept(ref)
            before = self._look.must(ref)
            self._suspend(ref, REMOVAL)
            journal.keep(ref, before.user, quarantined=True)
            return ports.Result(changed=not (before.suspended and known and known.quarantined))

        return journal.once(op=op, ref=ref, verb="quarantine", asked={}, do=do)

    def remove(self, *, op: ports.Op, ref: ports.Ref, proof: ports.Proof) -> ports.Result:
        """Account and data go; its zones stay unless the trait `keep_dns` is false: in a cluster of name servers they
        may be those of the environment that replaced it."""
        proof.demand()

        def do(it: journal.Asked) -> ports.Result:
            found = self._look.find(ref)
            if found is not None:
                journal.may_go(ref, proof)
                keep = "1" if ref.server.traits.get("keep_dns", True) else "0"
                no = self._try(ref, "removeacct", {"username": found.user, "keepdns": keep})
                if self._look.find(ref) is not None:
                    raise Transient("remote_failed" if no else "read_back_differs", server=ref.server.code, remote=no)
            journal.forget(ref)
            return ports.Result(changed=found is not None)

        return journal.once(op=op, ref=ref, verb="remove", asked={"proof": [proof.kind, proof.reference]}, do=do)

    def poll(self, *, server: ports.ServerAt, task: str) -> ports.Result:
        """Only people take long here."""
        return self._staff.poll(server=server, task=task)

    # one verb each

    def _create(self, it: journal.Asked, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        server, user, domain = ref.server, reading.user_of(ref.account), _domain(ref, spec)
        found, known = self._look.find(ref), journal.kept(ref)
        unfinished = known is not None and not known.made
        if found is None:
            found = self._make(it, ref, user, domain, limits)
        elif known is None and found.domain != domain:
            raise Permanent("conflict", account=ref.account, domain=found.domain)
        elif not unfinished:
            had = known.limits if known is not None else limits
            if amounts.told(server, had, found.actual) != dict(limits):
                raise Permanent("conflict", account=ref.account)
            journal.keep(ref, user, limits=dict(limits), made=True)
            return ports.Result(changed=False)
        if not amounts.reached(server, limits, found.actual):
            self._hold(ref, found, limits)
        journal.keep(ref, user, limits=dict(limits), made=True)
        return ports.Result(changed=True)

    def _make(self, it: journal.Asked, ref: ports.Ref, user: str, domain: str, limits: ports.Limits) -> reading.Summary:
        self._free(ref, domain)
        wanted = amounts.held(ref.server, limits, reading.THINGS)
        package = self._look.package_for(ref.server, wanted)
        sized = {reading.NAMES[thing][3]: reading.written(thing, amount) for thing, amount in wanted.items()}
        password = randomness.token_urlsafe(24)
        given = {"username": user, "domain": domain, "password": password, **({"plan": package} if package else sized)}
        journal.keep(ref, user, limits={}, made=False)
        it.note(makes=True)
        no = self._try(ref, "createacct", given, hide=(password,))
        found = self._look.find(ref)
        if found is None:
            raise Transient("remote_failed" if no else "read_back_differs", server=ref.server.code, remote=no)
        return found

    def _free(self, ref: ports.Ref, domain: str) -> None:
        """Permanent("conflict") when the domain is another account's already; WHM would say so in words only."""
        try:
            said = self._whm.question(ref.server, "accountsummary", domain=domain)
        except api.SaidNo:
            return
        others = [str(one.get("user")) for one in said.get("acct") or [] if isinstance(one, dict)]
        if others:
            raise Permanent("conflict", account=ref.account, domain=domain, holder=others[0])

    def _apply(self, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        found, known = self._look.must(ref), journal.kept(ref)
        if amounts.reached(ref.server, to, found.actual) and known is not None and dict(known.limits) == dict(to):
            return ports.Result(changed=False)
        self.check(ref=ref, to=to).refuse()
        warnings = self._hold(ref, found, to)
        journal.keep(ref, found.user, limits=dict(to), made=True)
        return ports.Result(changed=True, warnings=warnings)

    def _hold(self, ref: ports.Ref, found: reading.Summary, to: ports.Limits) -> tuple[str, ...]:
        """Have the server hold `to`, and look whether it does. Values that are right already are left alone: each call
        has side effects of its own."""
        server = ref.server
        wanted = amounts.held(server, to, reading.THINGS)
        no, warnings = "", list[str]()
        package = self._look.package_for(server, wanted)
        if package and package != found.plan:
            no = self._try(ref, "changepackage", {"user": found.user, "pkg": package}, warnings=warnings)
            found = self._look.must(ref)
        missing = {thing: amount for thing, amount in wanted.items() if found.actual.get(thing) != amount}
        if missing:
            no = self._hold_singly(ref, found.user, missing, warnings) or no
            if found.plan:
                warnings.append(f"own values: the next change of package {found.plan} overwrites them")
            found = self._look.must(ref)
        if not amounts.reached(server, to, found.actual):
            raise Transient("remote_failed" if no else "read_back_differs", server=server.code, remote=no)
        return tuple(warnings)

    def _hold_singly(self, ref: ports.Ref, user: str, missing: Mapping[str, int], warnings: list[str]) -> str:
        no = ""
        if "disk_mb" in missing:
            quota = reading.written("disk_mb", missing["disk_mb"])
            no = self._try(ref, "editquota", {"user": user, "quota": quota}, warnings=warnings)
        others = {
            reading.NAMES[thing][2]: reading.written(thing, amount)
            for thing, amount in missing.items()
            if reading.NAMES[thing][2]
        }
        if others:
            no = self._try(ref, "modifyacct", {"user": user, **others}, warnings=warnings) or no
        return no

    def _suspend(self, ref: ports.Ref, reason: str) -> ports.Result:
        found = self._look.must(ref)
        return ports.Result(
            changed=self._switch(ref, "suspendacct", lambda one: one.suspended, user=found.user, reason=reason[:200])
        )

    def _switch(self, ref: ports.Ref, function: str, reached: Callable[[reading.Summary], bool], **given: str) -> bool:
        """Call it unless its end is reached already; whether it is reached afterwards is what counts."""
        if reached(self._look.must(ref)):
            return False
        no = self._try(ref, function, given)
        if not reached(self._look.must(ref)):
            raise Transient("remote_failed" if no else "read_back_differs", server=ref.server.code, remote=no)
        return True

    def _try(
        self,
        ref: ports.Ref,
        function: str,
        given: Mapping[str, str],
        *,
        hide: tuple[str, ...] = (),
        warnings: list[str] | None = None,
    ) -> str:
        """Call a function that changes something; what it says against it, "" for a "yes"."""
        try:
            said = self._whm.change(ref.server, function, hide=hide, **given)
        except api.SaidNo as no:
            return str(no) or "no reason given"
        if warnings is not None:
            warnings += _side_effects(said.output)
        return ""


def _domain(ref: ports.Ref, spec: ports.Spec) -> str:
    """The account's main domain, as cPanel wants it. Permanent("invalid") where there is none to be had."""
    under = str(ref.server.traits.get("technical_domain", ""))
    name = spec.domains[0] if spec.domains else f"{reading.user_of(ref.account)}.{under}" if under else ""
    try:
        made = name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        made = ""
    if not made:
        raise Permanent("invalid", account=ref.account, remote="no domain, and no technical_domain of the server")
    return made


def _side_effects(output: str) -> list[str]:
    """What a change of package also did; staff and the journal shall know."""
    lines = (" ".join(line.split()) for line in output.splitlines())
    return [line[:200] for line in lines if line.startswith(("Removing", "Changing", "Warning"))][:10]
