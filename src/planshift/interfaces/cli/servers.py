"""planshift servers: which servers there are, and how a new one comes in.

usage: planshift servers list [--seller CODE]
       planshift servers install-agent SERVER | ssh root@HOST sh
       planshift servers add SERVER --seller CODE --address HOST[:PORT] --host-key 'ssh-ed25519 AAAA…' [--trait N=V]
       planshift servers add SERVER --seller CODE --driver whm|proxmox --address HOST[:PORT] [--trait N=V]
       planshift servers probe SERVER --seller CODE
       planshift servers tasks --seller CODE
       planshift servers done TASK --seller CODE [--field NAME=VALUE] [--note TEXT]
       planshift servers cannot TASK --seller CODE --note TEXT

`install-agent` prints a script for the server's root; its last line of output is the host key to pin. Running it again
upgrades the agent. `tasks` are what people have to do, on `manual` servers and where a vendor's interface cannot do it.
docs/operations.md and docs/vendors.md have the whole of it.
"""

import argparse
import json
import sys

from planshift.domain.errors import Permanent, Refused, Transient, Unknown
from planshift.interfaces.cli import acting
from planshift.interfaces.presenters import reasons
from planshift.procedures import by_hand, servers
from planshift.procedures.queries import servers as known
from planshift.runtime import clock

USUAL = "linux-ssh"


