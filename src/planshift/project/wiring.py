"""The only place that names adapters: each outside party is bound to its port here."""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from planshift.project import env, mail_url

if TYPE_CHECKING:
    from planshift.adapters.drivers.linux_ssh.driver import LinuxSshDriver
    from planshift.adapters.drivers.linux_ssh.install import Installer
    from planshift.adapters.drivers.manual.driver import ManualDriver
    from planshift.adapters.gateways.simulated import gateway
    from planshift.adapters.gateways.stripe.gateway import StripeGateway
    from planshift.adapters.mail import smtp
    from planshift.provisioning import ports as provisioning

SIMULATED_GATEWAY = "gateways/simulated"


def wire() -> None:
    """Bind drivers, gateways and document renderers to their ports. Called once, when Django is ready."""
    from planshift.adapters.documents import typeset
    from planshift.adapters.drivers.manual import driver as manual
    from planshift.adapters.drivers.simulated import driver, faults, visitor
    from planshift.adapters.einvoices import fa3, fatturapa, ubl
    from planshift.adapters.statements import camt053, mt940
    from planshift.adapters.web import http
    from planshift.billing import ports as billing
    from planshift.provisioning import desk, installing, sealing
    from planshift.provisioning import ports as provisioning

    by_hand = manual.ManualDriver(seal=sealing.Seal("manual driver"))
    drivers: dict[str, provisioning.Driver] = {"simulated": driver.SimulatedDriver(), "manual": by_hand}
    installers: dict[str, installing.Installer] = {}
    if settings.SSH_KEY:
        drivers["linux-ssh"], installers["linux-ssh"] = _linux_ssh()
    if settings.SERVER_TOKENS:
        drivers |= _vendors(by_hand)
    provisioning.bind(
        drivers,
        dns={"simulated": driver.SimulatedDns(), **_name_services()},
        web={"simulated": visitor.SimulatedWeb(), "linux-ssh": http.HttpWeb(), "whm": http.HttpWeb()},
        simulation=faults,
    )
    installing.bind(installers)
    desk.bind(by_hand)
    billing.bind_renderer(typeset.TypstRenderer())
    billing.bind_writers(fa3.Fa3Writer(), fatturapa.FatturaPaWriter(), ubl.UblWriter())
    _bind_mail()
    _bind_vies()
    billing.bind_statement_readers(camt053.Camt053Reader(), mt940.Mt940Reader())
    if settings.SIMULATED_GATEWAY:
        billing.bind_gateway(_simulated_gateway())
    if settings.STRIPE_API_KEY:
        billing.bind_gateway(_stripe_gateway())


def agent_script(*, server: str, public_key: str) -> str:
    """The script that makes a plain server one of the driver `linux-ssh`, for the holder of that key."""
    from planshift.adapters.drivers.linux_ssh import install

    return install.script(server=server, public_key=public_key)


def _name_services() -> "dict[str, provisioning.Dns]":
    """Those whose addresses are set."""
    from planshift.adapters.dns import asking, powerdns, rfc2136

    found: dict[str, provisioning.Dns] = {}
    variable = "PLANSHIFT_DNS_ASKED"
    try:
        asked = tuple(asking.Server.read(each) for each in settings.DNS_ASKED.split(",") if each.strip())
        if settings.POWERDNS_URL:
            url, key, server = settings.POWERDNS_URL, settings.POWERDNS_KEY, settings.POWERDNS_SERVER
            found["powerdns"] = powerdns.PowerDns(url=url, key=key, server=server, ask=asked)
        if settings.RFC2136_SERVER:
            variable = "PLANSHIFT_RFC2136_SERVER"
            at = asking.Server.read(settings.RFC2136_SERVER)
            variable = "PLANSHIFT_RFC2136_SECRET or PLANSHIFT_RFC2136_ALGORITHM"
            name, secret, algorithm = settings.RFC2136_KEY_NAME, settings.RFC2136_SECRET, settings.RFC2136_ALGORITHM
            signing = rfc2136.Key(name=name, secret=secret, algorithm=algorithm)
            found["rfc2136"] = rfc2136.Rfc2136(server=at, key=signing, ask=asked)
    except ValueError as problem:
        raise env.EnvironmentProblem(f"{variable}: {problem}") from problem
    return found


def _linux_ssh() -> "tuple[LinuxSshDriver, Installer]":
    from planshift.adapters.drivers.linux_ssh import transport
    from planshift.adapters.drivers.linux_ssh.driver import LinuxSshDriver
    from planshift.adapters.drivers.linux_ssh.install import Installer

    ssh = transport.Ssh(key_file=settings.SSH_KEY)
    return LinuxSshDriver(ssh=ssh), Installer(ssh=ssh)


