"""An HTTPS server in a thread, with faults on demand. What it answers is said by its subclasses."""

import functools
import http.server
import json
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    """Signed by itself, for 127.0.0.1."""

    file: Path
    fingerprint: str


@functools.cache
def certificate(name: str) -> Certificate:
    """A key and a certificate in one file; the same for the same name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"stand-in {name}")])
    start = datetime.now(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = Path(mkdtemp(prefix="standin-", dir=os.environ["PLANSHIFT_TEST_VAR"])) / "certificate.pem"  # goes with it
    private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(*private) + made.public_bytes(serialization.Encoding.PEM))
    return Certificate(file, made.fingerprint(hashes.SHA256()).hex(":"))


@dataclass
class Fault:
    """What goes wrong with requests whose path has `where` in it, `times` times. Kinds of every stand-in: "lost" (done,
    and the connection is cut), "cut" (cut before anything is done), "slow" (done, answered after `seconds`), "trickle"
    (done, answered byte by byte, `seconds` between two), "status" (`status` with `reason`, nothing done),
    "status_after" (the same, done); further kinds are the subclass's."""

    where: str
    kind: str
    times: int = 1
    status: int = 500
    reason: str = "Internal Server Error"
    seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    given: dict[str, str]
    authorization: str


class StandIn:
    """State, faults, and a memory of what was asked."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.faults: list[Fault] = []
        self.asked: list[Request] = []
        self.port = 0
        self.released = threading.Event()  # ends the waiting of slow answers

    def answer(self, request: Request) -> tuple[int, str, str]:
        """Status, reason, body."""
        raise NotImplementedError

    def fault(self, request: Request, *kinds: str) -> Fault | None:
        """The next fault of these kinds for this request, counted down."""
        for one in self.faults:
            if one.kind in kinds and one.where in request.path and one.times > 0:
                one.times -= 1
                return one
        return None

    def changes(self) -> list[str]:
        """What was asked, without questions: the last part of each path."""
        return [one.path.rsplit("/", 1)[-1] for one in self.asked if self.is_change(one)]

    def is_change(self, request: Request) -> bool:
        """Is it a mutation?"""
        return request.method != "GET"

    @contextmanager
    def serving(self, name: str = "first") -> Iterator["StandIn"]:
        """Answers on a port of loopback until the block ends."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(name).file)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are expected
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.released.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, it: StandIn, *args: Any) -> None:
        self._it = it
        super().__init__(*args)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def _any(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        given = dict(parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True))
        request = Request(self.command, unquote(parts.path), given, self.headers.get("Authorization", ""))
        it = self._it
        with it.lock:
            it.asked.append(request)
            before = it.fault(request, "cut", "status")
            if before is not None and before.kind == "cut":
                return self._hang_up()
            answer = None if before is not None else it.answer(request)
            after = it.fault(request, "lost", "slow", "trickle", "status_after")
        if before is not None:
            return self._send(before.status, before.reason, json.dumps({"data": None}))
        assert answer is not None
        if after is not None and after.kind == "lost":
            return self._hang_up()
        if after is not None and after.kind == "slow":
            it.released.wait(after.seconds)
        if after is not None and after.kind == "trickle":
            return self._trickle(answer[2].encode(), after.seconds)
        if after is not None and after.kind == "status_after":
            return self._send(after.status, after.reason, "")
        return self._send(*answer)

    do_GET = do_POST = do_PUT = do_DELETE = _any

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _trickle(self, body: bytes, seconds: float) -> None:
        self.close_connection = True
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body):
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                return
            self._it.released.wait(seconds)

    def _send(self, status: int, reason: str, body: str) -> None:
        raw = body.encode()
        self.send_response(status, reason)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
