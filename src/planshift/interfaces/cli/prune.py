"""planshift prune: delete the history of runs that ended long ago, with old keys of clients, as the daily sweep does.

usage: planshift prune [--days N] [--dry-run]

Never deleted: what is not over, the runs of changes (they are evidence), the audit, documents, ledger, mails.
"""

import argparse

from planshift.runtime import runs

AT_LEAST_DAYS = 30
BATCH = 200


def main(arguments: list[str]) -> int:
    """Delete in batches, each a short transaction beside which everybody works on. Prints how many."""
    parser = argparse.ArgumentParser(
        prog="planshift prune", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--days", type=_days, default=runs.KEEP_DAYS, help="keep what ended in the last N days (%(default)s)"
    )
    parser.add_argument("--dry-run", action="store_true", help="only count")
    given = parser.parse_args(arguments)
    if given.dry_run:
        print(f"{runs.prunable(keep_days=given.days)} runs ended more than {given.days} days ago.")
        return 0
    deleted = runs.prunable(keep_days=given.days)
    while runs.prune(keep_days=given.days, limit=BATCH) == BATCH:
        pass
    print(f"{deleted} runs that ended more than {given.days} days ago were deleted.")
    return 0


def _days(text: str) -> int:
    if int(text) < AT_LEAST_DAYS:
        raise argparse.ArgumentTypeError(f"at least {AT_LEAST_DAYS}")
    return int(text)
