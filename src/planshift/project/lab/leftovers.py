"""What a lab makes outside of its namespaces: a folder and control groups. Removed at its end, or by the next one."""

import ctypes
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

NAME = "planshift-lab-"
CONTROLLERS = ("cpu", "memory", "pids")
GROUPS = Path("/sys/fs/cgroup")


class Groups:
    """The control groups that hosts may hand out, under one name: version 1, version 2, or none."""

    def __init__(self, name: str) -> None:
        self.name = name

    def of(self, host: str) -> list[str]:
        """Arguments for BOOT: what to mount where."""
        with suppress(OSError):
            if all((GROUPS / each / "tasks").exists() for each in CONTROLLERS):
                for each in CONTROLLERS:
                    (GROUPS / each / self.name / host).mkdir(parents=True, exist_ok=True)
                return [f"{each}={GROUPS / each / self.name / host}" for each in CONTROLLERS]
            if (GROUPS / "cgroup.controllers").exists():
                (GROUPS / "cgroup.subtree_control").write_text("+cpu +memory +pids")
                (GROUPS / self.name).mkdir(exist_ok=True)
                (GROUPS / self.name / "cgroup.subtree_control").write_text("+cpu +memory +pids")
                (GROUPS / self.name / host).mkdir(exist_ok=True)
                return [str(GROUPS / self.name / host)]
        return []


def own(folder: Path) -> None:
    """Say whose it is: when that process is gone, `sweep` removes it."""
    (folder / "owner").write_text(f"{os.getpid()} {started(os.getpid())}")


def sweep() -> None:
    """Remove what labs of dead owners left: folders and control groups. Their processes died with them."""
    for folder in Path("/tmp").glob(f"{NAME}*"):
        try:
            owner, since = (folder / "owner").read_text().split()
        except (OSError, ValueError):
            continue  # just being made by somebody else
        if since != started(int(owner)):
            drop(folder)
    for group in [*GROUPS.glob(f"{NAME}*"), *(GROUPS / "cpu").glob(f"{NAME}*")]:
        if not (Path("/tmp") / group.name).exists():
            drop(Path("/tmp") / group.name)


def drop(folder: Path) -> None:
    """A lab's folder and control groups; its processes are gone."""
    for top in (GROUPS / each / folder.name for each in (*CONTROLLERS, ".")):
        for path in sorted(top.rglob("*"), key=lambda each: -len(each.parts)) if top.exists() else ():
            if path.is_dir():
                with suppress(OSError):
                    path.rmdir()
        with suppress(OSError):
            top.rmdir()
    shutil.rmtree(folder, ignore_errors=True)


def started(process: int) -> str:
    """When a process began, in the kernel's count: tells a number that was given again from the first bearer."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return "gone"


def mortal() -> None:
    """For a child (`preexec_fn`): the kernel kills it when the one who made it dies."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def program(*names: str) -> str:
    """The path of the first of `names` that is installed, "" when none is; daemons live where PATH may not look."""
    for name in names:
        for folder in ("/usr/sbin", "/usr/bin", "/sbin"):
            if (Path(folder) / name).exists():
                return str(Path(folder) / name)
        if found := shutil.which(name):
            return found
    return ""
