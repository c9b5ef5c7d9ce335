"""VIES itself, by its REST service.

Each number is asked of the member state that gave it. A state that is down, a service that has too much to do, and no
answer at all are Transient: nothing is known, and nobody is taxed otherwise because of it.
"""

from typing import Any

import requests

from planshift.domain.errors import Permanent, Transient
from planshift.procedures import ports

URL = "https://ec.europa.eu/taxation_customs/vies/rest-api"
SECONDS = 15.0
STATE_SILENT = frozenset({"MS_UNAVAILABLE", "TIMEOUT", "MS_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ_TIME"})
BUSY = frozenset({"SERVICE_UNAVAILABLE", "GLOBAL_MAX_CONCURRENT_REQ", "GLOBAL_MAX_CONCURRENT_REQ_TIME"})


class LiveVies:
    """The `Vies` port. `url` ends before `/check-vat-number`."""

    def __init__(self, *, url: str = URL) -> None:
        self._url = f"{url.rstrip('/')}/check-vat-number"

    def check(self, *, number: str, requester: str) -> ports.VatAnswer:
        """As the port says. Permanent("vies_refused") where VIES does not take the question."""
        state = number[:2]
        said = self._ask({"countryCode": state, "vatNumber": number[2:], **_asker(requester)}, state)
        for error in _errors(said):
            if error == "INVALID_INPUT":
                return ports.VatAnswer(valid=False)  # no number of this state looks like it
            if error in STATE_SILENT:
                raise Transient("vies_state_silent", state=state, remote=error)
            if error in BUSY:
                raise Transient("vies_busy", remote=error)
            raise Permanent("vies_refused", remote=error)
        if not isinstance(said.get("valid"), bool):
            raise Transient("vies_unreadable", remote="no verdict")
        return ports.VatAnswer(
            valid=said["valid"],
            request_identifier=_text(said, "requestIdentifier"),
            name=_text(said, "name"),
            address=" ".join(_text(said, "address").split("\n")),
        )

    def _ask(self, question: dict[str, str], state: str) -> dict[str, Any]:
        try:
            answer = requests.post(self._url, json=question, timeout=SECONDS, allow_redirects=False)
        except requests.Timeout as problem:
            raise Transient("vies_state_silent", state=state, remote="no answer in time") from problem
        except requests.RequestException as problem:
            raise Transient("vies_unreachable", remote=type(problem).__name__) from problem
        try:
            said = answer.json()
        except ValueError:
            raise Transient("vies_unreadable", remote=f"{answer.status_code}, no JSON") from None
        if not isinstance(said, dict):
            raise Transient("vies_unreadable", remote=f"{answer.status_code}, no object")
        if answer.status_code >= 500 and not _errors(said):
            raise Transient("vies_busy", remote=str(answer.status_code))
        return said


def _asker(requester: str) -> dict[str, str]:
    """The seller's own number: only who names it gets the number of the consultation."""
    return {"requesterMemberStateCode": requester[:2], "requesterNumber": requester[2:]} if requester else {}


def _errors(said: dict[str, Any]) -> list[str]:
    wrapped = said.get("errorWrappers")
    found = (
        [str(each.get("error", "")) for each in wrapped if isinstance(each, dict)] if isinstance(wrapped, list) else []
    )
    return [each for each in found if each]


def _text(said: dict[str, Any], key: str) -> str:
    """What VIES tells; a state that tells nothing writes dashes."""
    value = said.get(key)
    return "" if not isinstance(value, str) or value.strip() in ("", "---") else value.strip()
