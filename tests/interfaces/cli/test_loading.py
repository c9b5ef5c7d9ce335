"""Do `planshift catalog` and `planshift policy` let nothing in that contradicts itself or the other?"""

import json
from pathlib import Path

import pytest

from planshift.catalog import models
from planshift.interfaces.cli import catalog, policy
from planshift.runtime.models import AuditEntry
from tests.house_rules import source

CATALOG, POLICY = source.ROOT / "catalogs/easy-hard.toml", source.ROOT / "policies/easy-hard.toml"
pytestmark = pytest.mark.django_db


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A policy with a target plan that is not sold."""
    path = tmp_path / "wrong.toml"
    text = POLICY.read_text(encoding="utf-8")
    path.write_text(text.replace('differ = ["family"]', 'to_plan = ["glod"]'), encoding="utf-8")
    return path


def test_load_both_then_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert policy.main(["load", str(POLICY), "--seller", "demo-host-italia"]) == 1
    assert capsys.readouterr().err == "There is no seller demo-host-italia.\n"
    assert catalog.main(["load", str(CATALOG)]) == 0
    assert policy.main(["load", str(POLICY), "--seller", "demo-host-italia"]) == 0
    assert policy.main(["load", str(POLICY), "--seller", "demo-host-italia"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"{CATALOG}: in force for demo-host-italia as revision 1 (")
    assert out[1] == out[2] and out[1].startswith(f"{POLICY}: in force for demo-host-italia as revision 1 (")
    assert models.CatalogRevision.objects.count() == models.PolicyRevision.objects.count() == 1
    assert AuditEntry.objects.filter(event="loaded", actor__startswith="staff:").count() == 2


def test_a_policy_that_names_what_is_not_sold_stays_out(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalog.main(["load", str(CATALOG)])
    capsys.readouterr()
    for arguments in (
        ["load", str(wrong), "--seller", "demo-host-italia"],
        ["check", str(wrong), "--catalog", str(CATALOG)],
        ["explain", str(wrong), "--catalog", str(CATALOG)],
    ):
        assert policy.main(arguments) == 1
        told = "".join(capsys.readouterr())
        assert "case[1].when.to_plan: the catalog has no plan “glod”\n    did you mean “gold”?" in told
    assert catalog.main(["check", str(CATALOG), "--policy", str(wrong)]) == 1
    assert "did you mean “gold”?" in capsys.readouterr().err
    assert policy.main(["check", str(wrong)]) == 0 and not models.PolicyRevision.objects.exists()
    capsys.readouterr()
    assert policy.main(["check", str(wrong), "--catalog", str(CATALOG), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["nearest"] == "gold"


def test_a_catalog_that_no_longer_sells_what_the_policy_names_stays_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog.main(["load", str(CATALOG)])
    named = tmp_path / "named.toml"
    named.write_text(POLICY.read_text(encoding="utf-8").replace('differ = ["family"]', 'to_plan = ["gold"]'))
    assert policy.main(["load", str(named), "--seller", "demo-host-italia"]) == 0
    without = tmp_path / "without.toml"
    without.write_text(CATALOG.read_text(encoding="utf-8").replace("[plans.gold", "[plans.golden"))
    capsys.readouterr()
    assert catalog.main(["load", str(without)]) == 1
    told = capsys.readouterr().err
    assert "the policy in force for demo-host-italia does not fit this catalog:" in told
    assert "the catalog has no plan “gold”\n    did you mean “golden”?" in told
    assert models.CatalogRevision.objects.count() == 1


def test_all_that_is_wrong_with_a_catalog_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.toml"
    text = CATALOG.read_text(encoding="utf-8")
    path.write_text(
        text.replace('price = "69.00"', 'price = "-69.00"').replace("[plans.gold]", '[plans.gold]\nprise = "1"')
    )
    for arguments in (["check", str(path)], ["load", str(path)]):
        assert catalog.main(arguments) == 1
        told = capsys.readouterr().err
        assert "plans.silver" in told and "plans.gold.prise: unknown key" in told
    assert not models.CatalogRevision.objects.exists()


def test_what_cannot_be_read_has_its_own_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere.toml")
    assert catalog.main(["check", nowhere]) == catalog.main(["load", nowhere]) == catalog.main(["chek", nowhere]) == 2
    assert policy.main(["load", nowhere, "--seller", "x"]) == policy.main(["load", nowhere]) == 2
    assert catalog.main(["check", str(CATALOG), "--policy", nowhere]) == 2
    assert "Traceback" not in capsys.readouterr().err
