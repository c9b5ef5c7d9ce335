"""What does the next renewal cost after a change, and whose data stand on its invoice?

`run` chooses between the buyer of the previous settlement and the present one, whatever they are.
"""

from typing import TypeVar

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "full_new_price"
Buyer = TypeVar("Buyer")


def _full_new_price(*, previous: Buyer, present: Buyer, buyer: str) -> Buyer:
    return previous if buyer == "as_before" else present


RULES = rules(
    Answer(
        name="full_new_price",
        run=_full_new_price,
        doc="The next term is renewed at the full price of what the client then has. The invoice carries the buyer's "
        "data of the previous settlement (as_before) or those of the client's account on that day (current).",
        example='{ answer = "full_new_price", buyer = "as_before" }',
        clause="H8",
        params=(
            Param(
                name="buyer",
                kind="choice",
                choices=("as_before", "current"),
                default="current",
                doc="whose data stand on the invoice (D6)",
            ),
        ),
    ),
)
