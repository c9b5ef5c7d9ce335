"""planshift demo load|links|reset: people and services that show what the product does. Needs PLANSHIFT_DEMO=1.

planshift demo --lab: as root on plain Debian, an installation of its own beside real servers in namespaces of this
machine, to click through a hard upgrade. It needs nothing and leaves nothing.
"""

import argparse
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from planshift.interfaces import entrance
from planshift.procedures import queries
from planshift.procedures.demo import load
from planshift.project.lab import show
from planshift.runtime import clock, database
from planshift.runtime.runs import queries as runs

LAB_PORT = 8100


def main(arguments: list[str]) -> int:
    """0 when it was done, or was done before."""
    parser = argparse.ArgumentParser(
        prog="planshift demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--lab", action="store_true", help="beside real servers in namespaces of this machine (as root)"
    )
    parser.add_argument("--port", type=int, default=LAB_PORT, help="with --lab: of its pages (default: %(default)s)")
    what = parser.add_subparsers(dest="what")
    what.add_parser("load", help="load the demo data, if it is not there yet")
    what.add_parser("links", help="print the links that log in as its people")
    what.add_parser("reset", help="throw the whole database away and load the demo anew")
    given = parser.parse_args(arguments)
    if given.lab:
        return show.main(port=given.port)
    if given.what is None:
        parser.error("load, links, reset or --lab")
    if not settings.DEMO:
        print("This is no demo installation: set PLANSHIFT_DEMO=1 if it shall be one.")
        return 2
    return {"load": _load, "links": _links, "reset": _reset}[given.what]()


def _load() -> int:
    fresh = load.load(folder=settings.DEMO_FILES, at=clock.business())
    print("demo data loaded" if fresh else "demo data is there already")
    return 0


def _links() -> int:
    for person in queries.demo_people():
        story = person.story if isinstance(person.story, str) else person.story["en"]
        print(f"{person.name:<24} {story}")
        print(f"{'':<24} {settings.BASE_URL}{entrance.demo_path(user_id=person.user_id)}")
    return 0


def _reset() -> int:
    """Tables are dropped, not emptied: guards refuse to delete postings and documents, in a demo too."""
    if any(worker.alive for worker in runs.workers()):
        print("A worker is running on this database: stop it first (Ctrl-C in the window of make run).")
        return 1
    if connection.vendor == "sqlite":
        connection.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{connection.settings_dict['NAME']}{suffix}").unlink(missing_ok=True)
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    call_command("migrate", interactive=False, verbosity=0)
    database.prepare()
    clock.forget()
    return _load()
