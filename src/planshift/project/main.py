"""The `planshift` command: `planshift COMMAND …`; `planshift manage …` is Django's own."""

import importlib
import os
import sys
from collections.abc import Callable

from planshift.project import env

# command → (module with `main(arguments) -> exit status`, needs the database, one line of help)
COMMANDS: dict[str, tuple[str, bool, str]] = {
    "backup": ("planshift.project.commands.backup", True, "copy the running SQLite database into a file"),
    "catalog": ("planshift.interfaces.cli.catalog", False, "check and load catalog files"),
    "demo": ("planshift.project.commands.demo", True, "load the demo, print the links that log in as its people"),
    "corpus": ("planshift.interfaces.cli.corpus", False, "price the published worked cases of a directory"),
    "docs": ("planshift.project.commands.docs", True, "write the pages of docs/ that are made from the code"),
    "drift": ("planshift.interfaces.cli.drift", True, "ask every machine, name what differs from what we think"),
    "evidence": ("planshift.interfaces.cli.evidence", True, "pack what a change left behind into one ZIP"),
    "import": ("planshift.interfaces.cli.importing", True, "take over clients, services, invoices issued elsewhere"),
    "run": ("planshift.project.commands.run", False, "set up, then run web server and worker together"),
    "setup": ("planshift.project.commands.setup", True, "bring database and static files up to this version"),
    "mailbox": ("planshift.interfaces.cli.mailbox", True, "take in the answers of clients, until told to stop"),
    "policy": ("planshift.interfaces.cli.policy", False, "check, load and explain policy files"),
    "quote": ("planshift.interfaces.cli.quote", False, "price one change of a service, with its working"),
    "renew": ("planshift.interfaces.cli.renew", True, "show what the renewals of a day would be, or begin today's"),
    "servers": ("planshift.interfaces.cli.servers", True, "hosting servers: describe, make ready, try out"),
    "statements": ("planshift.interfaces.cli.statements", True, "import bank statements, or watch a folder for them"),
    "prune": ("planshift.interfaces.cli.prune", True, "delete the history of runs that ended long ago"),
    "reconcile": ("planshift.interfaces.cli.reconcile", True, "compute all figures again, name every difference"),
    "tick": ("planshift.interfaces.cli.tick", True, "push the business clock ahead and show what becomes due"),
    "token": ("planshift.interfaces.cli.token", True, "make or revoke a key for the API"),
    "vat": ("planshift.interfaces.cli.vat", True, "ask VIES about a client's VAT number, note where a consumer lives"),
    "worker": ("planshift.interfaces.cli.worker", True, "carry out what is due, until told to stop"),
}


def main() -> None:
    """Run one command and exit with its status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planshift.project.settings")
    name, arguments = (sys.argv[1] if len(sys.argv) > 1 else "help"), sys.argv[2:]
    if name == "manage":
        from django.core.management import execute_from_command_line

        execute_from_command_line(["planshift manage", *arguments])
        return
    if name not in COMMANDS:
        print(__doc__)
        for command, (_, _, line) in sorted(COMMANDS.items()):
            print(f"  {command:<12} {line}")
        sys.exit(0 if name in ("help", "-h", "--help") else 2)
    module, needs_database, _ = COMMANDS[name]
    try:
        if needs_database:
            import django

            django.setup()
        run: Callable[[list[str]], int] = importlib.import_module(module).main
        status = run(arguments)
        sys.stdout.flush()  # here, so that a reader who has gone away is noticed here
        sys.exit(status)
    except BrokenPipeError:  # `planshift … | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except env.EnvironmentProblem as problem:
        print(f"planshift: {problem}", file=sys.stderr)
        sys.exit(2)
