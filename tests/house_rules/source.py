"""What the house rules read: the tracked files, parsed once."""

import ast
import gc
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/planshift/"


@dataclass(frozen=True)
class Module:
    """A source file: its path from the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, walked once for all rules."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def inside(self) -> str:
        """The path inside the package: `billing/orders.py`; empty for a file that is not part of it."""
        return self.path.removeprefix(PACKAGE) if self.path.startswith(PACKAGE) else ""

    @property
    def layer(self) -> str:
        """The top package: `billing`."""
        return self.inside.split("/")[0]

    def under(self, *places: str) -> bool:
        """Whether the file is, or lies under, one of `places`."""
        return any(self.inside == place or self.inside.startswith(place.rstrip("/") + "/") for place in places)


@dataclass(frozen=True)
class Rule:
    """A rule of the house: `finds` yields the lines that break it, `teaches` says what to do instead."""

    name: str
    teaches: str
    finds: Callable[[Module], Iterator[int]]


def parsed(path: str, text: str) -> Module:
    """A module of `text`, as if it were the file `path`."""
    return Module(path, text, ast.parse(text))


@cache
def tracked() -> tuple[str, ...]:
    """Every file of the tree that git keeps, or would keep when added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(sorted(path for path in listed.stdout.splitlines() if (ROOT / path).is_file()))


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the tree but migrations, which are made by a machine."""
    chosen = [p for p in tracked() if p.endswith(".py") and "migrations" not in PurePosixPath(p).parts]
    gc.disable()  # all of this stays: looking through it again and again would take five times as long
    try:
        made = tuple(parsed(path, (ROOT / path).read_text(encoding="utf-8")) for path in chosen)
        gc.freeze()
        return made
    finally:
        gc.enable()


def dotted(node: ast.AST) -> str:
    """`timezone.now` for the node of that expression; empty when it is no plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""
