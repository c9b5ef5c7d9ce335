"""How are programs of the server run? As lists of words, never through a shell, with a clean environment and an end."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence

from . import said

CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "LANG": "C"}


def run(
    *words: str,
    seconds: float = 60,
    fed: str | None = None,
    accept: Sequence[int] = (0,),
    enter: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program. Trouble "remote_failed" with what it said when its exit status is not in `accept`. `fed` goes to
    its standard input (secrets belong there, never among the words); `enter` runs in the child first."""
    try:
        done = subprocess.run(
            list(words),
            input=fed if fed is not None else "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=CLEAN,
            cwd="/",
            preexec_fn=enter,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise said.later("remote_failed", program=words[0], remote=f"no end after {seconds:.0f} s") from None
    except OSError as problem:
        raise said.later("remote_failed", program=words[0], remote=problem.strerror or "cannot be run") from None
    if done.returncode not in accept:
        raise said.later(
            "remote_failed",
            program=words[0],
            status=done.returncode,
            remote=said.shortened(done.stderr or done.stdout),
        )
    return done


def find(name: str) -> str:
    """The path of a program; "" when it is not installed."""
    return shutil.which(name, path=CLEAN["PATH"]) or ""
