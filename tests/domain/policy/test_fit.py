"""Does a policy that names what a catalog does not sell get through any door?"""

import pytest

from planshift.domain.policy import checker
from tests.domain.pricing import world

HEAD = 'format = 1\npolicy = "x"\ncurrency = "PLN"\n'
LAST = '\n[[case]]\nname = "all else"\n'
ITALIAN, POLISH = world.catalog("easy-hard"), world.catalog("deposit")
SPECIFIC = (
    '[family.pro-cloud]\nsettlement = "nothing"\ntiming = "at_once"\n'
    'metering = { answer = "hourly", floor = "10.00" }\n'
)


def found(text: str, catalog=POLISH) -> list[tuple[str, str, str | None]]:
    """Key, message and nearest word of each finding."""
    return [(each.key, each.message, each.nearest) for each in checker.check(text.encode(), catalog=catalog).findings]


@pytest.mark.parametrize("name", ["easy-hard", "deposit"])
def test_the_shipped_policies_fit_their_catalogs(name: str) -> None:
    data = (world.ROOT / "policies" / f"{name}.toml").read_bytes()
    assert checker.check(data, catalog=world.catalog(name)).findings == ()


@pytest.mark.parametrize(
    ("when", "message", "nearest"),
    [
        ('to_plan = ["profesional"]', "the catalog has no plan “profesional”", "professional"),
        ('from_plan = ["standard", "gold"]', "the catalog has no plan “gold”", None),
        ('from_family = ["dedicatd"]', "the catalog has no family “dedicatd”", "dedicated"),
        ('to_family = ["vpss"]', "the catalog has no family “vpss”", "vps"),
        ('resource = ["ipp"]', "the catalog has no resource “ipp”", "ip"),
        ('less_of = ["memroy"]', "the catalog has no resource “memroy”", "memory"),
        ('differ = ["platfrom"]', "the catalog has no trait “platfrom”", "platform"),
        ('same = ["famly"]', "the catalog has no trait “famly”", "family"),
        ('to_traits = { platfrom = "kvm" }', "the catalog has no trait “platfrom”", "platform"),
    ],
)
def test_a_case_about_what_is_not_sold_would_never_apply(when: str, message: str, nearest: str | None) -> None:
    text = HEAD + SPECIFIC + f'\n[[case]]\nname = "one"\nwhen = {{ {when} }}\n' + LAST
    assert checker.check(text.encode()).findings == ()  # without a catalog nobody can know
    key = f"case[1].when.{when.partition(' ')[0]}"
    assert found(text) == [(key, message, nearest)]


def test_traits_of_the_present_service_may_be_its_own() -> None:
    text = HEAD + SPECIFIC + '\n[[case]]\nname = "one"\nwhen = { from_traits = { migrated = true } }\n' + LAST
    assert found(text) == []


def test_answers_about_resources_and_families_that_are_not_sold() -> None:
    text = (
        HEAD
        + 'resource_decrease = { answer = "all_but", resources = ["disk", "dsk"] }\n'
        + 'credit_share = { answer = "per_resource", percents = [{ resource = "plan", percent = 10 }, '
        + '{ resource = "ips", percent = 5 }] }\n'
        + SPECIFIC
        + '[family.pro-clod]\nsettlement = "nothing"\n'
    )
    assert found(text) == [
        ("resource_decrease", "the catalog has no resource “dsk”", "disk"),
        ("credit_share", "the catalog has no resource “ips”", "ip"),
        ("family.pro-clod", "the catalog has no family “pro-clod”", "pro-cloud"),
    ]


def test_what_is_metered_has_its_rule_and_what_is_not_has_none() -> None:
    assert found(HEAD) == [
        (
            "metering",
            "the catalog counts the family “pro-cloud” by the hour: say how, in [family.pro-cloud] metering",
            None,
        )
    ]
    metered = SPECIFIC.replace("pro-cloud", "vps")
    assert sorted(message for _, message, _ in found(HEAD + SPECIFIC + metered)) == [
        "the family “vps” is paid per term in the catalog, so nothing of it is counted by the hour",
    ]


def test_another_currency_and_unknown_names_are_told_at_once() -> None:
    text = (
        HEAD + 'credit_to = "mars"\n[family.pro-cloud]\n[[case]]\nname = "one"\nwhen = { to_plan = ["gld"] }\n' + LAST
    )
    assert [key for key, _, _ in found(text, ITALIAN)] == [
        "currency", "credit_to", "family.pro-cloud", "case[1].when.to_plan",
    ]  # fmt: skip


def test_more_decimals_than_money_has() -> None:
    text = HEAD.replace("PLN", "EUR") + 'rounding = { answer = "each_line", decimals = 4 }\n'
    (finding,) = found(text, ITALIAN)
    assert finding == ("rounding", "amounts are rounded to 4 decimals, and EUR has 2: nobody could pay", None)
