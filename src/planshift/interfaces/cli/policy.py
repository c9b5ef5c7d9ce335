"""Policy files: `check` names what is wrong with one, `explain` writes its page, `format` prints the manual.

Exit status: 0 sound, 1 something is wrong with it, 2 the command or the file could not be read.
"""

import argparse
import json
import sys
from datetime import date, tzinfo
from pathlib import Path

from planshift.domain import catalog_document, toml_reading
from planshift.domain.policy import checker, loader
from planshift.interfaces.presenters import policy_format, regulation


def main(arguments: list[str]) -> int:
    """Run one of the policy commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift policy", description="Check and explain policy files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="name everything that is wrong with a policy file")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.set_defaults(run=_check)
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
    data = _read(given.file)
    if data is None:
        return 2
    checked = checker.check(data)
    if given.json:
        print(json.dumps(_report(str(given.file), checked), ensure_ascii=False, indent=2))
    elif checked.policy is not None:
        print(f"{given.file}: sound ({checked.policy.code}, {checked.policy.digest[:12]})")
    else:
        print("\n".join(_sentence(str(given.file), finding) for finding in checked.findings))
    return 0 if checked.policy is not None else 1


def _explain(given: argparse.Namespace) -> int:
    data, text = _read(given.file), _read(given.catalog)
    if data is None or text is None:
        return 2
    try:
        catalog = catalog_document.parse(text.decode("utf-8-sig"), name=str(given.catalog))
        policy = loader.load(data, currency=catalog.seller.currency)
    except loader.BadPolicy as bad:
        print("\n".join(_sentence(str(given.file), finding) for finding in bad.findings), file=sys.stderr)
        return 1
    except (toml_reading.BadDocument, UnicodeDecodeError) as bad_catalog:
        print(f"{given.catalog}: {bad_catalog}", file=sys.stderr)
        return 1
    on = given.on or _today(catalog.seller.zone)
    page = regulation.page(policy=policy, catalog=catalog, language=given.lang, on=on)
    sys.stdout.write(page.document() if given.format == "html" else page.markdown())
    return 0


def _today(zone: tzinfo) -> date:
    """Today in the seller's zone. The clock lives beside tables, so Django is loaded, though no database is opened."""
    import django

    django.setup()
    from planshift.runtime import clock

    return clock.system().astimezone(zone).date()


def _format(_given: argparse.Namespace) -> int:
    sys.stdout.write(policy_format.markdown())
    return 0


def _read(path: Path) -> bytes | None:
    """The bytes of a file, no more of them than a policy may have (and one, so that the checker sees the excess)."""
    try:
        with path.open("rb") as file:
            return file.read(checker.SIZE_LIMIT + 1)
    except OSError as error:
        print(f"{path}: {error.strerror or error}", file=sys.stderr)
        return None


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


def _sentence(file: str, finding: checker.Finding) -> str:
    key = f" {finding.key}:" if finding.key else ""
    lines = [f"{file}:{finding.line}:{key} {finding.message}"]
    if finding.nearest is not None:
        lines.append(f"    did you mean “{finding.nearest}”?")
    if finding.allowed:
        lines.append(f"    allowed: {', '.join(finding.allowed)}")
    return "\n".join(lines)
