"""Is there anything in the tree that must not be: paths of a machine, package hosts, a provider's name in the code?"""

import re
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.house_rules import source

# Written in pieces, so that this file does not contain what it forbids.
MACHINE = re.compile(r"(?<![\w.])/" + r"(?:work|root|home/\w+|Users/\w+)/" + r"[\w.]")
# The two providers whose regulations we start from: their rules are policy files, and no code may know whom it serves.
PROVIDERS = re.compile("|".join(["home" + "cloud", "home" + r"\.pl", "hosting" + " ?solutions"]), re.IGNORECASE)
BINARY = (".png", ".jpg", ".ico", ".woff2", ".pdf", ".mo", ".gz")


def texts() -> list[tuple[str, str]]:
    """Path and text of every tracked text file."""
    return [
        (path, (source.ROOT / path).read_text(encoding="utf-8", errors="replace"))
        for path in source.tracked()
        if not path.endswith(BINARY)
    ]


def package_hosts() -> set[str]:
    """Hosts that this machine's pip is set to (a mirror of a company must not slip into a lock or a page)."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"https?://[^\s'\"]+", done.stdout)}
    return hosts - {"", "pypi.org", "files.pythonhosted.org", "localhost", "127.0.0.1"}


def lines_with(pattern: re.Pattern[str], *, under: tuple[str, ...] = ("",)) -> list[str]:
    """`path:line` of every hit in files under one of the folders `under`."""
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        if path.startswith(under)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_a_machine() -> None:
    assert not lines_with(MACHINE), "A path of one machine helps nobody else: say it relative to the root of the tree."


def test_no_package_host() -> None:
    hosts = package_hosts()
    if hosts:
        assert not lines_with(re.compile("|".join(map(re.escape, hosts))))
    locks = lines_with(re.compile("://|--(extra-)?index-url|--find-links"), under=("requirements/",))
    assert not locks, "A lock names packages and hashes, never where they come from (tools/lock.sh)."


def test_no_provider_in_the_code() -> None:
    found = lines_with(PROVIDERS, under=("src/", "policies/", "catalogs/"))
    assert not found, "The product runs policies; it never knows whose. Say what the rule does instead."


def test_every_locked_package_has_hashes() -> None:
    for lock in ("base.txt", "dev.txt"):
        text = (source.ROOT / "requirements" / lock).read_text(encoding="utf-8")
        packages = re.split(r"\n(?=\S)", text.strip())
        assert [p.splitlines()[0] for p in packages if "--hash=sha256:" not in p] == []


def test_no_page_points_to_a_file_that_is_not_there() -> None:
    broken = []
    for path, text in texts():
        if path.endswith(".md"):
            for target in re.findall(r"\]\((?!https?:|mailto:|#|/)([^)#\s]+)", text):
                if not (source.ROOT / path).parent.joinpath(target).exists():
                    broken.append(f"{path} → {target}")
    assert not broken


@pytest.mark.parametrize(
    ("pattern", "text", "hit"),
    [
        (MACHINE, "see /" + "work/shared/x", True),
        (MACHINE, "cd /" + "root/.cache", True),
        (MACHINE, "the path /account/" + "work/x", False),
        (MACHINE, "a network/" + "work/x", False),
        (PROVIDERS, "as Home" + "Cloud does", True),
        (PROVIDERS, "the hosting provider's solution", False),
    ],
)
def test_the_patterns_hit_what_they_should(pattern: re.Pattern[str], text: str, hit: bool) -> None:
    assert bool(pattern.search(text)) is hit
