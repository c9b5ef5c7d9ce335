"""Do visitors get the site? Looked at as a visitor comes: by the address of a server, with the service's name."""

from collections.abc import Callable, Mapping
from typing import Any

from planshift.domain import recipes
from planshift.domain.errors import Transient
from planshift.provisioning import answers, facts, models, ports


def serves(status: int) -> bool:
    """Is this an answer of the site itself? "Not found" is one, a server's own fault or silence is none."""
    return 0 < status < 500


def statuses(execution: models.Execution, environment: models.Environment | None) -> dict[str, int]:
    """What visitors of each of the service's names get at an environment; nothing where nobody visits."""
    if environment is None or not environment.address:
        return {}
    web = ports.web(environment.server.driver)
    if web is None:
        return {}
    return {name: web.visit(address=environment.address, name=name) for name in facts.parameters_of(execution).domains}


def _new(call: answers.Call) -> dict[str, Any]:
    """No worse than the old one: a site that fails by itself was not broken by us."""
    seen = statuses(call.execution, call.here)
    bad = {name: status for name, status in seen.items() if not serves(status)}
    if bad:
        former = statuses(call.execution, call.execution.present)
        bad = {name: status for name, status in bad.items() if status == 0 or serves(former.get(name, 200))}
    if bad:
        raise Transient("not_serving", statuses=bad)
    return {"facts": {"statuses": seen}} if seen else {"kind": answers.ABSENT}


def _old(call: answers.Call) -> dict[str, Any]:
    """Through the old server, before any name is switched: the same answers as at the new one."""
    if not facts.passed_on(call.execution):
        return {"kind": answers.ABSENT}
    seen = statuses(call.execution, call.here)
    direct = statuses(call.execution, call.execution.new)
    bad = {name: status for name, status in seen.items() if status != direct.get(name)}
    if bad:
        raise Transient("not_serving", statuses=bad)
    return {"facts": {"statuses": seen}} if seen else {"kind": answers.ABSENT}


VERBS: Mapping[str, Callable[[answers.Call], dict[str, Any]]] = {recipes.VISIT_NEW: _new, recipes.VISIT_OLD: _old}
