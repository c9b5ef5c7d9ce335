"""`planshift policy check FILE [--json]`: is this policy file sound? `planshift policy format`: how is one written?

Exit status: 0 sound, 1 something is wrong with it, 2 the command or the file could not be read.
"""

import argparse
import json
import sys
from pathlib import Path

from planshift.domain.policy import checker
from planshift.interfaces.presenters import policy_format


def main(arguments: list[str]) -> int:
    """Run one of the policy commands; returns the exit status."""
    parser = argparse.ArgumentParser(prog="planshift policy", description="Check and explain policy files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="name everything that is wrong with a policy file")
    check.add_argument("file", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="print the findings as JSON")
    check.set_defaults(run=_check)
    manual = commands.add_parser("format", help="print the manual of policy files (docs/policy-format.md)")
    manual.set_defaults(run=_format)
    try:
        given = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    return int(given.run(given))


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
