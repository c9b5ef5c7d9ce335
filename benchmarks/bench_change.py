"""How fast is an easy change paid from the deposit, from the order to DONE, against raw SQL that writes the same rows?

The product's own code with the simulated driver: `change.order` as the page calls it, then a worker. Every write that
it made is recorded with its commits; the baseline plays exactly these writes, without reading or computing anything,
with the bare driver, in the same number of commits, on a copy of the same database.

usage: python benchmarks/bench_change.py                     SQLite, then PostgreSQL, thrown away afterwards
       python benchmarks/bench_change.py --only sqlite --changes 12
"""

import argparse
import datetime as dt
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apart

NOW = dt.datetime(2026, 9, 1, 10, 0, tzinfo=dt.UTC)
CLIENTS = (1, 2, 4)
MOST_STATEMENTS = 60  # the NOTIFY of PostgreSQL among them
LEAST_RATIO = 0.25
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
_INSERTED = re.compile(r'\s*INSERT (?:OR IGNORE )?INTO "?(\w+)"? \((.*?)\) (SELECT|VALUES)', re.DOTALL)
_CHANGED = re.compile(r'(?:(?<!FOR )UPDATE|DELETE FROM) "?(\w+)')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), help="one of the two databases")
    parser.add_argument("--changes", type=int, default=16, help="changes per client and measurement")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        os.environ["PLANSHIFT_DEMO"] = "1"
        apart.prepared()
        return Bench(given.changes).measure()
    return apart.on_each("--changes", str(given.changes), only=given.only)


@dataclass
class Recorded:
    """What one change sent to the database: every statement's verb, and its writes commit by commit."""

    statements: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    commits: list[list[tuple[str, Any]]] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)


