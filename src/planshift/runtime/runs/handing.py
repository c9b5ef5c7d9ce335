"""Which runs does a worker go on with right after a step's commit? The one that the step started, or the one that it
woke: it is claimed in the step's own transaction instead of being found by the next look.

Nobody is kept waiting: a run that another transaction holds just now is woken by a signal, as always.
"""

from dataclasses import dataclass, field

from django.db import connection

from planshift.runtime import bulk, clock, gathering, writing
from planshift.runtime.models import Run, Signal
from planshift.runtime.runs import claiming, definitions

_AWAITS = "{within}(',' || awaiting || ',', %s) > 0"  # not LIKE: SQLite would plan the statement anew every time
_WAKE = """
UPDATE runtime_run
   SET claimed_by = %s, generation = generation + 1, state = 'RUNNING', awaiting = '', reason = '', owner = '',
       woken_by = CASE {newest} END, not_before = NULL, due_at = NULL
 WHERE id = (SELECT id FROM runtime_run WHERE key = %s AND state = 'WAITING' AND ({awaits}) {lock})
RETURNING {columns}
"""


@dataclass(slots=True)
class Hand:
    """What the worker takes along from one step."""

    worker: int
    works: list[definitions.Work] = field(default_factory=list)

    def take_started(self) -> None:
        """The one run that the step started as new is claimed as it is written."""
        begun = gathering.take(Run, lambda row: True)
        if len(begun) != 1:
            gathering.later(Run, begun)
            return
        run = bulk.new(
            Run, **{**begun[0], "state": "RUNNING", "claimed_by": self.worker, "generation": 1, "not_before": None}
        )
        writing.add(run)
        self.works.append(claiming.work_of(run, clock.business()))

    def take_woken(self, signals: list[gathering.Row]) -> None:
        """The one run that these signals wake is claimed; else they travel as rows. The last lock of the transaction:
        nothing is waited for."""
        keys = {row["key"] for row in signals}
        if len(keys) == 1 and not self.works and (work := self._woken(keys.pop(), signals)):
            self.works.append(work)
        else:
            gathering.later(Signal, signals)

    def _woken(self, key: str, signals: list[gathering.Row]) -> definitions.Work | None:
        names = list(dict.fromkeys(row["name"] for row in reversed(signals)))  # the newest that is awaited woke it
        lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
        one = _AWAITS.format(within="strpos" if connection.vendor == "postgresql" else "instr")
        awaits, newest = " OR ".join([one] * len(names)), " ".join([f"WHEN {one} THEN %s"] * len(names))
        statement = _WAKE.format(awaits=awaits, newest=newest, lock=lock, columns=claiming.columns())
        named = [f",{name}," for name in names]
        chosen = [value for each in zip(named, names, strict=True) for value in each]
        with connection.cursor() as cursor:
            cursor.execute(statement, [self.worker, *chosen, key, *named])
            found = cursor.fetchone()
        return claiming.work_from(found, clock.business()) if found else None


def forget_own(key: str) -> None:
    """A run that goes on, or is over, needs no signal from its own step: what comes next reads the facts anew."""
    gathering.take(Signal, lambda row: row["key"] == key)
