"""planshift token: keys for the API. A token is shown once, when it is made."""

import argparse

from planshift.domain.errors import Refused
from planshift.procedures import access, queries
from planshift.runtime import clock


def main(arguments: list[str]) -> int:
    """0 when the token was made or ended; 1 when it could not be."""
    parser = argparse.ArgumentParser(prog="planshift token", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    create = commands.add_parser("create", help="make a token and print it")
    create.add_argument("--seller", required=True, help="code of the seller")
    create.add_argument("--client", default="", help="number of the only client it may see (default: all)")
    create.add_argument("--read-only", action="store_true", help="it may look, and change nothing")
    create.add_argument("--name", required=True, help="what it is for")
    revoke = commands.add_parser("revoke", help="end a token at once")
    revoke.add_argument("prefix", help="the part between ps_ and the next _")
    given = parser.parse_args(arguments)
    try:
        if given.what == "create":
            token = access.issue_token(
                seller=given.seller,
                client=given.client,
                name=given.name,
                read_only=given.read_only,
                at=clock.system(),
                actor="cli",
            )
            print(token)
        else:
            access.revoke_token(prefix=given.prefix, at=clock.system(), actor="cli")
            print("revoked")
    except Refused as refused:
        print(f"refused: {refused}")
        return 1
    except queries.NotFound:
        print("there is no such token")
        return 1
    return 0
