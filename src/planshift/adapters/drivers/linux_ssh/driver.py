"""Plain Debian web servers behind the driver port: each verb is one request to the agent of the server.

The traits of a server that this driver reads: `host_key` (pinned; required), `login`, `public_address` (where visitors
reach it; else the host of the address), `copy_address` (where other servers reach it), `resources`, `total_<code>`
(room that we sell, where it is not what the machine has).
"""

import contextlib
import hashlib
import ipaddress
import socket
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from planshift.adapters.drivers.linux_ssh import resources, transport
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import inside, ports
from planshift.runtime import clock

PATIENCE = 25  # seconds that one request waits for a long task, before it is polled
QUESTION_SECONDS = 120.0
MANIFEST_SECONDS = 4 * 3600.0
Read = TypeVar("Read")
ACCOUNTS = 500  # that a server takes, unless its trait total_accounts says otherwise


class Asks(Protocol):
    """How requests reach an agent (`transport.Ssh`)."""

    def ask(
        self, *, server: ports.ServerAt, request: Mapping[str, Any], seconds: float, changes: bool
    ) -> dict[str, Any]:
        """The answer; raises as `transport.Ssh.ask`."""
        ...


class LinuxSshDriver:
    """The driver port on agents."""

    def __init__(self, *, ssh: Asks, patience: int = PATIENCE) -> None:
        self._ssh, self._patience = ssh, patience

    def probe(self, *, server: ports.ServerAt) -> str:
        """Version and abilities, and whether the agent is the one that this version brings."""
        from planshift.adapters.drivers.linux_ssh import bundle

        said = self._question(server, "probe")
        able = _understood(server, lambda: dict(said["able"]))
        known = said["fingerprint"] == bundle.fingerprint()
        parts = [f"linux-ssh agent {said['agent']}{'' if known else ' (another than ours: install it anew)'}"]
        parts += [f"{name} {_worded(able[name])}" for name in sorted(able)]
        return ", ".join(parts)

    def capabilities(self, *, server: ports.ServerAt) -> ports.Capabilities:
        """As probed."""
        said = self._question(server, "probe")
        able = _understood(server, lambda: {name: said["able"][name] for name in ("rsync", "nginx")})
        return ports.Capabilities(
            in_place=frozenset({"*"}),
            shrink=frozenset({"*"}),
            content_push=bool(able["rsync"]),
            mail_return=bool(able["rsync"]),
            suspend=True,
            front_proxy=bool(able["nginx"]),
            long_tasks=True,
            lists=True,
        )

    def capacity(self, *, server: ports.ServerAt) -> ports.Capacity:
        """What the machine has, or what its traits say that we sell of it; and what is promised."""
        said = self._question(server, "capacity")
        return _understood(server, lambda: self._room(server, said))

    def _room(self, server: ports.ServerAt, said: Any) -> ports.Capacity:
        total = resources.as_sold(server, said["total"])
        sold = dict.fromkeys(total, 0) | resources.as_sold(server, _machine(said["sold"]))
        sold = {code: amount for code, amount in sold.items() if code in total}
        total["accounts"], sold["accounts"] = ACCOUNTS, said["accounts"]
        for name, amount in server.traits.items():
            if name.startswith("total_"):
                code = name.removeprefix("total_")
                total[code] = int(amount)
                sold.setdefault(code, said["sold"].get(f"sold:{code}", 0))
        return ports.Capacity(total=total, sold=sold, taken_at=clock.business())

    def listed(self, *, server: ports.ServerAt, after: str = "") -> ports.Listed:
        """What the agent looks after; other users of the machine are none of ours."""
        said = self._question(server, "listed", after=after)
        return _understood(server, lambda: ports.Listed(tuple(map(str, said["names"])), str(said["after"])))

    def get(self, *, ref: ports.Ref) -> ports.Account | None:
        """As read back: where the kernel holds the account to something else than was decided, that is told."""
        said = self._question(ref.server, "get", account=ref.account)
        return _understood(ref.server, lambda: self._read(ref, said["account"]))

    def _read(self, ref: ports.Ref, said: Any) -> ports.Account | None:
        if said is None:
            return None
        kept = {name: said[name] for name in ("limits", "enforce", "actual")}
        return ports.Account(
            account=ref.account,
            limits=resources.read_back(ref.server, **kept),
            address=_public(ref.server),
            url=f"http://{said['domains'][0]}/" if said["domains"] else "",
            suspended=said["suspended"],
            quarantined=said["quarantined"],
            proxied_to=said["proxied_to"],
            snapshots=tuple(said["snapshots"]),
        )

    def usage(self, *, ref: ports.Ref) -> ports.Usage:
        """Measured now, in the units that we sell, rounded up."""
        said = self._question(ref.server, "usage", account=ref.account)
        used = _understood(ref.server, lambda: resources.as_sold(ref.server, said["used"]))
        return ports.Usage(used, clock.business())

    def check(self, *, ref: ports.Ref, to: ports.Limits) -> ports.Checked:
        """All violations at once. Memory and processes in use now say nothing about a limit, and are not held
        against it."""
        elastic = [code for code, (thing, _) in resources.meanings(ref.server).items() if thing in _ELASTIC]
        return self.usage(ref=ref).against(to, elastic=elastic)

    def create(self, *, op: ports.Op, ref: ports.Ref, spec: ports.Spec, limits: ports.Limits) -> ports.Result:
        """User, folders, limits, site. Domains are written as visitors' programs ask for them (IDNA, lower case)."""
        asked = {
            "label": _line(spec.label, 200),
            "plan": _line(spec.plan, 40),
            "domains": [_ascii(name) for name in spec.domains],
        }
        return self._mutate(op, ref, "create", **asked, **_held(ref.server, limits))

    def apply(self, *, op: ports.Op, ref: ports.Ref, to: ports.Limits) -> ports.Result:
        """Set the limits; the kernel holds the account to them when this returns."""
        try:
            return self._mutate(op, ref, "apply", **_held(ref.server, to))
        except Permanent as refused:
            if refused.what != "usage_exceeds_target":
                raise
            self.check(ref=ref, to=to).refuse()  # in the words of what is sold
            raise

    def suspend(self, *, op: ports.Op, ref: ports.Ref, reason: str) -> ports.Result:
        """Visitors get 503, log-ins and processes end."""
        return self._mutate(op, ref, "suspend", reason=_line(reason, 200))

    def unsuspend(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Serve again."""
        return self._mutate(op, ref, "unsuspend")

    def set_credentials(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A new password for SFTP."""
        made = self._mutate(op, ref, "set_credentials")
        if not made.secrets:
            return made
        secrets = {**made.secrets, "host": _public(ref.server), "protocol": "sftp"}
        return ports.Result(changed=made.changed, replayed=made.replayed, secrets=secrets)

    def backup(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """A packed copy on the same server, out of the client's reach."""
        return self._mutate(op, ref, "backup")

    def restore(self, *, op: ports.Op, ref: ports.Ref, snapshot: str) -> ports.Result:
        """Put it back; what came after it goes."""
        return self._mutate(op, ref, "restore", snapshot=snapshot)

    def push_content(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref, final: bool) -> ports.Result:
        """The new server fetches from the old one. `final`: the old side is read-only from then on, until
        `front_proxy` with "" gives it back."""
        asked = {**_way(source.server), "source": f"{source.server.code}/{source.account}", "final": final}
        return self._fetched(op, source, to, "pull", "copy_key", asked, final=final)

    def return_mail(self, *, op: ports.Op, source: ports.Ref, to: ports.Ref) -> ports.Result:
        """The old server fetches it from the new one, which is held still: it takes no mail from then on, and senders
        try again."""
        asked = {**_way(source.server), "source": f"{source.server.code}/{source.account}"}
        return self._fetched(op, source, to, "pull_mail", "mail_key", asked, final=True)

    def _fetched(
        self, op: ports.Op, source: ports.Ref, to: ports.Ref, verb: str, key_verb: str, asked: Any, *, final: bool
    ) -> ports.Result:
        """`to` fetches from `source` under a key that is good for this one copy. Done already: nothing is offered."""
        transfer = hashlib.sha256(op.key.encode()).hexdigest()[:32]
        done = self._mutate_raw(op, to, verb, begin=False, transfer=transfer, **asked)
        if done.get("absent"):
            part = {"transfer": transfer}
            made = self._part(to, key_verb, **part)
            key = _understood(to.server, lambda: made["public_key"])
            self._part(source, "offer", **part, public_key=key, final=final)
            try:
                done = self._mutate_raw(op, to, verb, begin=True, transfer=transfer, **asked)
            except Permanent:
                self._withdraw(source, transfer)
                raise
        if not done.get("task"):
            self._withdraw(source, transfer)
        return _understood(to.server, lambda: _result(done))

    def _withdraw(self, source: ports.Ref, transfer: str) -> None:
        """The copy is over. Where this does not get through, the offer ends by itself."""
        with contextlib.suppress(Transient, Permanent):
            self._part(source, "withdraw", transfer=transfer)

    def manifest(self, *, ref: ports.Ref) -> str:
        """SHA-256 over names, permissions, links and contents."""
        said = self._question(ref.server, "manifest", seconds=MANIFEST_SECONDS, account=ref.account)
        return _understood(ref.server, lambda: str(said["sha256"]))

    def inside(self, *, ref: ports.Ref) -> inside.Inside:
        """By the times of change and the Maildirs."""
        said = self._question(ref.server, "inside", seconds=MANIFEST_SECONDS, account=ref.account)
        return _understood(
            ref.server,
            lambda: inside.Inside(
                int(said["written"]), tuple(map(str, said["names"]))[:10], frozenset(map(str, said["mails"]))
            ),
        )

    def front_proxy(self, *, op: ports.Op, ref: ports.Ref, upstream: str) -> ports.Result:
        """Pass visitors on, with their Host; "" serves them here again and gives writing back."""
        return self._mutate(op, ref, "front_proxy", upstream=upstream)

    def quarantine(self, *, op: ports.Op, ref: ports.Ref) -> ports.Result:
        """Visitors get 410, the data stay."""
        return self._mutate(op, ref, "quarantine")

    def remove(self, *, op: ports.Op, ref: ports.Ref, proof: ports.Proof) -> ports.Result:
        """Everything of the account goes, its back-ups on this server too."""
        return self._mutate(op, ref, "remove", proof=proof.kind, reference=proof.reference)

    def poll(self, *, server: ports.ServerAt, task: str) -> ports.Result:
        """Is it over?"""
        if not (len(task) == 32 and set(task) <= set("0123456789abcdef")):
            raise Permanent("not_found", task=task)
        said = self._question(server, "poll", task=task)
        return _understood(server, lambda: _result(said))

    def _question(self, server: ports.ServerAt, verb: str, *, seconds: float = QUESTION_SECONDS, **args: Any) -> Any:
        return self._ssh.ask(server=server, request={"verb": verb, **args}, seconds=seconds, changes=False)

    def _part(self, ref: ports.Ref, verb: str, **args: Any) -> Any:
        request = {"verb": verb, "account": ref.account, **args}
        return self._ssh.ask(server=ref.server, request=request, seconds=QUESTION_SECONDS, changes=False)

    def _mutate(self, op: ports.Op, ref: ports.Ref, verb: str, **args: Any) -> ports.Result:
        said = self._mutate_raw(op, ref, verb, begin=True, **args)
        return _understood(ref.server, lambda: _result(said))

    def _mutate_raw(self, op: ports.Op, ref: ports.Ref, verb: str, *, begin: bool, **args: Any) -> dict[str, Any]:
        said = {"key": op.key, "cause": _line(op.cause, 80), "actor": _line(op.actor, 200)}
        request = {"verb": verb, "account": ref.account, "op": said, "wait": self._patience, "begin": begin, **args}
        seconds = self._patience + QUESTION_SECONDS
        return self._ssh.ask(server=ref.server, request=request, seconds=seconds, changes=begin)


_ELASTIC = ("memory_bytes", "processes")


def _understood(server: ports.ServerAt, read: Callable[[], Read]) -> Read:
    """What `read` makes of an answer; Transient("remote_failed") for one of another shape."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        remote = "an answer that we do not understand"
        raise Transient("remote_failed", server=server.code, remote=remote) from problem


def _worded(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"


def _machine(sold: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in sold.items() if not name.startswith("sold:")}


def _held(server: ports.ServerAt, limits: ports.Limits) -> dict[str, dict[str, int]]:
    return {"limits": dict(limits), "enforce": resources.enforced(server, limits)}


def _line(text: str, most: int) -> str:
    """One line that the agent takes: no control characters, not too long."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:most]


def _ascii(name: str) -> str:
    """Permanent("invalid") for what is no domain name; the agent looks at the rest."""
    try:
        return name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise Permanent("invalid", domain=name) from None


def _way(server: ports.ServerAt) -> dict[str, Any]:
    """How another server reaches this one."""
    at = transport.where(server)
    other = str(server.traits.get("copy_address", ""))
    host, port = transport.split(other) if other else (at.host, at.port)
    return {"host": host, "port": port, "login": at.login, "host_key": at.host_key}


def _public(server: ports.ServerAt) -> str:
    """Where visitors reach the server: what DNS shall say."""
    given = str(server.traits.get("public_address", ""))
    if given:
        return given
    host, port = transport.split(server.address)
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(host, port, family=socket.AF_INET)[0][4][0])
    except OSError as problem:
        raise Transient("unreachable", server=server.code, remote="its name is not known") from problem


def _result(said: Mapping[str, Any]) -> ports.Result:
    return ports.Result(
        changed=bool(said.get("changed")),
        replayed=bool(said.get("replayed")),
        snapshot=str(said.get("snapshot", "")),
        mails=int(said.get("mails", 0)),
        task=str(said.get("task", "")),
        warnings=tuple(f"{name}: recorded, not enforced" for name in said.get("warnings", ())),
        secrets={name: str(value) for name, value in dict(said.get("secrets", {})).items()},
    )
