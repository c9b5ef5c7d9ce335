"""What is done to the machines for which kind of change, in which order, and up to where can it be undone?

A recipe is data: steps in order. Each step names one verb of the driver port (or a wait), the environment it acts on,
what undoes it, when it applies at all, and whom it waits for until when. `provisioning.engine` carries recipes out;
it holds no order of its own. Environments: `present` is the one in use when the execution starts, `new` the one that
replaces it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from types import MappingProxyType
from typing import Any

PRESENT, NEW = "present", "new"

# what a step does beside the verbs of the driver port
PLACE = "place"  # choose a server with room
WAIT = "wait"  # for a person or a date
WORK = "work"  # set-up work by staff, reported as done
READ_BACK = "read_back"  # compare the machine with what was ordered, once more
VERIFY_GONE = "verify_gone"  # the account is no longer there
VISIT_NEW = "visit_new"  # does a visitor of the new environment get the site?
VISIT_OLD = "visit_old"  # does a visitor who still comes to the old address get it too?
REMOVE_ATTACHED = "remove_attached"  # environments of the attached services that end (H10)
RETURN_MAIL = "return_mail"  # an undoing: mail that came in at the new environment goes to the old one

GO_ON, TELL_STAFF = "go_on", "tell_staff"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `key` of its driver call: execution:name:generation.

    `only_if` names conditions that must all hold when the step is reached, else it is skipped and the journal says so.
    A step whose `capability` the server lacks is skipped too. `undo` is the verb that takes it back before the point of
    no return. A wait has an owner (`waits_for`), a date (`until`, a name that `provisioning.facts` computes from the
    parameters) and what happens on that date (`when_due`).
    """

    name: str
    does: str
    on: str = PRESENT
    undo: str = ""
    only_if: tuple[str, ...] = ()
    capability: str = ""
    waits_for: str = ""
    until: str = ""
    when_due: str = TELL_STAFF
    point_of_no_return: bool = False
    skippable: bool = True


@dataclass(frozen=True, slots=True)
class Recipe:
    """Steps in the order in which they happen. Executions under way keep the version they started with."""

    code: str
    version: int
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        if len(set(names)) != len(names):
            raise ValueError(f"recipe {self.code}: a step name is used twice")
        if sum(step.point_of_no_return for step in self.steps) != 1:
            raise ValueError(f"recipe {self.code}: exactly one point of no return")

    def place_of(self, name: str) -> int:
        """The index of the step `name`; KeyError when there is none."""
        for index, step in enumerate(self.steps):
            if step.name == name:
                return index
        raise KeyError(name)

    def after(self, name: str) -> Step | None:
        """The step that follows, None after the last."""
        index = self.place_of(name) + 1
        return self.steps[index] if index < len(self.steps) else None

    def between(self, step: Step, following: Step | None) -> tuple[Step, ...]:
        """The steps that stand between two; None: all that follow."""
        end = self.place_of(following.name) if following is not None else len(self.steps)
        return self.steps[self.place_of(step.name) + 1 : end]

    def undone_before(self, name: str) -> Step | None:
        """The next step to undo when those from `name` on are undone already: the nearest earlier one with an
        `undo`."""
        for step in reversed(self.steps[: self.place_of(name)]):
            if step.undo:
                return step
        return None


