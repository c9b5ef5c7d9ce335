"""VIES by its REST service, against recorded answers on a server of our own: never against the service itself."""

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from planshift.adapters.vies import live
from planshift.domain.errors import Permanent, Transient
from planshift.procedures import ports

VALID = {
    "countryCode": "DE",
    "vatNumber": "136695976",
    "requestDate": "2026-09-01T08:00:00.000Z",
    "valid": True,
    "requestIdentifier": "WAPIAAAAZDEMO0001",
    "name": "Kunde Demo GmbH",
    "address": "Hauptstr. 1\n10115 Berlin",
}
# What Germany and Spain tell of a valid number: no name, no address
SILENT = {**VALID, "name": "---", "address": "---"}
WRONG = {**VALID, "valid": False, "requestIdentifier": "", "name": "---", "address": "---"}


def failed(code: str) -> dict[str, Any]:
    return {"actionSucceed": False, "errorWrappers": [{"error": code}]}


class Recorded(http.server.BaseHTTPRequestHandler):
    """Answers every question with what the test recorded, and keeps the question."""

    asked: list[tuple[str, Any]]
    answer: tuple[int, bytes]
    seconds: float

    def do_POST(self) -> None:  # the name that the library calls
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.path, json.loads(body)))
        time.sleep(self.seconds)
        with contextlib.suppress(BrokenPipeError):  # who asked did not wait
            self.send_response(self.answer[0])
            self.send_header("Content-Length", str(len(self.answer[1])))
            self.end_headers()
            self.wfile.write(self.answer[1])

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[tuple[type[Recorded], live.LiveVies]]:
    made = type("OfThisTest", (Recorded,), {"asked": [], "answer": (200, b"{}"), "seconds": 0.0})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), made)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made, live.LiveVies(url=f"http://127.0.0.1:{server.server_port}/rest-api/")
    server.shutdown()
    thread.join()
    server.server_close()


Service = tuple[type[Recorded], live.LiveVies]


def told(service: Service, answer: object, *, status: int = 200, requester: str = "") -> ports.VatAnswer:
    kind, vies = service
    kind.answer = (status, answer if isinstance(answer, bytes) else json.dumps(answer).encode())
    return vies.check(number="DE136695976", requester=requester)


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for() -> None:
    """Each read is in time, all of them together are not: in the head of the answer as in its body."""

    class Dripping(http.server.BaseHTTPRequestHandler):
        head = True

        def do_POST(self) -> None:  # the name that the library calls
            if not self.head:
                self.send_response(200)
                self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b"H" if self.head else b" ")
                    self.wfile.flush()
                    time.sleep(0.05)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    for head in (True, False):
        kind = type("OfThisTest", (Dripping,), {"head": head})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        began = time.monotonic()
        with pytest.raises(Transient, match="vies_state_silent"):
            live.LiveVies(url=f"http://127.0.0.1:{server.server_port}", in_all=0.4).check(number="DE1", requester="")
        assert time.monotonic() - began < 4  # 100 drops take five seconds
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_endless_answer_is_not_read_to_its_end(service: Service) -> None:
    with pytest.raises(Transient, match="vies_unreachable"):
        told(service, b" " * 200_000)


def test_a_confirmed_number_has_the_number_of_its_consultation(service: Service) -> None:
    found = told(service, VALID, requester="IT12345670017")
    assert found == ports.VatAnswer(
        valid=True,
        request_identifier="WAPIAAAAZDEMO0001",
        name="Kunde Demo GmbH",
        address="Hauptstr. 1 10115 Berlin",
    )
    question = {
        "countryCode": "DE",
        "vatNumber": "136695976",
        "requesterMemberStateCode": "IT",
        "requesterNumber": "12345670017",
    }
    assert service[0].asked == [("/rest-api/check-vat-number", question)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (SILENT, ports.VatAnswer(valid=True, request_identifier="WAPIAAAAZDEMO0001")),
        (WRONG, ports.VatAnswer(valid=False)),
        (failed("INVALID_INPUT"), ports.VatAnswer(valid=False)),
    ],
)
def test_what_a_state_does_not_tell_is_empty_and_a_wrong_number_is_not_valid(
    service: Service, answer: dict[str, Any], expected: ports.VatAnswer
) -> None:
    assert told(service, answer) == expected
    assert "requesterNumber" not in service[0].asked[0][1]


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [
        (200, failed("MS_UNAVAILABLE"), "vies_state_silent"),
        (400, failed("MS_MAX_CONCURRENT_REQ"), "vies_state_silent"),
        (500, failed("TIMEOUT"), "vies_state_silent"),
        (200, failed("GLOBAL_MAX_CONCURRENT_REQ"), "vies_busy"),
        (503, {}, "vies_busy"),
        (502, b"<html>Bad gateway</html>", "vies_unreadable"),
        (200, b"[]", "vies_unreadable"),
        (200, {**VALID, "valid": "yes"}, "vies_unreadable"),
    ],
)
def test_a_state_that_is_down_and_an_answer_that_says_nothing_are_asked_again_later(
    service: Service, status: int, answer: object, code: str
) -> None:
    with pytest.raises(Transient) as trouble:
        told(service, answer, status=status)
    assert trouble.value.what == code


def test_a_question_that_is_not_taken_is_not_asked_again(service: Service) -> None:
    with pytest.raises(Permanent) as trouble:
        told(service, failed("IP_BLOCKED"))
    assert trouble.value.what == "vies_refused"


def test_no_answer_in_time_and_no_connection(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SECONDS", 0.05)
    service[0].seconds = 0.3
    with pytest.raises(Transient) as late:
        told(service, VALID)
    assert late.value.what == "vies_state_silent"
    with pytest.raises(Transient) as nobody:
        live.LiveVies(url="http://127.0.0.1:9/rest-api").check(number="DE1", requester="")
    assert nobody.value.what == "vies_unreachable"


def test_nobody_asks_the_service_unless_it_is_switched_on() -> None:
    from django.conf import settings

    assert settings.VIES is False and not isinstance(ports._vies[0] if ports._vies else None, live.LiveVies)
