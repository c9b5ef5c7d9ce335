"""Who uses the site meanwhile? Visitors who come by name, and a mail server of somebody else that delivers mail.

Both are processes in the network of the host "world". Each visit and each mail is one line of a file, and every line is
judged: none is left out, whatever went wrong.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from planshift.project.lab import hosts, parts

PINNED = 16  # seconds for which some visitors keep to what they heard

# argv: name, resolver, file, number of visitors that keep to the time to live, number that pin what they heard, and for
# how long; these ask at different times, so that some have asked just before whatever happens
VISITORS = r"""
import http.client, json, sys, threading, time
import dns.resolver
name, resolver, path, honest, sticky, PINNED = sys.argv[1:4] + [int(n) for n in sys.argv[4:7]]
PAUSE = 0.04
out, lock = open(path, "w", buffering=1), threading.Lock()
def visit(who, pinned, share):
    ask = dns.resolver.Resolver(configure=False)
    ask.nameservers, ask.lifetime, ask.timeout, ask.cache = [resolver], 3.0, 1.0, None
    address, heard = "", 0.0
    while True:
        began = time.time()
        line = {"who": who, "at": began, "address": "", "error": "", "body": ""}
        try:
            if not address or began - heard > pinned:
                address, heard = ask.resolve(name, "A")[0].to_text(), began - pinned * share
                share = 0.0
            line["address"] = address
            there = http.client.HTTPConnection(address, 80, timeout=4)
            there.request("GET", "/", headers={"Host": name})
            answer = there.getresponse()
            line["body"] = answer.read().decode(errors="replace").strip()
            if answer.status != 200:
                line["error"] = f"HTTP {answer.status}"
            there.close()
        except Exception as problem:
            line["error"] = f"{type(problem).__name__}: {problem}"
            address = ""
        line["took"] = time.time() - began
        with lock:
            out.write(json.dumps(line) + "\n")
        time.sleep(PAUSE)
crowd = [("honest", 0.0)] * honest + [("sticky", PINNED)] * sticky
for number, (kind, pinned) in enumerate(crowd):
    share = (number - honest) / sticky if pinned else 0.0
    threading.Thread(target=visit, args=(f"{kind}-{number}", pinned, share), daemon=True).start()
threading.Event().wait()
"""
# argv: domain, resolver, file. Delivers as mail servers do: what is not taken is kept and tried again.
SENDER = r"""
import json, os, smtplib, sys, time
import dns.resolver
domain, resolver, path = sys.argv[1:4]
ask = dns.resolver.Resolver(configure=False)
ask.nameservers, ask.lifetime, ask.timeout, ask.cache = [resolver], 3.0, 1.0, None
out, queue, number, due = open(path, "w", buffering=1), [], 0, 0.0
while not (os.path.exists(path + ".stop") and not queue):
    if time.time() >= due and not os.path.exists(path + ".stop"):
        number, due = number + 1, time.time() + 0.2
        queue.append(number)
        out.write(json.dumps({"sent": number, "at": time.time()}) + "\n")
    line = {"tried": queue[0], "at": time.time(), "error": ""} if queue else {}
    if queue:
        try:
            host = str(ask.resolve(domain, "MX")[0].exchange)
            with smtplib.SMTP(ask.resolve(host, "A")[0].to_text(), 25, timeout=4) as server:
                text = f"From: a@else.example\r\nMessage-ID: <m{queue[0]}@else.example>\r\n\r\nhi\r\n"
                server.sendmail("a@else.example", [f"info@{domain}"], text)
            queue.pop(0)
        except Exception as problem:
            line["error"] = f"{type(problem).__name__}: {problem}"
        out.write(json.dumps(line) + "\n")
    time.sleep(0.05)
"""
# argv: address, domain, folder. Hands mail for the domain over to the mail server there (LMTP); other mail is kept in
# files: the product's own.
SINK = r"""
import sys, smtplib, threading, uuid, pathlib
from aiosmtpd.controller import Controller
address, domain, folder = sys.argv[1:4]
class Handler:
    async def handle_DATA(self, server, session, envelope):
        theirs = [each for each in envelope.rcpt_tos if each.endswith("@" + domain)]
        try:
            if theirs:
                with smtplib.LMTP(address, 24, timeout=4) as box:
                    box.sendmail(envelope.mail_from, theirs, envelope.original_content)
            else:
                (pathlib.Path(folder) / f"{uuid.uuid4().hex}.eml").write_bytes(envelope.original_content)
        except Exception as problem:
            return f"451 4.3.0 {type(problem).__name__}"
        return "250 2.0.0 kept"
