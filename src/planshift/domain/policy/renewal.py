"""What does the next renewal cost after a change, and whose data stand on its invoice?

`run` chooses between the buyer of the previous settlement and the present one, whatever they are.
"""

from typing import TypeVar

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "full_new_price"
PRICES = ("of_the_day", "as_agreed")
Buyer = TypeVar("Buyer")


def _full_new_price(*, previous: Buyer, present: Buyer, buyer: str, prices: str, told_days: int) -> Buyer:
    return previous if buyer == "as_before" else present


RULES = rules(
    Answer(
        name="full_new_price",
        run=_full_new_price,
        doc="The next term is renewed at the full price of what the client then has. The invoice carries the buyer's "
        "data of the previous settlement (as_before) or those of the client's account on that day (current).",
        example='{ answer = "full_new_price", buyer = "as_before", prices = "of_the_day", told_days = 30 }',
        clause="H8",
        params=(
            Param(
                name="buyer",
                kind="choice",
                choices=("as_before", "current"),
                default="current",
                doc="whose data stand on the invoice (D6)",
            ),
            Param(
                name="prices",
                kind="choice",
                choices=PRICES,
                default=PRICES[0],
                doc="the price list of the day on which the term begins, or the price agreed when the client took the "
                "plan; in both a later price that names a day for existing contracts (existing_from in the catalog) "
                "holds for them from that day on",
            ),
            Param(
                name="told_days",
                kind="integer",
                default=0,
                maximum=366,
                doc="so many days before a higher price holds for existing contracts their clients are told; one that "
                "is loaded later is held back for them until so many days after the letter; 0: they are not told",
            ),
        ),
    ),
)
