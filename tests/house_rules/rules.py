"""The rules that imports alone cannot hold. Each teaches: what is wrong, why, and what to write instead."""

import ast
from collections.abc import Iterator

from tests.house_rules.source import ROOT, Module, Rule, dotted

LAYERS = ("domain", "runtime", "catalog", "services", "ledger", "billing", "provisioning", "procedures", "interfaces")
CLOCK_CALLS = (
    *("datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow"),
    *("date.today", "datetime.date.today", "timezone.now"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "functions.Now", "Now"),
)
CLOCK_CALLS_WITHOUT_ARGUMENT = ("timezone.localdate", "timezone.localtime")
MONEY_LAYERS = ("domain", "catalog", "services", "ledger", "billing", "procedures")
# runs on hosting servers, not here: no business clock, journal entries in that machine's time
AGENT = "adapters/drivers/linux_ssh/agent"
WORKER_LOOP = ("runtime/runs", "runtime/worker.py", "runtime/worker")
STATE_WRITERS = ("runtime/moves.py", "runtime/runs", "adapters/drivers/simulated", "adapters/gateways/simulated")
RELATIONS = ("ForeignKey", "OneToOneField", "ManyToManyField")


def clock(module: Module) -> Iterator[int]:
    """Calls that read the time."""
    if not module.inside or module.under("runtime/clock.py", AGENT):
        return
    for node in module.nodes:
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in CLOCK_CALLS or (called in CLOCK_CALLS_WITHOUT_ARGUMENT and not node.args):
                yield node.lineno
        if isinstance(node, ast.keyword) and (
            node.arg in ("auto_now", "auto_now_add") or (node.arg == "default" and dotted(node.value) in CLOCK_CALLS)
        ):
            yield node.value.lineno


def floats(module: Module) -> Iterator[int]:
    """Float literals, float() and FloatField where money is near."""
    if not module.under(*MONEY_LAYERS):
        return
    calls = (node for node in module.nodes if isinstance(node, ast.Call))
    similarity = [k.value for node in calls for k in node.keywords if k.arg == "cutoff"]  # difflib's, no amount
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node not in similarity:
            yield node.lineno
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in ("float", "FloatField"):
            yield node.lineno


def fractions(module: Module) -> Iterator[int]:
    """Imports of a `Fraction` past `domain.exact`."""
    if not module.inside or module.under("domain/exact.py"):
        return
    for node in module.nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if {"fractions", "quicktions"} & set(names):
            yield node.lineno


def state(module: Module) -> Iterator[int]:
    """Writes of a `state` column."""
    if not module.inside or module.under(*STATE_WRITERS):
        return
    for node in module.nodes:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "state":
                    yield node.lineno
        if isinstance(node, ast.Call) and dotted(node.func).endswith(".update"):
            yield from (node.lineno for keyword in node.keywords if keyword.arg == "state")


def broad_except(module: Module) -> Iterator[int]:
    """Handlers that catch everything."""
    if not module.inside or module.under(*WORKER_LOOP):
        return
    for node in module.nodes:
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or dotted(kind) in ("Exception", "BaseException") for kind in caught):
                yield node.lineno


def chance(module: Module) -> Iterator[int]:
    """Imports of `random`."""
    if not module.inside or module.under("runtime/runs"):
        return
    for node in module.nodes:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if "random" in names or (isinstance(node, ast.ImportFrom) and node.module == "random"):
            yield node.lineno


def hidden_writes(module: Module) -> Iterator[int]:
    """`save`/`delete` overrides and signals."""
    if not module.inside:
        return
    for node in module.nodes:
        if isinstance(node, ast.ClassDef) and any("Model" in dotted(base) for base in node.bases):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name in ("save", "delete"):
                    yield inner.lineno
        if isinstance(node, ast.ImportFrom) and node.module in ("django.dispatch", "django.db.models.signals"):
            yield node.lineno
        if isinstance(node, ast.Import) and any(a.name.startswith("django.dispatch") for a in node.names):
            yield node.lineno


def names(module: Module) -> Iterator[int]:
    """Functions and constants of another package of ours that are imported by name. Types (CapWords) may be."""
    if not module.inside:
        return
    own = module.path.removeprefix("src/").rsplit("/", 1)[0].replace("/", ".")
    for node in module.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "planshift":
            if f"{node.module}.".startswith(f"{own}."):
                continue
            place = (node.module or "").replace(".", "/")
            for alias in node.names:
                known = ROOT / "src" / place / alias.name
                is_module = known.is_dir() or known.with_suffix(".py").is_file()
                is_type = alias.name[0].isupper() and not alias.name.isupper()
                if not is_module and not is_type:
                    yield node.lineno


