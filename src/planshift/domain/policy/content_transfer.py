"""Who moves the content of a hard change to the new environment?

`run` gives who does it, in the words of the recipes: "client" or "provider".
"""

from planshift.domain.policy.vocabulary import Answer, rules

QUESTION = __doc__
DEFAULT = "by_client"


def _by_client() -> str:
    return "client"


def _by_provider() -> str:
    return "provider"


RULES = rules(
    Answer(
        name="by_client",
        run=_by_client,
        doc="Moving the content is the client's duty; names are switched once the client says that it is done.",
        example='"by_client"',
        clause="H9",
    ),
    Answer(
        name="by_provider",
        run=_by_provider,
        doc="The provider copies the content where both servers can, compares both sides, and switches the names. "
        "During the last copy the old environment can be read but not written.",
        example='"by_provider"',
    ),
)
