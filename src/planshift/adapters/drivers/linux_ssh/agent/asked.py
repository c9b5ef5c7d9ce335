"""Is this a request that we understand? Every field is checked, unknown and doubled ones are refused."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from . import said

LARGEST = 64 * 1024  # bytes of one request
MOST = 1 << 60  # of any amount
ACCOUNT = re.compile(r"(?=.{1,31}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
DOMAIN = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
KEY = re.compile(r"[A-Za-z0-9._:/-]{4,200}")
HEX = re.compile(r"[0-9a-f]{12,64}")
LOGIN = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
PUBLIC_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,1500}={0,3}")
HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
ENFORCED = ("disk_bytes", "inodes", "memory_bytes", "cpu_percent", "processes", "php_workers", "domains", "mailboxes")

Check = Callable[[Any], bool]


def matches(pattern: re.Pattern[str]) -> Check:
    """A text that is the pattern from end to end."""
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def text(most: int) -> Check:
    """A text without control characters."""
    return lambda value: isinstance(value, str) and len(value) <= most and value.isprintable()


def number(least: int, most: int) -> Check:
    """A whole number; True and 1.0 are none."""
    return lambda value: type(value) is int and least <= value <= most


def flag(value: Any) -> bool:
    """True or False."""
    return isinstance(value, bool)


def domains(value: Any) -> bool:
    """Names in lower case, each once."""
    right = isinstance(value, list) and len(value) <= 100 and all(matches(DOMAIN)(each) for each in value)
    return right and len(set(value)) == len(value)


def amounts(names: Check) -> Check:
    """Amounts by name; -1 for no limit."""
    each = number(-1, MOST)
    return lambda value: (
        isinstance(value, dict) and len(value) <= 60 and all(names(n) and each(v) for n, v in value.items())
    )


def host(value: Any) -> bool:
    """An address or a name."""
    return isinstance(value, str) and (address(value) or HOST_NAME.fullmatch(value) is not None)


def address(value: Any) -> bool:
    """An IP address without zone."""
    if not isinstance(value, str) or "%" in value:
        return False
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def upstream(value: Any) -> bool:
    """Where visitors are passed on to: an address, or address:port (IPv6 in brackets); "" for nowhere."""
    if value == "":
        return True
    if not isinstance(value, str) or len(value) > 60:
        return False
    found = re.fullmatch(r"\[([0-9a-f:.]+)\](?::([0-9]{1,5}))?|([0-9.]+)(?::([0-9]{1,5}))?", value)
    if found is None:
        return address(value)
    port = found.group(2) or found.group(4) or "80"
    return address(found.group(1) or found.group(3)) and 0 < int(port) < 65536


OP: Mapping[str, Check] = {"key": matches(KEY), "cause": text(80), "actor": text(200)}
LIMITS: Mapping[str, Check] = {
    "limits": amounts(matches(CODE)),
    "enforce": amounts(lambda name: name in ENFORCED),
}


def fields(given: Any, known: Mapping[str, Check]) -> dict[str, Any]:
    """`given`, when it has exactly the `known` fields, each as it should be; else Trouble "invalid"."""
    if not isinstance(given, dict):
        raise said.never("invalid", field="", why="no object")
    for name in sorted(set(given) | set(known)):
        shown = name if CODE.fullmatch(name) else "?"
        if name not in known:
            raise said.never("invalid", field=shown, why="unknown")
        if name not in given:
            raise said.never("invalid", field=shown, why="missing")
        if not known[name](given[name]):
            raise said.never("invalid", field=shown, why="not as it must be")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def _no(word: str) -> None:
    raise ValueError(f"{word} is no amount")


def parsed(raw: bytes) -> dict[str, Any]:
    """The request as an object. Trouble "invalid" for anything that is not plain JSON of a sensible size."""
    if len(raw) > LARGEST:
        raise said.never("invalid", field="", why="too large")
    try:
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no)
    except (ValueError, RecursionError):
        raise said.never("invalid", field="", why="not JSON") from None
    if not isinstance(found, dict):
        raise said.never("invalid", field="", why="no object")
    return found
