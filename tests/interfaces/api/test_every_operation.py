"""Every operation of the OpenAPI document, called with generated input: it answers as it declares, never with a 500.

Half of the cases carry numbers that exist, so that more than "not found" is reached. Every run makes the same cases.
"""

import copy
import sys
from typing import Any

import pytest
import schemathesis
from django.core.signals import got_request_exception
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from planshift.runtime import locks
from tests.interfaces.api import known


def without_token() -> dict[str, Any]:
    """The document, without its tokens: every case is sent with a valid one (others: test_entrance.py)."""
    document = copy.deepcopy(known.document())
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation.pop("security"), operation
    return document


# no format of JSON Schema, so its values are not known to the library
schemathesis.openapi.format("time-zone", st.sampled_from(("", "UTC", "Europe/Rome", "America/New_York")))
# the library does not count 413 among refusals: a list that is longer than allowed is often too many bytes, too
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]
CONFIG = SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}})
SCHEMA = schemathesis.openapi.from_dict(without_token(), config=CONFIG)
SCHEMA.app = get_wsgi_application()
OPERATIONS = {found.ok().definition.raw["operationId"]: found.ok() for found in SCHEMA.get_all_operations()}
EXAMPLES, MANY = 10, 500  # of each operation, twice: with good input, and with bad


def cases(operation: Any, mode: GenerationMode, numbers: known.Numbers) -> st.SearchStrategy[Any]:
    """Generated cases; every other one with numbers that exist, in the path and in the body."""

    def mixed(case: Any, pick: Any) -> Any:
        for name in list(case.path_parameters or {}):
            case.path_parameters[name] = pick(numbers.of(name, case.operation.path))
        if isinstance(case.body, dict):
            for name in {"service", "quote"} & set(case.body):
                if isinstance(case.body[name], str):  # what violates the schema stays as it is
                    case.body[name] = pick(numbers.of(name, ""))
        return case

    made = operation.as_strategy(generation_mode=mode)

    @st.composite
    def drawn(draw: Any) -> Any:
        case = draw(made)
        return mixed(case, lambda found: draw(st.sampled_from(found))) if draw(st.booleans()) else case

    return drawn()


def attack(operation: Any, numbers: known.Numbers, examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Call it; whatever an unexpected exception was is told, not only that the answer was 500."""
    problems: list[BaseException] = []

    def noted(sender: object, **more: object) -> None:
        problems.append(sys.exc_info()[1])  # type: ignore[arg-type]

    got_request_exception.connect(noted)
    monkeypatch.setattr(locks, "observer", None)  # many requests are one transaction here
    try:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=cases(operation, mode, numbers))
            def answers(case: Any) -> None:
                with transaction.atomic():
                    answer = case.call(headers={"authorization": f"Bearer {numbers.token}"})
                    if problems:
                        raise AssertionError(case.as_curl_command()) from problems.pop()
                    case.validate_response(answer)
                    transaction.set_rollback(True)

            answers()
    finally:
        got_request_exception.disconnect(noted)


@pytest.mark.xdist_group("api")
@pytest.mark.parametrize("name", OPERATIONS)
def test_it_answers_as_it_declares(name: str, numbers: known.Numbers, monkeypatch: pytest.MonkeyPatch) -> None:
    attack(OPERATIONS[name], numbers, EXAMPLES, monkeypatch)


@pytest.mark.long
@pytest.mark.xdist_group("api")
@pytest.mark.parametrize("name", OPERATIONS)
def test_it_answers_as_it_declares_for_long(name: str, numbers: known.Numbers, monkeypatch: pytest.MonkeyPatch) -> None:
    attack(OPERATIONS[name], numbers, MANY, monkeypatch)
