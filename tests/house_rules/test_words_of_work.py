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


def modules() -> Iterator[tuple[str, source.Module]]:
    for module in source.modules():
        if module.inside and not module.inside.startswith(SENT_BY):
            yield module.path.removeprefix("src/").removesuffix(".py").replace("/", "."), module


def signals_waited_for() -> dict[str, str]:
    """Signal → module, of every `Wait(…, signal=…)` in the code, read as Python reads it there."""
    found: dict[str, str] = {}
    for name, module in modules():
        calls = [node for node in module.nodes if isinstance(node, ast.Call)]
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


def texts(value: ast.expr, scope: ast.AST) -> set[str]:
    """What an expression may be, as far as it is written down: constants, either way of a condition, a name that the
    scope sets to one of these, and what stands before the first colon of a text that is put together."""
    match value:
        case ast.Constant(value=str(text)):
            return {text.partition(": ")[0]}
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            return {text.partition(": ")[0]}
        case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
            return texts(one, scope) | texts(other, scope)
        case ast.Subscript(value=inner):
            return texts(inner, scope)
        case ast.Name(id=name):
            return {text for each in set_to(name, scope) for text in texts(each, scope)}
    return set()


def set_to(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    """Everything that `name` is set to in a scope, also as one of several."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    yield from (
                        value
                        for each, value in zip(target.elts, node.value.elts, strict=True)
                        if ast.unparse(each) == name
                    )
                elif ast.unparse(target) == name:
                    yield node.value


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call, ast.AST]]:
    """Every call with the last part of its name, and the function of the module that it stands in."""
    for scope in [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]:
        for node in ast.walk(scope):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func).rpartition(".")[2], node, scope


def outcomes_recorded(trees: Iterator[ast.Module]) -> set[str]:
    """What becomes the outcome of an attempt: of `_record(work, outcome, …)` and of rows that are made."""
    found: set[str] = set()
    for tree in trees:
        for name, call, scope in calls(tree):
            if name == "_record":
                found |= texts(call.args[1], scope)
            for word in call.keywords:
                if word.arg == "outcome" and ast.unparse(call.func) == "StepRecord.objects.create":
                    found |= texts(word.value, scope)
    return found


RAISED = ("Transient", "Permanent", "Unknown", "Stuck", "never", "later")  # the last two: what the agent answers


def troubles_told(trees: Iterator[ast.Module]) -> set[str]:
    """What anybody says went wrong: raised, answered, or written as the error of an execution."""
    found: set[str] = set()
    for tree in trees:
        for name, call, scope in calls(tree):
            if name in RAISED and call.args:
                found |= texts(call.args[0], scope)
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                what = {ast.unparse(key): value for key, value in zip(node.keys, node.values, strict=True) if key}
                if "'what'" in what and {"'step'", "'kind'"} & set(what):
                    found |= texts(what["'what'"], node)
    return found


def parsed(*folders: str) -> Iterator[ast.Module]:
    return (module.tree for module in source.modules() if module.under(*folders))


def test_every_outcome_has_words() -> None:
    assert outcomes_recorded(parsed("runtime/runs")) == set(steps.OUTCOMES)


def test_the_reading_of_outcomes_finds_a_new_one() -> None:
    made = ast.parse(
        "def f():\n a, b = 'held', 1\n _record(w, a)\n StepRecord.objects.create(outcome='x' if b else 'y')"
    )
    assert outcomes_recorded(iter([made])) == {"held", "x", "y"}


def test_every_trouble_has_words() -> None:
    told = troubles_told(parsed("adapters", "provisioning", "procedures", "runtime/runs")) | set(ports.PROBLEMS)
    written = {"due", "the server cannot do it", "the worker was lost", "workers died in this step"}  # not raised
    told -= {"550 5.1.1 "}  # what a mail server says is told as it is
    assert sorted(told | written) == sorted(steps.TROUBLES)


def test_the_reading_of_troubles_finds_a_new_one() -> None:
    made = ast.parse("def f():\n error = {'what': 'burnt', 'step': 1}\n raise Permanent('wet' if a else f'cold: {b}')")
    assert troubles_told(iter([made])) == {"burnt", "wet", "cold"}


def test_every_state_and_owner_has_words() -> None:
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
        assert steps.trouble("workers died in this step: 4") == "Workers died in this step, again and again. (4)"
        assert steps.trouble("auto_renewal_off, by_payment_only") == (
            "Auto-renewal is off, so the deposit is not drawn by itself. Your provider takes a payment for every order."
        )
        assert steps.trouble("the disk, as agreed: replaced") == "the disk, as agreed: replaced"
        assert steps.of_recipe("remove_attached:S-1001") == "Attached services removed (S-1001)"


def test_a_trouble_behind_another_is_told_too() -> None:
    with translation.override("en"):
        told = steps.of_error({"what": "mail_not_back", "why": "unreachable"})
        assert told.endswith("could not be brought back to the old one. The server does not answer.")
        assert steps.of_error({"what": "unreachable", "step": "create"}) == "The server does not answer."
        assert steps.of_error({}) == ""