def main(arguments: list[str]) -> int:
    """0 when it was done; 1 when it was refused or the server did not answer as it should."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.do(given))
    except Refused as refused:
        print(" ".join(reasons.sentences(refused)), file=sys.stderr)
    except (Transient, Permanent, Unknown) as problem:
        kind = type(problem).__name__
        print(f"{given.server}: {kind}: {problem.what} {problem.facts.get('remote', '')}".rstrip(), file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planshift servers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True)
    listing = commands.add_parser("list", help="all servers, or those of one seller")
    listing.add_argument("--seller", default="")
    listing.set_defaults(do=_list)
    install = commands.add_parser("install-agent", help="print the script that makes a plain Debian server ready")
    install.add_argument("server")
    install.add_argument("--driver", default=USUAL)
    install.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="what this server has elsewhere than usual"
    )
    install.set_defaults(do=_install)
    add = commands.add_parser("add", help="a new server, or a new description of a known one")
    add.add_argument("server")
    add.add_argument("--seller", required=True)
    add.add_argument("--driver", default=USUAL)
    add.add_argument("--address", default="", help="HOST, HOST:PORT or [IPv6]:PORT of its control interface")
    add.add_argument("--host-key", default="", help="the one key that it may show; left out: the known one")
    add.add_argument("--dns", default="", help="the name service that holds its clients' names; left out: not ours")
    add.add_argument("--trait", action="append", default=[], metavar="NAME=VALUE")
    add.add_argument("--closed", action="store_true", help="takes no new environments")
    add.set_defaults(do=_add)
    probe = commands.add_parser("probe", help="ask it for version, abilities and room")
    probe.add_argument("server")
    probe.add_argument("--seller", required=True)
    probe.set_defaults(do=_probe)
    tasks = commands.add_parser("tasks", help="what waits to be done by hand")
    tasks.add_argument("--seller", required=True)
    tasks.set_defaults(do=_tasks, server="tasks")
    done = commands.add_parser("done", help="it was done by hand")
    done.add_argument("task")
    done.add_argument("--seller", required=True)
    done.add_argument(
        "--field", action="append", default=[], metavar="NAME=VALUE", help="amounts as limits=disk:20,mailboxes:10"
    )
    done.add_argument("--note", default="")
    done.set_defaults(do=_done, server="done")
    cannot = commands.add_parser("cannot", help="it cannot be done by hand")
    cannot.add_argument("task")
    cannot.add_argument("--seller", required=True)
    cannot.add_argument("--note", required=True, help="why")
    cannot.set_defaults(do=_cannot, server="cannot")
    return parser


def _tasks(given: argparse.Namespace) -> int:
    for one in by_hand.tasks(sellers=(given.seller,)):
        print(f"{one.code}  {one.asked_at:%Y-%m-%d %H:%M}  {one.cause}  {one.server}: {one.verb} {one.account}")
        for name, value in sorted(one.asked.items()):
            print(f"    wanted {name}: {json.dumps(value, ensure_ascii=False)}")
        for name, optional in one.fields:
            print(f"    say {name}{' (may be left out)' if optional else ''}")
    return 0


def _done(given: argparse.Namespace) -> int:
    said: dict[str, object] = dict(_pairs(given.field))
    for name in set(said) & {"limits", "used"}:
        said[name] = _amounts(str(said[name]))
    by_hand.done(
        sellers=(given.seller,), task=given.task, said=said, note=given.note, at=clock.business(), actor=acting.actor()
    )
    print("recorded; the run of the change goes on by itself")
    return 0


def _cannot(given: argparse.Namespace) -> int:
    by_hand.cannot(sellers=(given.seller,), task=given.task, note=given.note, at=clock.business(), actor=acting.actor())
    print("recorded")
    return 0


def _amounts(text: str) -> dict[str, int]:
    """`disk:20,mailboxes:10`; -1 for no limit."""
    told = {}
    for name, _, amount in (each.partition(":") for each in text.split(",")):
        if not amount.removeprefix("-").isdecimal():
            sys.exit(f"planshift servers: {name!r} needs a whole number, as in disk:20")
        told[name.strip()] = int(amount)
    return told


def _list(given: argparse.Namespace) -> int:
    for one in known.servers(seller=given.seller):
        shown = ((name, json.dumps(value)) for name, value in sorted(one.traits.items()) if name != "host_key")
        traits = " ".join(f"{name}={value}" for name, value in shown).replace('"', "")
        pinned = "pinned" if one.traits.get("host_key") else "-"
        room = "open" if one.takes_new else "closed"
        print(
            f"{one.seller:<20} {one.code:<20} {one.driver:<12} {one.dns or '-':<10} {one.address or '-':<24}"
            f" {pinned:<7} {room:<7} {one.environments:>6}  {traits}".rstrip()
        )
    return 0


def _install(given: argparse.Namespace) -> int:
    settings = {name: int(value) if value.isdecimal() else value for name, value in _pairs(given.set)}
    sys.stdout.write(servers.installation(driver=given.driver, code=given.server, settings=settings))
    return 0


def _add(given: argparse.Namespace) -> int:
    servers.describe(
        seller=given.seller,
        code=given.server,
        driver=given.driver,
        address=given.address,
        host_key=given.host_key,
        dns=given.dns,
        traits={name: _value(value) for name, value in _pairs(given.trait)},
        takes_new=not given.closed,
        at=clock.business(),
        actor=acting.actor(),
    )
    print(f"{given.server}: known. Now: planshift servers probe {given.server} --seller {given.seller}")
    return 0


def _probe(given: argparse.Namespace) -> int:
    said = servers.try_out(seller=given.seller, code=given.server)
    print(said.version)
    can = [
        name
        for name in ("content_push", "mail_return", "suspend", "front_proxy", "long_tasks")
        if getattr(said.able, name)
    ]
    print(f"can: {', '.join(can)}")
    if said.able.never_shrink:
        print(f"never shrinks: {', '.join(sorted(said.able.never_shrink))}")
    for code in sorted(said.room.total):
        free = said.room.free(code)
        print(f"{code:<20} total {said.room.total[code]:>14}  sold {said.room.sold.get(code, 0):>14}  free {free:>14}")
    return 0


def _pairs(given: list[str]) -> list[tuple[str, str]]:
    pairs = [each.partition("=") for each in given]
    for name, sign, _ in pairs:
        if not (name and sign):
            sys.exit(f"planshift servers: {name!r} is not NAME=VALUE")
    return [(name, value) for name, _, value in pairs]


def _value(text: str) -> str | int | bool:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isdecimal() else text
