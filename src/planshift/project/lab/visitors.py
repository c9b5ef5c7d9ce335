"""What do people outside see of the site meanwhile? Somebody who comes by name each second and sends a mail now and
then; a page on this machine shows it."""

import collections
import datetime as dt
import html
import http.client
import http.server
import smtplib
import threading
from dataclasses import dataclass, field

import dns.exception
import dns.resolver

from planshift.project.lab import hosts, parts

NAMES = {parts.WEB_A: "web-a", parts.WEB_B: "web-b"}
MAIL_EVERY = 5  # visits
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>{zone}, seen from outside</title>
<style>body{{font:16px/1.5 system-ui;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}}
td{{padding:.1rem 1.2rem .1rem 0;font-variant-numeric:tabular-nums}}.bad{{color:#b00020}}p{{max-width:40rem}}</style>
<h1>{zone}, seen from outside</h1>
<p>Once a second somebody asks a resolver for the name and opens the site there. Every five seconds somebody else sends
a mail to info@{zone}; what is not taken waits and is tried again.</p>
<p><strong>{visits}</strong> visits, <strong>{failed}</strong> failed. Mails taken: {mails}; waiting: {waiting}.</p>
<table>{rows}</table></html>"""


@dataclass
class Visitors:
    """Their memory, until `stop` is set."""

    lab: hosts.Lab
    stop: threading.Event
    visits: int = 0
    failed: int = 0
    mails: collections.Counter[str] = field(default_factory=collections.Counter)
    waiting: list[str] = field(default_factory=list)
    lines: collections.deque[tuple[str, str, str, bool]] = field(default_factory=lambda: collections.deque(maxlen=25))

    def begin(self, port: int) -> http.server.ThreadingHTTPServer:
        """Come from now on, and show it at `port`."""
        shown = self

        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = shown.page().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Not in the terminal."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=self.lab.inside, args=("world", self._come), daemon=True).start()
        return server

    def page(self) -> str:
        """The page as HTML."""
        rows = "".join(
            f"<tr{' class=bad' if bad else ''}><td>{at}<td>{html.escape(where)}<td>{html.escape(said)}"
            for at, where, said, bad in reversed(self.lines)
        )
        mails = ", ".join(f"{count} at {where}" for where, count in sorted(self.mails.items())) or "none yet"
        told = {"visits": self.visits, "failed": self.failed, "mails": mails, "waiting": len(self.waiting)}
        return PAGE.format(zone=parts.ZONE, rows=rows, **told)

    def _come(self) -> None:
        ask = dns.resolver.Resolver(configure=False)
        ask.nameservers, ask.lifetime, ask.timeout, ask.cache = [parts.RESOLVER], 3.0, 1.0, None
        while not self.stop.wait(1.0):
            self.visits += 1
            where, said, bad = _visit(ask)
            self.failed += bad
            self.lines.append((f"{dt.datetime.now(dt.UTC):%H:%M:%S}", where, said, bad))
            if self.visits % MAIL_EVERY == 0:
                self.waiting.append(f"<demo-{self.visits}@else.example>")
            self._send(ask)

    def _send(self, ask: dns.resolver.Resolver) -> None:
        try:
            while self.waiting:
                address = ask.resolve(f"mail.{parts.ZONE}", "A")[0].to_text()
                with smtplib.LMTP(address, 24, timeout=4) as server:
                    text = f"From: a@else.example\r\nMessage-ID: {self.waiting[0]}\r\n\r\nHello\r\n"
                    server.sendmail("a@else.example", [f"info@{parts.ZONE}"], text)
                self.waiting.pop(0)
                self.mails[NAMES.get(address, address)] += 1
        except (OSError, smtplib.SMTPException, dns.exception.DNSException):
            return  # as mail servers do: later


def _visit(ask: dns.resolver.Resolver) -> tuple[str, str, bool]:
    """Where the name led, what was there, and whether that was no site."""
    address = ""
    try:
        address = ask.resolve(parts.ZONE, "A")[0].to_text()
        there = http.client.HTTPConnection(address, 80, timeout=4)
        there.request("GET", "/", headers={"Host": parts.ZONE})
        answer = there.getresponse()
        said = answer.read(200).decode(errors="replace").strip()
        there.close()
    except (OSError, http.client.HTTPException, dns.exception.DNSException) as problem:
        return NAMES.get(address, address), f"{type(problem).__name__}: {problem}", True
    return f"came to {NAMES.get(address, address)}", f"{answer.status} {said}", answer.status != 200
