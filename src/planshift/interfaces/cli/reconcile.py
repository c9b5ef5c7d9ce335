"""planshift reconcile: compute every figure again from the rows, and name what does not agree.

Exit status: 0 everything agrees, 1 something does not, 2 the command could not be used.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict

from django.utils import translation

from planshift.interfaces.presenters import reconciling as words
from planshift.procedures import reconciling


def main(arguments: list[str]) -> int:
    """Print the differences as they are found; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift reconcile", description=__doc__.splitlines()[0])
    parser.add_argument("--seller", default="", metavar="CODE", help="of this seller only")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, then a summary")
    parser.add_argument("--lang", choices=("en", "pl", "it"), default="en", help="language of the text")
    given = parser.parse_args(arguments)
    if given.seller and not reconciling.is_seller(code=given.seller):
        print(f"There is no seller {given.seller}.")
        return 2
    with translation.override(given.lang):
        found = _printed(reconciling.differences(seller=given.seller), as_json=given.json)
        if given.json:
            print(json.dumps({"checks": list(reconciling.CODES), "differences": found}))
        else:
            print(words.summary(checks=len(reconciling.CODES), found=found))
    return 1 if found else 0


def _printed(differences: Iterator[reconciling.Difference], *, as_json: bool) -> int:
    count = 0
    for each in differences:
        count += 1
        if as_json:
            print(json.dumps({**asdict(each), "stored": each.stored_text, "computed": each.computed_text}))
        else:
            print(words.sentence(each))
    return count
