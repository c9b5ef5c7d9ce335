"""Does the source keep the rules of the house, and would each rule notice if it did not?"""

import pytest

from tests.house_rules import rules, source

# rule, file it is tried as, code that breaks it once, code that keeps it
SAMPLES = [
    ("clock", "billing/x.py", "def f():\n    return datetime.now(tz=UTC)", "def f(at):\n    return time.monotonic()"),
    ("clock", "billing/models.py", "made_at = models.DateTimeField(auto_now_add=True)", "made_at = DateTimeField()"),
    (
        "clock",
        "billing/models.py",
        "made_at = DateTimeField(default=timezone.now)",
        "made_at = DateTimeField(default=None)",
    ),
    ("floats", "domain/x.py", "rate = 0.23", "rate = Fraction(23, 100)"),
    ("floats", "ledger/x.py", "x = float(y)", "x = int(y)"),
    ("floats", "billing/x.py", "x = models.FloatField()", "x = models.BigIntegerField()"),
    ("fractions", "billing/x.py", "from fractions import Fraction", "from planshift.domain.exact import Fraction"),
    ("fractions", "interfaces/x.py", "import quicktions", "from planshift.domain import exact"),
    ("state", "billing/x.py", "row.state = 'PAID'", "if row.state == 'PAID':\n    pass"),
    ("state", "billing/x.py", "rows.update(state='PAID')", "rows.update(paid_at=at)"),
    ("except", "billing/x.py", "try:\n    f()\nexcept Exception:\n    g()", "try:\n    f()\nexcept KeyError:\n    g()"),
    (
        "except",
        "billing/x.py",
        "try:\n    f()\nexcept (A, Exception):\n    g()",
        "try:\n    f()\nexcept (A, B):\n    g()",
    ),
    ("random", "billing/x.py", "import random", "import secrets"),
    ("random", "domain/x.py", "from random import choice", "from secrets import choice"),
    (
        "hidden writes",
        "billing/models.py",
        "class A(models.Model):\n    def save(self):\n        pass",
        "class A(models.Model):\n    def __str__(self):\n        return ''",
    ),
    ("hidden writes", "billing/x.py", "from django.dispatch import receiver", "from django.db import models"),
    ("names", "billing/x.py", "from planshift.project.env import text", "from planshift.project import env"),
    (
        "names",
        "billing/x.py",
        "from planshift.domain.errors import CODES",
        "from planshift.domain.errors import Refused",
    ),
    ("far strings", "billing/x.py", "apps.get_model('services.Client')", "models.ForeignKey('Invoice')"),
    (
        "far strings",
        "billing/models.py",
        "models.ForeignKey('procedures.Change')",
        "models.ForeignKey('services.Client')",
    ),
    ("far strings", "billing/models.py", "models.ForeignKey(to='ledger.Account')", "models.ForeignKey(to='self')"),
    ("reverse accessors", "services/x.py", "client.order_set.all()", "client.services.all()"),
    ("dotted paths", "billing/x.py", "where = 'planshift.procedures.change'", "where = 'planshift is good'"),
    ("default time", "services/x.py", "def f(*, on=None):\n    pass", "def f(*, on, note=''):\n    pass"),
    ("default time", "services/x.py", "def f(row, at=None):\n    pass", "def f(at, note=''):\n    pass"),
    ("long file", "services/x.py", "a = 1\n" * 401, "a = 1\n" * 400),
    ("long function", "services/x.py", "def f():\n" + "    a = 1\n" * 50, "def f():\n" + "    a = 1\n" * 49),
    ("docstring", "services/x.py", '"""X."""\ndef f():\n    pass', '"""X."""\ndef _f():\n    pass'),
    ("docstring", "services/x.py", "x = 1", '"""X."""'),
    ("clock", "interfaces/panel/x.py", "day = timezone.localdate()", "day = timezone.localdate(at)"),
    ("default time", "runtime/x.py", "def f(*, at: datetime = X):\n    pass", "def f(*, at: time = X):\n    pass"),
    ("floats", "domain/x.py", "f(rate=0.6)", "f(cutoff=0.6)"),
    ("positional", "domain/x.py", "def f(a, b, c, d):\n    pass", "def f(a, b, c, *, d):\n    pass"),
    ("positional", "services/x.py", "def f(a, b):\n    pass", "def f(a, *, b):\n    pass"),
]
BY_NAME = {rule.name: rule for rule in rules.RULES}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
def test_the_source_keeps_the_rule(rule: source.Rule) -> None:
    found = [f"{module.path}:{line}" for module in source.modules() for line in rule.finds(module)]
    assert not found, f"\n{rule.teaches}\n" + "\n".join(found)


@pytest.mark.parametrize(("rule", "file", "bad", "good"), SAMPLES)
def test_the_rule_notices(rule: str, file: str, bad: str, good: str) -> None:
    finds = BY_NAME[rule].finds
    assert len(list(finds(source.parsed(source.PACKAGE + file, bad)))) == 1
    assert list(finds(source.parsed(source.PACKAGE + file, good))) == []


def test_every_rule_has_a_sample() -> None:
    assert {rule for rule, *_ in SAMPLES} == set(BY_NAME)
