"""Which answers contradict each other? Each rule looks at all the answers that hold together for some change.

Every family and every case is laid over the base, as pricing does it; a clash is reported where the later one of the
clashing answers stands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from planshift.domain.policy import document, lines, reading, values

Position = tuple[str, int | None]  # family ("" for none), case (None for none)


@dataclass(frozen=True, slots=True)
class Clash:
    """Answers of these `dimensions` cannot hold together when `sentence` says so (None: they can)."""

    dimensions: tuple[str, ...]
    sentence: Callable[[document.Resolved], str | None]


def find(policy: document.Policy, positions: reading.Positions, report: values.Report) -> None:
    """Report every clash of every combination of layers, each once per place."""
    seen: set[tuple[lines.Path, str]] = set()
    for family, case in _combinations(policy):
        resolved = policy.resolved(family=family, case=case)
        if resolved.kind == "refused":
            continue
        for clash in CLASHES:
            sentence = clash.sentence(resolved)
            place = _place(clash.dimensions, family, case, positions)
            if sentence is not None and (place, sentence) not in seen:
                seen.add((place, sentence))
                report(values.Problem(place, sentence))


def _combinations(policy: document.Policy) -> Iterator[Position]:
    for family in ("", *policy.families):
        if not policy.cases:
            yield family, None
        for index, case in enumerate(policy.cases):
            if not case.when.from_family or family == "" or family in case.when.from_family:
                yield family, index


def _place(dimensions: tuple[str, ...], family: str, case: int | None, positions: reading.Positions) -> lines.Path:
    """Where the last layer that answers one of the dimensions does so; the case or the file when none does."""
    for layer, key in (("case", case), ("family", family), ("base", None)):
        for name in dimensions:
            if (path := positions.get((layer, key, name))) is not None:
                return path
    return ("case", case) if case is not None else ()


def _waits_for_nobody(these: document.Resolved) -> str | None:
    if these.one("timing").answer == "after_acceptance" and these.one("acceptance").answer == "not_asked":
        return "the change waits for an acceptance that “acceptance” does not ask for"
    return None


def _reminds_too_late(these: document.Resolved) -> str | None:
    chosen = these.one("acceptance")
    late = [day for day in chosen.params.get("reminders", ()) if day >= chosen.params["days"]]
    if late:
        return f"a reminder on day {late[0]} comes when the {chosen.params['days']} days to accept are over"
    return None


def _promises_backwards(these: document.Resolved) -> str | None:
    chosen = these.one("promise")
    if chosen.params.get("least", 0) > chosen.params.get("most", 0):
        return f"at least {chosen.params['least']} and at most {chosen.params['most']} business days cannot both hold"
    return None


def _draws_from_no_deposit(these: document.Resolved) -> str | None:
    if these.one("collection").answer != "by_payment" and these.one("deposit").answer == "none":
        return "orders are to be paid from a deposit, but “deposit” says that there is none"
    return None


def _meters_what_is_ordered(these: document.Resolved) -> str | None:
    if these.one("metering").answer != "none" and these.one("timing").answer != "at_once":
        return "a metered service is changed without an order: “timing” must be “at_once” where “metering” is “hourly”"
    return None


def _announces_no_acceptance(these: document.Resolved) -> str | None:
    announced = any(notice.answer == "decrease_after_acceptance" for notice in these.several("notices"))
    if announced and these.one("acceptance").answer == "not_asked":
        return "the notice “decrease_after_acceptance” announces what “acceptance” does not ask for"
    return None


CLASHES = (
    Clash(("timing", "acceptance"), _waits_for_nobody),
    Clash(("acceptance",), _reminds_too_late),
    Clash(("promise",), _promises_backwards),
    Clash(("collection", "deposit"), _draws_from_no_deposit),
    Clash(("metering", "timing"), _meters_what_is_ordered),
    Clash(("notices", "acceptance"), _announces_no_acceptance),
)
