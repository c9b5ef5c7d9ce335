"""Does what runs need only what `make run` installs? Packages of developers are not there."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from functools import cache

from tests.house_rules import source

BUILDS = "tools/translations.py"  # run by tools/venv.sh base


def imported(module: source.Module) -> Iterator[str]:
    """Top names of all that it imports."""
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).partition(".")[0]


@cache
def there() -> frozenset[str]:
    """What can be imported with requirements/base.txt alone."""
    lock = (source.ROOT / "requirements/base.txt").read_text(encoding="utf-8")
    packages = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    brought = importlib.metadata.packages_distributions().items()
    found = {name for name, by in brought if packages & {re.sub("[_.]", "-", each.lower()) for each in by}}
    return frozenset(found | sys.stdlib_module_names | {"planshift"})


def lacking(module: source.Module) -> list[str]:
    """`file: name` of each import that would fail."""
    return [f"{module.path}: {name}" for name in imported(module) if name not in there()]


def test_the_product_imports_only_what_make_run_installs() -> None:
    modules = [each for each in source.modules() if each.inside or each.path == BUILDS]
    assert len(modules) > 300
    assert not [line for each in modules for line in lacking(each)], (
        "Only requirements/dev.txt brings it: put it into requirements/base.in and run make lock, or do without."
    )


def test_an_import_of_a_developers_package_is_found() -> None:
    planted = source.parsed("src/planshift/planted.py", "import pytest, os, django\nfrom lxml import etree")
    assert lacking(planted) == ["src/planshift/planted.py: pytest"]
