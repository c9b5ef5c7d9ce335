"""Whose clock says on which day a change falls?

`run` gives the time zone in which the time of a term is counted. The price list and the promised days keep to the
seller's.
"""

from zoneinfo import ZoneInfo

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "seller"


def _seller(*, seller: ZoneInfo, client: ZoneInfo | None) -> ZoneInfo:
    return seller


def _client(*, seller: ZoneInfo, client: ZoneInfo | None) -> ZoneInfo:
    return client or seller


RULES = rules(
    Answer(name="seller", run=_seller, doc="The seller's time zone.", example='"seller"'),
    Answer(
        name="client",
        run=_client,
        doc="The client's time zone; the seller's for a client of whom none is known.",
        example='"client"',
    ),
)
