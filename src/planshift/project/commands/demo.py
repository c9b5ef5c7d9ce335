"""planshift demo load|links: people and services that show what the product does. Needs PLANSHIFT_DEMO=1."""

import argparse

from django.conf import settings

from planshift.interfaces import entrance
from planshift.procedures import queries
from planshift.procedures.demo import load
from planshift.runtime import clock


def main(arguments: list[str]) -> int:
    """0 when it was done, or was done before."""
    parser = argparse.ArgumentParser(prog="planshift demo", description=__doc__)
    parser.add_argument("what", choices=("load", "links"), help="load the demo data, or print the log-in links")
    given = parser.parse_args(arguments)
    if not settings.DEMO:
        print("This is no demo installation: set PLANSHIFT_DEMO=1 if it shall be one.")
        return 2
    if given.what == "load":
        fresh = load.load(folder=settings.DEMO_FILES, at=clock.business())
        print("demo data loaded" if fresh else "demo data is there already")
        return 0
    for person in queries.demo_people():
        story = person.story if isinstance(person.story, str) else person.story["en"]
        print(f"{person.name:<24} {story}")
        print(f"{'':<24} {settings.BASE_URL}{entrance.demo_path(user_id=person.user_id)}")
    return 0
