"""What can a driver do for us? The port that every kind of server implements (adapters/drivers).

A driver is thin and stateless: order, retries, undoing, waiting and records are the engine's. Rules for all drivers:
every mutation carries `Op.key` (execution:step:generation) and is idempotent: what is wanted is there already →
changed=False; the same key again → the first answer with replayed=True, without its secrets. Removing what is absent
is a success. `check` tells all violations at once. Errors: `Transient` (did not happen, may later), `Permanent`
(never will as asked), `Unknown` (no answer: the engine reads back before anything else); their `what` is one of the
words in PROBLEMS, vendor text goes to the fact `remote` and is for staff only. Secrets travel in `Result.secrets` and
nowhere else.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from planshift.domain.errors import Permanent

Limits = Mapping[str, int]  # amount by the catalog's resource code; UNLIMITED for no limit
UNLIMITED = -1
NO_LIMITS: Limits = MappingProxyType({})

PROBLEMS: Mapping[str, str] = MappingProxyType(
    {  # Transient
        "busy": "the server is occupied with another operation",
        "unreachable": "the server does not answer",
        "rate_limited": "the server asks to slow down",
        "remote_failed": "the server failed and may succeed later",
        "read_back_differs": "the server said yes, but its state is not what was asked for",
        "not_serving": "visitors do not get the site there",
        "not_known_yet": "resolvers still answer the former address",
        "mail_not_back": "mail that came in there could not be brought back",
        "files_not_back": "files were written there that are nowhere else",
        # Permanent
        "invalid": "the server does not accept what was asked for",
        "not_found": "there is no such account",
        "conflict": "something else stands in its place",
        "unsupported": "this server cannot do it",
        "forbidden": "not without the proof that the client was told",
        "usage_exceeds_target": "more is in use than the target allows",
        "capacity": "the server has no room",
        "key_reused": "the same key came with another request",
        "remote_refused": "the server refused",
        # Unknown
        "no_answer": "the connection broke before the answer",
    }
)


@dataclass(frozen=True, slots=True)
class ServerAt:
    """Where a server is: its code with us, the address of its control interface, and its traits."""

    code: str
    address: str = ""
    traits: Mapping[str, str | int | bool] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Ref:
    """One account or machine: where it lives and what it is called there."""

    server: ServerAt
    account: str


@dataclass(frozen=True, slots=True)
class Op:
    """Goes with every mutation. `key` is stable over retries; a new generation only after a decision."""

    key: str
    cause: str  # number of the change that ordered it
    actor: str


@dataclass(frozen=True, slots=True)
class Spec:
    """What a new account is for."""

    label: str
    plan: str
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """Why data may be removed: `kind` is "removal_notice" (reference: its number) or "never_used" (reference: the
    execution whose own creation is taken back). A driver refuses a removal without a reference, and with "never_used"
    whatever that execution did not make itself: it is somebody else's."""

    kind: str
    reference: str

    def demand(self) -> None:
        """Permanent("forbidden") where this is no proof."""
        if self.kind not in ("removal_notice", "never_used") or not self.reference:
            raise Permanent("forbidden", proof=self.kind)

    @property
    def maker(self) -> str:
        """What the key of the creation has to begin with; "" where the client was told, whoever made it."""
        return f"{self.reference}:" if self.kind == "never_used" else ""


@dataclass(frozen=True, slots=True)
class Account:
    """What a server says about an account, as read back."""

    account: str
    limits: Limits
    address: str = ""
    url: str = ""
    suspended: bool = False
    quarantined: bool = False
    proxied_to: str = ""
    snapshots: tuple[str, ...] = ()
    sold_by_us: bool = True  # else it was there before us: `limits` is what the server holds, by every code it knows

    @property
    def serves(self) -> bool:
        """Do visitors get anything from it?"""
        return not (self.suspended or self.quarantined)


@dataclass(frozen=True, slots=True)
class Usage:
    """What is in use, measured at `taken_at` (business time)."""

    used: Mapping[str, int]
    taken_at: datetime

    def against(self, to: Limits, *, elastic: Collection[str] = ()) -> "Checked":
        """Everything that does not fit `to`. What is used of `elastic` codes now says nothing about a limit."""
        over = tuple(
            Violation(code, used, to[code], used)
            for code, used in sorted(self.used.items())
            if code in to and to[code] != UNLIMITED and used > to[code] and code not in elastic
        )
        return Checked(self, over)


