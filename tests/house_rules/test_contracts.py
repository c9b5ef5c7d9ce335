"""Does each import contract bite? One forbidden import is planted in a copy of the package, and it must break."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from planshift.domain.policy import dimensions

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
IDS = [contract["id"] for contract in CONTRACTS]

# contract, the file that sins, the import
PLANTED = [
    ("1", "domain/planted.py", "import planshift.runtime"),
    ("1", "billing/planted.py", "import planshift.provisioning"),
    ("1", "adapters/planted.py", "import planshift.interfaces"),
    ("1", "newlayer/__init__.py", ""),  # exhaustive: a new top package must be given its place
    ("2", "domain/planted.py", "import django.utils.timezone"),
    ("2", "domain/planted.py", "import random"),
    ("3", "domain/policy/rounding.py", "from planshift.domain.policy import renewal"),
    ("4", "domain/lifecycles/planted.py", "from planshift.domain.lifecycles import another"),
    ("5", "procedures/planted.py", "import planshift.ledger.models"),
    ("5", "billing/planted.py", "import planshift.ledger.journal"),
    ("5", "billing/orders.py", "import planshift.ledger.models"),
    ("6", "project/planted.py", "import planshift.adapters.drivers"),
    ("7", "adapters/planted.py", "import planshift.billing.models"),
    ("7", "adapters/planted.py", "import planshift.runtime.models"),
    ("8", "interfaces/panel/planted.py", "import planshift.services.models"),
    ("8", "interfaces/api/planted.py", "import planshift.procedures.models"),
    ("9", "interfaces/panel/planted.py", "import planshift.interfaces.api"),
    ("10", "domain/planted.py", "import planshift.domain.another"),
]
# contract → a second file that the sin needs
OTHERS = {
    "4": ("domain/lifecycles/another.py", ""),
    "10": ("domain/another.py", "import planshift.domain.planted"),
}


def lint(package: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run contracts over the package in `package`."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--config", ROOT / "pyproject.toml"]
    return subprocess.run(
        [*command, *(f"--contract={contract}" for contract in contracts), "--cache-dir", package / "cache"],
        cwd=package,
        env=os.environ | {"PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "src" / "planshift", folder / "planshift", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_every_contract_has_a_planted_sin() -> None:
    assert sorted({contract for contract, _, _ in PLANTED}, key=int) == sorted(IDS, key=int)


@pytest.mark.slow
@pytest.mark.parametrize(("contract", "file", "sin"), PLANTED, ids=lambda value: str(value).replace("planshift.", ""))
def test_a_planted_import_breaks_its_contract(clean: Path, contract: str, file: str, sin: str) -> None:
    planted = [clean / "planshift" / file]
    if contract in OTHERS:
        file_beside, content = OTHERS[contract]
        planted.append(clean / "planshift" / file_beside)
        planted[1].write_text(content)
    planted[0].parent.mkdir(exist_ok=True)
    kept = planted[0].read_text() if planted[0].exists() else None
    planted[0].write_text(f'"""Planted."""\n\n{sin}\n')
    try:
        done = lint(clean, contract)
    finally:
        for path in planted:
            path.unlink()
        if kept is not None:
            planted[0].write_text(kept)
        if "newlayer" in file:
            shutil.rmtree(planted[0].parent)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


@pytest.mark.slow
def test_the_copy_without_a_sin_keeps_all_contracts(clean: Path) -> None:
    # Without this, a copy that cannot be read at all would pass for one that breaks its contract.
    done = lint(clean, *IDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(IDS)} kept, 0 broken." in done.stdout


def test_every_policy_dimension_is_under_contract_3() -> None:
    listed = next(c["modules"] for c in CONTRACTS if c["id"] == "3")
    assert sorted(listed) == sorted(module.__name__ for module in dimensions.MODULES), "pyproject.toml, contract 3"