@dataclass(frozen=True, slots=True)
class Target:
    """What the service shall have: the plan's code, the whole amounts by resource code (-1: unlimited), and what the
    server must offer (`requires`: traits by name). `server` pins the place (staff); "" lets the engine choose."""

    plan: str
    limits: Mapping[str, int]
    requires: Mapping[str, str | int | bool] = field(default_factory=lambda: MappingProxyType({}))
    server: str = ""

    def as_json(self) -> dict[str, Any]:
        """As stored with the execution."""
        return {
            "plan": self.plan,
            "limits": dict(self.limits),
            "requires": dict(self.requires),
            "server": self.server,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Target":
        """The reverse of `as_json`."""
        return cls(kept["plan"], dict(kept["limits"]), dict(kept.get("requires", {})), kept.get("server", ""))


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the policy and the order say about one execution. Days are spans of 24 hours on the business clock.

    `content_transfer`: who moves the content of a hard change: "client" (his duty, H9), "provider", or "nobody".
    `pass_on`: does the old server pass visitors on to the new one while names change, where it can (H11)?
    `cutover_days`: after so many days from the hand-over the timer stands in for the client's confirmation.
    `hold_days`: the old environment is kept so long, from the later of hand-over and point of no return (H10).
    `notice_days`: between the removal notice and the end of the old environment. `ending`: numbers of the attached
    services that end with it. `promised_on`: the day promised to the client (H6), in the seller's zone.
    """

    content_transfer: str = "client"
    cutover_days: int = 14
    hold_days: int = 14
    notice_days: int = 0
    quarantine_days: int = 0
    backup: bool = False
    set_up_work: tuple[str, ...] = ()
    set_up_days: int = 5
    domains: tuple[str, ...] = ()
    pass_on: bool = True
    ending: tuple[str, ...] = ()
    promised_on: date | None = None

    def __post_init__(self) -> None:
        if self.content_transfer not in ("client", "provider", "nobody"):
            raise ValueError(f"content_transfer must be client, provider or nobody, not {self.content_transfer!r}")
        for name in ("cutover_days", "hold_days", "notice_days", "quarantine_days", "set_up_days"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} cannot be negative")

    def as_json(self) -> dict[str, Any]:
        """As stored with the execution."""
        kept = {each.name: getattr(self, each.name) for each in fields(self)}
        kept["promised_on"] = self.promised_on.isoformat() if self.promised_on else None
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Parameters":
        """The reverse of `as_json`."""
        fields = dict(kept)
        for name in ("set_up_work", "domains", "ending"):
            fields[name] = tuple(fields.get(name) or ())
        promised = fields.get("promised_on")
        fields["promised_on"] = date.fromisoformat(promised) if promised else None
        return cls(**fields)


EASY = Recipe(
    "EASY",
    1,
    (
        Step("check", "check"),
        Step("backup", "backup", only_if=("backup_wanted",)),
        Step("apply", "apply", undo="apply_former", point_of_no_return=True),
        Step("read_back", READ_BACK),
    ),
)

RESOURCES = Recipe(
    "RESOURCES",
    1,
    (
        Step("check", "check"),
        Step("apply", "apply", undo="apply_former", point_of_no_return=True),
        Step("read_back", READ_BACK),
    ),
)

# All versions of HARD begin and end with these. To change one of them, write a new tuple for a new version: executions
# under way keep what they started with.
_HARD_BEGIN = (
    Step("check", "check"),
    Step("place", PLACE, on=NEW, skippable=False),
    Step("backup", "backup", only_if=("backup_wanted",)),
    Step("create", "create", on=NEW, undo="remove_unused", skippable=False),
    Step("set_up", WORK, on=NEW, only_if=("set_up_work",), waits_for="staff", until="set_up_by"),
    Step("hand_over", "set_credentials", on=NEW, skippable=False),
    Step("copy", "push_content", on=NEW, only_if=("provider_transfers",), capability="content_push"),
    Step("lower_ttl", "lower_ttl", on=NEW, undo="restore_ttl", only_if=("dns_ours",)),
    Step(
        "content",
        WAIT,
        on=NEW,
        only_if=("client_transfers", "dns_ours"),
        waits_for="client",
        until="cutover_by",
        when_due=GO_ON,
    ),
)
_HARD_END = (
    Step(
        "cut_over",
        WAIT,
        on=NEW,
        waits_for="client",
        until="cutover_by",
        when_due=GO_ON,
        point_of_no_return=True,
    ),
    Step("restore_ttl", "restore_ttl", on=NEW, only_if=("dns_ours",)),
    Step("hold", WAIT, waits_for="system", until="hold_until", when_due=GO_ON),
    Step("notice", WAIT, waits_for="system", until="notice_by"),
    Step("notice_period", WAIT, waits_for="system", until="notice_until", when_due=GO_ON),
    Step("quarantine", "quarantine"),
    Step("quarantine_period", WAIT, waits_for="system", until="quarantine_until", when_due=GO_ON),
    Step("remove_attached", REMOVE_ATTACHED),
    Step("remove", "remove"),
    Step("verify_gone", VERIFY_GONE),
)

HARD_1 = Recipe(
    "HARD",
    1,
    (
        *_HARD_BEGIN,
        Step("final_copy", "push_final", on=NEW, only_if=("provider_transfers",), capability="content_push"),
        Step("proxy", "front_proxy", undo="unproxy", only_if=("content_moved", "dns_ours"), capability="front_proxy"),
        Step("swap_dns", "swap_dns", on=NEW, undo="swap_dns_back", only_if=("content_moved", "dns_ours")),
        *_HARD_END,
    ),
)

_HARD_BETWEEN = (
    Step(
        "old_ttl",
        WAIT,
        on=NEW,
        only_if=("content_moved", "dns_ours", "names_only"),
        waits_for="system",
        until="old_ttl_over",
        when_due=GO_ON,
    ),
    Step(
        "final_copy",
        "push_final",
        on=NEW,
        undo="write_again",
        only_if=("provider_transfers",),
        capability="content_push",
    ),
    Step("try_new", VISIT_NEW, on=NEW, only_if=("content_moved", "dns_ours")),
    Step(
        "proxy",
        "front_proxy",
        undo="unproxy",
        only_if=("content_moved", "dns_ours", "passing_on"),
        capability="front_proxy",
    ),
    Step("try_old", VISIT_OLD, only_if=("content_moved", "dns_ours", "passing_on"), capability="front_proxy"),
    Step("swap_dns", "swap_dns", on=NEW, undo="serve_again", only_if=("content_moved", "dns_ours")),
    Step("observe_dns", "observe_dns", on=NEW, only_if=("content_moved", "dns_ours")),
)

HARD_2 = Recipe("HARD", 2, (*_HARD_BEGIN, *_HARD_BETWEEN, *_HARD_END))

# Since version 3: who has the access data may have mail there, which is brought back when all is taken back.
HARD = Recipe(
    "HARD",
    3,
    (
        *(replace(step, undo=RETURN_MAIL) if step.name == "hand_over" else step for step in _HARD_BEGIN),
        *_HARD_BETWEEN,
        *_HARD_END,
    ),
)

ACTIVATE = Recipe(
    "ACTIVATE",
    1,
    (
        Step("place", PLACE, on=NEW, skippable=False),
        Step("create", "create", on=NEW, undo="remove_unused", skippable=False),
        Step("set_up", WORK, on=NEW, only_if=("set_up_work",), waits_for="staff", until="set_up_by"),
        Step("hand_over", "set_credentials", on=NEW, point_of_no_return=True, skippable=False),
    ),
)

SUSPEND = Recipe("SUSPEND", 1, (Step("suspend", "suspend", undo="unsuspend", point_of_no_return=True),))
UNSUSPEND = Recipe("UNSUSPEND", 1, (Step("unsuspend", "unsuspend", undo="suspend", point_of_no_return=True),))

_ALL = (EASY, RESOURCES, HARD_1, HARD_2, HARD, ACTIVATE, SUSPEND, UNSUSPEND)
# executions under way keep the version they started with: a version stays here until none of them is open
_BY_VERSION = {(recipe.code, recipe.version): recipe for recipe in _ALL}
NEWEST: Mapping[str, Recipe] = MappingProxyType({recipe.code: recipe for recipe in _ALL})


def find(code: str, version: int) -> Recipe:
    """The recipe of an execution under way; KeyError when this program does not know it."""
    return _BY_VERSION[code, version]
