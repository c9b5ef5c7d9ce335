"""VIES itself, by its REST service.

Each number is asked of the member state that gave it. A state that is down, a service that has too much to do, and no
answer at all are Transient: nothing is known, and nobody is taxed otherwise because of it.
"""

import json
import queue
import threading
from typing import Any

import requests

from planshift.domain.errors import Permanent, Transient
from planshift.procedures import ports
from planshift.runtime import clock

URL = "https://ec.europa.eu/taxation_customs/vies/rest-api"
SECONDS = 15.0  # of silence
IN_ALL = 30.0  # seconds from the question to the last byte of the answer
MOST = 100_000  # bytes of an answer
STATE_SILENT = frozenset({"MS_UNAVAILABLE", "TIMEOUT", "MS_MAX_CONCURRENT_REQ", "MS_MAX_CONCURRENT_REQ_TIME"})
BUSY = frozenset({"SERVICE_UNAVAILABLE", "GLOBAL_MAX_CONCURRENT_REQ", "GLOBAL_MAX_CONCURRENT_REQ_TIME"})


class LiveVies:
    """The `Vies` port. `url` ends before `/check-vat-number`."""

    def __init__(self, *, url: str = URL, in_all: float = IN_ALL) -> None:
        self._url = f"{url.rstrip('/')}/check-vat-number"
        self._in_all = in_all

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
            status, content = self._answer(question)
        except (requests.Timeout, queue.Empty) as problem:
            raise Transient("vies_state_silent", state=state, remote="no answer in time") from problem
        except requests.RequestException as problem:
            raise Transient("vies_unreachable", remote=type(problem).__name__) from problem
        try:
            said = json.loads(content)
        except ValueError:
            raise Transient("vies_unreadable", remote=f"{status}, no JSON") from None
        if not isinstance(said, dict):
            raise Transient("vies_unreadable", remote=f"{status}, no object")
        if status >= 500 and not _errors(said):
            raise Transient("vies_busy", remote=str(status))
        return said

    def _answer(self, question: dict[str, str]) -> tuple[int, bytes]:
        """Status and content. The timeout of `requests` is for each read: an answer that comes drop by drop would hold
        its caller for ever. So somebody else reads, and is left alone (queue.Empty) when the time is over."""
        told: queue.SimpleQueue[tuple[int, bytes] | requests.RequestException] = queue.SimpleQueue()
        end = clock.monotonic() + self._in_all

        def read() -> None:
            try:
                told.put(_read(self._url, question, end))
            except requests.RequestException as problem:
                told.put(problem)

        threading.Thread(target=read, name="vies", daemon=True).start()
        found = told.get(timeout=self._in_all)
        if isinstance(found, requests.RequestException):
            raise found
        return found


def _read(url: str, question: dict[str, str], end: float) -> tuple[int, bytes]:
    asked = requests.post(url, json=question, timeout=SECONDS, allow_redirects=False, stream=True)
    content = b""
    with asked as answer:
        for part in answer.iter_content(chunk_size=None):
            content += part
            if clock.monotonic() > end:
                raise requests.Timeout("too slow")
            if len(content) > MOST:
                raise requests.exceptions.ContentDecodingError("too long")
        return answer.status_code, content


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
