"""What becomes of what came in at the new environment, when all is taken back? Mail goes to the old one first; of other
files a person decides, before anything is removed."""

from collections.abc import Callable, Mapping
from typing import Any

from planshift.domain import recipes
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import answers, facts, inside, models, names, ports


def _return_mail(call: answers.Call) -> dict[str, Any]:
    """The call is about the old environment, to which mail is brought. Names lead to it again; senders who asked just
    before come to the new one for the lowered time to live, and what they bring is waited for.

    Transient or Permanent("mail_not_back", why=…) where it does not work, Permanent("files_not_back", files=…) where
    more than mail was written there: the new environment stays as it is until a person has decided.
    """
    execution = call.execution
    if execution.new is None:
        return {"facts": {"mails": 0}}
    made: dict[str, Any] = {"facts": {"mails": 0}}
    if facts.mail_may_have_come(execution):
        if execution.attempt == 0 and not execution.task and facts.last_done(execution, "swap_dns") is not None:
            raise Transient("not_known_yet", after_seconds=float(names.low_ttl(execution)))
        try:
            made = _brought(call, execution.new)
        except Transient as problem:
            told = {**problem.facts, "why": problem.what}
            raise Transient("mail_not_back", after_seconds=problem.after_seconds, **told) from problem
        except Permanent as problem:
            raise Permanent("mail_not_back", **{**problem.facts, "why": problem.what}) from problem
    if made.get("kind") != answers.RUNS and facts.files_may_have_come(execution):
        _nothing_else_left(execution.new, asked=facts.mail_may_have_come(execution))
    return made


def _brought(call: answers.Call, new: models.Environment) -> dict[str, Any]:
    source, driver = facts.ref_of(new), ports.driver(new.server.driver)
    if driver.get(ref=source) is None:
        return {"facts": {"mails": 0}}
    same = new.server.driver == call.here.server.driver
    if not same or not call.driver.capabilities(server=call.ref.server).mail_return:
        raise Permanent("unsupported", server=call.ref.server.code)
    brought = []

    def do() -> ports.Result:
        brought.append(call.driver.return_mail(op=call.op, source=source, to=call.ref))
        return brought[0]

    made = answers.mutate(call, do, lambda account, _: account is not None and bool(brought))
    if made.get("kind") == answers.RUNS:
        return made
    mails = brought[0].mails if brought else 0
    return {**made, "facts": {**made.get("facts", {}), "mails": mails, **_all_there(call, source)}}


def _all_there(call: answers.Call, source: ports.Ref) -> dict[str, Any]:
    """Read back: every message of the new environment, which takes none any more, lies in the old one too."""
    driver = call.driver
    if not isinstance(driver, inside.Looks):
        return {}
    there = driver.inside(ref=source).mails
    missing = there - driver.inside(ref=call.ref).mails
    if missing:
        raise Transient("read_back_differs", mails=len(missing), new_key=True)
    return {"read_back": len(there)}


def _nothing_else_left(new: models.Environment, *, asked: bool) -> None:
    """Where somebody wrote files in the new environment, or nobody can tell, it is not removed by itself. `asked`: on a
    server that cannot look a person brought the mail back, and was told to look."""
    source, driver = facts.ref_of(new), ports.driver(new.server.driver)
    if driver.get(ref=source) is None:
        return
    if not isinstance(driver, inside.Looks):
        if asked:
            return
        raise Permanent("files_not_back", why="unsupported", server=new.server.code)
    try:
        found = driver.inside(ref=source)
    except Permanent as problem:
        raise Permanent("files_not_back", **{**problem.facts, "why": problem.what}) from problem
    if found.written:
        raise Permanent("files_not_back", files=found.written, names=list(found.names))


VERBS: Mapping[str, Callable[[answers.Call], dict[str, Any]]] = {recipes.RETURN_MAIL: _return_mail}
