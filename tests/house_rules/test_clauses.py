"""Has every clause of the two regulations its test?"""

import ast

from tests.harness import clauses
from tests.house_rules import source

# Clauses that no test names yet, with the reason.
LATER: dict[str, str] = {}


def claimed() -> set[str]:
    """Clauses that a test function claims by its name."""
    return {
        clause
        for module in source.modules()
        if module.path.startswith("tests/")
        for node in module.nodes
        if isinstance(node, ast.FunctionDef) and (clause := clauses.clause_of(node.name))
    }


def test_every_clause_has_a_test_or_a_reason() -> None:
    assert sorted(set(clauses.CLAUSES) - claimed() - set(LATER)) == []


def test_no_clause_is_put_off_that_has_its_test() -> None:
    assert sorted(claimed() & set(LATER)) == [], "It has its test now: take it out of LATER."
