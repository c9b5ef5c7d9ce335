"""Which additional resources can be given up?

A resource that the catalog marks as not shrinkable never goes down in place: in a change of resources it is refused;
only a hard change of plan, which moves the service, can have less of it (`when.less_of`). `run` says whether this one
can.
"""

from planshift.domain.policy.vocabulary import Answer, Param, rules

QUESTION = __doc__
DEFAULT = "all"


def _all(*, resource: str) -> bool:
    return True


def _none(*, resource: str) -> bool:
    return False


def _all_but(*, resource: str, resources: tuple[str, ...]) -> bool:
    return resource not in resources


RULES = rules(
    Answer(
        name="all",
        run=_all,
        doc="All additional ones; what the plan includes is a floor.",
        example='"all"',
        clause="D1",
    ),
    Answer(name="none", run=_none, doc="None.", example='"none"'),
    Answer(
        name="all_but",
        run=_all_but,
        doc="All but the listed ones: disks never shrink.",
        example='{ answer = "all_but", resources = ["disk"] }',
        params=(Param(name="resources", kind="codes", doc="those that never shrink"),),
    ),
)
