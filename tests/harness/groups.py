"""What shares a costly set-up runs in one process of xdist: the lab, the browser's product, the killed lives.

xdist's own marker `xdist_group` is not heard with pytest 9.2: it changes a name that pytest no longer reads.
"""

import pytest
from xdist.scheduler import LoadGroupScheduling

GROUPS = {
    "tests/lab/": "lab",
    "tests/e2e/": "browser",
    "tests/stories/test_killed.py": "killed",
    "tests/ports/test_linux_ssh_": "agents",
    "tests/ports/test_driver_contract.py": "agents",
    "tests/ports/test_dns_contract.py": "name servers",
    "tests/interfaces/api/test_every_operation.py": "api",
}


def group_of(node: str) -> str:
    """The group of a test; a test of no group is one of its own."""
    return next((group for start, group in GROUPS.items() if node.startswith(start)), node)


class Grouped(LoadGroupScheduling):  # type: ignore[misc]
    """Groups by the file of a test."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Grouped | None:
    """For `--dist loadgroup`, as `make test` says."""
    return Grouped(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that is marked for a group must be in it."""
    for item in items:
        for mark in item.iter_markers("xdist_group"):
            if group_of(item.nodeid) != mark.args[0]:
                raise pytest.UsageError(f"{item.nodeid}: put its file into the group “{mark.args[0]}” (GROUPS)")