Controller(Handler(), hostname=address, port=25).start()
print("ready", flush=True)
threading.Event().wait()
"""
# argv: address, user, flag. Prints, as JSON, what numbers the mails in the mailbox have, which of them were read, and
# which life of the mailbox this is (RFC 3501: as long as it is the same, programs keep what they have fetched). With a
# flag the first mail is marked so.
READER = r"""
import imaplib, json, re, sys
box = imaplib.IMAP4(sys.argv[1], timeout=40)  # not timed: what is read counts
box.login(sys.argv[2], "pw")
box.select("INBOX", readonly=not sys.argv[3])
if sys.argv[3]:
    box.store("1", "+FLAGS", sys.argv[3])
found = box.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
told = [each for each in found if isinstance(each, tuple)]
number = lambda each: int(re.search(rb"<m(\d+)@", each[1]).group(1))
life = box.response("UIDVALIDITY")[1][0].decode()
seen = [number(each) for each in told if rb"\Seen" in each[0]]
print(json.dumps({"numbers": [number(each) for each in told], "seen": seen, "life": life}))
"""


@dataclass
class Seen:
    """What visitors got."""

    lines: Sequence[dict[str, Any]]

    def failed(self) -> list[dict[str, Any]]:
        """Visits that did not end with the site."""
        return [line for line in self.lines if line["error"]]

    def stale(self, *, after: float, fresh: str) -> list[dict[str, Any]]:
        """Visits begun after `after` that got something else than `fresh`."""
        return [line for line in self.lines if not line["error"] and line["at"] > after and fresh not in line["body"]]

    def bodies(self) -> set[str]:
        """All that was shown."""
        return {line["body"] for line in self.lines if not line["error"]}

    def told(self) -> str:
        """One line for people."""
        failed = self.failed()
        window = f", within {failed[-1]['at'] - failed[0]['at']:.1f} s" if failed else ""
        slowest = max((line["took"] for line in self.lines), default=0.0)
        return f"{len(self.lines)} visits, {len(failed)} failed{window}, slowest {slowest:.2f} s"


@dataclass
class Traffic:
    """The processes."""

    lab: hosts.Lab
    folder: Path
    domain: str = parts.ZONE
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def begin(self, *, honest: int = 3, sticky: int = 4, mail: bool = True) -> "Traffic":
        """From now on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if mail:
            (self.folder / "product").mkdir(exist_ok=True)
            own = {"mail": parts.MAIL, "web-a": parts.WEB_A, "web-b": parts.WEB_B}
            for host, address in own.items():
                self._start(f"sink-{host}", host, SINK, address, self.domain, str(self.folder / "product"))
            for host in own:
                log = self.folder / f"sink-{host}.log"
                hosts.until(lambda log=log: b"ready" in log.read_bytes(), why=self.logs)  # type: ignore[misc]
            self._start("sender", "world", SENDER, self.domain, parts.RESOLVER, str(self.folder / "mails"))
        path = str(self.folder / "visits")
        self._start(
            "visitors", "world", VISITORS, self.domain, parts.RESOLVER, path, str(honest), str(sticky), str(PINNED)
        )
        hosts.until(lambda: (self.folder / "visits").exists(), why=lambda: self.logs())
        return self

    def dies(self, host: str) -> None:
        """What takes mail in on a host dies with it; what it had said yes to is kept."""
        self.processes[f"sink-{host}"].kill()
        self.processes[f"sink-{host}"].wait(10)

    def seen(self) -> Seen:
        """What visitors got until now."""
        text = (self.folder / "visits").read_text(encoding="utf-8")
        return Seen([json.loads(line) for line in text.splitlines() if line.endswith("}")])

    def end(self) -> None:
        """Visitors go, the sender delivers what it has and goes, then the mail server goes."""
        (self.folder / "mails.stop").touch()
        for name, process in reversed(self.processes.items()):
            if name == "sender":
                process.wait(60)
            process.terminate()
            process.wait(10)

    def mails(self, *, at: str = parts.WEB_B) -> tuple[list[int], list[int], int]:
        """After the end: numbers of the mails that the sender was given, those in the mailbox on a server (the new one
        unless said otherwise), and how many tries failed (each was followed by another)."""
        lines = [json.loads(line) for line in (self.folder / "mails").read_text().splitlines() if line.endswith("}")]
        sent = [line["sent"] for line in lines if "sent" in line]
        failed = sum(1 for line in lines if line.get("error"))
        return sent, sorted(self.mailbox(at)["numbers"]), failed

    def mailbox(self, address: str, *, flag: str = "") -> dict[str, Any]:
        """What the client's mail program sees on a server."""
        reader = [sys.executable, "-c", READER, address, f"info@{self.domain}", flag]
        done = subprocess.run(
            [*self.lab.network("world"), *reader], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def logs(self) -> str:
        """What the processes complained about."""
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    def _start(self, name: str, where: str, script: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-c", script, *arguments]
            self.processes[name] = self.lab.guest(where, *command, stdout=log, stderr=log)
