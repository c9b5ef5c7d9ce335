"""How fast do durable runs go, against a bare loop on the same tables' shape, settings and database?

The bare loop claims a row and commits, then writes a step record, updates the row and commits: the least that
anything durable does. Ours carries out empty steps with the workers' own code. Also: the poll of an idle worker beside
200,000 waiting runs.

usage: python benchmarks/bench_runs.py            both databases, each thrown away afterwards
       PLANSHIFT_DATABASE=postgresql://… python benchmarks/bench_runs.py --here     an empty database of yours
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import apart

STEPS_PER_RUN = 5
WAITING = 200_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--here", action="store_true", help="use PLANSHIFT_DATABASE, in this process")
    parser.add_argument("--steps", type=int, default=3000, help="steps per measurement (default %(default)s)")
    given = parser.parse_args()
    if given.here:
        return measure(given.steps)
    return apart.on_each("--steps", str(given.steps))


def measure(steps: int) -> int:
    """Print all figures of one database; 1 when one is below what is asked."""
    apart.prepared()
    from django.db import connection

    from planshift.runtime import runs

    postgresql = connection.vendor == "postgresql"
    names = [f"s{number}" for number in range(STEPS_PER_RUN)]

    def step(run: runs.Work) -> runs.Outcome:
        place = names.index(run.step) + 1
        return runs.Go(names[place]) if place < len(names) else runs.Done()

    runs.define("bench", steps=dict.fromkeys(names, step), first=names[0])
    bare_tables()
    wanted, ok = 0.4 if postgresql else 0.1, True
    for workers in (1, 2) if postgresql else (1,):
        bare, ours = best(steps, workers, bare=(bare_fill, bare_loop), ours=(our_fill, our_loop)).values()
        print(
            f"{workers} worker(s): bare {bare:7.0f} steps/s, runs {ours:7.0f} steps/s,"
            f" ratio {ours / bare:.2f} (≥ {wanted})"
        )
        ok &= ours / bare >= wanted
    fill_waiting()
    poll = empty_poll()
    print(f"empty poll beside {WAITING} waiting runs: {poll * 1000:.2f} ms (≤ 1)")
    explain()
    beside = rate(1, steps, our_fill, our_loop)
    remove_waiting()
    alone = rate(1, steps, our_fill, our_loop)
    fill_waiting()
    beside = max(beside, rate(1, steps, our_fill, our_loop))
    remove_waiting()
    alone = max(alone, rate(1, steps, our_fill, our_loop))
    print(f"beside them: {beside:7.0f} steps/s, alone {alone:7.0f} steps/s, ratio {beside / alone:.2f} (≥ 0.9)")
    ok &= beside / alone >= 0.9 and poll <= 0.001
    return 0 if ok else 1


def best(steps: int, workers: int, **ways: tuple[Callable[[int], None], Callable[[int], None]]) -> dict[str, float]:
    """The best of three turns of each way, taken in turn, so that a busy machine hits all of them."""
    found = dict.fromkeys(ways, 0.0)
    for _ in range(3):
        for name, (fill, loop) in ways.items():
            found[name] = max(found[name], rate(workers, steps, fill, loop))
    return found


def rate(workers: int, steps: int, fill: Callable[[int], None], loop: Callable[[int], None]) -> float:
    """Steps per second of `workers` processes that share the work; start-up is not counted."""
    from django.db import connection

    def child(_: int, begin: apart.Begin) -> None:
        connection.ensure_connection()
        begin()
        loop(steps)

    fill(steps)
    took, _ = apart.at_once(workers, child)
    return steps / took


def bare_tables() -> None:
    from django.db import connection

    key = "bigserial PRIMARY KEY" if connection.vendor == "postgresql" else "integer PRIMARY KEY"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE bare_run (id {key}, due integer NULL, step integer NOT NULL, owner text NOT NULL)"
        )
        cursor.execute("CREATE INDEX bare_due ON bare_run (due)")
        cursor.execute(f"CREATE TABLE bare_record (id {key}, run integer, step integer, who text)")


def bare_fill(steps: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bare_run")
        rows = ", ".join(["(1, 0, '')"] * (steps // STEPS_PER_RUN))
        cursor.execute(f"INSERT INTO bare_run (due, step, owner) VALUES {rows}")


def bare_loop(steps: int) -> None:
    """The driver alone: claim one row, commit; record, advance, commit."""
    from django.db import connection

    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    mark = "%s" if connection.vendor == "postgresql" else "?"
    claim = (
        f"UPDATE bare_run SET owner = {mark}, due = NULL WHERE id = "
        f"(SELECT id FROM bare_run WHERE due <= 1 ORDER BY due LIMIT 1 {lock}) RETURNING id, step"
    )
    raw: Any = connection.connection
    cursor = raw.cursor()
    me = str(os.getpid())
    while True:
        row = cursor.execute(claim, (me,)).fetchone()
        if row is None:
            return
        run, step = row
        cursor.execute("BEGIN" if connection.vendor == "postgresql" else "BEGIN IMMEDIATE")
        cursor.execute(f"INSERT INTO bare_record (run, step, who) VALUES ({mark}, {mark}, {mark})", (run, step, me))
        due = 1 if step + 1 < STEPS_PER_RUN else None
        cursor.execute(f"UPDATE bare_run SET step = {mark}, due = {mark} WHERE id = {mark}", (step + 1, due, run))
        cursor.execute("COMMIT")


def our_fill(steps: int) -> None:
    from planshift.runtime import runs
    from planshift.runtime.models import Run

    first = Run.objects.count()
    subjects = [(f"bench:{number}", "1") for number in range(first, first + steps // STEPS_PER_RUN)]
    runs.start_many(kind="bench", subjects=subjects)


def our_loop(steps: int) -> None:
    from planshift.runtime import runs

    runs.drain(limit=steps)


def fill_waiting() -> None:
    """200,000 runs that wait: half of them with a date, all for a signal."""
    from django.db import connection

    columns = (
        "key, kind, version, subject, state, step, entry, attempt, crashes, generation, due_at, awaiting, signals,"
        " seen, owner, woken_by, reason, started_at, since"
    )
    values = (
        "'wait:' || n, 'bench', 1, '1', 'WAITING', 's0', 0, 0, 0, 1,"
        " CASE WHEN n % 2 = 0 THEN {date} END, 'paid', '{{}}', 0, 'client', '', '', {now}, {now}"
    )
    if connection.vendor == "postgresql":
        source = f"SELECT * FROM generate_series(1, {WAITING}) AS n"
        made = values.format(date="now() + n * interval '1 minute' + interval '1 day'", now="now()")
        source = f"generate_series(1, {WAITING}) AS n"
    else:
        made = values.format(date="datetime('now', '+1 day', '+' || n || ' minutes')", now="datetime('now')")
        source = (
            f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {WAITING}) SELECT n FROM c)"
        )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO runtime_run ({columns}) SELECT {made} FROM {source}")
        cursor.execute("ANALYZE")


def empty_poll() -> float:
    """Seconds of one look by an idle worker, the business clock included (median)."""
    from planshift.runtime import clock
    from planshift.runtime.runs import claiming

    taken = []
    for _ in range(500):
        begun = time.perf_counter()
        found = claiming.look(at=clock.business())
        taken.append(time.perf_counter() - begun)
        assert not found.runs and not found.signals
    return sorted(taken)[len(taken) // 2]


def remove_waiting() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM runtime_run WHERE key LIKE 'wait:%'")
        cursor.execute("VACUUM ANALYZE runtime_run" if connection.vendor == "postgresql" else "ANALYZE")


def explain() -> None:
    """How the database finds what is due."""
    import datetime as dt

    from django.db import connection

    from planshift.runtime.runs import claiming

    now: Any = connection.ops.adapt_datetimefield_value(dt.datetime.now(dt.UTC))
    prefix = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix} {claiming.claim_statement()}", [now, 5, now, 5, 1])
        for row in cursor.fetchall():
            print("   ", row[-1])


if __name__ == "__main__":
    sys.exit(main())
