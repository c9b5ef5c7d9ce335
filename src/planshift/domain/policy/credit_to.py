"""Where does the money go that a change gives back?

`run` gives the place.
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "account_credit"


def _deposit() -> str:
    return "deposit"


def _account_credit() -> str:
    return "account_credit"


def _refund() -> str:
    return "refund"


def _nowhere() -> str:
    return "nowhere"


RULES = rules(
    Answer(
        name="deposit", run=_deposit, doc="To the client's deposit, never to a card.", example='"deposit"', clause="D5"
    ),
    Answer(
        name="account_credit",
        run=_account_credit,
        doc="To a credit on the client's account that pays later invoices and is never paid out.",
        example='"account_credit"',
    ),
    Answer(name="refund", run=_refund, doc="Back the way it was paid.", example='"refund"'),
    Answer(name="nowhere", run=_nowhere, doc="Nowhere: it is lost.", example='"nowhere"'),
)
