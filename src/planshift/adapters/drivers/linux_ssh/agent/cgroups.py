"""How much memory, processor time and how many processes may an account have? By control groups, version 1 or 2."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from . import said
from .settings import Settings

UNLIMITED = -1
CONTROLLERS = ("cpu", "memory", "pids")
PERIOD = 100_000  # microseconds


def version(settings: Settings) -> int:
    """2, 1, or 0 where there is none that we may use."""
    root = Path(settings.cgroups)
    if (root / "cgroup.controllers").exists():
        present = (root / "cgroup.controllers").read_text().split()
        return 2 if set(CONTROLLERS) <= set(present) and os.access(root, os.W_OK) else 0
    usable = all(os.access(root / name, os.W_OK) and (root / name / "tasks").exists() for name in CONTROLLERS)
    return 1 if usable else 0


def groups(settings: Settings, account: str) -> list[Path]:
    """The account's groups: one each controller in version 1, one in all in version 2."""
    root = Path(settings.cgroups)
    found = version(settings)
    if found == 2:
        return [root / "planshift.slice" / account]
    return [root / name / "planshift" / account for name in CONTROLLERS] if found == 1 else []


def apply(settings: Settings, account: str, *, enforce: dict[str, int]) -> None:
    """Hold the account to its limits. Trouble "usage_exceeds_target" when the kernel refuses because more is in use."""
    memory = enforce.get("memory_bytes", UNLIMITED)
    cpu = enforce.get("cpu_percent", UNLIMITED)
    processes = enforce.get("processes", UNLIMITED)
    found = version(settings)
    for group in groups(settings, account):
        group.mkdir(parents=True, exist_ok=True)
    root = Path(settings.cgroups)
    if found == 2:
        for above in (root, root / "planshift.slice"):
            with contextlib.suppress(OSError):
                (above / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))
        group = root / "planshift.slice" / account
        _put(group / "memory.max", "max" if memory == UNLIMITED else str(memory))
        _put(group / "cpu.max", f"{'max' if cpu == UNLIMITED else cpu * PERIOD // 100} {PERIOD}")
        _put(group / "pids.max", "max" if processes == UNLIMITED else str(processes))
    elif found == 1:
        _put(root / "memory" / "planshift" / account / "memory.limit_in_bytes", str(memory))
        quota = -1 if cpu == UNLIMITED else cpu * PERIOD // 100
        _put(root / "cpu" / "planshift" / account / "cpu.cfs_quota_us", str(quota))
        _put(root / "pids" / "planshift" / account / "pids.max", "max" if processes == UNLIMITED else str(processes))


def _put(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except OSError as problem:
        if problem.errno == 16:  # EBUSY: version 1 does not go below what is in use
            raise said.never("usage_exceeds_target", resource="memory", remote="more is in use") from None
        raise said.later("remote_failed", remote=f"{path.name}: {problem.strerror}") from None


def limits(settings: Settings, account: str) -> dict[str, int]:
    """What the kernel holds the account to now; nothing where there are no groups."""
    found = version(settings)
    root = Path(settings.cgroups)
    try:
        if found == 2:
            group = root / "planshift.slice" / account
            most, period = (group / "cpu.max").read_text().split()
            return {
                "memory_bytes": _number((group / "memory.max").read_text()),
                "cpu_percent": UNLIMITED if most == "max" else int(most) * 100 // int(period),
                "processes": _number((group / "pids.max").read_text()),
            }
        if found == 1:
            memory = int((root / "memory" / "planshift" / account / "memory.limit_in_bytes").read_text())
            quota = int((root / "cpu" / "planshift" / account / "cpu.cfs_quota_us").read_text())
            return {
                "memory_bytes": UNLIMITED if memory >= 1 << 60 else memory,
                "cpu_percent": UNLIMITED if quota < 0 else quota * 100 // PERIOD,
                "processes": _number((root / "pids" / "planshift" / account / "pids.max").read_text()),
            }
    except FileNotFoundError:
        return {}
    return {}


def _number(text: str) -> int:
    return UNLIMITED if text.strip() == "max" else int(text)


def used(settings: Settings, account: str) -> dict[str, int]:
    """Memory that cannot be taken back (no cache), and processes."""
    found = version(settings)
    root = Path(settings.cgroups)
    try:
        if found == 2:
            group = root / "planshift.slice" / account
            stat, names, pids = group / "memory.stat", ("anon",), group / "pids.current"
        elif found == 1:
            stat, names = root / "memory" / "planshift" / account / "memory.stat", ("total_rss",)
            pids = root / "pids" / "planshift" / account / "pids.current"
        else:
            return {}
        lines = dict(line.split() for line in stat.read_text().splitlines())
        return {"memory_bytes": sum(int(lines[name]) for name in names), "processes": int(pids.read_text())}
    except FileNotFoundError:
        return {}


def enter(settings: Settings, account: str) -> None:
    """This process and its children belong to the account's groups from here on."""
    for group in groups(settings, account):
        (group / "cgroup.procs").write_text(str(os.getpid()))


def drop(settings: Settings, account: str) -> None:
    """The groups go once nothing runs in them."""
    for group in groups(settings, account):
        with contextlib.suppress(OSError):
            group.rmdir()
