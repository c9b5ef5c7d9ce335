"""What becomes of mail that came in at the new environment, when all is taken back? It goes to the old one first."""

from collections.abc import Callable, Mapping
from typing import Any

from planshift.domain import recipes
from planshift.domain.errors import Permanent, Transient
from planshift.provisioning import answers, facts, models, names, ports


def _return_mail(call: answers.Call) -> dict[str, Any]:
    """The call is about the old environment, to which mail is brought. Names lead to it again; senders who asked just
    before come to the new one for the lowered time to live, and what they bring is waited for.

    Transient or Permanent("mail_not_back", why=…) where it does not work: a person decides before anything is removed.
    """
    execution = call.execution
    if execution.new is None or not facts.mail_may_have_come(execution):
        return {"facts": {"mails": 0}}
    if execution.attempt == 0 and not execution.task and facts.last_done(execution, "swap_dns") is not None:
        raise Transient("not_known_yet", after_seconds=float(names.low_ttl(execution)))
    try:
        return _brought(call, execution.new)
    except Transient as problem:
        told = {**problem.facts, "why": problem.what}
        raise Transient("mail_not_back", after_seconds=problem.after_seconds, **told) from problem
    except Permanent as problem:
        raise Permanent("mail_not_back", **{**problem.facts, "why": problem.what}) from problem


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
    mails = brought[0].mails if brought else 0
    return {**made, "facts": {**made.get("facts", {}), "mails": mails}}


VERBS: Mapping[str, Callable[[answers.Call], dict[str, Any]]] = {recipes.RETURN_MAIL: _return_mail}
