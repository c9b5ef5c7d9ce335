"""Every answer that a policy may give is carried out by code that takes exactly its parameters."""

import inspect

import pytest

from planshift.domain.policy import dimensions
from tests.domain.policy.files import findings

ANSWERS = [(dimension, answer) for dimension in dimensions.every().values() for answer in dimension.answers.values()]


@pytest.mark.parametrize(("dimension", "answer"), ANSWERS, ids=[f"{each.name}.{one.name}" for each, one in ANSWERS])
def test_the_code_of_an_answer_takes_its_parameters(dimension, answer):
    takes = inspect.signature(answer.run).parameters.values()
    by_name = {param.name for param in takes if param.kind is param.KEYWORD_ONLY}
    assert {param.name for param in answer.params} <= by_name
    required = {param.name for param in takes if param.default is param.empty}
    assert required == {param.name for param in takes}, (
        "a default in code would be a second one, beside the vocabulary's"
    )


@pytest.mark.parametrize("dimension", dimensions.every().values(), ids=list(dimensions.every()))
def test_all_answers_of_a_dimension_are_called_alike(dimension):
    facts = {
        frozenset(inspect.signature(answer.run).parameters) - {param.name for param in answer.params}
        for answer in dimension.answers.values()
    }
    assert len(facts) == 1, facts


@pytest.mark.parametrize("dimension", dimensions.every().values(), ids=list(dimensions.every()))
def test_the_checker_accepts_no_other_answer(dimension):
    found = [each for each in findings(f'{dimension.name} = "{dimension.name}_of_nobody"\n') if each.allowed]
    assert found[0].allowed == tuple(dimension.answers)
