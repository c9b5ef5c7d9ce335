"""What is the agent that a server gets? One file that Python runs as it is: the modules of `agent`, packed."""

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path

from planshift.adapters.drivers.linux_ssh.agent import said

SHEBANG = b"#!/usr/bin/python3 -I\n"
START = "import sys\n\nfrom planshift_agent import main\n\nsys.exit(main.main(sys.argv[1:]))\n"
_WHEN = (2020, 1, 1, 0, 0, 0)  # the same sources make the same file, to the byte


@cache
def packed() -> bytes:
    """The file to install as /usr/local/sbin/planshift-agent."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        sources = {f"planshift_agent/{path.name}": path.read_text(encoding="utf-8") for path in _sources()}
        for name, text in sorted({"__main__.py": START, **sources}.items()):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, text)
    return SHEBANG + made.getvalue()


def _sources() -> list[Path]:
    return sorted((Path(__file__).parent / "agent").glob("*.py"))


@cache
def fingerprint() -> str:
    """SHA-256 of that file; a server that answers another one has an older or a changed agent."""
    return hashlib.sha256(packed()).hexdigest()


def version() -> str:
    """The version that `probe` tells."""
    return said.VERSION
