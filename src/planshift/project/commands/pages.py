"""What do the pages say that are made from the code? Lifecycles and the ledger; others bring their own makers."""

import importlib
import pkgutil
from collections.abc import Callable

from planshift.domain import lifecycles as package
from planshift.domain import posting_examples, postings
from planshift.domain.lifecycles import machine
from planshift.interfaces.presenters import import_format, policy_format
from planshift.project.commands import regulations


def lifecycles() -> str:
    """docs/lifecycles.md: every table of states and events."""
    names = (f"{package.__name__}.{found.name}" for found in pkgutil.iter_modules(package.__path__))
    modules = map(importlib.import_module, names)
    tables = {id(t): t for module in modules for t in vars(module).values() if isinstance(t, machine.Lifecycle)}
    return machine.render(tables.values())


LEDGER = """# The ledger

Made from the code by `make docs`; do not edit.

Every movement of money is a list of transfers, each from a debit account to a credit account with an amount above zero:
it is balanced by construction. The ledger is append-only; a mistake gets a new movement that names the old one.

## Accounts

Balances are stored for clients' accounts only, and the database refuses to go below the lowest one. A seller's accounts
are summed from the transfers.

| account | whose | grows on | lowest balance | what it is |
|---|---|---|---|---|
{accounts}

## Movements

{movements}"""


def ledger() -> str:
    """docs/ledger.md: the accounts, and every movement with an example."""
    accounts, movements = [], []
    for name, kind in postings.KINDS.items():
        floor = "" if kind.floor is None else str(kind.floor)
        accounts.append(f"| `{name}` | {kind.whose} | {kind.grows_on} | {floor} | {kind.meaning} |")
    for posting, told in posting_examples.examples():
        movements += [f"### {posting.name}", "", " ".join(told.split()), ""]
        movements += ["| debit | credit | example |", "|---|---|---|"]
        movements += [f"| `{t.debit.kind}` | `{t.credit.kind}` | {t.amount} |" for t in posting.transfers]
        movements.append("")
    return LEDGER.format(accounts="\n".join(accounts), movements="\n".join(movements))


PAGES: dict[str, Callable[[], str]] = {
    "import-format.md": import_format.markdown,
    "schemas/import.json": import_format.schema_file,
    "ledger.md": ledger,
    "lifecycles.md": lifecycles,
    "policy-format.md": policy_format.markdown,
    **regulations.PAGES,
}