def far_strings(module: Module) -> Iterator[int]:
    """Strings that reach another package behind the import contracts' back."""
    if not module.inside or module.layer == "project" or module.inside.endswith("apps.py"):
        return
    below = LAYERS[: LAYERS.index(module.layer) + 1] if module.layer in LAYERS else ()
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func).split(".")[-1]
        if called in ("get_model", "import_module", "import_string", "__import__"):
            yield node.lineno
        if called in RELATIONS:
            aimed = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "to")]
            for target in aimed:
                if isinstance(target, ast.Constant) and isinstance(target.value, str) and "." in target.value:
                    package = target.value.split(".")[0]
                    if package not in below or (package == "ledger" and module.layer != "ledger"):
                        yield node.lineno


def reverse_accessors(module: Module) -> Iterator[int]:
    """`client.order_set`: a lower package that reads a higher one through the back of a relation."""
    if not module.inside:
        return
    for node in module.nodes:
        if isinstance(node, ast.Attribute) and node.attr.endswith("_set") and node.attr != "is_set":
            yield node.lineno


def dotted_paths(module: Module) -> Iterator[int]:
    """String literals that name one of our modules."""
    if not module.inside or module.layer == "project" or module.inside.endswith("apps.py"):
        return
    for node in module.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("planshift."):
            parts = node.value.split(".")
            if len(parts) > 2 and all(part.isidentifier() for part in parts):
                yield node.lineno


def default_time(module: Module) -> Iterator[int]:
    """Parameters `at` and `on` that may be left out below the doors."""
    if not module.inside or module.under("interfaces", "project", "runtime/clock.py"):
        return
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef):
            given = [*node.args.posonlyargs, *node.args.args]
            defaulted = given[len(given) - len(node.args.defaults) :] if node.args.defaults else []
            pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            defaulted += [argument for argument, default in pairs if default is not None]
            if any(argument.arg in ("at", "on") and is_date(argument) for argument in defaulted):
                yield node.lineno


def is_date(argument: ast.arg) -> bool:
    """Whether the annotation is a date or an instant (`at: time` of a daily schedule is neither)."""
    return argument.annotation is None or "date" in ast.unparse(argument.annotation)


def long_files(module: Module) -> Iterator[int]:
    """Files of more than 400 lines."""
    if module.text.count("\n") > 400:
        yield 401


def long_functions(module: Module) -> Iterator[int]:
    """Functions of more than 50 lines, not counting the docstring."""
    if not module.inside:
        return
    for node in module.nodes:
        if isinstance(node, ast.FunctionDef):
            said = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
            words = (said.end_lineno or 0) - said.lineno + 1 if said else 0
            if (node.end_lineno or 0) - node.lineno + 1 - words > 50:
                yield node.lineno


def undocumented(module: Module) -> Iterator[int]:
    """Modules and public functions without a docstring."""
    if not module.inside or module.inside.endswith(("apps.py", "__init__.py")):
        return
    if ast.get_docstring(module.tree) is None and module.tree.body:
        yield 1
    for node in module.tree.body:
        public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if public and ast.get_docstring(node) is None:
            yield node.lineno


def positional(module: Module) -> Iterator[int]:
    """Public functions that take more than their subject by position (in the domain: more than three operands)."""
    if not module.under("domain", "procedures", "billing", "services"):
        return
    most = 3 if module.layer == "domain" else 1
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            given = [*node.args.posonlyargs, *node.args.args]
            step = len(given) == 2 and given[0].arg == "run"  # the shape that runtime.runs calls
            if len(given) > most and not step:
                yield node.lineno


RULES = [
    Rule(
        "clock", "Only runtime.clock reads the time: take `at`/`on` as an argument; doors call clock.business().", clock
    ),
    Rule("floats", "No float near money: use Money, Fraction or int. 0.1 + 0.2 is not 0.3.", floats),
    Rule("fractions", "One make of fraction: from planshift.domain.exact import Fraction.", fractions),
    Rule(
        "state",
        "State changes only through runtime.moves.move(row, 'event', …): it locks, asks the table, audits.",
        state,
    ),
    Rule("except", "Catch what you can handle by its name; only the worker loop catches Exception.", broad_except),
    Rule("random", "Chance belongs to back-off in runtime.runs; for tokens use `secrets`.", chance),
    Rule("hidden writes", "No signals, no save()/delete() overrides: call the function by its name.", hidden_writes),
    Rule("names", "Import modules, not names: `from planshift.domain import money`, then `money.total`.", names),
    Rule(
        "far strings",
        "Name the model class, so that the import contracts see it; look nothing up by string.",
        far_strings,
    ),
    Rule("reverse accessors", "Query from the side that owns it, or give the relation a name.", reverse_accessors),
    Rule(
        "dotted paths",
        "A module named in a string is an import that no contract sees; wire it in project.",
        dotted_paths,
    ),
    Rule("default time", "Below the doors `at` and `on` are required: who calls knows what time it is.", default_time),
    Rule("long file", "More than 400 lines: which two questions does it answer? Split it there.", long_files),
    Rule("long function", "More than 50 lines: name the parts.", long_functions),
    Rule("docstring", "Say in a line what it promises: units, currency, rounding, errors, clause.", undocumented),
    Rule(
        "positional",
        "One subject by position at most, the rest by keyword: `def f(row, *, at, note)`.",
        positional,
    ),
]
