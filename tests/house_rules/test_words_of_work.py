"""Staff read words, never names of the program: every step, signal, outcome and trouble has them in each language.

The lists come from the code itself: recipes, run definitions, and the signals in every `Wait`.
"""

import ast
import importlib
from collections.abc import Iterator

import pytest
from django.utils import translation

from planshift.domain import recipes
from planshift.domain.lifecycles import run as run_lifecycle
from planshift.interfaces.presenters import states, steps
from planshift.provisioning import ports
from planshift.runtime.runs import definitions
from tests.house_rules import source

SENT_BY = ("runtime/runs", "interfaces", "adapters", "project")  # name no signals of their own


def product_definitions() -> list[definitions.Definition]:
    """What the product defines; tests define kinds of their own."""
    made = definitions._definitions.values()
    return [each for each in made if each.steps[each.first].body.__module__.startswith("planshift.")]


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted((source.ROOT / "src" / "planshift").rglob("*.py")):
        path = file.relative_to(source.ROOT / "src").with_suffix("")
        if "migrations" not in path.parts and not str(path.relative_to("planshift")).startswith(SENT_BY):
            yield ".".join(path.parts), ast.parse(file.read_text(encoding="utf-8"))


def signals_waited_for() -> dict[str, str]:
    """Signal → module, of every `Wait(…, signal=…)` in the code, read as Python reads it there."""
    found: dict[str, str] = {}
    for name, tree in modules():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        waits = [each for each in calls if ast.unparse(each.func).rpartition(".")[2] == "Wait"]
        for word in (word for each in waits for word in each.keywords if word.arg == "signal"):
            told = eval(ast.unparse(word.value), vars(importlib.import_module(name)))
            found |= dict.fromkeys([told] if isinstance(told, str) else told, name)
    return found


def test_every_step_of_every_recipe_has_words() -> None:
    named = {step.name for recipe in recipes._ALL for step in recipe.steps}
    assert named == set(steps.RECIPES)


def test_every_step_of_every_run_has_words() -> None:
    made = product_definitions()
    assert {each.kind for each in made} == set(steps.KINDS) == set(steps.RUNS)
    for each in made:
        assert set(each.steps) == set(steps.RUNS[each.kind]), each.kind


def test_every_signal_has_words() -> None:
    found = signals_waited_for()
    assert {"paid", "execution_stuck", "mailbox_read", "look", "undo"} <= set(found)  # the reading of the code works
    assert set(found) == set(steps.SIGNALS)


def test_every_outcome_owner_and_trouble_has_words() -> None:
    recorded = {"done", "went", "waits", "again", "failed", "lost", "stuck", "retried", "skipped", "cancelled"}
    written = set()
    for file in (source.ROOT / "src/planshift/runtime/runs").glob("*.py"):
        written |= {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and node.value in recorded
        }
    assert written == recorded == set(steps.OUTCOMES)
    assert set(ports.PROBLEMS) < set(steps.TROUBLES)
    assert set(states.STATES["run"]) == set(run_lifecycle.LIFECYCLE.states)
    owners = {step.waits_for for recipe in recipes._ALL for step in recipe.steps} - {""}
    assert owners | {"seller"} == set(steps.OWNERS)


@pytest.mark.parametrize("language", ["pl", "it"])
def test_the_words_are_translated(language: str) -> None:
    tables = (steps.RECIPES, steps.KINDS, steps.SIGNALS, steps.TROUBLES, steps.OWNERS, *steps.RUNS.values())
    told = [words for table in tables for words in table.values()] + [words for words, _ in steps.OUTCOMES.values()]
    for words in told:
        with translation.override("en"):
            english = str(words)
        with translation.override(language):
            assert str(words) != english or english in ("Mail", "Staff")


def test_the_detail_of_the_history_is_told_in_words() -> None:
    with translation.override("en"):
        assert steps.detail(kind="change", outcome="went", text="begin") == "on to: Work on machines ordered"
        waits = steps.detail(kind="change", outcome="waits", text="client: paid, expired")
        assert waits == "Client: Payment, Order lapsed"
        assert steps.detail(kind="change", outcome="waits", text="system: 2026-09-01 10:00:00+00:00") == str(
            steps.OWNERS["system"]
        )
        assert steps.detail(kind="x", outcome="failed", text="busy") == "The server is occupied with another operation."
        assert steps.of_recipe("remove_attached:S-1001") == "Attached services removed (S-1001)"
