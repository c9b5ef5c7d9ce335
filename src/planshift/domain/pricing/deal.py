"""What are the old and the new worth for the time that remains? The amounts that a settlement asks for."""

from datetime import date
from functools import partial

from planshift.domain import facts as known
from planshift.domain import money, periods
from planshift.domain.errors import Refused
from planshift.domain.exact import Exact, Fraction
from planshift.domain.facts import BilledLine
from planshift.domain.periods import Length, Moment
from planshift.domain.policy import other_period
from planshift.domain.policy.given import Found, Part, Raw, Share
from planshift.domain.policy.unused_value import Left, Worth
from planshift.domain.pricing import prices, units, worth
from planshift.domain.pricing.items import Item
from planshift.domain.pricing.measure import ONE, Clock
from planshift.domain.pricing.prepared import Prepared
from planshift.domain.pricing.worth import Unused

_NONE = Fraction(0)
_MONTH = Length(1)


class PricedDeal:
    """One change with its clock and rules. Implements `given.Deal`."""

    convert = False  # the new price is converted to the present billing period, whatever “other_period” says
    aligned: tuple[Moment, Moment | None] | None = None  # end of the term afterwards, start of the stretch
    whole_credit = False  # the old is credited in full
    credits_nothing = False

    def __init__(self, facts: known.Facts, prepared: Prepared, clock: Clock, priced_on: date, choice: str) -> None:
        self.facts, self.prepared, self.clock, self.priced_on = facts, prepared, clock, priced_on
        self.change, self.rules, self.items, self.choice = prepared.change, prepared.rules, prepared.changed, choice
        self.rounding, self.rounder = prepared.rounding, prepared.rounding.lines
        # Whether a price depends on more than catalog, policy and day
        self.prices_vary = self.rules.by_remaining or facts.service.discount is not None
        self.lines_of: dict[str, list[BilledLine]] = {}
        term = facts.service.term  # old list prices are those in force when it began
        self.bought_on = priced_on if term is None else periods.day_of(term.start, clock.zone)

    def end_term(self) -> None:
        """See `given.Deal`."""
        self.items = self.change.items

    def differences(self, *, full: bool = False) -> list[Raw]:
        """See `given.Deal`."""
        lines = []
        for item in self.items:
            new, old = self._charge(item), self._credit(item)
            if full:
                before = self._full_old(item, old) if item.old_quantity else _NONE
                exact = (money.times(new.amount, item.new_quantity) if new else _NONE) - before
                lines.append(self._line("difference", item, exact, "full_difference", new, old, None, (before,)))
            elif (share := self._alike(new, whole := old or self._paid_at_once(item))) is not None:
                exact = self._shared(item, new, whole, share)
                lines.append(self._line("difference", item, exact, "difference", new, whole, share))
            elif item.old_prices is item.new_prices and self.change.old_length == self.change.new_length:
                lines.append(self._moved(item, new, old))
            else:
                values = self._unused(item, old, item.old_quantity)
                charged, price, by = self._charged(item.new_quantity, new)
                exact = money.less(charged, values.worth)
                detail = (values.given_back,)
                lines.append(
                    self._line("difference", item, exact, "value_difference", price, old, by, detail, values.parts)
                )
        return self._limited(lines)

    def _moved(self, item: Item, new: Found | None, old: Found | None) -> Raw:
        """More or fewer units of the same: the new ones at the charged price, those given up at the credited one."""
        more = item.new_quantity - item.old_quantity
        if more > 0:
            exact, price, by = self._charged(more, new)
            line = self._line("difference", item, exact, "share", price, None, by)
        else:
            values = self._unused(item, old, -more)
            share = None if old is None else self.clock.remaining(old.length)
            detail = (values.given_back,)
            line = self._line("difference", item, -values.worth, "given_up", None, old, share, detail, values.parts)
        return line if line.quantity == item.new_quantity else line._replace(quantity=item.new_quantity)

    def _alike(self, new: Found | None, old: Found | None) -> Share | None:
        """The one time that shares both prices, of one billing period: then it shares their difference."""
        if new is None or old is None or new.length != old.length or self.whole_credit or self.aligned is not None:
            return None
        if not self.rules.by_time or not self.rules.gives_back_all:
            return None
        return self.clock.remaining(new.length)

    def _paid_at_once(self, item: Item) -> Found | None:
        """What one line billed for the plan and for the whole term, where that is one billing period: as its price."""
        if item.component != known.PLAN or self.rounder.first or self.credits_nothing:
            return None
        lines, length, clock = self.billed(item), self.change.old_length, self.clock
        if len(lines) != 1 or lines[0].credits or clock.whole_cycles(length) is not ONE:
            return None
        line = lines[0]
        if line.period is not None and not (clock.is_term(line.period) and clock.shares_the_term(length)):
            return None
        return Found(line.amount.amount, length)

    def _shared(self, item: Item, new: Found | None, old: Found | None, share: Share) -> Fraction:
        assert new is not None and old is not None
        if item.old_quantity != item.new_quantity and new.amount == old.amount:
            return self.rounder.share(new.amount, share.remaining, share.per) * (item.new_quantity - item.old_quantity)
        whole = money.less(money.times(new.amount, item.new_quantity), money.times(old.amount, item.old_quantity))
        return self.rounder.share(whole, share.remaining, share.per)

    def credits(self) -> list[Raw]:
        """See `given.Deal`."""
        lines: list[Raw] = []
        if self.credits_nothing:
            return lines
        if self.facts.service.unused_value is not None:
            value = self.facts.service.unused_value.amount
            lines.append(Raw("credit", known.PLAN, -value, "stated_value"))
            return self._limited(lines)
        for item in self.items:
            if not item.old_quantity:
                continue
            old = self._credit(item)
            share = None if old is None else self.clock.remaining(old.length)
            values = self._unused(item, old, item.old_quantity)
            line = self._line(
                "credit", item, -values.worth, "unused", None, old, share, (values.given_back,), values.parts
            )
            lines.append(line if item.old_quantity == line.quantity else line._replace(quantity=item.old_quantity))
        return self._limited(lines)

    def charges(self) -> list[Raw]:
        """See `given.Deal`."""
        lines = []
        for item in self.items:
            if item.new_quantity:
                exact, price, share = self._charged(item.new_quantity, self._charge(item))
                lines.append(self._line("charge", item, exact, "share", price, None, share))
        return lines

    def _charged(self, quantity: int, new: Found | None) -> tuple[Fraction, Found | None, Share | None]:
        """What the new price comes to for the remaining share and so many units, that of one unit, and the share."""
        if new is None:
            return _NONE, None, None
        price, present, over_own = new.amount, self.change.old_length, True
        if new.length != present:
            divided = other_period.RULES["converted"].run if self.convert else self.rules.other_period
            price, over_own = divided(price=price, own=new.length.months, present=present.months)
        share = self._new_share(new.length) if over_own else self.clock.remaining(present)
        exact = money.times(self.rounder.share(price, share.remaining, share.per), quantity)
        return exact, new if price is new.amount else Found(price, new.length), share

    def full_charges(self) -> list[Raw]:
        """See `given.Deal`."""
        return [self._line("charge", item, exact, "full", price, None, None) for item, price, exact in self._full()]

    def _full(self) -> list[tuple[Item, Found, Fraction]]:
        """Each component with the price of one unit for the new billing period, and what all its units cost."""
        found = []
        for item in self.items:
            new = self._charge(item)
            if item.new_quantity and new is not None:
                price = self._of_length(new)
                found.append((item, price, money.times(price.amount, item.new_quantity)))
        return found

    def used_charges(self) -> list[Raw]:
        """See `given.Deal`."""
        lines = []
        for item in self.items:
            price = item.old_price(self.change.old_length, self.priced_on)
            if item.old_quantity and price is not None:
                share = self.clock.used(self.change.old_length)
                found = Found(price.amount, self.change.old_length)
                exact = money.times(self.rounder.share(price.amount, share.remaining, share.per), item.old_quantity)
                line = self._line("charge", item, exact, "used", found, None, share)
                lines.append(line._replace(quantity=item.old_quantity))
        return lines

    def highest_charges(self) -> list[Raw]:
        """See `given.Deal`."""
        lines = []
        for item in self.items:
            new = self._charge(item)
            if new is None:
                continue
            quantity, price = max(item.old_quantity, item.new_quantity), new.amount
            highest = self.facts.catalog.plans.get(self.facts.service.highest_plan)
            if item.component == known.PLAN and highest is not None:
                top = highest.price(self.change.new_length, self.priced_on)
                price = max(price, top.amount if top else _NONE)
            line = self._line(
                "charge", item, money.times(price, quantity), "full", Found(price, new.length), None, None
            )
            lines.append(line._replace(quantity=quantity))
        return lines

    def sells(self) -> Fraction:
        """See `given.Deal`."""
        price = money.sum_of([exact for _, _, exact in self._full()])
        if price.numerator <= 0:
            raise Refused("nothing_to_buy_time_from")
        return price

    def new_period(self, unit: str) -> Exact:
        """See `given.Deal`."""
        length = self.change.new_length
        return length.months if unit == "month" else self.clock.days_of(length)

    def unused_units(self) -> Share:
        """See `given.Deal`."""
        share = self.clock.remaining(self.change.old_length)
        if share.unit in ("billing_periods", "terms"):
            return Share(share.cycles * self.change.old_length.months, ONE, "months")
        return share

    def _new_share(self, length: Length) -> Share:
        if self.aligned is not None and self.clock.at is not None:
            end, start = self.aligned
            if start is not None:
                return self.clock.until(start, end, length=length)
        return self.clock.remaining(length)

    def _of_length(self, found: Found) -> Found:
        wanted = self.change.new_length
        if found.length == wanted:
            return found
        return Found(found.amount * wanted.months / found.length.months, wanted)

    def _charge(self, item: Item) -> Found | None:
        """The price charged for one unit of the new, the client's payment discount included."""
        noted, key = self.prepared.charged, item.component  # of the day that the change is prepared for
        if not self.prices_vary and key in noted:
            return noted[key]
        found = prices.charged(item, facts=self.facts, prepared=self.prepared, clock=self.clock, on=self.priced_on)
        return found if self.prices_vary else noted.setdefault(key, found)

    def _credit(self, item: Item) -> Found | None:
        """The price credited for one unit of the old; None where the billed lines count."""
        key = (item.component, self.bought_on) if self.facts.catalog.dated else item.component
        noted = self.prepared.credited
        if not self.prices_vary and key in noted:
            return noted[key]
        found = prices.credited(item, facts=self.facts, prepared=self.prepared, clock=self.clock, on=self.bought_on)
        return found if self.prices_vary else noted.setdefault(key, found)

    def _full_old(self, item: Item, old: Found | None) -> Fraction:
        if old is not None:
            return money.times(old.amount, item.old_quantity)
        return money.sum_of([line.amount.amount for line in worth.of_the_term(self.billed(item), self.clock)])

    def billed(self, item: Item) -> list[BilledLine]:
        """What was billed for a component, newest first; by default its list price, less the discount, for the term."""
        found = self.lines_of.get(item.component)
        if found is None:
            found = self.lines_of[item.component] = worth.billed_lines(
                self.facts, item, clock=self.clock, on=self.bought_on, paid_once=self.prepared.paid_once
            )
        return found

    def _unused(self, item: Item, old: Found | None, quantity: int) -> Unused:
        """What the unused part of so many of a component is worth to the client, and how much of that is given back."""
        if not quantity or self.credits_nothing:
            return Unused(_NONE, (), ONE)
        if old is not None:
            price = money.times(old.amount, quantity)
            parts = [self._value(item, price, quantity, self.clock.remaining(old.length), old.length)]
        else:
            parts = self._newest_first(item, quantity)
        value = money.sum_of([part.worth for part in parts])
        if self.rules.gives_back_all:
            return Unused(value, tuple(parts), ONE)
        code = "plan" if item.component == known.PLAN else item.code
        back: Fraction = self.rules.credit_share(component=code, direction=self.prepared.direction)
        return Unused(value * back, tuple(parts), back)

    def _newest_first(self, item: Item, quantity: int) -> list[Part]:
        """The unused worth of billed lines, the newest first; of several units, the newest so many."""
        lines, plan = self.billed(item), item.component == known.PLAN
        if len(lines) == 1 and not lines[0].credits and (plan or quantity == item.old_quantity == lines[0].quantity):
            part = self._of_billed(item, quantity, lines[0], ONE)
            return [part] if part.worth.numerator >= 0 else []
        if plan:
            taken = iter([units.Taken(line, ONE, ONE) for line in lines])
        else:
            taken = units.given_up(lines, held=item.old_quantity, wanted=quantity)
        value = partial(self._of_billed, item, quantity)
        parts = worth.of_units(taken, value=value, clock=self.clock, all_back=self.rules.gives_back_all)
        return parts if money.sum_of([part.worth for part in parts]).numerator >= 0 else []

    def _of_billed(self, item: Item, quantity: int, line: BilledLine, of: Fraction) -> Part:
        """The worth of the share `of` a line."""
        clock, amount = self.clock, line.amount.amount if of is ONE else line.amount.amount * of
        if line.period is None:
            length = self.change.old_length
            cycles, share = clock.whole_cycles(length), clock.remaining(length)
            price = amount if cycles is ONE else amount / cycles
            return self._value(item, price, quantity, share, length, line.id)
        time = clock.term() if clock.is_term(line.period) else clock.time(line.period.start, line.period.end)
        if not time.total:
            return Part(amount, None, _NONE, line.id)
        share = Share(time.remaining, time.total, clock.unit)
        return self._value(item, amount, quantity, share, None, line.id)

    def _value(
        self, item: Item, price: Fraction, quantity: int, share: Share, length: Length | None, billed: str = ""
    ) -> Part:
        """The worth of the remaining share of a stretch at `price` (of all `quantity`) per billing period."""
        part = Part(price, share, self.rounder.share(price, share.remaining, share.per), billed)
        rules = self.rules
        if not self.whole_credit and rules.by_time:
            return part
        cycles = self.clock.whole_cycles(length) if length is not None else ONE
        whole = price if cycles is ONE else price * cycles
        if self.whole_credit:
            return part._replace(worth=whole, whole=whole)
        found = Worth(
            whole=whole,
            remaining=part.worth,
            used_share=lambda: max(1 - share.cycles / cycles, _NONE),
            used_months=partial(worth.used_months, self.clock),
            used_days=partial(worth.used_days, self.clock),
            monthly=partial(self._monthly, item, quantity),
        )
        left: Left = rules.unused_value(worth=found)
        return part._replace(worth=left.value, whole=left.whole, less=left.less)

    def _monthly(self, item: Item, quantity: int) -> Fraction | None:
        """The monthly list price of so many units, of the day when they were bought."""
        monthly = item.old_price(_MONTH, self.bought_on)
        return None if monthly is None else money.times(monthly.amount, quantity)

    def _limited(self, lines: list[Raw]) -> list[Raw]:
        """Nothing is credited beyond what was paid for it less what was credited before."""
        for index, line in enumerate(lines):
            exact = line.exact
            if exact.numerator < 0:
                can = self.creditable(line.component)
                if can is not None and -exact.numerator * can.denominator > can.numerator * exact.denominator:
                    lines[index] = line._replace(exact=-can, limit=-exact)
        return lines

    def creditable(self, component: str) -> Fraction | None:
        """What can still be credited for a component; None where nothing is known to limit it."""
        if self.facts.billed is None and self.facts.service.unused_value is not None:
            return None
        lines = self.lines_of.get(component)
        if lines is None:
            lines = next((self.billed(item) for item in self.change.items if item.component == component), None)
            if lines is None:
                return None
        if len(lines) == 1:
            return lines[0].creditable.amount
        return max(money.sum_of([line.paid.amount - line.credited.amount for line in lines]), _NONE)

    def _line(
        self,
        role: str,
        item: Item,
        exact: Fraction,
        how: str,
        new: Found | None,
        old: Found | None,
        share: Share | None,
        detail: tuple[Fraction, ...] = (),
        values: tuple[Part, ...] = (),
    ) -> Raw:
        return Raw(
            role,
            item.component,
            exact,
            how,
            item.new_quantity or item.old_quantity,
            new.amount if new else None,
            old.amount if old else None,
            item.old_quantity,
            share,
            new.length if new else old.length if old else None,
            detail,
            values,
        )
