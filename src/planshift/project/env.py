"""Strict readers of environment variables: a wrong value stops the start, with the variable's name in the message."""

import os
from pathlib import Path


class EnvironmentProblem(Exception):
    """An environment variable is missing or has a value that cannot be used."""


def text(name: str, *, default: str | None = None) -> str:
    """The value of `name`; `name`_FILE names a file that holds it instead (secrets)."""
    file = os.environ.get(f"{name}_FILE")
    if file is not None:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as problem:
            raise EnvironmentProblem(f"{name}_FILE={file}: cannot be read ({problem.strerror})") from problem
    value = os.environ.get(name, default)
    if value is None:
        raise EnvironmentProblem(f"{name} must be set")
    return value


def boolean(name: str, *, default: bool) -> bool:
    """True or False; nothing else is accepted."""
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    if value in ("1", "true", "True"):
        return True
    if value in ("0", "false", "False"):
        return False
    raise EnvironmentProblem(f"{name} must be 1 or 0, not {value!r}")


def number(name: str, *, default: int) -> int:
    """A whole number."""
    value = os.environ.get(name, "")
    if value == "":
        return default
    try:
        return int(value)
    except ValueError as problem:
        raise EnvironmentProblem(f"{name} must be a whole number, not {value!r}") from problem