@dataclass(frozen=True, slots=True)
class Violation:
    """One resource of which more is used than the target allows; `minimum` is the smallest limit that would fit."""

    resource: str
    used: int
    target: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A live check: what is used now, and everything that does not fit."""

    usage: Usage
    violations: tuple[Violation, ...] = ()

    def refuse(self) -> None:
        """Permanent("usage_exceeds_target") with everything that does not fit, where anything does not."""
        if self.violations:
            raise Permanent("usage_exceeds_target", violations=[asdict(one) for one in self.violations])


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a server's accounts, by the names that a `Ref` has. `after` asks for the next one; "" at the end."""

    names: tuple[str, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Room of a server: what it has and what is promised to accounts, by resource that it counts."""

    total: Limits
    sold: Limits
    taken_at: datetime

    def free(self, resource: str) -> int | None:
        """Amount still free (0 when oversold); None when this resource is not counted there."""
        return max(0, self.total[resource] - self.sold.get(resource, 0)) if resource in self.total else None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this driver's servers can do. `in_place`: resources that may change without a move ("*": all); `shrink`:
    those that may also go down; `never_shrink`: exceptions to "*" (a disk of a virtual server never shrinks)."""

    in_place: frozenset[str]
    shrink: frozenset[str]
    never_shrink: frozenset[str] = frozenset()
    content_push: bool = False
    suspend: bool = False
    front_proxy: bool = False
    mail_return: bool = False
    long_tasks: bool = False
    lists: bool = False

    def may_change(self, resource: str) -> bool:
        """May this resource change in place?"""
        return "*" in self.in_place or resource in self.in_place

    def may_shrink(self, resource: str) -> bool:
        """May this resource go down in place?"""
        allowed = "*" in self.shrink or resource in self.shrink
        return self.may_change(resource) and allowed and resource not in self.never_shrink


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a mutation. `task` is set while it still runs (ask `poll`). Secrets are never shown in a repr."""

    changed: bool
    replayed: bool = False
    snapshot: str = ""
    mails: int = 0  # that were brought back
    task: str = ""
    warnings: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


class Driver(Protocol):
    """Servers of one kind."""

    def probe(self, *, server: ServerAt) -> str:
        """Reach and log in; the version that answers."""

    def capabilities(self, *, server: ServerAt) -> Capabilities:
        """What can be done there."""

    def capacity(self, *, server: ServerAt) -> Capacity:
        """Room of the server."""

    def listed(self, *, server: ServerAt, after: str = "") -> Listed:
        """A page of the accounts, whoever made them. Permanent("unsupported") without the capability `lists`."""

    def get(self, *, ref: Ref) -> Account | None:
        """The account as it is; None when absent."""

    def usage(self, *, ref: Ref) -> Usage:
        """What the account uses now."""

    def check(self, *, ref: Ref, to: Limits) -> Checked:
        """Would the present usage fit `to`? Changes nothing."""

    def create(self, *, op: Op, ref: Ref, spec: Spec, limits: Limits) -> Result:
        """Make the account; there with the same limits: changed=False, with others: Permanent("conflict")."""

    def apply(self, *, op: Op, ref: Ref, to: Limits) -> Result:
        """Set limits in place: all of `to`, nothing else. Refuses what is used beyond them."""

    def suspend(self, *, op: Op, ref: Ref, reason: str) -> Result:
        """Stop serving, keep everything."""

    def unsuspend(self, *, op: Op, ref: Ref) -> Result:
        """Serve again."""

    def set_credentials(self, *, op: Op, ref: Ref) -> Result:
        """New access data, in `Result.secrets`. A replay has none: ask again under a new key."""

    def backup(self, *, op: Op, ref: Ref) -> Result:
        """Back up; `Result.snapshot` names it."""

    def restore(self, *, op: Op, ref: Ref, snapshot: str) -> Result:
        """Put a back-up back."""

    def push_content(self, *, op: Op, source: Ref, to: Ref, final: bool) -> Result:
        """Copy content to another account; `final` is the last pass, with writing stopped."""

    def return_mail(self, *, op: Op, source: Ref, to: Ref) -> Result:
        """Bring mail that came to `source` into the mailboxes of `to`: nothing is overwritten, nothing comes twice.
        `source` takes none from then on. Permanent("unsupported") without the capability `mail_return`."""

    def manifest(self, *, ref: Ref) -> str:
        """Digest of the content, to compare two accounts."""

    def front_proxy(self, *, op: Op, ref: Ref, upstream: str) -> Result:
        """Pass visitors of this account on to `upstream` (an address); "" serves them itself again."""

    def quarantine(self, *, op: Op, ref: Ref) -> Result:
        """Stop serving, keep the data, before removal."""

    def remove(self, *, op: Op, ref: Ref, proof: Proof) -> Result:
        """Delete account and data. Permanent("forbidden") without proof; absent: changed=False."""

    def poll(self, *, server: ServerAt, task: str) -> Result:
        """The state of a long task: `task` is empty in the answer when it is over."""


@dataclass(frozen=True, slots=True)
class Record:
    """Addresses under a name in a zone, with their time to live in seconds."""

    ttl: int
    values: tuple[str, ...]


class Dns(Protocol):
    """The name service of the provider's zones."""

    def get(self, *, name: str) -> Record | None:
        """The address record of `name`; None when we do not serve it."""

    def set_ttl(self, *, op: Op, name: str, ttl: int) -> Result:
        """Change the time to live. Permanent("not_found") when we do not serve the name."""

    def swap(self, *, op: Op, name: str, old: str, new: str) -> Result:
        """Replace `old` by `new`; Permanent("conflict") when it holds neither, "not_found" when we do not serve the
        name. Holding `new` already: changed=False. Other addresses of the name stay."""

    def observed(self, *, name: str) -> Mapping[str, tuple[str, ...]]:
        """The addresses that each name server and resolver asked answers for `name` now; empty: nobody to ask."""


class Web(Protocol):
    """A visitor of clients' sites."""

    def visit(self, *, address: str, name: str) -> int:
        """The HTTP status that a visitor of `name` gets who comes to `address`; 0 when nobody answers. Never raises."""


class Simulation(Protocol):
    """Handles of a simulated driver, for demo, tests and staff of a demo installation. Real drivers have none."""

    def add_fault(
        self, *, kind: str, server: str = "", account: str = "", verb: str = "", times: int = -1, seconds: float = 0
    ) -> None:
        """From now on it goes wrong as `kind` says, `times` times (-1: always); "": any. `seconds`: how slow."""

    def clear_faults(self) -> None:
        """Everything works again."""

    def set_usage(self, *, server: str, account: str, used: Mapping[str, int]) -> None:
        """What the account uses from now on."""

    def add_record(self, *, name: str, address: str, ttl: int) -> None:
        """A name that the simulated name service answers for."""


_drivers: dict[str, Driver] = {}
_dns: dict[str, Dns] = {}
_web: dict[str, Web] = {}
_simulation: list[Simulation] = []


def bind(
    drivers: Mapping[str, Driver],
    *,
    dns: Mapping[str, Dns] | None = None,
    web: Mapping[str, Web] | None = None,
    simulation: Simulation | None = None,
) -> None:
    """Name the drivers of this installation (`project.wiring`), and who visits web sites on their servers. Binding
    again replaces all of them."""
    _web.clear()
    _web.update(web or {})
    _drivers.clear()
    _drivers.update(drivers)
    _dns.clear()
    _dns.update(dns or {})
    _simulation[:] = [simulation] if simulation is not None else []


def driver(code: str) -> Driver:
    """The driver named `code`. Permanent("unsupported") when this installation has none of that name."""
    try:
        return _drivers[code]
    except KeyError:
        raise Permanent("unsupported", driver=code) from None


def dns(code: str) -> Dns:
    """The name service named `code`. Permanent("unsupported") when this installation has none of that name."""
    try:
        return _dns[code]
    except KeyError:
        raise Permanent("unsupported", dns=code) from None


def web(driver: str) -> Web | None:
    """Who visits the sites on servers of this driver; None where nobody does (machines that serve something else)."""
    return _web.get(driver)


def simulation() -> Simulation | None:
    """The handles of the simulated driver, None where it is not bound."""
    return _simulation[0] if _simulation else None


def dns_codes() -> tuple[str, ...]:
    """The name services that a server may name."""
    return tuple(sorted(_dns))


def codes() -> tuple[str, ...]:
    """The drivers that a server may name."""
    return tuple(sorted(_drivers))
