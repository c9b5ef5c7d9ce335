"""planshift drift: ask every machine whether it holds what we think it holds, and name each difference.

Exit status: 0 no open difference and no unknown account, 1 there are some, or a server did not tell, 2 the command
could not be used.
"""

import argparse
import json
from dataclasses import asdict, replace

from django.utils import translation

from planshift.interfaces.presenters import drifting
from planshift.procedures import drift as doing
from planshift.procedures.queries import drift
from planshift.procedures.views import drift as views
from planshift.runtime import clock


def main(arguments: list[str]) -> int:
    """Print the open differences; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift drift", description=__doc__.splitlines()[0])
    parser.add_argument("--seller", default="", metavar="CODE", help="servers of this seller only")
    parser.add_argument("--kept", action="store_true", help="ask no machine: what the last look found")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--lang", choices=("en", "pl", "it"), default="en", help="language of the text")
    given = parser.parse_args(arguments)
    known = drift.every_seller()
    if given.seller and given.seller not in known:
        print(f"There is no seller {given.seller}.")
        return 2
    sellers = (given.seller,) if given.seller else known
    if not given.kept:
        doing.look_now(sellers=sellers, at=clock.business())
    report = _whole(sellers)
    if given.json:
        print(json.dumps(_told(report), indent=2))
    else:
        with translation.override(given.lang):
            _print(report)
    return 1 if report.rows or report.unknown or any(each.silent for each in report.servers) else 0


def _whole(sellers: tuple[str, ...]) -> views.Report:
    """All pages as one."""
    pages = [drift.report(sellers=sellers)]
    while pages[-1].more:
        pages.append(drift.report(sellers=sellers, page=pages[-1].page + 1))
    rows = tuple(row for each in pages for row in each.rows)
    return replace(pages[-1], rows=rows, unknown=tuple(one for each in pages for one in each.unknown))


def _told(report: views.Report) -> dict[str, object]:
    rows = [{**asdict(each), "can": sorted(each.can)} for each in report.rows]
    servers = [asdict(each) for each in report.servers]
    told: dict[str, object] = {"differences": rows, "total": report.total, "servers": servers}
    told |= {"unknown_accounts": [asdict(each) for each in report.unknown], "unknown_total": report.unknown_total}
    plain: dict[str, object] = json.loads(json.dumps(told, default=str))
    return plain


def _print(report: views.Report) -> None:
    for each in report.rows:
        where = f"{each.seller} {each.server} {each.account} ({each.service_number} {each.service})"
        print(f"{each.id:>6}  {where}: {drifting.sentence(each)}")
    for one in report.unknown:
        print(f"        {one.seller} {one.server} {one.account}: {drifting.UNKNOWN}")
    print(drifting.summary(report))
