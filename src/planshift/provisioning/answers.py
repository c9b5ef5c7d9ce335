"""What is said to a driver in one step, and what came of it?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from planshift.domain import recipes
from planshift.domain.errors import Permanent, Transient, Unknown
from planshift.provisioning import facts, models, ports

DID, PART, ABSENT, RUNS, AGAIN, NEVER = "did", "part", "absent", "runs", "again", "never"


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one step. `kind`: DID; PART (there is more of the same); ABSENT (this server lacks the capability);
    RUNS (a long task, to be polled); AGAIN (did not happen, may later); NEVER (will not as asked)."""

    kind: str
    fence: tuple[str, str, int]
    key: str = ""
    what: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    account: ports.Account | None = None
    environment: int | None = None  # pk, where it is not that of the step
    server: int | None = None  # pk, of the chosen one
    usage: ports.Usage | None = None
    capacities: Mapping[int, ports.Capacity] = field(default_factory=dict)
    task: str = ""
    after_seconds: float | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One step about to be carried out."""

    execution: models.Execution
    step: recipes.Step
    op: ports.Op
    environment: models.Environment | None
    just_read: ports.Account | None = None  # what was read back of the step before, in the same moment

    @property
    def here(self) -> models.Environment:
        """The environment of the step."""
        if self.environment is None:
            raise Permanent("not_found", environment=self.step.on)
        return self.environment

    @property
    def driver(self) -> ports.Driver:
        """The driver of the step's environment."""
        return ports.driver(self.here.server.driver)

    @property
    def ref(self) -> ports.Ref:
        """The account of the step's environment."""
        return facts.ref_of(self.here)

    @property
    def limits(self) -> dict[str, int]:
        """The ordered limits."""
        return dict(facts.target_of(self.execution).limits)


def fence_of(execution: models.Execution) -> tuple[str, str, int]:
    """What must be unchanged for an answer to count."""
    return execution.state, execution.step, execution.generation


def mutate(
    call: Call,
    do: Callable[[], ports.Result],
    reached: Callable[[ports.Account | None, ports.Result], bool],
) -> dict[str, Any]:
    """Do it, then look. Silence or doubt: look first, and only then say that it did not happen."""
    answer_lost = False
    result = ports.Result(changed=True)
    try:
        result = do()
    except Unknown:
        answer_lost = True
    if result.task:
        return {"kind": RUNS, "task": result.task}
    account = call.driver.get(ref=call.ref)
    if not reached(account, result):
        raise Transient("no_answer" if answer_lost else "read_back_differs")
    told = {"changed": result.changed, "replayed": result.replayed, "answer_lost": answer_lost}
    noted: dict[str, Any] = {name: True for name, value in told.items() if value}
    if result.warnings:
        noted["warnings"] = list(result.warnings)
    if result.snapshot:
        noted["snapshot"] = result.snapshot
    return {"account": account, "facts": noted, "secrets": result.secrets}
