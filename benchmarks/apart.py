"""Where does a measurement run, apart from all else? A throwaway database, a fresh interpreter, processes that begin at
once.

Nothing of the product is loaded before `prepared`: the settings read the environment once.
"""

import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

ROOT = Path(__file__).resolve().parent.parent
STARTED_WITHIN = 300  # seconds
Begin = Callable[[], None]
T = TypeVar("T")


def on_each(*arguments: str, only: str | None = None) -> int:
    """This program once more with `--here` and these arguments on a throwaway SQLite file, then on a throwaway
    PostgreSQL (or on `only` one of them), which is left out aloud where there is none; 1 when it failed on any."""
    status = 0
    for name, database in (("sqlite", sqlite), ("postgresql", postgresql)):
        if only in (None, name):
            with database() as url:
                status |= 0 if url is None else _again(url, arguments)
    return status


def _again(url: str, arguments: tuple[str, ...]) -> int:
    with tempfile.TemporaryDirectory(prefix="planshift-bench-") as var:
        environment = os.environ | {"PLANSHIFT_DATABASE": url, "PLANSHIFT_VAR": var}
        return subprocess.run(
            [sys.executable, sys.argv[0], "--here", *arguments], env=environment, check=False
        ).returncode


@contextmanager
def sqlite() -> Iterator[str]:
    """The path of a file that does not exist yet."""
    with tempfile.TemporaryDirectory(prefix="planshift-bench-") as folder:
        yield str(Path(folder) / "bench.sqlite3")


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The address of a new cluster; None where no PostgreSQL is installed."""
    sys.path.insert(0, str(ROOT))
    from tests.harness import postgres

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the cluster would outlive us
    try:
        cluster = postgres.start()
    except postgres.NoPostgreSQL as problem:
        print(f"PostgreSQL left out: {problem}")
        yield None
        return
    try:
        yield cluster.url
    finally:
        cluster.stop()


def prepared() -> None:
    """The product on the database of the environment, migrated, told on the first line, without its daily work."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planshift.project.settings")
    import django

    django.setup()
    import structlog
    from django.core.management import call_command

    from planshift.runtime import database
    from planshift.runtime.runs import schedules

    schedules._schedules.clear()  # it would be measured too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    call_command("migrate", verbosity=0)
    database.prepare()
    print(f"\n{database.describe()}, {os.cpu_count()} cores")


def at_once(processes: int, work: Callable[[int, Begin], T]) -> tuple[float, list[T]]:
    """Forks: `work(index, begin)` in each. Seconds from the moment that all have called `begin` (start-up is not
    counted) until the last one has ended, and their answers."""
    from planshift.runtime.runs import working

    working.let_go()  # a child must not share its parent's sockets
    fork = multiprocessing.get_context("fork")
    gate = fork.Barrier(processes + 1)

    def begin() -> None:
        gate.wait(STARTED_WITHIN)

    with tempfile.TemporaryDirectory(prefix="planshift-bench-") as folder:

        def child(index: int) -> None:
            (Path(folder) / str(index)).write_bytes(pickle.dumps(work(index, begin)))

        children = [fork.Process(target=child, args=(index,)) for index in range(processes)]
        for each in children:
            each.start()
        begin()
        begun = time.perf_counter()
        for each in children:
            each.join()
        took = time.perf_counter() - begun
        if any(each.exitcode for each in children):
            raise SystemExit("a measurement failed")
        return took, [pickle.loads((Path(folder) / str(index)).read_bytes()) for index in range(processes)]


def alone(work: Callable[[], T]) -> T:
    """What `work` gives back, in a process of its own."""

    def begun(_: int, begin: Begin) -> T:
        begin()
        return work()

    return at_once(1, begun)[1][0]


class Used(NamedTuple):
    """What a process took: the most memory (MiB), and the seconds that its processor was busy."""

    memory: float
    busy: float


def drained(_: int, begin: Begin) -> Used:
    """A worker's life: carries out runs until no worker has one left; a long one may still give work to all."""
    from django.db import connection

    from planshift.runtime import models, runs

    left = models.Run.objects.filter(state__in=("READY", "RUNNING"))
    connection.ensure_connection()
    begin()
    before = time.process_time()
    while runs.drain() or left.exists():
        time.sleep(0.005)
    return Used(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time() - before)


def seller(*, at: datetime) -> Any:
    """The demo seller of the deposit regulation, without clients."""
    from planshift.catalog import load, models

    sold, policy = ROOT / "catalogs" / "deposit.toml", ROOT / "policies" / "deposit.toml"
    load.load_catalog(text=sold.read_text(encoding="utf-8"), name=sold.name, at=at, actor="bench")
    found = models.Seller.objects.get()
    load.load_policy(seller=found.code, text=policy.read_text(encoding="utf-8"), at=at, actor="bench")
    return found
