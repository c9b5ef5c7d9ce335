"""The types of the vocabulary: what cannot be built, and what must be hashable."""

import pytest

from planshift.domain.policy import dimensions, vocabulary


def _answer(name="kept", **rest):
    return vocabulary.Answer(name=name, run=lambda **_: None, doc="Kept.", example=f'"{name}"', **rest)


def test_an_answer_without_code_cannot_be_built():
    with pytest.raises(TypeError, match="no code that carries it out"):
        vocabulary.Answer(name="promised", run=None, doc="", example="")


def test_a_name_given_twice_is_an_error():
    with pytest.raises(ValueError, match="named twice"):
        vocabulary.rules(_answer(), _answer())


def test_chosen_fills_defaults_and_refuses_what_it_does_not_know():
    days = vocabulary.Param(name="days", kind="integer", doc="How long.", default=14)
    fee = vocabulary.Param(name="fee", kind="money", doc="How much.")
    answer = _answer(params=(days, fee))

    assert vocabulary.chosen(answer, fee=10) == vocabulary.Chosen("kept", vocabulary.Params({"days": 14, "fee": 10}))
    with pytest.raises(ValueError, match="missing"):
        vocabulary.chosen(answer)
    with pytest.raises(ValueError, match="unknown"):
        vocabulary.chosen(answer, fee=10, colour="red")


def test_params_are_hashable_and_equal_by_value():
    one, same = vocabulary.Params({"a": 1, "b": (2, 3)}), vocabulary.Params({"b": (2, 3), "a": 1})
    assert one == same
    assert hash(one) == hash(same)
    assert one != vocabulary.Params({"a": 1})
    with pytest.raises(TypeError):
        vocabulary.Params({"a": []})


def test_every_registered_dimension_has_a_question_and_answers():
    for name, dimension in dimensions.every().items():
        assert dimension.question, name
        assert dimension.answers, name
