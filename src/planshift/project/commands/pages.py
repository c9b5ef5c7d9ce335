"""What do the pages say that are made from the code? Lifecycles and the ledger; others bring their own makers."""

import importlib
import pkgutil
from itertools import groupby

from planshift.domain import lifecycles as package
from planshift.domain import postings
from planshift.domain.lifecycles import machine
from planshift.interfaces.presenters import policy_format

MADE = "Made from the code by `make docs`; do not edit."


def lifecycles() -> str:
    """docs/lifecycles.md: every table of states and events."""
    modules = (importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__))
    tables = {id(t): t for module in modules for t in vars(module).values() if isinstance(t, machine.Lifecycle)}
    return machine.render(tables.values())


def ledger() -> str:
    """docs/ledger.md: the accounts, and every movement with an example."""
    lines = ["# The ledger", "", MADE, "", "Every movement of money is a list of transfers, each from a debit account to"]
    lines += ["a credit account with an amount above zero: it is balanced by construction. The ledger is append-only;"]
    lines += ["a mistake gets a new movement that names the old one.", "", "## Accounts", ""]
    lines += ["| account | whose | grows on | lowest balance | what it is |", "|---|---|---|---|---|"]
    for name, kind in postings.KINDS.items():
        floor = "" if kind.floor is None else str(kind.floor)
        lines.append(f"| `{name}` | {kind.whose} | {kind.grows_on} | {floor} | {kind.meaning} |")
    lines += ["", "Balances are stored for clients' accounts only, and the database refuses to go below the lowest one."]
    lines += ["A seller's accounts are summed from the transfers.", "", "## Movements", ""]
    for name, examples in groupby(postings.examples(), key=lambda example: example[0].name):
        for posting, told in examples:
            lines += [f"### {name}", "", " ".join(told.split()), "", "| debit | credit | example |", "|---|---|---|"]
            lines += [f"| `{t.debit.kind}` | `{t.credit.kind}` | {t.amount} |" for t in posting.transfers]
            lines.append("")
    return "\n".join(lines)


PAGES = {
    "ledger.md": ledger,
    "lifecycles.md": lifecycles,
    "policy-format.md": policy_format.markdown,
}