class Bench:
    """One database: prepared once, copied for every measurement."""

    def __init__(self, changes: int) -> None:
        import holidays.countries  # noqa: F401 - loaded on first use, which is not what is measured
        from django.db import connection

        from planshift.runtime.runs import working

        working.let_go()
        connection.settings_dict["OPTIONS"].pop("pool", None)  # a connection per client, as each process has
        self.each, self.connection = changes, connection
        self.name = str(connection.settings_dict["NAME"])
        self.postgresql = connection.vendor == "postgresql"

    def measure(self) -> int:
        """Print all figures; 1 when one is below what is asked."""
        self._prepare(count=1 + max(CLIENTS) * self.each)
        recorded = self._on_copy("recorded", self._record)
        one = recorded[-1]
        total = sum(one.statements.values())
        written = ", ".join(f"{name} {count}" for name, count in sorted(one.rows.items()))
        print(f"rows of one change: {written}")
        verbs = ", ".join(f"{verb} {count}" for verb, count in one.statements.most_common())
        print(f"{len(one.commits)} commits; {total} statements (≤ {MOST_STATEMENTS}): {verbs}")
        if os.environ.get("SHOW"):
            print("\n".join(one.said))
        low = []
        for clients in CLIENTS:
            ours = self._on_copy(f"ours{clients}", lambda clients=clients: self._product(clients))
            raw = self._on_copy(f"raw{clients}", lambda clients=clients: self._raw(clients, recorded))
            print(f"{clients} clients: {ours:6.1f} changes/s, raw SQL {raw:6.1f}/s, ratio {ours / raw:.2f} (≥ 0.25)")
            low.append(ours / raw)
        return 0 if min(low) >= LEAST_RATIO and total <= MOST_STATEMENTS else 1

    # ── prepared and copied ──
    def _prepare(self, *, count: int) -> None:
        from planshift.domain import facts
        from planshift.procedures import change, models
        from planshift.procedures.demo import cast, load
        from planshift.runtime import clock

        held = cast.Holding(label="x", family="vps", plan="standard", months=12, months_ago=4, auto_renew=True)
        person = next(each for each in cast.CAST if each.code == "deposit")
        people = []
        for number in range(count):
            label = f"vps{number}.bench.demo.example"
            people.append(replaced(person, code=f"bench{number}", services=(replaced(held, label=label),)))
        cast.CAST = tuple(people)
        load.ROOM.update(dict.fromkeys(load.ROOM, 1_000_000))
        with clock.stopped(at=NOW):
            load.load(folder=apart.ROOT, at=NOW)
            from planshift.services import models as services

            for row in services.Service.objects.select_related("client").order_by("pk"):
                wish = facts.ChangePlan(target="professional")
                change.offer(client=row.client.number, service=row.number, request=wish, at=NOW, actor="user:1")
        assert models.Quote.objects.count() == count
        if not self.postgresql:
            with self.connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()

    def _on_copy(self, name: str, measure: Callable[[], Any]) -> Any:
        """In a process of its own, on a copy of the prepared database."""
        if self.postgresql:
            import psycopg

            server, _, prepared = os.environ["PLANSHIFT_DATABASE"].rpartition("/")
            with psycopg.connect(f"{server}/template1", autocommit=True) as administration:
                administration.execute(f'CREATE DATABASE "{name}" TEMPLATE "{prepared}"'.encode())
                administration.execute("CHECKPOINT")
            target = name
        else:
            target = f"{self.name}.{name}"
            Path(target).write_bytes(Path(self.name).read_bytes())
            os.sync()
        return apart.alone(lambda: self._entered(target, measure))

    def _entered(self, target: str, measure: Callable[[], Any]) -> Any:
        self.connection.settings_dict["NAME"] = target
        if not self.postgresql:
            from planshift.runtime import database

            database.prepare()
        return measure()

    # ── recorded ──
    def _record(self) -> list[Recorded]:
        """Every change by itself, one after the other, with what it said to the database. The last one is warm."""
        from planshift.runtime import clock

        made, known = [], self._highest()
        with clock.stopped(at=NOW):
            life = registered()
            real = self.connection._commit
            for quote in quotes():
                now = Recorded(commits=[[]])

                def said(execute: Any, sql: str, params: Any, many: bool, context: Any, now: Recorded = now) -> Any:
                    verb = sql.split(None, 1)[0].upper()
                    now.statements[verb] += 1
                    now.said.append(sql)
                    if verb in WRITES:
                        now.commits[-1].append((sql, params))
                    found = execute(sql, params, many, context)
                    if verb in WRITES and not self.connection.in_atomic_block:
                        now.commits.append([])
                    return found

                def commit(now: Recorded = now) -> None:
                    real()
                    now.commits.append([])

                self.connection._commit = commit
                with self.connection.execute_wrapper(said):
                    carried_out(quote, life)
                self.connection._commit = real
                now.commits = [each for each in now.commits if each]
                for verb in ("BEGIN", "SAVEPOINT", "RELEASE"):
                    now.statements.pop(verb, None)
                self._with_ids(now, known)
                made.append(now)
        return made

    def _highest(self) -> dict[str, int]:
        with self.connection.cursor() as cursor:
            tables = [name for name in self.connection.introspection.table_names() if not name.startswith("sqlite")]
            found = {}
            for name in tables:
                columns = [each.name for each in self.connection.introspection.get_table_description(cursor, name)]
                if "id" in columns and name not in ("django_session", "django_migrations"):
                    cursor.execute(f'SELECT COALESCE(MAX(id), 0) FROM "{name}"')
                    found[name] = cursor.fetchone()[0]
        return found

    def _with_ids(self, one: Recorded, known: dict[str, int]) -> None:
        """Inserts get the ids that they were given, so that what refers to them can be played too."""
        for commit in one.commits:
            for number, (sql, params) in enumerate(commit):
                match = _INSERTED.match(sql)
                table = match.group(1) if match else ""
                if not match:
                    touched = _CHANGED.search(sql)
                    assert touched, sql
                    one.rows[f"update {touched.group(1)}"] += 1
                    continue
                if "ON CONFLICT" in sql:  # nothing refers to its id
                    one.rows[table] += 1
                    continue
                columns = match.group(2).count(",") + 1
                by_column = match.group(3) == "SELECT"  # how Django inserts several rows on PostgreSQL
                count = len(params[0]) if by_column else len(params) // columns
                one.rows[table] += count
                if '"id"' in match.group(2) or table not in known:
                    continue
                ids = range(known[table] + 1, known[table] + count + 1)
                known[table] += count
                if by_column:
                    wider = sql.replace("(", '("id", ', 1).replace("UNNEST(", "UNNEST((%s)::bigint[], ", 1)
                    commit[number] = (wider, (list(ids), *params))
                    continue
                names = f'"id", {match.group(2)}'
                row = f"({', '.join(['%s'] * (columns + 1))})"
                values: list[Any] = []
                for place_, id_ in enumerate(ids):
                    values += [id_, *params[place_ * columns : (place_ + 1) * columns]]
                commit[number] = (f'INSERT INTO "{table}" ({names}) VALUES {", ".join([row] * count)}', tuple(values))

    # ── measured ──
    def _product(self, clients: int) -> float:
        """Changes per second, ordered and carried out by `clients` processes at once."""

        from planshift.runtime import clock

        with clock.stopped(at=NOW):
            carried_out(quotes()[0], registered())  # what a process keeps for its life is loaded, series have begun

        def client(number: int, begin: apart.Begin) -> None:
            with clock.stopped(at=NOW):
                chosen, life = quotes()[1 + number * self.each : 1 + (number + 1) * self.each], registered()
                begin()
                for quote in chosen:
                    carried_out(quote, life)

        took, _ = apart.at_once(clients, client)
        from planshift.procedures import models

        done = models.Change.objects.filter(state="DONE").count()
        assert done == clients * self.each + 1, done
        return clients * self.each / took

    def _raw(self, clients: int, recorded: Sequence[Recorded]) -> float:
        """The same writes, with the bare driver."""

        def play(chosen: Sequence[Recorded], started: Callable[[], None] = lambda: None) -> None:
            self.connection.ensure_connection()
            cursor = self.connection.connection.cursor()
            made = [[[self._bare(*each) for each in commit] for commit in one.commits] for one in chosen]
            started()
            for one in made:
                for commit in one:
                    cursor.execute("BEGIN" if self.postgresql else "BEGIN IMMEDIATE")
                    for sql, params in commit:
                        cursor.execute(sql, params)
                    cursor.execute("COMMIT")

        def client(number: int, begin: apart.Begin) -> None:
            play(recorded[1 + number * self.each : 1 + (number + 1) * self.each], begin)

        play(recorded[:1])
        took, _ = apart.at_once(clients, client)
        return clients * self.each / took

    def _bare(self, sql: str, params: Any) -> tuple[str, Any]:
        if self.postgresql:
            return sql, params
        return sql.replace("%s", "?"), tuple(params or ())


def replaced(row: Any, **changed: Any) -> Any:
    import dataclasses

    return dataclasses.replace(row, **changed)


def quotes() -> list[tuple[str, str, tuple[str, ...]]]:
    """Client, number and notices of the prepared quotes."""
    from planshift.procedures import models, placing

    rows = models.Quote.objects.select_related("client").order_by("pk")
    return [(row.client.number, row.number, tuple(n.code for n in placing.offer_of(row).notices)) for row in rows]


def registered() -> Any:
    from planshift.runtime.runs import working

    return working.register(lease_seconds=600)


def carried_out(quote: tuple[str, str, tuple[str, ...]], life: Any) -> None:
    """Ordered, and everything that follows from it done."""
    from planshift.procedures import change, placing
    from planshift.runtime.runs import working

    client, number, notices = quote
    ticked = {code: placing.Acknowledged(language="en", text=code) for code in notices}
    change.order(client=client, quote=number, acknowledged=ticked, key=number, at=NOW, actor="user:1")
    working.work_off(life, limit=1000)  # until a look finds nothing


if __name__ == "__main__":
    sys.exit(main())
