"""planshift vat: how a client abroad is taxed.

usage: planshift vat check CLIENT
       planshift vat evidence CLIENT (ip | bank | sim | landline | other) COUNTRY [--note TEXT]

`check` asks VIES about the VAT number of the newest buyer data and keeps the answer with its identifier: it proves a
reverse charge for 90 days. `evidence` keeps one more piece of evidence of where a consumer lives, besides the address.
"""

import argparse
import sys

from planshift.domain import vat as rules
from planshift.domain.errors import Refused, Trouble
from planshift.interfaces.cli import acting
from planshift.interfaces.presenters import reasons
from planshift.procedures import vat
from planshift.runtime import clock
from planshift.services.queries import NotFound


def main(arguments: list[str]) -> int:
    """Ask or note, and print what is kept. 0, or 1 when it was refused or nobody answered."""
    given = _arguments(arguments)
    actor, at = acting.actor(), clock.business()
    try:
        if given.what == "evidence":
            vat.note_evidence(
                client=given.client, kind=given.kind, country=given.country.upper(), note=given.note, at=at, actor=actor
            )
            print(f"{given.client}: {given.kind} says {given.country.upper()}")
        else:
            kept = vat.check(client=given.client, at=at, actor=actor)
            said = "valid" if kept.valid else "not valid"
            print(" ".join(part for part in (kept.number, said, kept.request_identifier, kept.name) if part))
    except NotFound:
        print(f"no client {given.client}", file=sys.stderr)
        return 1
    except Refused as refused:
        print(" ".join(reasons.sentences(refused)), file=sys.stderr)
        return 1
    except Trouble as trouble:
        print(f"VIES did not answer ({trouble.what}): nothing is kept, try again later", file=sys.stderr)
        return 1
    return 0


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="planshift vat", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("check").add_argument("client")
    evidence = what.add_parser("evidence")
    evidence.add_argument("client")
    evidence.add_argument("kind", choices=rules.KINDS)
    evidence.add_argument("country", help="two letters, such as DE")
    evidence.add_argument("--note", default="")
    return parser.parse_args(arguments)
