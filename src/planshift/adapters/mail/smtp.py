"""How does a mail reach the mail server? SMTP with verified TLS; its answers: not now, never, unknown."""

import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from planshift.domain.errors import Permanent, Transient, Unknown

Security = Literal["tls", "starttls", "none"]
SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the server is and who we are there. `ca_file` names the authorities to trust, "" those of the system."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    ca_file: str = ""
    seconds: int = SECONDS

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.security})"  # no password in a log

    def context(self) -> ssl.SSLContext:
        """Certificates and host names are verified, always."""
        return ssl.create_default_context(cafile=self.ca_file or None)


class SmtpMailOut:
    """One connection for each mail: there are few, and a kept one breaks when it is needed."""

    def __init__(self, *, server: Server) -> None:
        self.server = server

    def send(self, *, raw: bytes, sender: str, recipient: str, key: str) -> str:
        """As the port says."""
        connection = self._connect()
        try:
            _asked(connection.mail(sender), sender)
            _asked(connection.rcpt(recipient), recipient)
            return self._data(connection, raw)
        except smtplib.SMTPServerDisconnected as problem:
            raise Transient(f"the mail server hung up: {problem}") from problem
        except OSError as problem:
            raise Transient(f"the mail server does not answer: {problem}") from problem
        finally:
            connection.close()

    def _data(self, connection: smtplib.SMTP, raw: bytes) -> str:
        """From the first byte of the mail on nobody knows what a broken connection means."""
        try:
            answer = connection.data(raw)
        except smtplib.SMTPDataError as problem:  # it did not even want the mail
            said = problem.smtp_error
            _asked((problem.smtp_code, said if isinstance(said, bytes) else said.encode()), "data")
            raise Permanent(f"{problem.smtp_code} (data)") from problem
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            raise Unknown("the connection broke before the server answered") from problem
        _asked(answer, "data")
        return _text(answer)

    def _connect(self) -> smtplib.SMTP:
        server = self.server
        try:
            if server.security == "tls":
                made: smtplib.SMTP = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=server.seconds, context=server.context()
                )
            else:
                made = smtplib.SMTP(server.host, server.port, timeout=server.seconds)
        except (OSError, smtplib.SMTPException) as problem:
            raise Transient(f"the mail server cannot be reached: {server.host}: {problem}") from problem
        try:
            if server.security == "starttls":
                made.starttls(context=server.context())
            if server.user:
                made.login(server.user, server.password)
            made.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as problem:  # a wrong password is put right by the operator
            made.close()
            raise Transient(f"the mail server does not let us in: {server.host}: {type(problem).__name__}") from problem
        return made


def _asked(answer: tuple[int, bytes], what: str) -> None:
    code = answer[0]
    if 200 <= code < 400:
        return
    said = f"{_text(answer)} ({what})"
    raise Permanent(said) if 500 <= code < 600 else Transient(said)


def _text(answer: tuple[int, bytes]) -> str:
    return f"{answer[0]} {answer[1].decode('utf-8', 'replace')}"[:300].replace("\n", " ").replace("\x00", "")
