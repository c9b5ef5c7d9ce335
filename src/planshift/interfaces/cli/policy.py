"""Policy files: `check` names what is wrong with one, `load` puts it in force, `explain` writes its page, `format`
prints the manual.

Exit status: 0 sound, 1 something is wrong with it, 2 the command or the file could not be read.
"""

import argparse
import json
import sys
from datetime import date, tzinfo
from pathlib import Path

from planshift.domain.errors import Refused
from planshift.domain.policy import checker, loader
from planshift.interfaces.cli import acting, catalog, findings
from planshift.interfaces.presenters import policy_format, regulation


def main(arguments: list[str]) -> int:
    """Run one of the policy commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift policy", description="Check, load and explain policy files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="name everything that is wrong with a policy file")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--catalog", type=Path, metavar="FILE", help="the catalog that it has to fit")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.set_defaults(run=_check)
    load = commands.add_parser("load", help="put a policy in force for a seller that has a catalog")
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--seller", required=True, metavar="CODE", help="the seller, as its catalog calls it")
    load.set_defaults(run=_load)
    explain = commands.add_parser("explain", help="write the regulation that a policy makes, as a page for clients")
    explain.add_argument("file", type=Path, metavar="FILE")
    explain.add_argument("--catalog", type=Path, required=True, metavar="FILE", help="plans, resources and prices")
    explain.add_argument("--lang", choices=regulation.LANGUAGES, default="en", help="language of the page")
    explain.add_argument("--format", choices=("md", "html"), default="md", help="Markdown, or a page to read and print")
    explain.add_argument("--on", type=_day, default=None, metavar="DATE", help="prices of which day")
    explain.set_defaults(run=_explain)
    manual = commands.add_parser("format", help="print the manual of policy files (docs/policy-format.md)")
    manual.set_defaults(run=_format)
    try:
        given = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return int(given.run(given))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-12-31") from None


def _check(given: argparse.Namespace) -> int:
    data = findings.read(given.file)
    if data is None:
        return 2
    sold = None
    if given.catalog is not None:
        found = catalog.read(given.catalog)
        if isinstance(found, int):
            return found
        _, sold = found
    checked = checker.check(data, catalog=sold)
    if given.json:
        print(json.dumps(_report(str(given.file), checked), ensure_ascii=False, indent=2))
    elif checked.policy is not None:
        print(f"{given.file}: sound ({checked.policy.code}, {checked.policy.digest[:12]})")
    else:
        print(findings.text(given.file, checked.findings))
    return 0 if checked.policy is not None else 1


def _load(given: argparse.Namespace) -> int:
    data = findings.read(given.file)
    if data is None:
        return 2
    checked = checker.check(data)  # first what needs no database
    if checked.policy is None:
        print(findings.text(given.file, checked.findings), file=sys.stderr)
        return 1
    findings.set_up()
    from planshift.procedures import selling
    from planshift.runtime import clock

    try:
        made = selling.load_policy(
            seller=given.seller, text=data.decode("utf-8-sig"), at=clock.business(), actor=acting.actor()
        )
    except loader.BadPolicy as bad:
        print(findings.text(given.file, bad.findings), file=sys.stderr)
        return 1
    except Refused as refused:
        return findings.refused(refused)
    print(f"{given.file}: in force for {made.seller} as revision {made.revision} ({made.digest[:12]})")
    return 0


def _explain(given: argparse.Namespace) -> int:
    data = findings.read(given.file)
    found = catalog.read(given.catalog)
    if isinstance(found, int):
        return found
    if data is None:
        return 2
    _, sold = found
    try:
        policy = loader.load(data, catalog=sold)
    except loader.BadPolicy as bad:
        print(findings.text(given.file, bad.findings), file=sys.stderr)
        return 1
    on = given.on or _today(sold.seller.zone)
    page = regulation.page(policy=policy, catalog=sold, language=given.lang, on=on)
    sys.stdout.write(page.document() if given.format == "html" else page.markdown())
    return 0


def _today(zone: tzinfo) -> date:
    """Today in the seller's zone. The clock lives beside tables, so Django is loaded, though no database is opened."""
    findings.set_up()
    from planshift.runtime import clock

    return clock.system().astimezone(zone).date()


def _format(_given: argparse.Namespace) -> int:
    sys.stdout.write(policy_format.markdown())
    return 0


def _report(file: str, checked: checker.Checked) -> dict[str, object]:
    return {
        "file": file,
        "sound": checked.policy is not None,
        "findings": [
            {
                "line": finding.line,
                "key": finding.key,
                "message": finding.message,
                "allowed": list(finding.allowed),
                "nearest": finding.nearest,
            }
            for finding in checked.findings
        ],
    }
