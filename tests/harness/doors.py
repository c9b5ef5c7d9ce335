"""A request never touches a machine: in every test, asking for a driver while a request is being answered fails.

The import contracts cannot see this (a procedure may reach provisioning); here it is checked where it happens.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from planshift.provisioning import ports

_answering: ContextVar[str] = ContextVar("answering", default="")


class MachineTouched(AssertionError):
    """A door called a driver. Let a run do it, and let the page wait for the row."""


class Watched:
    """Middleware, outermost in the tests' settings: knows while a request is being answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The answer; meanwhile drivers are out of reach."""
        token = _answering.set(f"{request.method} {request.path}")
        try:
            return self.get_response(request)
        finally:
            _answering.reset(token)


@contextmanager
def guarded() -> Iterator[None]:
    """While this lasts, `ports.driver` and `ports.dns` refuse to serve a request."""

    def refusing(find: Callable[[str], Any]) -> Callable[[str], Any]:
        def found(name: str) -> Any:
            if _answering.get():
                raise MachineTouched(f"{_answering.get()} asked for the machine {name!r}")
            return find(name)

        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ports, "driver", refusing(ports.driver))
        patch.setattr(ports, "dns", refusing(ports.dns))
        yield
