"""The browser's event loop is the browser tests' own.

Playwright's synchronous API leaves its loop running in the thread until the last test of the process is over. To every
other test it is hidden: one that runs a loop of its own would be refused.
"""

import asyncio
from collections.abc import Generator

import pytest


def _hidden(item: pytest.Item, *, last: bool = False) -> Generator[None, object, object]:
    if last or item.get_closest_marker("browser"):  # at the very end the browser is closed, with its loop
        return (yield)
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(running)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _hidden(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _hidden(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    return (yield from _hidden(item, last=nextitem is None))
