"""A policy is loaded for a seller only when the seller could invoice under it."""

import pytest

from planshift.catalog import load, models
from planshift.domain.policy import loader
from tests.house_rules import source
from tests.stories.conftest import START, Stage

SHIPPED = (source.ROOT / "policies/easy-hard.toml").read_text(encoding="utf-8")


def test_a_policy_in_another_currency_is_not_loaded(stage: Stage) -> None:
    polish = stage.service("vps.ksiegarnia").client.seller.code
    before = models.PolicyRevision.objects.count()
    with pytest.raises(loader.BadPolicy, match="are in EUR, the prices of the catalog in PLN"):
        load.load_policy(seller=polish, text=SHIPPED, at=START, actor="staff:1")
    assert models.PolicyRevision.objects.count() == before


def test_a_policy_that_rounds_finer_than_money_is_not_loaded(stage: Stage) -> None:
    italian = stage.service("pasticceria").client.seller.code
    before = models.PolicyRevision.objects.count()
    text = SHIPPED.replace("\n[[case]]", '\ncredit_rounding = { answer = "own", decimals = 3 }\n\n[[case]]', 1)
    assert text != SHIPPED
    with pytest.raises(loader.BadPolicy, match="rounded to 3 decimals, and EUR has 2") as bad:
        load.load_policy(seller=italian, text=text, at=START, actor="staff:1")
    (finding,) = bad.value.findings
    assert finding.key == "credit_rounding"
    assert models.PolicyRevision.objects.count() == before