def _vendors(by_hand: "ManualDriver") -> "dict[str, provisioning.Driver]":
    """Servers with an HTTP interface of their vendor; what it cannot do, staff are asked to do."""
    from planshift.adapters.drivers.by_http import asking
    from planshift.adapters.drivers.proxmox import api as pve
    from planshift.adapters.drivers.proxmox.driver import ProxmoxDriver
    from planshift.adapters.drivers.whm import api as whm
    from planshift.adapters.drivers.whm.driver import WhmDriver

    tokens = asking.Tokens(file=settings.SERVER_TOKENS)
    return {
        "whm": WhmDriver(whm=whm.Whm(tokens=tokens), staff=by_hand),
        "proxmox": ProxmoxDriver(pve=pve.Pve(tokens=tokens)),
    }


def _bind_vies() -> None:
    """VIES itself where it is switched on, recorded answers in a demo. Elsewhere nobody is asked: a business abroad is
    taxed as a consumer."""
    from planshift.adapters.vies import live, recorded
    from planshift.procedures import ports

    if settings.VIES:
        ports.bind_vies(live.LiveVies(url=settings.VIES_URL or live.URL))
    else:
        ports.bind_vies(recorded.RecordedVies() if settings.DEMO else None)


def _bind_mail() -> None:
    """SMTP and IMAP where their addresses are set. Else folders, but only in a demo: elsewhere a mail that nobody can
    send fails, and staff see it."""
    from planshift.adapters.mail import imap, simulated, smtp
    from planshift.procedures import ports

    folders = simulated.SimulatedMail(folder=settings.MAIL_FOLDER) if settings.DEMO else None
    out: ports.MailOut | None = folders
    mailbox: ports.MailIn | None = folders
    if settings.MAIL_URL:
        given = mail_url.read(settings.MAIL_URL, variable="PLANSHIFT_MAIL", schemes=mail_url.SMTP)
        out = smtp.SmtpMailOut(server=_server(given))
    if settings.MAILBOX_URL:
        given = mail_url.read(settings.MAILBOX_URL, variable="PLANSHIFT_MAILBOX", schemes=mail_url.IMAP)
        mailbox = imap.ImapMailIn(server=_server(given), folder=given.folder or "INBOX", move_to=given.move_to)
    ports.bind_mail(out=out, mailbox=mailbox)


def _server(given: mail_url.Address) -> "smtp.Server":
    from planshift.adapters.mail import smtp

    return smtp.Server(
        host=given.host,
        port=given.port,
        security=given.security,
        user=given.user,
        password=given.password,
        ca_file=settings.MAIL_CA_FILE,
    )


def urlpatterns() -> list[URLPattern | URLResolver]:
    """The pages of outside parties: where gateways send their messages to."""
    from planshift.billing import payments, ports
    from planshift.runtime import clock

    def receiver(code: str) -> Callable[[ports.Event], str]:
        return lambda event: payments.receive(gateway=code, event=event, at=clock.business())

    mounted: list[URLPattern | URLResolver] = []
    if settings.SIMULATED_GATEWAY:
        from planshift.adapters.gateways.simulated import views as simulated

        pages = simulated.urlpatterns(bank=_simulated_gateway(), receive=receiver("simulated"))
        mounted.append(path(f"{SIMULATED_GATEWAY}/", include(pages)))
    if settings.STRIPE_API_KEY:
        from planshift.adapters.gateways.stripe import views as stripe

        hooks = stripe.urlpatterns(party=_stripe_gateway(), receive=receiver("stripe"))
        mounted.append(path("gateways/stripe/", include(hooks)))
    return mounted


def _stripe_gateway() -> "StripeGateway":
    from planshift.adapters.gateways.stripe import gateway

    return gateway.StripeGateway(api_key=settings.STRIPE_API_KEY, webhook_secret=settings.STRIPE_WEBHOOK_SECRET)


def _simulated_gateway() -> "gateway.SimulatedGateway":
    from planshift.adapters.gateways.simulated import gateway

    # a secret of its own, so that nothing else that we sign can pass for the gateway's
    secret = hashlib.sha256(f"simulated gateway/{settings.SECRET_KEY}".encode()).hexdigest()
    return gateway.SimulatedGateway(secret=secret, pages=f"/{SIMULATED_GATEWAY}")
