"""Hours, prices and draws of metered services: tables of literals, and the law that draws sum to the month (D3)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planshift.domain import metering
from planshift.domain.catalog import HourlyPrice, Plan, Resource
from planshift.domain.exact import Fraction
from planshift.domain.metering import Held, Tax
from planshift.domain.money import Money
from planshift.domain.policy import rounding
from planshift.domain.renewing import Rounding

WARSAW = ZoneInfo("Europe/Warsaw")
VAT = Tax(rate=Fraction(23, 100))


def rounded(mode: str = "half_up", place: str = "per_rate") -> Rounding:
    lines = rounding.Rounder("each_line", mode, Fraction(1, 100), lambda price, left, per: price, Fraction(1, 100))
    return Rounding(lines=lines, tax_place=place, tax_mode=mode)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).astimezone(UTC)


def plan(**hourly: str) -> Plan:
    resources = {
        code: Resource(code=code, name={"en": code}, additional=True, hourly=(HourlyPrice(Fraction(price)),))
        for code, price in hourly.items()
    }
    return Plan(code="cloud", family="cloud", name={"en": "Cloud"}, prices=(), resources=resources)


def count(history: list[Held], day: str, hours: str = "started", until: str = "") -> tuple[int, dict[str, int]]:
    found = metering.counted(
        history=history,
        day=date.fromisoformat(day),
        zone=WARSAW,
        hours=hours,
        until=at(until) if until else None,
    )
    return found.hours, dict(found.units)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-09-01", 24), ("2026-10-25", 25), ("2027-03-28", 23)],  # clocks go back, and forward
)
def test_a_day_has_as_many_hours_as_pass_in_it(day: str, hours: int) -> None:
    history = [Held(at("2026-01-01"), {"cpu": 2})]
    assert count(history, day) == count(history, day, "full") == (hours, {"cpu": 2 * hours})


def test_a_month_of_the_long_day_has_745_hours() -> None:
    history = [Held(at("2026-01-01"), {"cpu": 1})]
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
    assert sum(count(history, str(day))[0] for day in days) == 745  # 31 x 24 + 1


def test_up_and_down_within_one_hour() -> None:
    history = [
        Held(at("2026-09-01"), {"cpu": 2}),
        Held(at("2026-09-01 10:10"), {"cpu": 8}),
        Held(at("2026-09-01 10:50"), {"cpu": 1}),
    ]
    # ten hours at 2, the eleventh at its most, 8, thirteen at 1: 20 + 8 + 13
    assert count(history, "2026-09-01") == (24, {"cpu": 41})
    # only what was held all through: 20 + 1 + 13
    assert count(history, "2026-09-01", "full") == (24, {"cpu": 34})


def test_a_change_on_the_hour_belongs_to_the_hour_that_begins() -> None:
    history = [Held(at("2026-09-01"), {"cpu": 2}), Held(at("2026-09-01 12:00"), {"cpu": 4})]
    assert count(history, "2026-09-01") == count(history, "2026-09-01", "full") == (24, {"cpu": 72})  # 12 x 2 + 12 x 4


def test_of_two_changes_at_one_instant_the_later_holds() -> None:
    history = [Held(at("2026-09-01"), {"cpu": 9}), Held(at("2026-09-01"), {"cpu": 1})]
    assert count(history, "2026-09-01") == (24, {"cpu": 24})


def test_nothing_counts_while_nothing_is_held() -> None:
    blocked = [Held(at("2026-09-01"), {"cpu": 2}), Held(at("2026-09-01 06:30"), {})]
    assert count(blocked, "2026-09-01") == (7, {"cpu": 14})  # the seventh hour had begun
    assert count(blocked, "2026-09-01", "full") == (6, {"cpu": 12})
    assert count(blocked, "2026-09-02") == (0, {})
    assert count([Held(at("2026-09-03"), {"cpu": 2})], "2026-09-02") == (0, {})


def test_the_hour_that_runs_counts_where_started_hours_do() -> None:
    history = [Held(at("2026-08-01"), {"cpu": 1})]
    assert count(history, "2026-09-01", until="2026-09-01 10:20") == (11, {"cpu": 11})
    assert count(history, "2026-09-01", "full", until="2026-09-01 10:20") == (10, {"cpu": 10})


def test_prices_begin_on_their_day() -> None:
    cpu = Resource(
        code="cpu",
        name={"en": "cpu"},
        hourly=(HourlyPrice(Fraction("0.06")), HourlyPrice(Fraction("0.07"), date(2026, 9, 2))),
    )
    sold = Plan(code="cloud", family="cloud", name={"en": "Cloud"}, prices=(), resources={"cpu": cpu})
    used: tuple[metering.Used, ...] = ()
    for day in (date(2026, 9, 1), date(2026, 9, 2)):
        found = metering.counted(history=[Held(at("2026-01-01"), {"cpu": 1})], day=day, zone=WARSAW, hours="started")
        used = metering.added(used, metering.priced(found, plan=sold, day=day, tax=VAT))
    # 24 x 0.06 = 1.44, 24 x 0.07 = 1.68; 3.12 + 23 % (0.7176) = 3.84
    assert [(each.price, each.units, each.exact) for each in used] == [
        (Fraction("0.06"), 24, Fraction("1.44")),
        (Fraction("0.07"), 24, Fraction("1.68")),
    ]
    lines = metering.lines(used, prices="net", currency="PLN", rounding=rounded())
    assert metering.total(lines, currency="PLN").gross == Money.of("3.84", "PLN")
    assert [metering.Used.from_json(each.to_json()) for each in used] == list(used)


def test_a_month_so_far_is_rounded_as_a_whole_and_draws_take_the_difference() -> None:
    sold, history = plan(disk="0.0008"), [Held(at("2026-01-01"), {"disk": 10})]
    used, drawn, draws = (), Money.zero("PLN"), []
    for day in (date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 3)):
        found = metering.counted(history=history, day=day, zone=WARSAW, hours="started")
        used = metering.added(used, metering.priced(found, plan=sold, day=day, tax=VAT))
        lines = metering.lines(used, prices="net", currency="PLN", rounding=rounded())
        draw = metering.to_draw(so_far=metering.total(lines, currency="PLN"), drawn=drawn)
        drawn += draw
        draws.append(draw.text)
    # net 0.192, 0.384, 0.576 → 0.19, 0.38, 0.58; VAT 0.0437, 0.0874, 0.1334 → 0.04, 0.09, 0.13; gross 0.23, 0.47, 0.71
    assert draws == ["0.23", "0.24", "0.24"]
    steps = list(metering.explained(lines, drawn=Money.of("0.47", "PLN"), draw=draw))
    assert [step.formula for step in steps] == ["720 × 0.0008", "0.58 + 0.13", "0.71 - 0.47"]


def test_what_an_hour_costs_and_how_long_a_balance_lasts() -> None:
    sold, now = plan(cpu="0.06", ip="0.01"), datetime(2026, 9, 1, 10, 20, tzinfo=UTC)
    hourly = metering.per_hour({"cpu": 2, "ip": 1}, plan=sold, day=date(2026, 9, 1), tax=VAT, prices="net")
    assert hourly == Fraction("0.1599")  # 0.13 x 1.23
    until = metering.lasts_until(available=Fraction(16), hourly=hourly, now=now)
    assert until == datetime(2026, 9, 5, 14, 0, tzinfo=UTC)  # 16 / 0.1599 = 100.06 hours after 10:00
    assert metering.lasts_until(available=Fraction(16), hourly=Fraction(0), now=now) is None


MONTHS = st.sampled_from([date(2026, 2, 1), date(2026, 9, 1), date(2026, 10, 1), date(2027, 3, 1), date(2028, 2, 1)])
AMOUNTS = st.dictionaries(st.sampled_from(["cpu", "memory", "disk"]), st.integers(0, 40), max_size=3)
PRICES = st.decimals("0.0001", "0.99", places=4).map(str)


@given(
    MONTHS,
    st.lists(st.tuples(st.integers(-400, 745 * 60), AMOUNTS), min_size=1, max_size=12),
    st.lists(PRICES, min_size=3, max_size=3),
    st.sets(st.integers(1, 30)),
    st.sampled_from(["started", "full"]),
    st.sampled_from(["half_up", "half_even", "down", "up"]),
    st.sampled_from(["per_rate", "per_line", "on_gross"]),
)
def test_draws_on_whatever_days_sum_to_the_rounded_gross_of_the_month(
    month: date, changes: list[tuple[int, dict[str, int]]], prices: list[str], missed: set[int], hours: str,
    mode: str, place: str,
) -> None:  # fmt: skip
    begins = metering.day_begins(month, zone=WARSAW)
    history = [
        Held(begins + timedelta(minutes=minute), amounts) for minute, amounts in sorted(changes, key=lambda c: c[0])
    ]
    sold = plan(cpu=prices[0], memory=prices[1], disk=prices[2])
    used: tuple[metering.Used, ...] = ()
    drawn, day, after = Money.zero("PLN"), month, metering.next_month(month)
    while day < after:
        found = metering.counted(history=history, day=day, zone=WARSAW, hours=hours)
        used = metering.added(used, metering.priced(found, plan=sold, day=day, tax=VAT))
        day += timedelta(days=1)
        if day == after or day.day not in missed:  # a worker that was down draws for several days at once
            lines = metering.lines(used, prices="net", currency="PLN", rounding=rounded(mode, place))
            draw = metering.to_draw(so_far=metering.total(lines, currency="PLN"), drawn=drawn)
            assert draw >= Money.zero("PLN")
            drawn += draw
    whole: dict[str, int] = {}
    hour = begins
    while hour < metering.day_begins(after, zone=WARSAW):  # the same, hour by hour, with nothing of the code above
        end = hour + timedelta(hours=1)
        spans = [
            (max(held.since, hour), min(following.since if following else end, end), held.amounts)
            for held, following in zip(history, [*history[1:], None], strict=True)
        ]
        spans = [span for span in spans if span[0] < span[1]]
        for code in ("cpu", "memory", "disk"):
            values = [amounts.get(code, 0) for _, _, amounts in spans]
            if hours == "full" and (not spans or spans[0][0] > hour):
                values = [0]
            whole[code] = whole.get(code, 0) + (max if hours == "started" else min)(values, default=0)
        hour = end
    expected = metering.lines(
        [metering.Used(resource=u.resource, price=u.price, tax=VAT, units=whole[u.resource]) for u in used],
        prices="net", currency="PLN", rounding=rounded(mode, place),
    )  # fmt: skip
    assert drawn == metering.total(expected, currency="PLN").gross
